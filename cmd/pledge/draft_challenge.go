package main

import (
	"errors"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// challengeYAML is the source of a challenge (protocol section 4).
type challengeYAML struct {
	Author    string            `yaml:"author"`
	Against   string            `yaml:"against,needed"`
	Entry     idYAML            `yaml:"entry"`
	Finding   string            `yaml:"finding"`
	Period    string            `yaml:"period"`
	Narrative map[string]string `yaml:"narrative"`
	Documents []documentYAML    `yaml:"documents"`
	Seal      sealsYAML         `yaml:"seal"`
}

func (y *challengeYAML) author() string { return y.Author }

func (y *challengeYAML) keepsBack() (*withholdYAML, sealsYAML) { return nil, y.Seal }

func (y *challengeYAML) references() []reference {
	return []reference{{member: "entry", id: y.Entry.ID, by: y.Against}}
}

func (y *challengeYAML) draft(d *drafting) error {
	if y.Narrative == nil && y.Documents == nil {
		return commandline.Refused(errors.New("there is neither narrative nor documents"), "say in narrative what the signatory is asked to answer")
	}
	d.st.Body = &entry.Challenge{Against: y.Against, Entry: y.Entry.ID, Finding: y.Finding, Period: y.Period}
	body := &entry.ChallengeBody{Documents: plainDocuments(y.Documents), Narrative: y.Narrative}
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}

// replyYAML is the source of a reply (protocol section 4).
type replyYAML struct {
	Author    string            `yaml:"author"`
	Answer    string            `yaml:"answer,needed" codes:"answer"`
	Challenge idYAML            `yaml:"challenge"`
	Finding   string            `yaml:"finding"`
	Entry     idYAML            `yaml:"entry"`
	Period    string            `yaml:"period"`
	Narrative map[string]string `yaml:"narrative"`
	Documents []documentYAML    `yaml:"documents"`
	Withhold  *withholdYAML     `yaml:"withhold"`
	Seal      sealsYAML         `yaml:"seal"`
}

func (y *replyYAML) author() string { return y.Author }

func (y *replyYAML) keepsBack() (*withholdYAML, sealsYAML) { return y.Withhold, y.Seal }

func (y *replyYAML) references() []reference {
	return []reference{{member: "challenge", id: y.Challenge.ID, kinds: []entry.Kind{entry.KindChallenge}}, {member: "entry", id: y.Entry.ID}}
}

func (y *replyYAML) draft(d *drafting) error {
	if y.Challenge.IsZero() == (y.Finding == "") {
		return commandline.Refused(errors.New("it has to name either a challenge or a finding"), "give challenge, the entry id, or finding, the code, and perhaps the entry and period that it is about")
	}
	d.st.Body = &entry.Reply{Answer: y.Answer, Challenge: y.Challenge.ID, Entry: y.Entry.ID, Finding: y.Finding, Period: y.Period}
	if y.Narrative == nil && y.Documents == nil {
		return nil
	}
	body := &entry.ReplyBody{Documents: plainDocuments(y.Documents), Narrative: y.Narrative}
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}
