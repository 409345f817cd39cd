package vectors

import (
	"time"
)

const aboutTimes = "Times, dates, spans and periods (protocol sections 2, 3, 5 and 6), with their first second and the first second after them, in Unix seconds of UTC."

// utc reads a moment in a form of its own, so that no parser under test is asked.
func utc(year, month, day, hour, minute, second int) *int64 {
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Unix()
	return &t
}

func midnight(year, month, day int) *int64 { return utc(year, month, day, 0, 0, 0) }

func timeVectors() []Time {
	moment := func(text string, at *int64) Time { return Time{Form: "time", Text: text, Start: at} }
	from := func(form, text, next string, start, end *int64) Time {
		return Time{Form: form, Text: text, Start: start, End: end, Next: next}
	}
	bad := func(form, code, why string, texts ...string) []Time {
		var all []Time
		for _, t := range texts {
			all = append(all, Time{Form: form, Text: t, Why: why, Code: code})
		}
		return all
	}
	all := []Time{
		moment("1970-01-01T00:00:00Z", utc(1970, 1, 1, 0, 0, 0)),
		moment("2026-08-14T12:34:56Z", utc(2026, 8, 14, 12, 34, 56)),
		moment("2024-02-29T23:59:59Z", utc(2024, 2, 29, 23, 59, 59)),
		moment("9999-12-31T23:59:59Z", utc(9999, 12, 31, 23, 59, 59)),

		from("date", "2026-08-14", "", midnight(2026, 8, 14), midnight(2026, 8, 15)),
		from("date", "2024-02-29", "", midnight(2024, 2, 29), midnight(2024, 3, 1)),
		from("date", "2026-12-31", "", midnight(2026, 12, 31), midnight(2027, 1, 1)),

		from("span", "2026-08-14", "", midnight(2026, 8, 14), midnight(2026, 8, 15)),
		from("span", "2026-08", "", midnight(2026, 8, 1), midnight(2026, 9, 1)),
		from("span", "2026-12", "", midnight(2026, 12, 1), midnight(2027, 1, 1)),
		from("span", "2026-07-30/2026-08-02", "", midnight(2026, 7, 30), midnight(2026, 8, 3)),
		from("span", "2026-07/2026-09", "", midnight(2026, 7, 1), midnight(2026, 10, 1)),

		from("period", "2026-Q1", "2026-Q2", midnight(2026, 1, 1), midnight(2026, 4, 1)),
		from("period", "2026-Q4", "2027-Q1", midnight(2026, 10, 1), midnight(2027, 1, 1)),
		from("period", "2026-H1", "2026-H2", midnight(2026, 1, 1), midnight(2026, 7, 1)),
		from("period", "2026-H2", "2027-H1", midnight(2026, 7, 1), midnight(2027, 1, 1)),

		from("slot-period", "2026-08-14", "2026-08-15", midnight(2026, 8, 14), midnight(2026, 8, 15)),
		from("slot-period", "2026-02-28", "2026-03-01", midnight(2026, 2, 28), midnight(2026, 3, 1)),
		from("slot-period", "2026-W01", "2026-W02", midnight(2025, 12, 29), midnight(2026, 1, 5)),
		from("slot-period", "2026-W33", "2026-W34", midnight(2026, 8, 10), midnight(2026, 8, 17)),
		from("slot-period", "2026-W53", "2027-W01", midnight(2026, 12, 28), midnight(2027, 1, 4)),
		from("slot-period", "2026-08", "2026-09", midnight(2026, 8, 1), midnight(2026, 9, 1)),
		from("slot-period", "2026-12", "2027-01", midnight(2026, 12, 1), midnight(2027, 1, 1)),
	}
	for _, list := range [][]Time{
		bad("time", "time-malformed", "a day that does not exist", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z"),
		bad("time", "time-malformed", "a time of day that does not exist", "2026-08-14T24:00:00Z", "2026-08-14T23:60:00Z", "2026-08-14T23:59:60Z"),
		bad("time", "time-malformed", "not the one form YYYY-MM-DDThh:mm:ssZ", "2026-08-14", "2026-08-14T12:34Z", "2026-08-14 12:34:56Z", "2026-08-14T12:34:56", "2026-08-14t12:34:56z", "2026-08-14T12:34:56.0Z", "2026-08-14T12:34:56+00:00", "2026-8-14T12:34:56Z", "+2026-08-14T12:34:56Z", "02026-08-14T12:34:56Z"),
		bad("time", "time-malformed", "before 1970", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z"),

		bad("date", "date-malformed", "a day that does not exist", "2026-02-29", "2026-11-31", "2026-00-10", "2026-01-00"),
		bad("date", "date-malformed", "not the one form YYYY-MM-DD", "2026-8-14", "20260814", "2026-08", "2026-08-14Z", "14-08-2026"),
		bad("date", "date-malformed", "before 1970", "1969-12-31"),

		bad("span", "date-malformed", "an interval goes from an earlier to a later one", "2026-08-14/2026-08-14", "2026-08-14/2026-08-13", "2026-08/2026-08"),
		bad("span", "date-malformed", "both ends have one form", "2026-08/2026-09-01", "2026-08-01/2026-09"),
		bad("span", "date-malformed", "neither a date, a month nor two of them", "2026", "2026-Q3", "2026-08-14/", "/2026-08-14", "2026-08-01/2026-08-02/2026-08-03", "2026-13"),

		bad("period", "period-malformed", "no such part of a year", "2026-Q0", "2026-Q5", "2026-H0", "2026-H3"),
		bad("period", "period-malformed", "not a quarter or half-year", "2026-q3", "2026Q3", "2026-Q03", "2026", "2026-08", "26-Q3", "2026-T1", "20x6-Q3", "2/26-Q3", "2:26-Q3"),
		bad("period", "period-malformed", "before 1970", "1969-Q4"),

		bad("slot-period", "period-malformed", "no such day, week or month", "2026-02-29", "2026-W00", "2026-W54", "2025-W53", "2026-13", "2026-00"),
		bad("slot-period", "period-malformed", "not a day, week or month", "2026-Q3", "2026-W1", "2026W33", "2026-w33", "2026-8", "2026", "2026-08-14T00:00:00Z"),
		bad("slot-period", "period-malformed", "before 1970", "1969-12-31", "1969-W52", "1969-12"),
	} {
		all = append(all, list...)
	}
	return all
}
