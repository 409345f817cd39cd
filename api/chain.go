package api

import (
	"bufio"
	"context"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/mux"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
)

// chain answers with all that one author said, and what it takes to judge it, under
// one checkpoint (docs/api.md, "A chain"). It may be long: it is written as it is
// read, and a connection that is cut is how an error shows after the beginning.
func (a *API) chain(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	select {
	case a.chains <- struct{}{}:
		defer func() { <-a.chains }()
	default:
		a.fail(w, r, refuse(http.StatusServiceUnavailable, codeBusy, "the server is writing as many chains as it can"))
		return
	}
	s := a.snapshot(r.Context())
	id := mux.Vars(r)["id"]
	indexes, err := s.Concerning(r.Context(), id)
	if err != nil {
		a.fail(w, r, unknownSignatory(err))
		return
	}
	p, err := a.chainOf(s)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	view := s.View()
	head := client.Chain{Log: view.Origin, Author: id, Size: view.Size, AsOf: client.Time(view.AsOf), SimulatedTime: a.simulated(), Checkpoint: string(view.Checkpoint), Entries: []client.ChainLink{}}
	if head.Directory, err = p.directory(r.Context(), id); err != nil {
		a.fail(w, r, err)
		return
	}
	b, err := json.Marshal(head, json.Deterministic(true))
	if err != nil {
		a.fail(w, r, fmt.Errorf("encode answer: %w", err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", client.TypeJSON)
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return
	}
	// The list of entries is the last member, empty so far.
	if err := p.write(w, r, b[:len(b)-len("]}")], indexes); err != nil {
		if r.Context().Err() == nil {
			a.log.ErrorContext(r.Context(), "an answer broke off", "path", logPath(r), "error", err.Error())
		}
		panic(http.ErrAbortHandler)
	}
}

// A chainWriter proves entries under the checkpoint of a snapshot.
type chainWriter struct {
	api      *API
	snapshot *index.Snapshot
	view     *log.View
}

func (a *API) chainOf(s *index.Snapshot) (*chainWriter, error) {
	view, err := a.cfg.Policy.Open(s.View().Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("verify checkpoint: %w", err)
	}
	return &chainWriter{a, s, view}, nil
}

// link proves one entry.
func (c *chainWriter) link(ctx context.Context, index uint64) (client.ChainLink, error) {
	leaf, err := c.snapshot.LeafAt(ctx, index)
	if err != nil {
		return client.ChainLink{}, err
	}
	hashes, err := c.api.proofs.path(ctx, c.view, index, leaf)
	return client.ChainLink{Index: index, Leaf: leaf, Path: wirePath(hashes)}, err
}

func wirePath(hashes []log.Hash) [][]byte {
	path := make([][]byte, len(hashes))
	for i := range hashes {
		path[i] = hashes[i][:]
	}
	return path
}

// directory returns the newest directory with the rows that concern an author; nil
// when there is no directory.
func (c *chainWriter) directory(ctx context.Context, id string) (*client.ChainDirectory, error) {
	d := c.snapshot.Directory()
	if d == nil {
		return nil, nil
	}
	link, err := c.link(ctx, d.Index)
	if err != nil {
		return nil, err
	}
	out := &client.ChainDirectory{ChainLink: link, Count: uint64(len(d.Rows)), Rows: []client.ChainRow{}}
	if next := d.Index + 1; next < c.snapshot.View().Size {
		link, err := c.link(ctx, next)
		if err != nil {
			return nil, err
		}
		out.Next = &link
	}
	hashes := make([]log.Hash, len(d.Rows))
	rows := make([][]byte, len(d.Rows))
	for i, row := range d.Rows {
		if rows[i], err = row.Marshal(); err != nil {
			return nil, fmt.Errorf("encode row of a directory: %w", err)
		}
		hashes[i] = log.LeafHash(rows[i])
	}
	for i, row := range d.Rows {
		if row.Author != id && row.Author != entry.AuthorSecretariat && row.Author != entry.AuthorOperator {
			continue
		}
		path, err := log.ProofIn(hashes, uint64(i))
		if err != nil {
			return nil, fmt.Errorf("prove row of a directory: %w", err)
		}
		out.Rows = append(out.Rows, client.ChainRow{Index: uint64(i), Row: rows[i], Path: wirePath(path)})
	}
	return out, nil
}

// write writes what begins the answer, then the entries one by one, and ends it.
func (c *chainWriter) write(w http.ResponseWriter, r *http.Request, begin []byte, indexes []uint64) error {
	out := bufio.NewWriterSize(c.api.paced(w), pacedWrite)
	out.Write(begin) // its error is the next one's
	for i, index := range indexes {
		link, err := c.link(r.Context(), index)
		if err != nil {
			return err
		}
		b, err := json.Marshal(link)
		if err != nil {
			return fmt.Errorf("encode entry: %w", err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	out.WriteString("]}\n")
	return out.Flush()
}
