package main

import (
	"bytes"
	"os"
	"path/filepath"
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
	keys := map[string]bool{"operator": true}
	for _, k := range lines(t, dir, "keys.txt") {
		keys[k] = true
	}
	plan := lines(t, dir, "plan.tsv")
	if len(plan) < 120 {
		t.Errorf("%d statements", len(plan))
	}
	signatories, twoOfTwo, last := 0, 0, int64(0)
	kinds := map[string]string{} // by number
	for i, line := range plan {
		f := strings.Split(line, "\t")
		if len(f) != 7 || f[0] != number(i) {
			t.Fatalf("line %d: %q", i+1, line)
		}
		when, err := entry.ParseTime(f[1])
		if err != nil || when <= last {
			t.Errorf("line %d: time %s (%v)", i+1, f[1], err)
		}
		last = when
		kinds[f[0]] = f[2]
		text, err := os.ReadFile(filepath.Join(dir, f[4]))
		if err != nil {
			t.Error(err)
		}
		signers := strings.Split(f[5], ",")
		for _, k := range signers {
			if !keys[k] {
				t.Errorf("line %d: key %s is not in keys.txt", i+1, k)
			}
		}
		if i == 0 && (f[2] != "charter" || f[5] != "secretariat-1,secretariat-2,secretariat-3,recovery-1,recovery-2,operator") {
			t.Errorf("the first line is %s", line)
		}
		if f[2] == "admit" {
			signatories++
			if bytes.Contains(text, []byte("threshold: 2")) {
				twoOfTwo++
			}
		}
		if (f[2] == "decision") != (f[6] != "-") || f[6] != "-" && kinds[f[6]] != "request" || bytes.Contains(text, []byte(`"@`)) != (f[6] != "-") {
			t.Errorf("line %d answers %s", i+1, f[6])
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
