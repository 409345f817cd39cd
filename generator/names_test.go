package generator

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// realCompanies are well-known companies of this trade. No invented name may
// equal one, or hold one as a word.
var realCompanies = []string{
	"ABB", "Accenture", "Acer", "Adobe", "Airbus", "Akamai", "Alibaba", "Alphabet", "Amazon", "AMD",
	"Apple", "Arista", "Arm", "ASML", "Asus", "AT&T", "Atlassian", "Autodesk", "Avast", "Baidu",
	"Bitdefender", "BlackBerry", "Booz Allen", "Bosch", "Broadcom", "BT", "Bytedance", "Canonical", "Check Point", "Cisco",
	"Citrix", "Cloudflare", "Comcast", "CrowdStrike", "Dell", "DigitalOcean", "DocuSign", "Dropbox", "eBay", "Ericsson",
	"ESET", "Facebook", "Fastly", "FireEye", "Fortinet", "Foxconn", "F-Secure", "Fujitsu", "Garmin", "GitHub",
	"GitLab", "GoDaddy", "Google", "Guardtime", "HackerOne", "Hetzner", "Hewlett Packard", "Hitachi", "Honeywell", "HP",
	"HTC", "Huawei", "IBM", "Infineon", "Infosys", "Intel", "Intuit", "Ivanti", "Juniper", "Kaspersky",
	"Lenovo", "LG", "LinkedIn", "Mandiant", "Mastercard", "McAfee", "MediaTek", "Meta", "Micron", "Microsoft",
	"MikroTik", "Mozilla", "NEC", "Netgear", "Nokia", "NSO", "NTT", "Nvidia", "Okta", "Oracle",
	"Orange", "OVH", "Palantir", "Palo Alto", "Panasonic", "PayPal", "Proton", "QNAP", "Qualcomm", "Red Hat",
	"RSA", "Salesforce", "Samsung", "SAP", "Schneider", "Siemens", "Signal", "Slack", "Sony", "Sophos",
	"Stripe", "SUSE", "Symantec", "Synology", "Telefonica", "Telegram", "Telstra", "Tencent", "Tenable", "Toshiba",
	"TP-Link", "Trend Micro", "TSMC", "Twilio", "Twitter", "Uber", "Ubiquiti", "Verizon", "Visa", "VMware",
	"Vodafone", "WhatsApp", "Xerox", "Xiaomi", "Yahoo", "Yandex", "Yubico", "Zoom", "Zscaler", "ZTE",
}

var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// countryData reads the published country names, real and invented.
func countryData(t *testing.T) (real, demo map[string]string) {
	t.Helper()
	var d struct{ Countries, Demo map[string]string }
	decode(t, "../entry/countries.json", &d)
	if len(d.Countries) != 252 {
		t.Fatalf("%d countries, want 249 and EU, UN, XK", len(d.Countries))
	}
	return d.Countries, d.Demo
}

// vocabulary reads the codes of each published list.
func vocabulary(t *testing.T) map[string][]string {
	t.Helper()
	var d struct {
		Lists map[string][]struct{ Code string }
	}
	decode(t, "../entry/vocabulary.json", &d)
	codes := make(map[string][]string)
	for list, entries := range d.Lists {
		for _, e := range entries {
			codes[list] = append(codes[list], e.Code)
		}
	}
	return codes
}

func decode(t *testing.T, file string, to any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// everyone returns companies and challengers.
func everyone() []Company { return slices.Concat(Companies, Challengers) }

// allNames returns every name in the pool.
func allNames() []string {
	var names []string
	for _, c := range everyone() {
		names = append(names, c.Name)
		names = append(names, c.Entities...)
	}
	for _, a := range Authorities {
		names = append(names, a.Name)
	}
	for _, c := range Countries {
		names = append(names, c.Name)
	}
	return append(names, AccordName, SecretariatName)
}

// words splits a name at everything but letters, digits and &.
func words(s string) string {
	return " " + strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return strings.ContainsRune(" ,.'’()-", r)
	}), " ") + " "
}

func TestCompanies(t *testing.T) {
	if len(Companies) < 60 {
		t.Errorf("%d companies, want 60 or more", len(Companies))
	}
	ids, sites := map[string]bool{}, map[string]bool{}
	products := vocabulary(t)["products"]
	perProduct := map[string]int{}
	for _, c := range everyone() {
		if !slug.MatchString(c.ID) || len(c.ID) > 63 {
			t.Errorf("%q is not an author id", c.ID)
		}
		if c.ID == "secretariat" || c.ID == "operator" {
			t.Errorf("%q is reserved", c.ID)
		}
		if ids[c.ID] {
			t.Errorf("id %q stands twice", c.ID)
		}
		ids[c.ID] = true
		u, err := url.Parse(c.Website)
		if err != nil || u.Scheme != "https" || u.Path != "/" || u.RawQuery != "" || !strings.HasSuffix(u.Host, ".example") {
			t.Errorf("%s: website %q is not https under .example", c.ID, c.Website)
		}
		if sites[c.Website] {
			t.Errorf("website %q stands twice", c.Website)
		}
		sites[c.Website] = true
		perProduct[c.Product]++
	}
	for _, c := range Companies {
		if !slices.Contains(products, c.Product) {
			t.Errorf("%s: product %q is not in the vocabulary", c.ID, c.Product)
		}
	}
	for _, c := range Challengers {
		if c.Product != "" {
			t.Errorf("challenger %s has a product", c.ID)
		}
	}
	for _, p := range products {
		if !isGeneral(p) && perProduct[p] < 4 {
			t.Errorf("product %q: %d companies, want 4 or more", p, perProduct[p])
		}
	}
}

// isGeneral reports whether a code is one that every list has.
func isGeneral(code string) bool {
	return code == "other" || code == "withheld" || code == "unknown"
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range allNames() {
		if n == "" || n != strings.TrimSpace(n) {
			t.Errorf("name %q is empty or has space around it", n)
		}
		key := strings.ToLower(n)
		if seen[key] {
			t.Errorf("name %q stands twice", n)
		}
		seen[key] = true
	}
}

func TestNoRealCompany(t *testing.T) {
	if len(realCompanies) < 100 {
		t.Fatalf("the list of real companies has %d", len(realCompanies))
	}
	for _, n := range allNames() {
		for _, r := range realCompanies {
			// Signals and orange groves are fine; the exact word is not.
			if strings.Contains(words(n), words(r)) {
				t.Errorf("%q holds the name of a real company, %q", n, r)
			}
		}
	}
}

func TestNoRealCountry(t *testing.T) {
	real, _ := countryData(t)
	texts := allNames()
	for _, n := range Narratives {
		texts = append(texts, n.Text)
	}
	for _, c := range Clauses {
		texts = append(texts, c.Text)
	}
	for _, s := range texts {
		for _, r := range real {
			if strings.Contains(words(s), words(r)) {
				t.Errorf("%q holds the name of a real country, %q", s, r)
			}
		}
	}
}

func TestCountries(t *testing.T) {
	real, demo := countryData(t)
	var want []string
	for c := 'A'; c <= 'Z'; c++ {
		if c != 'K' {
			want = append(want, "X"+string(c))
		}
	}
	var codes []string
	for _, c := range Countries {
		codes = append(codes, c.Code)
		if demo[c.Code] != c.Name {
			t.Errorf("%s is %q here and %q in countries.json", c.Code, c.Name, demo[c.Code])
		}
		if _, ok := real[c.Code]; ok {
			t.Errorf("%s is a real country's code", c.Code)
		}
	}
	if !slices.Equal(codes, want) {
		t.Errorf("country codes %v, want %v", codes, want)
	}
	if len(demo) != len(Countries) {
		t.Errorf("countries.json has %d invented countries, want %d", len(demo), len(Countries))
	}
	for _, c := range everyone() {
		if !slices.Contains(codes, c.Country) {
			t.Errorf("%s: country %q is not an invented one", c.ID, c.Country)
		}
	}
	for _, a := range Authorities {
		if !slices.Contains(codes, a.Country) {
			t.Errorf("%s: country %q is not an invented one", a.Name, a.Country)
		}
	}
}

func TestAuthorities(t *testing.T) {
	codes := vocabulary(t)["authority"]
	perCode := map[string]int{}
	for _, a := range Authorities {
		if !slices.Contains(codes, a.Code) || isGeneral(a.Code) {
			t.Errorf("%s: authority code %q", a.Name, a.Code)
		}
		perCode[a.Code]++
	}
	for _, code := range codes {
		if !isGeneral(code) && perCode[code] == 0 {
			t.Errorf("no authority with the code %q", code)
		}
	}
	for _, c := range Countries {
		if n := len(AuthoritiesOf(c.Code)); n < 4 {
			t.Errorf("%s has %d authorities, want 4 or more", c.Code, n)
		}
	}
	if AuthoritiesOf("XK") != nil {
		t.Error("XK has invented authorities")
	}
}

// overclaims are words that product.md's table of words rules out, in what a
// company writes of others and of silence.
var overclaims = regexp.MustCompile(`(?i)\b(illegal|lied|liar|secret order|guilty|spies|spying|received none|no requests were received|demanded|attackers in government)\b`)

func TestNarratives(t *testing.T) {
	vocab := vocabulary(t)
	vocab["finding"] = []string{"contradicted", "attestation-missed"}
	vocab["answer"] = []string{"accepted", "disputed", "cannot-comment"}
	vocab["how"] = []string{"void", "superseded"}
	english, langs := 0, map[string]int{}
	seen := map[string]bool{}
	for _, n := range Narratives {
		if seen[n.Text] {
			t.Errorf("stands twice: %s", n.Text)
		}
		seen[n.Text] = true
		if n.Lang == "en" {
			english++
		}
		langs[n.Lang]++
		list := map[string]string{"request": "assist", "decision": "outcome", "attestation": "", "challenge": "finding", "reply": "answer", "correct": "how", "withdraw": "", "amend": ""}
		l, ok := list[n.Kind]
		if !ok {
			t.Errorf("kind %q: %s", n.Kind, n.Text)
		}
		if n.Code != "" && !slices.Contains(vocab[l], n.Code) {
			t.Errorf("%q is not a code of %q: %s", n.Code, l, n.Text)
		}
		if !strings.Contains(n.Text, "{company}") {
			t.Errorf("not attributed: %s", n.Text)
		}
		if overclaims.MatchString(n.Text) {
			t.Errorf("claims too much: %s", n.Text)
		}
		filled := n.Fill("Aldermoth Cloud", "Interior Ministry of Asteria", "2026-03")
		if strings.ContainsAny(filled, "{}") || !strings.Contains(filled, "Aldermoth Cloud") || !utf8.ValidString(filled) {
			t.Errorf("filled: %s", filled)
		}
	}
	if english < 40 {
		t.Errorf("%d English narratives, want 40 or more", english)
	}
	for _, lang := range []string{"en", "de", "fr", "ar", "zh-Hans", "ja", "hi"} {
		for kind, code := range map[string]string{"request": "exploit", "decision": "refused", "attestation": ""} {
			if len(NarrativesFor(kind, code, lang)) == 0 {
				t.Errorf("no %s in %s", kind, lang)
			}
		}
		delete(langs, lang)
	}
	if len(langs) != 0 {
		t.Errorf("unexpected languages %v", langs)
	}
	for kind, list := range map[string]string{"request": "assist", "decision": "outcome"} {
		for _, code := range vocab[list] {
			if isGeneral(code) {
				continue
			}
			if !slices.ContainsFunc(NarrativesFor(kind, code, "en"), func(n Narrative) bool { return n.Code == code }) {
				t.Errorf("no English %s written for %q", kind, code)
			}
		}
	}
}

func TestCharter(t *testing.T) {
	if len(Clauses) != 5 {
		t.Errorf("%d clauses, want 5", len(Clauses))
	}
	seen := map[string]bool{}
	for _, c := range Clauses {
		if !slug.MatchString(c.ID) || len(c.ID) > 40 || seen[c.ID] || c.Text == "" {
			t.Errorf("clause %q is not a unique code with a text", c.ID)
		}
		seen[c.ID] = true
	}
	if !strings.Contains(Source, "Cybersecurity Tech Accord, April 2018") {
		t.Errorf("Source is %q", Source)
	}
	if strings.Contains(AccordName, "Tech Accord") {
		t.Errorf("%q could be taken for the real accord", AccordName)
	}
}
