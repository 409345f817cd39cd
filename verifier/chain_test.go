package verifier_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// A chainFile is a chain that a test may damage.
type chainFile struct{ generator.Chain }

type (
	chainLink = generator.ChainLink
	chainDir  = generator.ChainDirectory
	chainRow  = generator.ChainRow
)

// chainOf is the chain of an author in the log of a world.
func chainOf(t testing.TB, w *generator.World, author string) *chainFile {
	t.Helper()
	var leaves [][]byte
	s := pledge.New(w.Options.Origin)
	ring := pledge.NewKeyring()
	last, rows := -1, []entry.Row(nil)
	c := &chainFile{generator.Chain{Log: w.Options.Origin, Author: author, Size: uint64(len(w.Logged)), AsOf: entry.FormatTime(w.Now())}}
	for _, e := range w.Logged {
		leaves = append(leaves, e.Leaf)
	}
	link := func(i int) chainLink {
		return chainLink{Index: uint64(i), Leaf: leaves[i], Path: generator.TreePath(i, leaves)}
	}
	for i, e := range w.Logged {
		it := pledge.Read(uint64(i), e.Leaf)
		ring.Learn(it.Statement)
		ring.Try(it)
		before := s.Directory()
		if v, _ := s.Step(it); v.Kind != pledge.Accepted {
			t.Fatalf("entry %d: %+v", i, v)
		}
		st := it.Statement
		concerns := st.Author == author
		switch b := st.Body.(type) {
		case *entry.Charter, *entry.Amend:
			concerns = true
		case *entry.Admit:
			concerns = concerns || b.ID == author
		case *entry.Standing:
			concerns = concerns || b.Who == author
		case *entry.Succeed:
			concerns = concerns || b.From == author || b.To == author
		case *entry.Keys:
			concerns = concerns || st.Author == entry.AuthorSecretariat
		case *entry.Directory:
			last, rows = i, before
		}
		if concerns {
			c.Entries = append(c.Entries, link(i))
		}
	}
	c.Checkpoint = string(w.Checkpoint(c.Size, generator.TreeRoot(leaves), w.Now()))
	if last < 0 {
		return c
	}
	c.Directory = &chainDir{ChainLink: link(last), Count: uint64(len(rows))}
	if last+1 < len(leaves) {
		next := link(last + 1)
		c.Directory.Next = &next
	}
	var all [][]byte
	for _, r := range rows {
		b, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	for i, r := range rows {
		if r.Author == author || r.Author == entry.AuthorSecretariat || r.Author == entry.AuthorOperator {
			c.Directory.Rows = append(c.Directory.Rows, chainRow{Index: uint64(i), Row: all[i], Path: generator.TreePath(i, all)})
		}
	}
	return c
}

func checkChainOf(t *testing.T, w *generator.World, c *chainFile, author string) *verifier.ChainReport {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return chainReport(t, w, w.Charter, author, b)
}

// chainReport checks a chain that is at hand as a file.
func chainReport(t *testing.T, w *generator.World, charter entry.ID, author string, file []byte) *verifier.ChainReport {
	t.Helper()
	r, err := verifier.CheckChain(w.Policy, charter, author, file)
	if err != nil {
		t.Fatal(err)
	}
	holdToSchema(t, r)
	return r
}

// TestChain: the chain of every author of a log of every kind is proved complete.
func TestChain(t *testing.T) {
	o := generator.EveryKindOptions()
	o.Seed = 5
	w := generator.New(o)
	if err := w.EveryKind(450); err != nil {
		t.Fatal(err)
	}
	for _, a := range slices.Concat(w.Signatories[:4], w.Challengers[:1], []*generator.Author{w.Secretariat}) {
		c := chainOf(t, w, a.ID)
		r := checkChainOf(t, w, c, a.ID)
		if r.Result != verifier.Matches || r.CompleteTo != c.Directory.Index {
			t.Fatalf("%s: result %s, complete to %d: %+v", a.ID, r.Result, r.CompleteTo, r.Steps)
		}
		n := uint64(0)
		for _, s := range r.Statements {
			if s.Lane == entry.LaneMain {
				n++
			}
			if s.Text == "" || s.Entry == "" {
				t.Errorf("%s: %+v", a.ID, s)
			}
		}
		if n != a.Seq {
			t.Errorf("%s: %d statements in lane main, want %d", a.ID, n, a.Seq)
		}
		var out bytes.Buffer
		if err := r.WriteText(&out); err != nil || !strings.Contains(out.String(), "\ncomplete by the operator's word ✓") {
			t.Errorf("%s: %v\n%s", a.ID, err, out.String())
		}
	}
}

// TestChainRefused: whatever is left out or altered is noticed.
func TestChainRefused(t *testing.T) {
	w := generator.New(generator.Options{Seed: 6, Signatories: 3, Slots: entry.SlotsWeek})
	if err := w.Story(120); err != nil {
		t.Fatal(err)
	}
	a := w.Signatories[0].ID
	own := func(c *chainFile, n int) int { // place of the nth statement of the author
		for i, l := range c.Entries {
			if st := pledge.Read(l.Index, l.Leaf).Statement; st.Author == a {
				if n--; n == 0 {
					return i
				}
			}
		}
		t.Fatal("there are not so many")
		return 0
	}
	for _, c := range []struct {
		name   string
		change func(c *chainFile)
		result verifier.Result
	}{
		{"as it is", func(*chainFile) {}, verifier.Matches},
		{"a statement left out", func(c *chainFile) { c.Entries = slices.Delete(c.Entries, own(c, 2), own(c, 2)+1) }, verifier.Differs},
		{"all statements left out", func(c *chainFile) { c.Entries = c.Entries[:own(c, 1)] }, verifier.Differs},
		{"the charter left out", func(c *chainFile) { c.Entries = c.Entries[1:] }, verifier.Differs},
		{"the row of another", func(c *chainFile) {
			for i := range c.Directory.Rows {
				c.Directory.Rows[i].Row = bytes.Replace(c.Directory.Rows[i].Row, []byte(`"seq":`), []byte(`"seq":1`), 1)
			}
		}, verifier.Differs},
		{"its row left out", func(c *chainFile) {
			c.Directory.Rows = slices.DeleteFunc(c.Directory.Rows, func(r chainRow) bool { return bytes.Contains(r.Row, []byte(a)) })
		}, verifier.Differs},
		{"everything of it left out", func(c *chainFile) {
			c.Entries = slices.DeleteFunc(c.Entries, func(l chainLink) bool {
				st := pledge.Read(l.Index, l.Leaf).Statement
				b, admits := st.Body.(*entry.Admit)
				return st.Author == a || admits && b.ID == a
			})
			c.Directory.Rows = slices.DeleteFunc(c.Directory.Rows, func(r chainRow) bool { return bytes.Contains(r.Row, []byte(a)) })
		}, verifier.CannotDecide},
		{"a byte of a leaf", func(c *chainFile) {
			l := &c.Entries[own(c, 1)]
			l.Leaf = bytes.Clone(l.Leaf)
			l.Leaf[12] ^= 1
		}, verifier.Differs},
		{"a path cut short", func(c *chainFile) { l := &c.Entries[1]; l.Path = l.Path[1:] }, verifier.Differs},
		{"entries in another order", func(c *chainFile) { c.Entries[1], c.Entries[2] = c.Entries[2], c.Entries[1] }, verifier.Differs},
		{"a checkpoint by nobody", func(c *chainFile) { c.Checkpoint = strings.Replace(c.Checkpoint, "\n120\n", "\n119\n", 1) }, verifier.Differs},
		{"another author's", func(c *chainFile) { c.Author = w.Signatories[1].ID }, verifier.Differs},
		{"no directory", func(c *chainFile) { c.Directory = nil }, verifier.CannotDecide},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := chainOf(t, w, a)
			c.change(f)
			if r := checkChainOf(t, w, f, a); r.Result != c.result {
				t.Errorf("result %s, want %s: %+v %v", r.Result, c.result, r.Steps, r.Undecided)
			}
		})
	}
	if r := chainReport(t, w, entry.ID{}, a, []byte("{}")); r.Result != verifier.CannotDecide {
		t.Errorf("no charter given: %+v", r)
	}
	if r := chainReport(t, w, w.Charter, a, []byte(base64.StdEncoding.EncodeToString([]byte("garbage")))); r.Result != verifier.CannotDecide {
		t.Errorf("garbage: %+v", r)
	}
}

// TestChainBeyondDirectory: what stands after the newest directory is not said to have
// had effect, as the chain may leave out what took it away.
func TestChainBeyondDirectory(t *testing.T) {
	w := generator.New(generator.Options{Seed: 78, Signatories: 2})
	if err := w.Story(30); err != nil {
		t.Fatal(err)
	}
	a := w.Signatories[0]
	w.Log(w.Directory())
	size := uint64(len(w.Logged)) - 1
	w.Log(w.Request(a, "2025-01", nil))
	r := checkChainOf(t, w, chainOf(t, w, a.ID), a.ID)
	if r.Result != verifier.Matches || r.CompleteTo != size || len(r.Statements) < 2 {
		t.Fatalf("result %s, complete to %d of %d, %d statements", r.Result, r.CompleteTo, size, len(r.Statements))
	}
	last := len(r.Statements) - 1
	if !slices.ContainsFunc(r.NotChecked, func(s string) bool {
		return strings.Contains(s, "1 statement that is listed from entry 30 on had effect")
	}) {
		t.Errorf("not checked: %q", r.NotChecked)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if before, after, ok := strings.Cut(text.String(), "No directory covers yet"); !ok || !strings.Contains(after, "  "+fmt.Sprint(r.Statements[last].Index)+"  ") || strings.Contains(before, "  "+fmt.Sprint(r.Statements[last].Index)+"  ") {
		t.Errorf("the report is\n%s", &text)
	}
}
