package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// amendYAML is the source of an amend (protocol section 4). What is left out stays
// as it is.
type amendYAML struct {
	From         string            `yaml:"from"`
	Attestation  string            `yaml:"attestation"`
	Clauses      []clauseYAML      `yaml:"clauses"`
	GraceDays    uint64            `yaml:"graceDays"`
	FileDays     uint64            `yaml:"fileDays"`
	DecisionDays uint64            `yaml:"decisionDays"`
	ReplyDays    uint64            `yaml:"replyDays"`
	ReviewDays   uint64            `yaml:"reviewDays"`
	Slots        string            `yaml:"slots"`
	Ends         *endYAML          `yaml:"ends"`
	LogKeys      []vkeyYAML        `yaml:"logKeys"`
	Secretariat  *keySetYAML       `yaml:"secretariat"`
	Recovery     *keySetYAML       `yaml:"recovery"`
	Operator     *keySetYAML       `yaml:"operator"`
	Narrative    map[string]string `yaml:"narrative"`
}

type endYAML struct {
	Successor string `yaml:"successor"`
}

func (y *amendYAML) author() string { return entry.AuthorSecretariat }

func (y *amendYAML) draft(d *drafting) error {
	a := &entry.Amend{
		Attestation:  entry.PeriodKind(y.Attestation),
		DecisionDays: y.DecisionDays,
		FileDays:     y.FileDays,
		GraceDays:    y.GraceDays,
		ReplyDays:    y.ReplyDays,
		ReviewDays:   y.ReviewDays,
		Slots:        y.Slots,
		Secretariat:  y.Secretariat.optional(),
		Recovery:     y.Recovery.optional(),
		Operator:     y.Operator.optional(),
	}
	body := &entry.AmendBody{Narrative: y.Narrative}
	a.Clauses, body.Clauses = plainClauses(y.Clauses)
	if y.Ends != nil {
		a.Ends = &entry.End{Successor: y.Ends.Successor}
	}
	for _, k := range y.LogKeys {
		a.LogKeys = append(a.LogKeys, k.String())
	}
	var err error
	if a.From, err = y.from(d, a.IsTimed()); err != nil {
		return err
	}
	d.st.Body = a
	if body.Clauses == nil && body.Narrative == nil {
		return nil
	}
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}

// from is the moment from which the terms are in force. A date is its first
// second.
func (y *amendYAML) from(d *drafting, timed bool) (string, error) {
	switch {
	case y.From == "" && timed:
		return "", commandline.Refused(fmt.Errorf("from: it is not said from when the terms are in force"), "write from: and a date such as 2027-01-01, or a moment such as 2027-01-01T09:00:00Z")
	case y.From == "":
		return "", nil
	case !timed:
		return "", commandline.Refused(fmt.Errorf("from: key sets and log keys change with the statement's own entry"), "leave from out")
	}
	from := y.From
	if _, err := entry.ParseDate(from); err == nil {
		from += "T00:00:00Z"
	}
	at, err := entry.ParseTime(from)
	if err != nil {
		return "", fmt.Errorf("from: %w", err)
	}
	if at < d.st.Made {
		return "", commandline.Refused(fmt.Errorf("from: %s is past", from), "terms change for what begins later: choose a moment after everybody has signed and it is logged")
	}
	if y.Attestation != "" && entry.PeriodAt(entry.HalfYear, at).Start() != at {
		return "", commandline.Refused(fmt.Errorf("from: attestation changes at the beginning of a half-year only, and %s is none", from), "choose January 1 or July 1")
	}
	return from, nil
}
