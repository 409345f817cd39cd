package scenes

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/pledgelog/pledgelog/safe"
)

// A company does all that a company does, with secrets that can be told from anything
// else: passphrases, keys, salts, and what it does not publish. None of them is anywhere
// but where this test says, before something is opened and afterwards.
func TestCanaries(t *testing.T) {
	h := newHunt(t)
	a := newAccord(t)
	a.run = func(name string, args ...string) said { return h.watch(a.dir, name, args) }
	listen := free(t)
	wire := newRelay(t, listen)
	c := &company{accord: a, hunt: h, wire: wire, drafts: make(map[string]bool)}
	a.begin("2025-01-02T09:00:00Z", listen, wire.l.Addr().String())
	c.keys()
	c.files()
	c.year()
	c.edits()
	c.backups()
	c.desks()
	c.mistakes()
	c.auditors()
	c.lookEverywhere("before anything is opened")
	if t.Failed() {
		return
	}
	c.opens()
	c.auditors()
	c.lookEverywhere("after some was opened")
	c.ends()
	for _, secret := range h.canaries {
		if len(secret.may) > 0 && !secret.public && h.hits[secret.what] == 0 {
			t.Errorf("%s is not even where it has to be: %q", secret.what, secret.may)
		}
	}
	for _, place := range []string{"stdout", "stderr", "terminal", "cmdline", "environ", "file", "memory", "wire", "address"} {
		if h.places[place] < 5 {
			t.Errorf("%d looks at %s", h.places[place], place)
		}
	}
	t.Logf("%d secrets, looks: %v", len(h.canaries), h.places)
}

// A company is acme, with the wire between it and the log.
type company struct {
	*accord
	hunt   *hunt
	wire   *relay
	drafts map[string]bool // those whose salts are hunted for

	opened   []*canary // what becomes public in the end
	unlocked *safe.Key
	second   string // what the key\'s passphrase has in it
	kept     string // a commitment that comes out of its slot
	loopback *relay // between a desk and who sits there
}

// seed hunts for an Ed25519 key's secret half, which only its own file may have.
func (c *company) seed(file string, may ...string) {
	c.t.Helper()
	text := c.read(file)
	may = append(may, "file "+file)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
			c.t.Fatal(err)
		}
		c.hunt.bytes("the secret key "+file, block.Bytes[len(block.Bytes)-32:], may...)
		return
	}
	fields := strings.SplitN(strings.TrimSpace(text), "+", 5) // PRIVATE+KEY+name+id+key
	b, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(b) != 33 {
		c.t.Fatalf("%s is no checkpoint key: %v", file, err)
	}
	c.hunt.bytes("the secret key "+file, b[1:], may...)
}

// keys makes the company's keys, as a person does at a terminal.
func (c *company) keys() {
	first, second := c.hunt.canary("the first passphrase", "file first.txt"), c.hunt.canary("the second passphrase", "file second.txt")
	c.second = second.text
	one, two := `q"`+first.text+`\<é`, `q"`+second.text+`\<é`
	must := func(s said) {
		c.t.Helper()
		if s.code != 0 {
			c.t.Fatalf("exit %d\n%s%s", s.code, s.stdout, s.stderr)
		}
	}
	must(c.hunt.watch(c.dir, "pledge", []string{"keygen", "--out", "acme-1"}, answer{"new passphrase of acme-1", one, true}, answer{"the same again", one, true}))
	must(c.hunt.watch(c.dir, "pledge", []string{"key", "passphrase", "acme-1"}, answer{"passphrase of acme-1", one, true}, answer{"new passphrase of acme-1", two, true}, answer{"the same again", two, true}))
	c.write("first.txt", one+"\n")
	c.write("second.txt", two+"\n")
	c.safe()
	c.key("acme-2", "statement")
	c.key("acme-slot", "slot")
	for _, file := range []string{"acme-2", "acme-slot", "sec1", "rec1"} {
		c.seed(file)
	}
	c.seed("keys/checkpoint.key", "memory of pledgelog")
	c.seed("keys/operator.key", "memory of pledgelog")
	c.phrases["acme-1"] = "second.txt"
	c.admission("acme-admitted", "acme", "Acme Systems Ltd", "new", 1, []string{"acme-1", "acme-2", "acme-slot"})
	c.log("acme-pledge", "pledge", "author: acme\nclauses: [no-backdoors]\n", "acme-2")
	if s := c.run("pledge", "key", "show", "acme-1", "--passphrase-file", "first.txt"); s.code == 0 {
		c.t.Error("the former passphrase opens the key")
	}
	c.must("pledge", "key", "show", "acme-1", "--passphrase-file", "second.txt")
}

// safe makes the safe in which drafts keep what is kept back. The one that is used then
// is the same, encrypted at a cost that a test can bear.
func (c *company) safe() {
	secret := c.hunt.canary("the passphrase of the safe", "file safe.txt")
	phrase := `q"` + secret.text + `\<é`
	if s := c.hunt.watch(c.dir, "pledge", []string{"safe", "new", "--out", "counsel.safe"}, answer{"new passphrase of counsel.safe", phrase, true}, answer{"the same again", phrase, true}); s.code != 0 {
		c.t.Fatalf("safe new: exit %d\n%s", s.code, s.stdout)
	}
	c.write("safe.txt", phrase+"\n")
	id, err := age.NewScryptIdentity(phrase)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(c.read("counsel.safe"))), id)
	if err != nil {
		c.t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.unlocked, err = safe.ParseKey(b); err != nil {
		c.t.Fatal(err)
	}
	c.hunt.bytes("the secret half of the safe", bytes.TrimSpace(b))
	cheap, err := safe.EncryptKey(c.unlocked, phrase, 10)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write("counsel.safe", string(cheap))
	c.reading = []string{"--safe-key", "counsel.safe", "--safe-passphrase-file", "safe.txt"}
}

// unsealed is what a member safe has in it.
func (c *company) unsealed(member string) []byte {
	c.t.Helper()
	file, err := base64.StdEncoding.DecodeString(member)
	if err != nil {
		c.t.Fatal(err)
	}
	b, err := safe.Decrypt(file, c.unlocked, 1<<20)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// text is a paragraph in which a canary stands often enough not to be cut in all places
// by whatever cuts texts into pages.
func text(c *canary) string {
	return "It names " + c.text + ", then again " + c.text + " and at last " + c.text + "."
}

// files writes what the company's people write, in which some is not to be published.
func (c *company) files() {
	h := c.hunt
	// kept is a text that is in what a person wrote, and on the terminal of who reads it
	// there: drafts, memos and openings keep it in a safe.
	kept := func(what, label string, more ...string) *canary {
		return h.canary(what, append(more, "file "+label+".yaml")...)
	}
	story := kept("the withheld words", "first", "terminal of pledge sign")
	agency := kept("what is sealed in the withheld text", "first", "terminal of pledge sign")
	statute := kept("the withheld statute", "first", "terminal of pledge sign")
	c.opened = append(c.opened, story, statute)
	c.write("first.yaml", "author: acme\nreceived: 2025-01\ncountry: XC\nassist: [keys]\nagency: "+agency.text+"\nstatute: The Act of "+statute.text+
		"\nnarrative: {en: '"+text(story)+"'}\nwithhold: {review: 2025-09-30}\nseal:\n  agency: {reason: safety, review: 2025-09-30}\n")
	never := kept("words that stay withheld", "second")
	c.write("second.yaml", "author: acme\nreceived: 2025-01\ncountry: XC\nassist: [keys]\nnarrative: {en: '"+text(never)+"'}\nwithhold: {review: 2025-09-30}\n")
	sealed := h.canary("a sealed statute", "file third.yaml")
	permission := h.canary("the reference of a permission", "file third.yaml")
	c.write("third.yaml", "author: acme\nreceived: 2025-01\ncountry: XC\nassist: [keys]\ninstrument: gb-tcn\nstatute: The Act of "+sealed.text+
		"\npermission: {reference: Letter "+permission.text+"}\nnarrative: {en: Somebody asked.}\nseal:\n  statute: {reason: secrecy-law, law: withheld, review: 2025-09-30}\n")
	court := kept("the court of a withheld decision", "decision")
	grounds := kept("the words of a withheld decision", "decision")
	c.write("decision.yaml", "author: acme\nrequest: first.json\noutcome: refused\ngrounds: [pledge]\ndate: 2025-02-01\ncourt: The court of "+court.text+"\nnarrative: {en: '"+text(grounds)+"'}\nwithhold: {review: 2025-09-30}\n")
	forever := h.canary("a commitment that stays one", "file forever.yaml")
	someday := h.canary("a commitment that is told in the end", "file someday.yaml")
	c.opened = append(c.opened, someday)
	for label, secret := range map[string]*canary{"forever": forever, "someday": someday} {
		c.write(label+".yaml", "author: acme\nreceived: 2025-01\ncountry: XC\nassist: [exploit]\nagency: "+secret.text[:26]+"\nnarrative: {en: '"+text(secret)+"'}\n")
	}
	// What goes wrong quotes nothing.
	country, code, member, date := h.canary("a country that is none", "file wrong-country.yaml"), h.canary("a code that is none", "file wrong-code.yaml"), h.canary("a member that is none", "file wrong-member.yaml"), h.canary("a date that is none", "file wrong-date.yaml")
	for label, lines := range map[string]string{
		"wrong-country": "received: 2025-01\ncountry: " + country.text + "\nassist: [keys]",
		"wrong-code":    "received: 2025-01\ncountry: XC\nassist: [" + code.text + "]",
		"wrong-member":  "received: 2025-01\ncountry: XC\nassist: [keys]\nnarrative:\n  en: x\n  " + member.text + ": y\n   z: u",
		"wrong-date":    "received: " + date.text + "\ncountry: XC\nassist: [keys]",
	} {
		c.write(label+".yaml", "author: acme\n"+lines+"\nnarrative: {en: x}\nwithhold: {review: 2025-09-30}\n")
	}
}

// salts hunts for the salts of a file: of texts that are not published, and of all that
// is under seals or in a slot.
func (c *company) salts(file string, may ...string) {
	c.t.Helper()
	if c.drafts[file] {
		return
	}
	c.drafts[file] = true
	n := 0
	one := func(salt string) {
		b, err := base64.RawURLEncoding.DecodeString(salt)
		if err != nil || len(b) < 16 {
			c.t.Fatalf("%s: %q is no salt", file, salt)
		}
		n++
		c.hunt.bytes(fmt.Sprintf("salt %d of %s", n, file), b, may...)
		c.hunt.bytes(fmt.Sprintf("salt %d of %s, as a text", n, file), []byte(salt), may...)
	}
	text := c.read(file)
	if m := regexp.MustCompile(`"safe":"([A-Za-z0-9+/=]+)"`).FindStringSubmatch(text); m != nil {
		text = string(c.unsealed(m[1]))
	} else {
		may = append(may, "file "+file, "file restored/"+file)
	}
	for _, m := range regexp.MustCompile(`"salt":"([A-Za-z0-9_-]{22,})"`).FindAllStringSubmatch(text, -1) {
		one(m[1])
	}
	for _, m := range regexp.MustCompile(`"(Wy[IJ][A-Za-z0-9_-]{30,})"`).FindAllStringSubmatch(text, -1) { // ["
		b, err := base64.RawURLEncoding.DecodeString(m[1])
		var d []any
		if err != nil || json.Unmarshal(b, &d) != nil || len(d) != 3 {
			c.t.Fatalf("%s: %q is no disclosure: %v", file, m[1], err)
		}
		one(d[0].(string))
	}
	if n == 0 {
		c.t.Fatalf("%s has no salt", file)
	}
}

// year is what the company does.
func (c *company) year() {
	t := c.t
	with := func(args ...string) { c.must("pledge", append(args, c.reading...)...) }
	c.at("2025-01-08T10:00:00Z")
	c.must("pledge", "new", "request")
	c.must("pledge", "law", "gb-tcn")
	c.must("pledge", "version")
	fresh := func(kind, label string) {
		t.Helper()
		c.named(label, c.must("pledge", append([]string{"new", kind, "--safe", "counsel.safe.pub", "--from", label + ".yaml", "--out", label + ".json"}, online...)...))
	}
	commitments := make(map[string]string)
	for _, label := range []string{"forever", "someday"} {
		commitments[label] = printed(t, printedCommitment, c.must("pledge", "new", "request", "--safe", "counsel.safe.pub", "--from", label+".yaml", "--for-slot", "slots", "--policy", "policy.txt", "--simulated-clock", "clock"))
	}
	c.kept = commitments["someday"]
	c.salts(commitments["forever"])
	c.at("2025-01-13T03:00:00Z")
	slot := append([]string{"slot", "--author", "acme", "--key", "acme-slot"}, online...)
	c.must("pledge", slot...)
	c.must("pledge", slot...)
	c.must("pledge", "slot", "list", "--author", "acme")
	c.salts("slots/acme-slot-2025-W03.json")

	c.at("2025-02-03T10:00:00Z")
	fresh("request", "first")
	c.salts("first.json")
	with("lint", "first.json")
	with("preview", "first.json", "--html", "first.html", "--policy", "policy.txt")
	if s := c.hunt.watch(c.dir, "pledge", append([]string{"sign", "first.json", "--key", "acme-1"}, c.reading...),
		answer{"passphrase of acme-1", `q"` + c.second + `\<é`, true}, answer{"[y/N]", "y", false}); s.code != 0 {
		t.Fatalf("sign: exit %d\n%s", s.code, s.stdout)
	}
	c.submit("first.json")
	c.must("pledge", "receipt", "show", "first.tlog-proof", "--policy", "policy.txt")
	with("memo", "first.json", "--policy", "policy.txt", "--out", "first.memo")

	fresh("request", "second")
	c.salts("second.json")
	if s := c.run("pledge", "sign", "second.json", "--key", "acme-1", "--yes", "--passphrase-file", "first.txt"); s.code == 0 {
		t.Error("the former passphrase opens the key")
	}
	c.sign("second.json", "sec1") // not called for
	c.refused("signature", "submit", "second.json", "--policy", "policy.txt")
	c.must("pledge", "sign", "second.json", "--remove", c.keyID("sec1"))
	c.sign("second.json", "acme-2")
	c.submit("second.json")

	fresh("request", "third")
	c.salts("third.json")
	with("preview", "third.json", "--html", "third.html", "--policy", "policy.txt")
	with("sign", "third.json", "--key", "acme-2", "--yes", "--confirm", "permission-cited")
	c.submit("third.json")
	with("memo", "third.json", "--policy", "policy.txt", "--out", "third.memo")

	fresh("decision", "decision")
	c.salts("decision.json")
	c.sign("decision.json", "acme-2")
	c.submit("decision.json")
	c.must("pledge", "status", "--author", "acme", "--policy", "policy.txt", "--simulated-clock", "clock")
	c.must("pledge", "status", "--author", "acme", "--policy", "policy.txt", "--simulated-clock", "clock", "--json")

	c.write("why.txt", "We named the wrong law.\n")
	c.named("correction", c.must("pledge", append([]string{"correct", c.id("third"), "--void", "--narrative", "why.txt", "--author", "acme", "--out", "correction.json"}, online...)...))
	c.sign("correction.json", "acme-2")
	c.submit("correction.json")

	c.at("2025-04-02T10:00:00Z")
	c.named("attestation", c.must("pledge", append([]string{"attest", "--period", "2025-Q1", "--received", "2", "--covers", "disclosable", "--author", "acme", "--out", "attestation.json"}, online...)...))
	c.sign("attestation.json", "acme-2")
	c.submit("attestation.json")
	c.at("2025-04-03T10:00:00Z")
}

func (c *company) keyID(key string) string {
	c.t.Helper()
	return printed(c.t, regexp.MustCompile(`(?m)^key id +([0-9a-f]{64})$`), c.must("pledge", "key", "show", key+".pub"))
}

// mistakes are made by the company, and by somebody who has no pledge to make them with.
func (c *company) mistakes() {
	for _, label := range []string{"wrong-country", "wrong-code", "wrong-member", "wrong-date"} {
		for _, way := range [][]string{online, {"--policy", "policy.txt", "--simulated-clock", "clock", "--for-slot", "slots"}} {
			if s := c.run("pledge", append([]string{"new", "request", "--safe", "counsel.safe.pub", "--from", label + ".yaml"}, way...)...); s.code == 0 {
				c.t.Errorf("%s: it is taken", label)
			}
		}
	}
	// The text is sent beside a statement that withholds it, and in what is no statement:
	// it crosses, and it is neither kept nor told.
	sent := c.hunt.canary("what was sent and should not have been", "file spilled.yaml", "wire to the server", "memory of pledgelog")
	garbage := c.hunt.canary("what was sent in garbage", "wire to the server", "memory of pledgelog")
	odd := c.hunt.canary("a content type", "wire to the server", "memory of pledgelog", "wire from the server") // told to who sent it
	c.named("spilled", c.must("pledge", func() []string {
		c.write("spilled.yaml", "author: acme\nreceived: 2025-03\ncountry: XC\nassist: [keys]\nnarrative: {en: '"+text(sent)+"'}\nwithhold: {review: 2025-09-30}\n")
		return append([]string{"new", "request", "--safe", "counsel.safe.pub", "--from", "spilled.yaml", "--out", "spilled.json"}, online...)
	}()...))
	c.sign("spilled.json", "acme-2")
	var draft struct {
		Statement, Body json.RawMessage
		Safe            string
	}
	if err := json.Unmarshal([]byte(c.read("spilled.json")), &draft); err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(c.unsealed(draft.Safe), &draft); err != nil || draft.Body == nil {
		c.t.Fatalf("the draft: %v", err)
	}
	for _, post := range []struct{ kind, body string }{
		{"application/json", fmt.Sprintf(`{"statement":%s,"body":%s}`, draft.Statement, draft.Body)},
		{"application/x-ndjson", fmt.Sprintf(`{"statement":%s,"body":%s}`+"\n", draft.Statement, draft.Body)},
		{"application/json", `{"statement":"` + garbage.text + `"}`},
		{"application/json", garbage.text},
		{"text/" + odd.text, "{}"},
	} {
		resp, err := http.Post("http://"+c.wire.l.Addr().String()+"/api/v1/statements", post.kind, strings.NewReader(post.body))
		if err != nil {
			c.t.Fatal(err)
		}
		if resp.StatusCode < 400 && post.kind != "application/x-ndjson" {
			c.t.Errorf("status %d to %.80s", resp.StatusCode, post.body)
		}
		resp.Body.Close()
	}
}

// auditors look at the log from outside; two of them are looked at while they run.
func (c *company) auditors() {
	from := []string{"--policy", "policy.txt", "--charter", c.charter}
	address := "http://" + c.wire.l.Addr().String()
	overlap := newFinder(c.hunt.canaries).maxForm()
	c.must("pledge-verify", append(append([]string{"chain"}, from...), "acme", address)...)
	c.must("pledge-verify", "proof", "--policy", "policy.txt", "second.tlog-proof")

	c.wire.mu.Lock()
	before := 0
	for _, x := range c.wire.conns {
		before += x.down.Len()
	}
	c.wire.mu.Unlock()
	c.must("pledge-verify", append(append([]string{"audit"}, from...), "--json", address)...)
	c.wire.mu.Lock()
	after := 0
	for _, x := range c.wire.conns {
		after += x.down.Len()
	}
	c.wire.mu.Unlock()
	held, release := c.wire.hold((after - before) * 9 / 10) // most of what an audit reads
	audit := command(c.dir, "pledge-verify", append(append([]string{"audit"}, from...), address)...)
	var out bytes.Buffer
	audit.Stdout, audit.Stderr = &out, &out
	if err := audit.Start(); err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-held:
		c.hunt.look("in the middle of an audit", memory(c.t, audit.Process.Pid, "pledge-verify", overlap))
	case <-time.After(time.Minute):
		c.t.Error("the audit reads less than it did")
	}
	release()
	if err := audit.Wait(); err != nil {
		c.t.Errorf("audit: %v\n%s", err, &out)
	}
	c.hunt.keep("stdout of pledge-verify audit", out.Bytes())
}

// lookEverywhere looks at all there is.
func (c *company) lookEverywhere(moment string) {
	t := c.t
	c.caughtUp()
	overlap := newFinder(c.hunt.canaries).maxForm()
	for _, k := range fromOutside(c.server.Process.Pid, "pledgelog serve") {
		c.hunt.keep(k.place, k.data)
	}
	var leaves struct{ Size uint64 }
	c.ask("/api/v1/entries?limit=1", &leaves)
	from := []string{"/", "/entries", "/signatories", "/about", "/api/v1/", "/api/v1/nothing", "/api/v1/entries", "/api/v1/entries?limit=100", "/api/v1/signatories", "/api/v1/vocabulary",
		"/api/v1/due", "/api/v1/stats", "/api/v1/countries", "/api/v1/export.csv", "/api/v1/export.jsonl", "/openapi.json", "/api/v1/openapi.json", "/feed.atom",
		"/checkpoint", "/checkpoints", "/healthz", "/readyz", "/metrics", "/bodies/bundle/000", "/debug/pprof/", "/debug/vars", "/.git/config", "/state/", "/../state/"}
	for i := range leaves.Size {
		from = append(from, fmt.Sprintf("/entries/%d", i), fmt.Sprintf("/api/v1/entries/%d", i), fmt.Sprintf("/api/v1/entries/%d/proof", i))
		for _, tile := range []string{"0/000", "entries/000"} {
			from = append(from, fmt.Sprintf("/tile/%s.p/%d", tile, i+1))
		}
	}
	for _, who := range []string{"acme", "secretariat", "operator"} {
		from = append(from, "/signatories/"+who, "/api/v1/signatories/"+who, "/api/v1/signatories/"+who+"/chain", "/entries?author="+who, "/api/v1/entries?limit=100&author="+who, "/signatories/"+who+"/feed.atom")
	}
	for _, id := range c.ids {
		from = append(from, "/entries/"+id, "/api/v1/entries/"+id, "/api/v1/entries/"+id+"/proof")
	}
	for _, m := range regexp.MustCompile(`bodyDigest": ?"([A-Za-z0-9_-]{43})"`).FindAllStringSubmatch(c.everyEntry(), -1) {
		from = append(from, "/bodies/"+m[1]) // those that are withheld too
	}
	site := &crawler{t: t, url: c.url, known: "https://log.accord.example/2025"}
	inside := &crawler{t: t, url: c.metrics}
	c.hunt.search(moment,
		files(c.dir, "file"),
		memory(t, c.server.Process.Pid, "pledgelog", overlap),
		c.wire.crossed,
		c.loopback.crossed,
		func(see func(string, []byte)) { site.crawl(see, from...) },
		func(see func(string, []byte)) { inside.crawl(see, "/metrics", "/", "/debug/pprof/") },
	)
	there := strings.Join(site.ok, "\n") + "\n"
	for _, want := range []string{"/\n", "/checkpoint\n", "/checkpoints\n", "/signatories/acme\n", "/api/v1/signatories/acme/chain\n", "/entries/" + c.id("first") + "\n", "/api/v1/entries/" + c.id("first") + "/proof\n", "/tile/entries/000.p/", "/assets/style"} {
		if !strings.Contains(there, want) {
			t.Errorf("%s was not read", strings.TrimSpace(want))
		}
	}
	if len(inside.ok) == 0 || len(site.ok) < 100 {
		t.Errorf("%d addresses of the site and %d of metrics were read", len(site.ok), len(inside.ok))
	}
}

func (c *company) everyEntry() string {
	c.t.Helper()
	_, page := c.get("/api/v1/entries?limit=100")
	return page
}

// opens publishes some of what was kept back.
func (c *company) opens() {
	c.at("2025-05-06T10:00:00Z")
	c.open("open-first", "first", "acme-2", "--why", "order-lifted")
	c.named("someday", c.must("pledge", append(append([]string{"new", "request", "--from-slot", c.kept, "--out", "someday.json"}, online...), c.reading...)...))
	c.sign("someday.json", "acme-2")
	c.submit("someday.json", c.safeOf("someday.json")...)
	for _, published := range c.opened {
		published.public = true
	}
	for _, secret := range c.hunt.canaries {
		// With a text its salt is published, and with a place of a slot that one's.
		if strings.HasPrefix(secret.what, "salt 1 of first.json") {
			secret.public = true
		}
	}
	sub := c.read("someday.json")
	for _, m := range regexp.MustCompile(`"disclosure":"([^"]+)"`).FindAllStringSubmatch(payload(c.t, sub), -1) {
		b, err := base64.RawURLEncoding.DecodeString(m[1])
		var d []any
		if err != nil || json.Unmarshal(b, &d) != nil {
			c.t.Fatalf("the disclosure of a place: %v", err)
		}
		salt := d[0].(string)
		raw, err := base64.RawURLEncoding.DecodeString(salt)
		if err != nil {
			c.t.Fatal(err)
		}
		n := 0
		for _, secret := range c.hunt.canaries {
			if secret.text == salt || secret.text == string(raw) {
				secret.public = true
				n++
			}
		}
		if n != 2 {
			c.t.Errorf("the salt of the place was looked for %d times", n)
		}
	}
	c.at("2025-05-07T10:00:00Z")
}

// payload is what a draft's statement says.
func payload(t *testing.T, draft string) string {
	t.Helper()
	var d struct{ Statement struct{ Payload []byte } }
	if err := json.Unmarshal([]byte(draft), &d); err != nil {
		t.Fatal(err)
	}
	return string(d.Statement.Payload)
}

// ends ends the server and looks at what it leaves.
func (c *company) ends() {
	if err := c.server.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if err := c.server.Wait(); err != nil {
		c.t.Errorf("the server: %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(c.dir, "temp")); err != nil || len(left) > 0 {
		c.t.Errorf("temporary files were left: %v (%v)", left, err)
	}
	c.hunt.search("after the server ended", files(c.dir, "file"))
}
