package vectors

import "strings"

// lengths are how long the texts of each member may be (protocol section 2), in
// characters; n of them are taken and one more is refused. Where the text may be of any
// characters, those of the vectors have two bytes each.
var lengths = []struct {
	name, of, old string // the text that stands in the sample
	head          string // what the text begins with
	n             int    // with the head
	ch            string
	body          bool // of a detached body, not of a statement
}{
	{"charter-accord", "charter", `Lanternhall Accord`, "", 200, "§", false},
	{"admit-name", "admit", `Aldermoth Cloud`, "", 200, "§", false},
	{"admit-entity", "admit", `Aldermoth Data Centres`, "", 200, "§", false},
	{"admit-website", "admit", `https://aldermoth.example/`, "https://", 500, "x", false},
	{"amend-successor", "amend-everything", `log.lanternhall.example/next`, "", 200, "x", false},

	{"agency", "request", `Signals Directorate of Borvania`, "", 200, "§", true},
	{"statute", "request", `Art. 12 of the Borvanian Signals Act`, "", 500, "§", true},
	{"other", "request", `to paint the data centre`, "", 500, "§", true},
	{"narrative", "request", `來函。`, "", 50000, "§", true},
	{"document-name", "decision", `answer.txt`, "", 200, "§", true},
	{"document-mediaType", "request", `application/pdf`, "", 100, "§", true},
	{"document-url", "request", `https://aldermoth.example/letter.pdf`, "https://", 500, "x", true},
	{"court", "decision", `High Court of Asteria`, "", 200, "§", true},
}

// longest adds, of statements, those at their bounds and over.
func (r *recipe) longest(add func(name, why, code, payload string)) {
	for _, l := range lengths {
		if l.body {
			continue
		}
		fill := l.n - len(l.head)
		text := func(n int) string { return replace(r.sample(l.of), r.text(l.old), l.head+strings.Repeat(l.ch, n)) }
		add(l.name+"-longest", "as long as it may be", "", text(fill))
		add(l.name+"-too-long", "a character more than it may have", "member-malformed", text(fill+1))
	}
	add("admit-website-no-host", "something follows https://", "member-malformed", replace(r.sample("admit"), `https://aldermoth.example/`, `https://`))
	add("admit-website-path-alone", "and it is no /", "member-malformed", replace(r.sample("admit"), `https://aldermoth.example/`, `https:///x`))
	for _, c := range []struct{ name, text string }{{"space", "a b"}, {"quote", `a\"b`}, {"less", "a<b"}, {"greater", "a>b"}, {"not-ascii", "aéb"}} {
		add("admit-website-"+c.name, "ASCII without spaces and \" < >", "member-malformed", replace(r.sample("admit"), `aldermoth.example/`, "aldermoth.example/"+c.text))
	}
}

// longestBodies does so of detached bodies. Marks keep the file small.
func (r *recipe) longestBodies(add func(name, why, code, of string, body []byte, more ...func(*Body))) {
	for _, l := range lengths {
		if !l.body {
			continue
		}
		of, body := r.sampleBody(l.of)
		with := replace(string(body), r.text(l.old), l.head+"#")
		for _, more := range []struct {
			name, why, code string
			n               int
		}{{"-longest", "as long as it may be", "", 0}, {"-too-long", "a character more than it may have", "member-malformed", 1}} {
			add(l.name+more.name, more.why, more.code, of, []byte(with), func(b *Body) {
				b.Repeat = &Repeat{Mark: "#", Text: l.ch, N: l.n - len(l.head) + more.n}
			})
		}
	}
	_, body := r.sampleBody("request")
	const longest = "en-abcdefgh-12345678-abcdefgh-12345"
	add("language-longest", "35 characters", "", "request", []byte(replace(string(body), `"zh-Hant"`, `"`+longest+`"`)))
	add("language-too-long", "36 characters", "member-malformed", "request", []byte(replace(string(body), `"zh-Hant"`, `"`+longest+`6"`)))
}

// longestClauses are charters whose first clause has 20,000 characters, and one more.
func (r *recipe) longestClauses() (all []Body) {
	_, sample := r.sampleBody("charter")
	for _, more := range []struct {
		name, why, code string
		n               int
	}{{"clause-longest", "20,000 characters", "", 20000}, {"clause-too-long", "a character more than it may have", "member-malformed", 20001}} {
		b := Body{Name: more.name, Why: more.why, Code: more.code, Repeat: &Repeat{Mark: "#", Text: "§", N: more.n}}
		b.Body = Octets(replace(string(sample), "We help nobody to attack.", "#"))
		b.Digest = digest(b.Repeat.Expand(b.Body))
		clause := digestOf(strings.Repeat("§", more.n))
		b.Payload = Octets(replace(string(r.payloadOf("charter", b.Digest)), digestOf("We help nobody to attack."), clause))
		all = append(all, b)
	}
	return all
}
