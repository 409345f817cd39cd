package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

func day(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.DateOnly) }

// hashes reads the path of a proof.
func hashes(t *testing.T, path [][]byte) []log.Hash {
	t.Helper()
	out := make([]log.Hash, len(path))
	for i, h := range path {
		if len(h) != log.HashSize {
			t.Fatalf("a hash of %d bytes", len(h))
		}
		copy(out[i][:], h)
	}
	return out
}

// checkChain checks a chain as a reader does who has the policy and no log, and
// returns the statements in it.
func checkChain(t *testing.T, policy *log.Policy, c *client.Chain) []*pledge.Item {
	t.Helper()
	view, err := policy.Open([]byte(c.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	cp := view.Checkpoint
	if cp.Origin != c.Log || cp.Size != c.Size {
		t.Errorf("the chain is of %d entries of %s, its checkpoint of %d of %s", c.Size, c.Log, cp.Size, cp.Origin)
	}
	read := func(l client.ChainLink) *pledge.Item {
		if err := log.VerifyInclusion(l.Index, cp.Size, log.LeafHash(l.Leaf), cp.Root, hashes(t, l.Path)); err != nil {
			t.Fatalf("entry %d: %v", l.Index, err)
		}
		return pledge.Read(l.Index, l.Leaf)
	}
	var items []*pledge.Item
	for i, l := range c.Entries {
		if i > 0 && l.Index <= c.Entries[i-1].Index {
			t.Errorf("entry %d comes after %d", l.Index, c.Entries[i-1].Index)
		}
		items = append(items, read(l))
	}
	d := c.Directory
	if d == nil {
		return items
	}
	if d.Next != nil {
		read(*d.Next)
	}
	if got := d.Next != nil && d.Next.Index == d.Index+1; got != (d.Index+1 < c.Size) {
		t.Errorf("behind directory %d of %d entries: %+v", d.Index, c.Size, d.Next)
	}
	stated := read(d.ChainLink).Statement.Body.(*entry.Directory)
	raw, err := base64.RawURLEncoding.DecodeString(stated.Root)
	if err != nil || len(raw) != log.HashSize || stated.Size != d.Index {
		t.Fatalf("directory %+v: %v", stated, err)
	}
	root := log.Hash(raw)
	for _, r := range d.Rows {
		if err := log.VerifyInclusion(r.Index, d.Count, log.LeafHash(r.Row), root, hashes(t, r.Path)); err != nil {
			t.Errorf("row %d: %v", r.Index, err)
		}
		row, err := entry.ParseRow(r.Row)
		if err != nil {
			t.Fatal(err)
		}
		if row.Author != c.Author {
			continue
		}
		// The row and the statements before the directory say the same.
		seq, head := uint64(0), entry.ID{}
		for _, it := range items {
			if it.Index < d.Index && it.Statement.Author == row.Author && it.Statement.Lane == row.Lane {
				seq, head = it.Statement.Seq, it.Statement.ID
			}
		}
		if row.Seq != seq || row.Head != head {
			t.Errorf("row of lane %s: seq %d and head %s, the chain has %d and %s", row.Lane, row.Seq, row.Head, seq, head)
		}
	}
	return items
}

// TestChain: everything that somebody said, in both lanes, with what it takes to
// judge it, and nothing else, proved under one checkpoint.
func TestChain(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 9, Signatories: 4, Challengers: 1, Slots: entry.SlotsWeek, NoDirectories: true}, apitest.Start)
	w := s.world
	a, b, ng := s.member(0), s.member(1), w.Challengers[0]
	s.mustSubmit(w.Admit(ng))
	if c, err := s.client.Chain(t.Context(), a.ID); err != nil || c.Directory != nil || len(checkChain(t, s.Policy, c)) != 3 {
		t.Errorf("before there is a directory: %+v, %v", c, err)
	}
	s.mustSubmit(w.Slot(a, entry.SlotPeriodAt(entry.SlotsWeek, w.Now())))
	s.mustSubmit(w.Slot(b, entry.SlotPeriodAt(entry.SlotsWeek, w.Now())))
	s.mustSubmit(s.request(b))
	s.mustSubmit(w.Challenge(ng, a, nil, nil))
	s.mustSubmit(w.Standing(a, entry.StandingSuspended, "not-reachable"))
	s.mustSubmit(w.Standing(b, entry.StandingSuspended, "not-reachable"))
	s.mustSubmit(w.Amend(&entry.Amend{GraceDays: 40, From: entry.FormatTime(w.Now() + 86400)}, generator.Amended{}, nil))
	s.mustSubmit(w.Rotate(w.Secretariat, generator.Ring{Keys: w.NewKeys("second secretariat", 2), Threshold: 1}))
	s.mustSubmit(w.Rotate(a, generator.Ring{Keys: w.NewKeys("second a", 2), Threshold: 2, Slot: a.SlotKey}))
	s.mustSubmit(w.Directory())
	s.mustSubmit(s.request(a))
	directory := w.Size()
	s.mustSubmit(w.Directory())
	s.mustSubmit(w.Succeed(b, a))
	s.mustSubmit(s.request(a))

	for _, id := range []string{a.ID, b.ID, ng.ID, "secretariat", "operator"} {
		t.Run(id, func(t *testing.T) {
			c, err := s.client.Chain(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if c.Author != id || c.Size != w.Size() || !c.SimulatedTime || int64(c.AsOf) != w.Now() {
				t.Errorf("chain of %s, %d entries, as of %s", c.Author, c.Size, c.AsOf)
			}
			var got []uint64
			for _, it := range checkChain(t, s.Policy, c) {
				got = append(got, it.Index)
			}
			var want []uint64
			for i, e := range w.Logged {
				it := pledge.Read(uint64(i), e.Leaf)
				if concerns(it.Statement, id) {
					want = append(want, it.Index)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("entries %v, want %v", got, want)
			}
			if c.Directory == nil || c.Directory.Index != directory {
				t.Fatalf("directory %+v, want that of entry %d", c.Directory, directory)
			}
			lanes := map[string]int{}
			for _, r := range c.Directory.Rows {
				row, err := entry.ParseRow(r.Row)
				if err != nil {
					t.Fatal(err)
				}
				lanes[row.Author+" "+row.Lane]++
			}
			wanted := map[string]int{"secretariat main": 1, "operator main": 1, id + " main": 1}
			if id == a.ID || id == b.ID {
				wanted[id+" slot"] = 1
			}
			for name, n := range wanted {
				if lanes[name] != n {
					t.Errorf("%d rows of %s", lanes[name], name)
				}
			}
			if len(lanes) != len(wanted) {
				t.Errorf("rows %v", lanes)
			}
		})
	}
}

// concerns says by the protocol which statements a chain has.
func concerns(st *entry.Statement, id string) bool {
	if st.Author == id || st.Kind == entry.KindCharter || st.Kind == entry.KindAmend {
		return true
	}
	switch b := st.Body.(type) {
	case *entry.Keys:
		return st.Author == entry.AuthorSecretariat
	case *entry.Admit:
		return b.ID == id
	case *entry.Standing:
		return b.Who == id
	case *entry.Succeed:
		return b.From == id || b.To == id
	}
	return false
}

// TestLongChain: a chain of many statements comes whole, while the log grows.
func TestLongChain(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	const n = 400
	var lines bytes.Buffer
	for range n {
		lines.Write(s.say(s.request(a)).Marshal())
		lines.WriteByte('\n')
	}
	for _, l := range s.stream(lines.String()) {
		if l.Problem != nil {
			t.Fatal(l.Problem)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5 {
			st := s.request(a)
			s.world.Log(st)
			s.SetTime(s.world.Now())
			if _, err := s.client.Submit(context.Background(), st.Submission()); err != nil {
				t.Error(err)
			}
		}
	}()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		c, err := s.client.Chain(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if items := checkChain(t, s.Policy, c); len(items) < n+3 || uint64(len(items)) != c.Size {
			t.Errorf("%d entries of %d", len(items), c.Size)
		}
	}
	ans := s.do("HEAD", "/api/v1/signatories/"+a.ID+"/chain", nil, nil)
	if ans.StatusCode != 200 || len(ans.body) != 0 || ans.Header.Get("Content-Type") != client.TypeJSON {
		t.Errorf("HEAD: %d, %d bytes", ans.StatusCode, len(ans.body))
	}
}

// TestChainsAreBounded: who asks for more chains at once than the server writes is
// told to come back; and an answer that breaks off is seen to.
func TestChainsAreBounded(t *testing.T) {
	source := &halting{at: "tile/0/001"}
	s := newServer(t, func(c *api.Config) {
		c.Limits.Chains = 1
		source.Source, c.Source = c.Source, source
	})
	a := s.member(0)
	var lines bytes.Buffer
	for range 600 {
		lines.Write(s.say(s.request(a)).Marshal())
		lines.WriteByte('\n')
	}
	s.stream(lines.String())
	source.reached, source.goOn = make(chan struct{}), make(chan struct{})
	source.on.Store(true)
	broken := make(chan error)
	go func() {
		resp, err := plain.Get(s.URL + "/api/v1/signatories/" + a.ID + "/chain")
		if err != nil {
			broken <- nil
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if len(b) == 0 || json.Unmarshal(b, new(client.Chain)) == nil {
			t.Errorf("%d bytes came, and they are a whole answer", len(b))
		}
		broken <- err
	}()
	<-source.reached
	ans := s.get("/api/v1/signatories/" + a.ID + "/chain")
	if p := ans.problem(t); p.Status != 503 || p.Code != "server-busy" || ans.Header.Get("Retry-After") == "" {
		t.Errorf("a second chain at once: %d %s", p.Status, p.Code)
	}
	close(source.goOn)
	if err := <-broken; err == nil {
		t.Error("an answer that broke off looks whole")
	}
	source.on.Store(false)
	if c, err := s.client.Chain(t.Context(), a.ID); err != nil || len(c.Entries) != 603 {
		t.Errorf("afterwards: %v", err)
	}
}

// halting stops at the first reading of one file, and then can't read it.
type halting struct {
	api.Source
	at            string
	on            atomic.Bool
	once          sync.Once
	reached, goOn chan struct{}
}

func (h *halting) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == h.at && h.on.Load() {
		h.once.Do(func() { close(h.reached) })
		<-h.goOn
		return nil, errors.New("disk error")
	}
	return h.Source.Get(ctx, path, limit)
}
