package lint

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A token is a word of a text: letters with what joins them, such as O'Brien,
// Jean-Luc or J.
type token struct {
	span
	text, lower string
	gap         string // what stands before it, since the token before
}

// letter is one of a script that puts spaces between words.
const letter = `[\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}\p{Georgian}\p{Hebrew}\p{Arabic}\p{Devanagari}\p{Bengali}\p{Tamil}\p{Ethiopic}]`

var tokenForm = expression(letter + `(?:` + letter + `|\p{M})*(?:['’.-]` + letter + `(?:` + letter + `|\p{M})*)*\.?`)

// tokens reads words. A full stop belongs to an initial or to a short title, and to
// nothing else.
func (s *source) tokens() []token {
	var out []token
	last := 0
	for _, at := range s.find(tokenForm()) {
		text := s.text[at.start:at.end]
		bare := strings.TrimSuffix(text, ".")
		if bare != text && !isInitials(text) && !isTitle(elided(bare)) {
			at.end--
			text = bare
		}
		// A sentence that ends without a space behind it, and an abbreviation, are not
		// names with a full stop inside.
		text = strings.ReplaceAll(text, "’", "'")
		if title := elided(text); isTitle(strings.TrimSuffix(title, ".")) && title != strings.ToLower(text) {
			text = title
		}
		out = append(out, token{span: at, text: text, lower: strings.TrimSuffix(strings.ToLower(text), "."), gap: s.text[last:at.start]})
		last = at.end
	}
	return out
}

// elided takes an article off a word in lower case: l'avv.
func elided(word string) string {
	lower := strings.ReplaceAll(strings.ToLower(word), "’", "'")
	for _, article := range []string{"l'", "d'", "dell'", "all'"} {
		if rest, ok := strings.CutPrefix(lower, article); ok {
			return rest
		}
	}
	return lower
}

func isTitle(lower string) bool { return honorifics.has(lower) || lower == "m" }

// isInitials: J. or J.R.
func isInitials(text string) bool {
	if !strings.HasSuffix(text, ".") {
		return false
	}
	for _, part := range strings.Split(strings.TrimSuffix(text, "."), ".") {
		if r, n := utf8.DecodeRuneInString(part); n != len(part) || !unicode.IsUpper(r) {
			return false
		}
	}
	return true
}

// fold takes the accents off a word in lower case, as the list of given names has none.
func fold(lower string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(lower) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isGiven reports whether a word in lower case is a given name, or begins with one
// and a hyphen.
func isGiven(lower string) bool {
	word := fold(strings.TrimSuffix(lower, "'s"))
	if first, _, ok := strings.Cut(word, "-"); ok && givenNames.has(first) {
		return true
	}
	return givenNames.has(word)
}

// isGivenAlone is isGiven for a word that stands alone: it is not also something else.
func isGivenAlone(lower string) bool {
	return isGiven(lower) && !ambiguousNames.has(strings.TrimSuffix(lower, "'s"))
}

// capitalised reports whether a word is written as a name is: Smith, McDonald,
// O'Brien, Jean-Luc, SMITH.
func (t token) capitalised() bool {
	r, n := utf8.DecodeRuneInString(t.text)
	return unicode.IsUpper(r) && len(t.text) > n && !isInitials(t.text)
}

// caseless reports whether a word's script knows no capital letters.
func (t token) caseless() bool {
	r, _ := utf8.DecodeRuneInString(t.text)
	return unicode.IsLetter(r) && !unicode.IsUpper(r) && !unicode.IsLower(r) && !unicode.IsTitle(r)
}

// couldBeName: a capitalised word that is not known to be something else.
func (t token) couldBeName() bool {
	if !t.capitalised() || strings.HasSuffix(t.lower, "'s") && !couldBe(strings.TrimSuffix(t.lower, "'s")) {
		return false
	}
	return couldBe(t.lower)
}

func couldBe(lower string) bool {
	return !notNames.has(lower) && (!roles.has(lower) && !honorifics.has(lower) || givenNames.has(lower))
}

// close reports whether a token stands right behind the one before.
func (t token) close() bool {
	return t.gap == " " || t.gap == "\u00a0" || t.gap == "\n" || t.gap == "  "
}

// persons finds names of persons: behind a title or a role, by a given name, by
// initials, by what is said of them; in scripts without capital letters behind or
// before a word of address.
func persons(s *source) []span {
	ts := s.tokens()
	var out []span
	family := make(map[string]bool)
	add := func(first, last int) {
		end := ts[last].end
		if text := s.text[ts[last].start:end]; strings.HasSuffix(strings.ToLower(text), "'s") || strings.HasSuffix(text, "’s") {
			end -= len(text) - strings.LastIndexAny(text, "'’")
		}
		if at := (span{ts[first].start, end}); !s.isKnown(ts[first : last+1]) {
			out = append(out, at)
			if text := strings.TrimSuffix(ts[last].text, "'s"); first < last && len(text) > 3 {
				family[text] = true
			}
		}
	}
	for i := 0; i < len(ts); {
		if n := s.personAt(ts, i); n > 0 {
			from := i
			if isTitle(ts[i].lower) || roles.has(ts[i].lower) || contexts.has(ts[i].lower) {
				for from < i+n-1 && (isTitle(ts[from].lower) || roles.has(ts[from].lower) || contexts.has(ts[from].lower) || notNames.has(ts[from].lower)) {
					from++
				}
			}
			add(from, i+n-1)
			i += n
			continue
		}
		i++
	}
	// Who was named in full is named by the last word later on.
	for _, t := range ts {
		if t.capitalised() && family[strings.TrimSuffix(t.text, "'s")] {
			out = append(out, span{t.start, t.end - (len(t.text) - len(strings.TrimSuffix(t.text, "'s")))})
		}
	}
	return append(out, otherScripts(s)...)
}

// personAt returns how many tokens from the i-th are a name, with the titles before it;
// 0 if there is none.
func (s *source) personAt(ts []token, i int) int {
	t := ts[i]
	switch {
	case isTitle(t.lower) && (t.lower != "m" || strings.HasSuffix(t.text, ".")):
		return after(ts, i, true)
	case roles.has(t.lower):
		return after(ts, i, false)
	case contexts.has(t.lower) && i+1 < len(ts):
		next := ts[i+1]
		if strings.Trim(next.gap, " :,\n\"“„«'‘") == "" && next.couldBeName() {
			if n := nameFrom(ts, i+1); n > 1 || n == 1 && (isGiven(next.lower) || sureContexts.has(t.lower) || aboutPerson(ts, i)) {
				return 1 + n
			}
		}
	case isInitials(t.text) && !abbreviations.has(t.lower):
		if n := nameFrom(ts, i); n > 1 {
			return n
		}
	}
	if !t.couldBeName() {
		return 0
	}
	n := nameFrom(ts, i)
	if n == 0 {
		return 0
	}
	last := i + n - 1
	begins := i == 0 || strings.ContainsAny(t.gap, ".!?:\n")
	switch {
	case n > 1 && (isGiven(t.lower) || !begins && !s.organisation || behaves(ts, i, n)):
		return n
	case n > 1:
		// The first word only begins a sentence.
		return 0
	case isGivenAlone(t.lower), behaves(ts, i, n) && (i == 0 || !begins):
		return 1
	case last+1 < len(ts) && ts[last+1].gap == ", " && (isGivenAlone(ts[last+1].lower) || isInitials(ts[last+1].text)) && nameFrom(ts, last+1) <= 1:
		return 2 // Surname, Given
	case last+1 < len(ts) && titlesBehind.has(ts[last+1].lower) && ts[last+1].close():
		return 1
	}
	return 0
}

// sureContexts stand before single words that are names.
var sureContexts = set(`dear alias aka surname surnamed`)

// aboutPerson reports whether the words before the i-th speak of a person: a man who
// was called.
func aboutPerson(ts []token, i int) bool {
	for k := max(0, i-8); k < i; k++ {
		if somebody.has(ts[k].lower) || roles.has(ts[k].lower) {
			return true
		}
	}
	return false
}

var somebody = set(`man woman person official visitor caller somebody someone he she himself herself representative gentleman lady boy girl stranger spokesman spokeswoman envoy messenger`)

var abbreviations = set(`u.s u.k e.u u.n d.c u.s.c u.s.a e.g i.e p.m a.m p.o`)

// after returns the length of a title, further titles and the name behind.
func after(ts []token, i int, sure bool) int {
	j := i + 1
	for j < len(ts) && ts[j].close() && (isTitle(ts[j].lower) || roles.has(ts[j].lower)) && ts[j].capitalised() == ts[i].capitalised() {
		j++
	}
	if !sure && j < len(ts) && ts[j].gap == ", " {
		if n := nameFrom(ts, j); n > 1 { // a contractor, Alasdair Penhallow
			return j + n - i
		}
	}
	if j >= len(ts) || !ts[j].close() {
		return 0
	}
	if sure && ts[j].caseless() && ts[i].caseless() {
		n := 1
		for n < 3 && j+n < len(ts) && ts[j+n].close() && ts[j+n].caseless() && n < 2 {
			n++
		}
		return j + n - i
	}
	n := nameFrom(ts, j)
	if n == 0 && sure && ts[j].capitalised() && !roles.has(ts[j].lower) {
		n = 1 // Mr May
	}
	if n == 0 {
		return 0
	}
	// A role in a title of an organisation: Inspector General, Counsel Team.
	if !sure && n == 1 && j+1 < len(ts) && ts[j+1].close() && notNames.has(ts[j+1].lower) && ts[j+1].capitalised() {
		return 0
	}
	return j + n - i
}

// nameFrom returns how many tokens from the i-th make up a name: capitalised words,
// initials, and particles between them.
func nameFrom(ts []token, i int) int {
	n, words := 0, 0
	for j := i; j < len(ts) && words < 5; j++ {
		t := ts[j]
		if j > i && !t.close() {
			break
		}
		switch {
		case isInitials(t.text) && !abbreviations.has(t.lower):
			words++
			n = j - i + 1
			continue
		case t.couldBeName():
			words++
			n = j - i + 1
			if strings.HasSuffix(t.lower, "'s") {
				return n
			}
			continue
		case j > i && j+1 < len(ts) && ts[j+1].close() && (particles.has(t.lower) || articles.has(t.lower) && particles.has(ts[j-1].lower)):
			continue
		}
		break
	}
	// Initials alone are nobody.
	for k := i; k < i+n; k++ {
		if ts[k].couldBeName() {
			return n
		}
	}
	return 0
}

// behaves reports whether n words from the i-th, which could be a name, do or are
// what only persons do or are.
func behaves(ts []token, i, n int) bool {
	last := ts[i+n-1]
	for k := i; k < i+n; k++ {
		if isInitials(ts[k].text) && k > i {
			return true // Hrafn B. Sölvadt
		}
	}
	if i+n < len(ts) && !strings.HasSuffix(last.lower, "'s") {
		next := ts[i+n]
		if next.close() && (says.has(next.lower) || particlesOfRole.has(next.lower)) {
			return true
		}
		if strings.HasPrefix(next.gap, ", ") && i+n+1 < len(ts) {
			if next.lower == "who" || roles.has(next.lower) || (next.lower == "the" || next.lower == "a" || next.lower == "an" || next.lower == "our" || next.lower == "its" || next.lower == "their") && (roles.has(ts[i+n+1].lower) || headWords.has(ts[i+n+1].lower)) || headWords.has(next.lower) {
				return true
			}
		}
		if strings.HasPrefix(next.gap, " (") && (roles.has(next.lower) || headWords.has(next.lower)) {
			return true
		}
	}
	if i > 0 {
		before := ts[i-1]
		if ts[i].close() && personal.has(before.lower) {
			return true
		}
	}
	return false
}

var (
	particlesOfRole = set(`née né jr sr phd esq`)
	headWords       = set(`head chief lead deputy senior junior former then acting lawyer engineer spokesman spokeswoman spokesperson official assistant aide employee colleague cousin brother sister husband wife partner founder co-founder ceo cto cfo ciso cio vice`)
	// personal words stand before persons.
	personal = set(`colleague employee spokesman spokeswoman spokesperson engineer developer administrator lawyer founder researcher journalist activist dissident reporter editor blogger officer's witness mother father brother sister wife husband son daughter friend neighbour neighbor widow`)
)

// isKnown reports whether words are, or are part of, the name of an organisation that
// lint was told of, or have it in them.
func (s *source) isKnown(ts []token) bool {
	words := make([]string, len(ts))
	for i, t := range ts {
		words[i] = strings.TrimSuffix(t.lower, "'s")
	}
	for _, name := range s.names {
		if contains(name, words) || contains(words, name) {
			return true
		}
	}
	return false
}

// contains reports whether some words stand among others, one after the other.
func contains(all, some []string) bool {
	for at := 0; at+len(some) <= len(all); at++ {
		if slices.Equal(all[at:at+len(some)], some) {
			return true
		}
	}
	return false
}

var scriptForms = expressions(
	`([`+hanSurnames+`]\p{Han}{1,2}|欧阳\p{Han}{1,2}|司马\p{Han}{1,2}|[`+hanSurnames+`])(?:先生|女士|小姐|同志|处长|處長|局长|局長|主任|警官|律师|律師|法官|经理|經理|部长|部長|科长|教授|博士|工程师|总监|老师)`,
	`(?:姓名|联系人|聯絡人|名叫|叫做|签字人|氏名|担当者)[:：]?\s?(\p{Han}{2,4})`,
	`([\p{Han}\p{Katakana}ー]{1,6}(?:[ 　・][\p{Han}\p{Katakana}ー]{1,8})?)(?:さん|氏|様|殿|課長|部長|弁護士|検事|刑事)`,
	`([\p{Katakana}ー]{2,}・[\p{Katakana}ー]{2,})`,
	`(\p{Hangul}{2,4})\s?(?:씨|님|과장|국장|부장|검사|판사|변호사|형사|장관)`,
	// Russian and its neighbours: patronymics, and initials on either side.
	`(\p{Lu}[\p{Ll}]+\s+\p{Lu}\p{Ll}+(?:ович|евич|овна|евна|ична|инична)(?:\s+\p{Lu}\p{Ll}+)?)`,
	`(\p{Lu}\p{Ll}+\s+[А-ЯІЇЄ]\.\s?[А-ЯІЇЄ]\.|[А-ЯІЇЄ]\.\s?[А-ЯІЇЄ]\.\s?\p{Lu}\p{Ll}+)`,
	`((?:Александр|Алексей|Анатолий|Андрей|Анна|Борис|Вадим|Валентина|Василий|Виктор|Владимир|Галина|Дмитрий|Евгений|Елена|Иван|Игорь|Ирина|Кирилл|Константин|Людмила|Мария|Михаил|Наталья|Николай|Оксана|Олег|Ольга|Павел|Пётр|Роман|Светлана|Сергей|Татьяна|Тарас|Юлия|Юрий)[а-яё]{0,2}\s+\p{Lu}\p{Ll}{2,})`,
	`(?:คุณ|นายแพทย์|นาย|นางสาว|นาง)\s?(\p{Thai}{3,}(?:\s\p{Thai}{3,})?)`,
	`(\p{Devanagari}{2,}(?:\s\p{Devanagari}{2,})?)\sजी`,
)

// otherScripts finds names in scripts without capital letters or spaces, and by forms
// that a language has for nothing but names.
func otherScripts(s *source) []span {
	var out []span
	for _, form := range scriptForms() {
		for _, at := range form.FindAllStringSubmatchIndex(s.text, -1) {
			out = append(out, span{at[2], at[3]})
		}
	}
	return out
}
