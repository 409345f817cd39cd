package lint

import (
	"strings"
)

var (
	phoneForm = expression(`[+(（]?[\d０-９][\d\s().\-/（）\x{2010}-\x{2015}]{5,22}\d`)
	// phoneWords stand in front of a number that is one to call.
	phoneWords = expression(`(?i)(?:\b(?:tel|telephone|phone|ph|call|called|calling|fax|mobile|mob|cell|hotline|ring|dial|dialled|whatsapp|signal|sms|text|extension|ext|number is|telefon|tél|téléphone|teléfono|telefone|telefono|numero|handy|ruf)\b|电话|電話|手机|手機|携帯|전화|тел|телефон|هاتف)[^\d+]{0,16}$`)
	dateForm   = expression(`^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{4}[-/–]\d{4})(?:\D|$)`)
	moneyForm  = expression(`(?i)(?:[$€£¥₹]|usd|eur|gbp|chf|no\.?|nr\.?|§|ref(?:erence)?\.?:?|case|file|docket)\s*$`)

	usForm     = expression(`^(?:1[-. ])?\(?\d{3}\)?[-. ]\s?\d{3}[-. ]\d{4}$`)
	nationForm = expression(`^(?:\(0\d{1,5}\)|0\d{1,5})[\s/.\-]*\d[\d\s/.\-]*$`)
	areaForm   = expression(`^\(\d{2,5}\)\s?\d[\d\s.\-]{4,}$`)
	cnForm     = expression(`^1[3-9]\d[- ]?\d{4}[- ]?\d{4}$`)
	dashes     = expression(`[\x{2010}-\x{2015}]`)
)

// phones finds telephone numbers: in the international form, in the forms of some
// countries, and whatever digits follow a word for telephone.
func phones(s *source) []span {
	var out []span
	for _, at := range s.find(phoneForm()) {
		if s.text[at.start] == '(' && !strings.Contains(s.text[at.start:at.end], ")") {
			at.start++
		}
		number := dashes().ReplaceAllString(s.text[at.start:at.end], "-")
		before := s.before(at)
		digits := 0
		for _, r := range number {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		if digits < 5 || digits > 15 || !s.alone(at) {
			continue
		}
		called := phoneWords().MatchString(before)
		if strings.HasPrefix(number, "+") {
			if digits >= 7 {
				out = append(out, at)
			}
			continue
		}
		if dateForm().MatchString(number) || moneyForm().MatchString(before) && !called {
			continue
		}
		spaced := strings.ContainsAny(number, " -./()")
		switch {
		case called && digits >= 5,
			strings.HasPrefix(number, "00") && digits >= 10 && number[2] != '0',
			usForm().MatchString(number),
			nationForm().MatchString(number) && digits >= 9 && digits <= 12 && (spaced || digits >= 10),
			areaForm().MatchString(number) && digits >= 8,
			cnForm().MatchString(number):
			out = append(out, at)
		}
	}
	return out
}
