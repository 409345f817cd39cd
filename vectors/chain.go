package vectors

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A chain is a log in the making. It plays every part and asks no rule book: what
// becomes of each leaf is said with it.
type chain struct {
	*recipe
	out    Chain
	now    int64
	voices map[string]*voice
	labels map[string]string // label → entry id
	at     map[string]int    // label → index
	site   *site             // where it is published; nil for a chain alone
}

// A voice is who says something, as it stands in the books.
type voice struct {
	id            string
	set           keyset
	seq, slotSeq  int
	head, slotTop string // entry ids
}

// A keyset is keys by name, how many of them sign, and the slot keys.
type keyset struct {
	keys      []string
	threshold int
	slots     []string
}

func keysOf(threshold int, keys ...string) keyset { return keyset{keys, threshold, nil} }

func (k keyset) withSlot(key string) keyset {
	k.slots = []string{key}
	return k
}

func (k keyset) all() []string { return append(slices.Clone(k.keys), k.slots...) }

// json is the members keys and threshold of a key set, in a text that names keys.
func (k keyset) json() string {
	var list []string
	for _, name := range k.all() {
		list = append(list, "$key("+name+")")
	}
	return fmt.Sprintf(`"keys":[%s],"threshold":%d`, strings.Join(list, ","), k.threshold)
}

// A st is a statement to be made.
type st struct {
	by, kind string
	body     string   // in the tree; see recipe.text, and $entry(label), $body(name)
	as       string   // label by which later ones name it
	text     string   // name of its detached body, which is then any text
	detached string   // the detached body itself
	opens    []string // digests of texts that an open publishes
	erases   string   // digest of a text that an erasure deletes
	review   string   // when it is withheld
	signers  []string
	also     []string // signers beside those that its kind has by itself
	brings   *keyset  // its author's key set from the next statement on
	seq      int      // not the next one
	prev     string   // a label; not the head
	made     string   // not a minute before
	log      string   // another origin
	wrong    []string // keys whose signature is of something else

	why  string
	code string // why it is rejected
	find []Found
}

func newChain(about, start string, charter st) *chain {
	c := &chain{recipe: newRecipe(), out: Chain{About: about, Log: Origin}, voices: make(map[string]*voice), labels: map[string]string{"nothing": idOf("nothing")}, at: make(map[string]int)}
	c.clock(start)
	c.enter("secretariat", keysOf(2, "ed/sec1", "p256/sec2", "ed/sec3"))
	c.enter("operator", keysOf(1, "ed/op"))
	if charter.kind != "" {
		c.say(charter)
	}
	return c
}

// charterKeys are those of a charter, all of which sign it.
var charterKeys = []string{"ed/sec1", "p256/sec2", "ed/sec3", "ed/rec1", "ed/rec2", "ed/op"}

// charter is the charter of a chain.
func charter(attestation, slots string) st {
	return st{by: "secretariat", kind: "charter", as: "charter", signers: charterKeys, detached: `{"author":"secretariat","clauses":{"no-attack-help":"We help nobody to attack.","report":"We log requests."},"kind":"charter","log":"$log","salt":"$salt(charter)"}`,
		body: `{"accord":"Lanternhall Accord","attestation":"` + attestation + `","clauses":[{"id":"no-attack-help","text":"$digest(We help nobody to attack.)"},{"id":"report","text":"$digest(We log requests.)"}],"decisionDays":60,"fileDays":45,"graceDays":30,"logKeys":["$vkey"],"operator":{"keys":[$key(ed/op)],"threshold":1},"recovery":{"keys":[$key(ed/rec1),$key(ed/rec2)],"threshold":2},"replyDays":30,"reviewDays":365,"secretariat":{"keys":[$key(ed/sec1),$key(p256/sec2),$key(ed/sec3)],"threshold":2},"slots":"` + slots + `"}`}
}

// enter makes somebody known to the books.
func (c *chain) enter(id string, set keyset) { c.voices[id] = &voice{id: id, set: set} }

// company names what is invented of an author.
var company = map[string][3]string{ // id → name, country, website
	"aldermoth-cloud":      {"Aldermoth Cloud", "XA", "https://aldermoth.example/"},
	"brindlewick-systems":  {"Brindlewick Systems", "XB", "https://brindlewick.example/"},
	"quillhaven-messenger": {"Quillhaven Messenger", "XC", "https://quillhaven.example/"},
	"velloquin-networks":   {"Velloquin Networks", "XD", "https://velloquin.example/"},
	"open-lantern":         {"Open Lantern Foundation", "XA", "https://open-lantern.example/"},
	"harbour-press-watch":  {"Harbour Press Watch", "XF", "https://harbour-press-watch.example/"},
}

const (
	acme    = "aldermoth-cloud"
	brindle = "brindlewick-systems"
	quill   = "quillhaven-messenger"
	vello   = "velloquin-networks"
	lantern = "open-lantern"
	harbour = "harbour-press-watch"
)

// admit is the admission of an author.
func admit(mode, id, role string, set keyset, carveOuts ...string) st {
	of := company[id]
	carved := ""
	if len(carveOuts) > 0 {
		carved = `"carveOuts":["` + strings.Join(carveOuts, `","`) + `"],`
	}
	keys, threshold, _ := strings.Cut(set.json(), `],"threshold"`)
	return st{by: "secretariat", kind: "admit", also: set.all(), as: mode + " " + id,
		body: fmt.Sprintf(`{%s"country":"%s","id":"%s",%s],"mode":"%s","name":"%s","role":"%s","threshold"%s,"website":"%s"}`, carved, of[1], id, keys, mode, of[0], role, threshold, of[2])}
}

// admitted says the admission and enters the author.
func (c *chain) admitted(id, role string, set keyset, carveOuts ...string) {
	c.say(admit("new", id, role, set, carveOuts...))
	c.enter(id, set)
}

// pledge is a pledge of clauses, of the charter.
func pledge(by string, clauses ...string) st {
	slices.Sort(clauses)
	return st{by: by, kind: "pledge", body: `{"charter":"$entry(charter)","clauses":["` + strings.Join(clauses, `","`) + `"]}`}
}

// clock moves the time: a date is its noon.
func (c *chain) clock(s string) {
	if len(s) == len("2006-01-02") {
		s += "T12:00:00Z"
	}
	if c.site != nil {
		c.site.daily(c, unix(s))
	}
	c.now = unix(s)
}

func unix(s string) int64 {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic("vectors: " + err.Error())
	}
	return t.Unix()
}

func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02T15:04:05Z") }

// later lets a minute pass.
func (c *chain) later() { c.now += 60 }

var entryNamed = regexp.MustCompile(`\$entry\([^()]*\)`)

// write writes what a text names.
func (c *chain) write(s string) string {
	return c.text(entryNamed.ReplaceAllStringFunc(s, func(m string) string {
		label := m[len("$entry(") : len(m)-1]
		id, ok := c.labels[label]
		if !ok {
			panic("vectors: nothing was said as " + label)
		}
		return id
	}))
}

// leaf makes the leaf of a statement, logged now.
func (c *chain) leaf(s st) (leaf, payload []byte, unverified []string) {
	v := c.voices[s.by]
	if v == nil {
		panic("vectors: nobody is called " + s.by)
	}
	lane, seq, head := "main", v.seq+1, v.head
	if s.kind == "slot" {
		lane, seq, head = "slot", v.slotSeq+1, v.slotTop
	}
	if s.seq != 0 {
		seq = s.seq
	}
	if s.prev != "" {
		head = c.labels[s.prev]
	}
	if seq == 1 {
		head = ""
	} else if head == "" {
		head = idOf("nothing")
	}
	made := stamp(c.now - 60)
	if s.made != "" {
		made = s.made
	}
	digestMember, reviewMember, prevMember := "", "", ""
	switch {
	case s.detached != "":
		digestMember = `"bodyDigest":"` + digest([]byte(c.write(s.detached))) + `",`
	case s.text != "":
		digestMember = `"bodyDigest":"` + digestOf(s.text) + `",`
	}
	if s.review != "" {
		reviewMember = `,"withheld":{"review":"` + s.review + `"}`
	}
	if head != "" {
		prevMember = `"prev":"` + head + `",`
	}
	text := fmt.Sprintf(`{"author":"%s","body":%s,%s"kind":"%s","lane":"%s","log":"%s","made":"%s",%s"seq":%d%s}`,
		s.by, c.write(s.body), digestMember, s.kind, lane, cmp.Or(s.log, Origin), made, prevMember, seq, reviewMember)
	payload = []byte(text)

	signers := s.signers
	if signers == nil {
		signers = v.set.keys[:v.set.threshold]
		if s.kind == "slot" {
			signers = v.set.slots
		}
	}
	var sigs []signed
	for _, name := range append(slices.Clone(signers), s.also...) {
		k := c.key(name)
		if slices.ContainsFunc(sigs, func(o signed) bool { return o.keyid == keyID(k) }) {
			continue
		}
		one := signedBy(payload, k)[0]
		if slices.Contains(s.wrong, name) {
			one.sig = k.Sign([]byte("something else"))
			unverified = append(unverified, one.keyid)
		}
		sigs = append(sigs, one)
	}
	return leafOf(c.now, payload, sigs...), payload, unverified
}

// say logs a statement now. What becomes of it stands in s.
func (c *chain) say(s st) {
	leaf, payload, unverified := c.leaf(s)
	index := len(c.out.Leaves)
	step := Step{Why: s.why, Leaf: leaf, ID: entryID(payload), Verdict: Accepted, Code: s.code, Unverified: unverified, Findings: slices.Clone(s.find)}
	if s.code != "" {
		step.Verdict = Rejected
		code := "statement-rejected"
		if s.code == "directory-root" {
			code = "directory-false"
		}
		step.Findings = append(step.Findings, operator(code))
	}
	c.add(step)
	if s.as != "" {
		c.labels[s.as], c.at[s.as] = step.ID, index
	}
	if step.Verdict != Accepted {
		return
	}
	if c.site != nil {
		c.site.take(c, s)
	}
	v := c.voices[s.by]
	if s.kind == "slot" {
		v.slotSeq, v.slotTop = v.slotSeq+1, step.ID
	} else {
		v.seq, v.head = v.seq+1, step.ID
	}
	if s.brings != nil {
		v.set = *s.brings
	}
}

// raw logs any bytes, which are no leaf.
func (c *chain) raw(why, code, leaf string, find ...Found) {
	c.add(Step{Why: why, Leaf: Octets(leaf), Verdict: Malformed, Code: code, Findings: append(find, operator("leaf-malformed"))})
}

func (c *chain) add(step Step) {
	index := len(c.out.Leaves)
	step.Findings = slices.Clone(step.Findings)
	for i := range step.Findings {
		if step.Findings[i].Index == nil { // else it is on an earlier one
			step.Findings[i].Index = &index
		}
	}
	slices.SortFunc(step.Findings, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Period, b.Period))
	})
	c.out.Leaves = append(c.out.Leaves, step)
}

// again logs the leaf of an earlier index as it stands there, at the time of now.
func (c *chain) again(why string, index int) {
	step := c.out.Leaves[index]
	_, rest, _ := strings.Cut(string(step.Leaf), `,"statement":`)
	c.add(Step{Why: why, Leaf: Octets(fmt.Sprintf(`{"logged":%d,"statement":%s`, c.now, rest)), ID: step.ID, Verdict: Duplicate, Findings: []Found{operator("statement-duplicate")}})
}

// try adds a case: what would become of a statement that came now. Code "" is that it
// would be accepted.
func (c *chain) try(name, code, why string, s st) {
	leaf, payload, unverified := c.leaf(s)
	one := Case{Name: name, Why: why, After: len(c.out.Leaves), Leaf: leaf, ID: entryID(payload), Verdict: Rejected, Code: code, Unverified: unverified}
	if code == "" {
		one.Verdict = Accepted
	}
	c.out.Cases = append(c.out.Cases, one)
}

// when lets f happen at another time, and then it is now again.
func (c *chain) when(s string, f func()) {
	now := c.now
	c.clock(s)
	f()
	c.now = now
}

// end says how things stand at a moment.
func (c *chain) end(asOf string, open []Found, authors ...Status) Chain {
	c.out.AsOf, c.out.Open = asOf, open
	for i := range open {
		if open[i].Concerns == "" {
			open[i].Concerns = "author"
		}
	}
	c.out.Authors = authors
	return c.out
}

// setDigest is the digest of a key set's canonical JSON (section 4, directory).
func (c *chain) setDigest(k keyset) string { return digest([]byte(c.text("{" + k.json() + "}"))) }

// index is that of what was said under a label.
func (c *chain) index(label string) *int {
	i, ok := c.at[label]
	if !ok {
		panic("vectors: nothing was said as " + label)
	}
	return &i
}

// operator and author are findings on them, by a leaf.
func operator(code string) Found { return Found{Code: code, Concerns: "operator"} }

func author(id, code string, period ...string) Found {
	f := Found{Code: code, Concerns: "author", Author: id}
	if len(period) > 0 {
		f.Period = period[0]
	}
	return f
}

// overdue is the finding of chains that have no directory, on the first leaf that is
// logged two days after the log grew: it is given once.
var overdue = []Found{operator("directory-overdue")}

func overdueAnd(more ...Found) []Found { return append(slices.Clone(overdue), more...) }
