package main

import "github.com/pledgelog/pledgelog/entry"

// standingYAML is the source of a standing (protocol section 4).
type standingYAML struct {
	Who      string `yaml:"who,needed"`
	Standing string `yaml:"standing,needed" codes:"standing"`
	Reason   string `yaml:"reason,needed" codes:"standingReason"`
}

func (y *standingYAML) author() string { return entry.AuthorSecretariat }

func (y *standingYAML) draft(d *drafting) error {
	d.st.Body = &entry.Standing{Reason: y.Reason, Standing: y.Standing, Who: y.Who}
	return nil
}

// succeedYAML is the source of a succession (protocol section 4).
type succeedYAML struct {
	From string `yaml:"from,needed"`
	To   string `yaml:"to,needed"`
}

func (y *succeedYAML) author() string { return entry.AuthorSecretariat }

func (y *succeedYAML) draft(d *drafting) error {
	d.st.Body = &entry.Succeed{From: y.From, To: y.To}
	return nil
}
