package main

import (
	"errors"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// correctYAML is the source of a correction (protocol section 4).
type correctYAML struct {
	Author    string            `yaml:"author"`
	Entry     idYAML            `yaml:"entry,needed"`
	How       string            `yaml:"how,needed" codes:"how"`
	By        idYAML            `yaml:"by"`
	Narrative map[string]string `yaml:"narrative"`
	Seal      sealsYAML         `yaml:"seal"`
}

func (y *correctYAML) author() string { return y.Author }

func (y *correctYAML) keepsBack() (*withholdYAML, sealsYAML) { return nil, y.Seal }

func (y *correctYAML) references() []reference {
	kinds := []entry.Kind{entry.KindRequest, entry.KindDecision, entry.KindAttestation, entry.KindReply, entry.KindChallenge}
	return []reference{{member: "entry", id: y.Entry.ID, kinds: kinds, own: true}, {member: "by", id: y.By.ID, kinds: kinds, own: true}}
}

func (y *correctYAML) draft(d *drafting) error {
	if y.By.IsZero() == (y.How == entry.CorrectSuperseded) {
		return commandline.Refused(errors.New("by: it stands there exactly when how is superseded"), "log the right statement first, then name it in by; or write how: void and leave by out")
	}
	d.st.Body = &entry.Correct{By: y.By.ID, Entry: y.Entry.ID, How: y.How}
	if y.Narrative == nil {
		return nil
	}
	body := &entry.CorrectBody{Narrative: y.Narrative}
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}

// withdrawYAML is the source of a withdrawal (protocol section 4). Who withdraws
// has to stand in the file: it can't be undone.
type withdrawYAML struct {
	Author    string            `yaml:"author,needed"`
	Narrative map[string]string `yaml:"narrative"`
	Seal      sealsYAML         `yaml:"seal"`
}

func (y *withdrawYAML) author() string { return y.Author }

func (y *withdrawYAML) keepsBack() (*withholdYAML, sealsYAML) { return nil, y.Seal }

func (y *withdrawYAML) draft(d *drafting) error {
	d.st.Body = &entry.Withdraw{}
	if y.Narrative == nil {
		return nil
	}
	body := &entry.WithdrawBody{Narrative: y.Narrative}
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}
