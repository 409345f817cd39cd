package generator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// Searched is a mix as a large accord could have it of which people ask a lot: see
// SearchOptions.
var Searched = Mix{Rotations: true, Withheld: 30, Sealed: 15, Slotted: 20, Void: 5, Superseded: 6, Challenged: 10, Erased: 1}

// SearchOptions make the world of a log to be searched, for n statements in Story: of a
// million, four hundred signatories made 19 in 20 of them in five years, and few of these
// made most. It is Lifelike.
func SearchOptions(n int) Options {
	return Options{
		Origin: "log.lanternhall.example/2021", Start: time.Date(2021, 1, 4, 9, 0, 0, 0, time.UTC),
		Signatories: min(max(n/800, 25), 400), Challengers: min(max(n/20_000, 5), 20), Slots: entry.SlotsMonth, Mix: Searched, Lifelike: true,
	}
}

// tail is how likely each of some things is: the n-th about 1/n times as likely as the
// first.
type tail []float64 // sums

// newTail makes the tail of n things, in an order that belongs to a world.
func (w *World) newTail(n int, exponent float64) tail {
	t := make(tail, n)
	for i := range t {
		t[i] = math.Pow(float64(i+1), -exponent)
	}
	w.dice.Shuffle(n, func(i, j int) { t[i], t[j] = t[j], t[i] })
	for i := 1; i < n; i++ {
		t[i] += t[i-1]
	}
	return t
}

func (t tail) draw(w *World) int {
	i, _ := slices.BinarySearch(t, w.dice.Float64()*t[len(t)-1])
	return min(i, len(t)-1)
}

// lifelike is what a Lifelike world has beside.
type lifelike struct {
	countries tail // of Countries
	products  tail // of products
	languages tail // of tongues, by weight
}

// products are the codes of the vocabulary's list "products".
var products = split("os app cloud network telecom chip device security identity developer-tool messaging payment industrial cdn update-service")

func (w *World) newLifelike() *lifelike {
	l := &lifelike{countries: w.newTail(len(Countries), 1.1), products: w.newTail(len(products), 0.8)}
	sum := 0
	for _, t := range tongues {
		sum += t.weight
		l.languages = append(l.languages, float64(sum))
	}
	return l
}

// tongueOf draws an author's language, other than English.
func (w *World) tongueOf() string { return tongues[w.lifelike.languages.draw(w)].tag }

// Names are of one of firsts and one of seconds.
var (
	firsts  = split("Adder Amber Ash Badger Barley Beacon Birch Bracken Briar Brook Burdock Candle Cedar Chalk Clover Cobble Comfrey Dapple Drift Elder Ember Feather Fennel Flint Gable Gorse Harrow Hazel Heron Juniper Kestrel Larch Linden Mallow Marsh Meadow Nettle Osier Pepper Plover Quarry Rowan Rushes Sedge Sorrel Tallow Teasel Thistle Umber Willow")
	seconds = split("barrow beck bourne brack combe cote croft dell dene fold ford garth gill hanger hithe holt hurst knoll ledge leigh mead mere moor nook pike quay rigg shaw stead thwaite wick wold")
	trades  = map[string]string{
		"os": "Systems", "app": "Apps", "cloud": "Hosting", "network": "Networks", "telecom": "Telecom", "chip": "Semiconductors", "device": "Devices", "security": "Security", "identity": "Identity",
		"developer-tool": "Tools", "messaging": "Messaging", "payment": "Payments", "industrial": "Controls", "cdn": "Delivery", "update-service": "Updates",
	}
	causes = split("Foundation Watch Forum Circle Archive Clinic")
)

// inventedName is name i, from 0, of as many as there are pairs.
func inventedName(i int) string {
	n := len(firsts) * len(seconds)
	i = i * 997 % n // 997 has no factor in common with n
	return firsts[i%len(firsts)] + seconds[i/len(firsts)]
}

// inventedCompany is a company that is in no list.
func (w *World) inventedCompany(i int) Company {
	name, product := inventedName(i), products[w.lifelike.products.draw(w)]
	return invented(name, trades[product], Countries[w.lifelike.countries.draw(w)].Code, product)
}

// inventedChallenger is an organisation that is in no list.
func (w *World) inventedChallenger(i int) Company {
	return invented(inventedName(1000+i), causes[i%len(causes)], Countries[w.lifelike.countries.draw(w)].Code, "")
}

func invented(name, what, country, product string) Company {
	id := strings.ToLower(name + "-" + what)
	return Company{ID: id, Name: name + " " + what, Country: country, Product: product, Website: "https://" + strings.ToLower(name) + ".example/"}
}

// Parts of what is told that companies leave out are out of a thousand requests.
const (
	unstatedAuthority, unstatedInstrument, unstatedCompulsion, unstatedGag        = 40, 80, 100, 120
	unstatedTargets, unstatedProducts, unstatedCorroboration, withheldBy, homeAsk = 60, 50, 150, 20, 300
)

// lifelikeRequest makes up what was asked: by few countries mostly, and of each by few
// authorities; and not everything is told.
func (w *World) lifelikeRequest(a *Author, received string) *entry.RequestBody {
	country := Countries[w.lifelike.countries.draw(w)].Code
	if w.roll(homeAsk) {
		country = a.Company.Country
	}
	all := authoritiesOf[country]
	authority := all[min(int(w.dice.ExpFloat64()*float64(len(all))/4), len(all)-1)]
	told := func(unstated int, code string) string {
		if w.roll(unstated) {
			return ""
		}
		return code
	}
	b := &entry.RequestBody{
		Agency: told(200, authority.Name), Assist: w.several(assists), Authority: told(unstatedAuthority, authority.Code), Country: country,
		Compulsion: told(unstatedCompulsion, w.draw(compulsions)), Corroboration: told(unstatedCorroboration, w.draw(corroborations)),
		Gag: told(unstatedGag, w.draw(gags)), Instrument: told(unstatedInstrument, w.draw(instruments)),
	}
	if !w.roll(unstatedTargets) {
		b.Targets = w.several(targets)
	}
	if !w.roll(unstatedProducts) {
		b.Products = []string{cmp.Or(a.Company.Product, products[0])}
		if w.roll(350) {
			b.Products[0] = products[w.lifelike.products.draw(w)]
		}
		if second := products[w.lifelike.products.draw(w)]; w.roll(150) && second != b.Products[0] {
			b.Products = sorted([]string{b.Products[0], second}, same)
		}
	}
	if w.roll(withheldBy) {
		b.Country, b.Authority, b.Agency = entry.Withheld, entry.Withheld, ""
	}
	w.fillIn(b, received)
	b.Narrative = w.narrative(a, "request", pick(w, englishRequests[b.Assist[0]]), cmp.Or(b.Agency, "an authority"), received)
	return b
}

// fillIn says what some codes want to be said beside them.
func (w *World) fillIn(b *entry.RequestBody, received string) {
	if slices.Contains(b.Assist, "other") {
		b.Other = map[string]string{"assist": w.prose("en", 6)}
	}
	if b.Instrument == "other-statute" {
		b.Statute = fmt.Sprintf("Act on Networks (%s), section %d", cmp.Or(w.countryName(b.Country), "not told"), w.between(2, 40))
	}
	if b.Corroboration == "document" || b.Corroboration == "court-record" {
		b.Documents = []entry.Document{{MediaType: "application/pdf", Name: "letter-" + received + "-" + strconv.FormatInt(w.between(1, 999), 10) + ".pdf", SHA256: w.digest()}}
	}
}

// several draws one code of a list, or two or three.
func (w *World) several(list weighted) []string {
	codes := []string{w.draw(list)}
	for _, chance := range []int{180, 40} {
		if next := w.draw(list); w.roll(chance) && !slices.Contains(codes, next) {
			codes = append(codes, next)
		}
	}
	slices.Sort(codes)
	return codes
}

// These are looked up often.
var (
	authoritiesOf = func() map[string][]Authority {
		all := make(map[string][]Authority)
		for _, c := range Countries {
			all[c.Code] = AuthoritiesOf(c.Code)
		}
		return all
	}()
	englishRequests = func() map[string][]Narrative {
		all := make(map[string][]Narrative)
		for _, a := range assists {
			all[a.code] = NarrativesFor("request", a.code, "en")
		}
		return all
	}()
)
