package witness_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

func TestStateIsMadeOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	if _, err := witness.OpenState(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened before it was made: %v", err)
	}
	if err := witness.CreateState(dir); err != nil {
		t.Fatal(err)
	}
	if err := witness.CreateState(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made again: %v", err)
	}
	if logs, err := openState(t, dir).Logs(); err != nil || len(logs) != 0 {
		t.Errorf("%v, %v", logs, err)
	}
}

func TestAddNeverLowers(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 300))
	before := b.stored()
	_, pq := pqSigner(t, origin, "pq")
	_, other := edSigner(t, origin, "other")
	for _, c := range []struct {
		keys  []log.Key
		more  bool
		added int
		want  error
	}{
		{[]log.Key{b.key}, false, 0, nil},
		{[]log.Key{b.key}, true, 0, nil},
		{[]log.Key{other}, false, 0, witness.ErrOtherKeys},
		{[]log.Key{b.key, other}, false, 0, witness.ErrOtherKeys},
		{[]log.Key{pq}, true, 1, nil},
		{[]log.Key{pq, b.key, other}, true, 1, nil},
		{[]log.Key{other, pq}, false, 0, nil},
	} {
		added, err := b.state.Add(t.Context(), origin, c.keys, c.more)
		if len(added) != c.added || !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%d keys, more=%v: added %d, %v", len(c.keys), c.more, len(added), err)
		}
	}
	for _, on := range []bool{false, false, true, true} {
		l, err := b.state.Load(origin)
		if err != nil {
			t.Fatal(err)
		}
		if changed, err := b.state.SetEnabled(t.Context(), origin, on); err != nil || changed != (l.Enabled != on) {
			t.Errorf("enabled=%v: changed %v, %v", on, changed, err)
		}
	}
	if got := b.stored(); got != before {
		t.Errorf("it was %s and is %s", before, got)
	}
	l, err := b.state.Load(origin)
	if err != nil || !slices.EqualFunc(l.Keys, []log.Key{b.key, pq, other}, log.Key.Equal) {
		t.Errorf("keys %v, %v", l.Keys, err)
	}
	if _, err := b.state.SetEnabled(t.Context(), "elsewhere.example", true); !errors.Is(err, witness.ErrUnknownLog) {
		t.Errorf("a log that is not there: %v", err)
	}
}

func TestAddRefuses(t *testing.T) {
	s, _ := newState(t)
	_, key := edSigner(t, origin, origin)
	cosigner := cosigners(t)[0].Key()
	var many []log.Key
	for i := range 17 {
		_, k := edSigner(t, origin, fmt.Sprint(i))
		many = append(many, k)
	}
	for name, c := range map[string]struct {
		origin string
		keys   []log.Key
	}{
		"no origin":          {"", []log.Key{key}},
		"two lines":          {"a\nb", []log.Key{key}},
		"a control":          {"a\tb", []log.Key{key}},
		"too long":           {strings.Repeat("x", 256), []log.Key{key}},
		"no key":             {origin, nil},
		"a key twice":        {origin, []log.Key{key, key}},
		"a cosigner's key":   {origin, []log.Key{cosigner}},
		"too many keys":      {origin, many},
		"a key without form": {origin, []log.Key{{Name: "x"}}},
	} {
		if _, err := s.Add(t.Context(), c.origin, c.keys, true); !errors.Is(err, witness.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if logs, err := s.Logs(); err != nil || len(logs) != 0 {
		t.Errorf("%d logs, %v", len(logs), err)
	}
	if _, err := s.Add(t.Context(), "go.sum database tree", many[:16], false); err != nil {
		t.Errorf("an origin with spaces: %v", err)
	}
}

// A file that was damaged or that somebody has changed is not believed, and nothing
// is cosigned after it.
func TestDamagedStateIsNotBelieved(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 7))
	files, err := filepath.Glob(filepath.Join(b.dir, "logs", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	l, err := b.state.Load(origin)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		out := strings.Replace(string(good), old, new, 1)
		if out == string(good) {
			t.Fatalf("%q is not in it", old)
		}
		return []byte(out)
	}
	for name, file := range map[string][]byte{
		"empty":              {},
		"cut off":            good[:len(good)-40],
		"another size":       replace(`\n7\n`, `\n6\n`),
		"another root":       replace(string(l.Note[len(origin)+3:len(origin)+8]), "AAAAA"),
		"another origin":     replace(`"origin": "log`, `"origin": "lob`),
		"no checkpoint":      replace(`"time": 1767603600`, `"time": 0`),
		"an unknown member":  replace(`"time"`, `"extra": 1, "time"`),
		"a member twice":     replace(`"time"`, `"time": 1, "time"`),
		"no key":             replace(l.Keys[0].String(), ""),
		"too large":          append(good[:len(good)-3:len(good)-3], strings.Repeat(" ", 1<<20)...),
		"something after it": append(good[:len(good):len(good)], '{'),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(files[0], file, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, r := range []*log.AddCheckpoint{b.request(0, 8), b.request(6, 8), b.request(7, 8)} {
				resp := b.post(r.Marshal())
				if got := text(resp); resp.StatusCode != 500 || strings.Contains(got, "—") || strings.Contains(got, b.dir) {
					t.Errorf("%d: %s", resp.StatusCode, got)
				}
			}
			if resp := b.read(origin); resp.StatusCode != 500 {
				t.Errorf("read: %d", resp.StatusCode)
			}
			if _, err := b.state.Add(t.Context(), origin, []log.Key{b.key}, true); err == nil {
				t.Error("added over it")
			}
			if got, err := os.ReadFile(files[0]); err != nil || string(got) != string(file) {
				t.Error("the damaged file was written")
			}
		})
	}
	if err := os.WriteFile(files[0], good, 0o600); err != nil {
		t.Fatal(err)
	}
	b.cosigned(b.request(7, 8))
	// Nor one that is whole, and of another log.
	if err := os.WriteFile(filepath.Join(b.dir, "logs", witness.OriginHash("elsewhere.example")+".json"), good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.state.Load("elsewhere.example"); err == nil || !strings.Contains(err.Error(), "has another file") {
		t.Errorf("the file of another log: %v", err)
	}
	// The other logs are none the worse for it.
	b.cosigned(b.request(8, 9))
	if logs, err := b.state.Logs(); len(logs) != 1 || err == nil {
		t.Errorf("%d logs, %v", len(logs), err)
	}
	if resp := b.do(httptest.NewRequest("GET", "/healthz", nil)); resp.StatusCode != 503 {
		t.Errorf("healthz: %d", resp.StatusCode)
	}
}

// A change that is broken off anywhere gives no cosignature, and leaves either what
// was or what was to be. Whichever, the log goes on from there.
func TestFaultAtEachStep(t *testing.T) {
	for i, step := range witness.Steps {
		t.Run(step, func(t *testing.T) {
			b := newBench(t)
			b.cosigned(b.request(0, 7))
			before := b.stored()
			var seen []string
			witness.OnStep(b.state, func(s string) error {
				seen = append(seen, s)
				if s == step {
					return errors.New("broken off at " + step)
				}
				return nil
			})
			resp := b.post(b.request(7, 300).Marshal())
			if got := text(resp); resp.StatusCode != 500 || strings.Contains(got, "—") || strings.Contains(got, "broken") {
				t.Fatalf("%d: %s", resp.StatusCode, got)
			}
			if !slices.Equal(seen, witness.Steps[:i+1]) {
				t.Errorf("steps %v", seen)
			}
			if left, err := filepath.Glob(filepath.Join(b.dir, "logs", "*.new")); err != nil || len(left) > 0 {
				t.Errorf("left on a disk that may be full: %v, %v", left, err)
			}
			witness.OnStep(b.state, func(string) error { return nil })
			switch renamed := i >= slices.Index(witness.Steps, "renamed"); {
			case !renamed && b.stored() != before:
				t.Errorf("the state is %s", b.stored())
			case !renamed:
				b.cosigned(b.request(7, 300))
			default:
				b.refused(b.request(7, 300).Marshal(), 409, "300\n")
				b.cosigned(b.request(300, 300))
			}
			b.refused(ask(newTree(t, "b", 7, 400), 300, 400, b.sign).Marshal(), 422, "")
			b.cosigned(b.request(300, 400))
		})
	}
}
