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
	// Challengers is how many organisations there are that file challenges.
	// Default: none.
	Challengers int
	// Mixed gives authors keys of all three algorithms, and thresholds over mixed
	// sets. Default: every key is an Ed25519 one.
	Mixed bool
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
	// Slots is the charter's slot period. Default: none. Signatories have a slot
	// key when it is another one, or with SlotKeys.
	Slots    string
	SlotKeys bool
	// Witnesses cosign every checkpoint, and Quorum of them must have. Default:
	// none, and `quorum none`.
	Witnesses, Quorum int
	// NoDirectories keeps the operator from making directories by itself whenever
	// time moves on; World.Directory still makes one.
	NoDirectories bool
	// Publish is how much time of the log lies between checkpoints. Default: 30
	// minutes.
	Publish time.Duration
	// Mix is what Story has beside requests, answers and attestations. Default:
	// nothing.
	Mix Mix
	// Lapses is out of a thousand obligations how many a signatory of Story does
	// not keep: late, missing and contradicting statements. Default: none, so
	// that a good log gives no finding at all.
	Lapses int
	// Lifelike makes of Story a log to be searched: few signatories and countries have
	// most of the statements, signatories beyond Companies have names of their own, not
	// everything is told, and texts have up to 150 words, of vocabularies as large as
	// real ones, in many languages.
	Lifelike bool
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
	if o.Slots == "" {
		o.Slots = entry.SlotsNone
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
	Host        *Author   // the operator, as author of directories and erasures
	Signatories []*Author // in the order of admission; all of them, admitted or not
	Challengers []*Author
	Charter     entry.ID // of the charter, zero before it is logged
	Terms       *entry.Charter
	// RecoveryThreshold is how many keys of Recovery sign.
	RecoveryThreshold int

	// Logged is what was logged so far, unless the world writes elsewhere (see
	// WriteStory).
	Logged []*Entry
	// Said are the statements that were logged and entered in the books, with what
	// their authors keep to themselves; by the same exception.
	Said []*Statement

	now    int64
	latest int64 // the largest `logged` so far
	grew   int64 // when the first leaf was logged that no directory covers; 0 when there is none
	size   uint64
	dice   *rand.Rand
	sink   func(*Statement) error // nil: Logged
	err    error                  // of sink; sticky
	byID   map[string]*Author
	keys   map[entry.KeyID]*Key // all that were made

	admitted []*Author
	lifelike *lifelike      // nil: not
	amends   []*entry.Amend // of terms, in the order of the log
	document entry.ID       // the charter, or the last amend that brought clauses
	clauses  []string       // of document, sorted
}

// New makes a world in which nothing has been said yet.
func New(o Options) *World {
	o.setDefaults()
	if !entry.IsDemonstration(o.Origin) {
		panic("generator: origin " + o.Origin + " does not end in .example: invented statements are for demonstrations only")
	}
	w := &World{Options: o, now: o.Start.Unix(), keys: make(map[entry.KeyID]*Key)}
	w.dice = rand.New(rand.NewChaCha8([32]byte(w.secret("dice"))))
	signer, err := log.NewSigner(o.Origin, w.secret("checkpoint"))
	if err != nil {
		panic(fmt.Sprintf("generator: make checkpoint key: %v", err))
	}
	w.Signer = signer
	w.Policy = &log.Policy{Logs: []log.LogKey{{Key: signer.Key()}}, Quorum: log.QuorumNone}
	if o.Lifelike {
		w.lifelike = w.newLifelike()
	}
	w.addWitnesses()
	if w.Policy, err = w.Policy.Checked(); err != nil {
		panic(fmt.Sprintf("generator: make policy: %v", err))
	}
	w.Secretariat = &Author{ID: entry.AuthorSecretariat, Name: SecretariatName, Keys: w.newKeys("secretariat", o.SecretariatKeys, 0), Threshold: o.SecretariatThreshold}
	w.Recovery, w.RecoveryThreshold = w.newKeys("recovery", o.RecoveryKeys, 1), o.RecoveryThreshold
	w.Operator = w.NewKeys("operator", o.OperatorKeys)
	w.Host = &Author{ID: entry.AuthorOperator, Name: "Operator of the log", Keys: w.Operator, Threshold: 1}
	for i := range o.Signatories {
		w.Signatories = append(w.Signatories, w.newSignatory(i))
	}
	for i := range o.Challengers {
		c := namesake(Challengers, i)
		if w.lifelike != nil && i >= len(Challengers) {
			c = w.inventedChallenger(i)
		}
		a := &Author{ID: c.ID, Name: c.Name, Company: c, Role: entry.RoleChallenger, Keys: w.newKeys(c.ID, 1, i), Threshold: 1}
		if w.lifelike != nil {
			a.lang = w.tongueOf()
		}
		w.Challengers = append(w.Challengers, a)
	}
	return w
}

// newKeys makes n keys for an owner. Where algorithms are mixed they take turns,
// from the one of that number on.
func (w *World) newKeys(owner string, n, turn int) []*Key {
	keys := make([]*Key, n)
	for i := range keys {
		alg := entry.AlgEd25519
		if w.Options.Mixed {
			alg = algorithms[(turn+i)%len(algorithms)]
		}
		keys[i] = w.NewKeyOf(alg, entry.UseStatement, numbered(owner, i+1))
	}
	return keys
}

// algorithms are those of authors' keys.
var algorithms = []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44}

// NewSlotKey makes an author's key for slots, of Ed25519 or, where algorithms are
// mixed, of the one that the number picks.
func (w *World) NewSlotKey(owner string, turn int) *Key {
	alg := entry.AlgEd25519
	if w.Options.Mixed {
		alg = algorithms[turn%len(algorithms)]
	}
	return w.NewKeyOf(alg, entry.UseSlot, owner+"-slot")
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

// NextSigner is the checkpoint signer that an operator could announce to come after
// Signer.
func (w *World) NextSigner() *log.Signer {
	signer, err := log.NewSigner(w.Options.Origin, w.secret("checkpoint, next"))
	if err != nil {
		panic(fmt.Sprintf("generator: make checkpoint key: %v", err))
	}
	return signer
}

// newSignatory invents signatory i, from 0: one of Companies, or when there are
// no more of them a later namesake of one, or an invented one where the world is
// Lifelike.
func (w *World) newSignatory(i int) *Author {
	c := namesake(Companies, i)
	if w.lifelike != nil && i >= len(Companies) {
		c = w.inventedCompany(i)
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
	a := &Author{ID: c.ID, Name: c.Name, Company: c, Role: entry.RoleSignatory, Keys: w.newKeys(c.ID, keys, i), Threshold: threshold, lang: languages[w.dice.IntN(len(languages))]}
	if w.lifelike != nil {
		a.lang = w.tongueOf()
	}
	if w.Options.Slots != entry.SlotsNone || w.Options.SlotKeys {
		a.SlotKey = w.NewSlotKey(c.ID, i)
	}
	return a
}

// namesake is company i of a list, from 0, or when there are no more of them a
// later namesake of one.
func namesake(list []Company, i int) Company {
	c := list[i%len(list)]
	if round := i / len(list); round > 0 {
		n := strconv.Itoa(round + 1)
		c.ID, c.Name, c.Entities = c.ID+"-"+n, c.Name+" "+n, nil
	}
	return c
}

// languages are those of Narratives.
var languages = []string{"en", "de", "fr", "ar", "zh-Hans", "ja", "hi"}

// Now is the time in the world, Unix seconds: the `logged` of the next entry.
func (w *World) Now() int64 { return w.now }

// SetNow moves the time in the world. It may go backwards, as a dishonest
// operator's does.
func (w *World) SetNow(unix int64) { w.moveTo(unix) }

// Advance lets time pass.
func (w *World) Advance(d time.Duration) { w.moveTo(w.now + int64(d/time.Second)) }

// directoryAfter is how long after the log grew the operator makes a directory, in
// seconds: within a day (protocol section 4).
const directoryAfter = 20 * 3600

// moveTo moves time. On the way the operator makes the directory that comes due,
// unless it is told to make none.
func (w *World) moveTo(unix int64) {
	if at := w.grew + directoryAfter; w.grew != 0 && unix >= at && !w.Options.NoDirectories {
		w.now = max(w.now, at)
		w.Log(w.Directory())
	}
	w.now = unix
}

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
