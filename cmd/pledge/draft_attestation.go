package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// attestationYAML is the source of an attestation (protocol section 6). What the
// log holds for the period is never asked for: the log tells it.
type attestationYAML struct {
	Author     string            `yaml:"author"`
	Period     string            `yaml:"period,needed"`
	Covers     string            `yaml:"covers,needed" codes:"covers"`
	Received   receivedYAML      `yaml:"received,needed"`
	Clauses    []string          `yaml:"clauses"`
	LateReason string            `yaml:"lateReason" codes:"lateReason"`
	Narrative  map[string]string `yaml:"narrative"`
	Withhold   *withholdYAML     `yaml:"withhold"`
	Seal       sealsYAML         `yaml:"seal"`
}

type receivedYAML struct {
	Total    claimYAML  `yaml:"total,needed"`
	Outcomes claimsYAML `yaml:"outcomes"`
}

func (y *attestationYAML) author() string { return y.Author }

func (y *attestationYAML) keepsBack() (*withholdYAML, sealsYAML) { return y.Withhold, y.Seal }

func (y *attestationYAML) draft(d *drafting) error {
	period, err := entry.ParsePeriod(y.Period)
	if err != nil {
		return fmt.Errorf("period: %w", err)
	}
	if period.Kind() != d.terms.Attestation {
		return commandline.Refused(fmt.Errorf("period: %s is not a %s", period, d.terms.Attestation), "the charter asks for one attestation each "+string(d.terms.Attestation))
	}
	if d.st.Made < period.End() {
		return commandline.Refused(fmt.Errorf("period: %s has not ended: it ends at %s", period, entry.FormatTime(period.End())), "wait until then")
	}
	y.Clauses = y.affirmed(d)
	if err := checkClauses(d.terms.Clauses, y.Clauses); err != nil {
		return err
	}
	row, err := periodRow(d.signatory, period)
	if err != nil {
		return err
	}
	claims := entry.Claims{Outcomes: y.Received.Outcomes.claims, Total: y.Received.Total.Claim}
	d.st.Body = &entry.Attestation{
		Clauses:    sorted(y.Clauses),
		Covers:     y.Covers,
		LateReason: y.LateReason,
		Logged:     row.Logged,
		Period:     period,
		Received:   claims,
	}
	y.remark(d, row, claims)
	if y.Narrative == nil {
		return nil
	}
	body := &entry.AttestationBody{Narrative: y.Narrative}
	body.Log, body.Author, body.Kind, body.Salt, err = d.head()
	d.detached = body
	return err
}

// remark tells who drafts what others will see in the attestation.
func (y *attestationYAML) remark(d *drafting, row client.Period, claims entry.Claims) {
	if row.Attested != nil {
		d.note("%s has an attestation already, entry %d: the first one counts", row.Period, row.Attested.Index)
	}
	if n := claims.Total; !n.CannotSay && row.ReceivedInLog > n.Max {
		d.note("the log holds %d of your requests that name %s as received, and the attestation states %s: readers will be told that the two differ", row.ReceivedInLog, row.Period, n)
	}
	var dropped []string
	for _, c := range d.signatory.Pledged {
		if !slices.Contains(y.Clauses, c) {
			dropped = append(dropped, c)
		}
	}
	if dropped != nil {
		d.note("pledged and not affirmed here: %s", strings.Join(dropped, ", "))
	}
	if row.Deadline != 0 && d.st.Made >= int64(row.Deadline) && y.LateReason == "" {
		d.note("it was due before %s; lateReason may say why it is late", row.Deadline)
	}
}

// periodRow returns what the log says of a period that has ended. A period after
// the last one that it speaks of has nothing logged in it.
func periodRow(s *client.Signatory, p entry.Period) (client.Period, error) {
	for _, row := range s.Periods {
		if row.Period == p {
			return row, nil
		}
	}
	if n := len(s.Periods); n == 0 || p.Before(s.Periods[0].Period) {
		first := "there is none yet"
		if n > 0 {
			first = "the first is " + s.Periods[0].Period.String()
		}
		return client.Period{}, commandline.Refused(fmt.Errorf("period: %s owes no attestation for %s: %s", s.ID, p, first), "name a period for which an attestation is due")
	}
	return client.Period{Period: p}, nil
}
