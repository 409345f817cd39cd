package generator

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A language of texts has as many words as vocabularySize, of which the n-th most
// frequent occurs about 1/n as often as the first, as in real ones (Zipf).
const (
	vocabularySize = 30_000
	zipfExponent   = 1.05
	zipfOffset     = 2.7
)

// A lexicon is the words of a language, the most frequent first. It is the same in
// every world.
type lexicon struct {
	*tongue
	words []string
}

// lexicons are made when they are first needed.
var lexicons = func() map[string]func() *lexicon {
	all := make(map[string]func() *lexicon)
	for i := range tongues {
		t := &tongues[i]
		all[t.tag] = sync.OnceValue(t.lexicon)
	}
	return all
}()

// vocabulary makes up words until there are enough.
func (t *tongue) lexicon() *lexicon {
	var seed [32]byte
	copy(seed[:], "lexicon of "+t.tag)
	dice := rand.New(rand.NewChaCha8(seed))
	v, taken := &lexicon{tongue: t}, make(map[string]bool)
	for _, w := range t.frequent {
		if !taken[w] {
			taken[w] = true
			v.words = append(v.words, w)
		}
	}
	for _, name := range spoken {
		taken[name] = true
	}
	for len(v.words) < vocabularySize {
		// What is said often is short. Now and then a word is two.
		word := t.word(dice, len(v.words))
		if !t.solid && dice.IntN(20) == 0 {
			word += " " + v.words[len(t.frequent)/2+dice.IntN(len(v.words)/2)]
		}
		if !taken[word] {
			taken[word] = true
			v.words = append(v.words, word)
		}
	}
	return v
}

// spoken are words that mean or name something, and are not to come about by chance:
// those of companies that there are.
var spoken = split("visa arm meta dell sap oracle slack stripe orange uber intel apple cisco citrix proton acer asus")

// word makes up the word of a rank.
func (t *tongue) word(dice *rand.Rand, rank int) string {
	var b strings.Builder
	if t.syllables != nil {
		n := 2
		if rank > 6000 {
			n += dice.IntN(3)
		}
		for range n {
			b.WriteString(t.syllables[dice.IntN(len(t.syllables))])
		}
		return b.String()
	}
	n := 2
	if rank > 3000 {
		n += dice.IntN(2)
	}
	for i := range n {
		b.WriteString(t.start[dice.IntN(len(t.start))])
		b.WriteString(t.vowel[dice.IntN(len(t.vowel))])
		if i == n-1 || dice.IntN(6) == 0 {
			b.WriteString(t.end[dice.IntN(len(t.end))])
		}
	}
	if t.cased && len(t.after) > 0 && dice.IntN(4) == 0 {
		b.WriteString(t.after[dice.IntN(len(t.after))])
	}
	return b.String()
}

// ranks draws the rank of a word, from 0: by Walker's method, so that a draw costs the
// same whatever is drawn.
type ranks struct {
	keep  []float64 // the chance that the place drawn is kept
	other []uint32  // and what is taken in its stead
}

var zipf = sync.OnceValue(func() *ranks {
	weights, sum := make([]float64, vocabularySize), 0.0
	for i := range weights {
		weights[i] = math.Pow(float64(i)+zipfOffset, -zipfExponent)
		sum += weights[i]
	}
	r := &ranks{keep: make([]float64, vocabularySize), other: make([]uint32, vocabularySize)}
	var small, large []int
	for i := range weights {
		weights[i] *= vocabularySize / sum
		if weights[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		r.keep[s], r.other[s] = weights[s], uint32(l)
		if weights[l] -= 1 - weights[s]; weights[l] < 1 {
			large, small = large[:len(large)-1], append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		r.keep[i] = 1
	}
	return r
})

func (r *ranks) draw(dice *rand.Rand) int {
	bits := dice.Uint64()
	i := int(bits>>32) * vocabularySize >> 32
	if float64(bits&(1<<32-1))/(1<<32) < r.keep[i] {
		return i
	}
	return int(r.other[i])
}

// prose writes sentences of about n words in a language.
func (w *World) prose(tag string, n int) string {
	v := lexicons[tag]()
	var b []byte
	for n > 0 {
		length := min(n, 5+w.dice.IntN(14))
		if n-length < 4 {
			length = n
		}
		if len(b) > 0 && !v.solid {
			b = append(b, ' ')
		}
		b = w.sentence(b, v, length)
		n -= length
	}
	return strings.TrimSpace(string(b))
}

func (w *World) sentence(b []byte, v *lexicon, length int) []byte {
	for i := range length {
		if i > 0 && !v.solid {
			b = append(b, ' ')
		}
		// The chances of all little things are of one draw.
		chance := w.dice.Uint32()
		word := v.words[zipf().draw(w.dice)]
		if len(v.before) > 0 && chance&3 == 0 {
			b = append(b, v.before[int(chance>>8&0xff)%len(v.before)]...)
		}
		switch {
		case chance>>16&0xff == 0: // a file number
			b = append(b, byte('A'+chance>>8&15), byte('K'+chance>>4&7), '-')
			b = append(b, '1'+byte(chance>>2&7), '0'+byte(chance>>12&7), '0'+byte(chance>>25&7), '0'+byte(chance>>28&7))
		case i == 0 && v.cased:
			first, size := utf8.DecodeRuneInString(word)
			b = append(utf8.AppendRune(b, unicode.ToUpper(first)), word[size:]...)
		default:
			b = append(b, word...)
		}
		if len(v.after) > 0 && !v.cased && chance&12 == 0 {
			b = append(b, v.after[int(chance>>8&0xff)%len(v.after)]...)
		}
		if i+1 < length && chance>>24 < 20 {
			b = append(b, v.comma...)
		}
	}
	return append(b, v.stop...)
}

// elsewhere is out of a hundred texts how many an author's branches abroad write, in a
// language of theirs.
const elsewhere = 25

// lifelikeNarrative is what an author writes: in English, in its own language, or in
// both. It begins as narratives do or not, and has 10 to 150 words, most often some 30
// to 40.
func (w *World) lifelikeNarrative(a *Author, kind string, english Narrative, who, month string) map[string]string {
	tags, own := []string{"en"}, a.lang
	if w.dice.IntN(100) < elsewhere {
		own = w.tongueOf()
	}
	if own != "" && own != "en" {
		switch n := w.dice.IntN(100); {
		case n < 30:
			tags[0] = own
		case n < 65:
			tags = append(tags, own)
		}
	}
	texts := make(map[string]string, len(tags))
	for _, tag := range tags {
		n := int(min(max(35*math.Exp(0.6*w.dice.NormFloat64()), 10), 150))
		text := ""
		if fit := []Narrative{english}; n >= 40 || w.roll(300) {
			if tag != "en" {
				fit = NarrativesFor(kind, english.Code, tag)
			}
			if len(fit) > 0 {
				text = pick(w, fit).Fill(a.Name, who, month)
				n -= len(strings.Fields(text))
			}
		}
		if text == "" || n >= 5 {
			more := w.prose(tag, n)
			if text != "" && !lexicons[tag]().solid {
				text += " "
			}
			text += more
		}
		texts[tag] = text
	}
	return texts
}

func split(words string) []string { return strings.Fields(words) }

func runes(s string) []string { return strings.Split(s, "") }

// Lexicons are the words of invented texts by language, the most frequent first.
func Lexicons() map[string][]string {
	all := make(map[string][]string)
	for tag, of := range lexicons {
		all[tag] = of().words
	}
	return all
}
