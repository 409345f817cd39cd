package entry

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

//go:embed vocabulary.json
var vocabularyJSON []byte

//go:embed countries.json
var countriesJSON []byte

// A Vocabulary is the published, versioned list of codes (protocol section 5).
// Codes are deprecated, never deleted.
//
// A list is named as the member that takes its codes. Where that name would not
// say which: standingReason and keysReason are reason in standing and keys,
// sealReason that in a seal, openWhy is why in open; laws are instruments. The
// values of how, answer, basis, standing, mode, role, covers and keysReason are
// fixed by the protocol: for these the vocabulary has labels.
type Vocabulary struct {
	Version       int               `json:"version"`
	Date          string            `json:"date"`
	AttackVersion string            `json:"attackVersion"` // of MITRE ATT&CK
	Lists         map[string][]Term `json:"lists"`         // by the member that takes the codes
}

// A Term is one code and what it means.
type Term struct {
	Code       string   `json:"code"`
	Label      string   `json:"label"`
	Definition string   `json:"definition"`
	Example    string   `json:"example,omitzero"`
	Attack     []string `json:"attack,omitzero"` // MITRE ATT&CK technique ids
	Deprecated bool     `json:"deprecated,omitzero"`
}

// Terms returns the vocabulary of this version, which nobody changes. It is read at its
// first use: most commands need none.
var Terms = sync.OnceValue(func() *Vocabulary { return load[Vocabulary](vocabularyJSON) })

// A term is a code with its list.
type term struct{ list, code string }

// vocabulary has every term of Terms.
var vocabulary = sync.OnceValue(func() map[term]bool {
	m := make(map[term]bool)
	for list, terms := range Terms().Lists {
		for _, t := range terms {
			m[term{list, t.Code}] = true
		}
	}
	return m
})

type countryNames struct {
	Version   int               `json:"version"`
	Date      string            `json:"date"`
	Countries map[string]string `json:"countries"` // ISO 3166-1, EU, UN, XK
	Demo      map[string]string `json:"demo"`      // XA to XZ without XK, invented
}

var countries = sync.OnceValue(func() *countryNames { return load[countryNames](countriesJSON) })

func load[T any](b []byte) *T {
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		panic(fmt.Sprintf("entry: embedded data: %v", err)) // a test holds it
	}
	return v
}

// Term returns the term of a code, and whether the list has it.
func (v *Vocabulary) Term(list, code string) (Term, bool) {
	i := slices.IndexFunc(v.Lists[list], func(t Term) bool { return t.Code == code })
	if i < 0 {
		return Term{}, false
	}
	return v.Lists[list][i], true
}

// Label returns the label of a code; the code itself when the list has it not.
func (v *Vocabulary) Label(list, code string) string {
	if t, ok := v.Term(list, code); ok {
		return t.Label
	}
	return code
}

// CountryName returns the English name of a country code, and whether there is
// one in a log of that origin: the user-assigned codes XA to XZ without XK have
// invented names in demonstration logs and none elsewhere.
func CountryName(origin, code string) (string, bool) {
	if name, ok := countries().Countries[code]; ok {
		return name, true
	}
	if !IsDemonstration(origin) {
		return "", false
	}
	name, ok := countries().Demo[code]
	return name, ok
}

// IsDemonstration reports whether a log of that origin may only be a
// demonstration: its host is example or ends in .example (RFC 2606). Its time
// may be simulated, and everything that shows it has to say so (protocol
// section 7).
func IsDemonstration(origin string) bool {
	host, _, _ := strings.Cut(origin, "/")
	host, _, _ = strings.Cut(host, ":")
	return host == "example" || strings.HasSuffix(host, ".example")
}

// UnknownCodes lists what a statement and its detached body (nil when there is
// none at hand) use that the vocabulary does not have, as `list/code`, sorted. Laws
// are codes of the list instrument. Codes of findings are not of the vocabulary,
// and what is sealed is not looked at. A verifier reports them; a server refuses
// them (protocol section 5).
func UnknownCodes(s *Statement, d Detached) []string {
	var unknown []string
	look := func(list string, codes ...string) {
		for _, c := range codes {
			if c != "" && !vocabulary()[term{list, c}] {
				unknown = append(unknown, list+"/"+c)
			}
		}
	}
	country := func(code string) {
		if _, ok := CountryName(s.Log, code); !ok && code != Withheld && code != "" {
			unknown = append(unknown, "country/"+code)
		}
	}
	switch b := s.Body.(type) {
	case *Admit:
		country(b.Country)
		look("instrument", b.CarveOuts...)
	case *Standing:
		look("standingReason", b.Reason)
	case *Decision:
		look("outcome", b.Outcome)
		look("grounds", b.Grounds...)
		look("scope", b.Scope)
	case *Attestation:
		look("lateReason", b.LateReason)
		for code := range b.Logged.Outcomes {
			look("outcome", code)
		}
		for code := range b.Received.Outcomes {
			look("outcome", code)
		}
	case *Open:
		look("openWhy", b.Why)
	}
	switch b := d.(type) {
	case *RequestBody:
		country(b.Country)
		for _, l := range b.lists() {
			look(l.name, l.code)
			look(l.name, l.codes...)
		}
	case *DecisionBody:
		look("outcome", b.Outcome)
		look("grounds", b.Grounds...)
		look("scope", b.Scope)
	}
	if d != nil {
		for _, seal := range d.Seals() {
			look("sealReason", seal.Reason)
			look("instrument", seal.Law)
		}
	}
	slices.Sort(unknown)
	return slices.Compact(unknown)
}
