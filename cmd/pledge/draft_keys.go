package main

import (
	"errors"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// keysYAML is the source of a change of keys (protocol section 4).
type keysYAML struct {
	Author    string    `yaml:"author"`
	Reason    string    `yaml:"reason,needed" codes:"keysReason"`
	Threshold uint64    `yaml:"threshold,needed"`
	Keys      []keyYAML `yaml:"keys,needed"`
	Doubtful  idYAML    `yaml:"doubtful"`
}

func (y *keysYAML) author() string { return y.Author }

func (y *keysYAML) references() []reference {
	return []reference{{member: "doubtful", id: y.Doubtful.ID, own: true}}
}

func (y *keysYAML) draft(d *drafting) error {
	if !y.Doubtful.IsZero() && y.Reason != entry.KeysCompromise {
		return commandline.Refused(errors.New("doubtful: it stands there without reason: compromise"), "leave doubtful out, or say compromise")
	}
	d.st.Body = &entry.Keys{Doubtful: y.Doubtful.ID, Keys: plainKeys(y.Keys), Reason: y.Reason, Threshold: y.Threshold}
	return nil
}
