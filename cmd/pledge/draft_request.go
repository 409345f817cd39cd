package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// requestYAML is the source of a request (protocol section 5).
type requestYAML struct {
	Author        string            `yaml:"author"`
	Received      string            `yaml:"received,needed"`
	Period        string            `yaml:"period"`
	Country       string            `yaml:"country,needed"`
	Assist        []string          `yaml:"assist,needed" codes:"assist"`
	Authority     string            `yaml:"authority" codes:"authority"`
	Instrument    string            `yaml:"instrument" codes:"instrument"`
	Statute       string            `yaml:"statute"`
	Compulsion    string            `yaml:"compulsion" codes:"compulsion"`
	Gag           string            `yaml:"gag" codes:"gag"`
	GagReview     string            `yaml:"gagReview"`
	Targets       []string          `yaml:"targets" codes:"targets"`
	Products      []string          `yaml:"products" codes:"products"`
	Corroboration string            `yaml:"corroboration" codes:"corroboration"`
	Agency        string            `yaml:"agency"`
	Other         map[string]string `yaml:"other"`
	Narrative     map[string]string `yaml:"narrative"`
	Documents     []documentYAML    `yaml:"documents"`
	Permission    *permissionYAML   `yaml:"permission"` // not of the statement: see tell
	Withhold      *withholdYAML     `yaml:"withhold"`
	Seal          sealsYAML         `yaml:"seal"`
}

func (y *requestYAML) author() string { return y.Author }

func (y *requestYAML) keepsBack() (*withholdYAML, sealsYAML) { return y.Withhold, y.Seal }

func (y *requestYAML) draft(d *drafting) error {
	period, err := y.period(d.terms.Attestation)
	if err != nil {
		return err
	}
	d.st.Body = &entry.Request{Received: period}
	return y.body(d)
}

// body makes the detached body.
func (y *requestYAML) body(d *drafting) error {
	if err := checkCountry(d.st.Log, y.Country); err != nil {
		return err
	}
	body := y.members()
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}

// members returns the detached body without what every body has.
func (y *requestYAML) members() *entry.RequestBody {
	return &entry.RequestBody{
		Agency:        y.Agency,
		Assist:        sorted(y.Assist),
		Authority:     y.Authority,
		Compulsion:    y.Compulsion,
		Corroboration: y.Corroboration,
		Country:       y.Country,
		Documents:     plainDocuments(y.Documents),
		Gag:           y.Gag,
		GagReview:     y.GagReview,
		Instrument:    y.Instrument,
		Narrative:     y.Narrative,
		Other:         y.Other,
		Products:      sorted(y.Products),
		Received:      y.Received,
		Statute:       y.Statute,
		Targets:       sorted(y.Targets),
	}
}

// period is what the tree says of when the request was received: the period of
// the charter's kind, or withheld.
func (y *requestYAML) period(kind entry.PeriodKind) (string, error) {
	if y.Received == entry.Withheld {
		return "", commandline.Refused(fmt.Errorf("received: the detached body needs a date, a month or an interval"), "to keep the period out of the tree write `period: withheld`; the date then stands in the detached body alone")
	}
	start, end, err := entry.ParseSpan(y.Received)
	if err != nil {
		return "", fmt.Errorf("received: %w", err)
	}
	first, last := entry.PeriodAt(kind, start), entry.PeriodAt(kind, end-1)
	switch y.Period {
	case entry.Withheld:
		return entry.Withheld, nil
	case "", first.String():
	default:
		return "", commandline.Refused(fmt.Errorf("period: %q is not %s, in which the request was received, nor withheld", y.Period, first), "leave period out: it follows from received")
	}
	if first != last {
		return "", commandline.Refused(fmt.Errorf("received: it reaches from %s into %s", first, last), "name a date, month or interval within one period, or write `period: withheld`")
	}
	return first.String(), nil
}
