package main

import "github.com/pledgelog/pledgelog/entry"

// pledgeYAML is the source of a pledge (protocol section 4).
type pledgeYAML struct {
	Author  string   `yaml:"author"`
	Clauses []string `yaml:"clauses,needed"`
}

func (y *pledgeYAML) author() string { return y.Author }

func (y *pledgeYAML) draft(d *drafting) error {
	if err := checkClauses(d.terms.Clauses, y.Clauses); err != nil {
		return err
	}
	d.st.Body = &entry.Pledge{Charter: d.clauses, Clauses: sorted(y.Clauses)}
	return nil
}
