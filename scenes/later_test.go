package scenes

import "testing"

// Three requests are logged in one quarter without their texts. One is opened in the
// next; the review day of the others passes, which is found until one is opened and the
// other has a new day (protocol 3, Withheld).
func withholds(t *testing.T, a *accord) {
	a.at("2025-05-12T09:00:00Z")
	a.admit("alder", "Alder Chips SA", 1, 1)
	a.at("2025-06-16T10:00:00Z")
	for _, r := range []struct{ label, review, words string }{
		{"alder-first", "2025-08-15", "The first of three."},
		{"alder-second", "2025-07-15", "The second of three."},
		{"alder-third", "2025-07-15", "The third of three."},
	} {
		a.log(r.label, "request", "author: alder\nreceived: 2025-06\ncountry: XE\nassist: [backdoor]\nnarrative: {en: "+r.words+"}\nwithhold: {review: "+r.review+"}\n", "alder-1")
	}
	kept := func(review string) map[string]string {
		return map[string]string{"bodyState": `"withheld"`, "review": `"` + review + `"`, "body": "", "opened": ""}
	}
	closed := func(day string, never ...string) words {
		return words{
			says:  []string{"Alder Chips SA stated that it received a request whose contents it does not publish", "to be reviewed by " + day, "Infer no reason from this."},
			never: append(never, "XE"),
		}
	}
	open := func(words_ string) words {
		return words{says: []string{"a request that it attributes to XE", words_, "It was withheld when this was logged, and could not be changed since."}}
	}
	a.at("2025-06-17T10:00:00Z")
	a.shows(t, "when they were logged", "alder", sight{
		periods: []string{"2025-Q2 due"},
		stands:  map[string]string{"requests": "3", "outcomes": `{"pending":3}`, "withheld": "3", "opened": ""},
		entries: map[string]map[string]string{"alder-first": kept("2025-08-15"), "alder-second": kept("2025-07-15"), "alder-third": kept("2025-07-15")},
		pages: map[string]words{
			"alder-first": closed("15 August 2025", "The first of three."), "alder-second": closed("15 July 2025", "The second of three."), "alder-third": closed("15 July 2025", "The third of three."),
			"": {says: []string{"Alder Chips SA withheld 3 texts when they were logged; 0 of 3 are opened."}, never: []string{"of three"}},
		},
	})
	a.at("2025-07-05T10:00:00Z")
	a.log("alder-attestation", "attestation", "author: alder\nperiod: 2025-Q2\ncovers: all\nreceived: {total: 3}\nclauses: [no-backdoors]\n", "alder-1")
	a.at("2025-07-10T10:00:00Z")
	a.open("alder-open-first", "alder-first", "alder-1", "--why", "order-lifted")
	// It is a request of the quarter in which it was logged, whenever it is opened.
	opened := map[string]string{"bodyState": `"published"`, "review": "", "opened.id": `"` + a.id("alder-open-first") + `"`}
	a.at("2025-07-11T10:00:00Z")
	a.shows(t, "opened in the next quarter", "alder", sight{
		periods: []string{"2025-Q2 on-time", "2025-Q3 due"},
		stands:  map[string]string{"requests": "3", "withheld": "3", "opened": "1"},
		entries: map[string]map[string]string{"alder-first": opened, "alder-second": kept("2025-07-15"), "alder-third": kept("2025-07-15")},
		pages: map[string]words{
			"alder-first": open("The first of three."), "alder-second": closed("15 July 2025", "The second of three."),
			"":                 {says: []string{"Alder Chips SA withheld 3 texts when they were logged; 1 of 3 are opened.", "3 logged: “No decision yet”"}, never: []string{"What the accord’s rules turn up"}},
			"alder-open-first": {says: []string{"Alder Chips SA stated that it now publishes the text of its request", "Order lifted"}},
		},
	})

	// The day of the review goes by.
	a.at("2025-07-20T10:00:00Z")
	a.log("alder-decision", "decision", "author: alder\nrequest: "+a.id("alder-first")+"\noutcome: refused\ngrounds: [pledge]\ndate: 2025-07-18\n", "alder-1")
	a.at("2025-07-21T10:00:00Z")
	overdue := []string{"withheld-overdue warning alder-second", "withheld-overdue warning alder-third"}
	a.asOf("2025-07-15T23:59:59Z", "alder")
	a.asOf("2025-07-16T00:00:00Z", "alder", overdue...)
	past := closed("15 July 2025", "The second of three.", "The third of three.")
	past.says = append(past.says, "Review date passed")
	a.shows(t, "past the review", "alder", sight{
		findings: overdue,
		periods:  []string{"2025-Q2 on-time", "2025-Q3 due"},
		stands:   map[string]string{"requests": "3", "outcomes": `{"pending":2,"refused":1}`, "withheld": "3", "opened": "1"},
		entries:  map[string]map[string]string{"alder-second": kept("2025-07-15"), "alder-third": kept("2025-07-15")},
		pages:    map[string]words{"alder-second": past, "alder-third": past, "": {says: []string{"Review date passed"}}},
	})
	a.open("alder-open-second", "alder-second", "alder-1", "--why", "order-lifted")
	a.open("alder-extends", "alder-third", "alder-1", "--why", "still-forbidden", "--review", "2025-10-01")
	a.at("2025-07-22T10:00:00Z")
	extended := closed("1 October 2025", "The third of three.", "Review date passed")
	second := open("The second of three.")
	second.never = []string{"Review date passed"}
	a.shows(t, "opened, and put off", "alder", sight{
		periods: []string{"2025-Q2 on-time", "2025-Q3 due"},
		stands:  map[string]string{"requests": "3", "withheld": "3", "opened": "2"},
		entries: map[string]map[string]string{
			"alder-second": {"bodyState": `"published"`, "opened.id": `"` + a.id("alder-open-second") + `"`},
			"alder-third":  kept("2025-10-01"),
		},
		pages: map[string]words{
			"alder-second": second, "alder-third": extended,
			"alder-extends": {says: []string{"does not publish the text of its request", "looks at it again by 1 October 2025"}, never: []string{"of three."}},
			"":              {says: []string{"2 of 3 are opened."}, never: []string{"What the accord’s rules turn up"}},
		},
		chain: "pledge request request request attestation open decision open open",
	})
	// What was found at its time is found for that time still.
	a.asOf("2025-07-18T00:00:00Z", "alder", overdue...)
}

// A request is taken back, another one is put in the place of a third, and so is an
// attestation: the counts go by what stands, and what was stated stays displayed
// (protocol 4, correct; 6).
func corrects(t *testing.T, a *accord) {
	a.at("2025-07-28T09:00:00Z")
	a.admit("dogwood", "Dogwood Software AG", 1, 1)
	a.at("2025-08-04T10:00:00Z")
	for label, words := range map[string]string{"dogwood-void": "It was no request at all.", "dogwood-wrong": "They came from another country."} {
		a.log(label, "request", "author: dogwood\nreceived: 2025-07\ncountry: XF\nassist: [staff]\nnarrative: {en: "+words+"}\n", "dogwood-1")
	}
	a.at("2025-08-05T10:00:00Z")
	a.shows(t, "before the corrections", "dogwood", sight{
		periods: []string{"2025-Q3 due"},
		stands:  map[string]string{"requests": "2", "outcomes": `{"pending":2}`, "void": "", "corrected": ""},
		entries: map[string]map[string]string{"dogwood-void": {"correction": ""}, "dogwood-wrong": {"correction": ""}},
		pages:   map[string]words{"": {says: []string{"2 logged by Dogwood Software AG"}, never: []string{"took", "corrected"}}},
	})
	a.at("2025-08-11T10:00:00Z")
	a.log("dogwood-right", "request", "author: dogwood\nreceived: 2025-07\ncountry: XG\nassist: [staff]\nnarrative: {en: Now with the right country.}\n", "dogwood-1")
	a.log("dogwood-voids", "correct", "author: dogwood\nentry: "+a.id("dogwood-void")+"\nhow: void\nnarrative: {en: We had misread a letter.}\n", "dogwood-1")
	a.log("dogwood-replaces", "correct", "author: dogwood\nentry: "+a.id("dogwood-wrong")+"\nhow: superseded\nby: "+a.id("dogwood-right")+"\n", "dogwood-1")
	twice := []string{"corrected info dogwood-voids", "corrected info dogwood-replaces"}
	a.at("2025-08-12T10:00:00Z")
	a.shows(t, "after the corrections", "dogwood", sight{
		findings: twice,
		periods:  []string{"2025-Q3 due"},
		stands:   map[string]string{"requests": "1", "outcomes": `{"pending":1}`, "void": "1", "corrected": "2"},
		entries: map[string]map[string]string{
			"dogwood-void":  {"correction.how": `"void"`, "bodyState": `"published"`},
			"dogwood-wrong": {"correction.how": `"superseded"`, "correction.by.id": `"` + a.id("dogwood-right") + `"`, "bodyState": `"published"`},
			"dogwood-right": {"inPlaceOf.id": `"` + a.id("dogwood-wrong") + `"`, "correction": ""},
		},
		pages: map[string]words{
			"dogwood-void":  {says: []string{"Taken back by its author", "stated on 11 August 2025 that this is void. It does not count any more, and stays displayed.", "It was no request at all."}},
			"dogwood-wrong": {says: []string{"Corrected by its author", "stands in the place of this one.", "They came from another country.", "XF"}},
			"dogwood-right": {says: []string{"A correction", "Dogwood Software AG stated that this stands in the place of", "XG"}},
			"dogwood-voids": {says: []string{"What was corrected stays displayed.", "We had misread a letter."}},
			"": {says: []string{
				"1 logged by Dogwood Software AG", "Dogwood Software AG took 1 more back.",
				"Dogwood Software AG corrected 2 of its statements; what it stated first stays displayed.",
			}},
		},
	})
	// The quarter's attestation, with a slip of the pen, and a second one in its place.
	attest := func(at, label, total string) {
		a.at(at)
		a.log(label, "attestation", "author: dogwood\nperiod: 2025-Q3\ncovers: all\nreceived: {total: "+total+"}\nclauses: [no-backdoors]\n", "dogwood-1")
	}
	attest("2025-10-03T10:00:00Z", "dogwood-attestation", "0")
	a.at("2025-10-04T10:00:00Z")
	a.shows(t, "with a slip of the pen", "dogwood", sight{
		findings: append([]string{"contradicted warning dogwood-attestation 2025-Q3"}, twice...),
		periods:  []string{"2025-Q3 on-time", "2025-Q4 due"},
	})
	attest("2025-11-04T10:00:00Z", "dogwood-second", "1") // after the deadline: the first fixes that
	repeated := "attestation-repeated info dogwood-second 2025-Q3"
	a.at("2025-11-05T10:00:00Z")
	a.shows(t, "with a second attestation", "dogwood", sight{
		findings: append([]string{"contradicted warning dogwood-attestation 2025-Q3", repeated}, twice...),
		periods:  []string{"2025-Q3 on-time", "2025-Q4 due"},
	})
	a.log("dogwood-mends", "correct", "author: dogwood\nentry: "+a.id("dogwood-attestation")+"\nhow: superseded\nby: "+a.id("dogwood-second")+"\n", "dogwood-1")
	a.at("2025-11-06T10:00:00Z")
	a.shows(t, "with the second in its place", "dogwood", sight{
		findings: append([]string{"corrected info dogwood-mends 2025-Q3", repeated}, twice...),
		periods:  []string{"2025-Q3 on-time", "2025-Q4 due"},
		stands:   map[string]string{"requests": "1", "void": "1", "corrected": "3"},
		pages: map[string]words{
			"dogwood-attestation": {says: []string{"stated that it received no request from July to September 2025", "Corrected by its author"}},
			"":                    {says: []string{"stated that it received 1 request from July to September 2025", "1 logged", "Dogwood Software AG corrected 3 of its statements"}, never: []string{"Two statements differ"}},
		},
		chain: "pledge request request request correct correct attestation attestation correct",
	})
}
