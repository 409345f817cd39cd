package verifier

import (
	"context"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A stream takes a log's entries through the audit, a bundle of 256 at a time:
//
//	read bundle and tile → parse → read and judge texts ┐
//	                         └ learn keys → try signatures → step
//
// A goroutine has one bundle. Signatures are tried for a group of bundles
// together, which is several times as fast as one by one. Learning keys and
// stepping go in the order of the log, the rest does not. Hashing, parsing and
// verifying hold one of `cpu`'s places, so that as many run as there are
// processors, whatever waits for the disk or the network.
//
// What is under way is bounded in bytes, so that a log of the largest possible
// entries takes no more memory than any other.
type stream struct {
	a     *audit
	cpu   chan struct{}
	reads chan struct{} // a place for each bundle that is being read
	slots chan struct{} // a place for each bundle whose texts are in memory
	alone sync.Mutex    // held by who reads a bundle of texts that is larger than others
	room  *budget       // bytes of bundles that were read and not stepped over

	keys    *pledge.Keyring
	state   *pledge.State
	builder *log.Builder
	ahead   []*signed // checkpoints whose sizes the tree has not reached
	tiles   *tileCheck

	// What was found, in the log's order.
	leafFindings *findings
	counted      Statements
	texts        *textCheck
	first        entry.ID        // of the statement at index 0
	leftOut      uint64          // findings on authors of what was logged after the moment
	future       *pledge.Finding // on the first entry that is dated after the auditor's clock
	until        int64           // the largest log time that is not after the auditor's clock
	shared       policyKeys
	growth       growth
	times        *timeCheck

	from    uint64   // entries of the state that this went on from
	keeping *keeping // the state that is being written; nil before

	lookout *lookout // nil for nothing to look out for

	folder *log.Folder // of texts, in a directory; nil when there is none

	// The state at the moment asked for.
	snapped  bool
	snapAt   uint64 // index of the first entry after it
	moment   int64
	statuses []pledge.Status
	promises []pledge.Finding
}

const (
	// bundleReaders is how many bundles are read at the same time, each up to 16
	// MiB, and textReaders the same for their texts, each up to 64 MiB.
	bundleReaders = 8
	textReaders   = 4
	// groupBundles is how many bundles have their signatures tried together, some
	// thousand of them (see entry.VerifyAll).
	groupBundles = 16
	// roomBytes bounds the bundles under way. A group is closed at a quarter of
	// it, so that there is always room for the next bundle.
	roomBytes = 128 << 20
)

func (a *audit) newStream() *stream {
	s := &stream{
		a:            a,
		cpu:          make(chan struct{}, a.cfg.Workers),
		reads:        make(chan struct{}, bundleReaders),
		slots:        make(chan struct{}, textReaders),
		room:         newBudget(roomBytes),
		keys:         pledge.NewKeyring(),
		state:        pledge.New(a.report.Log),
		leafFindings: newFindings(),
		ahead:        a.known,
		tiles:        newTileCheck(a),
		growth:       growth{archived: sizes(a.archived)},
	}
	s.texts = newTextCheck(s)
	s.times = newTimeCheck(a)
	s.shared = newPolicyKeys(a.cfg.Policy)
	s.lookout = newLookout(a)
	return s
}

// close gives back what the stream holds.
func (s *stream) close() {
	if s.folder != nil {
		s.folder.Close()
	}
	if k := s.keeping; k != nil && k.writer != nil {
		k.writer.file.Abandon() // unless it was committed
	}
}

// A group is some chunks in a row.
type group struct {
	chunks []*chunk
	bytes  int64
	done   chan struct{} // closed when all are ready to be stepped over
}

// start makes the stream ready, at the beginning of the log or where a state ends.
func (s *stream) start(ctx context.Context, from *resumable) error {
	if err := s.openTexts(); err != nil {
		return err
	}
	if from == nil {
		s.builder = log.NewBuilder(s.tiles.emit)
		return nil
	}
	if err := s.resume(from); err != nil {
		return err
	}
	return s.texts.lookAgain(ctx)
}

// run takes all entries through, from a state on if there is one, and reports
// whether it came to the end.
func (s *stream) run(ctx context.Context, from *resumable) bool {
	if err := s.start(ctx, from); err != nil {
		s.a.cannotRead(ctx, err)
		return false
	}
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		cancel()
		wg.Wait()
		s.tiles.wg.Wait()
	}()
	s.tiles.ctx = ctx
	order := make(chan *chunk, groupBundles)
	groups := make(chan *group, s.a.cfg.Workers-1)
	wg.Go(func() { s.produce(ctx, &wg, order) })
	wg.Go(func() { s.gather(ctx, &wg, order, groups) })
	s.reached()
	s.a.span.reached(s)
	for g := range groups {
		<-g.done
		for _, c := range g.chunks {
			err := s.keepBefore(ctx, c)
			if err == nil {
				err = s.step(ctx, c)
			}
			if s.texts.restart {
				return false
			}
			if err != nil {
				s.stop(outer, c, err)
				return false
			}
			s.room.release(c.bytes)
			s.a.cfg.Progress(s.builder.Size(), s.a.target.size)
		}
	}
	err := outer.Err()
	if err == nil && s.a.cfg.State != "" && s.keeping == nil {
		err = s.keep(ctx)
	}
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

// produce sets a goroutine to work on each bundle, in order.
func (s *stream) produce(ctx context.Context, wg *sync.WaitGroup, order chan<- *chunk) {
	defer close(order)
	before := make(chan struct{})
	close(before)
	for i := s.from / log.TileWidth; ; i++ {
		width := log.TileWidthAt(log.EntriesLevel, i, s.a.target.size)
		if width == 0 {
			return
		}
		c := &chunk{index: i, width: width, admitted: make(chan struct{}), parsed: make(chan struct{}), done: make(chan struct{})}
		// The place to read is taken here, in order: who waits for the bundle
		// before its own never keeps that one from being read.
		select {
		case s.reads <- struct{}{}:
		case <-ctx.Done():
			return
		}
		earlier := before
		wg.Go(func() { s.work(ctx, c, earlier) })
		before = c.admitted
		select {
		case order <- c:
		case <-ctx.Done():
			return
		}
	}
}

// gather learns the keys of each chunk, in order, and has the signatures of some
// of them tried together.
func (s *stream) gather(ctx context.Context, wg *sync.WaitGroup, order <-chan *chunk, groups chan<- *group) {
	defer close(groups)
	next := func() *group { return &group{done: make(chan struct{})} }
	send := func(g *group) bool {
		wg.Go(func() { s.verify(g) })
		select {
		case groups <- g:
			return true
		case <-ctx.Done():
			return false
		}
	}
	g := next()
	for c := range order {
		<-c.parsed
		g.chunks, g.bytes = append(g.chunks, c), g.bytes+c.bytes
		if c.err != nil {
			break
		}
		for _, it := range c.items {
			s.keys.Learn(it.Statement)
		}
		if len(g.chunks) == groupBundles || g.bytes >= roomBytes/4 {
			if !send(g) {
				return
			}
			g = next()
		}
	}
	if len(g.chunks) > 0 {
		send(g)
	}
}

// verify tries the signatures of a group, whose keys are known, and waits for
// its texts.
func (s *stream) verify(g *group) {
	defer close(g.done)
	var items []*pledge.Item
	for _, c := range g.chunks {
		items = append(items, c.items...)
	}
	s.busy(func() { s.keys.TryAll(items) })
	for _, c := range g.chunks {
		<-c.done
	}
}

// secondReadingError says that what was read before can't be read again: not that
// the copy lacks it.
type secondReadingError struct{ err error }

func (e *secondReadingError) Error() string { return e.err.Error() }

// busy runs f in one of the places for work.
func (s *stream) busy(f func()) {
	s.cpu <- struct{}{}
	defer func() { <-s.cpu }()
	f()
}

// step takes a chunk into the tree and the state, in the log's order.
func (s *stream) step(ctx context.Context, c *chunk) error {
	switch {
	case c.err != nil:
		return c.err
	case c.textsErr != nil:
		return c.textsErr
	}
	s.tiles.add(c.tile)
	for i := range c.earlier {
		s.tiles.addEarlier(c.earlier[i])
	}
	s.texts.takeBundle(c)
	for i, it := range c.items {
		if err := s.builder.Append(c.hashes[i]); err != nil {
			return err
		}
		if err := s.a.fork.add(&c.hashes[i]); err != nil {
			return err
		}
		s.reached()
		if err := s.judge(ctx, it, c.judged[i]); err != nil {
			return err
		}
	}
	if s.texts.isFull() {
		if err := s.texts.compareOpenings(ctx); err != nil {
			return &secondReadingError{err}
		}
	}
	return nil
}

// reached notes the root for every signed checkpoint of the size that the tree
// has now. From the first that is of another tree on, it gathers what proves so.
func (s *stream) reached() {
	for len(s.ahead) > 0 && s.ahead[0].size == s.builder.Size() {
		at := s.ahead[0]
		at.computed, at.reached = s.builder.Root(), true
		s.ahead = s.ahead[1:]
		if at.size > 0 && !at.matches() && s.a.fork == nil {
			s.a.fork = newFork(s.builder)
		}
	}
}

// judge takes the next statement into the state and notes what is to be said of
// it.
func (s *stream) judge(ctx context.Context, it *pledge.Item, text judgedText) error {
	if it.Leaf != nil {
		if it.Index == 0 {
			s.first = it.Leaf.Statement.ID()
		}
		if !s.snapped && s.beyond(it) {
			if err := s.snapshot(ctx, s.a.asOf()); err != nil {
				return &secondReadingError{err}
			}
		}
	}
	before := s.state.Now()
	verdict, found := s.state.Step(it)
	s.growth.add(it.Index, s.state.Now())
	found = append(found, s.times.add(s.timed(it, verdict, before, found))...)
	s.judgeClock(it)
	s.note(found)
	switch verdict.Kind {
	case pledge.Accepted:
		s.counted.Accepted++
		s.texts.take(it, text)
		s.note(s.shared.shared(it))
	case pledge.Rejected:
		s.counted.Rejected++
	case pledge.Duplicate:
		s.counted.Duplicate++
	case pledge.Malformed:
		s.counted.Malformed++
	}
	s.a.span.add(s, it, verdict)
	s.lookout.add(s, it, verdict, text)
	return nil
}

// note takes in findings on the entry that was judged last. Those that concern
// an author are left out once the moment asked for has passed: as of then it had
// not said this.
func (s *stream) note(found []pledge.Finding) { s.noteFrom(s.state.Size()-1, found) }

// noteFrom is note for findings that show since the entry at index.
func (s *stream) noteFrom(index uint64, found []pledge.Finding) {
	for _, f := range found {
		if s.snapped && index >= s.snapAt && f.Concerns == pledge.RoleAuthor {
			s.leftOut++
			continue
		}
		s.leafFindings.add(f)
	}
}
