package verifier

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// challengesShown is how many challenges of one author the text has, the latest.
const challengesShown = 10

// writeStandings says of each author what the table of periods has no room for.
func (r *Report) writeStandings(b *bytes.Buffer) {
	names := make(map[string]string)
	for _, s := range r.Signatories {
		names[s.ID] = s.Name
	}
	first := true
	for _, s := range r.Signatories {
		lines := s.standingLines(names)
		if len(lines) == 0 {
			continue
		}
		if first {
			b.WriteString("\nStanding, keys, slots, texts and challenges\n")
			first = false
		}
		b.WriteString("  " + r.tableName(s) + "\n")
		for _, l := range lines {
			b.WriteString("    " + l + "\n")
		}
	}
}

// standingLines are sentences about one author. Names are by author id.
func (s Signatory) standingLines(names map[string]string) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	name := func(id string) string {
		if n := names[id]; n != "" {
			return n
		}
		return id
	}
	if m := s.Suspended; m != nil {
		say("Suspended by the secretariat on %s (%s).", m.day(), m.where())
	}
	if m := s.Proposed; m != nil && s.Removed == nil {
		say("The secretariat proposed its removal on %s (%s).", m.day(), m.where())
	}
	if m := s.Removed; m != nil {
		proposed := "that had not been proposed before"
		if m.Proposed != nil {
			proposed = "that had been proposed on " + m.Proposed.day()
		}
		say("Removed by the secretariat on %s (%s), coded %q; %s.", m.day(), m.where(), m.Reason, proposed)
	}
	if s.Standing == "withdrawn" {
		say("Withdrew.")
	}
	if m := s.SucceededBy; m != nil {
		say("%s took its place on %s (%s).", name(m.Author), m.day(), m.where())
	}
	for _, m := range s.Succeeds {
		say("Took the place of %s on %s (%s).", name(m.Author), m.day(), m.where())
	}
	if m := s.PledgedTo; m != nil && len(s.ClausesChanged) > 0 {
		say("Its pledge is to the accord's text of %s. These clauses have another text since, or are no part of the accord any more, and it has not pledged again: %s.", m.where(), strings.Join(s.ClausesChanged, ", "))
	}
	if s.TimeDoubtful {
		say("How it stands may be otherwise: statements are not counted, as their time is doubtful. See \"Not checked\".")
	}
	s.keyLines(say)
	if n := s.Slots; n != nil && n.Missed == 0 {
		say("A slot for each of %s.", Count(n.Owed, "slot period", "slot periods"))
	} else if n != nil {
		say("No slot for %s of %s, first %s. This doesn't say why.", Commas(n.Missed), Count(n.Owed, "slot period", "slot periods"), n.First[0])
	}
	if s.Withheld > 0 {
		say("Texts not published with their statements: opened %s of %s. Infer no reason.", Commas(s.Opened), Commas(s.Withheld))
	}
	if s.Void > 0 {
		say("Took back %s; what was taken back stays in the log.", Count(s.Void, "request", "requests"))
	}
	s.challengeLines(say, name)
	return out
}

func (s Signatory) keyLines(say func(string, ...any)) {
	if m := s.KeysWaiting; m != nil {
		say("The secretariat gave it new keys on %s (%s). They count from %s unless it speaks with its own before.", m.day(), m.where(), readable(m.From))
	}
	if m := s.KeysChanged; m != nil {
		doubtful := ""
		if m.TimeDoubtful {
			doubtful = " When that was is doubtful: witnesses saw less time pass than the operator says."
		}
		say("Its keys since %s are those that the secretariat gave it (%s); its former keys have not confirmed them.%s", readable(m.From), m.where(), doubtful)
	}
	for _, m := range s.Doubtful {
		say("By its own word (%s), its statements from entry %s to %s are doubtful: somebody else may have had a key.", m.where(), Commas(m.First), Commas(m.Last))
	}
}

func (s Signatory) challengeLines(say func(string, ...any), name func(string) string) {
	var list []Challenge
	for _, c := range s.Challenges {
		if !c.Void {
			list = append(list, c)
		}
	}
	if more := len(list) - challengesShown; more > 0 {
		say("%s before those that follow; see the report with --json.", Count(uint64(more), "challenge", "challenges"))
		list = list[more:]
	}
	for _, c := range list {
		text := "no reply yet; asked for one before " + readable(c.Due)
		if n := len(c.Replies); n > 0 {
			text = fmt.Sprintf("replied %q on %s", c.Replies[n-1].Answer, c.Replies[0].day())
		} else if c.TimeDoubtful {
			text += "; time doubtful"
		}
		if c.Against == s.ID {
			say("Challenged by %s on %s (%s): %s.", name(c.By), c.day(), c.where(), text)
		} else {
			say("Challenged %s on %s (%s): %s.", name(c.Against), c.day(), c.where(), text)
		}
	}
}

func (m Mark) where() string { return "entry " + Commas(m.Index) }

// day is when it was logged, as a date.
func (m Mark) day() string {
	t, err := entry.ParseTime(m.Logged)
	if err != nil {
		return m.Logged
	}
	return time.Unix(t, 0).UTC().Format("2 January 2006")
}
