package entry

import "slices"

// The ways of a request in public, by the law cards: PublicWay.State.
const (
	WayOpen    = "open"    // no card stands in the way
	WayUnsure  = "unsure"  // the cards do not decide: counsel reads the paper
	WayBlocked = "blocked" // a card or the stated duty forbids telling, and no permission is cited
)

// The codes of WayReason.
const (
	ReasonExistenceForbidden = "existence-forbidden"
	ReasonContentsForbidden  = "contents-forbidden"
	ReasonExistenceDepends   = "existence-depends"
	ReasonContentsDepend     = "contents-depend"
	ReasonExistenceUnclear   = "existence-unclear"
	ReasonContentsUnclear    = "contents-unclear"
	ReasonPermissionCited    = "permission-cited"
	ReasonGagStated          = "gag-stated"
	ReasonGagForbids         = "gag-forbids"
	ReasonGeneralDuty        = "general-duty"
	ReasonInstrumentAbsent   = "instrument-absent"
	ReasonInstrumentSealed   = "instrument-sealed"
	ReasonInstrumentWithheld = "instrument-withheld"
	ReasonInstrumentUnknown  = "instrument-unknown"
	ReasonNoCard             = "no-card"
)

// reasons has for each code the state that it brings about, and its words. They
// name neither the instrument nor anything else of the request.
var reasons = map[string]struct{ state, text string }{
	ReasonExistenceForbidden: {WayBlocked, "by its law card, the public may not be told that there is such a request"},
	ReasonContentsForbidden:  {WayBlocked, "by its law card, the public may not be told what such a request says"},
	ReasonExistenceDepends:   {WayUnsure, "by its law card, whether the public may be told that there is such a request depends on the paper"},
	ReasonContentsDepend:     {WayUnsure, "by its law card, whether the public may be told what such a request says depends on the paper"},
	ReasonExistenceUnclear:   {WayUnsure, "its law card cannot say whether the public may be told that there is such a request"},
	ReasonContentsUnclear:    {WayUnsure, "its law card cannot say whether the public may be told what such a request says"},
	ReasonPermissionCited:    {WayOpen, "a permission is cited; whether it covers what is told here is for counsel to say"},
	ReasonGagStated:          {WayUnsure, "the request itself states a duty of secrecy, or does not say that there is none"},
	ReasonGagForbids:         {WayBlocked, "the request itself states that a law or an order forbids telling"},
	ReasonGeneralDuty:        {WayUnsure, "a general duty is counted in an attestation; a single request is not logged of it"},
	ReasonInstrumentAbsent:   {WayUnsure, "no instrument is named: no law card can be applied"},
	ReasonInstrumentSealed:   {WayUnsure, "the instrument is sealed: no law card can be applied"},
	ReasonInstrumentWithheld: {WayUnsure, "the instrument is not published: no law card can be applied"},
	ReasonInstrumentUnknown:  {WayUnsure, "the instrument is not known: no law card can be applied"},
	ReasonNoCard:             {WayUnsure, "there is no law card of this instrument"},
}

// A PublicWay says whether a request may be logged in public by the law cards. It
// is information, not advice: open is no word of counsel.
type PublicWay struct {
	State   string
	Reasons []WayReason // in the order in which they were found
}

// A WayReason is one ground of a PublicWay.
type WayReason struct {
	Code    string
	Text    string   // names nothing of the request
	Members []string // of the body, that would have to be kept back
}

func (w *PublicWay) add(code string, members ...string) {
	r := reasons[code]
	w.Reasons = append(w.Reasons, WayReason{Code: code, Text: r.text, Members: members})
	if r.state == WayBlocked || w.State == WayOpen {
		w.State = r.state
	}
}

// Has reports whether a code is among the reasons.
func (w *PublicWay) Has(code string) bool {
	return slices.ContainsFunc(w.Reasons, func(r WayReason) bool { return r.Code == code })
}

// KeptBack says what of a request's body would not be published with it.
type KeptBack struct {
	All     bool     // the whole body is withheld
	Members []string // these are to be sealed; those that are seals already need not be named
}

// RequestWay says by the law cards whether a request may be logged in public: what
// it says, as far as kept leaves it to be read, and that there is one. A permission
// is the reference of what permits telling, "" for none; it is looked at, and never
// logged. A body whose instrument stands in the clear is judged by its card, also
// if it is to be kept back: that something is not published lifts no duty.
func RequestWay(b *RequestBody, kept KeptBack, permission string) PublicWay {
	way := PublicWay{State: WayOpen}
	switch {
	case b.isSealed("instrument"):
		way.add(ReasonInstrumentSealed)
	case b.Instrument == "":
		way.add(ReasonInstrumentAbsent)
	case b.Instrument == Withheld:
		way.add(ReasonInstrumentWithheld)
	case b.Instrument == "unknown":
		way.add(ReasonInstrumentUnknown)
	default:
		card, ok := LawCard(b.Instrument)
		if !ok {
			way.add(ReasonNoCard)
			break
		}
		return card.RequestWay(b, kept, permission)
	}
	switch {
	case permission != "":
		way.add(ReasonPermissionCited)
	case b.gagForbids():
		way.add(ReasonGagForbids)
	}
	return way
}

// gagForbids reports whether the body says that a law or an order forbids telling. That
// holds without any card, and whatever the card says.
func (b *RequestBody) gagForbids() bool { return b.Gag == "statutory" || b.Gag == "ordered" }

// Blocks reports what a card keeps from the public where nobody permits it.
func (c *Card) Blocks() (existence, contents bool) {
	return c.Existence.Told == ToldNo, c.Contents.Told == ToldNo
}

// RequestWay is what the function of that name says of a request of this card's
// instrument.
func (c *Card) RequestWay(b *RequestBody, kept KeptBack, permission string) PublicWay {
	way := PublicWay{State: WayOpen}
	if c.GeneralDuty {
		way.add(ReasonGeneralDuty)
	}
	told := b.toldMembers(kept)
	if permission != "" {
		way.add(ReasonPermissionCited)
		return way
	}
	existence, contents := c.Blocks()
	if existence {
		way.add(ReasonExistenceForbidden)
	}
	if contents && len(told) > 0 {
		way.add(ReasonContentsForbidden, told...)
	}
	bound := b.Gag != "" && b.Gag != "none" && b.Gag != "lifted" && b.Gag != "expired" || b.isSealed("gag")
	free := !bound && b.Gag != ""
	if !free {
		switch c.Existence.Told {
		case ToldLimited:
			way.add(ReasonExistenceDepends)
		case ToldUnclear:
			way.add(ReasonExistenceUnclear)
		}
		if len(told) > 0 {
			switch c.Contents.Told {
			case ToldLimited:
				way.add(ReasonContentsDepend, told...)
			case ToldUnclear:
				way.add(ReasonContentsUnclear, told...)
			}
		}
	}
	// A wish of who asked binds nobody by itself.
	switch {
	case b.gagForbids():
		way.add(ReasonGagForbids)
	case bound && b.Gag != "requested":
		way.add(ReasonGagStated)
	}
	return way
}

// toldMembers lists the members of b that would tell the public what a request
// says, sorted. What is sealed has no value here. Who asked, when, by which instrument and under which secrecy say
// that there is one.
func (b *RequestBody) toldMembers(kept KeptBack) []string {
	if kept.All {
		return nil
	}
	tells := func(codes []string) bool {
		return slices.ContainsFunc(codes, func(c string) bool { return c != Withheld && c != "unknown" && c != "unspecified" })
	}
	var told []string
	for _, m := range []struct {
		name  string
		tells bool
	}{
		{"assist", tells(b.Assist)}, {"documents", len(b.Documents) > 0}, {"narrative", len(b.Narrative) > 0},
		{"other", len(b.Other) > 0}, {"products", tells(b.Products)}, {"targets", tells(b.Targets)},
	} {
		if m.tells && !slices.Contains(kept.Members, m.name) {
			told = append(told, m.name)
		}
	}
	return told
}
