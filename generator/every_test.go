package generator_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// everyKind plays every kind and writes it.
func everyKind(t *testing.T, n int, change func(*generator.Options)) (*generator.World, string) {
	t.Helper()
	o := generator.EveryKindOptions()
	o.Seed = uint64(n)
	if change != nil {
		change(&o)
	}
	w := generator.New(o)
	if err := w.EveryKind(n); err != nil {
		t.Fatal(err)
	}
	if w.Size() != uint64(n) {
		t.Errorf("%d statements, want %d", w.Size(), n)
	}
	dir := t.TempDir()
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	return w, dir
}

// Whatever its size and its policy, an audit finds nothing in it but what is for
// information, and all of that.
func TestEveryKindIsFaultless(t *testing.T) {
	for n, change := range map[int]func(*generator.Options){
		generator.EveryKindLeast: nil,
		1000:                     func(o *generator.Options) { o.Witnesses, o.Quorum = 3, 2 },
		2500:                     nil,
	} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w, dir := everyKind(t, n, change)
			_, found := audit(t, w, dir)
			holdInformation(t, found)
			report, err := verifier.Audit(t.Context(), verifier.Config{Source: log.DirSource(dir), Policy: w.Policy, Charter: w.Charter})
			if err != nil {
				t.Fatal(err)
			}
			if report.Result != verifier.Matches {
				t.Errorf("an audit says %s", report.Result)
			}
			holdInformation(t, report.Findings)
		})
	}
}

func holdInformation(t *testing.T, found []pledge.Finding) {
	t.Helper()
	seen := map[entry.Code]bool{}
	for _, f := range found {
		if !slices.Contains(generator.EveryKindFindings, f.Code) {
			t.Errorf("found %s: %s", f.Code, f.Text)
		}
		if f.Severity != pledge.Info {
			t.Errorf("%s is a %s", f.Code, f.Severity)
		}
		seen[f.Code] = true
	}
	for _, code := range generator.EveryKindFindings {
		if !seen[code] {
			t.Errorf("no %s", code)
		}
	}
}

// The books' directory is that of the rules. Each one that was logged was accepted,
// which holds it to them too.
func TestBooksAgreeWithRules(t *testing.T) {
	w, _ := everyKind(t, 600, func(o *generator.Options) { o.Seed = 3 })
	state := replay(t, w)
	root, err := pledge.DirectoryRoot(state.Directory())
	if err != nil {
		t.Fatal(err)
	}
	if own := generator.DirectoryRoot(w.Rows()); own != root {
		t.Errorf("the rows' root is %s, by the rules %s", own, root)
	}
	for _, a := range slices.Concat(w.Signatories, w.Challengers) {
		seq, head, ok := state.Head(a.ID)
		if !ok || seq != a.Seq || head != a.Head {
			t.Errorf("%s is at %d, by the rules at %d (%v)", a.ID, a.Seq, seq, ok)
		}
	}
}

// replay has the rules accept all that a world logged, and returns what it adds up
// to.
func replay(t *testing.T, w *generator.World) *pledge.State {
	t.Helper()
	state, ring := pledge.New(w.Options.Origin), pledge.NewKeyring()
	for i, e := range w.Logged {
		it := pledge.Read(uint64(i), e.Leaf)
		ring.Learn(it.Statement)
		ring.Try(it)
		if v, _ := state.Step(it); v.Kind != pledge.Accepted {
			t.Fatalf("seed %d, entry %d is %s: %s: %s", w.Options.Seed, i, v.Kind, v.Code, v.Detail)
		}
	}
	return state
}

// A log can end in order: after its end only the operator speaks, and who opens what
// it withheld.
func TestConclude(t *testing.T) {
	w, _ := everyKind(t, 400, nil)
	w.Conclude("log.lanternhall.example/2026")
	dir := t.TempDir()
	if err := w.WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	_, found := audit(t, w, dir)
	holdInformation(t, found)
	end, kinds := int64(0), map[entry.Kind]int{}
	for _, st := range w.Said {
		if end != 0 && st.Logged >= end {
			kinds[st.Kind]++
		}
		if b, ok := st.Statement.Body.(*entry.Amend); ok && b.Ends != nil {
			end = b.FromUnix()
		}
	}
	if len(kinds) != 3 || kinds[entry.KindOpen] == 0 || kinds[entry.KindErasure] == 0 || kinds[entry.KindDirectory] == 0 {
		t.Errorf("after its end the log has %v", kinds)
	}
}

// With lapses authors are found at fault, in more ways than without, and nobody
// else is.
func TestEveryKindLapses(t *testing.T) {
	w, dir := everyKind(t, 3000, func(o *generator.Options) { o.Lapses, o.Mix.Challenged, o.Seed = 300, 200, 3 })
	_, found := audit(t, w, dir)
	seen := map[entry.Code]int{}
	for _, f := range found {
		seen[f.Code]++
		if f.Severity != pledge.Info && f.Concerns != pledge.RoleAuthor {
			t.Errorf("%s concerns the %s: %s", f.Code, f.Concerns, f.Text)
		}
	}
	for _, want := range []entry.Code{pledge.FindAttestationLate, pledge.FindDecisionOut, pledge.FindSlotLate, pledge.FindSlotMissed, pledge.FindReplyOverdue, pledge.FindFiledLate} {
		if seen[want] == 0 {
			t.Errorf("no %s among %v", want, seen)
		}
	}
}

// Every form of every kind is there, at the least size already.
func TestEveryForm(t *testing.T) {
	w, _ := everyKind(t, generator.EveryKindLeast, nil)
	have := map[string]int{}
	algs, signers := map[string]string{}, map[string]bool{}
	for _, st := range w.Said {
		for _, form := range forms(st) {
			have[string(st.Kind)+" "+form]++
		}
		for _, set := range keySets(&st.Statement) {
			for _, k := range set.Keys {
				p, err := k.Parse()
				if err != nil {
					t.Fatal(err)
				}
				algs[p.ID.String()] = k.Alg + " " + k.Use
			}
		}
		mixed := ""
		for _, sig := range st.Envelope.Signatures {
			signers[algs[sig.KeyID.String()]] = true
			if alg := algs[sig.KeyID.String()]; mixed != "" && alg != mixed {
				have["signed by several algorithms"]++
			} else {
				mixed = alg
			}
		}
	}
	for _, want := range everyForm {
		if have[want] == 0 {
			t.Errorf("no %s", want)
		}
	}
	for _, alg := range []string{entry.AlgEd25519, entry.AlgP256, entry.AlgMLDSA44} {
		for _, use := range []string{entry.UseStatement, entry.UseSlot} {
			if !signers[alg+" "+use] {
				t.Errorf("nothing is signed by a key %s for %ss", alg, use)
			}
		}
	}
	for _, k := range entry.Kinds {
		if !slices.ContainsFunc(w.Said, func(st *generator.Statement) bool { return st.Kind == k }) {
			t.Errorf("no %s", k)
		}
	}
	if t.Failed() {
		t.Logf("%v", have)
	}
}

// forms names what a statement of its kind shows.
func forms(st *generator.Statement) (out []string) {
	is := func(yes bool, form string) {
		if yes {
			out = append(out, form)
		}
	}
	is(st.IsWithheld(), "withheld")
	is(st.Disclosures != nil, "sealed")
	is(st.BodyDigest != "" && !st.IsWithheld(), "with text")
	is(st.BodyDigest == "", "without text")
	switch b := st.Statement.Body.(type) {
	case *entry.Amend:
		is(b.Attestation != "", "attestation")
		is(b.Clauses != nil, "clauses")
		is(b.DecisionDays > 0, "decisionDays")
		is(b.Ends != nil && b.Ends.Successor != "", "ends, successor")
		is(b.Ends != nil && b.Ends.Successor == "", "ends")
		is(b.FileDays > 0, "fileDays")
		is(b.GraceDays > 0, "graceDays")
		is(b.LogKeys != nil, "logKeys")
		is(b.Operator != nil, "operator")
		is(b.Recovery != nil, "recovery")
		is(b.ReplyDays > 0, "replyDays")
		is(b.ReviewDays > 0, "reviewDays")
		is(b.Secretariat != nil, "secretariat")
		is(b.Slots != "", "slots "+b.Slots)
		is(b.Operator != nil && b.IsTimed(), "keys and terms")
		is(b.IsTimed() && b.FromUnix() == st.Logged, "at once")
	case *entry.Admit:
		is(true, b.Mode+" "+b.Role)
		is(b.LEI != "", "lei")
		is(b.Entities != nil, "entities")
		is(b.CarveOuts != nil, "carveOuts")
	case *entry.Standing:
		is(true, b.Standing)
	case *entry.Keys:
		is(true, b.Reason)
		is(true, "by "+map[bool]string{true: "secretariat", false: "another"}[st.Author == entry.AuthorSecretariat])
		is(!b.Doubtful.IsZero(), "doubtful")
	case *entry.Pledge:
		is(len(b.Clauses) < 5, "of fewer")
		is(len(b.Clauses) > 5, "of more")
		is(st.Seq > 1, "again")
	case *entry.Request:
		is(b.Received == entry.Withheld, "received withheld")
		is(b.Disclosure != "" && !st.IsWithheld(), "from a slot")
		is(b.Disclosure != "" && st.IsWithheld(), "from a slot, withheld")
		is(st.IsWithheld() && st.Disclosures != nil, "withheld and sealed")
		is(st.Detached.(*entry.RequestBody).Other != nil, "other")
	case *entry.Decision:
		is(true, cmp.Or(b.Outcome, "outcome untold"))
		is(true, "scope "+b.Scope)
		for _, g := range b.Grounds {
			is(true, "grounds "+g)
		}
	case *entry.Attestation:
		is(true, b.Covers)
		is(b.Received.Total.CannotSay, "cannot-say")
		is(b.Received.Total.IsBand(), "band")
		is(b.Received.Outcomes != nil, "received by outcome")
		is(true, string(b.Period.Kind()))
	case *entry.Slot:
		is(true, b.SlotPeriod().Kind())
	case *entry.Open:
		is(b.Review != "", "review")
		is(len(b.Digests) == 1, "one")
		is(len(b.Digests) > 1, "several")
	case *entry.Correct:
		is(true, b.How)
	case *entry.Challenge:
		is(!b.Entry.IsZero(), "entry")
		is(b.Finding != "", "finding")
		is(b.Period != "", "period")
	case *entry.Reply:
		is(true, b.Answer)
		is(!b.Challenge.IsZero(), "to a challenge")
		is(b.Finding != "", "to a finding")
		is(!b.Entry.IsZero(), "entry")
		is(b.Period != "", "period")
	case *entry.Erasure:
		is(true, b.Basis)
	}
	return out
}

// everyForm lists the forms that protocol section 4 has.
var everyForm = []string{
	"charter with text", "signed by several algorithms",
	"amend attestation", "amend clauses", "amend decisionDays", "amend ends", "amend ends, successor", "amend fileDays", "amend graceDays", "amend logKeys",
	"amend operator", "amend recovery", "amend replyDays", "amend reviewDays", "amend secretariat", "amend slots none", "amend slots day", "amend slots week",
	"amend slots month", "amend keys and terms", "amend at once", "amend with text", "amend without text",
	"admit new signatory", "admit new challenger", "admit rekey signatory", "admit rekey challenger", "admit readmit signatory", "admit readmit challenger",
	"admit lei", "admit entities", "admit carveOuts",
	"standing suspended", "standing reinstated", "standing proposed-removal", "standing removed", "succeed without text",
	"keys rotation", "keys compromise", "keys doubtful", "keys by secretariat", "keys by another",
	"pledge of fewer", "pledge of more", "pledge again",
	"request received withheld", "request withheld", "request sealed", "request withheld and sealed", "request from a slot", "request from a slot, withheld", "request other",
	"decision pending", "decision refused", "decision challenged", "decision narrowed", "decision partly-complied", "decision complied", "decision withdrawn-by-requester",
	"decision lapsed", "decision upheld", "decision quashed", "decision exited", "decision outcome untold", "decision withheld", "decision sealed", "decision scope in",
	"decision scope out", "decision scope disputed", "decision grounds pledge", "decision grounds unlawful", "decision grounds out-of-scope", "decision grounds no-capability",
	"decision grounds rights", "decision grounds contract", "decision grounds procedure",
	"attestation all", "attestation disclosable", "attestation cannot-say", "attestation band", "attestation received by outcome", "attestation quarter", "attestation half-year",
	"attestation withheld", "attestation sealed", "attestation with text", "attestation without text",
	"slot day", "slot week", "slot month", "open review", "open one", "open several",
	"correct void", "correct superseded", "correct with text", "correct without text", "withdraw with text", "withdraw without text",
	"challenge entry", "challenge finding", "challenge period", "challenge sealed",
	"reply accepted", "reply disputed", "reply cannot-comment", "reply to a challenge", "reply to a finding", "reply entry", "reply period", "reply withheld", "reply with text", "reply without text",
	"erasure court-order", "erasure data-subject", "erasure safety", "erasure notice", "directory without text",
}

// The least size has room for all, and none less.
func TestEveryKindLeast(t *testing.T) {
	for seed := range uint64(20) {
		o := generator.EveryKindOptions()
		o.Seed = seed
		w := generator.New(o)
		if err := w.EveryKind(generator.EveryKindLeast); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		replay(t, w)
	}
	w := generator.New(generator.EveryKindOptions())
	if err := w.EveryKind(200); err == nil {
		t.Error("200 statements have room for every kind")
	}
	if at := time.Unix(w.Now(), 0); at.Year() > 2025 {
		t.Errorf("it went on until %s", at)
	}
}
