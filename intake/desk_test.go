package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/verifier"
)

type desk struct {
	t     *testing.T
	dir   string
	world *generator.World
	now   atomic.Int64
	store store.Store
	eng   *embedded.Engine
	cfg   Config
	*Intake

	// What a test may set before open.
	operator    bool // the server makes directories
	wrap        func(store.Store) store.Store
	publishWait time.Duration
	beforeSign  func(log.Checkpoint) error
	asking      *witnessing.Client // the policy's witnesses, if there are any
}

func newDesk(t *testing.T, w *generator.World, options ...func(*desk)) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), world: w}
	d.now.Store(w.Now())
	for _, o := range options {
		o(d)
	}
	ctx := t.Context()
	st, err := sqlite.Create(ctx, filepath.Join(d.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	st.Close()
	if _, err := guard.CreateFile(filepath.Join(d.dir, "guard"), w.Options.Origin); err != nil {
		t.Fatal(err)
	}
	if err := embedded.Create(ctx, d.engineConfig()); err != nil {
		t.Fatal(err)
	}
	d.open()
	return d
}

func (d *desk) logDir() string { return filepath.Join(d.dir, "log") }

func (d *desk) engineConfig() embedded.Config {
	d.t.Helper()
	state, err := guard.OpenFile(filepath.Join(d.dir, "guard"))
	if err != nil {
		d.t.Fatal(err)
	}
	tiles := log.NewTileReader(log.DirSource(d.logDir()))
	return embedded.Config{Dir: d.logDir(), Signer: guard.New(d.world.Signer, state, tiles), Interval: embedded.MinInterval, Logger: quiet, Witnesses: d.asking, Clock: d.clock, BeforeSign: d.beforeSign}
}

func (d *desk) clock() time.Time { return time.Unix(d.now.Load(), 0) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func (d *desk) open() {
	d.t.Helper()
	ctx := context.Background()
	var err error
	if d.store, err = sqlite.Open(ctx, filepath.Join(d.dir, "store.db")); err != nil {
		d.t.Fatal(err)
	}
	if d.eng, err = embedded.Open(ctx, d.engineConfig()); err != nil {
		d.t.Fatal(err)
	}
	if d.wrap != nil {
		d.store = d.wrap(d.store)
	}
	d.cfg = Config{Origin: d.world.Options.Origin, Policy: d.world.Policy, Store: d.store, Log: d.eng, Dir: d.logDir(), Clock: d.clock, Logger: quiet, PublishWait: d.publishWait}
	if d.operator {
		for _, k := range d.world.Operator {
			d.cfg.Operator = append(d.cfg.Operator, OperatorKey{ID: k.ID, Sign: func(pae []byte) ([]byte, error) { return k.Sign(pae), nil }})
		}
	}
	if d.Intake, err = Open(ctx, d.cfg); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(d.close)
}

func (d *desk) close() {
	ctx := context.Background()
	if d.Intake == nil {
		return
	}
	if err := d.Intake.Close(ctx); err != nil {
		d.t.Error(err)
	}
	d.Intake = nil
	if err := d.eng.Close(ctx); err != nil {
		d.t.Error(err)
	}
	d.store.Close()
}

func (d *desk) submission(st *generator.Statement) *entry.Submission {
	d.t.Helper()
	sub, err := entry.ParseSubmission(st.Submission().Marshal())
	if err != nil {
		d.t.Fatal(err)
	}
	return sub
}

func (d *desk) holds(r *Receipt, sub *entry.Submission) *entry.Leaf {
	d.t.Helper()
	p, err := log.ParseProof(r.Proof)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Equal(p.Extra, r.Leaf) || p.Index != r.Index {
		d.t.Fatal("the proof is of another leaf")
	}
	if _, err := d.world.Policy.VerifyProof(p, log.LeafHash(r.Leaf)); err != nil {
		d.t.Fatal(err)
	}
	leaf, err := entry.ParseLeaf(r.Leaf)
	if err != nil {
		d.t.Fatal(err)
	}
	if !bytes.Equal(leaf.Statement.Payload, sub.Envelope.Payload) || r.Entry != sub.Statement.ID {
		d.t.Fatal("the receipt is for another statement")
	}
	return leaf
}

func (d *desk) must(st *generator.Statement) *Receipt {
	d.t.Helper()
	sub := d.submission(st)
	r, err := d.Submit(context.Background(), sub)
	if err != nil {
		d.t.Fatalf("%s by %s: %v", st.Kind, st.Author, err)
	}
	d.holds(r, sub)
	return r
}

// say logs a statement in the world's books and in the log.
func (d *desk) say(st *generator.Statement) *Receipt {
	d.t.Helper()
	d.world.Log(st)
	d.now.Store(d.world.Now())
	return d.must(st)
}

func (d *desk) found(n int) {
	d.t.Helper()
	d.say(d.world.Found())
	for _, a := range d.world.Signatories[:n] {
		d.say(d.world.Admit(a))
		d.say(d.world.Pledge(a))
	}
}

// refused submits what must be refused, by a code that has a hint.
func (d *desk) refused(sub *entry.Submission, want entry.Code) {
	d.t.Helper()
	_, err := d.Submit(d.t.Context(), sub)
	var r *Refusal
	if !errors.As(err, &r) || r.Code != want {
		d.t.Errorf("got %v, want %s", err, want)
	} else if Hint(r.Code) == "" {
		d.t.Errorf("%s has no hint", r.Code)
	}
}

// waitFor waits until what a job of the server does is done.
func (d *desk) waitFor(what string, done func() bool) {
	d.t.Helper()
	for until := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			d.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// text reads a text's own file; "" when there is none.
func (d *desk) text(digest string) string {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.logDir(), log.BodyPath(digest)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.t.Fatal(err)
	}
	return string(b)
}

func (d *desk) audit() *pledge.State {
	d.t.Helper()
	ctx := context.Background()
	raw, err := d.eng.Published(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	v, err := d.world.Policy.Open(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	tiles := log.NewTileReader(log.DirSource(d.logDir()))
	state, keys, b := pledge.New(d.world.Options.Origin), pledge.NewKeyring(), log.NewBuilder(nil)
	it := tiles.Leaves(ctx, 0, v.Checkpoint.Size, v.Checkpoint.Size)
	for first, leaves := range it.All() {
		for i, leaf := range leaves {
			item := pledge.Read(first+uint64(i), leaf)
			keys.Try(item)
			keys.Learn(item.Statement)
			if verdict, found := state.Step(item); verdict.Kind != pledge.Accepted || len(found) > 0 {
				d.t.Errorf("entry %d: %+v %v", item.Index, verdict, found)
			}
			b.Append(log.LeafHash(leaf))
		}
	}
	if it.Err() != nil {
		d.t.Fatal(it.Err())
	}
	if b.Root() != v.Checkpoint.Root || b.Size() != v.Checkpoint.Size {
		d.t.Error("the root is not that of the leaves")
	}
	// What the server accepts the verifier accepts.
	report, err := verifier.Audit(ctx, verifier.Config{Policy: d.world.Policy, Charter: d.world.Charter, Source: log.DirSource(d.logDir())})
	if err != nil || report.Result != verifier.Matches {
		d.t.Errorf("audit: %v %+v", err, report)
	}
	return state
}

// audited has a verifier audit the folder: it matches, and finds nothing but what is
// for information.
func (d *desk) audited() {
	d.t.Helper()
	report, err := verifier.Audit(context.Background(), verifier.Config{Policy: d.world.Policy, Charter: d.world.Charter, Source: log.DirSource(d.logDir())})
	if err != nil || report.Result != verifier.Matches {
		d.t.Fatalf("audit: %v %+v", err, report)
	}
	for _, f := range report.Findings {
		if f.Severity != pledge.Info {
			d.t.Errorf("audit: %s: %s", f.Code, f.Text)
		}
	}
}

func (d *desk) reopenStore(do func(store.Store) error) error {
	s, err := sqlite.Open(context.Background(), filepath.Join(d.dir, "store.db"))
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s)
}

func contains(err error, s string) bool { return strings.Contains(err.Error(), s) }

// swap exchanges two files or folders.
func swap(a, b string) error {
	tmp := a + ".swap"
	for _, move := range [][2]string{{a, tmp}, {b, a}, {tmp, b}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			return err
		}
	}
	return nil
}
