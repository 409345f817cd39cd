// Package tamper holds the verifier to its promise: that nothing on record slips
// past. It damages a good log in every way that its author could think of, at random
// places, and wants the finding, and the party, that a table written by hand from
// the protocol names. Then it switches off each check in turn, and wants some damage
// to go unseen.
package tamper_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// goodSize is how many statements the good log has.
const goodSize = 1200

// A good log: every kind in all its forms, nothing that a rule forbids.
type good struct {
	w       *generator.World
	entries []*generator.Entry
	items   []*pledge.Item
	ring    *pledge.Keyring
	files   files

	keys   sync.Mutex // held by who makes or looks up a private key
	signed sync.Map   // checkpoints that were signed before, by what they say
}

// checkpoint is one that the log and its witnesses signed. The same ones are wanted
// for every damage.
func (g *good) checkpoint(size uint64, root log.Hash, t int64) []byte {
	what := fmt.Sprint(size, root, t)
	if b, ok := g.signed.Load(what); ok {
		return b.([]byte)
	}
	b := g.w.Checkpoint(size, root, t)
	g.signed.Store(what, b)
	return b
}

// files are a log's directory in memory. It is a log.Source.
type files map[string][]byte

func (f files) String() string { return "a log in memory" }

func (f files) Get(_ context.Context, path string, limit int64) ([]byte, error) {
	b, ok := f[path]
	switch {
	case !ok:
		return nil, fmt.Errorf("read %s: %w", path, log.ErrNotFound)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("read %s: %w", path, log.ErrTooLarge)
	}
	return b, nil
}

func newGood(tb testing.TB, seed uint64, witnesses int) *good {
	tb.Helper()
	o := generator.EveryKindOptions()
	o.Seed, o.Witnesses, o.Quorum = seed, witnesses, (witnesses+1)/2
	w := generator.New(o)
	// As read from a file: then its keys are made ready for many checkpoints.
	policy, err := log.ParsePolicy(w.Policy.Marshal())
	if err != nil {
		tb.Fatal(err)
	}
	w.Policy = policy
	if err := w.EveryKind(goodSize); err != nil {
		tb.Fatal(err)
	}
	g := &good{w: w, entries: w.Logged, ring: pledge.NewKeyring()}
	for i, e := range g.entries {
		it := pledge.Read(uint64(i), e.Leaf)
		g.ring.Learn(it.Statement)
		g.items = append(g.items, it)
	}
	g.ring.TryAll(g.items)
	g.files = g.write(g.entries)
	return g
}

var theGood []*good

// goodLogs are the two that all damage is done to: one without witnesses, and one with
// three.
func goodLogs(tb testing.TB) []*good {
	tb.Helper()
	if theGood == nil {
		theGood = []*good{newGood(tb, 7, 0), newGood(tb, 8, 3)}
	}
	return theGood
}

// write makes the directory of these entries, as an operator who has the log's key,
// and whose witnesses cosign whatever they see, would leave it.
func (g *good) write(entries []*generator.Entry) files { return g.writeSeen(entries, 0) }

// writeSeen is write where witnesses see the last entry, and no earlier one, so many
// seconds later.
func (g *good) writeSeen(entries []*generator.Entry, seen int64) files {
	f := make(files)
	tree := log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		f[log.TilePath(level, index, width)] = bytes.Clone(data)
		return nil
	})
	erased := make(map[string]bool)
	for _, e := range entries {
		if e.Erases != "" {
			erased[e.Erases] = true
		}
	}
	var archive, bundle, texts []byte
	// The witnesses see the log grow within the hour.
	latest, uncovered, late := int64(0), int64(0), int64(0)
	sign := func() []byte {
		uncovered = 0
		return g.checkpoint(tree.Size(), tree.Root(), latest+60+late)
	}
	flush := func(width int) {
		n := (tree.Size() - 1) / log.TileWidth
		f[log.EntriesPath(n, width)] = bundle
		if width == log.TileWidth && len(texts) > 0 {
			f[log.BodiesBundlePath(n)] = texts
		}
		bundle, texts = nil, nil
	}
	for i, e := range entries {
		bundle = append(append(bundle, byte(len(e.Leaf)>>8), byte(len(e.Leaf))), e.Leaf...)
		if err := tree.Append(log.LeafHash(e.Leaf)); err != nil {
			panic(err)
		}
		for _, t := range textsOf(e) {
			if !erased[t.Digest] {
				f[log.BodyPath(t.Digest)] = t.Bytes
				texts = append(append(texts, t.Bytes...), '\n')
			}
		}
		if tree.Size()%log.TileWidth == 0 {
			flush(log.TileWidth)
		}
		latest = max(latest, e.Logged)
		if uncovered == 0 {
			uncovered = e.Logged
		}
		if i+1 < len(entries) && entries[i+1].Logged > uncovered+3000 {
			archive = log.AppendArchive(archive, sign())
		}
	}
	if rest := int(tree.Size() % log.TileWidth); rest > 0 {
		flush(rest)
	}
	if err := tree.Flush(); err != nil {
		panic(err)
	}
	late = seen
	last := sign()
	f[log.CheckpointPath], f[log.ArchivePath] = last, log.AppendArchive(archive, last)
	return f
}

func textsOf(e *generator.Entry) []generator.Text {
	if e.Body == nil {
		return e.Opened
	}
	return append([]generator.Text{{Digest: e.Digest, Bytes: e.Body}}, e.Opened...)
}

// audit is what an auditor with the right policy and charter is told.
func (g *good) audit(f files) *verifier.Report {
	r, err := verifier.Audit(context.Background(), verifier.Config{Policy: g.w.Policy, Charter: g.w.Charter, Source: f})
	if err != nil {
		panic(err)
	}
	return r
}

// A place is somewhere in the good log: as if the log had just this many entries.
type place struct {
	*good
	rand *rand.Rand
	k    int
	s    *pledge.State // after k entries
	base map[string]bool

	all    *pledge.State      // of the whole log
	before []*generator.Entry // good ones that a case needs in front of its own
	clock  int64              // now, if that is after the last entry
	truth  int64              // by which witnesses see what is logged, if the operator's clock is bent; 0 if not

	// What a case says of the finding that it wants, and of the audit.
	who     string                     // the author that it concerns; "" for any
	at      int                        // the entry that it names; 0 for any
	doubted bool                       // what hangs on time has to be marked
	config  func(cfg *verifier.Config) // changes what the auditor asks for
	seen    int64                      // how many seconds later witnesses see the last entry
	earlier []files                    // what an audit that keeps a state was shown before
	folder  bool                       // the log lies in a directory
}

// audit is what the auditor is told who asks as the case wants.
func (p *place) audit(f files) *verifier.Report {
	cfg := verifier.Config{Policy: p.w.Policy, Charter: p.w.Charter, Source: f}
	if p.config != nil {
		p.config(&cfg)
	}
	if p.folder || p.earlier != nil {
		dir, err := os.MkdirTemp("", "tamper")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if p.folder {
			f.writeTo(filepath.Join(dir, "log"))
			cfg.Source = log.DirSource(filepath.Join(dir, "log"))
		} else {
			cfg.State = filepath.Join(dir, "state")
		}
	}
	for _, before := range p.earlier {
		cfg := cfg
		cfg.Source = before
		if _, err := verifier.Audit(context.Background(), cfg); err != nil {
			panic(err)
		}
	}
	r, err := verifier.Audit(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	return r
}

// writeTo writes a log's directory.
func (f files) writeTo(dir string) {
	for path, b := range f {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			panic(err)
		}
	}
}

// placeAt goes to the place after k entries.
func (g *good) placeAt(k int, r *rand.Rand) *place {
	p := &place{good: g, rand: r, k: k, s: pledge.New(g.w.Options.Origin), base: make(map[string]bool)}
	for _, it := range g.items[:k] {
		p.s.Step(it)
	}
	for _, f := range g.audit(g.write(g.entries[:k])).Findings {
		p.base[key(f)] = true
	}
	return p
}

// key says what a finding is, without its words.
func key(f pledge.Finding) string {
	index := "-"
	if f.Index != nil {
		index = fmt.Sprint(*f.Index)
	}
	who := string(f.Concerns)
	if f.Author != "" {
		who = f.Author
	}
	return fmt.Sprintf("%s/%s at %s %s %s", f.Code, who, index, f.Period, f.Reason)
}

func (p *place) now() int64 { return max(p.clock, p.s.Now()) }

// anyOf draws one.
func anyOf[T any](p *place, from []T) (one T, ok bool) {
	if len(from) == 0 {
		return one, false
	}
	return from[p.rand.IntN(len(from))], true
}

// authors lists who is admitted and passes a test, such as being in standing.
func (p *place) authors(role string, pass func(st pledge.Status) bool) []string {
	var ids []string
	for _, st := range p.s.Statuses(p.now()) {
		if st.Admit.Role == role && (pass == nil || pass(st)) {
			ids = append(ids, st.ID)
		}
	}
	return ids
}

func active(st pledge.Status) bool {
	return (st.Standing == pledge.InStanding || st.Standing == entry.StandingSuspended) && (len(st.Pledged) > 0 || st.Admit.Role == entry.RoleChallenger) && st.KeysWaiting == nil && st.KeysChanged == nil
}

// said lists the accepted statements of an author ("" for anybody) that pass a test.
func (p *place) said(author string, pass func(st *entry.Statement) bool) []*entry.Statement {
	var out []*entry.Statement
	for _, it := range p.items[:p.k] {
		if st := it.Statement; (author == "" || st.Author == author) && pass(st) {
			out = append(out, st)
		}
	}
	return out
}

func ofKind(kinds ...entry.Kind) func(st *entry.Statement) bool {
	return func(st *entry.Statement) bool { return slices.Contains(kinds, st.Kind) }
}

// draft makes the next statement of an author, to be signed by the keys in force.
func (p *place) draft(author string, tree entry.TreeBody, kind entry.Kind, body []byte) *generator.Statement {
	lane := entry.LaneOf(kind)
	st := &generator.Statement{Body: body}
	seq, head, _ := p.s.HeadIn(author, lane)
	st.Log, st.Author, st.Lane, st.Seq, st.Made, st.Kind, st.Statement.Body = p.w.Options.Origin, author, lane, seq+1, p.now(), kind, tree
	if seq > 0 {
		st.Prev = head
	}
	st.Made = max(cmp.Or(p.truth, st.Made), p.s.LastMade(author, lane))
	st.Signers = p.signers(author, kind == entry.KindSlot)
	return st
}

// signers are as many of an author's keys as its threshold wants, or one for slots.
func (p *place) signers(author string, slot bool) []*generator.Key {
	in, ok := p.s.KeysOf(author, p.now())
	if !ok {
		return nil
	}
	return p.private(in.Author, slot)
}

func (p *place) private(set entry.KeySet, slot bool) []*generator.Key {
	p.keys.Lock()
	defer p.keys.Unlock()
	var keys []*generator.Key
	use, most := entry.UseStatement, int(set.Threshold)
	if slot {
		use, most = entry.UseSlot, 1
	}
	for _, k := range set.Keys {
		parsed, err := k.Parse()
		if err == nil && k.Use == use && len(keys) < most {
			keys = append(keys, p.w.KeyOf(parsed.ID))
		}
	}
	return keys
}

// request is an ordinary one.
func (p *place) request(author string) *generator.Statement {
	return p.requestOf(author, p.s.PeriodAt(p.now()))
}

// requestOf is one that was received in a period.
func (p *place) requestOf(author string, period entry.Period) *generator.Statement {
	raw := fmt.Sprintf(`{"assist":["access"],"author":%q,"country":"XB","kind":"request","log":%q,"received":%q,"salt":%q}`,
		author, p.w.Options.Origin, entry.FormatTime(period.Start())[:7], p.salt())
	return p.draft(author, &entry.Request{Received: period.String()}, entry.KindRequest, []byte(raw))
}

// sealedUntil is an ordinary one whose narrative is sealed, to be looked at again at a moment.
func (p *place) sealedUntil(author string, review int64) *generator.Statement {
	st := p.request(author)
	d, err := entry.NewDisclosure(p.salt(), "narrative", []byte(`{"en":"Somebody came."}`))
	if err != nil {
		panic(err)
	}
	st.Body = generator.Edit(st.Body, func(m map[string]any) {
		m["narrative"] = map[string]any{"reason": "other", "review": date(review), "sealed": d.Digest()}
	})
	return st
}

func (p *place) salt() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(p.rand.IntN(256))
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (p *place) freshKey(use string) *generator.Key {
	p.keys.Lock()
	defer p.keys.Unlock()
	return p.w.NewKeyOf(entry.AlgEd25519, use, fmt.Sprintf("tamper-%d", p.rand.Uint64()))
}

// with is the log up to here with some more entries, signed by the operator.
func (p *place) with(more ...*generator.Entry) files {
	return p.write(append(slices.Clone(p.entries[:p.k]), more...))
}

// logged is a statement as an entry, logged now.
func (p *place) logged(st *generator.Statement) *generator.Entry {
	if st.Envelope == nil {
		st.Encode()
	}
	if len(st.Envelope.Signatures) == 0 {
		st.Sign()
	}
	e := &generator.Entry{Leaf: (&entry.Leaf{Logged: p.now(), Statement: st.Envelope}).Marshal(), Logged: cmp.Or(p.truth, p.now()), Digest: st.BodyDigest, Opened: st.Opens}
	if st.Review == "" {
		e.Body = st.Body
	}
	if b, ok := st.Statement.Body.(*entry.Erasure); ok && st.Author == entry.AuthorOperator && p.s.TextOf(b.Entry, b.Digest) == pledge.TextPublic {
		e.Erases = b.Digest
	}
	return e
}

func clone(f files) files { return maps.Clone(f) }
