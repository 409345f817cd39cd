package log

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A tarEntry is written as it stands.
type tarEntry struct {
	tar.Header
	content string
}

func file(name, content string) tarEntry {
	return tarEntry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}, content}
}

func makeTar(t testing.TB, entries ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		e.Size = int64(len(e.content))
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// openTarOf opens an archive with these bytes.
func openTarOf(t testing.TB, b []byte) (*TarSource, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "log.tar")
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := OpenTar(name)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	} else if !strings.Contains(err.Error(), name) {
		t.Errorf("error %q does not name the archive", err)
	}
	return s, err
}

func goodTar(t testing.TB, entries ...tarEntry) *TarSource {
	t.Helper()
	s, err := openTarOf(t, makeTar(t, entries...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTarSource(t *testing.T) {
	ctx := context.Background()
	src := goodTar(t, file("checkpoint", "hello"), file("tile/0/000", "tile"), file("empty", ""))
	for _, tt := range []struct{ path, want string }{{"checkpoint", "hello"}, {"tile/0/000", "tile"}, {"empty", ""}} {
		got, err := src.Get(ctx, tt.path, 5)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s is %q, %v, want %q", tt.path, got, err, tt.want)
		}
	}
	for _, path := range []string{"nothing", "tile/0/001", "nowhere/at/all", "tile/0", "tile", "checkpoint/x"} {
		if _, err := src.Get(ctx, path, 5); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: error %v, want ErrNotFound", path, err)
		} else if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), src.String()) {
			t.Errorf("%s: error %q does not name it", path, err)
		}
	}
	for _, path := range []string{"", ".", "..", "/checkpoint", "tile/../checkpoint", "tile//0", "./checkpoint", "checkpoint/"} {
		if got, err := src.Get(ctx, path, 100); err == nil {
			t.Errorf("%q gives %q", path, got)
		}
	}
	if _, err := src.Get(ctx, "checkpoint", 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("4 of 5 bytes: error %v, want ErrTooLarge", err)
	}
	called, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := src.Get(called, "checkpoint", 5); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: error %v, want context.Canceled", err)
	}
}

// However an archive was packed, what is in it has the log's paths.
func TestTarTop(t *testing.T) {
	folder := func(name string) tarEntry { return tarEntry{tar.Header{Name: name, Typeflag: tar.TypeDir}, ""} }
	comment := tarEntry{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "0123"}}, ""}
	for name, entries := range map[string][]tarEntry{
		"its files":                {file("checkpoint", "hello"), file("tile/0/000", "tile")},
		"its files and folders":    {folder("tile/"), folder("tile/0/"), file("tile/0/000", "tile"), file("checkpoint", "hello")},
		"with dots":                {folder("./"), file("./checkpoint", "hello"), folder("./tile/"), file("./tile/0/000", "tile")},
		"a folder":                 {folder("copy/"), file("copy/checkpoint", "hello"), file("copy/tile/0/000", "tile")},
		"a folder, with dots":      {folder("./copy"), file("./copy/checkpoint", "hello"), file("./copy/tile/0/000", "tile")},
		"a folder without its own": {file("copy/tile/0/000", "tile"), file("copy/checkpoint", "hello")},
		"a folder twice":           {folder("tile"), file("tile/0/000", "tile"), folder("tile"), file("checkpoint", "hello")},
		"with a comment":           {comment, file("checkpoint", "hello"), comment, file("tile/0/000", "tile")},
		"long headers": {
			{tar.Header{Name: "checkpoint", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SCHILY.xattr.user.note": strings.Repeat("x", 3000)}}, "hello"},
			{tar.Header{Name: "tile/0/000", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"mtime": "1735689600.5"}}, "tile"},
		},
		"GNU": {
			{tar.Header{Name: "checkpoint", Typeflag: tar.TypeReg, Format: tar.FormatGNU}, "hello"},
			{tar.Header{Name: "tile/0/000", Typeflag: tar.TypeReg, Format: tar.FormatGNU}, "tile"},
			{tar.Header{Name: "tile/0/" + strings.Repeat("0", 120), Typeflag: tar.TypeReg, Format: tar.FormatGNU}, "long"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := goodTar(t, entries...)
			for path, want := range map[string]string{"checkpoint": "hello", "tile/0/000": "tile"} {
				if got, err := src.Get(t.Context(), path, 5); err != nil || string(got) != want {
					t.Errorf("%s is %q, %v, want %q", path, got, err, want)
				}
			}
			f, err := src.OpenFolder("tile")
			if err != nil {
				t.Fatal(err)
			}
			if got := namesOf(t, f); !slices.Equal(got, []string{"0/"}) {
				t.Errorf("tile holds %v", got)
			}
		})
	}
	// Only a folder that holds a checkpoint is the log's.
	src := goodTar(t, file("tile/0/000", "tile"))
	if _, err := src.Get(t.Context(), "tile/0/000", 5); err != nil {
		t.Error(err)
	}
}

// namesOf lists what a folder holds, sorted, those of folders with a slash.
func namesOf(t testing.TB, f *Folder) []string {
	t.Helper()
	var names []string
	for name, err := range f.All() {
		if err != nil {
			t.Fatal(err)
		}
		if f.IsFolder(name) {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestTarRefuses(t *testing.T) {
	of := func(kind byte, name string, more ...string) []tarEntry {
		h := tar.Header{Name: name, Typeflag: kind, Mode: 0o644}
		if len(more) > 0 {
			h.Linkname = more[0]
		}
		return []tarEntry{file("checkpoint", "hello"), {h, ""}}
	}
	global := func(records map[string]string) []tarEntry {
		return []tarEntry{{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: records}, ""}, file("checkpoint", "hello")}
	}
	for name, tt := range map[string]struct {
		entries []tarEntry
		want    string
	}{
		"a hard link":           {of(tar.TypeLink, "tile/0/000", "checkpoint"), `entry "tile/0/000": it is a hard link`},
		"a symbolic link":       {of(tar.TypeSymlink, "tile/0/000", "../../secret"), "symbolic link"},
		"a character device":    {of(tar.TypeChar, "tile/0/000"), `type '3'`},
		"a block device":        {of(tar.TypeBlock, "tile/0/000"), `type '4'`},
		"a pipe":                {of(tar.TypeFifo, "checkpoint2"), `type '6'`},
		"the root":              {of(tar.TypeReg, "/checkpoint"), "not that of a file or folder in this archive"},
		"one up":                {of(tar.TypeReg, "../checkpoint"), "not that of a file or folder in this archive"},
		"one up within":         {of(tar.TypeReg, "tile/../checkpoint2"), "not that of a file or folder in this archive"},
		"two slashes":           {of(tar.TypeReg, "tile//0"), "not that of a file or folder in this archive"},
		"a dot within":          {of(tar.TypeReg, "tile/./0"), "not that of a file or folder in this archive"},
		"the root as a folder":  {of(tar.TypeDir, "/"), "not that of a file or folder in this archive"},
		"one up as a folder":    {of(tar.TypeDir, "../"), "not that of a file or folder in this archive"},
		"no UTF-8":              {of(tar.TypeReg, "tile/\xff"), "not that of a file or folder in this archive"},
		"a file without a name": {of(tar.TypeReg, "."), "without a name"},
		"a long name":           {of(tar.TypeReg, strings.Repeat("tile/", 51)+"x"), "its name has 256 bytes"},
		"twice":                 {of(tar.TypeReg, "checkpoint"), `entry "checkpoint": it is there twice`},
		"twice, with dots":      {of(tar.TypeReg, "./checkpoint"), `entry "checkpoint": it is there twice`},
		"a file as a folder":    {of(tar.TypeReg, "checkpoint/x"), `entry "checkpoint": it is both a file and a folder`},
		"a folder as a file":    {of(tar.TypeDir, "checkpoint"), `entry "checkpoint": it is both a file and a folder`},
		"a size for all":        {global(map[string]string{"size": "3"}), `sets "size" for all`},
		"a name for all":        {global(map[string]string{"path": "checkpoint"}), `sets "path" for all`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openTarOf(t, makeTar(t, tt.entries...))
			wantError(t, err, tt.want)
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error %v does not match ErrMalformed", err)
			}
		})
	}
	good := makeTar(t, file("checkpoint", "hello"), file("tile/0/000", strings.Repeat("tile", 500)))
	for name, tt := range map[string]struct {
		b    []byte
		want string
	}{
		"nothing":                    {nil, "cut short"},
		"a page of text":             {bytes.Repeat([]byte("a page of text. "), 100), "not a tar archive"},
		"a bad checksum":             {flipped(good, 0), "not a tar archive"},
		"a bad checksum further on":  {flipped(good, 1024), "not a tar archive"},
		"compressed":                 {gzipped(good), "compressed: unpack it first"},
		"cut in a header":            {good[:300], "cut short"},
		"cut after a header":         {good[:512], "cut short"},
		"cut in a file":              {good[:514], "cut short"},
		"cut in a long file":         {good[:2000], "cut short"},
		"cut after a file's content": {good[:517], "cut short"},
		"cut between two files":      {good[:1024], "cut short"},
		"without its end":            {good[:len(good)-1024], "cut short"},
		"a header too long":          {longHeader(t, 70), "its header has "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openTarOf(t, tt.b)
			wantError(t, err, tt.want)
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error %v does not match ErrMalformed", err)
			}
		})
	}
	if _, err := OpenTar(filepath.Join(t.TempDir(), "none.tar")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
	if _, err := OpenTar(t.TempDir()); err == nil {
		t.Error("a directory is opened")
	}
}

// Sparse files, as GNU tar writes them: written by hand, since archive/tar does
// not write them.
func TestTarRefusesSparse(t *testing.T) {
	old := makeTar(t, tarEntry{tar.Header{Name: "checkpoint", Typeflag: tar.TypeReg, Format: tar.FormatGNU}, "hello"})
	old[156] = 'S'
	for i := range 4 { // where its data lies: none
		copy(old[386+24*i:], make([]byte, 24))
	}
	copy(old[483:], "00000000005\x00") // real size
	rechecksum(old)
	// A record that archive/tar refuses to write.
	pax := makeTar(t, tarEntry{tar.Header{Name: "checkpoint", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"gnu.sparse.size": "5", "gnu.sparse.numblocks": "1", "gnu.sparse.map": "0,5"}}, "hello"})
	pax = bytes.ReplaceAll(pax, []byte("gnu.sparse"), []byte("GNU.sparse"))
	for name, b := range map[string][]byte{"old": old, "PAX": pax} {
		if _, err := openTarOf(t, b); err == nil || !strings.Contains(err.Error(), "sparse") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func rechecksum(header []byte) {
	copy(header[148:156], "        ")
	sum := 0
	for _, b := range header[:512] {
		sum += int(b)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// longHeader is an archive of a file before whose header come n others of a
// kilobyte each.
func longHeader(t *testing.T, n int) []byte {
	one := makeTar(t, tarEntry{tar.Header{Name: "checkpoint", Typeflag: tar.TypeReg, PAXRecords: map[string]string{"SCHILY.xattr.user.note": "x"}}, "hello"})
	return append(bytes.Repeat(one[:1024], n), one...)
}

// An archive that is replaced while it is read is not believed.
func TestTarChanged(t *testing.T) {
	src := goodTar(t, file("checkpoint", "hello"), file("tile/0/000", "tile"), file("tile/0/001", "tile"))
	b, err := os.ReadFile(src.String())
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if err := os.WriteFile(src.String(), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(flipped(b, 1024+3))
	if _, err := src.Get(t.Context(), "tile/0/000", 5); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("another header: error %v", err)
	}
	write(b[:2*1024+512+2])
	if _, err := src.Get(t.Context(), "tile/0/001", 5); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("cut short: error %v", err)
	}
	write(b[:1024])
	if _, err := src.Get(t.Context(), "tile/0/001", 5); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("cut shorter: error %v", err)
	}
	if got, err := src.Get(t.Context(), "checkpoint", 5); err != nil || string(got) != "hello" {
		t.Errorf("the checkpoint is %q, %v", got, err)
	}
}

// tarDir packs a directory as tar does.
func tarDir(t testing.TB, dir string) *TarSource {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src, err := openTarOf(t, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// A log in an archive reads like its directory, also by many at the same time.
func TestTarReadsALog(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, 300, 700)
	src := tarDir(t, dir)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r := NewTileReader(src)
			checkTree(t, ctx, r, o, 299, 257, 300)
			checkTree(t, ctx, r, o, 699, 300, 700)
		})
	}
	wg.Wait()
	onDisk := DirSource(dir).(Lister)
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		path, rerr := filepath.Rel(dir, file)
		if err != nil || rerr != nil || path == "." {
			return errors.Join(err, rerr)
		}
		if !d.IsDir() {
			want, err := onDisk.Get(ctx, path, 1<<20)
			if err != nil {
				return err
			}
			if got, err := src.Get(ctx, path, 1<<20); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v, want %d", path, len(got), err, len(want))
			}
			return nil
		}
		want, err := onDisk.OpenFolder(path)
		if err != nil {
			return err
		}
		defer want.Close()
		got, err := src.OpenFolder(path)
		if err != nil {
			return err
		}
		defer got.Close()
		if g, w := namesOf(t, got), namesOf(t, want); !slices.Equal(g, w) {
			t.Errorf("%s holds %v, want %v", path, g, w)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTarFolder(t *testing.T) {
	src := goodTar(t, file("bodies/a", "text"), file("bodies/bundle/000", "text\n"), file("elsewhere/b", "other"), file("checkpoint", "x"))
	f, err := src.OpenFolder("bodies")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := f.Read(t.Context(), "a", 5, nil); err != nil || string(got) != "text" {
		t.Errorf("a is %q, %v", got, err)
	}
	for _, name := range []string{"b", "bundle"} {
		if _, err := f.Read(t.Context(), name, 5, nil); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "bodies/"+name) {
			t.Errorf("%s: error %v, want ErrNotFound and the name", name, err)
		}
	}
	for _, name := range []string{"..", ".", "", "../elsewhere/b", "/a", "a\x00"} {
		if got, err := f.Read(t.Context(), name, 100, nil); err == nil {
			t.Errorf("%q gives %q", name, got)
		}
	}
	if _, err := f.Read(t.Context(), "a", 3, nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("3 bytes of a: error %v, want ErrTooLarge", err)
	}
	if got := namesOf(t, f); !slices.Equal(got, []string{"a", "bundle/"}) {
		t.Errorf("it holds %v", got)
	}
	for _, path := range []string{"nothing", "checkpoint", "checkpoint/x"} {
		if _, err := src.OpenFolder(path); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want ErrNotFound", path, err)
		}
	}
	for _, path := range []string{"", ".", "..", "../x", "/"} {
		if _, err := src.OpenFolder(path); err == nil {
			t.Errorf("%q is opened", path)
		}
	}
}
