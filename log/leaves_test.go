package log

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLeaf(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	buildLog(t, dir, 1, 255, 256, 257, 700)
	r := NewTileReader(DirSource(dir))
	for _, size := range []int{1, 255, 256, 257, 700} {
		for _, index := range []int{0, 1, 254, 255, 256, 511, 512, 699} {
			if index >= size {
				continue
			}
			leaf, err := r.Leaf(ctx, uint64(index), uint64(size))
			if err != nil || !bytes.Equal(leaf, testLeaf(index)) {
				t.Errorf("leaf %d in %d is %q, %v", index, size, leaf, err)
			}
		}
	}
}

func TestLeaves(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	buildLog(t, dir, 257, 3000)
	r := NewTileReader(DirSource(dir))
	for _, tt := range []struct{ start, end, size int }{
		{0, 0, 3000}, {0, 1, 3000}, {0, 3000, 3000}, {0, 257, 257}, {256, 257, 257}, {255, 257, 257},
		{100, 200, 3000}, {255, 256, 3000}, {256, 512, 3000}, {300, 2900, 3000}, {2999, 3000, 3000}, {3000, 3000, 3000},
	} {
		it := r.Leaves(ctx, uint64(tt.start), uint64(tt.end), uint64(tt.size))
		next := tt.start
		for first, leaves := range it.All() {
			if int(first) != next || len(leaves) == 0 || len(leaves) > TileWidth {
				t.Fatalf("%v: %d leaves from %d on, want those from %d on", tt, len(leaves), first, next)
			}
			for i, leaf := range leaves {
				if !bytes.Equal(leaf, testLeaf(next+i)) {
					t.Fatalf("%v: leaf %d is %q", tt, next+i, leaf)
				}
			}
			next += len(leaves)
		}
		if err := it.Err(); err != nil || next != tt.end {
			t.Errorf("%v: ends before %d, %v", tt, next, err)
		}
	}
}

// What comes before a bundle that is missing is still delivered, in order.
func TestLeavesStopsAtAnError(t *testing.T) {
	dir := t.TempDir()
	buildLog(t, dir, 3000)
	if err := os.Remove(filepath.Join(dir, "tile/entries/005")); err != nil {
		t.Fatal(err)
	}
	it := NewTileReader(DirSource(dir)).Leaves(context.Background(), 0, 3000, 3000)
	next := uint64(0)
	for first, leaves := range it.All() {
		if first != next {
			t.Fatalf("leaf %d after %d", first, next)
		}
		next += uint64(len(leaves))
	}
	if next != 5*TileWidth {
		t.Errorf("%d leaves, want %d", next, 5*TileWidth)
	}
	if err := it.Err(); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}

func TestLeavesBadBundle(t *testing.T) {
	dir := t.TempDir()
	buildLog(t, dir, 600)
	writeFile(t, dir, "tile/entries/001", []byte("\x00\x01a"))
	it := NewTileReader(DirSource(dir)).Leaves(context.Background(), 256, 600, 600)
	for range it.All() {
		t.Error("yields leaves")
	}
	wantError(t, it.Err(), "tile/entries/001")
}

// Leaving the loop ends the reads ahead, and is no error.
func TestLeavesLeftEarly(t *testing.T) {
	dir := t.TempDir()
	buildLog(t, dir, 6000)
	src := &gateSource{Source: DirSource(dir)}
	it := NewTileReader(src).Leaves(context.Background(), 0, 6000, 6000)
	for range it.All() {
		break
	}
	if err := it.Err(); err != nil {
		t.Error(err)
	}
	if n := src.reads.Load(); n > bundlesAhead+1 {
		t.Errorf("%d bundles read for the first one", n)
	}
}

func TestLeavesCalledOff(t *testing.T) {
	dir := t.TempDir()
	buildLog(t, dir, 6000)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	it := NewTileReader(DirSource(dir)).Leaves(ctx, 0, 6000, 6000)
	for range it.All() {
		cancel()
	}
	if err := it.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
