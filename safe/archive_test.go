package safe_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/safe"
)

func anArchive() *safe.Archive {
	return &safe.Archive{Made: 1767225600, Files: []safe.File{{"acme-request-4.json", []byte("{}")}, {"slots/commitments/x.json", []byte("Heronsgate")}, {"slots/é " + strings.Repeat("long", 50) + ".json", nil}}}
}

// An archive opens with one of its keys, is what was put into it, and any tar reads it.
func TestArchive(t *testing.T) {
	key, other := newKey(t), newKey(t)
	a := anArchive()
	file, err := a.Seal([]*safe.Recipient{key.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte("Heronsgate")) {
		t.Error("it can be read from outside")
	}
	got, err := safe.OpenArchive(file, key)
	if err != nil || !got.Equal(a) || len(got.Files) != 3 || string(got.Files[1].Content) != "Heronsgate" {
		t.Fatalf("%v %v", got, err)
	}
	if _, err := safe.OpenArchive(file, other); !errors.Is(err, safe.ErrOther) {
		t.Errorf("another's: %v", err)
	}
	a.Files[1].Content = bytes.Repeat([]byte("Heronsgate"), 500)
	if longer, err := a.Seal([]*safe.Recipient{key.Recipient()}); err != nil || len(longer) != len(file) {
		t.Errorf("%d bytes, and %d with more in it (%v)", len(file), len(longer), err)
	}
	plain, err := safe.Decrypt(file, key, safe.MaxArchive)
	if err != nil {
		t.Fatal(err)
	}
	if all := untar(t, plain); len(all) != 4 || string(all["slots/commitments/x.json"]) != "Heronsgate" || !strings.Contains(string(all["pledge-backup.json"]), digestOf("Heronsgate")) {
		t.Errorf("%q", all)
	}
	if empty, err := (&safe.Archive{}).Marshal(); err != nil {
		t.Error(err)
	} else if got, err := safe.ParseArchive(empty); err != nil || len(got.Files) != 0 {
		t.Errorf("an empty one: %v %v", got, err)
	}
}

func digestOf(s string) string {
	d := sha256.Sum256([]byte(s))
	return hex.EncodeToString(d[:])
}

func untar(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	out := make(map[string][]byte)
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// Who makes an archive by hand, as anybody can who has a public half, gets nothing past.
func TestArchiveByHand(t *testing.T) {
	type member struct {
		header  tar.Header
		content string
	}
	list := func(files ...[2]string) member {
		var list []string
		for _, f := range files {
			list = append(list, fmt.Sprintf(`{"name":%q,"size":%d,"sha256":"%s"}`, f[0], len(f[1]), digestOf(f[1])))
		}
		return member{tar.Header{Name: "pledge-backup.json"}, `{"format":"pledge-backup/v1","made":"2026-01-01T00:00:00Z","files":[` + strings.Join(list, ",") + "]}\n"}
	}
	file := func(name, content string) member { return member{tar.Header{Name: name}, content} }
	one := [2]string{"a.json", "text"}
	for name, members := range map[string][]member{
		"good":                {list(one), file("a.json", "text")},
		"nothing":             {},
		"no list":             {file("a.json", "text")},
		"list not first":      {file("a.json", "text"), list(one)},
		"another form":        {{tar.Header{Name: "pledge-backup.json"}, `{"format":"pledge-backup/v2","made":"2026-01-01T00:00:00Z","files":[]}` + "\n"}},
		"a member more":       {{tar.Header{Name: "pledge-backup.json"}, `{"format":"pledge-backup/v1","made":"2026-01-01T00:00:00Z","files":[],"more":1}` + "\n"}},
		"another digest":      {list(one), file("a.json", "Text")},
		"another size":        {list(one), file("a.json", "texts")},
		"missing":             {list(one)},
		"not in the list":     {list(), file("a.json", "text")},
		"twice":               {list(one, one), file("a.json", "text"), file("a.json", "text")},
		"unsorted":            {list([2]string{"b", "text"}, one), file("b", "text"), file("a.json", "text")},
		"the list twice":      {list([2]string{"pledge-backup.json", ""}), file("pledge-backup.json", "")},
		"a link":              {list([2]string{"a.json", ""}), {tar.Header{Name: "a.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""}},
		"a hard link":         {list([2]string{"a.json", ""}), {tar.Header{Name: "a.json", Typeflag: tar.TypeLink, Linkname: "b"}, ""}},
		"a folder":            {list([2]string{"a", ""}), {tar.Header{Name: "a", Typeflag: tar.TypeDir}, ""}},
		"up":                  {list([2]string{"../a.json", "text"}), file("../a.json", "text")},
		"up inside":           {list([2]string{"x/../../a.json", "text"}), file("x/../../a.json", "text")},
		"absolute":            {list([2]string{"/tmp/a.json", "text"}), file("/tmp/a.json", "text")},
		"backslash":           {list([2]string{`..\a.json`, "text"}), file(`..\a.json`, "text")},
		"drive":               {list([2]string{"C:a.json", "text"}), file("C:a.json", "text")},
		"device":              {list([2]string{"x/nul.json", "text"}), file("x/nul.json", "text")},
		"stream":              {list([2]string{"a.json:x", "text"}), file("a.json:x", "text")},
		"dot at the end":      {list([2]string{"a.", "text"}), file("a.", "text")},
		"nothing for a name":  {list([2]string{"", "text"}), file("", "text")},
		"double slash":        {list([2]string{"a//b", "text"}), file("a//b", "text")},
		"a control character": {list([2]string{"a\u0085b", "text"}), file("a\u0085b", "text")},
		"mode":                {list(one), {tar.Header{Name: "a.json", Mode: 0o4755}, "text"}},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, m := range members {
			m.header.Size, m.header.Format, m.header.ModTime = int64(len(m.content)), tar.FormatPAX, time.Unix(1767225600, 0)
			if m.header.Mode == 0 {
				m.header.Mode = 0o600
			}
			if err := w.WriteHeader(&m.header); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := io.WriteString(w, m.content); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		w.Close()
		b.Write(make([]byte, 1<<20-b.Len()%(1<<20)))
		a, err := safe.ParseArchive(b.Bytes())
		if name == "good" {
			if err != nil || len(a.Files) != 1 || string(a.Files[0].Content) != "text" {
				t.Errorf("what is good: %v", err)
			}
		} else if err == nil {
			t.Errorf("%s: it is read as %q", name, a.Files)
		}
	}
	for _, name := range []string{"../a", "a/..", "/a", "", "a\\b", "c:a", "a\x00b", "CON", "x/com1.txt", "a\n"} {
		if safe.CheckName(name) == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
	for _, name := range []string{"a", "a/b.json", ".hidden/a", "é", "a b", "20260814T090000Z-1tR0n6aB.json", "console"} {
		if err := safe.CheckName(name); err != nil {
			t.Error(err)
		}
	}
}

func FuzzArchive(f *testing.F) {
	b, err := anArchive().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[:12<<10])
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append(bytes.Clone(b), make([]byte, (1<<20-len(b)%(1<<20))%(1<<20))...)
		a, err := safe.ParseArchive(b)
		if err != nil {
			return
		}
		if again, err := a.Marshal(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("it became another (%v)", err)
		}
		for _, file := range a.Files {
			if err := safe.CheckName(file.Name); err != nil {
				t.Error(err)
			}
		}
	})
}
