package verifier

import (
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Watch has an audit look out for entries. What it found stands in Report.Watched,
// and only if the entries are those that were signed.
type Watch struct {
	// From is the index of the first entry to look at. An audit does not go on from a
	// state that is past it: it reads the log from its beginning, so that none is
	// skipped.
	From uint64
	// Text says which rules want the text that a statement publishes: its detached
	// body, raw and parsed, as it was signed. It is called by several goroutines at
	// once, and keeps nothing of what it is given. For a text that was opened later it
	// is given the statement that the text is of.
	Text func(st *entry.Statement, raw []byte, d entry.Detached) []string
	// Entry says which rules want an entry, now that it was judged; it comes to an
	// entry in the log's order. Texts has what Text said.
	Entry func(e *Watched, st *entry.Statement) []string
	// Max is how many entries are listed at most. WatchedEntries.To then says from where
	// to go on.
	Max int
}

// A Watched is an entry that a Watch wanted.
type Watched struct {
	Said
	About []string // authors whom it names, or whose statements or challenges it refers to
	Texts []string // the rules that want its text
	Rules []string // the rules that want it
	// TextMissing says that a text which it publishes was not served as it was signed,
	// so that no rule could look at it.
	TextMissing bool
}

// WatchedEntries is what a Watch found, in the log's order.
type WatchedEntries struct {
	Entries []Watched
	To      uint64 // index after the last entry that was looked at
}

// A lookout is a Watch at work on one stream.
type lookout struct {
	watch    *Watch
	narrator narrator
	found    WatchedEntries
	at       map[uint64]int // places in found of opens that wait for their texts
	full     bool           // found has as many as it may: found.To is the first that is not in it
}

func newLookout(a *audit) *lookout {
	if a.cfg.Watch == nil {
		return nil
	}
	return &lookout{watch: a.cfg.Watch, at: make(map[uint64]int), narrator: narrator{names: make(map[string]string)}}
}

// allows reports whether an audit may go on from a state of this size.
func (w *Watch) allows(size uint64) bool { return w == nil || w.From >= size }

// text asks which rules want a statement's text. It is safe for concurrent use.
func (l *lookout) text(index uint64, st *entry.Statement, raw []byte, d entry.Detached) []string {
	if l == nil || index < l.watch.From || d == nil || l.watch.Text == nil {
		return nil
	}
	return l.watch.Text(st, raw, d)
}

// add takes in an entry that was judged.
func (l *lookout) add(s *stream, it *pledge.Item, v pledge.Verdict, text judgedText) {
	if l == nil || it.Index < l.watch.From || l.full {
		return
	}
	l.narrator.state = s.state
	e := Watched{Said: l.narrator.said(it, v), Texts: text.wanted}
	st := it.Statement
	if st != nil {
		e.About = about(s.state, st)
		lacks := func(t servedText) bool { return t.state == textMissing || t.state == textAltered }
		e.TextMissing = v.Kind == pledge.Accepted && (text.state == pledge.BodyMissing || text.state == pledge.BodyAltered || slices.ContainsFunc(text.opened, lacks))
	}
	e.Rules = l.watch.Entry(&e, st)
	_, opens := opened(st)
	if len(e.Rules) == 0 && (!opens || v.Kind != pledge.Accepted) {
		return
	}
	if len(l.found.Entries) >= l.watch.Max {
		l.full, l.found.To = true, it.Index
		return
	}
	if opens {
		// Its texts are compared with their statement later.
		l.at[it.Index] = len(l.found.Entries)
	}
	l.found.Entries = append(l.found.Entries, e)
}

func opened(st *entry.Statement) (*entry.Open, bool) {
	if st == nil {
		return nil, false
	}
	o, ok := st.Body.(*entry.Open)
	return o, ok && o.Review == ""
}

// addOpened takes in which rules want the texts that an open published.
func (l *lookout) addOpened(o *opening) {
	if l == nil || len(o.wanted) == 0 {
		return
	}
	if i, ok := l.at[o.index]; ok {
		e := &l.found.Entries[i]
		e.Texts = o.wanted
		e.Rules = l.watch.Entry(e, o.original)
	}
}

// take ends it: opens that nobody wants are dropped.
func (l *lookout) take(to uint64) *WatchedEntries {
	if l == nil {
		return nil
	}
	if !l.full {
		l.found.To = to
	}
	l.found.Entries = slices.DeleteFunc(l.found.Entries, func(e Watched) bool { return len(e.Rules) == 0 })
	return &l.found
}

// about lists the authors whom a statement is about: those whom it names, and whose
// statements it refers to.
func about(state *pledge.State, st *entry.Statement) []string {
	list := slices.Clone(st.Names())
	of := func(ids ...entry.ID) {
		for _, id := range ids {
			if f, ok := state.Find(id); ok && !id.IsZero() {
				list = append(list, f.Author)
			}
		}
	}
	switch b := st.Body.(type) {
	case *entry.Challenge:
		of(b.Entry)
	case *entry.Reply:
		of(b.Challenge)
	case *entry.Erasure:
		of(b.Entry)
	}
	for i := range list {
		list[i] = strings.Clone(list[i])
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// said says what an entry is, without holding on to its bytes.
func (n *narrator) said(it *pledge.Item, v pledge.Verdict) Said {
	if v.Kind == pledge.Accepted {
		n.learn(it.Statement)
	}
	e := Said{Index: it.Index, Verdict: v.Kind, Reason: v.Code, Sentence: n.sentence(it, v) + "."}
	if it.Leaf != nil {
		e.Logged = entry.FormatTime(it.Leaf.Logged)
		e.ID = it.Leaf.Statement.ID().String()
	}
	if st := it.Statement; st != nil {
		e.Author, e.Kind = strings.Clone(st.Author), entry.Kind(strings.Clone(string(st.Kind)))
		e.Name = n.name(st.Author)
	}
	return e
}
