package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// A floor is what the machine does without the programs. It is sampled several
// times in a run, between the measurements that are compared with it, and the
// median counts: the neighbours of a shared machine come and go.
type floor struct {
	signed []signed
	verify []float64 // signatures a second
	hash   []float64 // leaves a second
	fsync  []float64 // ms each
	read   []float64 // leaves a second, with their texts
}

// signed is one signature of a statement, and its leaf.
type signed struct {
	key  ed25519.PublicKey
	msg  []byte // what is signed: the DSSE pre-authentication encoding
	sig  []byte
	leaf []byte
}

// floorStatements is how many statements the floors go through, over and over.
const floorStatements = 4096

// makeSigned draws statements from a story.
func makeSigned(n int) ([]signed, error) {
	w := generator.New(generator.Options{Seed: 3, Signatories: 50})
	if err := w.Story(n); err != nil {
		return nil, err
	}
	keys := make(map[entry.KeyID]ed25519.PublicKey)
	for _, a := range append(slices.Clone(w.Signatories), w.Secretariat) {
		for _, k := range a.Keys {
			keys[k.ID] = k.Private().Public().(ed25519.PublicKey)
		}
	}
	var out []signed
	for _, e := range w.Logged {
		leaf, err := entry.ParseLeaf(e.Leaf)
		if err != nil {
			return nil, err
		}
		for _, s := range leaf.Statement.Signatures {
			if key := keys[s.KeyID]; key != nil {
				out = append(out, signed{key, leaf.Statement.PAE(), s.Sig, e.Leaf})
			}
		}
	}
	return out, nil
}

// sampleFloor measures a slice of each floor, on every processor.
func (b *bench) sampleFloor() error {
	f := &b.floor
	if f.signed == nil {
		var err error
		if f.signed, err = makeSigned(floorStatements); err != nil {
			return fmt.Errorf("make statements: %w", err)
		}
	}
	var wrong atomic.Bool
	f.verify = append(f.verify, rate(b.load.slice, func(i int) {
		s := &f.signed[i%len(f.signed)]
		if !ed25519.Verify(s.key, s.msg, s.sig) {
			wrong.Store(true)
		}
	}))
	if wrong.Load() {
		return errors.New("a generated signature does not verify")
	}
	f.hash = append(f.hash, rate(b.load.slice/4, func(i int) { log.LeafHash(f.signed[i%len(f.signed)].leaf) }))
	return nil
}

// rate calls f on every processor for a while, with numbers that do not come
// twice, and returns how often it did so in a second.
func rate(d time.Duration, f func(i int)) float64 {
	const batch = 64
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for time.Since(start) < d {
				first := int(next.Add(batch)) - batch
				for i := range batch {
					f(first + i)
				}
			}
		})
	}
	wg.Wait()
	return float64(next.Load()) / time.Since(start).Seconds()
}

// sampleFsync measures what the disk takes to keep a page that was appended to a
// file.
func (b *bench) sampleFsync() error {
	file, err := os.Create(filepath.Join(b.dir, "fsync"))
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := make([]byte, 4096)
	for range b.load.fsyncs {
		if _, err := file.Write(page); err != nil {
			return fmt.Errorf("measure fsync: %w", err)
		}
		start := time.Now()
		if err := file.Sync(); err != nil {
			return fmt.Errorf("measure fsync: %w", err)
		}
		b.floor.fsync = append(b.floor.fsync, milliseconds(time.Since(start)))
	}
	return nil
}

// finishFloor takes the last samples and makes figures of all.
func (b *bench) finishFloor() error {
	if err := b.sampleFloor(); err != nil {
		return err
	}
	b.set("floor_verify_per_s", median(b.floor.verify))
	b.set("floor_hash_per_s", median(b.floor.hash))
	if len(b.floor.fsync) > 0 {
		b.set("fsync_ms", median(b.floor.fsync))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile returns the smallest value that at least the share q of all do not
// exceed.
func quantile(v []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
