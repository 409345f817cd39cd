package page

import (
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

const origin = "log.accord.example/2026"

// demo is a page of a demonstration log.
func demo() *Site {
	return &Site{
		Texts: English, Origin: origin, Accord: "Test Accord", Root: "../", Base: "https://" + origin, Size: 18204, Logged: 1777817000, AsOf: 1777817000,
		Names: func(id string) string {
			return map[string]string{"nimbus": "Nimbus Forge", "acme": "Acme"}[id]
		},
	}
}

func accepted(kind entry.Kind, author string, body entry.TreeBody, d entry.Detached) *Entry {
	e := &Entry{Index: 57, ID: entry.ID{byte(len(kind)), 1}, Logged: 1777816920, Verdict: pledge.Verdict{Kind: pledge.Accepted}, State: pledge.BodyNone, Detached: d, Envelope: &entry.Envelope{Signatures: make([]entry.Signature, 1)}}
	e.Statement = &entry.Statement{ID: e.ID, Log: origin, Author: author, Lane: entry.LaneMain, Seq: 5, Made: e.Logged, Kind: kind, Body: body}
	if d != nil {
		e.State, e.Statement.BodyDigest = pledge.BodyPublished, entry.Digest(nil)
	}
	return e
}

func request(b *entry.RequestBody) *Entry {
	return accepted(entry.KindRequest, "nimbus", &entry.Request{Received: "2026-Q2"}, b)
}

func decision(outcome string, b *entry.RequestBody) *Entry {
	d := accepted(entry.KindDecision, "nimbus", &entry.Decision{Outcome: outcome, Date: "2026-05-03"}, &entry.DecisionBody{})
	d.Index++
	d.Subject = request(b)
	return d
}

func attestation(total entry.Claim, covers string) *Entry {
	p, _ := entry.ParsePeriod("2026-Q1")
	return accepted(entry.KindAttestation, "nimbus", &entry.Attestation{Period: p, Covers: covers, Received: entry.Claims{Total: total}}, nil)
}

var borvania = &entry.RequestBody{Country: "XB", Assist: []string{"backdoor"}, Received: "2026-04"}

func TestSentences(t *testing.T) {
	withheld := request(nil)
	withheld.Detached, withheld.State = nil, pledge.BodyWithheld
	missing := request(nil)
	missing.Detached, missing.State = nil, pledge.BodyMissing
	altered := request(nil)
	altered.Detached, altered.State = nil, pledge.BodyAltered
	hidden := decision("refused", borvania)
	hidden.Subject = withheld
	void := request(borvania)
	void.Verdict = pledge.Verdict{Kind: pledge.Rejected, Code: pledge.CodeSeqGap}
	again := request(borvania)
	again.Verdict.Kind = pledge.Duplicate
	for _, c := range []struct {
		e    *Entry
		want string
	}{
		{decision("refused", borvania), "Nimbus Forge stated that it refused a request that it attributes to XB (Federation of Borvania)"},
		{decision("complied", borvania), "Nimbus Forge stated that it complied with a request that it attributes to XB (Federation of Borvania)"},
		{decision("challenged", borvania), "Nimbus Forge stated that it contests a request that it attributes to XB (Federation of Borvania) before a court or an authority"},
		{decision("refused", &entry.RequestBody{Country: "ZZ"}), "Nimbus Forge stated that it refused a request that it attributes to ZZ"},
		{decision("refused", &entry.RequestBody{Country: entry.Withheld}), "Nimbus Forge stated that it refused a request whose country it does not publish"},
		{decision("", borvania), "Nimbus Forge stated that it decided on a request that it attributes to XB (Federation of Borvania); it does not publish the outcome"},
		{decision("levitated", borvania), "Nimbus Forge stated the outcome levitated for a request that it attributes to XB (Federation of Borvania)"},
		{hidden, "Nimbus Forge stated that it refused a request whose contents it does not publish"},
		{request(borvania), "Nimbus Forge stated that it received a request that it attributes to XB (Federation of Borvania)"},
		{withheld, "Nimbus Forge stated that it received a request whose contents it does not publish"},
		{missing, "Nimbus Forge stated that it received a request whose text the operator does not serve"},
		{altered, "Nimbus Forge stated that it received a request whose text can’t be shown"},
		{void, "The operator logged a statement that breaks a rule and has no effect"},
		{again, "The operator logged a statement by Nimbus Forge again; this entry has no effect"},
		{&Entry{Verdict: pledge.Verdict{Kind: pledge.Malformed}}, "The operator logged an entry that is not in the required form"},
		{attestation(entry.Exactly(0), entry.CoversAll), "Nimbus Forge stated that it received no request from January to March 2026"},
		{attestation(entry.Exactly(1), entry.CoversAll), "Nimbus Forge stated that it received 1 request from January to March 2026"},
		{attestation(entry.Exactly(1200), entry.CoversAll), "Nimbus Forge stated that it received 1,200 requests from January to March 2026"},
		{attestation(entry.Exactly(3), entry.CoversDisclosable), "Nimbus Forge stated that it received 3 requests from January to March 2026, counting only those that it may disclose"},
		{attestation(entry.Between(0, 249), entry.CoversAll), "Nimbus Forge stated that it received between 0 and 249 requests from January to March 2026"},
		{attestation(entry.CannotSay(), entry.CoversAll), "Nimbus Forge stated that it can’t say how many requests it received from January to March 2026"},
		{accepted(entry.KindPledge, "nimbus", &entry.Pledge{Clauses: []string{"a", "b"}}, nil), "Nimbus Forge pledged itself to 2 clauses of the Test Accord"},
		{accepted(entry.KindAdmit, entry.AuthorSecretariat, &entry.Admit{Name: "Acme", Role: entry.RoleSignatory}, nil), "The secretariat stated that it admitted Acme as a signatory"},
	} {
		got := demo().Sentence(c.e)
		if got.Text != c.want {
			t.Errorf("sentence:\n got %s\nwant %s", got.Text, c.want)
		}
		if strings.Contains(string(got.HTML), "⟦") {
			t.Errorf("sentence has a gap: %s", got.HTML)
		}
	}
}

func TestSaysWhoElseSaysSo(t *testing.T) {
	s := demo()
	for corroboration, want := range map[string]string{
		"": "Only Nimbus Forge says this.", "none": "Only Nimbus Forge says this.", "withheld": "Only Nimbus Forge says this.", "new-code": "Only Nimbus Forge says this.",
		"document": "Only Nimbus Forge says this. It names a document as support; the log does not hold it.",
	} {
		if got := s.Alone(request(&entry.RequestBody{Country: "XB", Corroboration: corroboration})).Text; got != want {
			t.Errorf("corroboration %q: %s", corroboration, got)
		}
	}
	if got := s.Alone(decision("refused", borvania)).Text; got != "Only Nimbus Forge says this." {
		t.Errorf("decision: %s", got)
	}
}

func TestFactsSayWhatIsNotPublished(t *testing.T) {
	s := demo()
	text := func(facts []Fact) string {
		var b strings.Builder
		for _, f := range facts {
			b.WriteString(f.Label.Text + ":")
			for _, v := range f.Values {
				b.WriteString(" " + v.Value.Text + " | " + v.Note.Text)
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	hidden := request(nil)
	hidden.Detached, hidden.State, hidden.Statement.Review = nil, pledge.BodyWithheld, "2027-01-01"
	for name, c := range map[string]struct {
		e    *Entry
		want []string
	}{
		"request": {request(borvania), []string{
			"Received: April 2026 | As Nimbus Forge states it.", "Asked by: XB (Federation of Borvania) | Named by Nimbus Forge; not confirmed.",
			"Asked for: Alter a product or weaken its cryptography | Coded “backdoor” by Nimbus Forge.", "Answer: Nimbus Forge stated none, as of 18,204 entries.",
			"Logged: 3 May 2026, 14:02 UTC | Simulated time",
		}},
		"withheld text": {hidden, []string{"Asked by: Not published; to be reviewed by 1 January 2027 | Infer no reason from this.", "Asked for: Not published; to be reviewed by"}},
		"withheld codes": {request(&entry.RequestBody{Country: entry.Withheld, Authority: entry.Withheld, Assist: []string{entry.Withheld}, Received: "2026-04-05"}), []string{
			"Received: 5 April 2026", "Asked by: Country not published | Infer no reason from this. Not published | The signatory does not publish who asked. Infer no reason from this.",
			"Asked for: Not published | The signatory does not publish what was asked for.",
		}},
		"unknown code": {request(&entry.RequestBody{Country: "XB", Assist: []string{"telepathy"}, Received: "2026-04"}), []string{"Asked for: telepathy | This code is not in the published vocabulary."}},
		"other":        {request(&entry.RequestBody{Country: "XB", Assist: []string{"other"}, Other: map[string]string{"assist": "a badge"}, Received: "2026-04"}), []string{"Asked for: Other: a badge"}},
		"band":         {attestation(entry.Between(0, 249), entry.CoversDisclosable), []string{"Requests received: 0 to 249 | Nimbus Forge states a band. The number may be anywhere in it.", "What is counted: Disclosable requests"}},
		"cannot say":   {attestation(entry.CannotSay(), entry.CoversAll), []string{"Requests received: can’t say | Infer neither a number nor a reason from this."}},
	} {
		got := text(s.facts(c.e))
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
	}
}

func TestAnswersStandInTheirOrder(t *testing.T) {
	s := demo()
	req, first, last := request(borvania), decision("challenged", borvania), decision("quashed", borvania)
	last.ID, last.Index = entry.ID{9}, 90
	first.Subject, last.Subject = req, req
	answers := []*Entry{first, last}
	req.Answers, first.Answers, last.Answers = answers, answers, answers
	p := s.Entry(first)
	if len(p.Steps) != 3 || !p.Steps[1].Current || p.Steps[0].Current || p.Steps[2].Href == "" {
		t.Errorf("steps of the first answer: %+v", p.Steps)
	}
	if len(p.Notices) != 1 || p.Notices[0].Title.Text != "A later answer is logged" {
		t.Errorf("notices of the first answer: %+v", p.Notices)
	}
	if p := s.Entry(last); len(p.Notices) != 0 {
		t.Errorf("notices of the last answer: %+v", p.Notices)
	}
	facts := s.Entry(req).Facts
	if got := facts[len(facts)-1].Values[0].Value.Text; !strings.HasPrefix(got, "Quashed on review, logged") {
		t.Errorf("answer on the request's page: %s", got)
	}
}

func TestWithoutWitnessesTimeIsTheOperatorsWord(t *testing.T) {
	s := demo()
	s.Origin = "log.accord.org/2026"
	if got := s.LoggedNote().Text; got != "By the operator’s clock; no witness confirms it." {
		t.Error(got)
	}
	s.Witnesses, s.QuorumTime = 2, 1777816980
	if got := s.LoggedNote().Text; got != "By the operator’s clock; in the log by 3 May 2026, 14:03 UTC, per 2 witnesses." {
		t.Error(got)
	}
	if s.IsDemonstration() || !demo().IsDemonstration() {
		t.Error("which logs are demonstrations")
	}
}

func TestForeignTextIsEscapedAndIsolated(t *testing.T) {
	for s, want := range map[string]string{
		"Acme":                      "<bdi>Acme</bdi>",
		`<script>alert(1)</script>`: "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>",
		`" onmouseover="x`:          "<bdi>&#34; onmouseover=&#34;x</bdi>",
		"Acme \u202edesufer":        "<bdi>Acme [U+202E]desufer</bdi>",
		"a\u2069b\u0085c":           "<bdi>a[U+2069]b[U+0085]c</bdi>",
		"شركة\u200f":                "<bdi>شركة\u200f</bdi>",
	} {
		if got := string(Foreign(s).HTML); got != want {
			t.Errorf("Foreign(%q) = %s, want %s", s, got, want)
		}
	}
	if got := Foreign("شركة").Text; got != "\u2068شركة\u2069" {
		t.Errorf("right-to-left text among others: %q", got)
	}
	hostile := "<img src=x onerror=alert(1)>"
	s := demo()
	s.Names = func(string) string { return hostile }
	got := s.Sentence(decision("refused", borvania))
	if strings.Contains(string(got.HTML), "<img") || !strings.HasPrefix(got.Text, hostile) {
		t.Errorf("sentence: %s", got.HTML)
	}
	if got := Link(`x" onclick="y`, Foreign("a")).HTML; strings.Contains(string(got), `" onclick`) {
		t.Errorf("link: %s", got)
	}
}

func TestPassages(t *testing.T) {
	s := demo()
	long := strings.Repeat("wörd ", 20000)
	got := s.passages(map[string]string{"ar": "نص\n\nثان", "zh-Hans-SG": "声明", "en": "First.\nSecond \u202eline.", "tlh": long}, maxWords)
	if len(got) != 4 || got[0].Lang != "en" || got[1].Lang != "ar" || got[1].Dir != "rtl" || len(got[1].Paragraphs) != 2 {
		t.Fatalf("passages: %+v", got[:2])
	}
	if p := got[0].Paragraphs[0]; p != "First.\nSecond [U+202E]line." {
		t.Errorf("english: %q", p)
	}
	if got[3].Language.Text != "简体中文 (Chinese, simplified)" || got[2].Language.Text != "tlh" {
		t.Errorf("languages: %s, %s", got[3].Language.Text, got[2].Language.Text)
	}
	if !got[2].Cut || len(got[2].Paragraphs[0]) > maxWords || strings.ContainsRune(got[2].Paragraphs[0], '\ufffd') {
		t.Errorf("a long text: cut %v, %d bytes", got[2].Cut, len(got[2].Paragraphs[0]))
	}
	for lang, want := range map[string]string{"en": "ltr", "ar": "rtl", "fa-IR": "rtl", "uz-Arab": "rtl", "ar-Latn": "ltr", "he": "rtl", "az-Latn-IR": "ltr", "sr-1999": "ltr"} {
		if got := Direction(lang); got != want {
			t.Errorf("Direction(%s) = %s", lang, got)
		}
	}
}

func TestDatesAndNumbers(t *testing.T) {
	for s, want := range map[string]string{"2026-04": "April 2026", "2026-04-05": "5 April 2026", "2026-04/2026-05": "April 2026 to May 2026", "soon": "soon"} {
		if got := English.Span(s).Text; got != want {
			t.Errorf("Span(%s) = %s", s, got)
		}
	}
	half, _ := entry.ParsePeriod("2026-H2")
	if got := English.Period(half).Text + " " + English.PeriodShort(half).Text; got != "July to December 2026 Jul–Dec" {
		t.Error(got)
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 18204: "18,204", 1234567: "1,234,567"} {
		if got := English.Number(n); got != want {
			t.Errorf("Number(%d) = %s", n, got)
		}
	}
	if got := English.Moment(1777816920).HTML; got != `<time datetime="2026-05-03T14:02:00Z">3 May 2026, 14:02 UTC</time>` {
		t.Errorf("moment: %s", got)
	}
}

func TestBandsAreDrawnAsBands(t *testing.T) {
	s := demo()
	if got := string(s.claimBar(entry.Between(100, 200), 400).SVG); !strings.Contains(got, `class="bar-band" x="50.0" y="0" width="50.0"`) {
		t.Errorf("band: %s", got)
	}
	if got := string(s.claimBar(entry.Exactly(0), 400).SVG); strings.Contains(got, "bar-exact") {
		t.Errorf("zero is drawn: %s", got)
	}
	if got := string(s.claimBar(entry.CannotSay(), 400).SVG); strings.Contains(got, "svg") || !strings.Contains(got, "no number stated") {
		t.Errorf("no number: %s", got)
	}
}

func TestPreview(t *testing.T) {
	s := demo()
	s.Preview = true
	e := request(&entry.RequestBody{Country: "XB", Assist: []string{"backdoor"}, Received: "2026-04", Narrative: map[string]string{"en": "What we have to say."}})
	e.Logged = 0
	got, err := s.Render(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"stated that it received a request that it attributes to XB", "Not logged yet", "What we have to say.", "Only <bdi>Nimbus Forge</bdi> says this."} {
		if !strings.Contains(string(got), want) {
			t.Errorf("preview lacks %q", want)
		}
	}
	for _, bad := range []string{"href=", "⟦", "checkpoint", "Permanent address"} {
		if strings.Contains(string(got), bad) {
			t.Errorf("preview has %q", bad)
		}
	}
}

// What is copied out of a demonstration must not read as news.
func TestQuotationsOfADemonstrationSayThatItIsOne(t *testing.T) {
	const label = "Demonstration: invented, simulated time."
	s := demo()
	if got := s.Entry(decision("refused", borvania)).Quote; !strings.HasSuffix(got.Text, " as of 18,204 entries. "+label) || !strings.HasSuffix(string(got.HTML), label) {
		t.Errorf("quotation: %s", got.Text)
	}
	s.Origin = "log.accord.org/2026"
	if got := s.Entry(decision("refused", borvania)).Quote.Text; strings.Contains(got, "emonstration") || !strings.HasSuffix(got, "as of 18,204 entries.") {
		t.Errorf("quotation of a log in earnest: %s", got)
	}
}

// A number of a period stands for itself: neither "1 of all requests" nor "1: 1".
func TestNumbersOfAPeriod(t *testing.T) {
	s := demo()
	counts := func(total uint64, outcomes map[string]uint64) entry.Counts {
		return entry.Counts{Total: total, Outcomes: outcomes}
	}
	for _, c := range []struct {
		covers         string
		logged         entry.Counts
		covered, count string
	}{
		{entry.CoversAll, counts(0, nil), "Covers all requests.", "None"},
		{entry.CoversAll, counts(1, map[string]uint64{"refused": 1}), "Covers all requests.", "1 logged: “Refused”"},
		{entry.CoversDisclosable, counts(1200, map[string]uint64{"pending": 1200}), "Covers only those that it may disclose.", "1,200 logged: “No decision yet”"},
		{entry.CoversAll, counts(3, map[string]uint64{"challenged": 1, "refused": 2}), "Covers all requests.", "3 logged: 2 “Refused” and 1 “Challenged”"},
	} {
		p, _ := entry.ParsePeriod("2026-Q1")
		b := &entry.Attestation{Period: p, Covers: c.covers, Received: entry.Claims{Total: entry.Exactly(1)}, Logged: c.logged}
		row := s.periodRow(pledge.PeriodStatus{Period: p, Attested: &pledge.Mark{Index: 57}, Attestation: b, Logged: c.logged}, 1)
		if row.Claim.Text != "1" || row.Covers.Text != c.covered || row.Logged.Text != c.count {
			t.Errorf("%v of %s: %s | %s | %s", c.logged, c.covers, row.Claim.Text, row.Covers.Text, row.Logged.Text)
		}
	}
}
