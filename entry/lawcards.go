package entry

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

//go:generate go run ../scripts/lawcards ../docs/law-cards.md

//go:embed lawcards.json
var lawCardsJSON []byte

// LawCardsFormat names the format of the law cards (docs/schema).
const LawCardsFormat = "pledgelog.law-cards.v1"

// Cards are the law cards: for each instrument of the vocabulary what its law says
// on telling of a request (protocol section 5). They are information, not advice,
// and whoever shows one shows Notice with it. No verdict of a server or a verifier
// depends on them.
type Cards struct {
	Format     string      `json:"format"`
	Version    int         `json:"version"`
	Date       string      `json:"date"`       // YYYY-MM-DD
	Notice     string      `json:"notice"`     // stands with each card, wherever it is shown
	Recipients []Recipient `json:"recipients"` // the codes of Telling.To
	Cards      []Card      `json:"cards"`      // in the order of the vocabulary
}

// A Recipient is somebody who may be told although the public may not.
type Recipient struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// A Card says what may be told of a request that came by one instrument.
type Card struct {
	Code        string       `json:"code"`                 // of the list instrument
	General     bool         `json:"general,omitzero"`     // stands for no one law: the paper itself has to be read
	GeneralDuty bool         `json:"generalDuty,omitzero"` // applies to everybody: for aggregates, not for single entries
	Existence   Telling      `json:"existence"`            // that there is a request
	Contents    Telling      `json:"contents"`             // what it says
	Aggregates  *Aggregates  `json:"aggregates,omitzero"`  // nil when the card says nothing of them
	Lifts       string       `json:"lifts"`                // what can lift a duty of secrecy, a sentence
	Contested   string       `json:"contested,omitzero"`   // what is disputed, "" when nothing is known to be
	Sources     []CardSource `json:"sources"`              // empty in general cards
}

// The values of Telling.Told.
const (
	ToldYes     = "yes"
	ToldNo      = "no"      // the public may not be told, unless somebody permits it
	ToldLimited = "limited" // it depends on the paper, or is so in part
	ToldUnclear = "unclear" // no source says
)

// A Telling says whether the public may be told.
type Telling struct {
	Told string   `json:"told"`
	Text string   `json:"text"`        // two or three sentences
	To   []string `json:"to,omitzero"` // who may be told all the same, codes of recipients
}

// Label says in a few words what Told stands for.
func (t Telling) Label() string {
	switch t.Told {
	case ToldYes:
		return "yes"
	case ToldNo:
		return "no, unless it is permitted"
	case ToldLimited:
		return "it depends on the paper, or in part"
	}
	return "unclear: no source says"
}

// Aggregates say what counts the law itself lets be published.
type Aggregates struct {
	Text  string `json:"text"`
	Bands []Band `json:"bands,omitzero"`
}

// A Band is one count: of what, over which time, and in bands of which width, the
// first of which begins with 0.
type Band struct {
	What  string `json:"what"`
	Every string `json:"every"` // half-year or year
	Width uint64 `json:"width"`
}

// A CardSource is a provision that a card rests on.
type CardSource struct {
	Citation    string `json:"citation"`
	URL         string `json:"url"`                  // of the official text
	Looked      string `json:"looked"`               // the day on which it was looked for, YYYY-MM-DD
	Edition     string `json:"edition,omitzero"`     // the state of the text that was read
	ReadAt      string `json:"readAt,omitzero"`      // the address of the copy that was read
	Confirmed   bool   `json:"confirmed"`            // what the card takes from it was read
	Unconfirmed string `json:"unconfirmed,omitzero"` // what was not, a sentence or two
}

// Confirmed reports whether all that the card takes from statutes was read in them.
func (c *Card) Confirmed() bool {
	return !slices.ContainsFunc(c.Sources, func(s CardSource) bool { return !s.Confirmed })
}

// LawCards returns the cards of this version. They are not to be changed.
func LawCards() *Cards { return lawCards() }

var lawCards = sync.OnceValue(func() *Cards {
	c, err := ParseLawCards(lawCardsJSON)
	if err != nil {
		panic(fmt.Sprintf("entry: embedded data: %v", err)) // a test holds it
	}
	return c
})

// LawCard returns the card of an instrument, and whether there is one.
func LawCard(code string) (*Card, bool) { return LawCards().Card(code) }

// Card returns the card of an instrument, and whether there is one.
func (c *Cards) Card(code string) (*Card, bool) {
	i := slices.IndexFunc(c.Cards, func(card Card) bool { return card.Code == code })
	if i < 0 {
		return nil, false
	}
	return &c.Cards[i], true
}

// Only returns the same document with one card.
func (c *Cards) Only(card *Card) *Cards {
	one := *c
	one.Cards = []Card{*card}
	return &one
}

// Recipient returns the label of a recipient's code; the code itself when there is
// none.
func (c *Cards) Recipient(code string) string {
	i := slices.IndexFunc(c.Recipients, func(r Recipient) bool { return r.Code == code })
	if i < 0 {
		return code
	}
	return c.Recipients[i].Label
}

// JSON writes the document as ParseLawCards reads it.
func (c *Cards) JSON() ([]byte, error) {
	b, err := json.Marshal(c, jsontext.WithIndent("  "))
	return append(b, '\n'), err
}

// ParseLawCards reads law cards. It wants each to say all that a card has to say,
// and takes nothing that JSON would not write again.
func ParseLawCards(b []byte) (*Cards, error) {
	c := new(Cards)
	if err := json.Unmarshal(b, c, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read law cards: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("read law cards: %w", err)
	}
	if again, err := c.JSON(); err != nil {
		return nil, fmt.Errorf("read law cards: %w", err)
	} else if !bytes.Equal(again, b) {
		return nil, errors.New("read law cards: they are not as they would be written: members in order, two spaces a level, nothing empty")
	}
	return c, nil
}

func (c *Cards) check() error {
	switch {
	case c.Format != LawCardsFormat:
		return fmt.Errorf("their format is %q", c.Format)
	case c.Version < 1 || c.Notice == "" || len(c.Cards) == 0:
		return errors.New("version, notice or cards are missing")
	}
	if _, err := ParseDate(c.Date); err != nil {
		return err
	}
	var codes []string
	for _, r := range c.Recipients {
		if !IsCode(r.Code) || r.Label == "" || slices.Contains(codes, r.Code) {
			return fmt.Errorf("the recipient %q has no form or label, or stands there twice", r.Code)
		}
		codes = append(codes, r.Code)
	}
	seen := make(map[string]bool)
	for i := range c.Cards {
		card := &c.Cards[i]
		if !IsCode(card.Code) || seen[card.Code] {
			return fmt.Errorf("the code %q has no form or stands there twice", card.Code)
		}
		seen[card.Code] = true
		if err := card.check(codes, c.Date); err != nil {
			return fmt.Errorf("%s: %w", card.Code, err)
		}
	}
	return nil
}

func (c *Card) check(recipients []string, date string) error {
	for _, t := range []struct {
		name string
		Telling
	}{{"existence", c.Existence}, {"contents", c.Contents}} {
		if err := t.check(recipients); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if c.Lifts == "" {
		return errors.New("lifts is missing")
	}
	if c.General != (len(c.Sources) == 0) {
		return errors.New("it has sources and is general, or neither")
	}
	if a := c.Aggregates; a != nil {
		if a.Text == "" || a.Bands != nil && len(a.Bands) == 0 {
			return errors.New("aggregates have no text, or an empty list of bands")
		}
		for _, b := range a.Bands {
			if b.What == "" || b.Width == 0 || b.Every != "half-year" && b.Every != "year" {
				return errors.New("a band is not whole")
			}
		}
	}
	for _, s := range c.Sources {
		if err := s.check(date); err != nil {
			return fmt.Errorf("source %q: %w", s.Citation, err)
		}
	}
	return nil
}

func (t Telling) check(recipients []string) error {
	switch t.Told {
	case ToldYes, ToldNo, ToldLimited, ToldUnclear:
	default:
		return fmt.Errorf("told is %q", t.Told)
	}
	if t.Text == "" {
		return errors.New("text is missing")
	}
	if t.To != nil && len(t.To) == 0 {
		return errors.New("to is empty: leave it out")
	}
	for i, code := range t.To {
		if !slices.Contains(recipients, code) || slices.Contains(t.To[:i], code) {
			return fmt.Errorf("to has %q, which is no recipient, or twice", code)
		}
	}
	return nil
}

func (s CardSource) check(date string) error {
	if strings.TrimSpace(s.Citation) == "" {
		return errors.New("citation is missing")
	}
	for _, address := range []string{s.URL, s.ReadAt} {
		if u, err := url.Parse(address); err != nil || address != "" && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
			return fmt.Errorf("%q is no address", address)
		}
	}
	if _, err := ParseDate(s.Looked); err != nil {
		return err
	}
	switch {
	case s.URL == "":
		return errors.New("url is missing")
	case s.Looked > date:
		return errors.New("it was looked for after the date of the cards")
	case s.Confirmed && (s.Edition == "" || s.ReadAt == ""):
		return errors.New("it is confirmed, and edition or readAt is missing")
	case s.Confirmed == (s.Unconfirmed != ""):
		return errors.New("it is confirmed and says what is not, or neither")
	}
	return nil
}
