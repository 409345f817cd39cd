package main

import "github.com/pledgelog/pledgelog/entry"

// charterYAML is the source of a charter (protocol section 4).
type charterYAML struct {
	Accord       string       `yaml:"accord,needed"`
	LogKeys      []vkeyYAML   `yaml:"logKeys,needed"`
	Clauses      []clauseYAML `yaml:"clauses,needed"`
	Attestation  string       `yaml:"attestation,needed"`
	GraceDays    uint64       `yaml:"graceDays,needed"`
	FileDays     uint64       `yaml:"fileDays,needed"`
	DecisionDays uint64       `yaml:"decisionDays,needed"`
	ReplyDays    uint64       `yaml:"replyDays,needed"`
	ReviewDays   uint64       `yaml:"reviewDays,needed"`
	Slots        string       `yaml:"slots,needed"`
	Secretariat  keySetYAML   `yaml:"secretariat,needed"`
	Recovery     keySetYAML   `yaml:"recovery,needed"`
	Operator     keySetYAML   `yaml:"operator,needed"`
}

type clauseYAML struct {
	ID   string `yaml:"id,needed"`
	Text string `yaml:"text,needed"`
}

func (y *charterYAML) author() string { return entry.AuthorSecretariat }

// origin is the log that the charter founds: its checkpoint keys have its name.
func (y *charterYAML) origin() string { return y.LogKeys[0].Name }

func (y *charterYAML) draft(d *drafting) error {
	c := &entry.Charter{
		Accord:       y.Accord,
		Attestation:  entry.PeriodKind(y.Attestation),
		DecisionDays: y.DecisionDays,
		FileDays:     y.FileDays,
		GraceDays:    y.GraceDays,
		ReplyDays:    y.ReplyDays,
		ReviewDays:   y.ReviewDays,
		Slots:        y.Slots,
		Secretariat:  y.Secretariat.set(),
		Recovery:     y.Recovery.set(),
		Operator:     y.Operator.set(),
	}
	for _, k := range y.LogKeys {
		c.LogKeys = append(c.LogKeys, k.String())
	}
	body := new(entry.CharterBody)
	c.Clauses, body.Clauses = plainClauses(y.Clauses)
	var err error
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.st.Body, d.detached = c, body
	return err
}

// plainClauses returns the clauses as the tree has them, and their texts.
func plainClauses(in []clauseYAML) (clauses []entry.Clause, texts map[string]string) {
	for _, cl := range in {
		clauses = append(clauses, entry.Clause{ID: cl.ID, Text: entry.Digest([]byte(cl.Text))})
		if texts == nil {
			texts = make(map[string]string)
		}
		texts[cl.ID] = cl.Text
	}
	return clauses, texts
}
