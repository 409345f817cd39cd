package tamper_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// A chainFile is a chain, and what its reader asks for.
type chainFile struct {
	generator.Chain
	Zzz int `json:"zzz,omitempty"`

	charter entry.ID // that the reader gives
	author  string   // that the reader asks for
}

type (
	chainLink = generator.ChainLink
	chainRow  = generator.ChainRow
)

// chainOf is the chain of an author in the small log with some more entries, as an
// operator gives it who may be dishonest: rows are those of the directory, changed.
func (s *small) chainOf(author string, rows func(all [][]byte), more ...*generator.Entry) *chainFile {
	entries := append(slices.Clone(s.entries), more...)
	state, ring := pledge.New(s.w.Options.Origin), pledge.NewKeyring()
	c := &chainFile{
		Chain:   generator.Chain{Log: s.w.Options.Origin, Author: author, Size: uint64(len(entries)), AsOf: entry.FormatTime(s.now())},
		charter: s.w.Charter, author: author,
	}
	var leaves [][]byte
	for _, e := range entries {
		leaves = append(leaves, e.Leaf)
	}
	link := func(i int) chainLink {
		return chainLink{Index: uint64(i), Leaf: leaves[i], Path: generator.TreePath(i, leaves)}
	}
	last, list := -1, []entry.Row(nil)
	for i, leaf := range leaves {
		it := pledge.Read(uint64(i), leaf)
		ring.Learn(it.Statement)
		ring.Try(it)
		if it.Statement == nil {
			continue
		}
		if it.Statement.Kind == entry.KindDirectory {
			last, list = i, state.Directory()
		}
		if st := it.Statement; st.Kind == entry.KindCharter || st.Author == author || slices.Contains(st.Names(), author) && st.Author == entry.AuthorSecretariat {
			c.Entries = append(c.Entries, link(i))
		}
		state.Step(it)
	}
	c.Checkpoint = string(s.w.Checkpoint(c.Size, generator.TreeRoot(leaves), s.now()))
	c.Directory = &generator.ChainDirectory{ChainLink: link(last), Count: uint64(len(list))}
	if last+1 < len(leaves) {
		next := link(last + 1)
		c.Directory.Next = &next
	}
	var all [][]byte
	for _, r := range list {
		b, err := r.Marshal()
		must(err)
		all = append(all, b)
	}
	if rows != nil {
		rows(all)
	}
	for i, r := range list {
		if r.Author == author || r.Author == entry.AuthorSecretariat || r.Author == entry.AuthorOperator {
			c.Directory.Rows = append(c.Directory.Rows, chainRow{Index: uint64(i), Row: all[i], Path: generator.TreePath(i, all)})
		}
	}
	return c
}

// check is what the light client says of a chain: the step that fails, or the code for
// which it can't decide; "" when it is in order.
func (c *chainFile) check(s *small) string {
	b, err := json.Marshal(c)
	must(err)
	r, err := verifier.CheckChain(s.w.Policy, c.charter, c.author, b)
	must(err)
	switch {
	case r.Result == verifier.Matches:
		return ""
	case r.Undecided != nil:
		return string(r.Undecided.Code)
	}
	for _, step := range r.Steps {
		if step.State == verifier.Failed {
			return step.Name
		}
	}
	return string(r.Result)
}

// chained is a case of a chain that is damaged.
func chained(make func(s *small, c *chainFile)) formCase {
	return formCase{chain: func(s *small) *chainFile {
		c := s.chainOf(s.a, nil)
		make(s, c)
		return c
	}}
}

// elsewhere is a row whose condition gives no code and no words.
func elsewhere(name, source, code string, cases ...formCase) form {
	return form{says: name, source: source, code: code, cases: cases}
}

// Of an operator who leaves something out, or shows what is not in the log (protocol
// section 4, "directory"; docs/api.md, "A chain").
var chainForms = []form{
	refuse("no JSON object of the form", "chain-malformed", chained(func(_ *small, c *chainFile) { c.Zzz = 1 })),
	refuse("the entry id of the charter was not given", "charter-not-given", chained(func(_ *small, c *chainFile) { c.charter = entry.ID{} })).although("no charter has no id"),
	elsewhere("signed checkpoint", "c.view, err = c.policy.Open([]byte(c.chain.Checkpoint)); «err != nil» {", "checkpoint", chained(func(s *small, c *chainFile) {
		c.Checkpoint = string(generator.EditNote([]byte(c.Checkpoint), func(n *log.Note) { n.Signatures[0].Sig[1] ^= 1 }))
	})).breaks("there is no root to hold anything to"),
	refuse("the chain is of", "checkpoint", chained(func(s *small, c *chainFile) { c.Author = s.b }), chained(func(_ *small, c *chainFile) { c.Size++ }), chained(func(_ *small, c *chainFile) { c.Log = "other.example/1" })),
	refuse("the entries do not rise by index", "inclusion", chained(func(_ *small, c *chainFile) { c.Entries = append(c.Entries, c.Entries[len(c.Entries)-1]) })).although("what was said before is no other statement"),
	refuse("the directory and the entry at its index differ", "inclusion", chained(func(_ *small, c *chainFile) {
		c.Entries = append(c.Entries, c.Directory.ChainLink)
		c.Directory.Leaf = c.Entries[0].Leaf
	})),
	elsewhere("in the log", "c.view.Checkpoint.Root, path)\n\t\t}\n\t\tif «err != nil» {\n\t\t\treturn nil, err", "inclusion", chained(func(_ *small, c *chainFile) {
		last := &c.Entries[len(c.Entries)-1]
		l, err := entry.ParseLeaf(last.Leaf)
		must(err)
		l.Logged--
		last.Leaf = l.Marshal()
	})),
	refuse("the chain lacks the charter", "inclusion", chained(func(_ *small, c *chainFile) { c.Entries = c.Entries[1:] })).although("without a charter nobody is an author"),
	refuse("has another length than 32 bytes", "inclusion", chained(func(_ *small, c *chainFile) { c.Entries[0].Path[0] = append(c.Entries[0].Path[0], 0) })),
	refuse("the entry behind the directory is another one", "inclusion", chained(func(_ *small, c *chainFile) { c.Directory.Next = &c.Entries[1] })),
	refuse("the time that the chain says it is of", "chain-malformed", chained(func(_ *small, c *chainFile) { c.AsOf = "today" })),
	refuse("the newest directory that was given is logged", "directory-too-old", formCase{chain: func(s *small) *chainFile {
		// Of what its author says from now on nothing is shown.
		s.begin()
		s.say(s.place.request(s.a))
		s.clock = s.now() + 2*aDay
		c := s.chainOf(s.a, nil, s.before...)
		c.Entries = c.Entries[:len(c.Entries)-1]
		return c
	}}),
	refuse("entry 0 is not the charter that was given", "statements", chained(func(_ *small, c *chainFile) { c.charter[0] ^= 1 })),
	refuse("entry %s is %s", "statements", formCase{chain: func(s *small) *chainFile {
		st := s.request1()
		st.Signers = s.signers(s.b, false)
		return s.chainOf(s.a, nil, s.logged(st))
	}}),
	refuse("was not admitted yet when the newest directory", "directory-missing", formCase{chain: func(s *small) *chainFile {
		s.begin()
		return s.chainOf(s.newcomer(nil), nil, s.before...)
	}}),
	refuse("the log has no directory yet", "directory-missing", chained(func(_ *small, c *chainFile) { c.Directory = nil })),
	refuse("the directory can't be read", "directory", formCase{chain: func(s *small) *chainFile {
		st := s.directory(func(*entry.Directory) {})
		st.Encode()
		st.SetPayload(append(st.Payload, ' ')).Sign()
		c := s.chainOf(s.a, nil, s.logged(st))
		leaves := [][]byte{}
		for _, e := range append(slices.Clone(s.entries), s.logged(st)) {
			leaves = append(leaves, e.Leaf)
		}
		n := len(leaves) - 1
		c.Directory.ChainLink, c.Directory.Next = chainLink{Index: uint64(n), Leaf: leaves[n], Path: generator.TreePath(n, leaves)}, nil
		return c
	}}).breaks("there are no rows to compare"),
	refuse("the directory is none", "directory", chained(func(_ *small, c *chainFile) { c.Directory.ChainLink = c.Entries[len(c.Entries)-1] })).breaks("there are no rows to compare"),
	refuse("a row of the directory", "directory", chained(func(_ *small, c *chainFile) { c.Directory.Rows[0].Path[0][0] ^= 1 })),
	refuse("a row of the directory", "directory", formCase{chain: func(s *small) *chainFile { return s.falseList(func(b []byte) []byte { return append(b, ' ') }) }}).number(1).although("what could not be read is no author's"),
	refuse("that the chain knows nothing of", "directory", formCase{chain: func(s *small) *chainFile {
		// That of another author, in the place of the first.
		return s.falseList(set("author", `"zzz"`))
	}}).breaks("there is nothing to compare it with"),
	refuse("the directory says of", "directory", chained(func(_ *small, c *chainFile) {
		// Its last statement in main is left out.
		c.Entries = slices.Delete(c.Entries, len(c.Entries)-2, len(c.Entries)-1)
	}), formCase{chain: func(s *small) *chainFile { return s.falseList(put(`"seq":`, `"seq":1`)) }}),
	refuse("the chain lacks the directory's row", "directory", chained(func(s *small, c *chainFile) {
		c.Directory.Rows = slices.DeleteFunc(c.Directory.Rows, func(r chainRow) bool {
			row, err := entry.ParseRow(r.Row)
			must(err)
			return row.Author == s.a && row.Lane == entry.LaneMain
		})
	})),
}

// falseList is a chain with a directory at its end of which the author's first row is
// another one than it should be.
func (s *small) falseList(damage change) *chainFile {
	s.begin()
	list := s.s.Directory()
	var all [][]byte
	at := -1
	for i, r := range list {
		b, err := r.Marshal()
		must(err)
		if at < 0 && r.Author == s.a {
			at, b = i, damage(b)
		}
		all = append(all, b)
	}
	root := generator.TreeRoot(all)
	st := s.directory(func(b *entry.Directory) { b.Root = base64.RawURLEncoding.EncodeToString(root[:]) })
	return s.chainOf(s.a, func(rows [][]byte) { copy(rows, all) }, s.logged(st))
}

// falseRow is a case of falseList.
func falseRow(damages ...change) formCase {
	return formCase{chain: func(s *small) *chainFile {
		return s.falseList(func(b []byte) []byte {
			for _, d := range damages {
				b = d(b)
			}
			return b
		})
	}}
}

// TestSmallChain: the chain that is damaged is in order.
func TestSmallChain(t *testing.T) {
	s := newSmall(t)
	if got := s.chainOf(s.a, nil).check(s); got != "" {
		t.Error(got)
	}
}
