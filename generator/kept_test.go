package generator_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// Logs that were written by earlier versions are audited alike by this one, for
// ever: the same result, findings and statuses. Wording may change, and a report
// may say more.
func TestKeptLogs(t *testing.T) {
	dirs, err := filepath.Glob("../testdata/logs/*/expected.json")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no kept logs (%v)", err)
	}
	for _, expected := range dirs {
		dir := filepath.Dir(expected)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			policy, err := log.ParsePolicy(read(t, dir, "policy.txt"))
			if err != nil {
				t.Fatal(err)
			}
			charter, err := entry.ParseID(strings.TrimSpace(string(read(t, dir, "charter-id"))))
			if err != nil {
				t.Fatal(err)
			}
			report, err := verifier.Audit(t.Context(), verifier.Config{
				Source: log.DirSource(filepath.Join(dir, "log")), Policy: policy, Charter: charter,
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := report.JSON()
			if err != nil {
				t.Fatal(err)
			}
			var want, have any
			if err := json.Unmarshal(read(t, dir, "expected.json"), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(got, &have); err != nil {
				t.Fatal(err)
			}
			leaveOut(have, laterChecks[filepath.Base(dir)])
			leaveOutSteps(have, want)
			holdAlike(t, "report", want, have)
		})
	}
}

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// laterChecks are the codes of findings that a kept log gives by checks which
// came after it.
var laterChecks = map[string][]string{
	"01-first-step": {"directory-overdue"}, // it was logged before there were directories
	// Corrections were not told, and seals of over two years not held to the charter.
	"02-every-kind": {"corrected", "sealed-too-long"},
}

// laterSteps are those that reports have since the kept logs were written.
var laterSteps = []any{"directories", "promises"}

// leaveOutSteps takes these away where the kept report has none of them.
func leaveOutSteps(have, want any) {
	name := func(step any) any { return step.(map[string]any)["name"] }
	kept := want.(map[string]any)["steps"].([]any)
	m := have.(map[string]any)
	m["steps"] = slices.DeleteFunc(m["steps"].([]any), func(s any) bool {
		return slices.Contains(laterSteps, name(s)) && !slices.ContainsFunc(kept, func(k any) bool { return name(k) == name(s) })
	})
}

func leaveOut(report any, codes []string) {
	r := report.(map[string]any)
	r["findings"] = slices.DeleteFunc(r["findings"].([]any), func(f any) bool {
		return slices.Contains(codes, f.(map[string]any)["code"].(string))
	})
}

// wording is what may be said in other words.
var wording = map[string]bool{"text": true, "title": true, "notChecked": true}

// holdAlike wants have to say all that want says.
func holdAlike(t *testing.T, path string, want, have any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			t.Errorf("%s is %v", path, have)
			return
		}
		for k, v := range w {
			if !wording[k] {
				holdAlike(t, path+"."+k, v, h[k])
			}
		}
	case []any:
		h, ok := have.([]any)
		if !ok || len(h) != len(w) {
			t.Errorf("%s has %d elements, had %d", path, len(h), len(w))
			return
		}
		for i := range w {
			holdAlike(t, fmt.Sprintf("%s[%d]", path, i), w[i], h[i])
		}
	default:
		if want != have {
			t.Errorf("%s is %v, was %v", path, have, want)
		}
	}
}

// The kept log of every kind has each of them, in both lanes, and keys of every
// algorithm.
func TestKeptEveryKind(t *testing.T) {
	dir := log.DirSource("../testdata/logs/02-every-kind/log")
	kinds, algs := map[entry.Kind]int{}, map[string]int{}
	leaves := log.NewTileReader(dir).Leaves(t.Context(), 0, 340, 340)
	for _, some := range leaves.All() {
		for _, leaf := range some {
			st := pledge.Read(0, leaf).Statement
			kinds[st.Kind]++
			for _, set := range keySets(st) {
				for _, k := range set.Keys {
					algs[k.Alg+" "+k.Use]++
				}
			}
		}
	}
	if err := leaves.Err(); err != nil {
		t.Fatal(err)
	}
	for _, k := range entry.Kinds {
		if kinds[k] == 0 {
			t.Errorf("no %s: %v", k, kinds)
		}
	}
	if len(algs) != 6 {
		t.Errorf("keys: %v", algs)
	}
}
