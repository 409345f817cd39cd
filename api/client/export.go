package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

// An Export is an export that is being read. Close it.
type Export struct {
	Size uint64 // the tree size that it is of
	body io.ReadCloser
	buf  *bufio.Reader
}

// ExportCSV begins to read the table of the first size entries; 0 is as many as there are
// now. What Read gives is RFC 4180 with a row of names.
func (c *Client) ExportCSV(ctx context.Context, size uint64) (*Export, error) {
	return c.export(ctx, "csv", "text/csv", size)
}

// ExportJSONLines begins to read the first size entries as lines of JSON; 0 is as many as
// there are now. Entries reads them.
func (c *Client) ExportJSONLines(ctx context.Context, size uint64) (*Export, error) {
	return c.export(ctx, "jsonl", TypeNDJSON, size)
}

func (c *Client) export(ctx context.Context, form, accept string, size uint64) (*Export, error) {
	path := "api/v1/export." + form
	if size > 0 {
		path += "?size=" + strconv.FormatUint(size, 10)
	}
	resp, err := c.stream(ctx, call{method: http.MethodGet, path: path, accept: accept})
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(resp.Header.Get("Pledgelog-Tree-Size"), 10, 64)
	if err != nil || size > 0 && n != size {
		resp.Body.Close()
		return nil, fmt.Errorf("GET %s%s: %w: it is of %q entries", c.base, path, ErrAnswer, resp.Header.Get("Pledgelog-Tree-Size"))
	}
	return &Export{Size: n, body: resp.Body, buf: bufio.NewReaderSize(resp.Body, 64<<10)}, nil
}

// Read reads the export as it is. An export that breaks off ends with another error than
// io.EOF.
func (e *Export) Read(p []byte) (int, error) { return e.buf.Read(p) }

// Close ends the export, read to its end or not.
func (e *Export) Close() error { return e.body.Close() }

// Entries reads the entries of ExportJSONLines one by one, in the order of the log, in
// constant memory. An error is the last thing that it yields; one that there are fewer
// entries than Size is among them.
func (e *Export) Entries() iter.Seq2[*ExportedEntry, error] {
	return func(yield func(*ExportedEntry, error) bool) {
		lines := bufio.NewScanner(e.buf)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		read := uint64(0)
		for lines.Scan() {
			got := new(ExportedEntry)
			if err := json.Unmarshal(lines.Bytes(), got); err != nil {
				yield(nil, fmt.Errorf("read export: %w: entry %d: %w", ErrAnswer, read, err))
				return
			}
			if got.Index != read {
				yield(nil, fmt.Errorf("read export: %w: entry %d stands in the place of %d", ErrAnswer, got.Index, read))
				return
			}
			read++
			if !yield(got, nil) {
				return
			}
		}
		err := lines.Err()
		if err == nil && read != e.Size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(nil, fmt.Errorf("read export, entry %d of %d: %w", read, e.Size, err))
		}
	}
}

// DataPackage describes the exports of the first size entries; 0 is as many as there are
// now.
func (c *Client) DataPackage(ctx context.Context, size uint64) (*DataPackage, error) {
	path := "api/v1/datapackage.json"
	if size > 0 {
		path += "?size=" + strconv.FormatUint(size, 10)
	}
	return get[DataPackage](ctx, c, path, nil)
}

// Codebook returns the table of all codes and of the columns of exports: CSV.
func (c *Client) Codebook(ctx context.Context) ([]byte, error) {
	_, b, err := c.do(ctx, call{method: http.MethodGet, path: "api/v1/codebook.csv", accept: "text/csv"})
	return b, err
}

// Dumps lists the daily dumps that the server keeps, newest first.
func (c *Client) Dumps(ctx context.Context) (*DumpList, error) {
	return get[DumpList](ctx, c, "api/v1/dumps", nil)
}
