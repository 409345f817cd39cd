package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// strayFiles goes through a directory's tile/ and bodies/, after everything that
// the checkpoint covers was compared, and looks for what has no part in it. A
// text that no statement names must still be the one that its name says, since
// it is served under it. The rest is counted.
func (s *stream) strayFiles(ctx context.Context) error {
	if s.a.local == nil {
		return nil
	}
	if err := s.strayTiles(ctx); err != nil {
		return err
	}
	return s.strayTexts(ctx)
}

// maxFolders is how deep folders lie in a log's directory, at the most.
const maxFolders = 10

func (s *stream) strayTiles(ctx context.Context) error {
	return s.eachFile(ctx, "tile", 0, func(path string) error {
		t, err := log.ParseTilePath(path)
		if err != nil || log.TileWidthAt(t.Level, t.Index, s.a.target.size) == 0 {
			s.a.strays++
		}
		return nil
	})
}

// eachFile calls f with the path of each file in a folder and below it. What is
// neither a file nor a folder, a link to a folder among them, counts as a file.
func (s *stream) eachFile(ctx context.Context, path string, depth int, f func(path string) error) error {
	folder, err := s.a.local.OpenFolder(path)
	if errors.Is(err, log.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	defer folder.Close()
	for name, err := range folder.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		below := path + "/" + name
		if depth == maxFolders || !folder.IsFolder(name) {
			err = f(below)
		} else {
			err = s.eachFile(ctx, below, depth+1, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) strayTexts(ctx context.Context) error {
	if s.folder == nil {
		return nil
	}
	for names, err := range s.oddNames(ctx) {
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := s.strayName(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// oddNames yields the names in the folder of texts, some together, those left out of
// which the stream has seen the files (see readTexts and settle). Nearly all are, so
// that they are looked up on all processors.
func (s *stream) oddNames(ctx context.Context) iter.Seq2[[]string, error] {
	const together = 1024
	type part struct {
		names []string
		err   error
		done  chan struct{}
	}
	return func(yield func([]string, error) bool) {
		outer := ctx
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		parts := make(chan *part, s.a.cfg.Workers)
		send := func(p *part) bool {
			select {
			case parts <- p:
			case <-ctx.Done():
				return false
			}
			wg.Go(func() {
				defer close(p.done)
				s.busy(func() { p.names = slices.DeleteFunc(p.names, s.wasSeen) })
			})
			return true
		}
		wg.Go(func() {
			defer close(parts)
			p := &part{done: make(chan struct{})}
			for name, err := range s.folder.All() {
				if p.err = cmp.Or(err, ctx.Err()); p.err != nil {
					break
				}
				if p.names = append(p.names, name); len(p.names) == together {
					if !send(p) {
						return
					}
					p = &part{done: make(chan struct{})}
				}
			}
			send(p)
		})
		for p := range parts {
			<-p.done
			if !yield(p.names, p.err) {
				return
			}
		}
		if err := outer.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// wasSeen reports whether a name is that of a text that is public or was erased.
func (s *stream) wasSeen(name string) bool {
	if !entry.IsDigest(name) {
		return false
	}
	state := s.state.Named(name).State
	return state == pledge.TextPublic || state == pledge.TextErased
}

// strayName looks at what is in the folder of texts under a name that is none of a
// public or an erased one.
func (s *stream) strayName(ctx context.Context, name string) error {
	switch {
	case entry.IsDigest(name):
		return s.strayText(ctx, name)
	case s.folder.IsFolder(name):
		covered := s.a.target.size / log.TileWidth // bundles that were read
		return s.eachFile(ctx, log.BodiesPath+"/"+name, 1, func(path string) error {
			n, ok := textBundle(path)
			if ok && n < covered {
				return nil
			}
			s.a.strays++
			if !ok {
				return nil
			}
			return s.texts.settleEarly(ctx, n)
		})
	}
	s.a.strays++
	return nil
}

// strayText looks at the file of a text that is not public: one that is withheld, or
// that no accepted statement names.
func (s *stream) strayText(ctx context.Context, digest string) error {
	text := s.state.Named(digest)
	b, state, err := s.readText(ctx, digest, nil)
	switch {
	case err != nil || state == fileMissing:
		return err
	case state == fileGood && entry.Digest(b) == digest:
		if text.State == pledge.TextWithheld {
			s.texts.servedUnopened(text)
		} else {
			s.a.strays++
		}
		return nil
	}
	f := finding(FindBodyFile, fmt.Sprintf("The file %s does not hold the text whose digest is its name. No statement up to this checkpoint names it.", log.BodyPath(digest)))
	if text.State == pledge.TextWithheld {
		f = at(finding(FindBodyFile, fmt.Sprintf("The file %s does not hold the text that this statement names, and that is not published.", log.BodyPath(digest))), text.Index)
		f.Entry = text.Entry.String()
	} else {
		s.a.strays++
	}
	s.texts.filesOff++
	s.leafFindings.add(f)
	return nil
}

// textBundle returns which bundle of texts a path is.
func textBundle(path string) (uint64, bool) {
	number, ok := strings.CutPrefix(path, log.BodiesPath+"/bundle/")
	if !ok {
		return 0, false
	}
	// It is written as that of a bundle of entries.
	t, err := log.ParseTilePath("tile/entries/" + number)
	if err != nil || log.BodiesBundlePath(t.Index) != path {
		return 0, false
	}
	return t.Index, true
}
