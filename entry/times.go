package entry

import (
	"fmt"
	"strings"
	"time"
)

const (
	timeLayout  = "2006-01-02T15:04:05Z"
	dateLayout  = "2006-01-02"
	monthLayout = "2006-01"
)

// ParseTime reads a moment in the one form that the protocol has,
// YYYY-MM-DDThh:mm:ssZ, a real date, and returns Unix seconds.
func ParseTime(s string) (int64, error) {
	if t, ok := timeOf(s); ok {
		return t, nil
	}
	return 0, refuse(CodeTimeMalformed, "%q is not a moment of the form YYYY-MM-DDThh:mm:ssZ", clip(s))
}

func timeOf(s string) (int64, bool) {
	if len(s) != len(timeLayout) || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return 0, false
	}
	day, ok := dayOf(s[:10])
	hour, minute, second := twoDigits(s[11:]), twoDigits(s[14:]), twoDigits(s[17:])
	return day + int64(hour*3600+minute*60+second), ok && hour < 24 && minute < 60 && second < 60
}

// twoDigits reads the two digits that s begins with; it returns a number over 99
// when they are none.
func twoDigits(s string) uint {
	tens, ones := uint(s[0]-'0'), uint(s[1]-'0')
	if tens > 9 || ones > 9 {
		return 100
	}
	return tens*10 + ones
}

// dayOf reads YYYY-MM-DD, from 1970 on, and returns its first second.
func dayOf(s string) (int64, bool) {
	if len(s) != len(dateLayout) || s[7] != '-' {
		return 0, false
	}
	year, month, ok := monthOf(s[:7])
	day := twoDigits(s[8:])
	if !ok || day < 1 || day > 31 {
		return 0, false
	}
	t := time.Date(year, month, int(day), 0, 0, 0, 0, time.UTC)
	return t.Unix(), t.Month() == month // else the month is shorter
}

// monthOf reads YYYY-MM, from 1970 on.
func monthOf(s string) (int, time.Month, bool) {
	if len(s) != len(monthLayout) || s[4] != '-' {
		return 0, 0, false
	}
	century, year, month := twoDigits(s), twoDigits(s[2:]), twoDigits(s[5:])
	ok := century < 100 && year < 100 && month >= 1 && month <= 12
	year += century * 100
	return int(year), time.Month(month), ok && year >= 1970
}

// FormatTime writes Unix seconds as YYYY-MM-DDThh:mm:ssZ.
func FormatTime(unix int64) string { return time.Unix(unix, 0).UTC().Format(timeLayout) }

// ParseDate reads YYYY-MM-DD and returns the Unix seconds at which that day
// begins in UTC.
func ParseDate(s string) (int64, error) {
	if day, ok := dayOf(s); ok {
		return day, nil
	}
	return 0, refuse(CodeDateMalformed, "%q is not a date of the form YYYY-MM-DD", clip(s))
}

// ParseSpan reads a date (YYYY-MM-DD), a month (YYYY-MM) or an interval of two
// of them with a slash between, and returns its first second and the first one
// after it, in Unix seconds (protocol section 5, `received`).
func ParseSpan(s string) (start, end int64, err error) {
	from, to, isInterval := strings.Cut(s, "/")
	start, end, err = parseDay(from)
	if err != nil || !isInterval {
		return start, end, err
	}
	start2, end2, err := parseDay(to)
	if err != nil {
		return 0, 0, err
	}
	if start2 <= start || len(from) != len(to) {
		return 0, 0, refuse(CodeDateMalformed, "the interval %q does not go from an earlier to a later date of the same form", clip(s))
	}
	return start, end2, nil
}

func parseDay(s string) (start, end int64, err error) {
	if year, month, ok := monthOf(s); ok {
		first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		return first.Unix(), first.AddDate(0, 1, 0).Unix(), nil
	}
	if day, ok := dayOf(s); ok {
		return day, day + 86400, nil
	}
	return 0, 0, refuse(CodeDateMalformed, "%q is neither a date YYYY-MM-DD nor a month YYYY-MM", clip(s))
}

// A PeriodKind is how often attestations are due: "quarter" or "half-year".
type PeriodKind string

const (
	Quarter  PeriodKind = "quarter"
	HalfYear PeriodKind = "half-year"
)

// A Period is one attestation period of the UTC calendar, such as 2026-Q3 or
// 2026-H2. The zero value is no period.
type Period struct {
	kind PeriodKind
	year int
	n    int // 1 to 4, or 1 to 2
}

// ParsePeriod reads `2026-Q3` or `2026-H2`.
func ParsePeriod(s string) (Period, error) {
	var p Period
	if len(s) == 7 && s[4] == '-' {
		switch s[5] {
		case 'Q':
			p.kind = Quarter
		case 'H':
			p.kind = HalfYear
		}
		for _, ch := range []byte(s[:4]) {
			if ch < '0' || ch > '9' {
				p.kind = ""
			}
			p.year = p.year*10 + int(ch-'0')
		}
		p.n = int(s[6]) - '0'
	}
	if p.kind == "" || p.year < 1970 || p.n < 1 || p.n > p.perYear() {
		return Period{}, refuse(CodePeriodMalformed, "%q is not a period such as 2026-Q3 or 2026-H2", clip(s))
	}
	return p, nil
}

// PeriodAt returns the period of the given kind in which a moment falls. The
// boundary second belongs to the later period.
func PeriodAt(kind PeriodKind, unix int64) Period {
	t := time.Unix(unix, 0).UTC()
	p := Period{kind: kind, year: t.Year()}
	p.n = (int(t.Month())-1)/p.months() + 1
	return p
}

func (p Period) perYear() int { return 12 / p.months() }

func (p Period) months() int {
	if p.kind == HalfYear {
		return 6
	}
	return 3
}

// Kind says whether p is a quarter or a half-year.
func (p Period) Kind() PeriodKind { return p.kind }

// Start is the first second of p.
func (p Period) Start() int64 {
	return time.Date(p.year, time.Month((p.n-1)*p.months()+1), 1, 0, 0, 0, 0, time.UTC).Unix()
}

// End is the first second after p.
func (p Period) End() int64 { return p.Next().Start() }

// Next is the period after p.
func (p Period) Next() Period {
	if p.n++; p.n > p.perYear() {
		p.n, p.year = 1, p.year+1
	}
	return p
}

// Before reports whether p begins before q.
func (p Period) Before(q Period) bool { return p.Start() < q.Start() }

// IsZero reports whether p is no period.
func (p Period) IsZero() bool { return p.kind == "" }

func (p Period) String() string {
	if p.IsZero() {
		return ""
	}
	letter := 'Q'
	if p.kind == HalfYear {
		letter = 'H'
	}
	return fmt.Sprintf("%04d-%c%d", p.year, letter, p.n)
}

// MarshalText writes p as it stands in statements.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePeriod.
func (p *Period) UnmarshalText(b []byte) error {
	q, err := ParsePeriod(string(b))
	*p = q
	return err
}

// clip keeps what an error quotes short.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// Parts returns a period's kind, its year, and which one of the year it is, from 1.
func (p Period) Parts() (kind PeriodKind, year, n int) { return p.kind, p.year, p.n }
