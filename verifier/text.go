package verifier

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// SimulatedNotice is what everything that shows a demonstration says first
// (protocol section 7).
const SimulatedNotice = "Demonstration: time in this log is simulated, and the names in it are invented."

// Text writes the report for a person: a line for each step, the findings, how
// each signatory stands, and what was not checked.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	r.writeHead(&b)
	r.writeFindings(&b)
	r.writeSignatories(&b)
	r.writeStandings(&b)
	r.writeNotChecked(&b)
	b.WriteString("\n" + r.summary() + "\n")
	_, err := io.WriteString(w, Printable(b.String()))
	return err
}

// writeHead says which log it is, and what was done, step by step.
func (r *Report) writeHead(b *bytes.Buffer) {
	if r.SimulatedTime {
		b.WriteString(SimulatedNotice + "\n\n")
	}
	if r.Log != "" {
		b.WriteString(r.Log)
		if r.Accord != "" {
			b.WriteString(", " + r.Accord)
		}
		b.WriteString("\n\n")
	}
	if r.Earlier > 0 {
		fmt.Fprintf(b, "Goes on from %s, up to where an earlier audit came.\n", Count(r.Earlier, "entry", "entries"))
	}
	for _, s := range r.Steps {
		fmt.Fprintf(b, "%s %s  %s\n", s.Title, marks[s.State], s.Text)
	}
}

// Printable writes what comes from a log or a server so that it can't play
// tricks with a terminal: control characters other than the line feed, and those
// that turn the direction of writing, become escapes such as \u202e.
func Printable(s string) string {
	trick := func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError
	}
	if strings.IndexFunc(s, trick) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if trick(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

var marks = map[StepState]string{Passed: "✓", Failed: "✗", Skipped: "–"}

func (r *Report) writeFindings(b *bytes.Buffer) {
	if len(r.Findings) == 0 {
		return
	}
	fmt.Fprintf(b, "\nFindings: %s\n", r.countFindings())
	shown := make(map[entry.Code]int)
	for _, f := range r.Findings {
		if shown[f.Code]++; shown[f.Code] > findingsShown {
			continue
		}
		where := []string{"concerns " + r.whom(f)}
		if f.Index != nil {
			e := "entry " + Commas(*f.Index)
			if len(f.Entry) > 12 {
				e += " (" + f.Entry[:12] + "…)"
			}
			where = append(where, e)
		}
		if f.Period != "" {
			where = append(where, f.Period)
		}
		if f.Reason != "" {
			where = append(where, "reason "+string(f.Reason))
		}
		if f.TimeDoubtful {
			where = append(where, "time doubtful")
		}
		fmt.Fprintf(b, "  %s: %s; %s\n    %s\n", f.Severity, f.Code, strings.Join(where, "; "), f.Text)
		for _, reply := range r.repliesTo(f) {
			fmt.Fprintf(b, "    %s replied: %s (%s)\n", r.whom(f), reply.Answer, reply.Content.where())
		}
	}
	for _, c := range slices.Sorted(maps.Keys(shown)) {
		if n := uint64(max(0, shown[c]-findingsShown)) + r.NotListed[c]; n > 0 {
			fmt.Fprintf(b, "  and %s more of %s; see the report with --json\n", Commas(n), c)
		}
	}
}

// repliesTo are the replies that an author logged to a finding on it, the latest three.
func (r *Report) repliesTo(f pledge.Finding) []FindingReply {
	var list []FindingReply
	for _, s := range r.Signatories {
		if f.Concerns != pledge.RoleAuthor || s.ID != f.Author {
			continue
		}
		for _, reply := range s.Replies {
			if reply.answers(f) {
				list = append(list, reply)
			}
		}
	}
	return list[max(0, len(list)-3):]
}

// findingsShown is how many findings of one code the text has.
const findingsShown = 100

// whom names whom a finding concerns.
func (r *Report) whom(f pledge.Finding) string {
	switch f.Concerns {
	case pledge.RoleOperator:
		return "the operator"
	case pledge.RoleView:
		return "this copy"
	}
	for _, s := range r.Signatories {
		if s.ID == f.Author {
			return s.Name
		}
	}
	return f.Author
}

func (r *Report) countFindings() string {
	n := make(map[pledge.Role]uint64)
	for _, f := range r.Findings {
		n[f.Concerns]++
	}
	for c, more := range r.NotListed {
		m, _ := MeaningOf(c)
		n[m.Concerns] += more
	}
	var parts []string
	for _, p := range []struct {
		role pledge.Role
		what string
	}{{pledge.RoleOperator, "the operator"}, {pledge.RoleView, "this copy"}, {pledge.RoleAuthor, "authors"}} {
		if n[p.role] > 0 {
			parts = append(parts, Count(n[p.role], "concerns", "concern")+" "+p.what)
		}
	}
	return strings.Join(parts, ", ")
}

// The table has so many periods side by side, and so many in all, the latest.
const (
	periodsAcross = 6
	periodsShown  = 12
)

// stateWords are the words of the table. A missed attestation is one that is not
// there yet (product, Words): why, nobody can tell from the log.
var stateWords = map[pledge.PeriodState]string{
	pledge.NotYetDue: "not due", pledge.Due: "running", pledge.Grace: "in grace", pledge.OnTime: "on time",
	pledge.Late: "late", pledge.Missed: "none yet", pledge.CarvedOut: "carved out",
}

func (r *Report) writeSignatories(b *bytes.Buffer) {
	if len(r.Signatories) == 0 {
		return
	}
	fmt.Fprintf(b, "\nSignatories and their attestations, as of %s", readable(r.AsOf))
	if r.TimeFrom == "operator" {
		b.WriteString(" by the operator's clock")
	}
	b.WriteString("\n")
	var periods []string
	for _, s := range r.Signatories {
		for _, p := range s.Periods {
			if !slices.Contains(periods, p.Period) {
				periods = append(periods, p.Period)
			}
		}
	}
	slices.Sort(periods)
	earlier := max(0, len(periods)-periodsShown)
	periods = periods[earlier:]
	names := 0
	for _, s := range r.Signatories {
		names = max(names, utf8.RuneCountInString(r.tableName(s)))
	}
	for first := true; first || len(periods) > 0; first = false {
		across := periods[:min(periodsAcross, len(periods))]
		periods = periods[len(across):]
		head := []string{pad("", names)}
		if first {
			head = append(head, pad("logged", 6))
		}
		for _, p := range across {
			head = append(head, pad(p, 10))
		}
		line(b, head)
		for _, s := range r.Signatories {
			row := []string{pad(r.tableName(s), names)}
			if first {
				row = append(row, fmt.Sprintf("%6s", Commas(s.Requests)))
			}
			for _, p := range across {
				row = append(row, pad(s.stateIn(p), 10))
			}
			line(b, row)
		}
	}
	if earlier > 0 {
		fmt.Fprintf(b, "  %s before these; all of them are in the report with --json.\n", Count(uint64(earlier), "period lies", "periods lie"))
	}
	if slices.ContainsFunc(r.Signatories, Signatory.isDoubtful) {
		b.WriteString("  *: time doubtful. When this was logged, by the operator's word, does not fit what witnesses saw, or they saw it\n" +
			"  much later; or something is not counted for that reason, and nothing can be held against the signatory.\n")
	}
	b.WriteString("  \"logged\" is how many requests a signatory logged in all. \"none yet\": the log has no attestation for\n" +
		"  the period and it was due; this doesn't say why. Nothing here shows that there were no other requests.\n")
}

func (r *Report) tableName(s Signatory) string {
	if s.Role != entry.RoleSignatory {
		return s.Name + " (" + s.Role + ")"
	}
	return s.Name
}

func (s Signatory) stateIn(period string) string {
	for _, p := range s.Periods {
		if p.Period == period {
			if p.TimeDoubtful {
				return stateWords[p.State] + "*"
			}
			return stateWords[p.State]
		}
	}
	return "-"
}

func (s Signatory) isDoubtful() bool {
	return slices.ContainsFunc(s.Periods, func(p Period) bool { return p.TimeDoubtful })
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func line(b *bytes.Buffer, cells []string) {
	b.WriteString(strings.TrimRight("  "+strings.Join(cells, "  "), " ") + "\n")
}

func (r *Report) writeNotChecked(b *bytes.Buffer) {
	b.WriteString("\nNot checked\n")
	for _, s := range r.NotChecked {
		b.WriteString("  " + s + "\n")
	}
}

// summary is the last line: what the audit came to.
func (r *Report) summary() string {
	switch r.Result {
	case Misbehaviour:
		return "Result: proof of misbehaviour. " + r.Evidence.What
	case CannotDecide:
		return "Result: this audit cannot decide: " + r.Undecided.Text + "."
	case Differs:
		return "Result: not verified. A finding of severity \"error\" concerns the operator or this copy."
	}
	return fmt.Sprintf("Result: this copy matches the signed log of %s. Statuses are judged for %s.", Count(r.Size, "entry", "entries"), readable(r.AsOf))
}

func readable(s string) string {
	t, err := entry.ParseTime(s)
	if err != nil {
		return s
	}
	return moment(t)
}

// notChecked is the honest list of what a good report does not say.
func (a *audit) notChecked() []string {
	var out []string
	say := func(s string) { out = append(out, s) }
	r := a.report
	if a.view == nil || !a.view.HasQuorumTime {
		say("Time: no witness stands behind it. When something was logged, and so who was late, is the operator's word.")
		if r.SimulatedTime {
			say("Entries that are dated ahead: time is simulated, so that the clock of this audit says nothing of it.")
		}
		say("One log for all: without witnesses the operator could show another log to somebody else. Compare the size and root above with another auditor's.")
	} else {
		say("The witnesses themselves: a quorum of them that works together with the operator could confirm a false time or a second log.")
		if a.cfg.Policy.SplitQuorum() {
			say("Two sets of witnesses that have none in common can each make the quorum of this policy: each could confirm another log without one witness seeing both.")
		}
		say("What witnesses did not see: an entry may have been there up to an hour before the log time that it has, and up to 10 minutes after.")
	}
	if a.others > 0 {
		say("Other copies: checkpoints were compared with this copy's own archive and with " + Count(uint64(a.others), "that was seen elsewhere", "that were seen elsewhere") + ", not with other mirrors.")
	} else {
		say("Other copies: checkpoints were compared with this copy's own archive only, not with receipts, earlier audits or mirrors.")
	}
	if r.Earlier > 0 {
		say("Files of the first " + Count(r.Earlier, "entry", "entries") + ": an earlier audit read them, and this one went on from where that came to.")
	}
	if a.verifiedBefore > 0 {
		say("Signatures on " + Count(uint64(a.verifiedBefore), "checkpoint", "checkpoints") + " of the archive: an earlier audit by this policy verified them, as its state says.")
	}
	if a.cfg.Policy.Quorum == log.QuorumNone {
		say("Completeness of the archive: without witnesses nothing shows whether checkpoints were left out of it.")
	}
	if a.local == nil {
		say("Partial tiles of earlier sizes: only the files that readers of this checkpoint use were read.")
	}
	say("Signatures by the stricter rule of common libraries: those of Ed25519 are verified as ZIP 215 defines it. A server admits no other than strict ones; an operator could have logged one.")
	say("Newer entries: whether the log has grown since this checkpoint.")
	say("What is not in the log: a request that a company did not log, a statement that the operator refused or held back. No log can show those.")
	say("Truth: whether what a statement says is so, and whether a government asked what a company says it asked.")
	say("Whose keys they are: that a key is the company's under whose name it was admitted is the secretariat's word.")
	if r.Texts.Withheld > 0 {
		say(Count(r.Texts.Withheld, "text that is", "texts that are") + " not published. Infer no reason.")
	}
	if a.local == nil {
		say("Texts under their single addresses, where a bundle holds the same text or where nothing should be. A copy in a directory, or in a .tar of one, is checked for these too, unless --as-served is given.")
	}
	if a.strays > 0 {
		say(Count(a.strays, "file under tile/ and bodies/ that is", "files under tile/ and bodies/ that are") + " no part of the log up to this checkpoint.")
	}
	if a.cfg.AsOf != nil && r.AsOf != "" {
		say("What signatories stated after " + readable(r.AsOf) + ": the table and what is late or open are for that moment.")
	}
	if n := r.notCountedText(); n != "" {
		say("What is not counted: " + n + ". What that could change, such as whether an attestation is there, is marked as doubtful.")
	}
	if r.LeftOut > 0 {
		say(Count(r.LeftOut, "finding", "findings") + " on statements that authors logged after " + readable(r.AsOf) + ": ask for a later moment to see them.")
	}
	return out
}
