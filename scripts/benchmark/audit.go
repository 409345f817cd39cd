package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	tiles "github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
)

// audit measures the auditor's tool on a log that the generator writes: that of a
// large accord, mostly requests and decisions, with what else its weeks have (see
// generator.LargeOptions). And two ways to compute the root alone.
func (b *bench) audit(ctx context.Context) error {
	if err := b.sampleFloor(); err != nil {
		return err
	}
	n := b.load.statements
	l, err := b.write("audited", n)
	if err != nil {
		return err
	}
	b.set("audit_statements", float64(n))
	b.set("audit_signatures", float64(l.signatures))

	b.say("audits it %d times, and %d times as it would be served", b.load.audits, b.load.audits)
	var rates, served, cores, peaks []float64
	for range b.load.audits {
		if err := b.sampleFloor(); err != nil {
			return err
		}
		a, err := b.auditOnce(ctx, l)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		rates = append(rates, float64(n)/a.took.Seconds())
		cores = append(cores, a.cpu.Seconds()/a.took.Seconds())
		peaks = append(peaks, a.peakMiB)
		if a, err = b.auditOnce(ctx, l, "--as-served"); err != nil {
			return fmt.Errorf("audit as served: %w", err)
		}
		served = append(served, float64(n)/a.took.Seconds())
	}
	b.set("audit_per_s", median(rates))
	b.set("audit_cores", median(cores))
	b.set("audit_peak_mb", median(peaks))
	b.set("audit_served_per_s", median(served))
	b.set("audit_served_signatures_per_s", median(served)*float64(l.signatures)/float64(n))
	if err := b.auditSmaller(ctx, n/5, median(peaks)); err != nil {
		return err
	}

	b.say("computes its root")
	var roots, fscks []float64
	for range b.load.audits {
		for _, m := range []struct {
			compute func(context.Context, *generator.World, string) error
			rates   *[]float64
		}{{computeRoot, &roots}, {checkTiles, &fscks}} {
			start := time.Now()
			if err := m.compute(ctx, l.world, l.dir); err != nil {
				return fmt.Errorf("compute root: %w", err)
			}
			*m.rates = append(*m.rates, float64(n)/time.Since(start).Seconds())
		}
	}
	b.set("root_per_s", median(roots))
	b.set("fsck_per_s", median(fscks))
	return nil
}

// A written log is one to audit.
type written struct {
	world       *generator.World
	dir, policy string
	statements  int
	signatures  int // on them
}

// write makes a log of so many statements, and reads it once.
func (b *bench) write(name string, statements int) (*written, error) {
	b.say("writes a log of %s statements by %d signatories", thousands(fmt.Sprint(statements)), b.load.signatories)
	world := generator.LargeOptions()
	world.Seed, world.Signatories = 1, b.load.signatories
	l := &written{world: generator.New(world), dir: filepath.Join(b.dir, name), policy: filepath.Join(b.dir, name+"-policy.txt"), statements: statements}
	if err := l.world.WriteStory(l.dir, statements); err != nil {
		return nil, fmt.Errorf("write log: %w", err)
	}
	if err := os.WriteFile(l.policy, l.world.Policy.Marshal(), 0o644); err != nil {
		return nil, err
	}
	var err error
	if l.signatures, err = warm(l.dir); err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return l, nil
}

// auditSmaller audits a smaller log, and compares the memory that it takes.
func (b *bench) auditSmaller(ctx context.Context, statements int, peakMiB float64) error {
	l, err := b.write("smaller", statements)
	if err != nil {
		return err
	}
	defer os.RemoveAll(l.dir)
	var peaks []float64
	for range b.load.audits {
		a, err := b.auditOnce(ctx, l)
		if err != nil {
			return fmt.Errorf("audit the smaller log: %w", err)
		}
		peaks = append(peaks, a.peakMiB)
	}
	b.set("audit_bytes_each", max(0, peakMiB-median(peaks))*(1<<20)/float64(b.load.statements-statements))
	return nil
}

// audited is what one audit took.
type audited struct {
	took    time.Duration
	cpu     time.Duration
	peakMiB float64
}

// auditOnce runs the auditor's tool, and reads from its report that it audited
// everything.
func (b *bench) auditOnce(ctx context.Context, l *written, flags ...string) (*audited, error) {
	args := append([]string{"audit", "--json", "--policy", l.policy, "--charter", l.world.Charter.String(), l.dir}, flags...)
	cmd := exec.CommandContext(ctx, filepath.Join(b.programs, "pledge-verify"), args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	a := &audited{took: time.Since(start), peakMiB: peak()}
	if err != nil {
		return nil, fmt.Errorf("pledge-verify: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	a.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	var r verifier.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if r.Result != verifier.Matches || r.Statements.Accepted != uint64(l.statements) {
		return nil, fmt.Errorf("the audit says %s, with %d of %d statements accepted", r.Result, r.Statements.Accepted, l.statements)
	}
	return a, nil
}

// warm reads every file of a log, so that the disk plays no part afterwards, and
// counts the signatures on its statements.
func warm(dir string) (signatures int, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		t, err := log.ParseTilePath(filepath.ToSlash(name))
		if err != nil || t.Level != log.EntriesLevel {
			return nil
		}
		// A last bundle stands there once for each size that was published.
		if t.Width == log.TileWidth || !wider(dir, t) {
			signatures += bytes.Count(text, []byte(`{"keyid":"`))
		}
		return nil
	})
	return signatures, err
}

// wider reports whether there is a wider form of a partial bundle.
func wider(dir string, t log.Tile) bool {
	for t.Width++; t.Width <= log.TileWidth; t.Width++ {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(t.Path()))); err == nil {
			return true
		}
	}
	return false
}

// computeRoot reads all leaves, hashes them, and compares the root with the
// signed one.
func computeRoot(ctx context.Context, w *generator.World, dir string) error {
	source := log.DirSource(dir)
	raw, err := source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		return err
	}
	view, err := w.Policy.Open(raw)
	if err != nil {
		return err
	}
	size := view.Checkpoint.Size
	tree := log.NewBuilder(nil)
	leaves := log.NewTileReader(source).Leaves(ctx, 0, size, size)
	for _, some := range leaves.All() {
		for _, leaf := range some {
			if err := tree.Append(log.LeafHash(leaf)); err != nil {
				return err
			}
		}
	}
	if err := leaves.Err(); err != nil {
		return err
	}
	if tree.Root() != view.Checkpoint.Root {
		return errors.New("another root than the signed one")
	}
	return nil
}

// checkTiles is what tessera's fsck does on the same directory.
func checkTiles(ctx context.Context, w *generator.World, dir string) error {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // it tells of each run
	key, err := note.NewVerifier(w.Signer.Key().String())
	if err != nil {
		return err
	}
	hash := func(b []byte) (hashes [][]byte, err error) {
		var bundle api.EntryBundle
		if err := bundle.UnmarshalText(b); err != nil {
			return nil, err
		}
		for _, leaf := range bundle.Entries {
			hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(leaf))
		}
		return hashes, nil
	}
	return fsck.New(w.Options.Origin, key, tiles.FileFetcher{Root: dir}, hash, fsck.Opts{N: uint(runtime.GOMAXPROCS(0))}).Check(ctx)
}
