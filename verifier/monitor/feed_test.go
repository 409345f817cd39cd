package monitor_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// Statements of interest push no misbehaviour out of a feed, whether they come in the
// same cycle or later; and misbehaviour that is open stays, however much is newer.
func TestFeedKeepsMisbehaviour(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 56})
	p.log("log", 600)
	p.other("theirs", 300, 420)
	well := true
	good := p.checkpointOf("log")()
	garbage := p.witness(func() []byte {
		if well {
			return good
		}
		return []byte("hello\n")
	})
	cfg := p.config("log", "    history: true", "    rules: [{name: all, kinds: [request]}]",
		"    witnesses:", "      - {name: w1, url: \""+p.witness(p.checkpointOf("theirs"))+"\"}", "      - {name: w2, url: \""+garbage+"\"}",
		"sinks: [{type: atom, file: feed.atom, link: \"https://watch.example/feed.atom\"}, {type: stdout}]")
	list, _ := p.once(cfg)
	i := slices.IndexFunc(list, func(a *monitor.Alarm) bool { return a.Class == monitor.Misbehaviour })
	if i < 0 || len(list) <= 201 {
		t.Fatalf("%d alarms, %q", len(list), codes(list))
	}
	fork := list[i]
	entries := func() (of map[string]int, fork1 bool) {
		t.Helper()
		b, err := os.ReadFile(p.path("feed.atom"))
		if err != nil {
			t.Fatal(err)
		}
		of = make(map[string]int)
		for _, c := range monitor.Classes {
			of[string(c)] = bytes.Count(b, fmt.Appendf(nil, "<category term=%q>", c))
		}
		return of, bytes.Contains(b, []byte("urn:pledgelog:alarm:"+fork.ID+":raised"))
	}
	if of, has := entries(); !has || of["interest"] != 200 {
		t.Errorf("in its cycle: %v, %v", of, has)
	}

	// As if 250 others had come and gone since.
	b, err := os.ReadFile(p.path("state/feed-atom.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Alarms []*monitor.Alarm `json:"alarms"`
	}
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	for n := range 250 {
		other := *fork
		other.ID = strings.Repeat("0", 24) + fmt.Sprintf("%08x", n)
		kept.Alarms = slices.Insert(kept.Alarms, 0, &other)
	}
	if b, err = json.Marshal(kept); err != nil {
		t.Fatal(err)
	}
	p.write("state/feed-atom.json", b)
	well = false
	list, _ = p.once(cfg)
	want(t, "garbage", list, "raised/infrastructure/copy-not-believed")
	if of, has := entries(); !has || of["misbehaviour"] != 201 || of["infrastructure"] != 1 || of["interest"] != 200 {
		t.Errorf("it is open: %v, %v", of, has)
	}
	if err := cfg.Acknowledge(fork.ID, "", p.now); err != nil {
		t.Fatal(err)
	}
	well = true
	p.once(cfg)
	if of, has := entries(); has || of["misbehaviour"] != 200 {
		t.Errorf("it is acknowledged: %v, %v", of, has)
	}
}
