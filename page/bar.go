package page

import (
	"html/template"
	"strconv"

	"github.com/pledgelog/pledgelog/entry"
)

// A Bar is a small picture of a number: exact ones as a bar from zero, bands as
// the span that they are, and what can't be said as no bar at all. It says
// nothing that the text beside it does not say.
type Bar struct {
	SVG template.HTML
}

// barWidth is the width of a bar's field, in units of its own.
const barWidth = 200

const barField = `<svg class="bar" viewBox="0 0 200 12" preserveAspectRatio="none" width="200" height="12" aria-hidden="true" focusable="false"><rect class="bar-field" x="0" y="0" width="200" height="12"/>`

func bar(class string, from, to float64) Bar {
	if to-from < 1.5 {
		to = from + 1.5
	}
	num := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	return Bar{template.HTML(barField + `<rect class="` + class + `" x="` + num(from) + `" y="0" width="` + num(to-from) + `" height="12"/></svg>`)}
}

// ExactBar draws n of scale; nothing for 0.
func ExactBar(n, scale uint64) Bar {
	if n == 0 {
		return Bar{barField + `</svg>`}
	}
	return bar("bar-exact", 0, float64(n)/float64(scale)*barWidth)
}

func (s *Site) claimBar(c entry.Claim, scale uint64) Bar {
	switch {
	case c.CannotSay:
		return Bar{template.HTML(`<span class="bar-none">`) + s.Say("bar.none").HTML + `</span>`}
	case c.IsBand():
		return bar("bar-band", float64(c.Min)/float64(scale)*barWidth, float64(c.Max)/float64(scale)*barWidth)
	}
	return ExactBar(c.Max, scale)
}
