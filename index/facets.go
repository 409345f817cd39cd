package index

import (
	"slices"
	"strconv"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A Facet is a property by which entries are counted and chosen. Those of a request are as
// its author codes them; a decision has them too, of the request that it is on.
type Facet string

const (
	FacetAuthor        Facet = "author"
	FacetKind          Facet = "kind"
	FacetCountry       Facet = "country"
	FacetAuthority     Facet = "authority"
	FacetInstrument    Facet = "instrument"
	FacetAssist        Facet = "assist"  // several a request
	FacetOutcome       Facet = "outcome" // of a request: by the last decision on it; of a decision: its own
	FacetCompulsion    Facet = "compulsion"
	FacetGag           Facet = "gag"
	FacetTarget        Facet = "target"  // several
	FacetProduct       Facet = "product" // several
	FacetCorroboration Facet = "corroboration"
	FacetStatus        Facet = "status" // several, see StatusStands
	FacetYear          Facet = "year"   // of `logged`, UTC
)

// Facets lists all, in the order in which they are shown.
var Facets = []Facet{
	FacetAuthor, FacetKind, FacetCountry, FacetAuthority, FacetInstrument, FacetAssist, FacetOutcome,
	FacetCompulsion, FacetGag, FacetTarget, FacetProduct, FacetCorroboration, FacetStatus, FacetYear,
}

// ofRequests are the facets that a decision has of its request.
var ofRequests = []Facet{
	FacetCountry, FacetAuthority, FacetInstrument, FacetAssist, FacetCompulsion, FacetGag, FacetTarget, FacetProduct, FacetCorroboration,
}

// Values of the facets of requests and decisions that are no codes: what they stand for is
// never to be read as none or no.
const (
	ValueWithheld = entry.Withheld // kept back or sealed, up to now
	ValueErased   = "erased"
	ValueMissing  = "missing"  // the log does not serve the text that was signed
	ValueUnstated = "unstated" // its author states none
)

// Values of FacetStatus. An entry has one of the first four, and any of the others.
const (
	StatusStands     = "stands"
	StatusSuperseded = "superseded" // another statement of its author stands in its place
	StatusVoid       = "void"       // its author took it back
	StatusNoEffect   = "no-effect"  // rejected, a duplicate, or malformed: it has no other facets

	StatusWithheld   = "withheld" // its text is not published
	StatusOpened     = "opened"   // it was withheld at first
	StatusSealed     = "sealed"   // members of its text are sealed
	StatusErased     = "erased"   // a text of it was erased
	StatusChallenged = "challenged"
)

// Statuses lists the values of FacetStatus.
var Statuses = []string{StatusStands, StatusSuperseded, StatusVoid, StatusNoEffect, StatusWithheld, StatusOpened, StatusSealed, StatusErased, StatusChallenged}

// A valued is what an entry has of one facet.
type valued struct {
	facet  Facet
	values []string
}

// facetsOf returns the facets that an accepted entry has by itself: without those of a
// decision's request, and the outcome of a request.
func facetsOf(e *Entry) []valued {
	st := e.Statement
	out := []valued{
		{FacetAuthor, []string{st.Author}},
		{FacetKind, []string{string(st.Kind)}},
		{FacetYear, []string{strconv.Itoa(time.Unix(e.Logged, 0).UTC().Year())}},
		{FacetStatus, statusesOf(e)},
	}
	switch st.Kind {
	case entry.KindRequest:
		out = append(out, requestFacets(e)...)
	case entry.KindDecision:
		told, _ := entry.Decided(st, e.Detached)
		out = append(out, valued{FacetOutcome, []string{e.stated("outcome", told.Outcome)}})
	}
	return out
}

func requestFacets(e *Entry) []valued {
	b, ok := e.Detached.(*entry.RequestBody)
	if !ok {
		b = new(entry.RequestBody)
	}
	one := func(f Facet, member, code string) valued { return valued{f, []string{e.stated(member, code)}} }
	several := func(f Facet, member string, codes []string) valued {
		if len(codes) == 0 {
			return one(f, member, "")
		}
		return valued{f, codes}
	}
	return []valued{
		one(FacetCountry, "country", b.Country),
		one(FacetAuthority, "authority", b.Authority),
		one(FacetInstrument, "instrument", b.Instrument),
		several(FacetAssist, "assist", b.Assist),
		one(FacetCompulsion, "compulsion", b.Compulsion),
		one(FacetGag, "gag", b.Gag),
		several(FacetTarget, "targets", b.Targets),
		several(FacetProduct, "products", b.Products),
		one(FacetCorroboration, "corroboration", b.Corroboration),
	}
}

// stated returns a code that an entry's text gives, or what stands for it where there is
// none.
func (e *Entry) stated(member, code string) string {
	if code != "" {
		return code
	}
	switch e.BodyState {
	case pledge.BodyWithheld:
		return ValueWithheld
	case pledge.BodyErased:
		return ValueErased
	case pledge.BodyMissing, pledge.BodyAltered, pledge.BodyInvalid:
		return ValueMissing
	}
	if e.Detached == nil {
		return ValueUnstated
	}
	for _, seal := range e.Detached.Seals() {
		if seal.Member != member {
			continue
		}
		for _, d := range e.Disclosed {
			if d.Seal.Digest == seal.Digest && d.Erased {
				return ValueErased
			}
		}
		return ValueWithheld
	}
	return ValueUnstated
}

func statusesOf(e *Entry) []string {
	out := []string{StatusStands}
	if c := e.Correction; c != nil {
		out[0] = StatusVoid
		if c.By != nil {
			out[0] = StatusSuperseded
		}
	}
	for _, s := range []struct {
		code string
		is   bool
	}{
		{StatusWithheld, e.BodyState == pledge.BodyWithheld},
		{StatusOpened, e.Opened != nil},
		{StatusSealed, e.Detached != nil && len(e.Detached.Seals()) > 0},
		{StatusErased, len(e.Erasures) > 0},
		{StatusChallenged, slices.ContainsFunc(e.Challenges, func(c pledge.Challenge) bool { return !c.Void })},
	} {
		if s.is {
			out = append(out, s.code)
		}
	}
	return out
}

// outcomeOf returns the facet of a request by the decisions on it.
func outcomeOf(o pledge.Outcome) []string {
	if o.Withheld {
		return []string{ValueWithheld}
	}
	return []string{o.Code}
}
