package monitor_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// Each configuration of testdata/bad-config.txt is refused, with the line, and nothing
// that may be secret is repeated.
func TestBadConfigurations(t *testing.T) {
	p := newPlace(t, 5, generator.Options{Seed: 71})
	p.write("monitor.yaml", []byte("state: s\n"))
	b, err := os.ReadFile("testdata/bad-config.txt")
	if err != nil {
		t.Fatal(err)
	}
	env := func(name string) string { return map[string]string{"SHORT": "hunter2"}[name] }
	parts := strings.Split(string(b), "\n## ")[1:]
	if len(parts) < 50 {
		t.Fatalf("only %d cases", len(parts))
	}
	for _, part := range parts {
		name, rest, _ := strings.Cut(part, "\n")
		t.Run(name, func(t *testing.T) {
			var says, never []string
			for strings.HasPrefix(rest, "= ") || strings.HasPrefix(rest, "! ") {
				var line string
				line, rest, _ = strings.Cut(rest, "\n")
				if text, ok := strings.CutPrefix(line, "! "); ok {
					never = append(never, text)
				} else {
					says = append(says, strings.TrimPrefix(line, "= "))
				}
			}
			text := strings.ReplaceAll(rest, "CHARTER", p.world.Charter.String())
			cfg, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(text), env)
			var wrong *monitor.Problems
			if !errors.As(err, &wrong) {
				t.Fatalf("it was taken: %+v, %v", cfg, err)
			}
			said := err.Error() + "\nhint: " + wrong.Hint()
			for _, want := range says {
				if !strings.Contains(said, strings.TrimPrefix(want, ":0: ")) {
					t.Errorf("it does not say %q: %s", want, said)
				}
			}
			for _, one := range wrong.List {
				if one.Hint == "" {
					t.Errorf("no hint with %q", one.Text)
				}
			}
			for _, secret := range never {
				if strings.Contains(said, secret) {
					t.Errorf("it repeats %q: %s", secret, said)
				}
			}
		})
	}
}

// The example of docs/monitor.md is a configuration, and the page has every code.
func TestExampleConfiguration(t *testing.T) {
	b, err := os.ReadFile("../../docs/monitor.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("there is no example")
	}
	if example != monitor.Example {
		t.Error("the example of the page and that of the program are two")
	}
	p := newPlace(t, 5, generator.Options{Seed: 72})
	for _, file := range []string{"webhook-secret", "mail-password"} {
		p.write(file, []byte("0123456789abcdef0123456789abcdef\n"))
	}
	p.write("heartbeat-url", []byte("https://alive.watch.example/0123\n"))
	env := func(string) string { return "https://hook.watch.example/0123" }
	cfg, err := monitor.ParseConfig(p.path("monitor.yaml"), []byte(example), env)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Logs) != 1 || len(cfg.Logs[0].Rules) != 6 || len(cfg.Logs[0].Witnesses) != 3 || !cfg.Logs[0].Witnesses[2].Audits || len(cfg.Sinks) != 4 {
		t.Errorf("it has %+v", cfg)
	}
	lines := strings.Join(cfg.Describe(), "\n")
	for _, has := range []string{"log accord (", "witness auditor: https://witness.east.example/<origin hash>/checkpoint and audit.json", "mirror library: https://mirror.library.example/accord", "by mail to desk@watch.example, through mail.watch.example:587", "the variable PLEDGE_WEBHOOK, signed", "feed /srv/www/alarms.atom", "heartbeat"} {
		if !strings.Contains(lines, has) {
			t.Errorf("it does not say %q:\n%s", has, lines)
		}
	}
	for _, secret := range []string{"hook.watch", "alive.watch", "0123456789abcdef0123"} {
		if strings.Contains(lines, secret) {
			t.Errorf("it says %q", secret)
		}
	}
	for _, code := range monitor.Codes() {
		if !strings.Contains(string(b), "`"+string(code)+"`") {
			t.Errorf("the page has no word on %s", code)
		}
	}
}
