package vectors

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// Origin is the log of all vectors that are not about another one.
const Origin = "log.lanternhall.example/vectors"

// Files returns every file of testdata/vectors that is made by recipe, by its path
// with slashes.
func Files() map[string][]byte {
	r, c := newRecipe(), newCheckpoints()
	files := map[string][]byte{
		"canonical.json":   write(File[Canonical]{aboutCanonical, canonicalVectors()}),
		"times.json":       write(File[Time]{aboutTimes, timeVectors()}),
		"keys.json":        write(r.keys()),
		"signatures.json":  write(File[Signature]{aboutSignatures, r.signatures()}),
		"leaves.json":      write(File[Leaf]{aboutLeaves, r.leaves()}),
		"statements.json":  write(File[Statement]{aboutStatements, r.statements()}),
		"bodies.json":      write(File[Body]{aboutBodies, r.bodies()}),
		"disclosures.json": write(r.disclosures()),
		"slots.json":       write(File[Slot]{aboutSlots, r.slots()}),
		"submissions.json": write(File[Submission]{aboutSubmissions, r.submissions()}),
		"directories.json": write(r.directories()),
		"policies.json":    write(File[Policy]{aboutPolicies, c.policies()}),
		"checkpoints.json": write(File[Checkpoint]{aboutCheckpoints, c.checkpoints()}),
		"proofs.json":      write(File[Proof]{aboutProofs, r.proofs(c)}),

		"chains/01-first-steps.json": write(firstSteps()),
		"chains/02-reporting.json":   write(reporting()),
		"chains/03-corrections.json": write(corrections()),
		"chains/04-rotations.json":   write(rotations()),
		"chains/05-rekeys.json":      write(rekeys()),
		"chains/06-standings.json":   write(standings()),
		"chains/07-successions.json": write(successions()),
		"chains/08-withholding.json": write(withholding()),
		"chains/09-slots.json":       write(slotted()),
		"chains/10-challenges.json":  write(challenges()),
		"chains/11-amendments.json":  write(amendments()),
		"chains/12-directories.json": write(directories()),
		"chains/13-operator.json":    write(operated()),
		"chains/14-ending.json":      write(ending()),
		"chains/15-claims.json":      write(claimed()),
	}
	good := everyKind()
	files["damage.json"] = write(File[Damage]{aboutDamage, damages(good)})
	texts, ofAuthors := authorsTexts()
	bad, ofOperator := dishonest()
	for name, log := range map[string]map[string][]byte{
		"01-every-kind": good.files(good.expect(Matches)),
		"02-authors":    texts.files(texts.expect(Matches, ofAuthors...)),
		"03-operator":   bad.files(bad.expect(Differs, ofOperator...)),
	} {
		for path, b := range log {
			files["logs/"+name+"/"+path] = b
		}
	}
	return files
}

// A recipe has the keys that the vectors of single things use, and writes text in
// which they are named.
type recipe struct {
	w *generator.World
}

func newRecipe() *recipe {
	return &recipe{generator.New(generator.Options{Seed: 3, Origin: Origin, NoDirectories: true})}
}

// key is the key of a name such as ed/acme, p256/acme, ml/acme, ed/acme/slot: an
// algorithm, who has it, and perhaps its use.
func (r *recipe) key(name string) *generator.Key { return keyOf(r.w, name) }

func keyOf(w *generator.World, name string) *generator.Key {
	parts := strings.Split(name, "/")
	alg := map[string]string{"ed": entry.AlgEd25519, "p256": entry.AlgP256, "ml": entry.AlgMLDSA44}[parts[0]]
	use := entry.UseStatement
	if len(parts) == 3 {
		use = parts[2]
	}
	return w.NewKeyOf(alg, use, "vectors "+strings.Join(parts[1:], " "))
}

func form(k entry.Key) KeyForm { return KeyForm{k.Alg, k.SPKI, k.Use} }

// What can be named in a text: $key(ed/acme) is the JSON of a key, $id(x) an entry
// id, $digest(x) a digest, $salt(x) a salt, $place(x) the disclosure of a slot's
// place with $digest(x) in it, $empty(x) of an empty one, each made from its name
// alone; $log is Origin, $vkey the key of its checkpoints.
var named = regexp.MustCompile(`\$([a-z]+\([^()]*\)|log|vkey|[a-z]+64)`)

func (r *recipe) text(s string) string {
	return named.ReplaceAllStringFunc(s, func(m string) string {
		what, of, _ := strings.Cut(strings.TrimSuffix(m[1:], ")"), "(")
		switch what {
		case "log":
			return Origin
		case "vkey":
			return r.w.Signer.Key().String()
		case "key":
			k := r.key(of).Public
			return `{"alg":"` + k.Alg + `","spki":"` + k.SPKI + `","use":"` + k.Use + `"}`
		case "id":
			return idOf(of)
		case "digest":
			return digestOf(of)
		case "salt":
			return saltOf(of)
		case "spki":
			return r.key(of).Public.SPKI
		case "policy":
			return newCheckpoints().vkey(of)
		case "vkeyof":
			der, _ := base64.StdEncoding.DecodeString(r.key(of).Public.SPKI)
			return vkeyOf(Origin, 1, der[12:])
		case "place":
			return placeOf(saltOf("place of "+of), `"`+digestOf(of)+`"`)
		case "empty":
			return placeOf(saltOf("empty "+of), "null")
		case "digests64", "unsorted64", "twice64", "malformed64":
			list := someDigests()
			switch what {
			case "unsorted64":
				list[20], list[21] = list[21], list[20]
			case "twice64":
				list[21] = list[20]
			case "malformed64":
				list[20] = list[20][:42]
			}
			return `"` + strings.Join(list, `","`) + `"`
		}
		panic("vectors: no such name: " + m)
	})
}

// idOf is an entry id that no statement has.
func idOf(name string) string { return fmt.Sprintf("%x", hash([]byte("id "+name))) }

// digestOf is the digest of a text that is its name.
func digestOf(name string) string { return digest([]byte(name)) }

// saltOf is 16 bytes that are as good as random.
func saltOf(name string) string {
	h := hash([]byte("salt " + name))
	return base64.RawURLEncoding.EncodeToString(h[:16])
}

// placeOf is the disclosure of a slot's place: base64url of [salt, "request", value]
// (section 3).
func placeOf(salt, value string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`["` + salt + `","request",` + value + `]`))
}

// someDigests are 64 sorted digests.
func someDigests() []string {
	var all []string
	for i := range 64 {
		all = append(all, digestOf(fmt.Sprint("place ", i)))
	}
	slices.Sort(all)
	return all
}

// replace puts new in place of old, which stands there exactly once.
func replace(s, old, new string) string {
	if strings.Count(s, old) != 1 {
		panic(fmt.Sprintf("vectors: %q stands %d times in %s", old, strings.Count(s, old), s))
	}
	return strings.Replace(s, old, new, 1)
}
