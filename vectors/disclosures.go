package vectors

import (
	"encoding/base64"
	"slices"
	"strings"
)

const (
	aboutDisclosures = "Disclosures (protocol section 3; RFC 9901, sections 4.2.1 and 4.2.3) and sealed bodies that they open. digest is that of the ASCII of the disclosure."
	aboutSlots       = "Slots with what their authors keep: for each place, in the order of the slot's digests, the disclosure and the bodyDigest in it."
)

func (r *recipe) disclosures() Disclosures {
	out := Disclosures{About: aboutDisclosures}
	add := func(name, why, code, array string) *Disclosure {
		text := base64.RawURLEncoding.EncodeToString([]byte(r.text(array)))
		out.Disclosures = append(out.Disclosures, Disclosure{Name: name, Why: why, Code: code, Disclosure: Octets(text), Digest: digest([]byte(text))})
		return &out.Disclosures[len(out.Disclosures)-1]
	}
	good := func(name, why, salt, member, value string) {
		d := add(name, why, "", `["`+salt+`","`+member+`",`+value+`]`)
		d.Salt, d.Member, d.Value = r.text(salt), member, Octets(r.text(value))
	}
	raw := func(name, why, code, text string) {
		out.Disclosures = append(out.Disclosures, Disclosure{Name: name, Why: why, Code: code, Disclosure: Octets(text), Digest: digest([]byte(text))})
	}
	good("text", "a text", "$salt(agency)", "agency", `"Signals Directorate of Borvania"`)
	good("codes", "a list", "$salt(assist)", "assist", `["backdoor","keys"]`)
	good("object", "an object", "$salt(narrative)", "narrative", `{"en":"A letter came.\nIt was read.","zh-Hant":"來函。"}`)
	good("salt-long", "a salt of 32 bytes", "$digest(salt)", "country", `"XB"`)
	good("place", "of a slot's full place: a bodyDigest", "$salt(place)", "request", `"$digest(body)"`)
	good("place-empty", "of a slot's empty place: the one null that there is", "$salt(empty)", "request", `null`)

	add("salt-15", "16 random bytes or more", "salt-too-short", `["MTIzNDU2Nzg5MDEyMzQ1","country","XB"]`)
	add("salt-prose", "base64url", "salt-too-short", `["sixteen bytes or more!","country","XB"]`)
	add("two-elements", "[salt, name, value]", "disclosure-malformed", `["$salt(x)","XB"]`)
	add("four-elements", "[salt, name, value]", "disclosure-malformed", `["$salt(x)","country","XB","XC"]`)
	add("name-number", "a name is a string", "disclosure-malformed", `["$salt(x)",1,"XB"]`)
	add("object-instead", "an array", "disclosure-malformed", `{"salt":"$salt(x)"}`)
	add("null", "null stands in slots alone", "disclosure-malformed", `["$salt(x)","country",null]`)
	add("null-within", "null stands in slots alone", "not-canonical", `["$salt(x)","other",{"assist":null}]`)
	add("seal-as-value", "no nested seals", "disclosure-malformed", `["$salt(x)","agency",{"reason":"withheld","review":"2027-01-01","sealed":"$digest(x)"}]`)
	add("seal-within", "no nested seals", "disclosure-malformed", `["$salt(x)","documents",[{"name":{"reason":"withheld","review":"2027-01-01","sealed":"$digest(x)"}}]]`)
	add("not-canonical", "the RFC's examples have white space and are refused", "not-canonical", `["$salt(x)", "country", "XB"]`)
	add("not-json", "an array", "not-json", `["$salt(x)","country"`)
	raw("rfc9901-example", "the first disclosure of RFC 9901, section 5.1: its digest is right, its JSON is not canonical", "not-canonical", "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd")
	raw("padded", "base64url without padding", "disclosure-malformed", "WyJ4Il0=")
	raw("standard-base64", "the alphabet of URLs", "disclosure-malformed", base64.RawStdEncoding.EncodeToString([]byte(r.text(`["$salt(x)","narrative",{"en":"???>>>~~~"}]`))))
	raw("line-feed", "no line breaks", "disclosure-malformed", placeOf(saltOf("x"), "null")+"\n")
	raw("nothing", "an array", "not-json", "")

	out.Openings = r.openings()
	return out
}

// openings are bodies whose seals are opened.
func (r *recipe) openings() []Opening {
	disclosure := func(name, value string) (text, digestOf string) {
		text = base64.RawURLEncoding.EncodeToString([]byte(r.text(`["$salt(seal ` + name + `)","` + name + `",` + value + `]`)))
		return text, digest([]byte(text))
	}
	seal := func(digest string) string {
		return `{"law":"us-nsl","reason":"secrecy-law","review":"2027-01-01","sealed":"` + digest + `"}`
	}
	agency, agencyDigest := disclosure("agency", `"Signals Directorate of Borvania"`)
	country, countryDigest := disclosure("country", `"XB"`)
	lower, lowerDigest := disclosure("country", `"xb"`)
	wrong, wrongDigest := disclosure("targets", `["media"]`)
	stranger, _ := disclosure("statute", `"Art. 12"`)
	body := func(agency, country string) string {
		return r.text(`{"agency":` + agency + `,"assist":["keys"],"author":"aldermoth-cloud","country":` + country + `,"kind":"request","log":"$log","received":"2026-05","salt":"$salt(request)"}`)
	}
	one := func(name, why, code, body, opened string, disclosures ...string) Opening {
		o := Opening{Name: name, Why: why, Code: code, Payload: r.payloadOf("request", digest([]byte(body))), Body: Octets(body), Disclosures: disclosures}
		if code == "" {
			o.Opened = Octets(opened)
		}
		return o
	}
	sealed := body(seal(agencyDigest), seal(countryDigest))
	open := `"Signals Directorate of Borvania"`
	return []Opening{
		one("both", "each disclosure in the place of its seal", "", sealed, body(open, `"XB"`), agency, country),
		one("order", "in any order", "", sealed, body(open, `"XB"`), country, agency),
		one("one-of-two", "what is not opened stays sealed", "", sealed, body(open, seal(countryDigest)), agency),
		one("none", "nothing is opened", "", sealed, sealed),
		one("stranger", "no seal names it", "disclosure-mismatch", sealed, "", stranger),
		one("twice", "a seal is opened once", "disclosure-mismatch", sealed, "", agency, agency),
		one("another-member", "the disclosure in agency's place is of another member", "disclosure-differs", body(seal(wrongDigest), seal(countryDigest)), "", wrong),
		one("value-of-wrong-form", "the whole is judged as if nothing had been sealed", "code-malformed", body(seal(agencyDigest), seal(lowerDigest)), "", lower),
	}
}

func (r *recipe) slots() []Slot {
	one := func(name, why, period string, full int) Slot {
		var places []Place
		for i := range 64 {
			what := name + " " + string(rune('A'+i/26)) + string(rune('a'+i%26))
			p := Place{Disclosure: placeOf(saltOf(what), "null")}
			if i < full {
				body := digestOf("body " + what)
				p.BodyDigest, p.Disclosure = &body, placeOf(saltOf(what), `"`+body+`"`)
			}
			p.Digest = digest([]byte(p.Disclosure))
			places = append(places, p)
		}
		slices.SortFunc(places, func(a, b Place) int { return strings.Compare(a.Digest, b.Digest) })
		var list []string
		for _, p := range places {
			list = append(list, p.Digest)
		}
		payload := replace(r.sample("slot"), strings.Join(someDigests(), `","`), strings.Join(list, `","`))
		payload = replace(payload, `"2026-05"`, `"`+period+`"`)
		return Slot{Name: name, Why: why, Payload: Octets(payload), ID: entryID([]byte(payload)), Places: places}
	}
	return []Slot{
		one("empty", "nothing is in it", "2026-05", 0),
		one("full", "64 requests", "2026-W33", 64),
		one("mixed", "five requests, and nobody can tell", "2026-08-14", 5),
	}
}
