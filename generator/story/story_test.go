package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
)

func TestUsage(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args string
		code int
		says string
	}{
		{"--help", 0, "--statements"},
		{"", 2, "--out is missing"},
		{"--out x y", 2, "hint:"},
		{"--statements 10 --out x", 2, "no room"},
		{"--statements 100 --witnesses 2 --quorum 3 --out x", 2, "--quorum 3"},
		{"--statements 100 --world other --out x", 2, "plain, everyday, every-kind"},
		{"--statements 100 --world every-kind --out x", 2, "no room for every kind"},
		{"--none", 2, "hint:"},
		{"--out " + full, 1, "is not empty"},
	} {
		var out, errs bytes.Buffer
		code := run(strings.Fields(tc.args), &out, &errs)
		if code != tc.code || !strings.Contains(out.String()+errs.String(), tc.says) {
			t.Errorf("story %s: exit %d, says %q; want %d and %q", tc.args, code, out.String()+errs.String(), tc.code, tc.says)
		}
	}
}

// The plan names every file and key that it needs, in the order of time, and
// nothing that is filled in later: the log tells seq, prev and counts.
func TestPlan(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if code := run([]string{"--out", dir, "--keys", "../k"}, &out, &out); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	keys := map[string]string{"operator": entry.UseStatement} // use by name
	for _, k := range lines(t, dir, "keys.txt") {
		name, use, _ := strings.Cut(k, "\t")
		keys[name] = use
	}
	plan := lines(t, dir, "plan.tsv")
	if len(plan) < 200 {
		t.Errorf("%d lines", len(plan))
	}
	signatories, twoOfTwo, last := 0, 0, int64(0)
	kinds, count := map[string]string{}, map[string]int{} // by number
	numbered, logged := 0, 0
	for i, line := range plan {
		f := strings.Split(line, "\t")
		if len(f) != 8 {
			t.Fatalf("line %d: %q", i+1, line)
		}
		when, err := entry.ParseTime(f[1])
		if err != nil || when <= last {
			t.Errorf("line %d: time %s (%v)", i+1, f[1], err)
		}
		last = when
		if f[2] == "directory" {
			count[f[2]]++
			if f[0] != "-" || f[7] != strconv.Itoa(logged) {
				t.Errorf("line %d, after %d entries: %q", i+1, logged, line)
			}
			logged++
			continue
		}
		if f[0] != number(numbered) {
			t.Fatalf("line %d: %q", i+1, line)
		}
		numbered++
		if f[2] != "keep" {
			logged++
		}
		kinds[f[0]] = f[2]
		count[f[2]]++
		for _, k := range strings.Split(f[5], ",") {
			if use, made := keys[k]; !made && k != "-" || use == entry.UseSlot && f[2] != "slot" && f[2] != "admit" && f[2] != "keys" {
				t.Errorf("line %d: a %s is signed by key %s of use %q", i+1, f[2], k, use)
			}
		}
		if i == 0 && (f[2] != "charter" || f[5] != "secretariat-1,secretariat-2,secretariat-3,recovery-1,recovery-2,operator") {
			t.Errorf("the first line is %s", line)
		}
		needs := map[string]bool{}
		if f[6] != "-" {
			for _, n := range strings.Split(f[6], ",") {
				needs[n] = true
				if kinds[n] == "" || n == f[0] {
					t.Errorf("line %d needs %s, which is not before it", i+1, n)
				}
			}
		}
		if want := map[string]string{"decision": "request tell", "open": "request decision", "tell": "keep", "reply": "challenge"}[f[2]]; want != "" && !strings.Contains(want, kinds[f[6]]) {
			t.Errorf("line %d: a %s needs a %s", i+1, f[2], kinds[f[6]])
		}
		if f[4] == "-" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f[4]))
		if err != nil {
			t.Error(err)
		}
		if f[2] == "admit" && bytes.Contains(text, []byte("role: signatory")) {
			signatories++
			if bytes.Contains(text, []byte("threshold: 2")) {
				twoOfTwo++
			}
		}
		for at, named := range bytes.Split(text, []byte(`"@`)) {
			if n := string(named[:min(3, len(named))]); at > 0 && !needs[n] {
				t.Errorf("%s names %s, which line %d does not need", f[4], n, i+1)
			}
		}
		for _, never := range []string{"seq", "prev", "logged", "salt"} {
			if bytes.Contains(text, []byte("\n"+never+":")) {
				t.Errorf("%s has %s", f[4], never)
			}
		}
	}
	if signatories < 8 || twoOfTwo == 0 {
		t.Errorf("%d signatories, %d that sign with two keys", signatories, twoOfTwo)
	}
	for _, want := range []string{"keep", "tell", "slot", "open", "amend", "standing", "keys", "succeed", "correct", "challenge", "reply", "erasure", "directory"} {
		if count[want] == 0 {
			t.Errorf("no %s: %v", want, count)
		}
	}
}

func lines(t *testing.T, elem ...string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func TestScalar(t *testing.T) {
	for in, want := range map[string]string{
		"refused": "refused", "us-nsl": "us-nsl", "no": `"no"`, "Null": `"Null"`, "2025-02": `"2025-02"`, "010": `"010"`,
		"a: b": `"a: b"`, `say "x" \ y`: `"say \"x\" \\ y"`, "é – 中文": `"é – 中文"`, "- x": `"- x"`, "two\nlines": `"two\nlines"`,
	} {
		if got := scalar(in); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}
