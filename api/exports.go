package api

import (
	"context"
	"io"

	"github.com/pledgelog/pledgelog/index"
)

// Exports writes exports for whoever keeps them as files: the same bytes as the API's.
type Exports struct {
	Origin  string
	License string // see Config.License
}

func (x Exports) api() *API { return &API{cfg: Config{Origin: x.Origin, License: x.License}} }

// CSV writes the table of the first size entries.
func (x Exports) CSV(ctx context.Context, w io.Writer, s *index.Snapshot, size uint64) error {
	return x.api().csvForm().write(ctx, w, s, size)
}

// JSONLines writes the first size entries as lines of JSON.
func (x Exports) JSONLines(ctx context.Context, w io.Writer, s *index.Snapshot, size uint64) error {
	return x.api().jsonForm().write(ctx, w, s, size)
}

// Package describes such files, as datapackage.json. Erasures is how many erasures there
// were when they were made.
func (x Exports) Package(ctx context.Context, s *index.Snapshot, size, erasures uint64, table, lines, codes File) ([]byte, error) {
	return x.api().describe(ctx, s, size, &erasures, table, lines, codes)
}

// write writes an export to whatever takes it.
func (form exportForm) write(ctx context.Context, w io.Writer, s *index.Snapshot, size uint64) error {
	if _, err := w.Write(form.head); err != nil {
		return err
	}
	for rows, err := range s.RowsAs(ctx, size, form.rows) {
		if err == nil {
			_, err = w.Write(rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
