package verifier

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A stream takes a log's entries through the audit, a bundle of 256 at a time:
//
//	read bundle and tile → parse → learn keys → read texts → try signatures, judge texts → step
//
// A goroutine has one bundle; at most `window` of them are under way. Learning
// keys and stepping go in the order of the log, the rest does not. Hashing,
// parsing and verifying hold one of `cpu`'s places, so that as many run as there
// are processors, whatever waits for the disk or the network.
type stream struct {
	a   *audit
	cpu chan struct{}
	// texts has a place for each bundle whose texts are in memory: they can take
	// 64 MiB.
	texts chan struct{}

	keys    *pledge.Keyring
	state   *pledge.State
	builder *log.Builder
	ahead   []*signed // checkpoints whose sizes the tree has not reached
	tiles   *tileCheck

	// What was found, in the log's order.
	leafFindings *findings
	counted      Statements
	bodies       Texts
	first        entry.ID // of the statement at index 0
	bundleOff    bool     // a bundle of texts holds something else
	withheld     []withheld
	authors      map[string]string // one copy of each author's id

	// The state at the moment asked for.
	snapped  bool
	moment   int64
	statuses []pledge.Status
	promises []pledge.Finding
}

// A withheld is what is kept of a statement whose text is not published, until
// it is known at which moment to judge it.
type withheld struct {
	index  uint64
	id     entry.ID
	author string
	review int64 // the day, Unix seconds
}

// textReaders is how many bundles of texts are in memory at the same time.
const textReaders = 4

func (a *audit) newStream() *stream {
	s := &stream{
		a:            a,
		cpu:          make(chan struct{}, a.cfg.Workers),
		texts:        make(chan struct{}, textReaders),
		keys:         pledge.NewKeyring(),
		state:        pledge.New(a.report.Log),
		leafFindings: newFindings(),
		authors:      make(map[string]string),
		ahead:        a.known,
		tiles:        newTileCheck(a),
	}
	return s
}

// window is how many bundles are under way. Each takes some 16 MiB at worst, and
// its statements once more as much.
func (a *audit) window() int { return min(max(8, 2*a.cfg.Workers), 16) }

// A chunk is one bundle on its way.
type chunk struct {
	index  uint64 // of the bundle
	width  int    // entries of it that the checkpoint covers
	leaves [][]byte
	hashes []log.Hash
	items  []*pledge.Item
	judged []judgedText // by item
	tile   tileResult
	stray  bool // its bundle of texts has a line that no statement names
	err    error

	learned chan struct{} // closed when its keys are known
	done    chan struct{}
}

type judgedText struct {
	state    pledge.BodyState
	findings []pledge.Finding
}

// run takes all entries through and reports whether it came to the end.
func (s *stream) run(ctx context.Context) bool {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		cancel()
		wg.Wait()
		s.tiles.wg.Wait()
	}()
	s.tiles.ctx = ctx
	s.builder = log.NewBuilder(s.tiles.emit)

	size := s.a.target.size
	queue := make(chan *chunk, s.a.window())
	wg.Go(func() {
		defer close(queue)
		before := make(chan struct{})
		close(before)
		for i := uint64(0); ; i++ {
			width := log.TileWidthAt(log.EntriesLevel, i, size)
			if width == 0 {
				return
			}
			c := &chunk{index: i, width: width, learned: make(chan struct{}), done: make(chan struct{})}
			select {
			case queue <- c:
			case <-ctx.Done():
				return
			}
			learned := before
			wg.Go(func() { s.work(ctx, c, learned) })
			before = c.learned
		}
	})
	s.reached()
	for c := range queue {
		<-c.done
		if c.err == nil {
			c.err = s.step(c)
		}
		if c.err != nil {
			s.stop(outer, c)
			return false
		}
		s.a.cfg.Progress(s.builder.Size(), size)
	}
	err := outer.Err()
	if err == nil {
		err = s.builder.Flush()
	}
	if err == nil {
		s.tiles.wg.Wait()
		err = s.tiles.err
	}
	if err != nil {
		s.a.cannotRead(outer, err)
		return false
	}
	return true
}

// stop notes why a bundle ended the audit.
func (s *stream) stop(ctx context.Context, c *chunk) {
	path := log.EntriesPath(c.index, c.width)
	var malformed *malformedError
	switch {
	case errors.As(c.err, &malformed):
		s.a.found.add(at(finding(FindBundleMalformed, fmt.Sprintf("The entries in %s can't be read: %s.", path, lastPart(malformed.err))), c.index*log.TileWidth))
	case errors.Is(c.err, log.ErrNotFound):
		s.a.found.add(at(finding(FindBundleMissing, fmt.Sprintf("The copy lacks the entries in %s, which checkpoint %s covers.", path, group(s.a.target.size))), c.index*log.TileWidth))
		s.a.undecided(UndecidedEntries, c.err.Error(), "read another copy of the log, or copy this one again, its checkpoint first")
	default:
		s.a.cannotRead(ctx, c.err)
	}
}

// malformedError says that a bundle was read and is none.
type malformedError struct{ err error }

func (e *malformedError) Error() string { return e.err.Error() }

// work takes a chunk to where only the order of the log counts.
func (s *stream) work(ctx context.Context, c *chunk, before <-chan struct{}) {
	defer close(c.done)
	err := s.fetch(ctx, c)
	if err == nil {
		s.busy(func() { c.parse() })
	}
	if err != nil {
		c.err = err
		close(c.learned)
		return
	}
	select {
	case <-before:
	case <-ctx.Done():
	}
	for _, it := range c.items {
		s.keys.Learn(it.Statement)
	}
	close(c.learned)
	c.err = s.verify(ctx, c)
}

// busy runs f in one of the places for work.
func (s *stream) busy(f func()) {
	s.cpu <- struct{}{}
	defer func() { <-s.cpu }()
	f()
}

// fetch reads the bundle and its tile of leaf hashes.
func (s *stream) fetch(ctx context.Context, c *chunk) error {
	var wg sync.WaitGroup
	wg.Go(func() { c.tile = s.tiles.read(ctx, log.Tile{Level: 0, Index: c.index, Width: c.width}) })
	b, width, err := s.a.read(ctx, log.Tile{Level: log.EntriesLevel, Index: c.index, Width: c.width})
	wg.Wait()
	if err != nil {
		return err
	}
	if c.tile.err != nil {
		return c.tile.err
	}
	leaves, err := log.ParseBundle(b, width)
	if err != nil {
		return &malformedError{err}
	}
	c.leaves = leaves[:c.width]
	return nil
}

// parse reads every leaf and compares its hash with the tile's.
func (c *chunk) parse() {
	c.hashes = make([]log.Hash, c.width)
	c.items = make([]*pledge.Item, c.width)
	for i, leaf := range c.leaves {
		c.hashes[i] = log.LeafHash(leaf)
		c.items[i] = pledge.Read(c.index*log.TileWidth+uint64(i), leaf)
	}
	c.leaves = nil
	c.tile.compare(func(i int) log.Hash { return c.hashes[i] })
}

// verify tries the signatures of a chunk and judges its texts.
func (s *stream) verify(ctx context.Context, c *chunk) error {
	s.busy(func() { s.keys.TryAll(c.items) })
	s.texts <- struct{}{}
	defer func() { <-s.texts }()
	texts, err := s.readTexts(ctx, c)
	if err != nil {
		return err
	}
	s.busy(func() { c.judgeTexts(texts) })
	return nil
}

// step takes a chunk into the tree and the state, in the log's order.
func (s *stream) step(c *chunk) error {
	s.tiles.add(c.tile)
	if c.stray {
		s.bundleOff = true
		s.leafFindings.add(at(finding(FindBodyBundle, fmt.Sprintf("The bundle of texts %s holds something that no statement of its entries names.", log.BodiesBundlePath(c.index))), c.index*log.TileWidth))
	}
	for i, it := range c.items {
		if err := s.builder.Append(c.hashes[i]); err != nil {
			return err
		}
		s.reached()
		s.judge(it, c.judged[i])
	}
	return nil
}

// reached notes the root for every signed checkpoint of the size that the tree
// has now.
func (s *stream) reached() {
	for len(s.ahead) > 0 && s.ahead[0].size == s.builder.Size() {
		s.ahead[0].computed, s.ahead[0].reached = s.builder.Root(), true
		s.ahead = s.ahead[1:]
	}
}

// judge takes the next statement into the state and notes what is to be said of
// it.
func (s *stream) judge(it *pledge.Item, text judgedText) {
	if it.Leaf != nil {
		if it.Index == 0 {
			s.first = it.Leaf.Statement.ID()
		}
		if t := s.a.asOf(); !s.snapped && max(s.state.Now(), it.Leaf.Logged) > t {
			s.snapshot(t)
		}
	}
	verdict, found := s.state.Step(it)
	s.leafFindings.add(found...)
	switch verdict.Kind {
	case pledge.Accepted:
		s.counted.Accepted++
		s.leafFindings.add(text.findings...)
		s.countText(it, text.state)
	case pledge.Rejected:
		s.counted.Rejected++
	case pledge.Duplicate:
		s.counted.Duplicate++
	case pledge.Malformed:
		s.counted.Malformed++
	}
}

func (s *stream) countText(it *pledge.Item, state pledge.BodyState) {
	switch state {
	case pledge.BodyPublished:
		s.bodies.Published++
	case pledge.BodyInvalid:
		s.bodies.Invalid++
	case pledge.BodyMissing:
		s.bodies.Missing++
	case pledge.BodyAltered:
		s.bodies.Altered++
	case pledge.BodyWithheld:
		s.bodies.Withheld++
		st := it.Statement
		if review, err := entry.ParseDate(st.Review); err == nil && !s.snapped {
			author, ok := s.authors[st.Author]
			if !ok {
				author = st.Author
				s.authors[author] = author
			}
			s.withheld = append(s.withheld, withheld{it.Index, st.ID, author, review})
		}
	}
}

// snapshot looks at the state as it stands for moment t: what is logged later
// has no part in statuses and promises (protocol section 6).
func (s *stream) snapshot(t int64) {
	s.snapped, s.moment = true, t
	s.statuses = s.state.Statuses(t)
	s.promises = s.state.Promises(t)
	for _, w := range s.withheld {
		st := &entry.Statement{ID: w.id, Author: w.author, BodyDigest: entry.Digest(nil), Review: entry.FormatTime(w.review)[:len("2006-01-02")]}
		_, _, found := pledge.JudgeBody(w.index, st, nil, t)
		s.promises = append(s.promises, found...)
	}
	s.withheld = nil
}
