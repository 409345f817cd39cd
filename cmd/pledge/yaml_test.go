package main

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

func TestYAMLTakesTextAsItStands(t *testing.T) {
	var y requestYAML
	err := decodeYAML("r.yaml", []byte(`
author: 010
received: 2026-07
country: NO   # a country, not a truth value
statute: 1_000
agency: "true"
assist: [keys, exploit]
targets:
  - media
gag:
gagReview: ~
narrative:
  en: |
    First line.

    Third line.
  de: ''
`), &y, false)
	if err != nil {
		t.Fatal(err)
	}
	want := requestYAML{
		Author: "010", Received: "2026-07", Country: "NO", Statute: "1_000", Agency: "true",
		Assist: []string{"keys", "exploit"}, Targets: []string{"media"},
		Narrative: map[string]string{"en": "First line.\n\nThird line."},
	}
	if !reflect.DeepEqual(y, want) {
		t.Errorf("got %+v", y)
	}
}

func TestYAMLClaims(t *testing.T) {
	var y attestationYAML
	err := decodeYAML("a.yaml", []byte("period: 2026-Q1\ncovers: all\nreceived:\n  total: {min: 0, max: 249}\n  outcomes: {refused: 2, complied: cannot-say, lapsed: 0}\n"), &y, false)
	if err != nil {
		t.Fatal(err)
	}
	if y.Received.Total.Claim != entry.Between(0, 249) {
		t.Errorf("total is %+v", y.Received.Total)
	}
	want := map[string]entry.Claim{"refused": entry.Exactly(2), "complied": entry.CannotSay(), "lapsed": entry.Exactly(0)}
	if !reflect.DeepEqual(y.Received.Outcomes.claims, want) {
		t.Errorf("outcomes are %+v", y.Received.Outcomes.claims)
	}
}

func TestYAMLRefusals(t *testing.T) {
	const request = "received: 2026-07\ncountry: XB\nassist: [keys]\n"
	for _, c := range []struct {
		name, text string
		into       source
		want       string // the error and its hint
	}{
		{"unknown member", request + "contry: XC\n", &requestYAML{}, `f.yaml:4: there is no member "contry"|did you mean country?`},
		{"unknown member, far", request + "zzzzzz: XC\n", &requestYAML{}, `f.yaml:4: there is no member "zzzzzz"|the members are author, received,`},
		{"twice", request + "country: XC\n", &requestYAML{}, `f.yaml:4: a member stands there twice|give it once`},
		{"missing", "received: 2026-07\nassist: []\n", &requestYAML{}, `f.yaml: missing: country|`},
		{"missing inside", "period: 2026-Q1\ncovers: all\nreceived: {outcomes: {refused: 1}}\n", &attestationYAML{}, `f.yaml: missing: received.total|`},
		{"unknown code", "received: 2026-07\ncountry: XB\nassist:\n  - keys\n  - backdor\n", &requestYAML{}, `f.yaml:5: assist[2]: there is no code "backdor"|did you mean backdoor?`},
		{"unknown code alone", request + "gag: absolutely\n", &requestYAML{}, `f.yaml:4: gag: there is no code "absolutely" in the list gag|the codes are none, requested,`},
		{"a code in a list of one's own", "request: " + strings.Repeat("ab", 32) + "\noutcome: refuse\ndate: 2026-07-01\n", &decisionYAML{}, `f.yaml:2: outcome: there is no code "refuse"|did you mean refused?`},
		{"unknown outcome of a claim", "period: 2026-Q1\ncovers: all\nreceived:\n  total: 1\n  outcomes:\n    refusd: 1\n", &attestationYAML{}, `f.yaml:6: received.outcomes.refusd: there is no code`},
		{"a text for a list", "received: 2026-07\ncountry: XB\nassist: keys\n", &requestYAML{}, `f.yaml:3: assist: it has to be a list|write [one]`},
		{"a list for a text", "received: [2026-07]\n", &requestYAML{}, `f.yaml:1: received: it has to be a text`},
		{"lists of nothing", "received: 2026-07\ncountry: XB\nassist:\n  -\ntargets: [~, ]\n", &requestYAML{}, `f.yaml: missing: assist|fill it in`},
		{"missing everywhere", "period: 2026-Q1\nreceived:\n  total:\n", &attestationYAML{}, `f.yaml: missing: covers, received.total|fill it in`},
		{"a hole in a list", "assist: [keys, ]\ntargets: [media, ~]\n", &requestYAML{}, `f.yaml:2: targets[2]: it is empty`},
		{"half a number", "period: 2026-Q1\nreceived: {total: 1.5}\n", &attestationYAML{}, `f.yaml:2: received.total: it is neither a whole number`},
		{"a number in octal", "period: 2026-Q1\nreceived: {total: 010}\n", &attestationYAML{}, `received.total: it is neither`},
		{"a number in words", "period: 2026-Q1\nreceived: {total: \"3\"}\n", &attestationYAML{}, `received.total: it is neither`},
		{"a negative number", "period: 2026-Q1\nreceived: {total: -1}\n", &attestationYAML{}, `received.total: it is neither`},
		{"a number too large", "period: 2026-Q1\nreceived: {total: 9007199254740992}\n", &attestationYAML{}, `received.total: it is neither`},
		{"an empty band", "received: {total: {min: 3, max: 3}}\n", &attestationYAML{}, `received.total: the band is empty`},
		{"half a band", "received: {total: {min: 3}}\n", &attestationYAML{}, `missing: received.total.max`},
		{"an alias", "statute: &x a\nagency: *x\n", &requestYAML{}, `f.yaml:1: statute: anchors, aliases and tags`},
		{"a tag", "statute: !!binary aGk=\n", &requestYAML{}, `statute: anchors, aliases and tags`},
		{"a merge", "<<: {statute: a}\n", &requestYAML{}, `f.yaml:1: `},
		{"two documents", request + "---\n" + request, &requestYAML{}, "f.yaml: it has more than one document"},
		{"no document", "# nothing\n", &requestYAML{}, "f.yaml: it is empty"},
		{"nothing", "", &requestYAML{}, "f.yaml: it is empty"},
		{"a list", "- a\n", &requestYAML{}, "f.yaml:1: it has to be members"},
		{"text under a member", "received: 2026-07\n  country: XB\n", &requestYAML{}, "f.yaml:1: it is not YAML from here on|write each member as name: value"},
		{"a tab", "other:\n\tassist: a\n", &requestYAML{}, "f.yaml:2: there is a tab where spaces belong|indent with spaces"},
		{"no YAML", "statute: \"a\n", &requestYAML{}, "f.yaml:1: a quotation mark is not closed"},
		{"not UTF-8", "statute: \xff\n", &requestYAML{}, "f.yaml: not UTF-8"},
		{"too large", "statute: " + strings.Repeat("a", maxYAML), &requestYAML{}, "f.yaml: over 1048576 bytes"},
		{"document without digest", "documents: [{name: a, mediaType: b}]\n", &requestYAML{}, "documents[1]: it needs either file or sha256"},
		{"document with both", "documents: [{name: a, mediaType: b, file: c, sha256: d}]\n", &requestYAML{}, "documents[1]: it needs either file or sha256"},
		{"document that is not there", "documents: [{name: a, mediaType: b, file: nowhere}]\n", &requestYAML{}, "documents[1]: open nowhere"},
		{"key file that is not there", "id: a\nkeys: [nowhere.pub]\n", &admitYAML{}, "f.yaml:2: keys[1]: read public key"},
		{"no vkey", "logKeys: [a]\n", &charterYAML{}, "f.yaml:1: logKeys[1]: it is neither a vkey nor a file with one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := decodeYAML("f.yaml", []byte(c.text), c.into, false)
			var f *commandline.Failure
			if err == nil {
				t.Fatal("it was taken")
			}
			got := err.Error()
			if errors.As(err, &f) {
				got += "|" + f.Hint
			}
			code := commandline.ExitUsage
			if strings.Contains(got, "there is no code") {
				code = commandline.ExitRefused // by the vocabulary
			}
			if f == nil || f.Code != code || f.Hint == "" {
				t.Errorf("it ends with %+v, not %d and a hint", f, code)
			}
			want, hint, _ := strings.Cut(c.want, "|")
			if !strings.Contains(got, want) || !strings.Contains(got, hint) {
				t.Errorf("it says %q, not %q", got, c.want)
			}
		})
	}
}

// Errors name members and lines, never what was written there.
func TestYAMLErrorsQuoteNoText(t *testing.T) {
	const secret = "the ministry of the interior"
	for _, text := range []string{
		"narrative: " + secret + "\n",
		"narrative: {en: {x: " + secret + "}}\n",
		"narrative:\n  en: |\n    " + secret + "\n contry: b\n",
		"agency: [" + secret + "]\n",
		"agency: \"" + secret + "\n",
		"agency: {" + secret + "\n",
		"documents: " + secret + "\n",
		"documents: [" + secret + "]\n",
	} {
		err := decodeYAML("f.yaml", []byte(text), &requestYAML{}, false)
		if err == nil || strings.Contains(err.Error(), "ministry") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, k := range drafted {
		text, err := template(k)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("received: 2026-07\ncountry: XB\nassist: [keys]\nnarrative: {en: |\n hello\n}\n")
	f.Add("a: &a [*a]\n")
	// The values that have a form of their own.
	id, key := strings.Repeat("ab", 32), "{alg: ed25519, spki: MCowBQYDK2VwAyEA, use: statement}"
	f.Add("period: 2026-Q1\ncovers: all\nreceived: {total: {min: 0, max: 249}, outcomes: {refused: 3, complied: cannot-say}}\nwithhold: {review: 2027-01-31}\n")
	f.Add("against: acme\nentry: " + id + "\ndocuments:\n- {name: a, mediaType: text/plain, sha256: " + id + "}\n- {name: a, mediaType: text/plain, file: none.txt}\nseal: {narrative: {reason: safety, review: 2027-01-31, law: other-statute}}\n")
	f.Add("id: acme\nname: Acme\nrole: signatory\nthreshold: 1\nkeys: [" + key + ", none.pub]\ncarveOuts: [mlat]\n")
	f.Add("logKeys: [log.example+00000000+AAAA]\nclauses: [{id: a, text: none.txt}]\nsecretariat: {threshold: 2, keys: [" + key + "]}\nends: {successor: log.example}\n")
	f.Add("entry: none.json\nhow: superseded\nby: " + id + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		// A draft has no second form to compare with: what counts is that every
		// input ends in a source or in a refusal that names the file.
		for _, k := range drafted {
			err := decodeYAML("f.yaml", []byte(text), newSource(k), false)
			if err != nil && !strings.HasPrefix(err.Error(), "f.yaml") {
				t.Errorf("%s: %v", k, err)
			}
		}
	})
}

// A JSON string is a YAML one: what a program quotes arrives as it was.
func TestYAMLReadsQuotedTextExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.TrimRight(rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\t\"'\\#:-{}[]&*!|>%@`,?éü中\u200d𝄞\u2028")), 1, 60, -1).Draw(t, "text"), "\n")
		if text == "" {
			text = "a" // nothing but line feeds was drawn
		}
		quoted, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		y := new(pledgeYAML)
		if err := decodeYAML("f.yaml", []byte("author: "+string(quoted)+"\nclauses: ["+string(quoted)+", b]\n"), y, false); err != nil {
			t.Fatal(err)
		}
		if y.Author != text || y.Clauses[0] != text || y.Clauses[1] != "b" {
			t.Errorf("%q arrived as %q and %q", text, y.Author, y.Clauses)
		}
	})
}

// A block of text is signed as it was written, but for the line feeds at its end.
func TestYAMLReadsBlocksExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringOfN(rapid.RuneFrom([]rune("ab \t\"'\\#:-{}[]&*!|>%@`,?éü中𝄞")), 0, 30, -1)
		lines := rapid.SliceOfN(line, 1, 6).Draw(t, "lines")
		lines[0] = "x" + lines[0] // its indentation sets the block's
		text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
		y := new(decisionYAML)
		source := "request: " + strings.Repeat("ab", 32) + "\noutcome: refused\ndate: 2026-01-01\nnarrative:\n  en: |\n    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n\ncourt: b\n"
		if err := decodeYAML("f.yaml", []byte(source), y, false); err != nil {
			t.Fatal(err)
		}
		if got := y.Narrative["en"]; got != text || y.Court != "b" {
			t.Errorf("%q arrived as %q, and then %q", text, got, y.Court)
		}
	})
}

// A file of an editor that writes a byte-order mark is read as if it had none.
func TestYAMLByteOrderMark(t *testing.T) {
	var y struct {
		Author string `yaml:"author,needed"`
	}
	if err := decodeYAML("x.yaml", []byte("\ufeffauthor: acme\n"), &y, false); err != nil || y.Author != "acme" {
		t.Errorf("%q, %v", y.Author, err)
	}
	// Only in front: elsewhere it is a part of the name that it stands in.
	if err := decodeYAML("x.yaml", []byte("\n\ufeffauthor: acme\n"), &y, false); err == nil {
		t.Error("a mark within the text is taken")
	}
}
