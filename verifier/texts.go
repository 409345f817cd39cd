package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	stray    bool                 // the bundle has a line that no statement names
	files    map[string]fileState // of single files that are not as they should be
}

// A fileState is what became of the file that a single text is served from.
type fileState int

const (
	fileGood fileState = iota // or not looked at
	fileMissing
	fileDiffers
)

// openTexts opens the folder of texts of a directory, if there is one.
func (s *stream) openTexts() error {
	if s.a.local == nil {
		return nil
	}
	folder, err := s.a.local.OpenFolder(log.BodiesPath)
	if errors.Is(err, log.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	s.folder = folder
	return nil
}

func (s *stream) closeTexts() {
	if s.folder != nil {
		s.folder.Close()
	}
}

// readTexts gets the texts that a chunk's statements name: from their bundle
// when the 256 entries are complete, and what is not there from a file each. A
// text that is nowhere is not in the result.
//
// In a directory, the files of texts that the bundle has are compared with it
// too: each text is served from its own. Over HTTP that would be a request for
// each text of the log.
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
	got := texts{byDigest: make(map[string][]byte, wanted), files: make(map[string]fileState)}
	if wanted == 0 && s.a.local == nil {
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
	var single []string
	for _, it := range c.items {
		if st := it.Statement; st != nil && st.BodyDigest != "" {
			_, bundled := got.byDigest[st.BodyDigest]
			if publish, ok := named[st.BodyDigest]; ok && (s.folder != nil || publish && !bundled) {
				single = append(single, st.BodyDigest)
				delete(named, st.BodyDigest) // ask once
			}
		}
	}
	return got, s.readSingle(ctx, single, &got)
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

// readSingle gets texts from a file each, and notes which of these files are not
// as they should be.
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
				bundled, isBundled := got.byDigest[digest]
				mu.Unlock()
				b, err := s.readText(ctx, digest)
				state := fileGood
				switch {
				case errors.Is(err, log.ErrNotFound):
					state, err = fileMissing, nil
				case errors.Is(err, log.ErrTooLarge):
					// Something is there, and it is not the text.
					state, b, err = fileDiffers, []byte{}, nil
				case err != nil:
				case isBundled:
					if !bytes.Equal(b, bundled) {
						state = fileDiffers
					}
				default:
					s.busy(func() {
						if entry.Digest(b) != digest {
							state = fileDiffers
						}
					})
				}
				mu.Lock()
				if err != nil {
					failed = err
				}
				if state != fileGood {
					got.files[digest] = state
				}
				if b != nil && !isBundled {
					got.byDigest[digest] = b
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

func (s *stream) readText(ctx context.Context, digest string) ([]byte, error) {
	if s.folder != nil {
		return s.folder.Read(ctx, digest, entry.MaxBody)
	}
	return s.a.cfg.Source.Get(ctx, log.BodyPath(digest), entry.MaxBody)
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
		var raw []byte
		if !it.Statement.IsWithheld() {
			raw = t.byDigest[it.Statement.BodyDigest]
		}
		c.judged[i].state, _, c.judged[i].findings = pledge.JudgeBody(it.Index, it.Statement, raw)
		c.judged[i].file = t.files[it.Statement.BodyDigest]
	}
}

// judgeFile says what is to be said of the file that a statement's text is served
// from, if the judgement on the text does not say it.
func (s *stream) judgeFile(it *pledge.Item, accepted bool, text judgedText) {
	var f pledge.Finding
	path := log.BodyPath(it.Statement.BodyDigest)
	switch said := text.state == pledge.BodyAltered || text.state == pledge.BodyMissing; {
	case text.file == fileDiffers && !(accepted && said):
		f = finding(FindBodyFile, fmt.Sprintf("The file %s does not hold the text that this statement names.", path))
	case text.file == fileMissing && accepted && !said && text.state != pledge.BodyWithheld:
		f = finding(FindBodyFileMissing, fmt.Sprintf("The text that this statement names is in its bundle, and not in the file %s.", path))
	default:
		return
	}
	f.Entry = it.Statement.ID.String()
	s.filesOff++
	s.leafFindings.add(at(f, it.Index))
}
