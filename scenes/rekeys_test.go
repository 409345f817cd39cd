package scenes

import "testing"

// The secretariat gives three companies keys of last resort. The first speaks with its
// old keys within 14 days: the new ones never count. The second does not: they count,
// and what is signed with them is labelled until the old ones confirm it. The third is
// suspended, and its old keys can't cancel (protocol 4, rekey). That such keys were
// given is found for ever, like a correction: an event, and not how things stand.
func rekeys(t *testing.T, a *accord) {
	a.at("2025-11-10T09:00:00Z")
	companies := []struct{ id, name string }{{"fir", "Fir Identity Ltd"}, {"gorse", "Gorse Payments BV"}, {"hazel", "Hazel Devices Oy"}}
	for _, c := range companies {
		a.admit(c.id, c.name, 1, 1)
		a.key(c.id+"-new", "statement")
		a.key(c.id+"-newslot", "slot")
	}
	request := func(id, label, key string) {
		t.Helper()
		a.log(label, "request", "author: "+id+"\nreceived: 2025-11\ncountry: XH\nassist: [access]\n", key)
	}
	notBy := func(id, key string) {
		t.Helper()
		label := id + "-not-by-" + key + "-" + a.now.Format("0102")
		draft := a.draft(label, "request", "author: "+id+"\nreceived: 2025-11\ncountry: XH\nassist: [access]\n")
		a.sign(draft, key)
		a.refused("signature-not-called-for", "submit", draft, "--policy", "policy.txt")
	}

	a.at("2025-11-16T10:00:00Z")
	a.log("hazel-suspended", "standing", "who: hazel\nstanding: suspended\nreason: keys-lost\n", "sec1")
	a.at("2025-11-17T10:00:00Z")
	for _, c := range companies {
		a.admission(c.id+"-rekey", c.id, c.name, "rekey", 1, []string{c.id + "-new", c.id + "-newslot"})
	}
	a.at("2025-11-18T10:00:00Z")
	due := []string{"2025-Q4 due"}
	for _, c := range companies {
		a.shows(t, "while they wait", c.id, sight{
			findings: []string{"rekey-pending info " + c.id + "-rekey"},
			periods:  due,
			stands:   map[string]string{"keysWaiting.id": `"` + a.id(c.id+"-rekey") + `"`, "keysWaiting.from": `"2025-12-01T10:00:00Z"`, "keysChanged": ""},
			pages: map[string]words{"": {says: []string{
				"New keys are waiting",
				"The secretariat gave " + c.name + " new keys. They count from 1 December 2025, 10:00 UTC, unless a statement with the present ones comes first.",
			}}},
		})
		notBy(c.id, c.id+"-new")
	}

	a.at("2025-11-21T10:00:00Z")
	request("fir", "fir-cancels", "fir-1")
	request("hazel", "hazel-speaks", "hazel-1") // suspended: it cancels nothing
	a.at("2025-11-22T10:00:00Z")
	a.shows(t, "cancelled", "fir", sight{
		findings: []string{"rekey-pending info fir-rekey", "rekey-cancelled info fir-cancels"},
		periods:  due,
		stands:   map[string]string{"keysWaiting": "", "keysChanged": "", "requests": "1"},
		pages: map[string]words{
			"":            {says: []string{"1 logged by Fir Identity Ltd"}, never: []string{"New keys are waiting", "Keys not confirmed"}},
			"fir-cancels": {never: []string{"Keys not confirmed"}},
		},
	})
	a.shows(t, "not cancelled", "hazel", sight{
		findings: []string{"rekey-pending info hazel-rekey"},
		periods:  due,
		stands:   map[string]string{"keysWaiting.from": `"2025-12-01T10:00:00Z"`, "standing": `"suspended"`, "suspended.id": `"` + a.id("hazel-suspended") + `"`},
	})
	a.at("2025-12-01T09:59:59Z")
	notBy("gorse", "gorse-new")

	// Fourteen days later, to the second.
	a.at("2025-12-01T10:00:00Z")
	notBy("gorse", "gorse-1")
	request("gorse", "gorse-speaks", "gorse-new")
	notBy("hazel", "hazel-1")
	request("hazel", "hazel-speaks-anew", "hazel-new")
	notBy("fir", "fir-new")
	request("fir", "fir-goes-on", "fir-1")
	a.at("2025-12-02T10:00:00Z")
	a.shows(t, "after 14 days", "fir", sight{
		findings: []string{"rekey-pending info fir-rekey", "rekey-cancelled info fir-cancels"},
		periods:  due,
		stands:   map[string]string{"keysWaiting": "", "keysChanged": "", "requests": "2"},
		entries:  map[string]map[string]string{"fir-goes-on": {"unconfirmed": ""}},
		chain:    "pledge request request",
	})
	for id, label := range map[string]string{"gorse": "gorse-speaks", "hazel": "hazel-speaks-anew"} {
		name := map[string]string{"gorse": "Gorse Payments BV", "hazel": "Hazel Devices Oy"}[id]
		a.shows(t, "after 14 days", id, sight{
			findings: []string{"rekey-pending info " + id + "-rekey", "rekey-unconfirmed warning " + id + "-rekey"},
			periods:  due,
			stands:   map[string]string{"keysWaiting": "", "keysChanged.id": `"` + a.id(id+"-rekey") + `"`, "keysChanged.from": `"2025-12-01T10:00:00Z"`},
			entries:  map[string]map[string]string{label: {"unconfirmed.id": `"` + a.id(id+"-rekey") + `"`}},
			pages: map[string]words{
				"": {says: []string{"Keys not confirmed", "The former keys have not confirmed them."}},
				label: {says: []string{
					"Keys not confirmed",
					"That this is the word of " + name + " rests on the secretariat.",
					"Signed with keys that the former ones have not confirmed.",
				}},
			},
		})
	}
	a.asOf("2025-11-30T00:00:00Z", "gorse", "rekey-pending info gorse-rekey")

	// The old key turns up again and confirms.
	a.at("2025-12-05T10:00:00Z")
	a.log("gorse-confirms", "keys", "author: gorse\nreason: rotation\nthreshold: 1\nkeys: [gorse-new.pub, gorse-newslot.pub]\n", "gorse-new", "gorse-newslot", "gorse-1")
	a.at("2025-12-06T10:00:00Z")
	request("gorse", "gorse-confirmed", "gorse-new")
	a.at("2025-12-07T10:00:00Z")
	a.shows(t, "after the old keys confirmed", "gorse", sight{
		findings: []string{"rekey-pending info gorse-rekey"},
		periods:  due,
		stands:   map[string]string{"keysWaiting": "", "keysChanged": "", "requests": "2"},
		entries:  map[string]map[string]string{"gorse-speaks": {"unconfirmed": ""}, "gorse-confirmed": {"unconfirmed": ""}},
		pages: map[string]words{
			"":                {never: []string{"Keys not confirmed", "New keys are waiting"}},
			"gorse-confirmed": {never: []string{"Keys not confirmed"}},
		},
		chain: "pledge request keys request",
	})
	a.shows(t, "while nobody confirmed", "hazel", sight{
		findings: []string{"rekey-pending info hazel-rekey", "rekey-unconfirmed warning hazel-rekey"},
		periods:  due,
		stands:   map[string]string{"standing": `"suspended"`, "requests": "2"},
		chain:    "pledge request request",
	})
}
