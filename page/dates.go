package page

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// Day writes the day of a moment in UTC: 3 May 2026.
func (t *Texts) Day(unix int64) Words {
	at := time.Unix(unix, 0).UTC()
	return timeElement(at.Format(time.DateOnly), t.marshal(at.Day(), t.months[at.Month()-1], at.Year()))
}

// Moment writes a moment: 3 May 2026, 14:02 UTC.
func (t *Texts) Moment(unix int64) Words {
	at := time.Unix(unix, 0).UTC()
	return timeElement(entry.FormatTime(unix), t.marshal(at.Day(), t.months[at.Month()-1], at.Year())+at.Format(", 15:04 UTC"))
}

// Date writes a date of the form YYYY-MM-DD. What is none is given as it is.
func (t *Texts) Date(s string) Words {
	unix, err := entry.ParseDate(s)
	if err != nil {
		return Foreign(s)
	}
	return t.Day(unix)
}

func timeElement(machine, people string) Words {
	return Words{template.HTML(`<time datetime="` + machine + `">` + people + `</time>`), people}
}

// Span writes what entry.ParseSpan reads: a date, a month, or two of them.
func (t *Texts) Span(s string) Words {
	if _, _, err := entry.ParseSpan(s); err != nil {
		return Foreign(s)
	}
	from, to, isInterval := strings.Cut(s, "/")
	if isInterval {
		return t.Say("date.interval", "from", t.dayOrMonth(from), "to", t.dayOrMonth(to))
	}
	return t.dayOrMonth(s)
}

func (t *Texts) dayOrMonth(s string) Words {
	if at, err := time.Parse("2006-01", s); err == nil {
		return timeElement(s, fmt.Sprintf("%s %d", t.months[at.Month()-1], at.Year()))
	}
	return t.Date(s)
}

// Period writes a period in words: January to March 2026.
func (t *Texts) Period(p entry.Period) Words {
	first, last := periodMonths(p)
	return t.Say("date.period", "first", t.months[first.Month()-1], "last", t.months[last.Month()-1], "year", fmt.Sprint(first.Year()))
}

// PeriodShort writes a period without its year: Jan–Mar.
func (t *Texts) PeriodShort(p entry.Period) Words {
	first, last := periodMonths(p)
	return t.Say("date.period.short", "first", clipMonth(t.months[first.Month()-1]), "last", clipMonth(t.months[last.Month()-1]))
}

func clipMonth(s string) string {
	if r := []rune(s); len(r) > 3 {
		return string(r[:3])
	}
	return s
}

// periodMonths returns the first day of the period and its last one.
func periodMonths(p entry.Period) (first, last time.Time) {
	return time.Unix(p.Start(), 0).UTC(), time.Unix(p.End()-1, 0).UTC()
}

// year is the year in which a period begins.
func year(p entry.Period) int { first, _ := periodMonths(p); return first.Year() }

// SlotPeriod writes a day, a week or a month.
func (t *Texts) SlotPeriod(p entry.SlotPeriod) Words {
	switch p.Kind() {
	case entry.SlotsWeek:
		return t.Say("slot.week", "date", t.Day(p.Start()))
	case entry.SlotsMonth:
		return t.dayOrMonth(p.String())
	}
	return t.Date(p.String())
}
