package witness_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/log/witnessing/witnesstest"
	"github.com/pledgelog/pledgelog/witness"
)

// Audits that take longer than a log waits for its witnesses keep an auditing witness
// from cosigning neither a log that grows all the time nor one that rests.
func TestSlowAuditsOfABusyLog(t *testing.T) {
	t.Parallel()
	const (
		patience = 300 * time.Millisecond
		slow     = 700 * time.Millisecond
		entries  = 240
	)
	w := newWorld(420)
	for w.Size() < entries {
		request1(w)
	}
	dir := filepath.Join(t.TempDir(), "log")
	var audits atomic.Int64
	files := http.FileServer(http.Dir(dir))
	served := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/"+log.CheckpointPath { // once an audit
			audits.Add(1)
			time.Sleep(slow)
		}
		files.ServeHTTP(rw, r)
	}))
	defer served.Close()

	b := &auditBench{bench: &bench{tb: t, logs: new(syncBuffer), now: time.Now()}, o: &operator{w: w}}
	b.change = append(b.change, func(c *witness.AuditorConfig) { c.Wait, c.Recheck, c.TextTime = patience/2, time.Minute, time.Minute })
	b.state, b.dir = newState(t)
	of := &witness.AuditOf{Policy: string(w.Policy.Marshal()), Charter: w.Charter.String(), Source: served.URL}
	if _, _, err := b.state.AddAudited(t.Context(), w.Options.Origin, []log.Key{w.Signer.Key()}, false, of); err != nil {
		t.Fatal(err)
	}
	b.restart()
	auditor := httptest.NewServer(b.handler)
	defer auditor.Close()
	plain := witnesstest.New("plain", w.Signer.Key())
	plain.Start()
	defer plain.Stop()
	policy := &log.Policy{Logs: w.Policy.Logs, Quorum: "plain", Witnesses: []log.Witness{
		{Name: "plain", Key: plain.Keys[0].Key(), URL: plain.URL}, {Name: "auditor", Key: b.keys[0], URL: auditor.URL + "/submit"}}}
	quiet := slog.New(slog.DiscardHandler)
	client, err := witnessing.New(witnessing.Config{Policy: policy, Prover: log.NewTileReader(log.DirSource(dir)), Logger: quiet,
		Timeout: patience, Grace: 20 * time.Millisecond, Backoff: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cfg := embedded.Config{Dir: dir, Signer: w.Signer, Witnesses: client, Interval: embedded.MinInterval, Logger: quiet}
	if err := embedded.Create(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	// What the server does after publication is there before: it is not what this is about.
	for _, e := range w.Logged {
		if e.Body == nil {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(log.BodyPath(e.Digest)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, e.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	first, err := os.ReadFile(filepath.Join(dir, log.CheckpointPath))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, log.ArchivePath), log.AppendArchive(nil, first), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	e, err := embedded.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())

	var sizes []uint64 // that the auditor cosigned
	next := uint64(0)
	for len(sizes) < 4 && next < entries {
		if err := e.Append(ctx, next, [][]byte{w.Logged[next].Leaf}); err != nil {
			t.Fatal(err)
		}
		if next++; next%4 == 0 {
			if _, err := e.Await(ctx, next-1); err != nil {
				t.Fatal(err)
			}
		}
		if head := b.head(); head > 0 && !slices.Contains(sizes, head) {
			sizes = append(sizes, head)
		}
	}
	t.Logf("cosigned the sizes %v, in %d audits", sizes, audits.Load())
	if len(sizes) < 4 || int64(len(sizes)) < audits.Load()/2 {
		t.Errorf("of a busy log it cosigned the sizes %v, in %d audits", sizes, audits.Load())
	}
	// It rests.
	for {
		raw, err := e.Published(ctx)
		if err != nil {
			t.Fatal(err)
		}
		v, err := policy.Open(raw)
		if err != nil {
			t.Fatal(err)
		}
		if v.Checkpoint.Size == next && slices.ContainsFunc(v.Cosignatures, func(c log.Cosignature) bool { return c.Witness == "auditor" }) {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("a log that rests is not cosigned: %s", b.page().Text)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if p := b.page(); p.Verdict != witness.VerdictCosigns || p.Size != next {
		t.Errorf("verdict %s of size %d", p.Verdict, p.Size)
	}
}
