package verifier

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// waitedFor is a source that remembers what it was waiting for when it was called
// off.
type waitedFor struct {
	log.Source
	mu  sync.Mutex
	err error
}

func (w *waitedFor) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return w.GetInto(ctx, path, limit, nil)
}

func (w *waitedFor) GetInto(ctx context.Context, path string, limit int64, buf []byte) ([]byte, error) {
	b, err := log.GetInto(ctx, w.Source, path, limit, buf)
	if err != nil && ctx.Err() != nil {
		w.mu.Lock()
		w.err = cmp.Or(w.err, err)
		w.mu.Unlock()
	}
	return b, err
}

// read gets a tile or a bundle from the source. A partial one may go once the
// full one exists, which is then read in its place; the width of what was read
// is returned too.
func (a *audit) read(ctx context.Context, t log.Tile, buf []byte) ([]byte, int, error) {
	limit := fileLimit(t.Level)
	b, err := log.GetInto(ctx, a.cfg.Source, t.Path(), limit, buf)
	if err == nil || t.Width == log.TileWidth || !errors.Is(err, log.ErrNotFound) {
		return b, t.Width, err
	}
	full := t
	full.Width = log.TileWidth
	b, fullErr := log.GetInto(ctx, a.cfg.Source, full.Path(), limit, buf)
	if errors.Is(fullErr, log.ErrNotFound) {
		return nil, 0, err
	}
	return b, log.TileWidth, fullErr
}

// where names a file of the copy for people: what is read over HTTP by its address.
func (a *audit) where(path string) string {
	if s, ok := a.waiting.Source.(*log.HTTPSource); ok {
		return s.String() + path
	}
	return path
}

// under adds where a file of the copy was read, if that is an address.
func (a *audit) under(path string) string {
	if at := a.where(path); at != path {
		return ", " + at + ","
	}
	return ""
}

// sayWhereTexts adds to findings on texts under which address they were asked for.
func (a *audit) sayWhereTexts(r *Report) {
	at := a.where(log.BodiesPath + "/")
	if at == log.BodiesPath+"/" {
		return
	}
	for i := range r.Findings {
		switch f := &r.Findings[i]; f.Code {
		case pledge.FindBodyMissing, pledge.FindBodyMismatch, pledge.FindDisclosureGone, pledge.FindDisclosureOff, pledge.FindBodyNotOpened, pledge.FindErasedServed:
			f.Text = strings.TrimSuffix(f.Text, ".") + " (asked for under " + at + ")."
		}
	}
}

// fileLimit is how large a tile of that level, or a bundle, can be.
func fileLimit(level int) int64 {
	if level == log.EntriesLevel {
		return log.MaxBundleFile
	}
	return log.MaxTileFile
}
