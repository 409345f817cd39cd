package witness_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/witness"
)

// Our own engine has tiles and bundles where they are read before it asks for a
// cosignature: a log whose quorum is an auditing witness alone is published. An entry
// that breaks a rule is not, until a person has accepted that.
func TestEngineWithAuditingWitness(t *testing.T) {
	w := newWorld(410)
	for range 20 {
		request1(w)
	}
	dir := filepath.Join(t.TempDir(), "log")
	b := &auditBench{bench: &bench{tb: t, logs: new(syncBuffer), now: time.Now()}, o: &operator{w: w}}
	b.state, b.dir = newState(t)
	of := &witness.AuditOf{Policy: string(w.Policy.Marshal()), Charter: w.Charter.String(), Source: dir}
	if _, _, err := b.state.AddAudited(t.Context(), w.Options.Origin, []log.Key{w.Signer.Key()}, false, of); err != nil {
		t.Fatal(err)
	}
	b.restart()
	server := httptest.NewServer(b.handler)
	defer server.Close()
	policy := &log.Policy{Logs: w.Policy.Logs, Witnesses: []log.Witness{{Name: "auditor", Key: b.keys[0], URL: server.URL + "/submit"}}, Quorum: "auditor"}
	quiet := slog.New(slog.DiscardHandler)
	client, err := witnessing.New(witnessing.Config{Policy: policy, Prover: log.NewTileReader(log.DirSource(dir)), Logger: quiet, Backoff: 10 * time.Millisecond, MaxBackoff: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cfg := embedded.Config{Dir: dir, Signer: w.Signer, Witnesses: client, Interval: embedded.MinInterval, Logger: quiet}
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	e, err := embedded.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	// Texts and the archive are the server's own business, after publication.
	serve := func(e *generator.Entry) {
		if e.Body == nil {
			return
		}
		path := filepath.Join(dir, filepath.FromSlash(log.BodyPath(e.Digest)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, e.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var archive []byte
	published := func(first, next int, raw []byte) {
		t.Helper()
		if _, err := policy.Open(raw); err != nil {
			t.Fatal(err)
		}
		for _, e := range w.Logged[first:next] {
			serve(e)
		}
		archive = log.AppendArchive(archive, raw)
		if err := os.WriteFile(filepath.Join(dir, log.ArchivePath), archive, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	leaves := func(first, next int) (out [][]byte) {
		for _, e := range w.Logged[first:next] {
			out = append(out, e.Leaf)
		}
		return out
	}
	for first := 0; first < 20; first += 10 {
		if err := e.Append(ctx, uint64(first), leaves(first, first+10)); err != nil {
			t.Fatal(err)
		}
		// A busy machine may publish a part of them first, and wants its texts then.
		for size := first; size < first+10; {
			raw, err := e.Await(ctx, uint64(size))
			if err != nil {
				t.Fatal(err)
			}
			before := size
			size = int(generator.SizeOf(raw))
			published(before, size, raw)
			if p := b.page(); size == first+10 && (p.Verdict != witness.VerdictCosigns || p.Size != uint64(size) || p.Published != uint64(before)) {
				t.Errorf("verdict %s of size %d, of which %d were published: %s", p.Verdict, p.Size, p.Published, p.Text)
			}
		}
	}
	w.Logged = w.Logged[:20]
	w.LogLeaf([]byte("garbage"))
	if err := e.Append(ctx, 20, leaves(20, 21)); err != nil {
		t.Fatal(err)
	}
	for p := b.page(); p.Verdict != witness.VerdictRefuses; p = b.page() {
		if ctx.Err() != nil {
			t.Fatalf("verdict %s: %s", p.Verdict, p.Text)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if raw, err := e.Published(ctx); err != nil || generator.SizeOf(raw) != 20 {
		t.Errorf("published size %d, %v", generator.SizeOf(raw), err)
	}
	// The answer asks for a minute, which the log keeps to: a second client does not
	// know of it.
	b.accepts("leaf-malformed@20")
	text := log.Checkpoint{Origin: w.Options.Origin, Size: 21, Root: b.root(t)}.Marshal()
	n, err := w.Signer.SignNote(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := witnessing.New(witnessing.Config{Policy: policy, Prover: log.NewTileReader(log.DirSource(dir)), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := again.Cosign(ctx, n.Marshal()); err != nil {
		t.Errorf("after it was accepted: %v", err)
	}
}

// root is that of the checkpoint that was audited last.
func (b *auditBench) root(t *testing.T) log.Hash {
	t.Helper()
	o, err := b.state.LastAudit(b.o.w.Options.Origin)
	if err != nil {
		t.Fatal(err)
	}
	n, err := log.ParseNote([]byte(o.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	c, err := log.ParseCheckpoint(n.Text)
	if err != nil {
		t.Fatal(err)
	}
	return c.Root
}
