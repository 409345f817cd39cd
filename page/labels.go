package page

import (
	"slices"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// maxReplies bounds the replies beside one finding: the newest.
const maxReplies = 3

// notices lays findings out, each with the replies to it beside it.
func (s *Site) notices(found []pledge.Finding, replies []FindingReply) []Notice {
	var list []Notice
	for _, f := range found {
		n := s.notice(f)
		for _, r := range replies {
			if f.Concerns == pledge.RoleAuthor && f.Author == r.Entry.Statement.Author && r.State.Answers(f) {
				n.Replies = append(n.Replies, s.side("dispute.reply", r.Entry, entry.ID{}, min(maxSide, maxSides/len(replies))))
			}
		}
		n.Replies = n.Replies[max(0, len(n.Replies)-maxReplies):]
		list = append(list, n)
	}
	return list
}

func (s *Site) notice(f pledge.Finding) Notice {
	return Notice{Title: s.findingTitle(f.Code), Text: Foreign(f.Text), Link: s.Say("notice.meaning"), Href: s.FindingHref(f.Code)}
}

// labels are what a reader has to know of an accepted entry before reading it: the
// correction first.
func (s *Site) labels(e *Entry) []Notice {
	var list []Notice
	add := func(key string, to *Ref, text Words) {
		n := Notice{Title: s.Say("label." + key), Text: text}
		if to != nil && !s.Preview {
			n.Href, n.Link = s.EntryHref(to.ID, to.Index), s.Say("label.read", "index", to.Index)
		}
		list = append(list, n)
	}
	who := s.WhoFirst(e.Statement.Author)
	if c := e.Correction; c != nil {
		at := &Ref{Index: c.Index, ID: c.Entry}
		if c.By == nil {
			add("void", at, s.Say("label.void.text", "who", who, "date", s.Day(c.Logged)))
		} else {
			add("superseded", c.By, s.Say("label.superseded.text", "who", who, "date", s.Day(c.Logged), "index", c.By.Index))
		}
	}
	if r := e.InPlaceOf; r != nil {
		add("in-place", r, s.Say("label.in-place.text", "who", who, "what", s.its(r)))
	}
	if d := e.Doubt; d != nil {
		add("doubtful", &Ref{Index: d.Index, ID: d.Entry}, s.Say("label.doubtful.text", "who", who, "date", s.Day(d.Logged), "span", s.doubtful(d)))
	}
	if k := e.Unconfirmed; k != nil {
		add("unconfirmed", &Ref{Index: k.Index, ID: k.Entry}, s.Say("label.unconfirmed.text", "who", s.Who(e.Statement.Author), "date", s.Moment(k.From)))
	}
	for _, t := range e.Erasures {
		add("erased", &Ref{Index: t.Index, ID: t.Entry}, s.erasedText(e, t))
	}
	if e.HeldUntil != 0 {
		add("held", nil, s.Say("label.held.text", "date", s.Moment(e.HeldUntil)))
	}
	if later := e.later(); later != nil {
		list = append(list, Notice{Title: s.Say("later.title"), Text: s.Sentence(later), Link: s.Say("later.link"), Href: s.EntryHref(later.ID, later.Index)})
	}
	return list
}

// erasedText says what the operator stated of a text that it erased.
func (s *Site) erasedText(e *Entry, t pledge.Erasure) Words {
	key := "label.erased.text"
	if t.Digest != e.Statement.BodyDigest {
		key = "label.erased.field"
	}
	return s.Say(key, "date", s.Date(t.Date), "basis", s.term("basis", t.Basis), "reference", Code(t.Reference))
}

// term writes a code of the vocabulary by its label.
func (s *Site) term(list, code string) Words {
	if t, ok := entry.Terms().Term(list, code); ok {
		return Plain(t.Label)
	}
	return Code(code)
}

// lastAnswer returns the last answer that counts among the decisions on a
// request's place: those that are void, or stand in another's place, count there
// or not at all.
func lastAnswer(answers []*Entry) *Entry {
	var last *Entry
	for _, a := range answers {
		if a.InPlaceOf != nil {
			continue
		}
		for content := a; content != nil; content = standsFor(content, answers) {
			if content.Correction == nil {
				last = content
			}
		}
	}
	return last
}

// standsFor returns what stands in the place of a corrected statement; nil when
// nothing does.
func standsFor(e *Entry, among []*Entry) *Entry {
	if e.Correction == nil || e.Correction.By == nil {
		return nil
	}
	i := slices.IndexFunc(among, func(o *Entry) bool { return o.ID == e.Correction.By.ID })
	if i < 0 {
		return nil
	}
	return among[i]
}

// later returns the last answer to the request that a decision is about, if it
// is another one and was logged after it.
func (e *Entry) later() *Entry {
	if e.Statement.Kind != entry.KindDecision || e.Correction != nil {
		return nil
	}
	if last := lastAnswer(e.Answers); last != nil && last.Index > e.Index {
		return last
	}
	return nil
}

// steps is what was said before and since in the matter that an entry belongs to.
func (s *Site) steps(e *Entry) (title Words, steps []Step) {
	all := []*Entry{e}
	add := func(list ...*Entry) {
		for _, o := range list {
			if o != nil && o.accepted() && !slices.ContainsFunc(all, func(p *Entry) bool { return p.Index == o.Index && p.ID == o.ID }) {
				all = append(all, o)
			}
		}
	}
	title = s.Say("entry.steps")
	switch {
	case e.asked() != nil:
		add(e.asked())
	case e.Statement.Kind == entry.KindChallenge || e.Statement.Kind == entry.KindReply:
		title = s.Say("entry.steps.other")
	default:
		add(e.Subject)
		title = s.Say("entry.steps.other")
	}
	add(e.Answers...)
	add(e.Related...)
	if len(all) == 1 && e.asked() == nil {
		return Words{}, nil
	}
	slices.SortStableFunc(all, func(a, b *Entry) int { return int(int64(a.Index) - int64(b.Index)) })
	for _, o := range all {
		step := Step{When: s.Day(o.Logged), Sentence: s.Sentence(o), Href: s.EntryHref(o.ID, o.Index), Current: o.ID == e.ID, Note: s.Marks(o)}
		if step.Current {
			step.Href = ""
		}
		if s.Preview && o.Logged == 0 {
			step.When = s.Say("logged.preview")
		}
		steps = append(steps, step)
	}
	return title, steps
}

// Marks says in a few words what a reader of a list has to know of a statement: that
// it does not count any more, is doubtful, or was signed with keys that are not
// confirmed. Nothing when there is nothing of that.
func (s *Site) Marks(e *Entry) Words {
	w := s.correctedNote(e)
	if e.Doubt != nil {
		w = s.sentences(w, s.Say("steps.doubtful"))
	}
	if e.Unconfirmed != nil {
		w = s.sentences(w, s.Say("steps.unconfirmed"))
	}
	return w
}

// correctedNote says in a few words that a statement does not count any more.
func (s *Site) correctedNote(e *Entry) Words {
	switch c := e.Correction; {
	case c == nil:
		return Words{}
	case c.By == nil:
		return s.Say("steps.void")
	default:
		return s.Say("steps.superseded", "index", c.By.Index)
	}
}

// doubtful says which entries an author called doubtful.
func (s *Site) doubtful(d *pledge.Doubt) Words {
	if d.First == d.Last {
		return s.Say("ref.entry", "index", d.First)
	}
	return s.Say("ref.span", "first", d.First, "last", d.Last)
}
