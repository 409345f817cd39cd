package desk

import (
	"fmt"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

// A date is something to be done, for a page and for a calendar.
type date struct {
	What    string
	Due     page.Words // the moment before which it is in time
	Day     string     // the last whole day, YYYYMMDD
	Overdue bool
	uid     string
}

func dates(duties []pledge.Duty) []date {
	var out []date
	for _, d := range duties {
		args := []any{"period", d.Period, "index", d.Mark.Index}
		last := time.Unix(d.Due-1, 0).UTC()
		out = append(out, date{
			What: texts.Say("duty."+string(d.Kind), args...).Text, Due: page.English.Day(last.Unix()), Day: last.Format("20060102"), Overdue: d.Overdue,
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
	for _, d := range dates(duties) {
		if d.Overdue {
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
