package verifier

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	// maxTextBundle is the largest bundle of texts, in bytes: 256 of the largest,
	// each with its line feed.
	maxTextBundle = log.TileWidth * (entry.MaxBody + 1)
	// singleTexts is how many single texts are read at the same time.
	singleTexts = 8
)

// texts are the published detached bodies of a chunk by their digests.
type texts struct {
	byDigest map[string][]byte
	stray    bool // the bundle has a line that no statement names
}

// readTexts gets the texts that a chunk's statements name: from their bundle
// when the 256 entries are complete, and what is not there from a file each. A
// text that is nowhere is not in the result.
func (s *stream) readTexts(ctx context.Context, c *chunk) (texts, error) {
	named := make(map[string]bool) // by digest: is it to be published
	wanted := 0
	for _, it := range c.items {
		if st := it.Statement; st != nil && st.BodyDigest != "" {
			if !st.IsWithheld() && !named[st.BodyDigest] {
				named[st.BodyDigest] = true
				wanted++
			} else if _, ok := named[st.BodyDigest]; !ok {
				named[st.BodyDigest] = false
			}
		}
	}
	got := texts{byDigest: make(map[string][]byte, wanted)}
	if wanted == 0 {
		return got, nil
	}
	if c.width == log.TileWidth {
		b, err := s.a.cfg.Source.Get(ctx, log.BodiesBundlePath(c.index), maxTextBundle)
		switch {
		case errors.Is(err, log.ErrNotFound):
		case err != nil:
			return got, err
		default:
			s.busy(func() { got.split(b, named) })
		}
	}
	var missing []string
	for _, it := range c.items {
		if st := it.Statement; st != nil && st.BodyDigest != "" && !st.IsWithheld() {
			if _, ok := got.byDigest[st.BodyDigest]; !ok && named[st.BodyDigest] {
				missing = append(missing, st.BodyDigest)
				named[st.BodyDigest] = false // ask once
			}
		}
	}
	return got, s.readSingle(ctx, missing, &got)
}

// split takes a bundle apart: one text a line. Digests are of the lines, so that
// nothing in the bundle has to be believed.
func (t *texts) split(b []byte, named map[string]bool) {
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		b = rest
		digest := entry.Digest(line)
		if _, ok := named[digest]; !ok || !ended {
			t.stray = true
			continue
		}
		t.byDigest[digest] = line
	}
}

// readSingle gets texts from a file each.
func (s *stream) readSingle(ctx context.Context, digests []string, got *texts) error {
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	next := 0
	for range min(singleTexts, len(digests)) {
		wg.Go(func() {
			for {
				mu.Lock()
				if next == len(digests) || failed != nil {
					mu.Unlock()
					return
				}
				digest := digests[next]
				next++
				mu.Unlock()
				b, err := s.a.cfg.Source.Get(ctx, log.BodyPath(digest), entry.MaxBody)
				mu.Lock()
				switch {
				case errors.Is(err, log.ErrNotFound):
				case errors.Is(err, log.ErrTooLarge):
					got.byDigest[digest] = []byte{} // something is there, and it is not the text
				case err != nil:
					failed = err
				default:
					got.byDigest[digest] = b
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

// judgeTexts judges what the chunk's statements say in codes and texts. It does
// so before it is known which of them are accepted: what is said of the others
// is not used.
func (c *chunk) judgeTexts(t texts) {
	c.judged = make([]judgedText, len(c.items))
	c.stray = t.stray
	for i, it := range c.items {
		if it.Statement == nil {
			continue
		}
		// The moment matters to what is withheld only: see stream.withheld.
		c.judged[i].state, _, c.judged[i].findings = pledge.JudgeBody(it.Index, it.Statement, t.byDigest[it.Statement.BodyDigest], 0)
	}
}
