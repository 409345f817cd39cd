package monitor_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// A fork that is proved when nobody shows its other side any more is told of, although
// the first cycle that proves it could not: the checkpoint was held, and still is.
func TestForkThatNobodyShowsAnyMore(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(p *place, cfg *monitor.Config, interrupt *func()) (restore func())
	}{
		{"evidence can't be written", func(p *place, cfg *monitor.Config, _ *func()) func() {
			p.write("state/evidence", []byte("no folder"))
			list, out := p.once(cfg)
			want(p.t, "spoilt", list, "raised/infrastructure/evidence-not-kept")
			if out.Proved {
				p.t.Error("it is proved without a bundle")
			}
			return func() {
				if err := os.Remove(p.path("state/evidence")); err != nil {
					p.t.Fatal(err)
				}
			}
		}},
		{"interrupted in the audit", func(p *place, cfg *monitor.Config, interrupt *func()) func() {
			ctx, cancel := context.WithCancel(p.t.Context())
			defer cancel()
			*interrupt = cancel
			m, err := monitor.New(cfg, monitor.Options{Now: func() time.Time { return p.now }, Limits: p.limits})
			if err != nil {
				p.t.Fatal(err)
			}
			defer m.Close()
			if _, err := m.Once(ctx); err == nil {
				p.t.Fatal("the cycle was whole")
			}
			if files, err := filepath.Glob(p.path("state/evidence/*.json")); err != nil || len(files) != 1 {
				p.t.Errorf("the proof was not kept before the audit: %q, %v", files, err)
			}
			return func() { *interrupt = func() {} }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t, 601, generator.Options{Seed: 45})
			p.log("log", 350)
			p.other("theirs", 300, 420)
			show := p.checkpointOf("theirs")
			interrupt := func() {}
			files := http.FileServer(http.Dir(p.path("log")))
			url := p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/tile/entries/") {
					interrupt()
				}
				files.ServeHTTP(w, r)
			}))
			cfg := p.config(url, "    witnesses:", "      - {name: w1, url: \""+p.witness(func() []byte { return show() })+"\"}")
			list, _ := p.once(cfg)
			want(t, "without tiles of the larger", list)
			p.log("log", 600)
			show = p.checkpointOf("log")
			restore := c.spoil(p, cfg, &interrupt)
			restore()
			list, out := p.once(cfg)
			if !slices.Contains(codes(list), "raised/misbehaviour/log-forked") || !out.Proved {
				t.Fatalf("it is forgotten: %q, %+v", codes(list), out)
			}
			if b, err := os.ReadFile(p.path("state/logs/hall/monitor.seen.json")); err != nil || strings.Contains(string(b), "note") {
				t.Errorf("it is still held: %s, %v", b, err)
			}
			list, out = p.once(cfg)
			if len(list) != 0 || !out.Proved {
				t.Errorf("again: %q, %+v", codes(list), out)
			}
		})
	}
}

// A bundle on a rule break that could not be written is tried again until it is kept;
// the sinks are then told of it under an id that they don't have.
func TestRuleBreakIsTriedAgain(t *testing.T) {
	p := newPlace(t, 300, generator.Options{Seed: 41})
	s := p.log("log", 300)
	entries, err := s.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Rewrite(append(slices.Clone(entries), entries[200]), false); err != nil {
		t.Fatal(err)
	}
	p.write("state/evidence", []byte("no folder"))
	cfg := p.config("log")
	first, out := p.once(cfg)
	want(t, "spoilt", first, "raised/misbehaviour/logged-decreases", "raised/misbehaviour/statement-duplicate", "raised/infrastructure/evidence-not-kept")
	list, _ := p.once(cfg)
	want(t, "still", list)
	if err := os.Remove(p.path("state/evidence")); err != nil {
		t.Fatal(err)
	}
	list, out = p.once(cfg)
	want(t, "room again", list, "raised/misbehaviour/logged-decreases", "ended/misbehaviour/logged-decreases", "ended/infrastructure/evidence-not-kept")
	if !out.Proved {
		t.Errorf("%+v", out)
	}
	for _, a := range list {
		if a.Code != "logged-decreases" {
			continue
		}
		known := slices.ContainsFunc(first, func(b *monitor.Alarm) bool { return b.ID == a.ID })
		if known != (a.Event == monitor.Ended) || (a.Evidence != "") != (a.Event == monitor.Raised) {
			t.Errorf("%s under %s, evidence %q", a.Event, a.ID, a.Evidence)
		}
		if a.Event == monitor.Raised {
			if _, err := os.Stat(a.Evidence); err != nil {
				t.Error(err)
			}
		}
	}
	list, out = p.once(cfg)
	if len(list) != 0 || !out.Proved {
		t.Errorf("again: %q, %+v", codes(list), out)
	}
}
