package entry

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each instrument of the vocabulary has one card, in its order, and no card is of
// something else.
func TestLawCardsCoverTheVocabulary(t *testing.T) {
	cards, err := ParseLawCards(lawCardsJSON)
	if err != nil {
		t.Fatal(err)
	}
	var instruments, have []string
	for _, term := range Terms().Lists["instrument"] {
		instruments = append(instruments, term.Code)
	}
	for _, c := range cards.Cards {
		have = append(have, c.Code)
	}
	if !slices.Equal(instruments, have) {
		t.Errorf("cards are of\n%v, instruments are\n%v", have, instruments)
	}
	// Protocol section 5 names the general duties.
	for _, c := range cards.Cards {
		if c.GeneralDuty != (c.Code == "cn-rmsv" || c.Code == "eu-cra-14") {
			t.Errorf("%s: general duty is %v", c.Code, c.GeneralDuty)
		}
	}
}

// texts returns all that a card says in words.
func (c *Card) texts() []string {
	list := []string{c.Existence.Text, c.Contents.Text, c.Lifts, c.Contested}
	if c.Aggregates != nil {
		list = append(list, c.Aggregates.Text)
		for _, b := range c.Aggregates.Bands {
			list = append(list, b.What)
		}
	}
	for _, s := range c.Sources {
		list = append(list, s.Unconfirmed)
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// Words that conclude, accuse, advise or promise, and spellings of another country
// (product.md, Words).
var notCardWords = regexp.MustCompile(`(?i)\b(illegal|unlawful|secret order|gag(ged)?|backdoor|attack|lied|failed|verified|guarantee\w*|safely|recommend\w*|advisable|should|ought|you|we|obviously|clearly|organization\w*|authoriz\w*|recogniz\w*|color|behavior|license)\b`)

var (
	citationForm = regexp.MustCompile(`§|\b(ss?|arts?|rules?|section)\.? [0-9]`)
	sentenceEnd  = regexp.MustCompile(`\.( [A-Z]|$)`)
	wordStart    = regexp.MustCompile(`^[A-Z]`)
)

// Cards speak in whole sentences, few of them, and in their own words.
func TestLawCardsSpeakPlainly(t *testing.T) {
	for i := range LawCards().Cards {
		c := &LawCards().Cards[i]
		for _, text := range c.texts() {
			if w := notCardWords.FindString(text); w != "" {
				t.Errorf("%s: %q stands in %q", c.Code, w, text)
			}
			if strings.Contains(text, "  ") || strings.TrimSpace(text) != text {
				t.Errorf("%s: white space in %q", c.Code, text)
			}
		}
		for name, text := range map[string]string{"existence": c.Existence.Text, "contents": c.Contents.Text, "lifts": c.Lifts} {
			most := 3
			if name == "lifts" {
				most = 1
			}
			if n := len(sentenceEnd.FindAllString(text, -1)); n < 1 || n > most || !wordStart.MatchString(text) {
				t.Errorf("%s: %s has %d sentences: %q", c.Code, name, n, text)
			}
		}
		for _, s := range c.Sources {
			if !citationForm.MatchString(s.Citation) {
				t.Errorf("%s: %q cites no provision", c.Code, s.Citation)
			}
			if s.Unconfirmed != "" && !strings.HasSuffix(s.Unconfirmed, ".") {
				t.Errorf("%s: %q is no sentence", c.Code, s.Unconfirmed)
			}
		}
		// Where nothing at all was read, nothing is forbidden in the law's name.
		if c.Existence.Told == ToldNo && !slices.ContainsFunc(c.Sources, func(s CardSource) bool { return s.Confirmed }) {
			t.Errorf("%s forbids telling, and none of its sources was read", c.Code)
		}
	}
	if LawCards().Notice != "Information, not advice." {
		t.Errorf("the notice is %q", LawCards().Notice)
	}
}

func TestParseLawCardsIsStrict(t *testing.T) {
	for _, change := range []string{
		`"pledgelog.law-cards.v1" => "pledgelog.law-cards.v2"`,
		`"version": 1 => "version": 0`,
		`"version": 1 => "version":  1`,
		`"version": 1, => "version": 1, "more": 1,`,
		`"date": "2026-11-30" => "date": "2026-11-31"`,
		`"date": "2026-11-30" => "date": "2026-11-29"`, // before its sources were looked for
		`"Information, not advice." => ""`,
		`"code": "us-nsl" => "code": "us-fisa"`,
		`"code": "us-nsl" => "code": "US"`,
		`"told": "no" => "told": "never"`,
		`"general": true => "general": false`,
		`"general": true, => `,
		`"confirmed": true => "confirmed": false`,
		`"confirmed": false => "confirmed": true`,
		`"https://uscode.house.gov => "uscode.house.gov`,
		`"looked": "2026-11-30" => "looked": "30 November"`,
		`"looked": "2026-11-30", => `,
		`"width": 1000 => "width": 0`,
		`may bring one." => may bring one.",` + "\n" + `        "to": []`,
		`"every": "half-year" => "every": "fortnight"`,
		`"counsel",` + "\n" + `          "permitted" => "counsel",` + "\n" + `          "counsel"`,
		`"code": "counsel" => "code": "lawyer"`,
		`"label": "a lawyer, for advice on it" => "label": ""`,
	} {
		from, to, _ := strings.Cut(change, " => ")
		bent := bytes.Replace(lawCardsJSON, []byte(from), []byte(to), 1)
		if bytes.Equal(bent, lawCardsJSON) {
			t.Errorf("%q changes nothing", change)
		} else if _, err := ParseLawCards(bent); err == nil {
			t.Errorf("%q is taken", change)
		}
	}
	for _, member := range []string{"text", "lifts", "citation", "url"} {
		bent := regexp.MustCompile(`"`+member+`": "[^"]*"`).ReplaceAll(lawCardsJSON, []byte(`"`+member+`": ""`))
		if _, err := ParseLawCards(bent); err == nil {
			t.Errorf("an empty %s is taken", member)
		}
	}
}

func FuzzParseLawCards(f *testing.F) {
	f.Add(lawCardsJSON)
	one, _ := LawCard("us-nsl")
	b, _ := LawCards().Only(one).JSON()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseLawCards(b)
		if err != nil {
			return
		}
		if again, err := c.JSON(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("written again it is %q (%v)", again, err)
		}
	})
}
