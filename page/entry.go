package page

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// maxWords bounds how much of the author's words stands on one page, in bytes:
// a page stays under 100 KB, and the whole text is one link away.
const maxWords = 36 << 10

// maxDocuments bounds the documents and maxValues the values in a row of facts on
// one page.
const (
	maxDocuments = 20
	maxAddress   = 300 // bytes of a document's address
	maxValues    = 40
)

// EntryPage is an entry laid out: what its template shows from top to bottom.
type EntryPage struct {
	Kicker     Words    // kind and date
	Title      Words    // the attributed headline
	Alone      Words    // who else says so
	Notices    []Notice // corrections and other labels first, then findings
	Facts      []Fact
	More       []Fact // what else is stated
	StepsTitle Words
	Steps      []Step // request, decisions, corrections, openings
	Disputes   []DisputeBlock
	MoreOf     Words // says that there are more of them
	Passages   []Passage
	Withheld   Words // says that words are sealed or not shown
	Documents  []Document
	Quote      Words // what to quote, with its caveat
	Caveat     Words
	Permalink  string // the public address
	Here       string // href of the same page on this site
	Statement  string // href of the statement that has effect, for a duplicate
	Proof      string // href of the proof file
	ProofName  string // under which it is kept
	Data       string // href of the entry as JSON
	Text       string // href of the detached body's exact bytes
	Shown      []Words
	NotShown   []Words
	Check      string // how to check it oneself, a command
	Technical  []Fact // hashes and the like, folded
	Previous   string // href of its author's statement before it
	Next       string
	AuthorPage string // href
	Author     Words
	Preview    bool
	HasEffect  bool
}

// A Notice is a finding, or a remark of the same weight.
type Notice struct {
	Title Words
	Text  Words
	Link  Words // what Href leads to
	Href  string
	// Replies are what the author answered to a finding on it, oldest first.
	Replies []Side
}

// A Step is one statement in a chain.
type Step struct {
	When     Words
	Sentence Words
	Href     string
	Note     Words // that it was corrected since
	Current  bool  // it is the entry that the page is about
}

// A Passage is the author's words in one language.
type Passage struct {
	Language   Words
	Lang, Dir  string
	Paragraphs []string
	Cut        bool // there is more
}

// A Document is named by a body and kept elsewhere.
type Document struct {
	Name, Type Words
	SHA256     string
	Address    Words
}

// Entry lays an entry out.
func (s *Site) Entry(e *Entry) *EntryPage {
	p := &EntryPage{Title: s.Sentence(e), Alone: s.Alone(e), Preview: s.Preview, HasEffect: e.accepted()}
	p.Technical = s.technical(e)
	if !e.accepted() {
		p.Data = s.Root + "api/v1/entries/" + strconv.FormatUint(e.Index, 10)
		p.Proof, p.ProofName = p.Data+"/proof", fmt.Sprintf("entry-%d.tlog-proof", e.Index)
		if e.Verdict.Kind == pledge.Duplicate {
			p.Statement = s.EntryHref(e.ID, e.Index)
		}
		p.Kicker = s.Say("kicker.void", "index", e.Index)
		if e.Logged != 0 {
			p.Facts = append(p.Facts, s.loggedFact(e))
		}
		if e.Verdict.Code != "" {
			p.Facts = append(p.Facts, s.fact("reason", Value{Value: Code(string(e.Verdict.Code))}))
		}
		p.NotShown = []Words{s.Say("not-shown.void")}
		p.Notices = s.notices(e.Findings, e.Replies)
		return p
	}
	st := e.Statement
	p.Kicker = s.Say("kicker", "kind", s.Say("kind."+string(st.Kind)), "date", s.Day(cmp.Or(e.Logged, st.Made)))
	p.Author, p.AuthorPage = s.Who(st.Author), s.SignatoryHref(st.Author)
	p.Facts, p.More = s.facts(e), s.moreFacts(e)
	p.Notices = append(s.labels(e), s.notices(e.Findings, e.Replies)...)
	p.StepsTitle, p.Steps = s.steps(e)
	p.Disputes = s.disputes(e)
	if n := uint64(len(e.Disputes)); e.Disputed > n {
		p.MoreOf = s.Count("disputes.more", e.Disputed-n)
	}
	if st.Kind != entry.KindChallenge && st.Kind != entry.KindReply || len(p.Disputes) == 0 {
		// Else the words stand beside each other.
		p.Passages = s.passages(words(e), maxWords)
		p.Documents = s.documents(documents(e.Detached), maxDocuments)
	}
	p.Withheld = s.wordsNotShown(e)
	if st.BodyDigest != "" && !s.Preview && e.HeldUntil == 0 && (e.State == pledge.BodyPublished || e.State == pledge.BodyInvalid) {
		p.Text = s.Root + "bodies/" + st.BodyDigest
	}
	if !s.Preview {
		p.Permalink, p.Here = s.Permalink(e.ID), s.EntryHref(e.ID, e.Index)
		p.Data = s.Root + "api/v1/entries/" + e.ID.String()
		p.Proof, p.ProofName = p.Data+"/proof", st.ID.String()+".tlog-proof"
		p.Quote = s.quote(e)
		p.Caveat = s.Say("cite.caveat", "who", s.Who(st.Author))
		p.Check = "pledge-verify proof --policy policy.txt " + p.ProofName
		if e.Previous != nil {
			p.Previous = s.EntryHref(e.Previous.ID, e.Previous.Index)
		}
		if e.Next != nil {
			p.Next = s.EntryHref(e.Next.ID, e.Next.Index)
		}
	}
	p.Shown, p.NotShown = s.shown(e), s.notShown(e)
	p.Facts, p.More, p.Technical = s.bounded(p.Facts), s.bounded(p.More), s.bounded(p.Technical)
	return p
}

// bounded cuts long rows short: the whole is in the entry's data.
func (s *Site) bounded(facts []Fact) []Fact {
	for i, f := range facts {
		if n := len(f.Values); n > maxValues {
			facts[i].Values = append(f.Values[:maxValues:maxValues], Value{Value: s.Count("value.more", uint64(n-maxValues))})
		}
	}
	return facts
}

// quote is an entry as a sentence to copy. Whoever reads it elsewhere sees none
// of what stands around it here.
func (s *Site) quote(e *Entry) Words {
	q := s.Say("cite.quote", "sentence", s.Sentence(e), "who", s.Who(e.Statement.Author), "date", s.Day(e.Logged), "accord", s.AccordName(), "origin", s.Origin, "index", e.Index, "size", s.Size)
	switch c := e.Correction; {
	case c == nil:
	case c.By == nil:
		q = s.sentences(q, s.Say("cite.void", "date", s.Day(c.Logged)))
	default:
		q = s.sentences(q, s.Say("cite.superseded", "date", s.Day(c.Logged), "index", c.By.Index))
	}
	if e.Doubt != nil {
		q = s.sentences(q, s.Say("cite.doubtful"))
	}
	if e.Unconfirmed != nil {
		q = s.sentences(q, s.Say("cite.unconfirmed"))
	}
	if s.IsDemonstration() {
		return s.Say("cite.demonstration", "quote", q)
	}
	return q
}

// words are what an entry's author wrote; for an open, what it publishes of it.
func words(e *Entry) map[string]string {
	b, ok := e.Statement.Body.(*entry.Open)
	if !ok {
		return entry.Narrative(e.Detached)
	}
	if d := e.Subject.disclosed("narrative"); e.opensText(b) || d != nil && d.By.ID == e.ID {
		return entry.Narrative(e.Subject.Detached)
	}
	return nil
}

func documents(d entry.Detached) []entry.Document {
	switch b := d.(type) {
	case *entry.RequestBody:
		return b.Documents
	case *entry.DecisionBody:
		return b.Documents
	case *entry.ChallengeBody:
		return b.Documents
	case *entry.ReplyBody:
		return b.Documents
	}
	return nil
}

// passages lays out an author's words, the interface's language first, at most so
// many bytes of them.
func (s *Site) passages(texts map[string]string, most int) []Passage {
	langs := make([]string, 0, len(texts))
	for lang := range texts {
		langs = append(langs, lang)
	}
	slices.SortFunc(langs, func(a, b string) int {
		if (a == s.Lang) != (b == s.Lang) {
			if a == s.Lang {
				return -1
			}
			return 1
		}
		return cmp.Compare(a, b)
	})
	var out []Passage
	left := most
	for _, lang := range langs {
		p := Passage{Language: s.Language(lang), Lang: lang, Dir: Direction(lang)}
		var text string
		var used int
		text, used, p.Cut = clipHTML(texts[lang], left)
		left -= used
		for _, par := range strings.Split(text, "\n\n") {
			if par = strings.Trim(par, "\n"); par != "" {
				p.Paragraphs = append(p.Paragraphs, showControls(par))
			}
		}
		out = append(out, p)
	}
	return out
}

// documents lays out at most so many documents.
func (s *Site) documents(docs []entry.Document, most int) []Document {
	var out []Document
	for _, d := range docs[:min(len(docs), most)] {
		doc := Document{Name: Foreign(d.Name), Type: Foreign(d.MediaType), SHA256: d.SHA256}
		if d.URL != "" {
			// Not a link: nobody here vouches for where it leads.
			address, _, cut := clipHTML(d.URL, maxAddress)
			if cut {
				address += "…"
			}
			doc.Address = Foreign(address)
		}
		out = append(out, doc)
	}
	return out
}

// shown lists what anybody can check of an entry.
func (s *Site) shown(e *Entry) []Words {
	if s.Preview {
		return nil
	}
	st := e.Statement
	who := s.Who(st.Author)
	list := []Words{s.Say("shown.logged", "index", e.Index, "origin", Code(s.Origin), "size", s.Size)}
	list = append(list, s.signedBy(e))
	switch e.State {
	case pledge.BodyPublished, pledge.BodyInvalid:
		key := "shown.text"
		if e.Opened != nil {
			key = "shown.opened"
		}
		list = append(list, s.Say(key))
	case pledge.BodyWithheld:
		list = append(list, s.Say("shown.committed"))
	case pledge.BodyErased:
		list = append(list, s.Say("shown.erased"))
	}
	if st.Lane == entry.LaneSlot {
		return append(list, s.Say("shown.chain.slot", "who", who, "seq", st.Seq))
	}
	return append(list, s.Say("shown.chain", "who", who, "seq", st.Seq))
}

// signedBy says with whose keys a statement was signed.
func (s *Site) signedBy(e *Entry) Words {
	st, n := e.Statement, uint64(len(e.Envelope.Signatures))
	switch {
	case st.Kind == entry.KindCharter:
		return s.Count("shown.signed-charter", n)
	case st.Kind == entry.KindAdmit:
		return s.Count("shown.signed-admit", n)
	case st.Kind == entry.KindAmend:
		return s.Count("shown.signed-amend", n)
	case st.Kind == entry.KindKeys:
		return s.Count("shown.signed-keys", n, "who", s.Who(st.Author))
	}
	return s.Count("shown.signed", n, "who", s.Who(st.Author))
}

// notShown lists what an entry can't show.
func (s *Site) notShown(e *Entry) []Words {
	st := e.Statement
	who := s.Who(st.Author)
	var list []Words
	switch st.Kind {
	case entry.KindCharter, entry.KindDirectory, entry.KindAmend:
	case entry.KindPledge:
		list = append(list, s.Say("not-shown.kept", "who", who))
	case entry.KindSlot:
		list = append(list, s.Say("not-shown.slot"))
	case entry.KindKeys:
		list = append(list, s.Say("not-shown.keys"))
	default:
		list = append(list, s.Say("not-shown.true", "who", who))
	}
	switch st.Kind {
	case entry.KindRequest, entry.KindDecision:
		list = append(list, s.Say("not-shown.asked"), s.Say("not-shown.others", "who", who))
	case entry.KindAttestation:
		list = append(list, s.Say("not-shown.count", "who", who))
	case entry.KindErasure:
		list = append(list, s.Say("not-shown.erased"))
	}
	if s.Preview {
		return list // whether witnesses will cosign it is not known, and there is no site yet
	}
	if s.Witnesses == 0 {
		list = append(list, s.Say("not-shown.time"), s.Say("not-shown.same"))
	}
	return append(list, s.Say("not-shown.site"))
}

// technical lists what machines and auditors want.
func (s *Site) technical(e *Entry) []Fact {
	code := func(key, v string) Fact { return s.fact(key, Value{Value: Code(v)}) }
	var facts []Fact
	if !s.Preview {
		facts = append(facts, code("index", fmt.Sprint(e.Index)), code("leaf-hash", base64.StdEncoding.EncodeToString(e.LeafHash[:])))
	}
	st := e.Statement
	if st == nil {
		return facts
	}
	facts = append(facts, code("id", st.ID.String()), code("origin", st.Log))
	if !e.accepted() {
		return facts
	}
	facts = append(facts, code("author", st.Author), code("kind", string(st.Kind)), code("seq", fmt.Sprintf("%s %d", st.Lane, st.Seq)),
		s.fact("made", Value{s.Moment(st.Made), s.Say("note.made", "who", s.Who(st.Author))}))
	if !st.Prev.IsZero() {
		facts = append(facts, code("prev", st.Prev.String()))
	}
	if st.BodyDigest != "" {
		facts = append(facts, code("body-digest", st.BodyDigest))
	}
	facts = append(facts, s.references(e)...)
	sigs := s.fact("signatures")
	for _, sig := range e.Envelope.Signatures {
		sigs.Values = append(sigs.Values, Value{Value: Code(hex.EncodeToString(sig.KeyID[:]))})
	}
	return append(facts, sigs)
}
