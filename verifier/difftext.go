package verifier

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/pledgelog/pledgelog/pledge"
)

// Text writes the difference for a person: what the audit did, what was said, what
// became of texts, how authors stand otherwise, and the findings.
func (d *Difference) Text(w io.Writer) error {
	var b bytes.Buffer
	head := &Report{SimulatedTime: d.SimulatedTime, Log: d.Log, Accord: d.Accord, Steps: d.Steps}
	head.writeHead(&b)
	if d.From.Root != "" {
		d.writePoint(&b, "From", d.From)
		d.writePoint(&b, "To", d.To)
		d.writeEntries(&b)
		d.writeTexts(&b)
		d.writeChanges(&b)
	}
	d.writeFindings(&b)
	head.NotChecked = d.NotChecked
	head.writeNotChecked(&b)
	b.WriteString("\n" + d.summary() + "\n")
	_, err := io.WriteString(w, Printable(b.String()))
	return err
}

func (d *Difference) writePoint(b *bytes.Buffer, word string, p SizePoint) {
	if word == "From" {
		b.WriteString("\n")
	}
	if p.Size == 0 {
		fmt.Fprintf(b, "%-4s the empty log\n", word)
		return
	}
	fmt.Fprintf(b, "%-4s %s, root %s, the newest logged %s", word, Count(p.Size, "entry", "entries"), p.Root, readable(p.Logged))
	if p.TimeDoubtful {
		b.WriteString(", which is doubtful: they had been seen before, and what is late or missing then may not be")
	}
	if p.Signed {
		b.WriteString("; a checkpoint of this size is signed\n")
	} else {
		fmt.Fprintf(b, "; no checkpoint of this size is known, that of %s covers it\n", Commas(d.Size))
	}
}

func (d *Difference) writeEntries(b *bytes.Buffer) {
	if len(d.Entries) == 0 {
		b.WriteString("\nNothing was logged in between.\n")
		return
	}
	fmt.Fprintf(b, "\nLogged in between: %s\n", Count(d.To.Size-d.From.Size, "entry", "entries"))
	width := len(Commas(d.To.Size - 1))
	for _, e := range d.Entries {
		logged := strings.Repeat(" ", len("2006-01-02T15:04:05Z"))
		if e.Logged != "" {
			logged = e.Logged
		}
		fmt.Fprintf(b, "  %*s  %s  %s", width, Commas(e.Index), logged, e.Sentence)
		if e.Reason != "" {
			fmt.Fprintf(b, " (%s, by %s as it says)", e.Reason, e.Author)
		}
		b.WriteString("\n")
	}
	if d.NotListed > 0 {
		fmt.Fprintf(b, "  and %s more; ask for sizes that are closer together\n", Commas(d.NotListed))
	}
}

func (d *Difference) writeTexts(b *bytes.Buffer) {
	if len(d.Texts) == 0 {
		return
	}
	b.WriteString("\nTexts\n")
	for _, t := range d.Texts {
		of := "an earlier entry"
		if t.Of != nil {
			of = "entry " + Commas(*t.Of)
		}
		at := "  entry " + Commas(t.Index) + ": "
		switch t.What {
		case TextWithheld:
			fmt.Fprintf(b, "%snot published, review by %s; infer no reason\n", at, t.Review)
		case TextReviewMoved:
			fmt.Fprintf(b, "%sthe text of %s stays unpublished, review by %s; infer no reason\n", at, of, t.Review)
		case TextOpened:
			fmt.Fprintf(b, "%sopens %s of %s\n", at, Count(uint64(len(t.Opened)), "text", "texts"), of)
		case TextErased:
			fmt.Fprintf(b, "%sthe operator states that it erased a text of %s, on the basis %s\n", at, of, t.Basis)
		}
	}
}

func (d *Difference) writeChanges(b *bytes.Buffer) {
	if len(d.Changes) == 0 {
		return
	}
	b.WriteString("\nHow authors stand otherwise\n")
	last := ""
	for _, c := range d.Changes {
		if c.Author != last {
			fmt.Fprintf(b, "  %s\n", c.Name)
			last = c.Author
		}
		fmt.Fprintf(b, "    %s\n", c.words())
	}
}

// words says a change in words that say no more than the log shows.
func (c Change) words() string {
	from, to := c.From, c.To
	switch c.What {
	case ChangeAdmitted:
		return "admitted as a " + to
	case ChangeName:
		return "its name was " + from
	case ChangeSucceeded:
		return "its place is taken by " + to
	case ChangePeriod:
		from, to = stateWords[pledge.PeriodState(from)], stateWords[pledge.PeriodState(to)]
		if from == "" {
			return "attestation for " + c.Period + ": " + to
		}
		return "attestation for " + c.Period + ": " + from + ", now " + to
	case ChangeKeys:
		return "its keys are others"
	case ChangeKeysWait:
		if to == "" {
			return "no keys of last resort wait any more"
		}
		return "keys of last resort wait, by entry " + to[:12] + "…"
	}
	what, ok := changeWords[c.What]
	if !ok {
		what = c.What
	}
	if to == "" {
		to = "none"
	}
	if from == "" {
		return what + ": " + to
	}
	return what + ": " + from + ", now " + to
}

var changeWords = map[string]string{
	ChangeStanding: "standing", ChangePledged: "clauses pledged", ChangeRequests: "requests logged", ChangeChallenges: "challenges",
	ChangeOpen: "challenges without a reply", ChangeSlots: "slots not there yet", ChangeWithheld: "texts not published", ChangeDoubtful: "keys said to be compromised",
}

func (d *Difference) writeFindings(b *bytes.Buffer) {
	list := *d.audit
	list.Findings, list.NotListed = d.Findings, nil
	list.writeFindings(b)
	said := make(map[string]bool, len(d.Findings))
	for _, f := range d.Findings {
		said[sameFinding(f)] = true
	}
	others := 0
	for _, f := range d.audit.Findings {
		if f.Severity == pledge.Error && f.Concerns != pledge.RoleAuthor && !said[sameFinding(f)] {
			if others++; others == 1 {
				b.WriteString("\nErrors elsewhere in the log that concern the operator or this copy\n")
			}
			if others <= findingsShown {
				fmt.Fprintf(b, "  %s: %s\n", f.Code, f.Text)
			}
		}
	}
	if others > findingsShown {
		fmt.Fprintf(b, "  and %s more; see the report of an audit\n", Commas(uint64(others-findingsShown)))
	}
}

func (d *Difference) summary() string {
	if d.Result != Matches {
		return d.audit.summary()
	}
	return fmt.Sprintf("Result: what stands above is what the signed log of %s says from entry %s on, up to its first %s.", Count(d.Size, "entry", "entries"), Commas(d.From.Size), Count(d.To.Size, "entry", "entries"))
}
