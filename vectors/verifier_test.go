package vectors_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/vectors"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestLogs audits each log.
func TestLogs(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(dir, "logs", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no logs (%v)", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			want := read[vectors.Log](t, filepath.Join("logs", name, "expected.json"))
			report := audit(t, path, auditing(t, path))
			got := vectors.Log{About: want.About, Unverified: want.Unverified, Altered: want.Altered, Result: string(report.Result), AsOf: report.AsOf, Statements: verdicts(report.Statements), Findings: sorted(report.Findings)}
			if report.Undecided != nil {
				got.Undecided = string(report.Undecided.Code)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s", diff)
			}
		})
	}
}

// auditing is what an audit of a log's folder is told.
func auditing(t *testing.T, path string) verifier.Config {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path, "charter-id"))
	if err != nil {
		t.Fatal(err)
	}
	charter, err := entry.ParseID(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = os.ReadFile(filepath.Join(path, "policy.txt")); err != nil {
		t.Fatal(err)
	}
	return verifier.Config{Policy: policy(t, b), Charter: charter}
}

func audit(t *testing.T, path string, cfg verifier.Config) *verifier.Report {
	t.Helper()
	cfg.Source = log.DirSource(filepath.Join(path, "log"))
	report, err := verifier.Audit(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func verdicts(s verifier.Statements) map[string]int {
	out := make(map[string]int)
	for verdict, n := range map[string]uint64{vectors.Accepted: s.Accepted, vectors.Rejected: s.Rejected, vectors.Duplicate: s.Duplicate, vectors.Malformed: s.Malformed} {
		if n > 0 {
			out[verdict] = int(n)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func sorted(list []pledge.Finding) []vectors.Found {
	out := findings(list)
	if out == nil {
		out = []vectors.Found{}
	}
	return out
}

// TestDamage audits logs in which something was changed.
func TestDamage(t *testing.T) {
	for _, v := range file[vectors.Damage](t, "damage.json") {
		t.Run(v.Name, func(t *testing.T) {
			good := filepath.Join(dir, "logs", v.Of)
			cfg := auditing(t, good)
			if v.Charter != nil {
				cfg.Charter = entry.ID{}
				if *v.Charter != "" {
					id, err := entry.ParseID(*v.Charter)
					if err != nil {
						t.Fatal(err)
					}
					cfg.Charter = id
				}
			}
			if v.Policy != nil {
				cfg.Policy = policy(t, v.Policy)
			}
			if v.AsOf != "" {
				at, err := entry.ParseTime(v.AsOf)
				if err != nil {
					t.Fatal(err)
				}
				cfg.AsOf = &at
			}
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			for _, c := range v.Changes {
				change(t, filepath.Join(copied, filepath.FromSlash(c.Path)), c)
			}
			report := audit(t, copied, cfg)
			got := vectors.Damage{Result: string(report.Result), Findings: sorted(report.Findings)}
			if report.Undecided != nil {
				got.Undecided = string(report.Undecided.Code)
			}
			want := vectors.Damage{Result: v.Result, Undecided: v.Undecided, Findings: v.Findings}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s", diff)
			}
		})
	}
}

func change(t *testing.T, path string, c vectors.Change) {
	t.Helper()
	if c.Remove {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	b := []byte(c.Write)
	if c.Write == nil {
		var err error
		if b, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if c.Flip != nil {
			at := *c.Flip
			if at < 0 {
				at += len(b)
			}
			b[at] ^= 1
		}
		b = b[:len(b)-c.Cut]
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
