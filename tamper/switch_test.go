package tamper_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// off puts a condition behind a switch: « » stand around one that finds something,
// ‹ › around one that finds all in order. The source must stand once in a file.
func off(text, source, name string) (string, error) {
	format := "%s!checkIsOff(%q) && (%s)%s"
	before, rest, ok := strings.Cut(source, "«")
	cond, after, _ := strings.Cut(rest, "»")
	if !ok {
		format = "%s(checkIsOff(%q) || %s)%s"
		before, rest, _ = strings.Cut(source, "‹")
		cond, after, _ = strings.Cut(rest, "›")
	}
	return replaced(text, before+cond+after, fmt.Sprintf(format, before, name, cond, after))
}

func replaced(text, old, new string) (string, error) {
	if n := strings.Count(text, old); n != 1 {
		return text, fmt.Errorf("its source stands %d times there, not once: %s", n, old)
	}
	return strings.Replace(text, old, new, 1), nil
}

// remembered are functions that verify signatures, and what stands in their place
// where many cases are gone through: there the same good signatures are met a thousand
// times, and to verify them takes most of the time. TestTamper at few places does
// without this.
var remembered = []struct{ file, source, instead, added string }{
	{"entry/batch.go", "func VerifyAll(checks []Check) []bool {", "func verifyAllAnew(checks []Check) []bool {", `package entry

import (
	"crypto/sha256"
	"sync"
)

var verified sync.Map

// VerifyAll is verifyAllAnew for signatures that it was not given before.
func VerifyAll(checks []Check) []bool {
	ok := make([]bool, len(checks))
	var anew []Check
	var ids [][32]byte
	var places []int
	for i, c := range checks {
		h := sha256.New()
		h.Write(c.Key.ID[:])
		h.Write(c.Sig)
		h.Write([]byte{byte(len(c.Sig)), byte(len(c.Sig) >> 8)})
		h.Write(c.Msg)
		id := [32]byte(h.Sum(nil))
		if was, known := verified.Load(id); known {
			ok[i] = was.(bool)
			continue
		}
		anew, ids, places = append(anew, c), append(ids, id), append(places, i)
	}
	for i, good := range verifyAllAnew(anew) {
		ok[places[i]] = good
		verified.Store(ids[i], good)
	}
	return ok
}
`},
	{"log/cosignature.go", "func alone(public ed25519.PublicKey, message, sig []byte) bool {", "func aloneAnew(public ed25519.PublicKey, message, sig []byte) bool {", `package log

import (
	"crypto/ed25519"
	"fmt"
	"sync"
)

var verified sync.Map

// alone is aloneAnew for signatures that it was not given before.
func alone(public ed25519.PublicKey, message, sig []byte) bool {
	id := fmt.Sprintf("%x %x %q", public, sig, message)
	if was, known := verified.Load(id); known {
		return was.(bool)
	}
	good := aloneAnew(public, message, sig)
	verified.Store(id, good)
	return good
}
`},
	{"eddsa/eddsa.go", "func Strict(checks []Check) bool {", "func strictAnew(checks []Check) bool {", `package eddsa

import (
	"fmt"
	"sync"
)

var verified sync.Map

// Strict is strictAnew for signatures that it did not find good before.
func Strict(checks []Check) bool {
	var anew []Check
	var ids []string
	for _, c := range checks {
		id := fmt.Sprintf("%x %x %q", c.Key, c.Sig, c.Msg)
		if _, known := verified.Load(id); !known {
			anew, ids = append(anew, c), append(ids, id)
		}
	}
	if !strictAnew(anew) {
		return false
	}
	for _, id := range ids {
		verified.Store(id, true)
	}
	return true
}
`},
}

// A copied is a copy of sources that is changed, by path.
type copied struct {
	root  string
	files map[string]string
}

func newCopied(t *testing.T) *copied {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return &copied{root, make(map[string]string)}
}

func (c *copied) change(t *testing.T, file, what string, do func(text string) (string, error)) {
	text, ok := c.files[file]
	if !ok {
		b, err := os.ReadFile(filepath.Join(c.root, file))
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	text, err := do(text)
	if err != nil {
		t.Errorf("%s, %s: %v", what, file, err)
	}
	c.files[file] = text
}

// remember has signatures that were verified once not be verified again.
func (c *copied) remember(t *testing.T) {
	for _, r := range remembered {
		c.change(t, r.file, "signatures", func(text string) (string, error) { return replaced(text, r.source, r.instead) })
		c.files[filepath.ToSlash(filepath.Join(filepath.Dir(r.file), "check_again.go"))] = r.added
	}
}

// switches puts every check behind a switch.
func (c *copied) switches(t *testing.T) {
	for _, k := range checks {
		if k.source == "" {
			continue // see below
		}
		for _, at := range append([]another{{k.file, k.source}}, k.with...) {
			c.change(t, at.file, k.name, func(text string) (string, error) { return off(text, at.source, k.name) })
		}
	}
	values := constants(readSources(t))
	for _, table := range formTables {
		c.change(t, table.file, "forms", func(text string) (string, error) {
			src, err := parseSource(table.file, text)
			if err != nil {
				return text, err
			}
			spots := src.spots(values)
			var edits []edit
			for _, k := range checks {
				if k.source != "" || k.file != table.file {
					continue
				}
				at, err := k.form.spot(spots)
				if err != nil {
					return text, err
				}
				more, err := at.off(src, k.name, k.form.inside)
				if err != nil {
					return text, fmt.Errorf("%s: %w", at, err)
				}
				edits = append(edits, more...)
				if i := strings.Index(text, k.form.behind); k.form.put != "" && i >= 0 {
					edits = append(edits, edit{i + len(k.form.behind), strings.ReplaceAll(k.form.put, "OFF", fmt.Sprintf("checkIsOff(%q)", k.name))})
				}
			}
			return apply(text, edits), nil
		})
	}
	for _, room := range rooms {
		c.files[room+"/check_switch.go"] = "package " + room + "\n\n// CheckOff is the check that is switched off.\nvar CheckOff string\n\nfunc checkIsOff(name string) bool { return name == CheckOff }\n"
	}
}

// compile compiles these tests with the copies in place of the sources, and returns
// the program.
func (c *copied) compile(t *testing.T, tags string) string {
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{make(map[string]string)}
	for path, text := range c.files {
		real := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(real, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(c.root, path)] = real
	}
	if t.Failed() {
		t.FailNow()
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "tamper.test")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "test", "-c", "-tags", tags, "-overlay", file, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// A rowOff is what became of the cases of a check that was switched off.
type rowOff struct {
	Check         int // in checks
	Tried, Unseen int
	Named         int // are found under another code
	Crashed       int // the audit broke down
	Which         []string
}

// parts is how many processes share the checks.
const parts = 2

// TestEachCheckIsNeeded switches off each check in turn: some damage must then go
// unseen, or the check, or its cases, are worthless. The switches are put into a copy
// of the sources with which this test is compiled anew; what ships has none.
func TestEachCheckIsNeeded(t *testing.T) {
	c := newCopied(t)
	c.switches(t)
	c.remember(t)
	program, dir := c.compile(t, "tamper"), t.TempDir()
	rows := make([]rowOff, len(checks))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for part := range parts {
		wg.Go(func() {
			result := filepath.Join(dir, fmt.Sprintf("part-%d.json", part))
			cmd := exec.Command(program, "-test.run=^TestChecksOff$", "-test.timeout=80m", fmt.Sprintf("-tamper.places=%d", *places),
				fmt.Sprintf("-tamper.part=%d", part), "-tamper.result="+result, "-tamper.check="+*onlyCheck)
			out, err := cmd.CombinedOutput()
			var some []rowOff
			if err == nil {
				var b []byte
				if b, err = os.ReadFile(result); err == nil {
					err = json.Unmarshal(b, &some)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("part %d: %v\n%s", part, err, bytes.TrimSpace(out))
			}
			for _, r := range some {
				rows[r.Check] = r
			}
		})
	}
	wg.Wait()
	for i, k := range checks {
		if k.form != nil && k.needs != "" && chosenCheck(k) {
			rows[i] = breaksDown(t, program, i)
		}
	}
	if !t.Failed() {
		printRows(t, rows)
	}
}

// breaksDown switches off a check without which the audit breaks down where nothing
// catches it, in a process of its own.
func breaksDown(t *testing.T, program string, i int) rowOff {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "-test.run=^TestFormOff$", "-tamper.form="+checks[i].name).CombinedOutput()
	r := rowOff{Check: i, Tried: 1}
	if err != nil && bytes.Contains(out, []byte("runtime error")) {
		r.Crashed = 1
	} else {
		t.Logf("%s: %v\n%s", checks[i].name, err, out)
	}
	return r
}

// printRows says which cases went unseen when a check was switched off.
func printRows(t *testing.T, rows []rowOff) {
	var out strings.Builder
	twice, needed := 0, 0
	fmt.Fprintf(&out, "%-50s %-44s cases unseen\n", "check switched off", "codes")
	for i, r := range rows {
		c := checks[i]
		if !chosenCheck(c) {
			continue
		}
		what := fmt.Sprintf("%d: %s", r.Unseen, strings.Join(r.Which, "; "))
		switch {
		case c.needs != "":
			what = fmt.Sprintf("needed: in %d the audit breaks down, as %s", r.Crashed, c.needs)
			needed++
		case r.Unseen == 0:
			what = fmt.Sprintf("none; %d under another code: %s", r.Named, cmp.Or(c.also, "?"))
			twice++
		}
		fmt.Fprintf(&out, "%-50s %-44s %5d %s\n", c.name, strings.Join(c.codes, " "), r.Tried, what)
		ok := r.Unseen > 0
		switch {
		case c.needs != "":
			ok = r.Unseen == 0 && r.Crashed > 0
		case c.also != "":
			ok = r.Unseen == 0 && r.Crashed == 0 && r.Tried > 0
		}
		if !ok {
			t.Errorf("%s can be switched off and %d of %d go unseen, %d under another code, in %d the audit breaks down: it, its cases, or what is said of it is worthless", c.name, r.Unseen, r.Tried, r.Named, r.Crashed)
		}
	}
	fmt.Fprintf(&out, "%d checks: without %d of them something goes unseen, what %d find another one finds too, and without %d the audit breaks down\n", len(checks), len(checks)-twice-needed, twice, needed)
	t.Log("\n" + out.String())
	if path := os.Getenv("TAMPER_CHECKS"); path != "" {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}
