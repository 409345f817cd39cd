package verifier

import (
	"fmt"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// A narrator says in a sentence what an entry is, from what stands in the tree
// alone. It attributes whatever it says.
type narrator struct {
	state *pledge.State     // with the entry in it
	names map[string]string // legal names by author, as last admitted
}

// learn takes in a name from an accepted statement.
func (n *narrator) learn(st *entry.Statement) {
	if b, ok := st.Body.(*entry.Admit); ok {
		n.names[strings.Clone(b.ID)] = strings.Clone(b.Name)
	}
}

// isReserved reports whether an author has a name of its own in the protocol.
func isReserved(id string) bool { return id == entry.AuthorSecretariat || id == entry.AuthorOperator }

// who names an author.
func (n *narrator) who(id string) string {
	if isReserved(id) {
		return "the " + id
	}
	if name := n.name(id); name != "" {
		return name
	}
	return id
}

// name is the legal name of an author, "" when it was not admitted. Who did not see
// it being admitted takes it from the state.
func (n *narrator) name(id string) string {
	if name := n.names[id]; name != "" || n.state == nil {
		return name
	}
	return n.state.Name(id)
}

func (n *narrator) accord() string {
	if c, _ := n.state.Charter(); c != nil {
		return c.Accord
	}
	return "accord"
}

// sentence says what an entry is, without a full stop.
func (n *narrator) sentence(it *pledge.Item, v pledge.Verdict) string {
	switch v.Kind {
	case pledge.Malformed:
		return "The operator logged an entry that is not in the required form"
	case pledge.Rejected:
		return "The operator logged a statement that breaks a rule and has no effect"
	case pledge.Duplicate:
		return "The operator logged a statement by " + n.who(it.Statement.Author) + " again; this entry has no effect"
	}
	st := it.Statement
	who := n.who(st.Author)
	if isReserved(st.Author) {
		who = "The " + st.Author
	}
	return who + " " + n.says(st)
}

func (n *narrator) says(st *entry.Statement) string {
	switch b := st.Body.(type) {
	case *entry.Charter:
		return "set down the charter of the " + b.Accord
	case *entry.Amend:
		return n.amends(b)
	case *entry.Admit:
		switch b.Mode {
		case entry.AdmitRekey:
			return "stated that it gave " + b.Name + " new keys"
		case entry.AdmitReadmit:
			return "stated that it admitted " + b.Name + " again"
		}
		return "stated that it admitted " + b.Name + " as a " + b.Role
	case *entry.Standing:
		return fmt.Sprintf(standingWords[b.Standing], n.who(b.Who))
	case *entry.Succeed:
		return "stated that " + n.who(b.To) + " takes the place of " + n.who(b.From)
	case *entry.Keys:
		if b.Reason == entry.KeysCompromise {
			return "stated that a key of its own was compromised, and that it replaced its keys"
		}
		return "stated that it replaced its keys"
	case *entry.Pledge:
		return "pledged itself to " + Count(uint64(len(b.Clauses)), "clause", "clauses") + " of the " + n.accord()
	case *entry.Request:
		return "stated that it received a request" + inPeriod(b.Received) + unpublished(st)
	case *entry.Decision:
		return fmt.Sprintf(outcomeWords(b.Outcome), n.its(b.Request)) + unpublished(st)
	case *entry.Attestation:
		return attests(b)
	case *entry.Slot:
		return "logged its slot for " + b.Period
	case *entry.Open:
		return n.opens(b)
	case *entry.Correct:
		if b.How == entry.CorrectVoid {
			return "stated that " + n.its(b.Entry) + " is void"
		}
		return "stated that " + n.ref(b.By) + " stands in the place of " + n.its(b.Entry)
	case *entry.Withdraw:
		return "stated that it withdraws from the " + n.accord()
	case *entry.Challenge:
		s := "stated a challenge to " + n.who(b.Against)
		if !b.Entry.IsZero() {
			return s + " over " + n.its(b.Entry)
		}
		if b.Finding != "" {
			return s + " over " + findingWords(b.Finding)
		}
		return s
	case *entry.Reply:
		return n.replies(b)
	case *entry.Erasure:
		return "stated that it erased a text of " + n.ref(b.Entry)
	case *entry.Directory:
		return "stated what each author had said last in the first " + Count(b.Size, "entry", "entries")
	}
	return "made a statement"
}

// standingWords and the like take the one that is spoken of.
var standingWords = map[string]string{
	entry.StandingSuspended:  "stated that it suspended %s",
	entry.StandingReinstated: "stated that it reinstated %s",
	entry.StandingProposed:   "stated that it proposes to remove %s",
	entry.StandingRemoved:    "stated that it removed %s",
}

var decisionWords = map[string]string{
	"":                       "stated that it decided on %s; it does not publish the outcome",
	entry.Withheld:           "stated that it decided on %s; it does not publish the outcome",
	entry.OutcomePending:     "stated that it has not decided yet on %s",
	"refused":                "stated that it refused %s",
	"challenged":             "stated that it contests %s before a court or an authority",
	"narrowed":               "stated that it did no more than a reduced part of %s",
	"partly-complied":        "stated that it complied in part with %s",
	"complied":               "stated that it complied with %s",
	"withdrawn-by-requester": "stated that the requester withdrew %s",
	"lapsed":                 "stated that %s ran out without a decision",
	"upheld":                 "stated that a court or an authority confirmed %s",
	"quashed":                "stated that a court or an authority set aside %s",
	"exited":                 "stated that it left a market or dropped a feature after %s",
	"other":                  "stated another outcome of %s",
	"unknown":                "stated that it does not know the outcome of %s",
}

func outcomeWords(outcome string) string {
	if words, ok := decisionWords[outcome]; ok {
		return words
	}
	return "stated the outcome “" + outcome + "” for %s" // a code has no percent sign
}

// inPeriod says when a request was received, as its author states.
func inPeriod(received string) string {
	if received == entry.Withheld {
		return ", and does not publish when"
	}
	return " in " + received
}

// unpublished marks a statement whose text is not published with it.
func unpublished(st *entry.Statement) string {
	if st.IsWithheld() {
		return "; its text is not published, review by " + st.Review
	}
	return ""
}

func attests(b *entry.Attestation) string {
	s := "stated that it received "
	switch total := b.Received.Total; {
	case total.CannotSay:
		return "stated that it can’t say how many requests it received in " + b.Period.String()
	case total.IsBand():
		s += fmt.Sprintf("between %s and %s requests", Commas(total.Min), Commas(total.Max))
	case total.Max == 0:
		s += "no request"
	default:
		s += Count(total.Max, "request", "requests")
	}
	s += " in " + b.Period.String()
	if b.Covers == entry.CoversDisclosable {
		s += ", counting only those that it may disclose"
	}
	return s
}

func (n *narrator) amends(b *entry.Amend) string {
	from := "from " + day(b.FromUnix())
	switch {
	case b.Ends != nil && b.Ends.Successor != "":
		return "stated that this log ends on " + day(b.FromUnix()) + ", and that " + b.Ends.Successor + " goes on"
	case b.Ends != nil:
		return "stated that this log ends on " + day(b.FromUnix())
	case b.Clauses != nil:
		return "set down other clauses of the " + n.accord() + ", " + from
	case b.IsTimed():
		return "set down other terms of the " + n.accord() + ", " + from
	case len(b.KeySets()) == 0:
		return "stated with which keys the log’s checkpoints are signed from now on"
	}
	return "set down other keys under the " + n.accord()
}

func (n *narrator) opens(b *entry.Open) string {
	switch {
	case b.Review != "":
		return "stated that it does not publish the text of " + n.its(b.Entry) + " yet, and looks at it again by " + b.Review
	case len(b.Digests) == 1:
		return "stated that it now publishes a text of " + n.its(b.Entry)
	}
	return "stated that it now publishes " + Commas(uint64(len(b.Digests))) + " texts of " + n.its(b.Entry)
}

func (n *narrator) replies(b *entry.Reply) string {
	matter := "a challenge"
	if b.Finding != "" {
		matter = findingWords(b.Finding)
	} else if f, ok := n.state.Find(b.Challenge); ok {
		matter = "a challenge by " + n.who(f.Author) + " (entry " + Commas(f.Index) + ")"
	}
	switch b.Answer {
	case entry.AnswerAccepted:
		return "stated that it accepts " + matter
	case entry.AnswerDisputed:
		return "stated that it disputes " + matter
	}
	return "stated that it can’t comment on " + matter
}

func findingWords(code string) string {
	if m, ok := pledge.MeaningOf(entry.Code(code)); ok {
		code = m.Title
	}
	return "a finding of the accord’s rules (“" + code + "”)"
}

// its names a statement of whoever the sentence named before.
func (n *narrator) its(id entry.ID) string {
	f, ok := n.state.Find(id)
	if !ok {
		return "an earlier statement"
	}
	what := string(f.Kind)
	if word, ok := kindWords[f.Kind]; ok {
		what = word
	}
	return "its " + what + " (entry " + Commas(f.Index) + ")"
}

var kindWords = map[entry.Kind]string{
	entry.KindDecision: "answer", entry.KindCorrect: "correction", entry.KindOpen: "opening", entry.KindWithdraw: "withdrawal", entry.KindKeys: "new keys",
}

// ref names a statement by its number.
func (n *narrator) ref(id entry.ID) string {
	if f, ok := n.state.Find(id); ok {
		return "entry " + Commas(f.Index)
	}
	return "an earlier statement"
}

// day writes the day of a moment.
func day(unix int64) string { return time.Unix(unix, 0).UTC().Format("2 January 2006") }
