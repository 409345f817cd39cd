package verifier

import (
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/pledge"
)

// A Change is how an author stands otherwise at the later of two sizes. What it is
// at the earlier stands in From, "" for nothing.
type Change struct {
	Author string `json:"author"`
	Name   string `json:"name"` // legal name, at the later size
	What   string `json:"what"` // see below
	Period string `json:"period,omitzero"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// The values of Change.What, and what stands in From and To.
const (
	ChangeAdmitted   = "admitted"         // the role
	ChangeName       = "name"             // the legal name
	ChangeStanding   = "standing"         // as in a report's signatories
	ChangePledged    = "pledged"          // clauses, with a space between
	ChangePeriod     = "period"           // state of a period, as in a report
	ChangeRequests   = "requests"         // how many count
	ChangeKeys       = "keys"             // digest of the key set, as in a directory's row
	ChangeKeysWait   = "keys-waiting"     // entry id of an admission whose keys wait
	ChangeChallenges = "challenges"       // how many were made against it, or by it
	ChangeOpen       = "challenges-open"  // how many of those have no reply
	ChangeSlots      = "slots-missed"     // how many
	ChangeWithheld   = "texts-withheld"   // how many are not published, nor opened since
	ChangeSucceeded  = "succeeded-by"     // author
	ChangeDoubtful   = "doubtful-entries" // how often a key of its own was said to be compromised
)

// changes compares two lists of authors, each in order of admission.
func changes(before, after []pledge.Status) []Change {
	former := make(map[string]pledge.Status, len(before))
	for _, st := range before {
		former[st.ID] = st
	}
	var out []Change
	for _, st := range after {
		was, known := former[st.ID]
		note := func(what, period, from, to string) {
			if from != to {
				out = append(out, Change{st.ID, st.Admit.Name, what, period, from, to})
			}
		}
		if known {
			note(ChangeName, "", was.Admit.Name, st.Admit.Name)
			note(ChangeKeys, "", was.Keys.Digest(), st.Keys.Digest())
		} else {
			note(ChangeAdmitted, "", "", st.Admit.Role)
			was.Standing = pledge.InStanding // as it was admitted
		}
		note(ChangeStanding, "", was.Standing, st.Standing)
		note(ChangeSucceeded, "", successor(was), successor(st))
		note(ChangePledged, "", strings.Join(was.Pledged, " "), strings.Join(st.Pledged, " "))
		note(ChangeKeysWait, "", waiting(was), waiting(st))
		note(ChangeDoubtful, "", count(len(was.Doubtful)), count(len(st.Doubtful)))
		note(ChangeRequests, "", count(was.Requests), count(st.Requests))
		note(ChangeWithheld, "", count(was.Withheld-was.Opened), count(st.Withheld-st.Opened))
		note(ChangeSlots, "", count(was.Slots.Missed), count(st.Slots.Missed))
		note(ChangeChallenges, "", count(len(was.Challenges)), count(len(st.Challenges)))
		note(ChangeOpen, "", count(open(was)), count(open(st)))
		states := make(map[string]string, len(was.Periods))
		for _, p := range was.Periods {
			states[p.Period.String()] = string(p.State)
		}
		for _, p := range st.Periods {
			note(ChangePeriod, p.Period.String(), states[p.Period.String()], string(p.State))
		}
	}
	return out
}

func count[N int | uint64](n N) string { return strconv.FormatUint(uint64(n), 10) }

func successor(st pledge.Status) string {
	if st.Succeeded == nil {
		return ""
	}
	return st.Succeeded.Author
}

func waiting(st pledge.Status) string {
	if st.KeysWaiting == nil {
		return ""
	}
	return st.KeysWaiting.Entry.String()
}

// open counts the challenges that have no reply yet.
func open(st pledge.Status) int {
	n := 0
	for _, c := range st.Challenges {
		if !c.Void && len(c.Replies) == 0 {
			n++
		}
	}
	return n
}
