package verifier_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// These tests hold reports to one law (protocol section 7, Time): whatever the
// operator dates ahead, nothing is held against an author without the mark that its
// time is doubtful, if the author was in time by what witnesses saw.

// aheadLog is a log of two signatories, admitted on 6 January 2025.
func aheadLog(o generator.Options, change ...func(*generator.World)) (*generator.World, []*generator.Author) {
	o.Signatories, o.NoDirectories = 2, true
	w := generator.New(o)
	for _, c := range change {
		c(w)
	}
	w.Log(w.Found())
	for _, x := range w.Signatories {
		w.Advance(time.Minute)
		w.Log(w.Admit(x))
		w.Advance(time.Minute)
		w.Log(w.Pledge(x))
	}
	return w, w.Signatories
}

// ofOrigin gives a world another origin: worlds are demonstrations.
func ofOrigin(t *testing.T, w *generator.World, origin string) {
	t.Helper()
	signer, err := log.NewSigner(origin, bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.Options.Origin, w.Signer = origin, signer
	w.Policy = &log.Policy{Logs: []log.LogKey{{Key: signer.Key()}}, Quorum: log.QuorumNone}
}

// logAs logs a statement that its author made at a time, dated by the operator as the
// world's clock says.
func logAs(w *generator.World, st *generator.Statement, made int64) {
	st.Made = made
	w.Log(st)
}

// auditSeen writes a log with such an archive, whose last checkpoint is the one that
// is audited, and audits it.
func auditSeen(t *testing.T, w *generator.World, list []seen, change ...func(*verifier.Config)) *verifier.Report {
	t.Helper()
	s := newLog(t, w)
	notes := witnessed(t, w, list)
	if err := s.SetArchive(notes); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(log.CheckpointPath, notes[len(notes)-1]); err != nil {
		t.Fatal(err)
	}
	return runAudit(t, w, s.Dir, change...)
}

// blamed lists what is held against authors without a mark.
func blamed(r *verifier.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		if f.Code == "code-unknown" {
			continue // names of countries are invented
		}
		if f.Concerns == pledge.RoleAuthor && !f.TimeDoubtful {
			out = append(out, string(f.Code)+"/"+f.Author)
		}
	}
	for _, s := range r.Signatories {
		for _, p := range s.Periods {
			if (p.State == pledge.Missed || p.State == pledge.Late) && !p.TimeDoubtful {
				out = append(out, string(p.State)+"/"+s.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}

func marked(r *verifier.Report) []string {
	out := []string{}
	for _, f := range r.Findings {
		if f.TimeDoubtful {
			out = append(out, string(f.Code)+"/"+f.Author)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The operator dates a directory in June, and everything behind it, which witnesses
// saw on 10 April. Whenever the audit looks, nobody who attested then is blamed; who
// did not is.
func TestDatedAheadBlamesNobody(t *testing.T) {
	w, who := aheadLog(generator.Options{Seed: 321, Witnesses: 2})
	seenBy := at(2025, 4, 10, 12)
	w.SetNow(at(2025, 6, 20, 12))
	w.Log(w.Directory())
	logAs(w, w.Attestation(who[0], quarter(t, "2025-Q1")), seenBy)
	n := uint64(len(w.Logged))
	for _, c := range []struct {
		name    string
		looks   int64
		asOf    int64
		counted bool
		state   pledge.PeriodState
	}{
		{"in grace", at(2025, 4, 20, 12), 0, false, pledge.Grace},
		{"past the deadline", at(2025, 5, 20, 12), 0, false, pledge.Missed},
		{"past what the operator says", at(2025, 7, 20, 12), 0, true, pledge.Late},
		{"asked for a moment before", at(2025, 7, 20, 12), at(2025, 5, 20, 12), false, pledge.Missed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := auditSeen(t, w, []seen{{n - 2, at(2025, 1, 6, 10)}, {n, seenBy + 60}, {n, c.looks}}, func(cfg *verifier.Config) {
				if c.asOf != 0 {
					cfg.AsOf = &c.asOf
				}
			})
			if got := stateOf(r, who[0].ID, "2025-Q1"); got != c.state {
				t.Errorf("who attested is %q, want %q", got, c.state)
			}
			for _, b := range blamed(r) {
				if strings.HasSuffix(b, "/"+who[0].ID) {
					t.Errorf("%s is blamed: %s", who[0].ID, b)
				}
			}
			// The other one did not attest.
			blamesOther := slices.Contains(blamed(r), "missed/"+who[1].ID) && slices.Contains(blamed(r), "attestation-missed/"+who[1].ID)
			if blamesOther != (c.looks > at(2025, 5, 1, 0)) {
				t.Errorf("who did not attest: %v", blamed(r))
			}
			want := map[string]uint64{who[0].ID: 1, entry.AuthorOperator: 1}
			if c.counted {
				want = nil
			}
			if !maps.Equal(r.NotCounted, want) {
				t.Errorf("not counted %v, want %v", r.NotCounted, want)
			}
			says := fmt.Sprintf("2 statements are not counted, as their time is doubtful: 1 by %s, 1 by the operator", who[0].Name)
			if notChecked(r, says) == c.counted {
				t.Errorf("not checked %v", r.NotChecked)
			}
			for _, s := range r.Signatories {
				if s.TimeDoubtful != (s.ID == who[0].ID && !c.counted) {
					t.Errorf("%s is doubtful: %v", s.ID, s.TimeDoubtful)
				}
			}
		})
	}
}

// An entry without effect moves no deadline, whatever its date.
func TestDuplicateDatedAhead(t *testing.T) {
	w, who := aheadLog(generator.Options{Seed: 322, Witnesses: 2})
	dup := w.Said[len(w.Said)-1]
	w.SetNow(at(2025, 6, 20, 12))
	w.LogVoid(dup)
	w.SetNow(at(2025, 4, 10, 12))
	w.Log(w.Attestation(who[0], quarter(t, "2025-Q1")))
	n := uint64(len(w.Logged))
	r := auditSeen(t, w, []seen{{n - 2, at(2025, 1, 6, 10)}, {n, at(2025, 4, 10, 12) + 60}, {n, at(2025, 5, 20, 12)}})
	if got := stateOf(r, who[0].ID, "2025-Q1"); got != pledge.OnTime || len(r.NotCounted) > 0 {
		t.Errorf("who attested is %q, not counted %v", got, r.NotCounted)
	}
	if !slices.Contains(found(r), "logged-after-witnessed/operator") {
		t.Errorf("findings %v", found(r))
	}
}

// Without witnesses the auditor's clock is what there is: what is dated after it is
// not believed, and is held against nobody.
func TestDatedAheadWithoutWitnesses(t *testing.T) {
	for _, origin := range []string{"accord.test/log", "accord.example/log"} {
		t.Run(origin, func(t *testing.T) {
			w, who := aheadLog(generator.Options{Seed: 323}, func(w *generator.World) { ofOrigin(t, w, origin) })
			w.SetNow(at(2025, 4, 10, 12))
			w.Log(w.Attestation(who[1], quarter(t, "2025-Q1")))
			w.SetNow(at(2099, 6, 20, 12))
			w.Log(w.Directory())
			logAs(w, w.Attestation(who[0], quarter(t, "2025-Q1")), at(2025, 4, 10, 12))
			s := newLog(t, w)
			clock := at(2025, 7, 7, 12)
			now := func(c *verifier.Config) { c.Now = &clock }
			r := runAudit(t, w, s.Dir, now)
			if strings.HasSuffix(origin, ".example/log") {
				if !notChecked(r, "the clock of this audit says nothing of it") || r.AsOf != "2099-06-20T12:00:00Z" {
					t.Errorf("as of %s, not checked %v", r.AsOf, r.NotChecked)
				}
				return
			}
			if r.AsOf != "2025-04-10T12:00:00Z" || !slices.Contains(found(r), "logged-in-future/operator") {
				t.Errorf("as of %s, findings %v", r.AsOf, found(r))
			}
			if b := blamed(r); len(b) > 0 {
				t.Errorf("blamed are %v", b)
			}
			if want := map[string]uint64{who[0].ID: 1, entry.AuthorOperator: 1}; !maps.Equal(r.NotCounted, want) {
				t.Errorf("not counted %v, want %v", r.NotCounted, want)
			}
			// The copy reaches to 10 April, whatever its last entries say.
			late := at(2025, 6, 1, 0)
			if r := runAudit(t, w, s.Dir, now, asOf(late)); r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedTooOld {
				t.Errorf("as of June: %s", r.Result)
			}
			if r := runAudit(t, w, s.Dir, now, asOf(clock+1)); r.Result != verifier.CannotDecide || r.Undecided.Code != verifier.UndecidedTooOld {
				t.Errorf("as of a moment to come: %s", r.Result)
			}
		})
	}
}

// What hangs on another thing than an attestation is marked too: answers, reviews,
// slots, replies, keys of last resort, and what the secretariat or a challenger said.
func TestDatedAheadOfEveryKind(t *testing.T) {
	keys := func(w *generator.World, a *generator.Author, name string) generator.Ring {
		return generator.Ring{Keys: w.NewKeys(a.ID+name, len(a.Keys)), Threshold: a.Threshold, Slot: a.SlotKey}
	}
	day := func(m time.Month, d int) int64 { return at(2025, m, d, 12) }
	for _, c := range []struct {
		name string
		// play logs what comes before, and what the operator dates ahead, when ahead was
		// called. It returns when witnesses saw all of it, and when the audit looks.
		play func(w *generator.World, a *generator.Author, ahead func()) (seen, looks int64)
		want entry.Code
		by   string // whose statement is not counted, if it is not the author's
	}{
		{"a decision", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			st := w.Log(w.Request(a, "2025-01", nil))
			ahead()
			logAs(w, w.Decision(st, "refused", nil), day(3, 1))
			return day(3, 1), day(4, 20)
		}, pledge.FindDecisionOut, ""},
		{"an open", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			st := w.Request(a, "2025-01", nil)
			st.Review = "2025-03-10"
			w.Log(st)
			ahead()
			logAs(w, w.OpenText(st, "gag-lifted"), day(3, 1))
			return day(3, 1), day(3, 20)
		}, pledge.FindWithheldOverdue, ""},
		{"a slot", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			ahead()
			logAs(w, w.Slot(a, slotPeriod("2025-02")), day(2, 20))
			return day(2, 20), day(3, 20)
		}, pledge.FindSlotMissed, ""},
		{"a reply", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			ch := w.Challenge(w.Challengers[0], a, nil, nil)
			w.Log(ch)
			ahead()
			logAs(w, w.Reply(a, &entry.Reply{Challenge: ch.ID, Answer: entry.AnswerDisputed}, nil), day(2, 5))
			return day(2, 5), day(3, 30)
		}, pledge.FindReplyOverdue, ""},
		{"a challenge that is taken back", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			ch := w.Challenge(w.Challengers[0], a, nil, nil)
			w.Log(ch)
			ahead()
			logAs(w, w.Correct(ch, nil, nil), day(2, 5))
			return day(2, 5), day(3, 30)
		}, pledge.FindReplyOverdue, "challenger"},
		{"a word against keys of last resort", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			rekey := w.Rekey(a, keys(w, a, "rekey"))
			old := a.Ring()
			rekey.Encode()
			w.LogVoid(rekey)
			w.Secretariat.Seq, w.Secretariat.Head = rekey.Seq, rekey.ID
			_ = old
			ahead()
			logAs(w, w.Request(a, "2025-01", nil), day(2, 5))
			return day(2, 5), day(3, 1)
		}, pledge.FindRekeyUnconfirmed, ""},
		{"the same, and the keys wait still", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			rekey := w.Rekey(a, keys(w, a, "rekey"))
			rekey.Encode()
			w.LogVoid(rekey)
			w.Secretariat.Seq, w.Secretariat.Head = rekey.Seq, rekey.ID
			ahead()
			logAs(w, w.Request(a, "2025-01", nil), day(2, 5))
			return day(2, 5), day(2, 10)
		}, pledge.FindRekeyPending, ""},
		{"a removal", func(w *generator.World, a *generator.Author, ahead func()) (int64, int64) {
			w.SetNow(day(2, 1))
			ahead()
			w.Log(w.Standing(a, entry.StandingRemoved, "asked-for"))
			return day(2, 5), day(5, 20)
		}, pledge.FindAttestationMissed, entry.AuthorSecretariat},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := generator.Options{Seed: 324, Witnesses: 2, Challengers: 1}
			if c.want == pledge.FindSlotMissed {
				o.Slots = entry.SlotsMonth
			}
			w, who := aheadLog(o)
			a, ch := who[0], w.Challengers[0]
			w.Log(w.Admit(ch))
			start := uint64(len(w.Logged))
			seenBy, looks := c.play(w, a, func() {
				w.SetNow(at(2025, 9, 20, 12))
				w.Log(w.Directory())
			})
			n := uint64(len(w.Logged))
			list := []seen{{start, at(2025, 1, 6, 10)}}
			for i := start; i < n-2; i++ { // what came in time
				list = append(list, seen{i + 1, w.Logged[i].Logged + 60})
			}
			list = append(list, seen{n, seenBy + 60}, seen{n, looks})
			r := auditSeen(t, w, list)
			if !slices.Contains(marked(r), string(c.want)+"/"+a.ID) {
				t.Errorf("%s is not marked:\n%s", c.want, text(t, r))
			}
			for _, b := range blamed(r) {
				if strings.HasPrefix(b, string(c.want)) && strings.HasSuffix(b, "/"+a.ID) {
					t.Errorf("blamed are %v", blamed(r))
				}
			}
			by := a.ID
			switch c.by {
			case "challenger":
				by = ch.ID
			case entry.AuthorSecretariat:
				by = c.by
			}
			if want := map[string]uint64{by: 1, entry.AuthorOperator: 1}; !maps.Equal(r.NotCounted, want) {
				t.Errorf("not counted %v, want %v", r.NotCounted, want)
			}
		})
	}
}

// What a time that ran ahead did to what came behind it is marked, also once the
// moment is past it: keys of last resort that came into force before their time, a
// statement by the old ones that was rejected so, a request that was moved into
// another period.
func TestTimeRanAhead(t *testing.T) {
	t.Run("keys of last resort", func(t *testing.T) {
		w, who := aheadLog(generator.Options{Seed: 325, Witnesses: 2})
		a := who[0]
		start := uint64(len(w.Logged))
		w.SetNow(at(2025, 3, 1, 12))
		rekey := w.Rekey(a, generator.Ring{Keys: w.NewKeys("rekey", len(a.Keys)), Threshold: a.Threshold})
		rekey.Encode()
		w.LogVoid(rekey)
		w.Secretariat.Seq, w.Secretariat.Head = rekey.Seq, rekey.ID
		w.SetNow(at(2025, 3, 20, 12))
		w.Log(w.Directory())
		late := w.Request(a, "2025-02", nil) // by its own keys, seen on 5 March
		late.Made = at(2025, 3, 5, 12)
		late.Encode()
		w.LogVoid(late)
		n := uint64(len(w.Logged))
		r := auditSeen(t, w, []seen{{start, at(2025, 1, 6, 10)}, {n - 2, at(2025, 3, 1, 12) + 60}, {n, at(2025, 3, 5, 12) + 60}, {n, at(2025, 4, 1, 12)}})
		if !slices.Contains(marked(r), "rekey-unconfirmed/"+a.ID) || r.NotCounted[a.ID] != 1 {
			t.Errorf("marked %v, not counted %v\n%s", marked(r), r.NotCounted, text(t, r))
		}
		if k := r.Signatories[0].KeysChanged; k == nil || !k.TimeDoubtful {
			t.Errorf("keys changed: %+v", k)
		}
	})
	t.Run("keys of last resort, and no word by the old ones", func(t *testing.T) {
		w, who := aheadLog(generator.Options{Seed: 330, Witnesses: 2})
		a := who[0]
		start := uint64(len(w.Logged))
		w.SetNow(at(2025, 3, 1, 12))
		w.Log(w.Rekey(a, generator.Ring{Keys: w.NewKeys("rekey", len(a.Keys)), Threshold: a.Threshold}))
		from := at(2025, 3, 15, 12)
		w.SetNow(from)
		w.Log(w.Directory())
		for seenBy, want := range map[int64]bool{at(2025, 3, 5, 12): true, from + 60: false} {
			r := auditSeen(t, w, []seen{{start, at(2025, 1, 6, 10)}, {start + 1, at(2025, 3, 1, 12) + 60}, {start + 2, seenBy}, {start + 2, at(2025, 4, 1, 12)}})
			if k := r.Signatories[0].KeysChanged; k == nil || k.TimeDoubtful != want || slices.Contains(marked(r), "rekey-unconfirmed/"+a.ID) != want || len(r.NotCounted) > 0 {
				t.Errorf("seen by %d: keys changed %+v, marked %v", seenBy, k, marked(r))
			}
		}
	})
	t.Run("a request in another period", func(t *testing.T) {
		w, who := aheadLog(generator.Options{Seed: 326, Witnesses: 2})
		a := who[0]
		start := uint64(len(w.Logged))
		w.SetNow(at(2025, 4, 1, 1))
		w.Log(w.Directory())
		logAs(w, w.Request(a, "2025-03", nil), at(2025, 3, 31, 22))
		w.SetNow(at(2025, 4, 10, 12))
		att := w.Attestation(a, quarter(t, "2025-Q1"))
		b := att.Statement.Body.(*entry.Attestation)
		b.Logged = entry.Counts{Total: 1, Outcomes: map[string]uint64{"pending": 1}}
		w.Log(att)
		n := uint64(len(w.Logged))
		r := auditSeen(t, w, []seen{{start, at(2025, 1, 6, 10)}, {n - 1, at(2025, 3, 31, 22) + 60}, {n, at(2025, 4, 10, 12) + 60}})
		if !slices.Contains(marked(r), "logged-differs/"+a.ID) || len(blamed(r)) > 0 {
			t.Errorf("marked %v, blamed %v\n%s", marked(r), blamed(r), text(t, r))
		}
	})
	t.Run("minutes past the deadline", func(t *testing.T) {
		w, who := aheadLog(generator.Options{Seed: 327, Witnesses: 2})
		a := who[0]
		start := uint64(len(w.Logged))
		deadline := at(2025, 5, 1, 0)
		w.SetNow(deadline + 60)
		logAs(w, w.Attestation(a, quarter(t, "2025-Q1")), deadline-300)
		n := uint64(len(w.Logged))
		r := auditSeen(t, w, []seen{{start, at(2025, 1, 6, 10)}, {n, deadline - 240}, {n, deadline + 3600}})
		if !slices.Contains(marked(r), "attestation-late/"+a.ID) || stateOf(r, a.ID, "2025-Q1") != pledge.Late || slices.Contains(blamed(r), "late/"+a.ID) {
			t.Errorf("marked %v, blamed %v\n%s", marked(r), blamed(r), text(t, r))
		}
	})
}

// What is said between two sizes is held to the same.
func TestDiffDatedAhead(t *testing.T) {
	w, who := aheadLog(generator.Options{Seed: 329, Witnesses: 2})
	start := uint64(len(w.Logged))
	w.SetNow(at(2025, 6, 20, 12))
	w.Log(w.Directory())
	s := newLog(t, w)
	notes := witnessed(t, w, []seen{{start, at(2025, 1, 6, 10)}, {start + 1, at(2025, 2, 1, 12)}})
	if err := s.SetArchive(notes); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(log.CheckpointPath, notes[1]); err != nil {
		t.Fatal(err)
	}
	d, err := verifier.Diff(t.Context(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(s.Dir)}, start, start+1)
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	for _, f := range d.Findings {
		if f.Concerns == pledge.RoleAuthor && !f.TimeDoubtful {
			t.Errorf("%s of %s is not marked", f.Code, f.Author)
		}
		if f.Code == pledge.FindAttestationMissed {
			missed++
		}
	}
	if missed != len(who) || d.From.TimeDoubtful || !d.To.TimeDoubtful {
		t.Errorf("%d missed, doubtful from %v to %v", missed, d.From.TimeDoubtful, d.To.TimeDoubtful)
	}
}

// An author whose clock is right is not blamed for an operator who dates a statement
// back, by less than what is called held back. What witnesses saw decides.
func TestDatedBack(t *testing.T) {
	logged := at(2025, 2, 1, 12)
	for _, c := range []struct {
		made, seen int64 // after the operator's time
		found      bool
		marked     bool
	}{
		{600, 660, false, false},
		{50 * 60, 51 * 60, true, true},
		{50 * 60, 40 * 60, true, true},    // within ten minutes
		{50 * 60, 40*60 - 1, true, false}, // witnesses saw it that much earlier
		{50 * 60, 60, true, false},        // witnesses saw it at once
		{50 * 60, 120 * 60, true, true},   // held back, which is said too
		{240 * 60, 120 * 60, true, false}, // that too, and witnesses saw it long before
	} {
		w, who := aheadLog(generator.Options{Seed: 328, Witnesses: 2})
		w.SetNow(logged)
		logAs(w, w.Request(who[0], "2025-01", nil), logged+c.made)
		n := uint64(len(w.Logged))
		r := auditSeen(t, w, []seen{{n - 1, at(2025, 1, 6, 10)}, {n, logged + c.seen}})
		i := slices.IndexFunc(r.Findings, func(f pledge.Finding) bool { return f.Code == pledge.FindMadeAfterLogged })
		if (i >= 0) != c.found {
			t.Errorf("made after %d, seen after %d: findings %v", c.made, c.seen, found(r))
			continue
		}
		if i >= 0 && r.Findings[i].TimeDoubtful != c.marked {
			t.Errorf("made after %d, seen after %d: marked %v", c.made, c.seen, r.Findings[i].TimeDoubtful)
		}
		if says := i >= 0 && strings.Contains(r.Findings[i].Text, "it is the operator's time that is in doubt"); says != c.marked {
			t.Errorf("made after %d, seen after %d: %s", c.made, c.seen, r.Findings[i].Text)
		}
	}
}

func slotPeriod(s string) entry.SlotPeriod {
	p, err := entry.ParseSlotPeriod(s)
	if err != nil {
		panic(err)
	}
	return p
}
