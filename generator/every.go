package generator

import (
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// EveryKindOptions make the world that EveryKind wants. Seed, Witnesses, Quorum,
// Publish and Lapses are free; the rest may be added to.
func EveryKindOptions() Options {
	return Options{
		Origin: "log.lanternhall.example/2024", Start: at("2024-10-07 09:00"), Period: entry.HalfYear, Slots: entry.SlotsMonth,
		Signatories: 12, Challengers: 4, Mixed: true,
		Mix: Mix{Withheld: 40, Sealed: 40, Slotted: 40, Void: 20, Superseded: 20, Challenged: 40, Erased: 10},
	}
}

// EveryKindFindings are the codes of what an audit finds in a log of EveryKind
// without lapses, by its nature and whatever its size: an account and a reply that
// were repeated to be put in the place of the first, texts that the operator erased,
// keys replaced and cancelled, corrections, announcements of keys and of the log's end.
var EveryKindFindings = []entry.Code{
	"attestation-repeated", "reply-repeated", "body-erased", "keys-compromised", "rekey-pending", "rekey-cancelled", "log-keys-announced", "log-end-announced", "corrected",
}

// EveryKindLeast is the least number of statements that EveryKind takes.
const EveryKindLeast = 340

// EveryKind plays a log of n statements in which every kind occurs in all its
// forms, in a world of EveryKindOptions. What the forms are, and when they come,
// is written down in this package; between them, and afterwards until there are n,
// requests arrive, are answered and attested as in Story. It returns an error when
// n is too small for all of it.
//
// With Options.Lapses at 0 no rule is broken and no deadline missed. An audit finds
// nothing then but what is for information by its nature: see EveryKindFindings.
func (w *World) EveryKind(n int) error {
	e := &every{play: newPlay(w), accounts: make(map[*Author]*Statement), until: at("2025-04-24 00:00").Unix()}
	e.keepBooks, e.vary = true, e.varied
	e.attestIn = func(int64) (int64, int64) { return 20 * dayLong, 22 * dayLong }

	// Before all forms were there, as many requests as surely leave room for them;
	// afterwards they come more often.
	left := (n - EveryKindLeast - 200) / 3
	m := len(w.Signatories) + 1
	for range m {
		e.mean = append(e.mean, float64(e.until-w.now)*float64(m)/float64(max(40, left)))
	}
	e.restrain = func() bool {
		left--
		return left < 0 && w.now < e.until
	}
	e.hurry = func() float64 {
		if w.now < e.until {
			return 1
		}
		return 4
	}
	for _, act := range []func(){e.founding, e.requests, e.slotsAndPlaces, e.terms, e.disputes, e.corrections, e.keys, e.standings, e.mergers, e.erasures} {
		act()
	}
	e.at(e.until, func() { e.done = true })
	if err := e.run(n); err != nil {
		return err
	}
	if !e.done {
		return fmt.Errorf("play every kind: %d statements are too few", n)
	}
	return nil
}

// Conclude ends the log in order: the secretariat amends its end, which comes a week
// later, with the origin of the log that goes on or "". After it, something withheld
// is opened, a text is erased and a directory made, which is all that may be logged
// then.
func (w *World) Conclude(successor string) {
	end := midnight(w.now) + 8*dayLong
	w.Log(w.Amend(&entry.Amend{Ends: &entry.End{Successor: successor}, From: entry.FormatTime(end)}, Amended{}, nil))
	w.SetNow(end)
	w.Advance(time.Hour)
	for _, st := range w.Said {
		if review, err := entry.ParseDate(st.Review); err == nil && !st.isOpened && review > w.now && st.Logged < end-30*dayLong {
			w.Log(w.OpenText(st, "order-lifted"))
			w.Advance(time.Hour)
			w.Log(w.Erase(st, st.BodyDigest, entry.BasisSafety, "E-2"))
			break
		}
	}
	w.Advance(25 * time.Hour)
	if w.Options.NoDirectories {
		w.Log(w.Directory())
	}
}

// every plays all forms of all kinds.
type every struct {
	*play
	until int64 // when all forms were there
	done  bool

	accounts   map[*Author]*Statement // the last attestation of each
	sealedCase *Statement             // a challenge with a sealed member
}

// on lets something happen at a moment such as 2025-03-04 10:15.
func (e *every) on(t string, do func()) { e.at(at(t).Unix(), do) }

// say logs a statement.
func (e *every) say(st *Statement) *Statement {
	e.w.Log(st)
	return st
}

// signatory and challenger are those of a number, from 0.
func (e *every) signatory(i int) *Author  { return e.w.Signatories[i] }
func (e *every) challenger(i int) *Author { return e.w.Challengers[i] }

// later is the date so many days from now.
func (e *every) later(days int64) string { return date(e.w.now + days*dayLong) }

// hush has an author say nothing for some days, but what is written down here.
func (e *every) hush(a *Author, days int64) { e.quiet[a] = e.w.now + days*dayLong }

// pledges has an author pledge, and then lets requests arrive.
func (e *every) pledges(i int, a *Author) {
	w := e.w
	again := a.Pledged != 0
	w.Log(w.Pledge(a))
	e.attest(a, w.PeriodAt(w.now))
	if !again {
		e.nextRequest(i, a)
	}
}

// founding has the first seven signatories join in October 2024, the others in
// January 2025.
func (e *every) founding() {
	w := e.w
	e.on("2024-10-07 09:00", func() {
		e.signatory(4).LEI = lei("00LANTERNHALLTEST0")
		e.signatory(5).CarveOuts = []string{"other-statute"}
		e.signatory(11).CarveOuts = []string{"contract", "other-statute"}
		e.say(w.Found())
		for i := range 3 {
			w.Advance(time.Minute)
			e.say(w.Admit(e.challenger(i)))
		}
		for i := range 7 {
			w.Advance(time.Minute)
			e.say(w.Admit(e.signatory(i)))
		}
	})
	e.on("2024-10-08 10:00", func() {
		for i, a := range w.Signatories[:7] {
			w.Advance(time.Minute)
			switch i {
			case 3: // pledges after its first slot
			case 6: // takes on three of the clauses
				st := w.Pledge(a)
				b := st.Statement.Body.(*entry.Pledge)
				b.Clauses = b.Clauses[:3]
				e.say(st)
				e.attest(a, w.PeriodAt(w.now))
				e.nextRequest(i, a)
			default:
				e.pledges(i, a)
			}
		}
	})
	e.on("2024-11-04 10:00", func() { e.pledges(3, e.signatory(3)) })
	e.on("2025-01-08 10:00", func() {
		e.say(w.Admit(e.challenger(3)))
		for _, a := range w.Signatories[7:] {
			w.Advance(time.Minute)
			e.say(w.Admit(a))
		}
	})
	e.on("2025-01-08 15:00", func() {
		// One law lets a company say nothing of how many there were: it is carved out.
		silent := e.signatory(11)
		e.attesting[accounted{silent, w.PeriodAt(w.now)}] = true
		for i, a := range w.Signatories[7:] {
			w.Advance(time.Minute)
			e.pledges(7+i, a)
		}
	})
}

// lei adds the check digits to 18 characters (ISO 17442, ISO 7064 MOD 97-10).
func lei(s string) string {
	rest := 0
	for _, ch := range []byte(s + "00") {
		if ch >= 'A' {
			rest = (rest*100 + int(ch-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(ch-'0')) % 97
		}
	}
	return fmt.Sprintf("%s%02d", s, 98-rest)
}

// varied gives attestations their forms.
func (e *every) varied(st *Statement) {
	w := e.w
	b := st.Statement.Body.(*entry.Attestation)
	e.accounts[w.author(st.Author)] = st
	switch st.Author {
	case e.signatory(0).ID:
		b.Received.Outcomes = make(map[string]entry.Claim)
		of := w.author(st.Author).receivedByOutcome(b.Period, w.Now())
		for outcome, n := range of {
			b.Received.Outcomes[outcome] = entry.Exactly(n)
		}
		b.Received.Outcomes["lapsed"] = entry.Between(0, 4+of["lapsed"])
		b.Received.Outcomes["withheld"] = entry.CannotSay()
	case e.signatory(1).ID:
		b.Received.Total = entry.Between(0, 249)
	case e.signatory(2).ID:
		// That of the first period is opened where the requests are.
		st.Withhold(e.later(200)).planned = b.Period.Kind() == entry.HalfYear
	case e.signatory(3).ID:
		b.Received.Total = entry.CannotSay()
	case e.signatory(4).ID:
		b.Covers = entry.CoversDisclosable
	case e.signatory(5).ID:
		st.Detached = nil
	case e.signatory(7).ID:
		w.Seal(st, Seal{Member: "narrative", Reason: "legal-advice", Review: e.later(150)})
	}
}
