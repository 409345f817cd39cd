package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// A lawyer gives statements to an intake, and holds it to the law: what it accepts the
// rules accept, as it is logged; what it refuses they reject with the same code, or the
// code stands in the table of differences and that difference is there.
type lawyer struct {
	*cast
	*desk
	pick func(name string, n int) int // draws from 0 to n-1

	state *pledge.State   // of a verifier: it sees the leaves alone
	ring  *pledge.Keyring // and so does this
	table []Difference

	forget  entry.Code          // the verifier does not reject for it; "" when it is whole
	reached map[entry.Code]bool // differences that were met
	judged  map[string]int      // outcomes
}

func newLawyer(d *desk, c *cast, pick func(string, int) int) *lawyer {
	return &lawyer{cast: c, desk: d, pick: pick, state: pledge.New(c.Options.Origin), ring: pledge.NewKeyring(), table: Differences, reached: make(map[entry.Code]bool), judged: make(map[string]int)}
}

// try submits at once what may come next, and says which part of the law is broken.
func (l *lawyer) try(all ...*draft) error {
	l.now.Store(l.World.Now())
	if err := l.catchUp(nil); err != nil {
		return err
	}
	tickets := make([]*Ticket, len(all))
	refused := make([]entry.Code, len(all))
	var subs []*entry.Submission
	var at []int
	for i, x := range all {
		sub, err := entry.ParseSubmission(x.submission())
		if err != nil {
			refused[i] = entry.CodeOf(err)
			continue
		}
		subs, at = append(subs, sub), append(at, i)
	}
	for i, ticket := range l.SubmitAll(context.Background(), subs) {
		tickets[at[i]] = ticket
	}
	for i, ticket := range tickets {
		if ticket == nil {
			continue
		}
		code, err := l.outcome(ticket)
		if err != nil {
			return fmt.Errorf("%s: %w", all[i], err)
		}
		refused[i] = code
	}
	// What each is by the rules, at every moment from before the first to after the
	// last: they were judged somewhere in between.
	verdicts := make([][]pledge.Verdict, len(all))
	judge := func() {
		for i, x := range all {
			verdicts[i] = append(verdicts[i], l.judge(x))
		}
	}
	judge()
	if err := l.catchUp(judge); err != nil {
		return fmt.Errorf("%s: %w", all, err)
	}
	for i, x := range all {
		if err := l.weigh(x, refused[i], verdicts[i]); err != nil {
			return fmt.Errorf("%s: %w", x, err)
		}
	}
	for _, x := range all { // the books, in the order of the log
		if f, ok := l.state.Find(x.id()); ok {
			x.index = f.Index
		}
	}
	slices.SortStableFunc(all, func(a, b *draft) int { return int(a.index) - int(b.index) })
	for i, x := range all {
		if x.index > 0 && x.st != nil && !x.booked && !slices.ContainsFunc(all[:i], func(o *draft) bool { return o.id() == x.id() }) {
			x.booked = true
			l.note(x.st)
		}
	}
	return nil
}

// outcome waits until a statement is refused, "" when it is not, or has its place in
// the order of record. Nobody waits for its publication.
func (l *lawyer) outcome(t *Ticket) (entry.Code, error) {
	until := time.Now().Add(30 * time.Second)
	for time.Now().Before(until) {
		select {
		case <-t.ready:
			var r *Refusal
			if t.err == nil {
				return "", nil
			} else if !errors.As(t.err, &r) {
				return "", fmt.Errorf("neither accepted nor refused: %w", t.err)
			}
			if Hint(r.Code) == "" {
				return "", fmt.Errorf("%s has no hint", r.Code)
			}
			return r.Code, nil
		case <-time.After(200 * time.Microsecond):
		}
	}
	return "", errors.New("no outcome")
}

// catchUp steps a verifier over what was put into the order of record.
func (l *lawyer) catchUp(after func()) error {
	for {
		records, err := l.desk.store.Records(context.Background(), l.state.Size(), batchSize)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
		for _, r := range records {
			it := pledge.Read(r.Index, r.Leaf)
			l.ring.Learn(it.Statement)
			l.ring.Try(it)
			if v := l.verdict(it); v.Kind != pledge.Accepted {
				return fmt.Errorf("the server logged entry %d, %s by %s, which is %s: %s: %s", r.Index, it.Statement.Kind, it.Statement.Author, v.Kind, v.Code, v.Detail)
			}
			if v, _ := l.state.Step(it); v.Kind != pledge.Accepted && l.forget == "" {
				return fmt.Errorf("entry %d is accepted, and then %s", r.Index, v.Code)
			}
			if after != nil {
				after()
			}
		}
	}
}

func (l *lawyer) verdict(it *pledge.Item) pledge.Verdict {
	v := l.state.Judge(it)
	if v.Code == l.forget && l.forget != "" {
		return pledge.Verdict{Kind: pledge.Accepted}
	}
	return v
}

// judge judges the leaf that a statement would be if it were logged now.
func (l *lawyer) judge(x *draft) pledge.Verdict {
	leaf := fmt.Appendf(nil, `{"logged":%d,"statement":%s}`, max(l.World.Now(), l.state.Now()), x.envelope)
	it := pledge.Read(l.state.Size(), leaf)
	l.ring.Try(it)
	return l.verdict(it)
}

// weigh holds what the server did with a statement, refused "" when it took it, to
// what the rules say of it.
func (l *lawyer) weigh(x *draft, refused entry.Code, verdicts []pledge.Verdict) error {
	says := func(v pledge.Verdict) string { return strings.TrimSpace(string(v.Kind) + " " + string(v.Code)) }
	l.judged[cmp.Or(string(refused), "taken")+" | "+says(verdicts[0])]++
	if refused == "" {
		// It was taken: catchUp held it to the rules, or it is there already.
		if _, ok := l.state.Find(x.id()); !ok {
			return errors.New("taken, and not in the order of record")
		}
		return nil
	}
	for _, v := range verdicts {
		if (v.Kind == pledge.Rejected || v.Kind == pledge.Malformed) && v.Code == refused {
			return nil
		}
	}
	for _, d := range l.table {
		if !slices.Contains(d.Codes, refused) {
			continue
		}
		// One that is there already is in order: it is refused for what comes with it.
		if !slices.ContainsFunc(verdicts, func(v pledge.Verdict) bool { return v.Kind == pledge.Accepted || v.Kind == pledge.Duplicate }) {
			return nil // it is wrong in two ways
		}
		if !slices.Contains(x.differs, refused) {
			return fmt.Errorf("refused with %s, which is in the table, and there is no such difference; the rules accept it", refused)
		}
		l.reached[refused] = true
		return nil
	}
	return fmt.Errorf("refused with %s, which is not in the table; the rules say %s", refused, says(verdicts[0]))
}

// elsewhere are differences that no statement here has, and the test that has them.
var elsewhere = map[entry.Code]string{
	entry.CodeLeafTooLarge: "TestSizeDifference",
}

// newCourt makes the log with which the law begins, once, and returns a desk at it for
// each try.
func newCourt(t *testing.T) (court func(pick func(string, int) int) *lawyer) {
	t.Helper()
	c := newCast(nil)
	first := newDesk(t, c.World)
	var subs []*entry.Submission
	again := newCast(func(st *generator.Statement) { subs = append(subs, first.submission(st)) })
	first.now.Store(again.World.Now())
	for _, some := range [][]*entry.Submission{subs[:1], subs[1:]} { // seals are held to the charter's terms
		for i, ticket := range first.SubmitAll(t.Context(), some) {
			if _, err := ticket.Wait(t.Context()); err != nil {
				t.Fatalf("statement %d: %v", i, err)
			}
		}
	}
	first.close()
	tries := 0
	return func(pick func(string, int) int) *lawyer {
		c := newCast(func(*generator.Statement) {})
		d := &desk{t: t, dir: filepath.Join(first.dir, fmt.Sprintf("try-%d", tries)), world: c.World}
		tries++
		b, err := os.ReadFile(filepath.Join(first.dir, "store.db"))
		if err != nil {
			t.Fatal(err)
		}
		archive, err := os.ReadFile(filepath.Join(first.logDir(), archivePath))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.MkdirAll(d.logDir(), 0o755), os.WriteFile(filepath.Join(d.dir, "store.db"), b, 0o600), os.WriteFile(filepath.Join(d.logDir(), archivePath), archive, 0o644)); err != nil {
			t.Fatal(err)
		}
		d.now.Store(c.World.Now())
		if d.store, err = sqlite.Open(t.Context(), filepath.Join(d.dir, "store.db")); err != nil {
			t.Fatal(err)
		}
		d.cfg = Config{Origin: c.World.Options.Origin, Policy: c.World.Policy, Store: d.store, Log: new(drawer), Dir: d.logDir(), Clock: func() time.Time { return time.Unix(d.now.Load(), 0) }, Logger: quiet}
		if d.Intake, err = Open(t.Context(), d.cfg); err != nil {
			t.Fatal(err)
		}
		l := newLawyer(d, c, pick)
		if err := l.catchUp(nil); err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// leave ends a try.
func (l *lawyer) leave() {
	l.desk.t.Helper()
	if err := errors.Join(l.desk.Intake.Close(context.Background()), l.desk.store.Close(), os.RemoveAll(l.desk.dir)); err != nil {
		l.desk.t.Error(err)
	}
}

// A drawer is an engine that takes leaves and publishes nothing: the law is about what
// comes before.
type drawer struct{ size atomic.Uint64 }

func (e *drawer) Append(_ context.Context, first uint64, leaves [][]byte) error {
	e.size.Store(first + uint64(len(leaves)))
	return nil
}
func (e *drawer) Next(context.Context) (uint64, error)      { return e.size.Load(), nil }
func (e *drawer) Published(context.Context) ([]byte, error) { return nil, log.ErrNotFound }
func (e *drawer) Await(ctx context.Context, _ uint64) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
func (e *drawer) Source() log.Source          { return log.DirSource("") }
func (e *drawer) Close(context.Context) error { return nil }

// walk tries every way in which a statement can be wrong, or those that are wanted, with
// every kind that it can be wrong in, and then the good ones of all kinds.
func (l *lawyer) walk(wanted func(way) bool) error {
	for _, w := range ways {
		for _, k := range kinds {
			if wanted != nil && !wanted(w) {
				continue
			}
			x := l.draft(k, w)
			if x == nil {
				continue
			}
			if err := l.try(x); err != nil {
				return err
			}
		}
	}
	for _, k := range slices.Concat(kinds, kinds, lastly) {
		x := l.draft(k, way{name: "good"})
		if x == nil {
			continue
		}
		if err := l.try(x); err != nil {
			return err
		}
		l.World.Advance(time.Hour)
	}
	return nil
}

func fixed(seed uint64) func(string, int) int {
	dice := rand.New(rand.NewPCG(12, seed))
	return func(_ string, n int) int { return dice.IntN(n) }
}

// TestServerAndVerifier: the law, for every kind of statement and every way to be
// wrong; and it comes by every difference of the table that no other test has.
func TestServerAndVerifier(t *testing.T) {
	court := newCourt(t)
	l := court(fixed(1))
	defer l.leave()
	if err := l.walk(nil); err != nil {
		t.Fatal(err)
	}
	for _, d := range Differences {
		for _, code := range d.Codes {
			if _, other := elsewhere[code]; l.reached[code] == other {
				t.Errorf("%s: met here: %t, is said to stand elsewhere: %t", code, l.reached[code], other)
			}
		}
	}
	taken := 0
	for what, n := range l.judged {
		if strings.HasPrefix(what, "taken | accepted") {
			taken += n
		}
	}
	if taken < 40 {
		t.Errorf("only %d statements were taken", taken)
	}
	if t.Failed() || testing.Verbose() {
		for _, what := range slices.Sorted(maps.Keys(l.judged)) {
			t.Logf("%5d %s", l.judged[what], what)
		}
	}
}

// TestServerAndVerifierDrawn: the same, in any order, one by one or several at once.
func TestServerAndVerifierDrawn(t *testing.T) {
	court := newCourt(t)
	rapid.Check(t, func(t *rapid.T) {
		l := court(func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) })
		defer l.leave()
		for range rapid.IntRange(1, 8).Draw(t, "moves") {
			l.World.Advance(time.Duration(choose(l, "seconds", []int{0, 1, 3600, 86400, 30 * 86400})) * time.Second)
			var all []*draft
			for range choose(l, "at once", []int{1, 1, 1, 2, 4}) {
				w := way{name: "good"}
				if l.pick("bad", 2) == 1 {
					w = choose(l, "way", ways)
				}
				if x := l.draft(choose(l, "kind", slices.Concat(kinds, kinds, lastly)), w); x != nil {
					all = append(all, x)
				}
			}
			if err := l.try(all...); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTheLawNotices: the law is broken when a rule of the verifier, or a row of the
// table, is taken out.
func TestTheLawNotices(t *testing.T) {
	court := newCourt(t)
	for name, code := range map[string]entry.Code{
		"a signature that fails": pledge.CodeSignatureInvalid, "a signature less": pledge.CodeSignaturesTooFew, "signed by another": pledge.CodeSignatureUncalled,
		"seq 1": pledge.CodeSeqTaken, "seq too high": pledge.CodeSeqGap, "another prev": pledge.CodePrevMismatch, "another log": pledge.CodeOrigin,
		"an unknown author": pledge.CodeAuthorUnknown, "another reference": pledge.CodeReferenceUnknown, "the secretariat's": pledge.CodeKindNotAllowed,
		"an old digest": pledge.CodeDigestReused, "a review of today": pledge.CodeReviewRange, "a member too many": entry.CodeMemberUnknown, "another payload type": entry.CodePayloadType,
	} {
		l := court(fixed(1))
		l.forget = code
		if err := l.walk(func(w way) bool { return w.name == name }); err == nil {
			t.Errorf("a verifier that does not reject for %s goes unseen", code)
		}
		l.leave()
	}
	l := court(fixed(1))
	for _, code := range []entry.Code{pledge.CodeSeqTaken, entry.CodeVocabulary} {
		again := &draft{st: l.requests[0], envelope: l.requests[0].Envelope.Marshal()}
		if err := l.weigh(again, code, []pledge.Verdict{{Kind: pledge.Duplicate}}); err == nil {
			t.Errorf("a server that refuses with %s what is there already goes unseen", code)
		}
	}
	l.leave()
	for i, d := range Differences {
		if _, other := elsewhere[d.Codes[0]]; other {
			continue
		}
		l := court(fixed(1))
		l.table = slices.Delete(slices.Clone(Differences), i, i+1)
		err := l.walk(func(w way) bool {
			return slices.ContainsFunc(w.differs, func(c entry.Code) bool { return slices.Contains(d.Codes, c) })
		})
		if err == nil || !slices.ContainsFunc(d.Codes, func(c entry.Code) bool { return strings.Contains(err.Error(), string(c)) }) {
			t.Errorf("a table without %s: %v", d.Codes, err)
		}
		l.leave()
	}
}

// TestTableOfDifferences: docs/spec.md has the table as it is.
func TestTableOfDifferences(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "docs", "spec.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(b), "\n### What the server refuses beyond the rules\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| ([^|]+) \\|$").FindAllStringSubmatch(section, -1)
	if len(rows) != len(Differences) {
		t.Fatalf("the specification has %d rows, the table %d", len(rows), len(Differences))
	}
	for i, d := range Differences {
		var codes []string
		for _, c := range d.Codes {
			codes = append(codes, "`"+string(c)+"`")
		}
		if got := rows[i][1:]; got[0] != strings.Join(codes, ", ") || got[1] != d.Refuses {
			t.Errorf("row %d is\n| %s | %s |\nwant\n| %s | %s |", i, got[0], got[1], strings.Join(codes, ", "), d.Refuses)
		}
	}
}
