package scenes

import "testing"

// One accord, one server, and one year: each scene has companies of its own, and begins
// where the one before ended.
func TestScenes(t *testing.T) {
	a := found(t, "2025-01-02T09:00:00Z")
	for _, scene := range []struct {
		name string
		play func(*testing.T, *accord)
	}{
		{"a draft that waits across a slot", waits},
		{"a place that is opened after an attestation", opensLater},
		{"texts that are withheld", withholds},
		{"corrections", corrects},
		{"keys of last resort", rekeys},
	} {
		if !t.Run(scene.name, func(t *testing.T) { a.t = t; scene.play(t, a) }) {
			break // what comes next stands on it
		}
		a.t = t
	}
}

// A draft waits three days for its second signature. Meanwhile a timer logs a slot, in a
// lane of its own: the draft counts all the same, as it was signed (protocol 2, lane).
func waits(t *testing.T, a *accord) {
	a.admit("elder", "Elder Networks Ltd", 2, 2)
	a.at("2025-01-06T03:00:00Z")
	a.slot("elder") // 2025-W02
	a.at("2025-01-10T10:00:00Z")
	draft := a.draft("elder-request", "request", "author: elder\nreceived: 2025-01\ncountry: XC\nassist: [keys]\n")
	a.sign(draft, "elder-1")
	a.at("2025-01-13T03:00:00Z")
	a.slot("elder") // 2025-W03
	a.refused("signatures-too-few", "submit", draft, "--policy", "policy.txt")
	a.at("2025-01-13T10:00:00Z")
	a.sign(draft, "elder-2")
	a.submit(draft)
	a.at("2025-01-14T03:00:00Z")
	a.shows(t, "after the second signature", "elder", sight{
		periods: []string{"2025-Q1 due"},
		stands: map[string]string{
			"seq": "2", "head": `"` + a.id("elder-request") + `"`, "slotSeq": "2", "requests": "1", "outcomes": `{"pending":1}`,
			"slots.owed": "1", "slots.missed": "0", // W02; W03 still runs
		},
		entries: map[string]map[string]string{"elder-request": {
			"verdict": `"accepted"`, "logged": `"2025-01-13T10:00:00Z"`, "statement.made": `"2025-01-10T10:00:00Z"`,
			"statement.seq": "2", "statement.prev": `"` + a.id("elder-pledge") + `"`,
		}},
		pages: map[string]words{
			"elder-request": {says: []string{
				"Elder Networks Ltd stated that it received a request that it attributes to XC",
				"They were signed with 2 keys that stand in the log for Elder Networks Ltd.",
				"It is number 2 of the statements by Elder Networks Ltd: none before it can be missing.",
			}},
			"": {says: []string{"1 logged by Elder Networks Ltd", "Elder Networks Ltd logged 1 of 1 slot that was due."}, never: []string{"What the accord’s rules turn up"}},
		},
		chain: "pledge request slot slot",
	})
}

// Two companies keep a request for their slots in January and attest none for the
// quarter: one counts what it may disclose, the other all. In May the place is opened.
// The first has disclosed more later, the second has stated two things that differ
// (protocol 6), and each says something to it.
func opensLater(t *testing.T, a *accord) {
	a.at("2025-01-16T09:00:00Z")
	both := []struct{ id, name, covers string }{
		{"birch", "Birch Telecom plc", "disclosable"},
		{"cedar", "Cedar Cloud Inc", "all"},
	}
	for _, c := range both {
		a.admit(c.id, c.name, 1, 1)
	}
	timers := func(at string) {
		a.at(at)
		for _, id := range []string{"elder", "birch", "cedar"} {
			a.slot(id)
		}
	}
	timers("2025-01-20T03:00:00Z")
	a.at("2025-01-22T10:00:00Z")
	commitments := make(map[string]string)
	for _, c := range both {
		a.write(c.id+"-kept.yaml", "author: "+c.id+"\nreceived: 2025-01\ncountry: XD\nassist: [update-channel]\nnarrative: {en: They wanted an update of their own.}\n")
		s := a.must("pledge", "new", "request", "--from", c.id+"-kept.yaml", "--for-slot", c.id+"-slots", "--unencrypted", "--policy", "policy.txt", "--simulated-clock", "clock")
		commitments[c.id] = printed(t, printedCommitment, s)
	}
	timers("2025-01-27T03:00:00Z")
	a.at("2025-01-28T10:00:00Z")
	a.log("no-more-slots", "amend", "from: 2025-02-03\nslots: none\n", "sec1")

	a.at("2025-04-02T10:00:00Z")
	for _, c := range both {
		a.log(c.id+"-attestation", "attestation", "author: "+c.id+"\nperiod: 2025-Q1\ncovers: "+c.covers+"\nreceived: {total: 0}\nclauses: [no-backdoors]\n", c.id+"-1")
	}
	a.at("2025-04-03T10:00:00Z")
	for _, c := range both {
		a.shows(t, "before the place is opened", c.id, sight{
			periods: []string{"2025-Q1 on-time", "2025-Q2 due"},
			stands:  map[string]string{"requests": "0", "slots.owed": "2", "slots.missed": "0"},
			pages:   map[string]words{"": {says: []string{c.name + " logged none, as of"}, never: []string{"What the accord’s rules turn up"}}},
		})
	}
	a.asOf("2025-01-31T00:00:00Z", "elder")

	a.at("2025-05-06T10:00:00Z")
	for _, c := range both {
		draft := a.named(c.id+"-request", a.must("pledge", append([]string{"new", "request", "--from-slot", commitments[c.id], "--out", c.id + "-request.json"}, online...)...))
		a.sign(draft, c.id+"-1")
		a.submit(draft)
	}
	a.at("2025-05-07T10:00:00Z")
	found := map[string]struct{ finding, code, title, says string }{
		"birch": {"disclosed-later info birch-attestation 2025-Q1", "disclosed-later", "More became known later", "counting only those that it may disclose"},
		"cedar": {"contradicted warning cedar-attestation 2025-Q1", "contradicted", "Two statements differ", "Cedar Cloud Inc stated that it received no request from"},
	}
	seen := func(moment, finding, id, name string, says ...string) sight {
		return sight{
			findings: []string{finding},
			// The request came in the first quarter, and is logged in the second.
			periods: []string{"2025-Q1 on-time", "2025-Q2 due"},
			stands:  map[string]string{"requests": "1", "outcomes": `{"pending":1}`},
			entries: map[string]map[string]string{id + "-request": {"bodyState": `"published"`, "statement.body.received": `"2025-Q1"`, "logged": `"2025-05-06T10:00:00Z"`}},
			pages: map[string]words{
				id + "-request": {says: []string{
					"In the slot for the week from 27 January 2025, logged 27 January 2025",
					"So its text stood when the slot was logged, and could not be changed since.",
					"They wanted an update of their own.",
				}},
				id + "-attestation": {says: says},
				"":                  {says: says},
			},
		}
	}
	for _, c := range both {
		f := found[c.id]
		a.shows(t, "after the place was opened", c.id, seen("opened", f.finding, c.id, c.name, f.title, f.says))
	}
	a.at("2025-05-08T10:00:00Z")
	for _, c := range both {
		a.log(c.id+"-reply", "reply", "author: "+c.id+"\nanswer: disputed\nfinding: "+found[c.id].code+"\nentry: "+a.id(c.id+"-attestation")+"\nperiod: 2025-Q1\nnarrative: {en: Our counsel read it otherwise.}\n", c.id+"-1")
	}
	a.at("2025-05-09T10:00:00Z")
	for _, c := range both {
		f := found[c.id]
		want := seen("replied", f.finding, c.id, c.name, f.title, f.says, "Our counsel read it otherwise.")
		want.chain = "pledge attestation request reply slot slot"
		a.shows(t, "after the reply", c.id, want)
	}
	a.page("after the replies", "/", words{says: []string{
		"Birch Telecom plc stated that it disputes a finding of the accord’s rules (“More became known later”).",
		"Cedar Cloud Inc stated that it disputes a finding of the accord’s rules (“Two statements differ”).",
	}})
}
