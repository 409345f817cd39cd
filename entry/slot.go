package entry

import (
	"fmt"
	"time"
)

// SlotPlaces is how many digests a slot has, full or empty.
const SlotPlaces = 64

// The charter's slot periods.
const (
	SlotsNone  = "none"
	SlotsDay   = "day"
	SlotsWeek  = "week"
	SlotsMonth = "month"
)

func checkSlotPeriod(s string) error {
	switch s {
	case SlotsNone, SlotsDay, SlotsWeek, SlotsMonth:
		return nil
	}
	return refuse(CodeMemberMalformed, "slots is not none, day, week or month")
}

// A Slot is logged once each slot period, and is the same in size and signing
// path whether there is anything in it or not (protocol section 3). Each of its
// digests is that of a Disclosure named SlotName, whose value is a bodyDigest or
// null.
type Slot struct {
	Digests []string `json:"digests"` // SlotPlaces, sorted, all different
	Period  string   `json:"period"`  // see ParseSlotPeriod
}

func (b *Slot) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if len(b.Digests) != SlotPlaces {
		return refuse(CodeMemberMalformed, "a slot has %d digests, not %d", SlotPlaces, len(b.Digests))
	}
	if err := checkDigests("digests", b.Digests); err != nil {
		return err
	}
	_, err := ParseSlotPeriod(b.Period)
	return err
}

// checkDigests wants digests, sorted, none twice.
func checkDigests(name string, list []string) error {
	for i, d := range list {
		if !IsDigest(d) {
			return refuse(CodeDigestMalformed, "%s holds something that is not a digest", name)
		}
		if i > 0 && list[i-1] >= d {
			return refuse(CodeMemberMalformed, "%s is not sorted, or has a digest twice", name)
		}
	}
	return nil
}

// A SlotPeriod is a day, an ISO week or a month of the UTC calendar. The zero
// value is no period.
type SlotPeriod struct {
	kind  string // SlotsDay, SlotsWeek or SlotsMonth
	start int64  // first second
}

// ParseSlotPeriod reads `2026-08-14`, `2026-W33` (ISO 8601, from a Monday) or
// `2026-08`.
func ParseSlotPeriod(s string) (SlotPeriod, error) {
	if day, ok := dayOf(s); ok {
		return SlotPeriod{SlotsDay, day}, nil
	}
	if year, month, ok := monthOf(s); ok {
		return SlotPeriod{SlotsMonth, time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Unix()}, nil
	}
	if len(s) == 8 && s[4:6] == "-W" {
		year, _, ok := monthOf(s[:5] + "01")
		week := twoDigits(s[6:])
		if ok && week >= 1 && week <= 53 {
			p := SlotPeriod{SlotsWeek, mondayOf(year, int(week))}
			if p.String() == s { // not every year has a week 53
				return p, nil
			}
		}
	}
	return SlotPeriod{}, refuse(CodePeriodMalformed, "%q is not a slot period such as 2026-08-14, 2026-W33 or 2026-08", clip(s))
}

// mondayOf returns the first second of an ISO week: week 1 is that of January 4.
func mondayOf(year, week int) int64 {
	jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	weekday := (int(jan4.Weekday()) + 6) % 7 // from Monday
	return jan4.AddDate(0, 0, 7*(week-1)-weekday).Unix()
}

// SlotPeriodAt returns the period of a kind, which is not none, in which a moment
// falls.
func SlotPeriodAt(kind string, unix int64) SlotPeriod {
	t := time.Unix(unix, 0).UTC()
	switch kind {
	case SlotsWeek:
		year, week := t.ISOWeek()
		return SlotPeriod{kind, mondayOf(year, week)}
	case SlotsMonth:
		return SlotPeriod{kind, time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC).Unix()}
	}
	return SlotPeriod{SlotsDay, time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix()}
}

// Kind says whether p is a day, a week or a month; "" for no period.
func (p SlotPeriod) Kind() string { return p.kind }

// IsZero reports whether p is no period.
func (p SlotPeriod) IsZero() bool { return p.kind == "" }

// Start is the first second of p.
func (p SlotPeriod) Start() int64 { return p.start }

// End is the first second after p.
func (p SlotPeriod) End() int64 {
	t := time.Unix(p.start, 0).UTC()
	switch p.kind {
	case SlotsWeek:
		return t.AddDate(0, 0, 7).Unix()
	case SlotsMonth:
		return t.AddDate(0, 1, 0).Unix()
	}
	return t.AddDate(0, 0, 1).Unix()
}

// Next is the period after p.
func (p SlotPeriod) Next() SlotPeriod { return SlotPeriod{p.kind, p.End()} }

func (p SlotPeriod) String() string {
	t := time.Unix(p.start, 0).UTC()
	switch p.kind {
	case SlotsDay:
		return t.Format(dateLayout)
	case SlotsWeek:
		year, week := t.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case SlotsMonth:
		return t.Format(monthLayout)
	}
	return ""
}

// MarshalText writes p as it stands in statements.
func (p SlotPeriod) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParseSlotPeriod; no text is no period.
func (p *SlotPeriod) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*p = SlotPeriod{}
		return nil
	}
	q, err := ParseSlotPeriod(string(b))
	*p = q
	return err
}

// SlotPeriod returns the period of a slot; the zero one when it is none.
func (b *Slot) SlotPeriod() SlotPeriod {
	p, err := ParseSlotPeriod(b.Period)
	if err != nil {
		return SlotPeriod{}
	}
	return p
}
