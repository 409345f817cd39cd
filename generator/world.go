package generator

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// Options say what a World is made of. Every zero field has a default.
type Options struct {
	// Origin is the log's name. Default: DefaultOrigin. It must be a
	// demonstration's: its host ends in .example.
	Origin string
	// Seed is where everything random comes from: keys, salts, dates and texts.
	Seed uint64
	// Signatories is how many companies there are. Default: 8.
	Signatories int
	// The secretariat signs with a threshold of its keys. Default: 2 of 3.
	SecretariatKeys, SecretariatThreshold int
	// So does recovery. Default: 2 of 2.
	RecoveryKeys, RecoveryThreshold int
	// OperatorKeys is how many statement keys the operator has. Default: 1.
	OperatorKeys int
	// Start is when the charter is logged. Default: 6 January 2025, 09:00 UTC.
	Start time.Time
	// Period is how often attestations are due. Default: quarters.
	Period entry.PeriodKind
	// Witnesses cosign every checkpoint, and Quorum of them must have. Default:
	// none, and `quorum none`.
	Witnesses, Quorum int
	// Publish is how much time of the log lies between checkpoints. Default: 30
	// minutes.
	Publish time.Duration
	// Lapses is out of a thousand obligations how many a signatory of Story does
	// not keep: late, missing and contradicting statements. Default: none, so
	// that a good log gives no finding at all.
	Lapses int
}

// DefaultOrigin is the origin of worlds that do not say otherwise.
const DefaultOrigin = "log.lanternhall.example/2025"

func (o *Options) setDefaults() {
	number := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	if o.Origin == "" {
		o.Origin = DefaultOrigin
	}
	number(&o.Signatories, 8)
	number(&o.SecretariatKeys, 3)
	number(&o.SecretariatThreshold, min(2, o.SecretariatKeys))
	number(&o.RecoveryKeys, 2)
	number(&o.RecoveryThreshold, o.RecoveryKeys)
	number(&o.OperatorKeys, 1)
	number(&o.Quorum, o.Witnesses)
	if o.Start.IsZero() {
		o.Start = time.Date(2025, 1, 6, 9, 0, 0, 0, time.UTC)
	}
	if o.Period == "" {
		o.Period = entry.Quarter
	}
	if o.Publish == 0 {
		o.Publish = 30 * time.Minute
	}
}

// A World is an invented accord: who takes part, their keys, what they said and
// when. It plays every part, the operator's too, and checks nothing, so that it
// can also play a dishonest one.
//
// The same Options and the same calls give the same bytes. A World is for one
// goroutine.
type World struct {
	Options     Options
	Signer      *log.Signer     // of checkpoints
	Witnesses   []*log.Cosigner // in the order of the policy
	Policy      *log.Policy
	Secretariat *Author
	Recovery    []*Key
	Operator    []*Key
	Signatories []*Author // in the order of admission; all of them, admitted or not
	Charter     entry.ID  // of the charter, zero before it is logged
	Terms       *entry.Charter

	// Logged is what was logged so far, unless the world writes elsewhere (see
	// WriteStory).
	Logged []*Entry

	now  int64
	size uint64
	dice *rand.Rand
	sink func(*Statement) error // nil: Logged
	err  error                  // of sink; sticky
	byID map[string]*Author
}

// New makes a world in which nothing has been said yet.
func New(o Options) *World {
	o.setDefaults()
	if !entry.IsDemonstration(o.Origin) {
		panic("generator: origin " + o.Origin + " does not end in .example: invented statements are for demonstrations only")
	}
	w := &World{Options: o, now: o.Start.Unix()}
	w.dice = rand.New(rand.NewChaCha8([32]byte(w.secret("dice"))))
	signer, err := log.NewSigner(o.Origin, w.secret("checkpoint"))
	if err != nil {
		panic(fmt.Sprintf("generator: make checkpoint key: %v", err))
	}
	w.Signer = signer
	w.Policy = &log.Policy{Logs: []log.LogKey{{Key: signer.Key()}}, Quorum: log.QuorumNone}
	w.addWitnesses()
	w.Secretariat = &Author{ID: entry.AuthorSecretariat, Name: SecretariatName, Keys: w.NewKeys("secretariat", o.SecretariatKeys), Threshold: o.SecretariatThreshold}
	w.Recovery = w.NewKeys("recovery", o.RecoveryKeys)
	w.Operator = w.NewKeys("operator", o.OperatorKeys)
	for i := range o.Signatories {
		w.Signatories = append(w.Signatories, w.newSignatory(i))
	}
	return w
}

// addWitnesses gives the policy its witnesses and the quorum among them.
func (w *World) addWitnesses() {
	if w.Options.Witnesses == 0 {
		return
	}
	group := log.Group{Name: "witnesses", K: w.Options.Quorum}
	for i := range w.Options.Witnesses {
		name := numbered("witness", i+1)
		c, err := log.NewCosigner(name+".example", w.secret(name))
		if err != nil {
			panic(fmt.Sprintf("generator: make witness key: %v", err))
		}
		w.Witnesses = append(w.Witnesses, c)
		w.Policy.Witnesses = append(w.Policy.Witnesses, log.Witness{Name: name, Key: c.Key()})
		group.Members = append(group.Members, name)
	}
	w.Policy.Groups = []log.Group{group}
	w.Policy.Quorum = group.Name
}

// newSignatory invents signatory i, from 0: one of Companies, or when there are
// no more of them a later namesake of one.
func (w *World) newSignatory(i int) *Author {
	c := Companies[i%len(Companies)]
	if round := i / len(Companies); round > 0 {
		n := strconv.Itoa(round + 1)
		c.ID, c.Name, c.Entities = c.ID+"-"+n, c.Name+" "+n, nil
	}
	// Every third company wants two signatures, every sixth has a key in
	// reserve.
	keys, threshold := 1, 1
	switch i % 6 {
	case 2:
		keys, threshold = 2, 2
	case 5:
		keys, threshold = 3, 2
	}
	return &Author{ID: c.ID, Name: c.Name, Company: c, Role: entry.RoleSignatory, Keys: w.NewKeys(c.ID, keys), Threshold: threshold, lang: languages[w.dice.IntN(len(languages))]}
}

// languages are those of Narratives.
var languages = []string{"en", "de", "fr", "ar", "zh-Hans", "ja", "hi"}

// Now is the time in the world, Unix seconds: the `logged` of the next entry.
func (w *World) Now() int64 { return w.now }

// SetNow moves the time in the world. It may go backwards, as a dishonest
// operator's does.
func (w *World) SetNow(unix int64) { w.now = unix }

// Advance lets time pass.
func (w *World) Advance(d time.Duration) { w.now += int64(d / time.Second) }

// Size is how many entries were logged.
func (w *World) Size() uint64 { return w.size }

// Err is the first error of whatever the world writes to.
func (w *World) Err() error { return w.err }

// roll is true in n of 1000 cases.
func (w *World) roll(n int) bool { return w.dice.IntN(1000) < n }

// between draws from lo to hi, both included.
func (w *World) between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + w.dice.Int64N(hi-lo+1)
}

// pick draws one of a list.
func pick[T any](w *World, list []T) T { return list[w.dice.IntN(len(list))] }

func numbered(name string, n int) string { return name + "-" + strconv.Itoa(n) }
