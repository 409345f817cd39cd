package main

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A teller writes scenes as files.
type teller struct {
	dir          string
	keys, logKey string // as seen from the YAML files
	world        *generator.World
	scenes       []generator.Scene
	numbers      map[entry.ID]string // of scenes, by what they log
	needs        []string            // those that the scene in hand names
	kept         string              // number of the scene that kept a request
}

func (t *teller) tell() error {
	t.numbers = make(map[entry.ID]string)
	var plan, keys strings.Builder
	seen := make(map[string]bool)
	d := directories{plan: &plan}
	for i, s := range t.scenes {
		d.before(s.At)
		line := t.line(i, s)
		if line.text != "" {
			line.yaml = fmt.Sprintf("%s-%s-%s.yaml", number(i), line.kind, line.subject)
			if err := t.write(line.yaml, line.text); err != nil {
				return err
			}
		}
		var names []string
		if st := s.Statement; st != nil {
			t.numbers[st.ID] = number(i)
			d.log(s.At)
			for _, k := range st.Signers {
				name := keyName(k)
				names = append(names, name)
				if !seen[name] && name != operatorKey {
					seen[name] = true
					fmt.Fprintf(&keys, "%s\t%s\n", name, k.Public.Use)
				}
			}
		}
		fields := []string{number(i), entry.FormatTime(s.At), line.kind, line.author, line.yaml, strings.Join(names, ","), strings.Join(line.needs, ","), line.args}
		for i, f := range fields {
			fields[i] = cmp.Or(f, "-")
		}
		plan.WriteString(strings.Join(fields, "\t") + "\n")
	}
	d.before(generator.DemoEnd.Unix())
	for name, text := range map[string]string{
		"plan.tsv": plan.String(), "keys.txt": keys.String(),
		"origin": t.world.Options.Origin + "\n", "end": entry.FormatTime(generator.DemoEnd.Unix()) + "\n",
	} {
		if err := t.write(name, text); err != nil {
			return err
		}
	}
	return nil
}

// directoryAfter is how long after the log grew the demo's server makes a directory,
// in seconds (its configuration's directory_after).
const directoryAfter = 6 * 3600

// directories writes into the plan when the operator makes one.
type directories struct {
	plan *strings.Builder
	size uint64 // of the log
	grew int64  // when the first entry was logged that none covers; 0: they cover all
}

// log notes that an entry is logged.
func (d *directories) log(at int64) {
	d.size++
	if d.grew == 0 {
		d.grew = at
	}
}

// before lets one be made that is due by a moment.
func (d *directories) before(at int64) {
	if due := d.grew + directoryAfter; d.grew != 0 && at >= due {
		fmt.Fprintf(d.plan, "-\t%s\tdirectory\toperator\t-\t-\t-\t%d\n", entry.FormatTime(due), d.size)
		d.size++
		d.grew = 0
	}
}

// A line is one of the plan.
type line struct {
	kind, author string
	subject      string   // whom the statement is about, for its file's name
	yaml         string   // file
	text         string   // of the file; "" when the tool needs none
	needs        []string // numbers of the scenes that it names
	args         string   // more of the command line
}

// line says how a scene is played.
func (t *teller) line(i int, s generator.Scene) line {
	st := s.Statement
	if st == nil {
		t.needs = nil
		t.kept = number(i)
		var y yaml
		y.text(0, "author", s.Kept.By.ID)
		request(&y, &entry.Request{}, s.Kept.Detached, nil)
		return line{kind: "keep", author: s.Kept.By.ID, subject: s.Kept.By.ID, text: y.String()}
	}
	l := line{kind: string(st.Kind), author: st.Author, subject: st.Author}
	switch b := st.Statement.Body.(type) {
	case *entry.Admit:
		l.subject = b.ID // says more than who made it
	case *entry.Slot:
		return l
	case *entry.Open:
		l.needs, l.args = []string{t.numbers[b.Entry]}, "--why "+b.Why
		for _, text := range st.Opens {
			if d, err := entry.ParseDisclosure(string(text.Bytes)); err == nil {
				l.args += " --field " + d.Name
			}
		}
		return l
	case *entry.Erasure:
		l.needs, l.args = []string{t.numbers[b.Entry]}, "--basis "+b.Basis+" --reference "+b.Reference
		return l
	case *entry.Request:
		if s.Kept != nil {
			l.kind, l.needs = "tell", []string{t.kept}
			return l
		}
	}
	t.needs = nil
	l.text = t.yaml(s)
	l.needs = t.needs
	return l
}

// ref names a statement that is in the log by its scene: its entry id is not known
// yet.
func (t *teller) ref(id entry.ID) string {
	n := t.numbers[id]
	t.needs = append(t.needs, n)
	return "@" + n
}

// operatorKey is the one key that `pledgelog keygen` makes.
const operatorKey = "operator"

// keyName is the name of a key's file, without .key.
func keyName(k *generator.Key) string {
	if k.Name == operatorKey+"-1" {
		return operatorKey
	}
	return k.Name
}

// number counts scenes from 1.
func number(i int) string { return fmt.Sprintf("%03d", i+1) }

func (t *teller) write(name, text string) error {
	if err := os.WriteFile(filepath.Join(t.dir, name), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write story: %w", err)
	}
	return nil
}

// yaml writes what `pledge new` reads. What the log can tell, seq, prev and
// counts, is left out, and so is what the tool makes, such as salts.
func (t *teller) yaml(s generator.Scene) string {
	var y yaml
	st := s.Statement
	fmt.Fprintf(&y.Builder, "# %s, %s\n", st.Kind, entry.FormatTime(s.At))
	if st.Author != entry.AuthorSecretariat {
		y.text(0, "author", st.Author)
	}
	switch b := st.Statement.Body.(type) {
	case *entry.Charter:
		t.charter(&y, b, st.Detached.(*entry.CharterBody))
	case *entry.Admit:
		t.admit(&y, b, st)
	case *entry.Pledge:
		y.list(0, "clauses", b.Clauses)
	case *entry.Request:
		body := st.Detached.(*entry.RequestBody)
		request(&y, b, body, st.Seals)
		// Who states a duty of secrecy has to say what permits telling. It is not logged.
		if body.Gag == "statutory" || body.Gag == "ordered" {
			y.member(0, "permission")
			y.text(1, "reference", "Consent in writing, in the company's file")
		}
	case *entry.Decision:
		y.text(0, "request", t.ref(b.Request))
		decision(&y, b, st.Detached.(*entry.DecisionBody), st.Review)
	case *entry.Attestation:
		attestation(&y, b, st.Detached.(*entry.AttestationBody))
	default:
		t.later(&y, st)
	}
	return y.String()
}

// later writes what comes after a charter, its members and their accounts.
func (t *teller) later(y *yaml, st *generator.Statement) {
	switch b := st.Statement.Body.(type) {
	case *entry.Amend:
		y.text(0, "from", b.From)
		y.text(0, "slots", b.Slots)
		y.texts("narrative", st.Detached.(*entry.AmendBody).Narrative)
	case *entry.Standing:
		y.text(0, "who", b.Who)
		y.text(0, "standing", b.Standing)
		y.text(0, "reason", b.Reason)
	case *entry.Succeed:
		y.text(0, "from", b.From)
		y.text(0, "to", b.To)
	case *entry.Keys:
		y.text(0, "reason", b.Reason)
		y.number(0, "threshold", b.Threshold)
		// Who changes its keys signs with the old ones and with every new one.
		var keys []*generator.Key
		for _, k := range b.Keys {
			i := slices.IndexFunc(st.Signers, func(s *generator.Key) bool { return s.Public == k })
			keys = append(keys, st.Signers[i])
		}
		y.list(0, "keys", t.files(keys))
	case *entry.Correct:
		y.text(0, "entry", t.ref(b.Entry))
		y.text(0, "how", b.How)
		if !b.By.IsZero() {
			y.text(0, "by", t.ref(b.By))
		}
		y.texts("narrative", st.Detached.(*entry.CorrectBody).Narrative)
	case *entry.Challenge:
		y.text(0, "against", b.Against)
		if !b.Entry.IsZero() {
			y.text(0, "entry", t.ref(b.Entry))
		}
		y.text(0, "finding", b.Finding)
		y.text(0, "period", b.Period)
		y.texts("narrative", st.Detached.(*entry.ChallengeBody).Narrative)
	case *entry.Reply:
		y.text(0, "answer", b.Answer)
		y.text(0, "challenge", t.ref(b.Challenge))
		y.texts("narrative", st.Detached.(*entry.ReplyBody).Narrative)
	}
}

func (t *teller) charter(y *yaml, c *entry.Charter, body *entry.CharterBody) {
	y.text(0, "accord", c.Accord)
	y.list(0, "logKeys", []string{t.logKey})
	y.member(0, "clauses")
	for _, cl := range c.Clauses {
		y.text(1, "- id", cl.ID)
		y.text(2, "text", body.Clauses[cl.ID])
	}
	y.text(0, "attestation", string(c.Attestation))
	for _, d := range []struct {
		name string
		days uint64
	}{{"graceDays", c.GraceDays}, {"fileDays", c.FileDays}, {"decisionDays", c.DecisionDays}, {"replyDays", c.ReplyDays}, {"reviewDays", c.ReviewDays}} {
		y.number(0, d.name, d.days)
	}
	y.text(0, "slots", c.Slots)
	w := t.world
	for _, set := range []struct {
		name string
		keys []*generator.Key
		of   entry.KeySet
	}{{"secretariat", w.Secretariat.Keys, c.Secretariat}, {"recovery", w.Recovery, c.Recovery}, {"operator", w.Operator, c.Operator}} {
		y.member(0, set.name)
		y.number(1, "threshold", set.of.Threshold)
		y.list(1, "keys", t.files(set.keys))
	}
}

func (t *teller) admit(y *yaml, a *entry.Admit, st *generator.Statement) {
	y.text(0, "id", a.ID)
	y.text(0, "name", a.Name)
	y.text(0, "role", a.Role)
	y.text(0, "country", a.Country)
	y.text(0, "website", a.Website)
	y.list(0, "entities", a.Entities)
	y.number(0, "threshold", a.Threshold)
	y.list(0, "keys", t.files(st.Signers[len(st.Signers)-len(a.Keys):]))
}

// files names the public halves of keys.
func (t *teller) files(keys []*generator.Key) []string {
	var names []string
	for _, k := range keys {
		names = append(names, path.Join(t.keys, keyName(k)+".key.pub"))
	}
	return names
}

func request(y *yaml, r *entry.Request, b *entry.RequestBody, seals []generator.Seal) {
	y.text(0, "received", b.Received)
	if r.Received == entry.Withheld {
		y.text(0, "period", entry.Withheld)
	}
	y.text(0, "country", b.Country)
	y.text(0, "authority", b.Authority)
	y.text(0, "agency", b.Agency)
	y.list(0, "assist", b.Assist)
	y.texts("other", b.Other)
	y.text(0, "instrument", b.Instrument)
	y.text(0, "statute", b.Statute)
	y.text(0, "compulsion", b.Compulsion)
	y.text(0, "gag", b.Gag)
	y.text(0, "gagReview", b.GagReview)
	y.list(0, "targets", b.Targets)
	y.list(0, "products", b.Products)
	y.text(0, "corroboration", b.Corroboration)
	y.texts("narrative", b.Narrative)
	y.documents(b.Documents)
	if len(seals) > 0 {
		y.member(0, "seal")
	}
	for _, s := range seals {
		y.member(1, s.Member)
		y.text(2, "reason", s.Reason)
		y.text(2, "law", s.Law)
		y.text(2, "review", s.Review)
	}
}

// decision writes an answer: what is withheld stands in the text alone.
func decision(y *yaml, d *entry.Decision, b *entry.DecisionBody, review string) {
	y.text(0, "outcome", cmp.Or(d.Outcome, b.Outcome))
	y.text(0, "date", cmp.Or(d.Date, b.Date))
	y.list(0, "grounds", append(slices.Clone(d.Grounds), b.Grounds...))
	y.text(0, "scope", cmp.Or(d.Scope, b.Scope))
	y.texts("narrative", b.Narrative)
	y.text(0, "court", b.Court)
	y.documents(b.Documents)
	if review != "" {
		y.member(0, "withhold")
		y.text(1, "review", review)
	}
}

func attestation(y *yaml, a *entry.Attestation, b *entry.AttestationBody) {
	y.text(0, "period", a.Period.String())
	y.text(0, "covers", a.Covers)
	y.member(0, "received")
	switch n := a.Received.Total; {
	case n.CannotSay:
		y.text(1, "total", "cannot-say")
	case n.IsBand():
		y.member(1, "total")
		y.number(2, "min", n.Min)
		y.number(2, "max", n.Max)
	default:
		y.number(1, "total", n.Max)
	}
	y.list(0, "clauses", a.Clauses)
	y.text(0, "lateReason", a.LateReason)
	y.texts("narrative", b.Narrative)
}
