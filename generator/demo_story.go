package generator

import "strings"

// What happens in the demo. Companies are numbered as in Companies: 0 Aldermoth
// (cloud), 1 Brindlewick (os), 2 Quillhaven (messaging, two signatures), 3
// Velloquin (network), 4 Tinderquartz (chip), 5 Hedgewarden (security, two of
// three signatures), 6 Yarrowbell (telecom), 7 Bumbleforge (device), 8 Signetmoor
// (identity), 9 Cogpuddle (developer tools).

// demoLanguages are what the companies write beside English.
var demoLanguages = []string{"en", "de", "fr", "en", "ar", "en", "zh-Hans", "ja", "hi", "de"}

// demoJoins says when each company was admitted and pledged.
var demoJoins = []struct{ admitted, pledged string }{
	{"2025-01-14 10:00", "2025-01-14 15:20"},
	{"2025-01-14 10:10", "2025-01-15 09:05"},
	{"2025-01-14 10:20", "2025-01-16 11:40"},
	{"2025-01-15 10:00", "2025-01-15 16:30"},
	{"2025-01-15 10:10", "2025-01-17 08:50"},
	{"2025-01-16 10:00", "2025-01-20 14:10"},
	{"2025-01-16 10:10", "2025-01-21 10:30"},
	{"2025-01-20 10:00", "2025-01-27 13:15"},
	{"2025-05-12 10:00", "2025-05-14 09:40"},
	{"2025-08-25 10:00", "2025-09-01 15:05"},
}

// A demoRequest is one request and what was answered to it.
type demoRequest struct {
	who           int
	received      string
	logged        string
	country       string
	authority     int // of AuthoritiesOf(country); -1: withheld
	assist        string
	instrument    string
	section       string // of the statute
	compulsion    string
	gag           string
	targets       string
	corroboration string // "": none
	// overlooked: the company did not know of it when it attested the period.
	overlooked bool
	// kept is when it was kept for the next slot; it is logged, out of the slot, when
	// that is allowed.
	kept string
	// sealed is the date by which the company looks again at the agency's name, which
	// it sealed, and unsealed when it opened it.
	sealed, unsealed string
	answers          []demoAnswer
}

type demoAnswer struct {
	logged  string
	outcome string
	scope   string // "": in
	grounds string // "": those of groundsOf
	text    int    // which of the narratives that fit, from 1; 0: any
	// review is the date by which the company looks again at an answer that it
	// withheld whole, and opened when it opened it.
	review, opened string
}

// refused is an answer of that kind alone. Two of the texts for it say why.
func refused(logged, grounds string) []demoAnswer {
	text := 0
	switch {
	case strings.Contains(grounds, "no-capability"):
		text = 4
	case strings.Contains(grounds, "unlawful"):
		text = 3
	}
	return []demoAnswer{{logged: logged, outcome: "refused", grounds: grounds, text: text}}
}

var demoRequests = []demoRequest{
	// The demand that a court quashed.
	{who: 0, received: "2025-02", logged: "2025-02-20 10:05", country: "XB", authority: 0, assist: "access", instrument: "other-statute", section: "14",
		compulsion: "compelled", gag: "none", targets: "media", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-02-27 16:40", outcome: "challenged"}, {logged: "2025-11-18 09:25", outcome: "quashed"}}},
	// The demand that a court upheld, and that was then complied with.
	{who: 2, received: "2025-04", logged: "2025-04-24 11:00", country: "XC", authority: 0, assist: "intercept-capability", instrument: "court-order",
		compulsion: "compelled", gag: "lifted", targets: "individual", corroboration: "court-record",
		answers: []demoAnswer{{logged: "2025-04-30 15:10", outcome: "challenged"}, {logged: "2026-01-22 10:20", outcome: "upheld"}, {logged: "2026-03-05 17:00", outcome: "complied", grounds: "procedure", text: 1}}},
	// The one that was narrowed, and whose place under the pledge is disputed.
	{who: 5, received: "2025-06", logged: "2025-06-26 09:45", country: "XF", authority: 3, assist: "targeting", instrument: "court-order",
		compulsion: "compelled", gag: "expired", targets: "enterprise", corroboration: "court-record",
		answers: []demoAnswer{{logged: "2025-07-24 14:30", outcome: "narrowed", scope: "disputed"}}},
	// The one that was complied with before anybody compared it with the charter.
	{who: 4, received: "2025-07-09", logged: "2025-08-12 10:30", country: "XE", authority: 3, assist: "vulnerability-info", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "unspecified", corroboration: "requester-acknowledged",
		answers: []demoAnswer{{logged: "2025-09-02 12:00", outcome: "complied", grounds: "procedure", text: 2}}},
	// The one that came to light after the period had been attested.
	{who: 3, received: "2025-12", logged: "2026-02-10 16:05", country: "XV", authority: 1, assist: "traffic-redirect", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "civil-society", overlooked: true, answers: refused("2026-02-10 16:20", "")},
	// The one whose answer is still open, and the one whose answer is `pending`.
	{who: 1, received: "2026-06", logged: "2026-06-25 10:10", country: "XS", authority: 2, assist: "update-channel", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "government"},
	{who: 8, received: "2026-05", logged: "2026-05-28 09:30", country: "XI", authority: 0, assist: "keys", instrument: "other-statute", section: "31",
		compulsion: "compelled", gag: "partial", targets: "unspecified", corroboration: "document",
		answers: []demoAnswer{{logged: "2026-06-11 15:45", outcome: "pending"}}},

	// The one that was told months after it was in a slot, the one whose answer was,
	// and the one of which the agency's name was.
	{who: 5, received: "2026-02", kept: "2026-02-16 10:20", logged: "2026-06-15 09:50", country: "XM", authority: 1, assist: "update-channel", instrument: "court-order",
		compulsion: "compelled", gag: "lifted", targets: "media", corroboration: "document", answers: refused("2026-06-15 10:15", "pledge unlawful")},
	{who: 1, received: "2025-08", logged: "2025-08-21 09:30", country: "XV", authority: 0, assist: "keys", instrument: "court-order",
		compulsion: "compelled", gag: "ordered", targets: "enterprise", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-09-04 11:25", outcome: "refused", text: 3, review: "2026-03-31", opened: "2026-03-16 10:35"}}},
	{who: 6, received: "2025-11", logged: "2025-11-27 14:10", country: "XG", authority: 0, assist: "access", instrument: "other-statute", section: "17",
		compulsion: "compelled", gag: "partial", targets: "political", sealed: "2026-06-30", unsealed: "2026-05-20 10:40", answers: refused("2025-12-09 15:35", "")},

	{who: 1, received: "2025-01", logged: "2025-02-03 09:20", country: "XB", authority: 1, assist: "backdoor", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "mass", answers: refused("2025-02-03 09:45", "")},
	{who: 3, received: "2025-02", logged: "2025-03-04 10:15", country: "XD", authority: 2, assist: "traffic-redirect", instrument: "informal",
		compulsion: "pressured", gag: "none", targets: "individual", answers: refused("2025-03-04 10:40", "pledge unlawful")},
	{who: 6, received: "2025-03", logged: "2025-03-18 13:00", country: "XG", authority: 1, assist: "intercept-capability", instrument: "licence-condition",
		compulsion: "compelled", gag: "none", targets: "unspecified", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-04-10 11:30", outcome: "partly-complied", scope: "out"}}},
	{who: 5, received: "2025-03", logged: "2025-03-27 15:30", country: "XL", authority: 0, assist: "suppression", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "vendor", answers: refused("2025-03-27 16:05", "")},
	{who: 7, received: "2025-03", logged: "2025-04-03 08:40", country: "XH", authority: 3, assist: "disruption", instrument: "informal",
		compulsion: "voluntary", gag: "none", targets: "critical-infrastructure", answers: refused("2025-04-03 09:10", "")},
	{who: 0, received: "2025-04", logged: "2025-05-06 10:50", country: "XA", authority: 1, assist: "infrastructure", instrument: "contract",
		compulsion: "voluntary", gag: "requested", targets: "non-state-group", answers: refused("2025-05-06 11:20", "contract pledge")},
	{who: 4, received: "2025-04", logged: "2025-05-15 14:05", country: "XS", authority: 0, assist: "interdiction", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "enterprise", answers: refused("2025-05-22 09:15", "")},
	{who: 2, received: "2025-05", logged: "2025-05-27 11:10", country: "XW", authority: 1, assist: "keys", instrument: "informal",
		compulsion: "pressured", gag: "none", targets: "political", answers: refused("2025-05-27 11:35", "no-capability")},
	{who: 8, received: "2025-05", logged: "2025-06-05 10:00", country: "XI", authority: 2, assist: "access", instrument: "court-order",
		compulsion: "compelled", gag: "none", targets: "individual", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-06-19 16:10", outcome: "withdrawn-by-requester"}}},
	{who: 1, received: "2025-06", logged: "2025-06-30 09:35", country: "XO", authority: 2, assist: "exploit", instrument: "contract",
		compulsion: "voluntary", gag: "none", targets: "unspecified", answers: refused("2025-06-30 10:00", "")},
	{who: 6, received: "2025-06", logged: "2025-07-10 13:20", country: "XG", authority: 2, assist: "targeting", instrument: "other-statute", section: "8",
		compulsion: "compelled", gag: "none", targets: "individual media", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-07-31 10:45", outcome: "challenged"}, {logged: "2026-02-19 11:15", outcome: "withdrawn-by-requester"}}},
	{who: 3, received: "2025-07", logged: "2025-07-29 15:55", country: "XD", authority: 1, assist: "fix-delay", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "unspecified", answers: refused("2025-07-29 16:25", "")},
	{who: 7, received: "2025-07", logged: "2025-08-07 09:00", country: "XM", authority: 1, assist: "update-channel", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "individual", answers: refused("2025-08-07 09:30", "")},
	{who: 5, received: "2025-08", logged: "2025-08-28 14:45", country: "XZ", authority: 2, assist: "exploit", instrument: "contract",
		compulsion: "voluntary", gag: "none", targets: "enterprise", answers: refused("2025-08-28 15:15", "")},
	{who: 0, received: "2025-08", logged: "2025-09-09 10:25", country: "XU", authority: 1, assist: "targeting access", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "civil-society", answers: refused("2025-09-09 10:55", "pledge rights")},
	{who: 9, received: "2025-09", logged: "2025-09-23 11:50", country: "XJ", authority: 1, assist: "update-channel", instrument: "informal",
		compulsion: "pressured", gag: "none", targets: "vendor", answers: refused("2025-09-23 12:20", "")},
	{who: 2, received: "2025-09", logged: "2025-10-02 11:05", country: "XY", authority: 0, assist: "backdoor", instrument: "other-statute", section: "22",
		compulsion: "compelled", gag: "none", targets: "mass", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-10-28 15:50", outcome: "exited"}}},
	{who: 4, received: "2025-10", logged: "2025-10-21 13:35", country: "XR", authority: 3, assist: "staff", instrument: "contract",
		compulsion: "voluntary", gag: "none", targets: "non-state-group", answers: refused("2025-10-21 14:00", "")},
	{who: 8, received: "2025-10", logged: "2025-11-04 10:40", country: "XN", authority: 3, assist: "keys", instrument: "court-order",
		compulsion: "contested", gag: "none", targets: "enterprise", corroboration: "court-record",
		answers: []demoAnswer{{logged: "2025-11-20 09:50", outcome: "challenged"}, {logged: "2026-04-16 14:25", outcome: "quashed"}}},
	{who: 1, received: "2025-10", logged: "2025-11-11 09:10", country: "XQ", authority: 1, assist: "vulnerability-info", instrument: "informal",
		compulsion: "voluntary", gag: "none", targets: "military", answers: refused("2025-11-11 09:40", "")},
	{who: 3, received: "2025-11", logged: "2025-11-25 16:15", country: "XT", authority: 3, assist: "suppression", instrument: "licence-condition",
		compulsion: "pressured", gag: "none", targets: "vendor", corroboration: "document",
		answers: []demoAnswer{{logged: "2025-12-16 10:35", outcome: "lapsed"}}},
	{who: 9, received: "2025-11", logged: "2025-12-02 12:10", country: "XF", authority: 2, assist: "access", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "enterprise", answers: refused("2025-12-02 12:40", "")},
	{who: 6, received: "2025-12", logged: "2025-12-18 13:45", country: "XX", authority: 3, assist: "infrastructure", instrument: "licence-condition",
		compulsion: "pressured", gag: "none", targets: "unspecified", answers: refused("2026-01-08 10:15", "out-of-scope")},
	{who: 5, received: "2026-01", logged: "2026-01-20 15:20", country: "XP", authority: 3, assist: "cover", instrument: "informal",
		compulsion: "voluntary", gag: "requested", targets: "media", answers: refused("2026-01-20 15:50", "")},
	{who: 0, received: "2026-01", logged: "2026-02-03 10:45", country: "XA", authority: 4, assist: "access", instrument: "court-order",
		compulsion: "compelled", gag: "expired", targets: "individual", corroboration: "court-record",
		answers: []demoAnswer{{logged: "2026-02-24 11:05", outcome: "narrowed", scope: "out"}}},
	{who: 7, received: "2026-02", logged: "2026-02-17 09:15", country: "XH", authority: 1, assist: "fix-delay", instrument: "informal",
		compulsion: "pressured", gag: "requested", targets: "government", answers: refused("2026-02-17 09:45", "")},
	{who: 2, received: "2026-02", logged: "2026-03-10 11:30", country: "XC", authority: 2, assist: "targeting", instrument: "informal",
		compulsion: "pressured", gag: "none", targets: "civil-society media", answers: refused("2026-03-10 12:00", "pledge rights")},
	{who: 4, received: "2026-03", logged: "2026-03-24 14:15", country: "XE", authority: 0, assist: "backdoor", instrument: "licence-condition",
		compulsion: "compelled", gag: "none", targets: "mass", corroboration: "document",
		answers: []demoAnswer{{logged: "2026-04-02 10:05", outcome: "challenged"}}},
	{who: 9, received: "2026-03", logged: "2026-04-07 12:25", country: "XJ", authority: 2, assist: "other", instrument: "informal",
		compulsion: "voluntary", gag: "none", targets: "unspecified", answers: refused("2026-04-07 12:55", "")},
	{who: 3, received: "2026-04", logged: "2026-04-28 16:35", country: "XW", authority: -1, assist: "intercept-capability", instrument: "withheld",
		compulsion: "compelled", gag: "partial", targets: "withheld", answers: []demoAnswer{{logged: "2026-05-19 10:55", outcome: "challenged"}}},
	{who: 6, received: "2026-05", logged: "2026-05-26 13:10", country: "XG", authority: 3, assist: "disruption", instrument: "informal",
		compulsion: "pressured", gag: "none", targets: "critical-infrastructure", answers: refused("2026-05-26 13:40", "pledge rights")},
	{who: 5, received: "2026-06", logged: "2026-06-16 14:55", country: "XL", authority: 2, assist: "keys", instrument: "other-statute", section: "19",
		compulsion: "compelled", gag: "none", targets: "enterprise", corroboration: "document", answers: refused("2026-06-30 15:25", "no-capability unlawful")},
}

// demoAttests says how many days after each of the six quarters each company
// attested it; 0: it did not. The charter gives 30 days.
var demoAttests = [][6]int{
	{7, 9, 8, 12, 9, 10},
	{14, 13, 15, 12, 14, 13},
	{20, 21, 19, 22, 20, 21},
	{9, 10, 8, 19, 11, 9},
	{24, 26, 23, 25, 24, 22},
	{5, 4, 6, 5, 4, 5},
	{28, 41, 27, 26, 28, 27}, // the second late
	{16, 18, 17, 19, 0, 0},   // the fifth never; the sixth is its successor's
	{0, 10, 12, 11, 9, 33},   // joined in the second quarter; the sixth late
	{0, 0, 17, 18, 16, 15},   // joined in the third
}

// demoClaims says what is unusual in an attestation: cannot-say, a band, only
// what is disclosable, or why it is late.
var demoClaims = map[string]string{
	"yarrowbell-telecom 2025-Q2":   "awaiting-counsel",
	"signetmoor-identity 2026-Q2":  "merger",
	"yarrowbell-telecom 2025-Q4":   "band",
	"yarrowbell-telecom 2026-Q1":   "band",
	"cogpuddle-tools 2025-Q4":      "disclosable",
	"cogpuddle-tools 2026-Q1":      "cannot-say",
	"quillhaven-messenger 2025-Q3": "disclosable",
}
