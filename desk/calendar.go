package desk

import (
	"fmt"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// A date is something to be done, for a page and for a calendar.
type date struct {
	What    string
	Due     page.Words // the moment before which it is in time
	Day     string     // the last whole day, YYYYMMDD
	Overdue bool
	Missed  bool   // it can't be done any more, and stays displayed
	Behind  bool   // of a slot: the one before is missing
	Do      string // what a button says that does it here; "" when it is not done here
	About   string
	uid     string
}

// done says what a button says for a duty.
func done(d pledge.Duty) (do, about string) {
	switch d.Kind {
	case pledge.DutyAttestation:
		return onPrefix + string(entry.KindAttestation), d.Period
	case pledge.DutyDecision:
		return onPrefix + string(entry.KindDecision), d.Mark.Entry.String()
	case pledge.DutyReply:
		return onPrefix + string(entry.KindReply), d.Mark.Entry.String()
	case pledge.DutyReview:
		return onPrefix + string(entry.KindOpen), d.Mark.Entry.String()
	}
	return "", ""
}

func dates(duties []pledge.Duty, now int64) []date {
	var out []date
	for _, d := range duties {
		args := []any{"period", d.Period, "index", d.Mark.Index, "count", d.Count, "owed", d.Owed}
		key := "duty." + string(d.Kind)
		if d.Kind == pledge.DutySlots && d.Count == 1 {
			key = "missed.slot"
		}
		last := time.Unix(d.Due-1, 0).UTC()
		do, about := done(d)
		if d.From > now {
			do = "" // it can't be done yet
		}
		out = append(out, date{
			What: texts.Say(key, args...).Text, Due: page.English.Day(last.Unix()), Day: last.Format("20060102"), Overdue: d.IsPressing(), Missed: d.Kind == pledge.DutySlots, Behind: d.Behind, Do: do, About: about,
			uid: fmt.Sprintf("%s-%s-%s-%d", d.Author, d.Kind, d.Period, d.Mark.Index),
		})
	}
	return out
}

// calendar writes dates as an iCalendar file (RFC 5545): whole days, with a reminder a week
// before.
func calendar(origin string, duties []pledge.Duty, now time.Time) []byte {
	var b strings.Builder
	line := func(s string) {
		// A line has at most 75 bytes; what follows begins with a space.
		for limit := 75; len(s) > limit; limit = 74 {
			cut := limit
			for s[cut]&0xc0 == 0x80 { // not within a character
				cut--
			}
			b.WriteString(s[:cut] + "\r\n ")
			s = s[cut:]
		}
		b.WriteString(s + "\r\n")
	}
	escape := strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//pledgelog//pledge desk//EN")
	for _, d := range dates(duties, now.Unix()) {
		if d.Overdue && !d.Behind || d.Missed {
			continue
		}
		line("BEGIN:VEVENT")
		line("UID:" + escape(d.uid+"@"+strings.ReplaceAll(origin, "/", ".")))
		line("DTSTAMP:" + now.UTC().Format("20060102T150405Z"))
		line("DTSTART;VALUE=DATE:" + d.Day)
		line("SUMMARY:" + escape(texts.Say("calendar.summary", "what", d.What, "log", origin).Text))
		line("TRANSP:TRANSPARENT")
		line("BEGIN:VALARM")
		line("ACTION:DISPLAY")
		line("DESCRIPTION:" + escape(d.What))
		line("TRIGGER:-P7D")
		line("END:VALARM")
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
	return []byte(b.String())
}
