package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A server whose answers never end is left.
func TestAnswersWithoutEnd(t *testing.T) {
	s := newStage(t)
	var pages atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/signatories/secretariat/chain", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", client.TypeJSON)
		for chunk := strings.Repeat(" ", 1<<20); ; {
			if _, err := w.Write([]byte(chunk)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("GET /api/v1/entries", func(w http.ResponseWriter, _ *http.Request) {
		send(t, w, 200, client.EntryPage{Size: 10, Next: fmt.Sprint(pages.Add(1)), Entries: []client.Entry{{Verdict: pledge.Rejected}}})
	})
	s.server.Config.Handler = mux
	a := newApp(strings.NewReader(""), new(strings.Builder), new(strings.Builder))
	r, err := a.open(nil, s.server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.accord(t.Context(), "acme", 1, everything); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("the chain: %v", err)
	}
	slots := &slotter{remote: r, folder: &slotFolder{author: "acme"}}
	if err := slots.findHead(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 1000 slots") {
		t.Errorf("the slots: %v", err)
	}
}

// A server that gives what is not so, of the secretariat, is not believed.
func TestAccordIsProved(t *testing.T) {
	lie := func(change func(s *stage, c *client.Chain)) error {
		s := newStage(t)
		s.admit(1, s.author)
		honest := s.mux
		s.mux = http.NewServeMux()
		s.mux.HandleFunc("GET /api/v1/signatories/secretariat/chain", func(w http.ResponseWriter, _ *http.Request) {
			c := s.chainOf(entry.AuthorSecretariat, 0, uint64(len(s.log.leaves))-1)
			change(s, &c)
			send(t, w, 200, c)
		})
		s.mux.Handle("/", honest)
		s.server.Config.Handler = s.mux
		policy, err := readPolicy(filepath.Join(s.dir, "policy.txt"))
		if err != nil {
			t.Fatal(err)
		}
		a := newApp(strings.NewReader(""), new(strings.Builder), new(strings.Builder))
		a.http = client.Options{Backoff: time.Millisecond, Attempts: 1}
		a.sleep = func(context.Context, time.Duration) error { return nil }
		r, err := a.open(policy, s.server.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.accord(t.Context(), "acme", uint64(len(s.log.leaves)), everything)
		return err
	}
	if err := lie(func(*stage, *client.Chain) {}); err != nil {
		t.Fatalf("the truth: %v", err)
	}
	for name, c := range map[string]struct {
		change func(s *stage, c *client.Chain)
		want   string
	}{
		"a leaf of its own": {func(_ *stage, c *client.Chain) {
			leaf, err := entry.ParseLeaf(c.Entries[1].Leaf)
			if err != nil {
				t.Fatal(err)
			}
			leaf.Logged++
			c.Entries[1].Leaf = leaf.Marshal()
		}, "the statements of secretariat: "},
		"another index":               {func(_ *stage, c *client.Chain) { c.Entries[1].Index-- }, "the statements of secretariat: "},
		"no proof":                    {func(_ *stage, c *client.Chain) { c.Entries[1].Path = nil }, "the statements of secretariat: "},
		"a proof in another form":     {func(_ *stage, c *client.Chain) { c.Entries[1].Path[0] = []byte{1} }, "in another form"},
		"too few witnesses":           {func(s *stage, c *client.Chain) { c.Checkpoint = string(s.log.checkpoint(1, s.now.Unix()).Marshal()) }, "the statements of secretariat: "},
		"another size":                {func(_ *stage, c *client.Chain) { c.Size++ }, "its checkpoint"},
		"no charter":                  {func(_ *stage, c *client.Chain) { c.Entries = c.Entries[1:] }, "is rejected: charter-missing"},
		"nothing":                     {func(_ *stage, c *client.Chain) { c.Entries = nil }, "gives no charter"},
		"one statement twice":         {func(_ *stage, c *client.Chain) { c.Entries = append(c.Entries, c.Entries[1]) }, "is duplicate"},
		"an answer that stays behind": {func(_ *stage, c *client.Chain) { c.Size = 1 }, "its answers cover 1"},
	} {
		if err := lie(c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
