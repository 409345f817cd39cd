package tamper_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A check is one thing that the verifier looks at, in the source of the room that
// does it. Between « and » stands the condition that finds something: switched off,
// it never does. Between ‹ and › stands one that finds all in order: switched off, it
// always does. The source around it is given as far as it takes to be there once, so
// that this table can't fall behind the code.
type check struct {
	name, file, source string
	codes              []string // of findings, or reasons of statement-rejected, that are its to give
	also               string   // why another check would refuse the same, under another code; "" when none would
}

func rule(name, file, source string, codes ...string) check {
	return check{name: name, file: "pledge/" + file, source: source, codes: codes}
}

// although says why another check would refuse the same.
func (c check) although(why string) check {
	c.also = why
	return c
}

var checks = []check{
	// pledge: the order of judgement.
	rule("a statement that was logged before", "judge.go", "if n := s.k.Book.find(st.ID); «n != noRef» {", "statement-duplicate"),
	rule("origin", "judge.go", "if «st.Log != s.k.Origin» {", "origin-mismatch"),
	rule("a charter in its place", "judge.go", "if «it.Index != 0» {", "charter-misplaced"),
	rule("role", "judge.go", "if «!a.mayMake(st.Kind)» {", "kind-not-allowed"),
	rule("end of the log", "judge.go", "if «s.Ended(now) && st.Kind != entry.KindErasure && st.Kind != entry.KindDirectory && st.Kind != entry.KindOpen» {", "log-ended"),
	rule("seq again", "judge.go", "case «st.Seq <= l.Seq»:", "seq-taken").although("seq-gap would refuse it"),
	rule("seq without a gap", "judge.go", "case «st.Seq != l.Seq+1»:", "seq-gap"),
	rule("prev", "judge.go", "case «st.Prev != l.Head»:", "prev-mismatch"),
	rule("a digest once", "judge.go", "if «st.BodyDigest != \"\" && s.k.Book.used(a.No, keyOf(st.BodyDigest))» {", "digest-reused"),
	rule("who has left", "judge.go", "if «a.ended() != \"\" && !after» {", "standing-ended"),
	rule("pledge first", "judge.go", "if «a.NeedPledge && k != entry.KindPledge && (len(a.Pledges) == 0 || !after)» {", "pledge-first"),
	rule("review date of a withheld text", "judge.go", "if «st.IsWithheld()» {\n\t\tif v := s.judgeReview", "review-out-of-range"),
	rule("decision: request", "judge.go", "if _, ok := s.ofOwn(a, b.Request, entry.KindRequest); «!ok» {", "reference-unknown"),
	rule("pledge: document", "judge.go", "clauses, ok := s.clausesOf(b.Charter)\n\tif «!ok» {", "reference-unknown").although("a document without clauses has none that could be pledged"),
	rule("pledge: clause", "judge.go", "if «!hasClause(clauses, id)» {", "clause-unknown"),
	// Signatures.
	rule("signature called for", "signatures.go", "if «!ofAny && !ofOr && !ofEvery && !slices.Contains(want.may, sig.KeyID) || want.most > 0 && i >= want.most» {", "signature-not-called-for"),
	rule("signature verifies", "signatures.go", "if «i >= len(it.Valid) || !it.Valid[i]» {", "signature-invalid"),
	rule("threshold", "signatures.go", "if «have < want.need && (want.orNeed == 0 || instead < want.orNeed)» {", "signatures-too-few"),
	rule("every new key", "signatures.go", "if «all < len(want.every)» {", "signatures-too-few"),
	// Members.
	rule("admitted once", "members.go", "if b.Mode == entry.AdmitNew {\n\t\tif «a != nil» {", "author-taken"),
	rule("admitted before", "members.go", "case «a == nil || a.Admit == nil»:\n\t\treturn rejected(CodeAuthorUnknown, \"the author was not admitted before\")", "author-unknown"),
	rule("the same role", "members.go", "case «a.Admit.Role != b.Role»:", "role-differs"),
	rule("rekey and readmission by standing", "members.go", "case «s.knowsAllOf(a.ID) && a.isOut() != (b.Mode == entry.AdmitReadmit)»:", "standing-conflict"),
	rule("a key has one owner", "members.go", "other, taken := s.k.Owners[id]; «taken && other != owner» {", "key-taken"),
	rule("a doubtful entry is one's own", "members.go", "if _, ok := s.ofOwn(a, b.Doubtful); «!ok» {", "reference-unknown"),
	rule("standing: who", "members.go", "a := s.byID[b.Who]\n\tif «a == nil || a.Admit == nil» {", "author-unknown"),
	rule("standing: what changes nothing", "members.go", "if «conflict && s.knowsAllOf(a.ID)» {", "standing-conflict"),
	rule("succeed: who", "members.go", "if «s.isUnknown(from) || s.isUnknown(to)» {", "author-unknown"),
	// Terms.
	rule("an amend never looks back", "terms.go", "if «b.IsTimed() && b.FromUnix() < now» {", "amend-from"),
	rule("half-years from the beginning of one", "terms.go", "if «b.Attestation != \"\" && !halfYearStart(b.FromUnix())» {", "amend-from"),
	// Requests, attestations.
	rule("kind of period", "requests.go", "if kind := s.Terms(p.Start()).Attestation; «p.Kind() != kind» {", "period-of-another-kind"),
	rule("attested after the end", "requests.go", "if «now < b.Period.End()» {", "attestation-early"),
	rule("attested clause", "requests.go", "if «!s.hasClause(id, now)» {", "clause-unknown"),
	// Slots.
	rule("kind of slot period", "slots.go", "if kind := s.Terms(p.Start()).Slots; «p.Kind() != kind» {", "period-of-another-kind"),
	rule("slot has begun", "slots.go", "if «now < p.Start()» {", "slot-early"),
	rule("one slot a period", "slots.go", "if «a.slotFor(p) != nil» {", "slot-repeated"),
	rule("slot of one's own", "slots.go", "n, ok := s.ofOwn(a, b.Slot, entry.KindSlot)\n\tif «!ok» {", "reference-unknown"),
	rule("place of the slot", "slots.go", "if «!a.slotOf(n).has(entry.Digest([]byte(b.Disclosure)))» {", "disclosure-not-in-slot"),
	// Texts.
	rule("review in range", "texts.go", "at := reviewDay(date); «at <= today || at > today+days(s.Terms(now).ReviewDays)» {", "review-out-of-range"),
	rule("open of one's own", "texts.go", "n, ok := s.ofOwn(a, b.Entry)\n\tif «!ok || s.k.Book.at(n).Flags&hasText == 0» {", "reference-unknown"),
	rule("new review of what is withheld", "texts.go", "if b.Review != \"\" {\n\t\tif «!closed» {", "open-not-withheld"),
	rule("open once", "texts.go", "if k == r.Text {\n\t\t\tif «!closed» {", "already-opened"),
	rule("the body first", "texts.go", "if «closed && !own» {", "body-not-opened-yet"),
	rule("erasure: entry", "texts.go", "n := s.k.Book.find(b.Entry)\n\tif «n == noRef» {\n\t\tif s.whole", "reference-unknown"),
	rule("erased once", "texts.go", "if _, done := s.Erased(b.Entry, b.Digest); «done» {", "already-erased"),
	rule("erased what was public", "texts.go", "if «!s.isPublic(n, keyOf(b.Digest))» {\n\t\treturn rejected(CodeDigestUnknown", "digest-unknown"),
	// Corrections, challenges, replies.
	rule("corrected: one's own", "answers.go", "n, ok := s.ofOwn(a, b.Entry, correctable...)\n\tif «!ok» {", "reference-unknown"),
	rule("corrected once", "answers.go", "if «s.k.Book.at(n).Flags&isCorrected != 0» {", "already-corrected"),
	rule("superseded by a later one", "answers.go", "case «by <= n»:", "correct-conflict"),
	rule("superseded on the same matter", "answers.go", "case «!s.sameMatter(n, by)»:", "correct-conflict"),
	rule("challenge: against a signatory", "answers.go", "if «s.isUnknown(against)» {", "author-unknown"),
	rule("challenge: about its entry", "answers.go", "if _, ok := s.ofOwn(against, b.Entry); «!ok» {", "reference-unknown"),
	rule("one challenge at a time", "answers.go", "if «s.open[[2]string{a.ID, b.Against}] > 0» {", "challenge-open"),
	rule("reply to a challenge against oneself", "answers.go", "if «c == nil || c.Against != a.ID» {", "reference-unknown"),
	// Directories, time.
	rule("directory: size", "directory.go", "if «b.Size != it.Index» {", "directory-size"),
	rule("directory: root", "directory.go", "if root, err := DirectoryRoot(s.Directory()); «err != nil || root != b.Root» {", "directory-root"),
	rule("time never decreases", "state.go", "if «s.k.Started && it.Leaf.Logged < s.k.Latest» {", "logged-decreases"),
	rule("made against logged", "state.go", "if «st.Made > s.k.Now+maxMadeAhead» {", "made-after-logged"),
	rule("made against the previous", "state.go", "if «st.Made < l.Made» {", "made-decreases"),
	rule("published text there", "texts.go", "case «raw == nil»:\n\t\treturn BodyMissing", "body-missing"),
	rule("codes of the vocabulary", "texts.go", "if ‹len(unknown) == 0› {", "code-unknown"),
	rule("form of a disclosure, and its seal", "disclosures.go", "if «err != nil» {\n\t\tf := finding(FindDisclosureBad", "disclosure-invalid"),
	// log and verifier: the checkpoint, the archive, the tree.
	{name: "origin of the checkpoint", file: "log/view.go", source: "if «!r.origins[c.Origin]» {", codes: []string{"checkpoint-origin-unknown"}},
	{name: "signature of the checkpoint", file: "log/view.go", source: "who.key.verifyWith(who.often.verify, n.Text, s)\n\t\tif «err != nil» {", codes: []string{"checkpoint-signature-invalid"}},
	{name: "signed by the log", file: "log/view.go", source: "if «len(v.LogKeys) == 0» {", codes: []string{"checkpoint-unsigned"}},
	{name: "quorum", file: "log/view.go", source: "if «!v.Satisfied» {", codes: []string{"checkpoint-quorum-short"}},
	{name: "root", file: "verifier/audit.go", source: "rootOK := whole && ‹a.target.matches()›", codes: []string{"root-mismatch"}},
	{name: "charter", file: "verifier/audit.go", source: "if «s.first != a.cfg.Charter» {", codes: []string{"charter-mismatch"}},
	{name: "archive: signed by the log", file: "verifier/checkpoints.go", source: "if err := errs[i]; «err != nil» {", codes: []string{"archive-unvouched"}},
	{name: "archive: ahead of the copy", file: "verifier/checkpoints.go", source: "case «errors.Is(err, log.ErrNotFound)»:\n\t\ta.found.add(finding(FindArchiveAhead", codes: []string{"archive-ahead"}},
	{name: "checkpoint behind the archive", file: "verifier/checkpoints.go", source: "if n := len(a.archived); «n > 0 && a.archived[n-1].size > a.target.size» {", codes: []string{"checkpoint-behind"}},
	{name: "forks", file: "verifier/checkpoints.go", source: "case ‹known && s.matches()›:", codes: []string{"log-forked"}},
	{name: "tiles of hashes", file: "verifier/tiles.go", source: "if «log.Hash(r.data[i*log.HashSize:]) != want(i)» {", codes: []string{"tile-mismatch"}},
	// That of a tile's size is not here: without it the audit breaks down in a goroutine of its own.
	{name: "tiles there", file: "verifier/tiles.go", source: "case «errors.Is(err, log.ErrNotFound)»:\n\t\tr.missing = true", codes: []string{"tile-missing"}},
	{name: "texts there", file: "verifier/settle.go", source: "if «o.State == textMissing» {\n\t\t\t\tc = pledge.FindBodyMissing", codes: []string{"body-missing"}},
	{name: "erased texts gone", file: "verifier/settle.go", source: "if «served» {", codes: []string{"body-erased-served"}},
	{name: "withheld texts not served", file: "verifier/settle.go", source: "if «!t.unopened[text.Index]» {", codes: []string{"body-not-opened"}},
	{name: "seen before it was logged", file: "verifier/times.go", source: "case «logged > by+maxAfterWitnessed»:", codes: []string{"logged-after-witnessed"}},
	{name: "held back", file: "verifier/times.go", source: "case ‹logged >= by-maxHeldBack›:", codes: []string{"held-back"}},
	// entry: forms.
	{name: "logged in one form", file: "entry/leaf.go", source: "if «digits == 0 || digits > 1 && rest[0] == '0' || logged > MaxLogged» {", codes: []string{"leaf-malformed"}},
	{name: "a leaf ends", file: "entry/leaf.go", source: "if «!bytes.HasSuffix(rest, []byte(leafTail))» {", codes: []string{"leaf-malformed"}, also: "its envelope would not end either"},
	{name: "a leaf is signed", file: "entry/leaf.go", source: "if «len(both.env.Signatures) == 0» {", codes: []string{"leaf-malformed"}},
	{name: "payload type", file: "entry/envelope.go", source: "rest, ok := cutPrefix(b, envelopeHead)\n\tif «!ok» {", codes: []string{"leaf-malformed"}, also: "what follows would not fit"},
	{name: "nothing after a value", file: "entry/canonical.go", source: "if «c.i != len(c.b)» {", codes: []string{"not-canonical"}},
	{name: "a member once", file: "entry/canonical.go", source: "case «order == 0»:", codes: []string{"member-duplicate"}, also: "the decoder takes no member twice either"},
	{name: "members sorted", file: "entry/canonical.go", source: "case «order > 0»:", codes: []string{"not-canonical"}},
	{name: "lane of the kind", file: "entry/statement.go", source: "if «s.Lane != LaneOf(s.Kind)» {", codes: []string{"lane-unknown"}},
	{name: "form of a digest", file: "entry/statement.go", source: "if «s.BodyDigest != \"\" && !IsDigest(s.BodyDigest)» {", codes: []string{"digest-malformed"}},
	{name: "a member that must be there", file: "entry/statement.go", source: "if «m.missing» {", codes: []string{"member-missing"}, also: "what is empty has no valid form either"},
	{name: "kinds", file: "entry/statement.go", source: "if «!slices.Contains(Kinds, s.Kind)» {", codes: []string{"kind-unknown"}, also: "an unknown kind has no body to be read into"},
}

// sources returns the files with every check behind a switch, by path.
func switched(t *testing.T, root string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	for _, c := range checks {
		text, ok := files[c.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, c.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		format := "%s!checkIsOff(%q) && (%s)%s"
		before, rest, ok := strings.Cut(c.source, "«")
		cond, after, _ := strings.Cut(rest, "»")
		if !ok {
			format = "%s(checkIsOff(%q) || %s)%s"
			before, rest, _ = strings.Cut(c.source, "‹")
			cond, after, _ = strings.Cut(rest, "›")
		}
		plain := before + cond + after
		if n := strings.Count(text, plain); n != 1 {
			t.Errorf("%s: its source stands %d times in %s, not once: %s", c.name, n, c.file, plain)
			continue
		}
		files[c.file] = strings.Replace(text, plain, fmt.Sprintf(format, before, c.name, cond, after), 1)
	}
	return files
}

// TestEachCheckIsNeeded switches off each check in turn: some damage must then go
// unseen, or the check, or its cases, are worthless. The switches are put into a copy
// of the sources with which this test is compiled anew; what ships has none.
func TestEachCheckIsNeeded(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{make(map[string]string)}
	add := func(path, text string) {
		real := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(real, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(root, path)] = real
	}
	rooms := make(map[string]bool)
	for path, text := range switched(t, root) {
		add(path, text)
		rooms[filepath.Dir(path)] = true
	}
	if t.Failed() {
		return
	}
	for _, room := range []string{"entry", "log", "pledge", "verifier"} {
		add(room+"/check_switch.go", "package "+room+"\n\n// CheckOff is the check that is switched off.\nvar CheckOff string\n\nfunc checkIsOff(name string) bool { return name == CheckOff }\n")
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-tags", "tamper", "-overlay", file, "-run", "^TestChecksOff$", "-v", ".", "-args", fmt.Sprintf("-tamper.places=%d", *places))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
		return
	}
	t.Logf("\n%s", out)
}
