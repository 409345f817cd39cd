package log

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"runtime"
	"strings"
	"testing"
)

// A log of a million statements has a million texts: what is kept of each file is
// 8 bytes.
func TestTarMemory(t *testing.T) {
	const n = 50_000
	entries := make([]tarEntry, n)
	for i := range entries {
		var digest [32]byte
		rand.Read(digest[:])
		entries[i] = file("log/bodies/"+base64.RawURLEncoding.EncodeToString(digest[:]), "")
	}
	b := makeTar(t, append(entries, file("log/checkpoint", "hello"))...)
	use := func() uint64 {
		runtime.GC()
		runtime.GC() // what a pool holds goes at the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := use()
	x, err := indexTar(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	after := use()
	if per := float64(after-before) / n; per > 9 {
		t.Errorf("%.1f bytes for each file", per)
	}
	if got := len(x.folders["log/bodies"].files); got != n {
		t.Errorf("%d texts, want %d", got, n)
	}
	runtime.KeepAlive(b)
}

// More files or folders than allowed are refused, before they take their memory.
func TestTarBounds(t *testing.T) {
	folders := make([]tarEntry, 0, maxTarFolders/100+2)
	for i := range cap(folders) {
		folders = append(folders, file(fmt.Sprintf("%d%s/f", i, strings.Repeat("/a", 99)), ""))
	}
	b := makeTar(t, folders...)
	if _, err := indexTar(bytes.NewReader(b), int64(len(b))); err == nil || !strings.Contains(err.Error(), "more than 262144 folders") {
		t.Errorf("error %v", err)
	}
	x := &tarIndex{folders: map[string]*tarFolder{"": {}}, files: maxTarFiles}
	wantError(t, x.add(&tar.Header{Name: "x", Typeflag: tar.TypeReg}, 0), "more than 33554432 files")
	if _, err := indexTar(bytes.NewReader(nil), maxTarSize+1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an immense archive: error %v", err)
	}
}

// What an archive is opened with is what archive/tar reads from its beginning to
// its end.
func FuzzTar(f *testing.F) {
	f.Add(makeTar(f, file("checkpoint", "hello"), file("tile/0/000", "tile"), file("bodies/bundle/000", strings.Repeat("text\n", 300))))
	f.Add(makeTar(f, file("./top/checkpoint", "hello"), file("./top/tile/0/"+strings.Repeat("0", 120), "")))
	f.Add(makeTar(f, tarEntry{tar.Header{Name: "checkpoint", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SCHILY.xattr.user.note": "x"}}, "hello"},
		tarEntry{tar.Header{Name: "tile", Typeflag: tar.TypeDir}, ""}, tarEntry{tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "tile"}, ""}))
	long := strings.Repeat("long/", 30)
	f.Add(makeTar(f, tarEntry{tar.Header{Name: long + "name", Typeflag: tar.TypeReg, Format: tar.FormatGNU}, "gnu"}, file("tile/0/"+strings.Repeat("x001/", 40)+"000", "pax")))
	f.Add(makeTar(f, tarEntry{tar.Header{Name: "tile/0/001", Typeflag: tar.TypeLink, Linkname: "tile/0/000"}, ""}, file("../checkpoint", "up"), file("/checkpoint", "root")))
	f.Add(makeTar(f, file("checkpoint", "once"), file("checkpoint", "twice")))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.Clone(b)
		// Nearly everything else fails at the checksum of its first header.
		for at := 0; at+tarBlock <= len(b); at += tarBlock {
			if bytes.HasPrefix(b[at+257:], []byte("ustar")) {
				rechecksum(b[at : at+tarBlock])
			}
		}
		x, err := indexTar(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		want := make(map[string]string)
		r := tar.NewReader(bytes.NewReader(b))
		for {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("archive/tar refuses it: %v", err)
			}
			if h.Typeflag != tar.TypeReg {
				continue
			}
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatalf("%q can't be read: %v", h.Name, err)
			}
			want[strings.TrimPrefix(h.Name, "./")] = string(content)
		}
		got := make(map[string]string)
		for at := range x.folders {
			f := openTarFolder{x, at}
			f.all(func(name string, err error) bool {
				if err != nil {
					t.Fatal(err)
				}
				if f.isFolder(name) {
					return true
				}
				content, err := x.read(at, name, max(1, int64(len(b))))
				if err != nil {
					t.Fatalf("%q in %q: %v", name, at, err)
				}
				got[strings.TrimPrefix(at+"/"+name, "/")] = string(content)
				return true
			})
		}
		if !maps.Equal(got, want) {
			t.Fatalf("it has %q, want %q", got, want)
		}
		for name := range got {
			if !fs.ValidPath(name) || len(name) > maxTarName {
				t.Fatalf("it has a file %q", name)
			}
		}
	})
}
