package main

import (
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// decisionYAML is the source of a decision (protocol section 4).
type decisionYAML struct {
	Author    string            `yaml:"author"`
	Request   idYAML            `yaml:"request,needed"`
	Outcome   string            `yaml:"outcome,needed" codes:"outcome"`
	Date      string            `yaml:"date,needed"`
	Grounds   []string          `yaml:"grounds" codes:"grounds"`
	Scope     string            `yaml:"scope" codes:"scope"`
	Narrative map[string]string `yaml:"narrative"`
	Court     string            `yaml:"court"`
	Documents []documentYAML    `yaml:"documents"`
	Withhold  *withholdYAML     `yaml:"withhold"`
	Tell      string            `yaml:"tell"`
	Seal      sealsYAML         `yaml:"seal"`
}

func (y *decisionYAML) author() string { return y.Author }

func (y *decisionYAML) keepsBack() (*withholdYAML, sealsYAML) { return y.Withhold, y.Seal }

func (y *decisionYAML) references() []reference {
	return []reference{{member: "request", id: y.Request.ID, kinds: []entry.Kind{entry.KindRequest}, own: true}}
}

func (y *decisionYAML) draft(d *drafting) error {
	if y.Tell != "" && (y.Tell != "outcome" || y.Withhold == nil) {
		return commandline.Refused(fmt.Errorf("tell: it is outcome, beside withhold, or it is left out"), "without withhold everything is told")
	}
	told := &entry.Decision{
		Date:    y.Date,
		Grounds: sorted(y.Grounds),
		Outcome: y.Outcome,
		Request: y.Request.ID,
		Scope:   y.Scope,
	}
	body := &entry.DecisionBody{Court: y.Court, Documents: plainDocuments(y.Documents), Narrative: y.Narrative}
	hidden := y.Withhold != nil && y.Tell == ""
	if hidden {
		body.Date, body.Grounds, body.Outcome, body.Scope = told.Date, told.Grounds, told.Outcome, told.Scope
		told = &entry.Decision{Request: y.Request.ID}
	}
	d.st.Body = told
	if !hidden && y.Narrative == nil && y.Court == "" && y.Documents == nil {
		return nil
	}
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}
