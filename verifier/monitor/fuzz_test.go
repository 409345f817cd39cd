package monitor_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// FuzzParseConfig: a configuration is taken, or refused with a hint for every problem.
func FuzzParseConfig(f *testing.F) {
	w := generator.New(generator.Options{Seed: 73, Witnesses: 2, Quorum: 1})
	w.Log(w.Found())
	dir := f.TempDir()
	for name, b := range map[string][]byte{
		"policy.txt": w.Policy.Marshal(), "webhook-secret": []byte("0123456789abcdef0123456789abcdef\n"), "mail-password": []byte("0123456789abcdef\n"), "heartbeat-url": []byte("https://alive.watch.example/0123\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			f.Fatal(err)
		}
	}
	page, err := os.ReadFile("../../docs/monitor.md")
	if err != nil {
		f.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ = strings.Cut(example, "```\n")
	bad, err := os.ReadFile("testdata/bad-config.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(example))
	for _, part := range strings.Split(string(bad), "\n## ")[1:] {
		_, rest, _ := strings.Cut(part, "\n")
		for strings.HasPrefix(rest, "= ") || strings.HasPrefix(rest, "! ") {
			_, rest, _ = strings.Cut(rest, "\n")
		}
		f.Add([]byte(strings.ReplaceAll(rest, "CHARTER", w.Charter.String())))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if strings.Contains(string(b), "/dev") || strings.Contains(string(b), "/proc") {
			return // it names files, and these do not end
		}
		c, err := monitor.ParseConfig(filepath.Join(dir, "monitor.yaml"), b, func(string) string { return "https://hook.watch.example/0123" })
		if err == nil {
			if len(c.Logs) == 0 {
				t.Errorf("%q watches nothing and was taken", b)
			}
			return
		}
		var wrong *monitor.Problems
		if !errors.As(err, &wrong) || len(wrong.List) == 0 {
			t.Fatalf("an error of another kind: %v", err)
		}
		for _, one := range wrong.List {
			if one.Hint == "" || one.Text == "" || one.Line < 0 || one.Line > 1+strings.Count(string(b), "\n") {
				t.Errorf("%q: a problem without a hint or a line of the file: %+v", b, one)
			}
		}
	})
}
