package monitor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// forks are the alarms on forks that were raised.
func forks(list []*monitor.Alarm) []*monitor.Alarm {
	return slices.DeleteFunc(slices.Clone(list), func(a *monitor.Alarm) bool { return a.Code != "log-forked" || a.Event != monitor.Raised })
}

func (p *place) bundles() int {
	files, err := filepath.Glob(p.path("state/evidence/*.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(files)
}

// Another fork is told of, though the first is acknowledged; one side of it that grows is
// none.
func TestSecondForkIsTold(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 61})
	p.log("log", 400)
	p.other("theirs", 300, 400)
	cfg := p.config("log", "    mirrors: [{name: m1, url: theirs}]")
	list, out := p.once(cfg)
	first := forks(list)
	if len(first) != 1 || !out.Proved {
		t.Fatalf("the first: %q, %+v", codes(list), out)
	}
	if err := cfg.Acknowledge(first[0].ID, "known", p.now); err != nil {
		t.Fatal(err)
	}
	p.log("log", 401)
	list, out = p.once(cfg)
	if len(forks(list)) != 0 || out.Proved || p.bundles() != 1 {
		t.Errorf("the log grew beside it: %q, %+v, %d bundles", codes(list), out, p.bundles())
	}
	p.log("log", 500)
	p.other("theirs", 200, 500)
	list, out = p.once(cfg)
	second := forks(list)
	if len(second) != 1 || !out.Proved || out.Open[monitor.Misbehaviour]["new"] != 1 || out.Open[monitor.Misbehaviour]["acknowledged"] != 1 {
		t.Fatalf("the second: %q, %+v", codes(list), out)
	}
	if second[0].ID == first[0].ID || second[0].Evidence == first[0].Evidence || p.bundles() != 2 {
		t.Errorf("ids %s and %s, %d bundles", first[0].ID, second[0].ID, p.bundles())
	}
	if _, err := os.Stat(second[0].Evidence); err != nil {
		t.Error(err)
	}
	list, out = p.once(cfg)
	if len(forks(list)) != 0 || !out.Proved || p.bundles() != 2 {
		t.Errorf("again: %q, %+v, %d bundles", codes(list), out, p.bundles())
	}
}

// A log that itself goes over to another side twice forked twice, although it keeps no
// archive of its checkpoints that would show it.
func TestLogThatForksTwice(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 62})
	p.log("log", 400)
	forget := func() {
		if err := os.RemoveAll(p.path("log/checkpoints")); err != nil {
			t.Fatal(err)
		}
	}
	forget()
	cfg := p.config("log")
	list, _ := p.once(cfg)
	want(t, "before", list, "raised/infrastructure/archive-missing")
	for i, gone := range []int{300, 200} {
		p.other("log", gone, 420+i)
		forget()
		list, out := p.once(cfg)
		told := forks(list)
		if len(told) == 0 || !out.Proved || p.bundles() < i+1 {
			t.Fatalf("fork %d: %q, %+v, %d bundles", i+1, codes(list), out, p.bundles())
		}
		open, err := cfg.Open()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range open {
			if err := cfg.Acknowledge(a.ID, "", p.now); err != nil {
				t.Fatal(err)
			}
		}
		if list, out = p.once(cfg); len(forks(list)) != 0 || out.Proved || out.Differs {
			t.Errorf("again: %q, %+v", codes(list), out)
		}
	}
}

// Of many forks bundles are kept as far as a day has room; the alarm says so of the
// others, and they are held until there is.
func TestManyForks(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 63})
	p.log("log", 600)
	more := []string{"    mirrors:"}
	for i := range 11 {
		p.other(fmt.Sprintf("theirs%d", i), 100+i, 400+i)
		more = append(more, fmt.Sprintf("      - {name: m%d, url: theirs%d}", i, i))
	}
	cfg := p.config("log", more...)
	list, _ := p.once(cfg)
	count := func(list []*monitor.Alarm) (kept, not int) {
		for _, a := range forks(list) {
			if a.Proof == monitor.ProofBundle {
				kept++
			} else {
				not++
			}
		}
		return kept, not
	}
	if kept, not := count(list); kept != 8 || not != 1 || p.bundles() != 8 {
		t.Fatalf("%d with a bundle, %d without, %d bundles: %q", kept, not, p.bundles(), codes(list))
	}
	list, _ = p.once(cfg)
	if len(forks(list)) != 0 || p.bundles() != 8 {
		t.Errorf("again: %q, %d bundles", codes(list), p.bundles())
	}
	// Nobody shows them any more.
	for i := range 11 {
		p.log(fmt.Sprintf("theirs%d", i), 600)
	}
	p.now = p.now.Add(25 * time.Hour)
	list, out := p.once(cfg)
	if kept, not := count(list); kept != 3 || not != 0 || p.bundles() != 11 || !out.Proved {
		t.Errorf("a day later: %d with a bundle, %d without, %d bundles", kept, not, p.bundles())
	}
	list, _ = p.once(cfg)
	want(t, "all are kept", list, "ended/misbehaviour/log-forked")
	// There is no end of it.
	p.other("theirs0", 50, 500)
	p.now = p.now.Add(25 * time.Hour)
	list, _ = p.once(cfg)
	if kept, _ := count(list); kept != 1 || p.bundles() != 12 {
		t.Errorf("another one: %q, %d bundles", codes(list), p.bundles())
	}
}
