package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// decisionYAML is the source of a decision (protocol section 4).
type decisionYAML struct {
	Author    string            `yaml:"author"`
	Request   string            `yaml:"request,needed"`
	Outcome   string            `yaml:"outcome,needed" codes:"outcome"`
	Date      string            `yaml:"date,needed"`
	Grounds   []string          `yaml:"grounds" codes:"grounds"`
	Scope     string            `yaml:"scope" codes:"scope"`
	Narrative map[string]string `yaml:"narrative"`
	Court     string            `yaml:"court"`
	Documents []documentYAML    `yaml:"documents"`
}

func (y *decisionYAML) author() string { return y.Author }

// request returns the entry id of the request that was answered.
func (y *decisionYAML) request() (entry.ID, error) {
	id, err := entry.ParseID(y.Request)
	if err != nil {
		return id, commandline.Refused(fmt.Errorf("request: %w", err), "give the request's entry id, as `pledge submit` printed it")
	}
	return id, nil
}

func (y *decisionYAML) draft(d *drafting) error {
	id, err := y.request()
	if err != nil {
		return err
	}
	d.st.Body = &entry.Decision{
		Date:    y.Date,
		Grounds: sorted(y.Grounds),
		Outcome: y.Outcome,
		Request: id,
		Scope:   y.Scope,
	}
	if y.Narrative == nil && y.Court == "" && y.Documents == nil {
		return nil
	}
	body := &entry.DecisionBody{Court: y.Court, Documents: plainDocuments(y.Documents), Narrative: y.Narrative}
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}
