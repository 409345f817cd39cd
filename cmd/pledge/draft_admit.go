package main

import (
	"cmp"

	"github.com/pledgelog/pledgelog/entry"
)

// admitYAML is the source of an admission (protocol section 4).
type admitYAML struct {
	ID        string    `yaml:"id,needed"`
	Mode      string    `yaml:"mode" codes:"mode"`
	Name      string    `yaml:"name,needed"`
	Role      string    `yaml:"role,needed" codes:"role"`
	Country   string    `yaml:"country,needed"`
	Website   string    `yaml:"website,needed"`
	Threshold uint64    `yaml:"threshold,needed"`
	Keys      []keyYAML `yaml:"keys,needed"`
	LEI       string    `yaml:"lei"`
	Entities  []string  `yaml:"entities"`
	CarveOuts []string  `yaml:"carveOuts" codes:"instrument"`
}

func (y *admitYAML) author() string { return entry.AuthorSecretariat }

func (y *admitYAML) draft(d *drafting) error {
	if err := checkCountry(d.st.Log, y.Country); err != nil {
		return err
	}
	d.st.Body = &entry.Admit{
		CarveOuts: sorted(y.CarveOuts),
		Country:   y.Country,
		Entities:  y.Entities,
		ID:        y.ID,
		Keys:      plainKeys(y.Keys),
		LEI:       y.LEI,
		Mode:      cmp.Or(y.Mode, entry.AdmitNew),
		Name:      y.Name,
		Role:      y.Role,
		Threshold: y.Threshold,
		Website:   y.Website,
	}
	return nil
}
