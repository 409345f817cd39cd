package dump_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/dump"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
)

// A kept is a server whose dumps are kept.
type kept struct {
	*apitest.Server
	t      *testing.T
	world  *generator.World
	client *client.Client
	index  *index.Index
	keeper *dump.Keeper
}

func newKept(t *testing.T) *kept {
	k := &kept{t: t, world: generator.New(generator.Options{Seed: 7, NoDirectories: true, Start: time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)})}
	var err error
	if k.Server, err = apitest.Start(t.Context(), k.world, func(c *api.Config) { k.index = c.Index.(*index.Index) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	if k.client, err = client.New(k.URL, client.Options{Attempts: 1}); err != nil {
		t.Fatal(err)
	}
	k.keeper = &dump.Keeper{Dir: k.Dir, Days: 2, Exports: api.Exports{Origin: k.world.Options.Origin, License: "CC-BY-4.0"}}
	return k
}

func (k *kept) say(st *generator.Statement) *generator.Statement {
	k.t.Helper()
	k.world.Log(st)
	k.SetTime(k.world.Now())
	if _, err := k.client.Submit(k.t.Context(), st.Submission()); err != nil {
		k.t.Fatal(err)
	}
	k.world.Advance(time.Minute)
	return st
}

// keep keeps dumps as of now.
func (k *kept) keep() string {
	k.t.Helper()
	if err := k.index.CatchUp(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
	made, err := k.keeper.Keep(k.t.Context(), k.index.Snapshot())
	if err != nil {
		k.t.Fatal(err)
	}
	return made
}

func (k *kept) get(path string) (int, []byte) {
	k.t.Helper()
	resp, err := http.Get(k.URL + path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return resp.StatusCode, b
}

func (k *kept) days() (out []string) {
	k.t.Helper()
	var list client.DumpList
	if code, b := k.get("/api/v1/dumps"); code != 200 || json.Unmarshal(b, &list) != nil {
		k.t.Fatalf("%d %s", code, b)
	}
	for _, d := range list.Dumps {
		if len(d.Files) != 6 {
			k.t.Errorf("the dump of %s has %d files", d.Day, len(d.Files))
		}
		for _, f := range d.Files {
			if code, b := k.get(f.Path); code != 200 || int64(len(b)) != f.Bytes {
				k.t.Errorf("%s: %d, %d bytes of %d", f.Path, code, len(b), f.Bytes)
			}
		}
		out = append(out, d.Day)
	}
	return out
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// whole holds a folder to what a dump of so many entries is, and returns its table.
func (k *kept) whole(dir string, size uint64) string {
	k.t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			k.t.Fatal(err)
		}
		return b
	}
	seen := 0
	for line := range strings.Lines(string(read("SHA256SUMS"))) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got := sha256.Sum256(read(name)); hex.EncodeToString(got[:]) != sum {
			k.t.Errorf("%s is another than SHA256SUMS says", name)
		}
		seen++
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != seen+1 || seen != 5 {
		k.t.Errorf("%d files, of which SHA256SUMS has %d: %v", len(all), seen, err)
	}
	view, err := k.Policy.OpenUnwitnessed(read("checkpoint"))
	if err != nil || view.Checkpoint.Size != size {
		k.t.Errorf("the checkpoint is of %d entries, not %d: %v", view.Checkpoint.Size, size, err)
	}
	for name, form := range map[string]string{"export.csv.gz": "csv", "export.jsonl.gz": "jsonl"} {
		if _, want := k.get(fmt.Sprintf("/api/v1/export.%s?size=%d", form, size)); !bytes.Equal(unzip(k.t, read(name)), want) {
			k.t.Errorf("%s is another than the export of that size", name)
		}
	}
	var p client.DataPackage
	if err := json.Unmarshal(read("datapackage.json"), &p); err != nil || p.TreeSize != size || len(p.Licenses) != 1 || len(p.Resources) != 3 {
		k.t.Errorf("%+v, %v", p, err)
	}
	for _, r := range p.Resources {
		b := read(r.Path)
		if sum := sha256.Sum256(b); r.Bytes != int64(len(b)) || r.Hash != "sha256:"+hex.EncodeToString(sum[:]) {
			k.t.Errorf("%s has %d bytes, %s by the package", r.Path, r.Bytes, r.Hash)
		}
	}
	return string(unzip(k.t, read("export.csv.gz")))
}

// TestKeep: one dump a day of log time, as of the first checkpoint of the day that is
// shown, kept for so many days.
func TestKeep(t *testing.T) {
	k := newKept(t)
	if made := k.keep(); made != "" {
		t.Errorf("of an empty log: %s", made)
	}
	a := k.world.Signatories[0]
	k.say(k.world.Found())
	k.say(k.world.Admit(a))
	if err := os.MkdirAll(filepath.Join(k.Dir, "dump", ".making-2025-02-28"), 0o755); err != nil {
		t.Fatal(err)
	}
	if made := k.keep(); made != "2025-03-01" {
		t.Errorf("it made %q", made)
	}
	first := filepath.Join(k.Dir, "dump", "2025-03-01")
	k.whole(first, 2)
	if _, err := os.Stat(filepath.Join(k.Dir, "dump", ".making-2025-02-28")); err == nil {
		t.Error("what a crash left is still there")
	}
	k.say(k.world.Pledge(a))
	if made := k.keep(); made != "" {
		t.Errorf("a second one of the day: %s", made)
	}
	k.whole(first, 2)
	for day := range 2 {
		k.world.Advance(24 * time.Hour)
		k.say(k.world.Request(a, "2025-02", nil))
		if want := fmt.Sprintf("2025-03-%02d", day+2); k.keep() != want {
			t.Errorf("nothing on %s", want)
		}
	}
	if got := k.days(); !slices.Equal(got, []string{"2025-03-03", "2025-03-02"}) {
		t.Errorf("kept: %q", got)
	}
	for path, want := range map[string]int{
		"/dump/2025-03-01/checkpoint": 404, "/dump/2025-03-03/passwd": 404, "/dump/../checkpoint": 404, "/dump/2025-3-3/checkpoint": 404, "/dump/": 404,
		"/dump/2025-03-03/%2e%2e%2fcheckpoint": 404,
	} {
		if code, b := k.get(path); code != want {
			t.Errorf("%s: %d %s", path, code, b)
		}
	}
	k.keeper.Days = 0
	if made := k.keep(); made != "" || len(k.days()) != 0 {
		t.Errorf("of no days: %q, %q", made, k.days())
	}
}

// TestErasure: what was erased is in no dump that is served: from the moment that the
// erasure is published.
func TestErasure(t *testing.T) {
	k := newKept(t)
	a := k.world.Signatories[0]
	k.say(k.world.Found())
	k.say(k.world.Admit(a))
	k.say(k.world.Pledge(a))
	told := k.say(k.world.Request(a, "2025-02", &entry.RequestBody{Country: "XB", Agency: "Office of Erasable Matters", Assist: []string{"access"}}))
	k.keep()
	k.world.Advance(24 * time.Hour)
	k.say(k.world.Request(a, "2025-02", nil))
	k.keep()
	dir := filepath.Join(k.Dir, "dump", "2025-03-02")
	if !strings.Contains(k.whole(dir, 5), "Erasable") {
		t.Fatal("the text is not in the dump")
	}
	before, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	k.say(k.world.Erase(told, told.BodyDigest, entry.BasisNotice, "N-1"))
	for _, path := range []string{"/dump/2025-03-01/export.csv.gz", "/dump/2025-03-02/export.jsonl.gz"} {
		if code, b := k.get(path); code != 503 {
			t.Errorf("%s after the erasure: %d, %d bytes", path, code, len(b))
		}
	}
	if got := k.days(); len(got) != 0 {
		t.Errorf("listed after the erasure: %q", got)
	}
	if made := k.keep(); made != "2025-03-02" {
		t.Errorf("made again: %q", made)
	}
	if got := k.days(); !slices.Equal(got, []string{"2025-03-02"}) {
		t.Errorf("kept: %q", got)
	}
	text := k.whole(dir, 5)
	if strings.Contains(text, "Erasable") || !strings.Contains(text, ",erased,") {
		t.Errorf("the dump that was made again:\n%s", text)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "checkpoint")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("it has another checkpoint: %v", err)
	}
	// A dump whose description can't be read is no dump.
	if err := os.WriteFile(filepath.Join(dir, "datapackage.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if made := k.keep(); made != "2025-03-02" {
		t.Errorf("in the place of what can't be read: %q", made)
	}
	if err := k.keeper.Forget(); err != nil || len(k.days()) != 0 {
		t.Errorf("forgotten: %v, %q", err, k.days())
	}
}

// TestWrite: a dump by hand is in a folder of its own, which is not there before.
func TestWrite(t *testing.T) {
	k := newKept(t)
	if err := dump.Write(t.Context(), filepath.Join(t.TempDir(), "d"), k.keeper.Exports, k.index.Snapshot()); err == nil {
		t.Error("a dump of no log")
	}
	k.say(k.world.Found())
	k.keep()
	dir := filepath.Join(t.TempDir(), "d")
	if err := dump.Write(t.Context(), dir, k.keeper.Exports, k.index.Snapshot()); err != nil {
		t.Fatal(err)
	}
	k.whole(dir, 1)
	if err := dump.Write(t.Context(), dir, k.keeper.Exports, k.index.Snapshot()); err == nil {
		t.Error("it wrote over another dump")
	}
}
