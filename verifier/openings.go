package verifier

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// An opening is an accepted open whose texts wait to be compared with the
// statement that they are of. That one lies anywhere before in the log, so that
// many are compared together.
type opening struct {
	index uint64
	st    *entry.Statement // the open
	of    entry.ID         // the statement
	at    uint64           // its index
	texts []servedText

	// The outcome.
	findings []pledge.Finding
	invalid  []string // digests of texts that are not in the required form
	original *entry.Statement
	logged   int64        // when the original was logged
	seals    []entry.Seal // of the original's text, when this opens it
	wanted   []string     // the rules of a Watch that want that text
}

const (
	// maxOpenings and maxOpeningBytes say how many wait at the most.
	maxOpenings     = 4096
	maxOpeningBytes = 16 << 20
	// openingReaders is how many bundles are read again at the same time.
	openingReaders = 4
)

// open takes in an accepted open. It is noted at once what is not served.
func (t *textCheck) open(it *pledge.Item, b *entry.Open, served []servedText) {
	if b.Review != "" {
		return
	}
	o := &opening{index: it.Index, st: it.Statement, of: b.Entry}
	for _, text := range served {
		t.kept.Public++
		t.kept.Opened++
		pub := t.s.state.Text(b.Entry, text.digest)
		o.at = pub.Index
		if pub.Body {
			t.kept.Withheld--
		} else {
			t.unseal(pub.Index, text.digest)
		}
		said := text.state == textMissing || text.state == textAltered
		if said {
			t.odd(it.Index, pub.Index, text.digest, text.state, pub.Body)
		} else {
			o.texts = append(o.texts, text)
			t.bytes += len(text.raw)
		}
		if text.lacks {
			t.lack(it.Index, b.Entry, text.digest)
		}
		t.file(oddFile{it.Index, it.Statement.ID, b.Entry, text.digest, text.file}, said)
	}
	if len(o.texts) > 0 {
		t.openings = append(t.openings, o)
	}
}

// isFull reports whether as many opens wait as may.
func (t *textCheck) isFull() bool {
	return len(t.openings) >= maxOpenings || t.bytes >= maxOpeningBytes
}

// compareOpenings compares the texts that wait with their statements, which are
// read again by their indexes. The log's state vouches for these: their ids must be
// those that it has.
func (t *textCheck) compareOpenings(ctx context.Context) error {
	byBundle := make(map[uint64][]*opening)
	for _, o := range t.openings {
		byBundle[o.at/log.TileWidth] = append(byBundle[o.at/log.TileWidth], o)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	places := make(chan struct{}, openingReaders)
	var wg sync.WaitGroup
	for bundle, list := range byBundle {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			if err := t.compareBundle(ctx, bundle, list); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, o := range t.openings {
		t.s.noteFrom(o.index, o.findings)
		t.s.lookout.addOpened(o)
		for _, digest := range o.invalid {
			if text := t.s.state.Text(o.of, digest); text.State == pledge.TextPublic {
				t.odd(o.index, o.at, digest, textInvalid, text.Body)
			}
		}
		if t.s.state.Text(o.of, o.original.BodyDigest).State == pledge.TextPublic {
			t.seal(o.at, o.logged, o.original, o.seals)
		}
	}
	t.openings, t.bytes = nil, 0
	return nil
}

// compareBundle compares openings of which the statements stand in one bundle.
func (t *textCheck) compareBundle(ctx context.Context, bundle uint64, list []*opening) error {
	indexes := make(map[uint64]entry.ID)
	for _, o := range list {
		indexes[o.at] = o.of
	}
	items, err := t.s.readAgain(ctx, bundle, indexes)
	if err != nil {
		return err
	}
	for _, o := range list {
		o.original, o.logged = items[o.at].Statement, items[o.at].Leaf.Logged
		if err := t.compare(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// compare judges the texts of one open.
func (t *textCheck) compare(ctx context.Context, o *opening) error {
	again := make(map[string][]byte)
	var unkept []string
	for _, text := range o.texts {
		if text.state == textServed {
			unkept = append(unkept, text.digest)
		}
		again[text.digest] = text.raw
	}
	if len(unkept) > 0 {
		got, err := t.s.readFew(ctx, o.index/log.TileWidth, unkept)
		defer got.buf.giveBack()
		if err != nil {
			return err
		}
		for _, digest := range unkept {
			if again[digest] = got.byDigest[digest]; again[digest] == nil {
				return fmt.Errorf("read %s: it is not what it was when it was read before", log.BodyPath(digest))
			}
		}
	}
	body, own := again[o.original.BodyDigest]
	if own {
		state, d, found := pledge.JudgeMatching(o.at, o.original, body)
		if state == pledge.BodyInvalid {
			o.invalid = append(o.invalid, o.original.BodyDigest)
		}
		if d != nil {
			o.seals = d.Seals()
			o.wanted = t.s.lookout.text(o.index, o.original, body, d)
		}
		o.findings = append(o.findings, withoutSaid(found, pledge.CodesOf(o.at, o.original))...)
	} else {
		var err error
		if body, err = t.publicBody(ctx, o); err != nil {
			return err
		}
	}
	for _, text := range o.texts {
		if text.digest == o.original.BodyDigest {
			continue
		}
		_, _, found := pledge.JudgeDisclosure(o.index, o.st, o.original, body, text.digest, again[text.digest])
		if len(found) > 0 {
			o.invalid = append(o.invalid, text.digest)
		}
		o.findings = append(o.findings, found...)
	}
	return nil
}

// publicBody reads the body of an opening's statement; nil when it is not to be
// had.
func (t *textCheck) publicBody(ctx context.Context, o *opening) ([]byte, error) {
	digest := o.original.BodyDigest
	text := t.s.state.Text(o.of, digest)
	if text.State != pledge.TextPublic {
		return nil, nil
	}
	got, err := t.s.readFew(ctx, text.Published/log.TileWidth, []string{digest})
	defer got.buf.giveBack()
	if err != nil || got.byDigest[digest] == nil {
		return nil, err
	}
	return bytes.Clone(got.byDigest[digest]), nil
}

// withoutSaid leaves out findings that were said before.
func withoutSaid(found, said []pledge.Finding) []pledge.Finding {
	var out []pledge.Finding
	for _, f := range found {
		if len(said) == 0 || f.Text != said[0].Text {
			out = append(out, f)
		}
	}
	return out
}

// readAgain reads entries of one bundle a second time. They must be those whose
// ids the state has.
func (s *stream) readAgain(ctx context.Context, bundle uint64, ids map[uint64]entry.ID) (map[uint64]*pledge.Item, error) {
	tile := log.Tile{Level: log.EntriesLevel, Index: bundle, Width: log.TileWidthAt(log.EntriesLevel, bundle, s.a.target.size)}
	buf := takeBuffer()
	defer buf.giveBack()
	b, width, err := s.a.read(ctx, tile, buf.b)
	if err != nil {
		return nil, err
	}
	leaves, err := log.ParseBundle(b, width)
	items := make(map[uint64]*pledge.Item, len(ids))
	for index, id := range ids {
		var it *pledge.Item
		if i := index - bundle*log.TileWidth; err == nil && i < uint64(len(leaves)) {
			it = pledge.Read(index, leaves[i])
		}
		if it == nil || it.Statement == nil || it.Statement.ID != id {
			return nil, fmt.Errorf("read %s: entry %d is not what it was when it was read before", tile.Path(), index)
		}
		items[index] = it
	}
	return items, nil
}
