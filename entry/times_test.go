package entry

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	for in, want := range map[string]bool{
		"2026-05-03T14:02:00Z": true, "2024-02-29T00:00:00Z": true, "1970-01-01T00:00:00Z": true, "9999-12-31T23:59:59Z": true,
		"2026-02-29T00:00:00Z": false, "2026-13-01T00:00:00Z": false, "2026-05-03T24:00:00Z": false, "2026-05-03T14:02:60Z": false,
		"2026-05-03T14:02:00.0Z": false, "2026-05-03T14:02:00+00:00": false, "2026-05-03t14:02:00z": false, "2026-05-03 14:02:00Z": false,
		"1969-12-31T23:59:59Z": false, "+2026-05-03T14:02:00Z": false, "": false, "02026-05-03T14:02:00Z": false,
	} {
		if _, err := ParseTime(in); (err == nil) != want {
			t.Errorf("ParseTime(%q): %v, want ok %v", in, err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	unix := func(s string) int64 { u, _ := time.Parse("2006-01-02", s); return u.Unix() }
	for _, c := range []struct{ in, start, end string }{
		{"2026-05", "2026-05-01", "2026-06-01"},
		{"2026-12", "2026-12-01", "2027-01-01"},
		{"2026-05-03", "2026-05-03", "2026-05-04"},
		{"2026-05-03/2026-05-10", "2026-05-03", "2026-05-11"},
		{"2026-05/2026-06", "2026-05-01", "2026-07-01"},
		{"2026-05-10/2026-05-03", "", ""}, {"2026-05/2026-05", "", ""}, {"2026-05/2026-06-01", "", ""},
		{"2026", "", ""}, {"2026-5", "", ""}, {"2026-05-32", "", ""}, {"2026-05/", "", ""}, {"/", "", ""}, {"", "", ""}, {"2026-02-30", "", ""},
		{"2026-05-03/2026-05-10/2026-05-11", "", ""},
	} {
		start, end, err := ParseSpan(c.in)
		if c.start == "" {
			if CodeOf(err) != CodeDateMalformed {
				t.Errorf("ParseSpan(%q): %v, want %s", c.in, err, CodeDateMalformed)
			}
			continue
		}
		if err != nil || start != unix(c.start) || end != unix(c.end) {
			t.Errorf("ParseSpan(%q) = %d, %d, %v; want %s, %s", c.in, start, end, err, c.start, c.end)
		}
	}
}

func TestPeriod(t *testing.T) {
	unix := func(s string) int64 { u, _ := time.Parse(time.RFC3339, s); return u.Unix() }
	for _, c := range []struct{ in, start, end, next string }{
		{"2026-Q1", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-Q2"},
		{"2026-Q4", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-Q1"},
		{"2026-H1", "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z", "2026-H2"},
		{"2026-H2", "2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-H1"},
	} {
		p, err := ParsePeriod(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if p.Start() != unix(c.start) || p.End() != unix(c.end) || p.Next().String() != c.next || p.String() != c.in {
			t.Errorf("%s: %d to %d, then %s", p, p.Start(), p.End(), p.Next())
		}
		// The boundary second belongs to the later period.
		if got := PeriodAt(p.Kind(), p.End()); got != p.Next() {
			t.Errorf("the moment at which %s ends is in %s, want %s", p, got, p.Next())
		}
		if got := PeriodAt(p.Kind(), p.End()-1); got != p {
			t.Errorf("the last second of %s is in %s", p, got)
		}
	}
	for _, in := range []string{"2026-Q0", "2026-Q5", "2026-H3", "2026-H0", "2026-q1", "2026Q1", "26-Q1", "2026-Q", "2026-Q11", "", "1969-Q4", "-026-Q1", "2026-X1"} {
		if _, err := ParsePeriod(in); CodeOf(err) != CodePeriodMalformed {
			t.Errorf("ParsePeriod(%q): %v, want %s", in, err, CodePeriodMalformed)
		}
	}
}
