package tamper_test

import (
	"fmt"
	"slices"
	"strings"
)

// A check is one thing that the verifier looks at, in the source of the room that
// does it. Between « and » stands the condition that finds something: switched off,
// it never does. Between ‹ and › stands one that finds all in order: switched off, it
// always does. The source around it is given as far as it takes to be there once, so
// that this table can't fall behind the code.
type check struct {
	name, file, source string
	codes              []string  // of findings, or reasons of statement-rejected, that are its to give
	also               string    // why another check would refuse the same, under another code; "" when none would
	needs              string    // why the audit breaks down without it, so that nothing can go unseen; "" when it does not
	with               []another // where the same is looked at once more: switched off together
	form               *form     // of a table of forms: source is empty then, and the condition is found by what it says
}

// Another is where a check stands a second time.
type another struct{ file, source string }

// and says where the same is looked at once more.
func (c check) and(file, source string) check {
	c.with = append(c.with, another{file, source})
	return c
}

func seen(name, file, source string, codes ...string) check {
	return check{name: name, file: file, source: source, codes: codes}
}

func rule(name, file, source string, codes ...string) check {
	return check{name: name, file: "pledge/" + file, source: source, codes: codes}
}

// although says why another check would refuse the same.
func (c check) although(why string) check {
	c.also = why
	return c
}

// breaks says why the audit breaks down without the check: such a row is not one of
// those without which something goes unseen.
func (c check) breaks(why string) check {
	c.needs = why
	return c
}

// checks are all that are switched off in turn.
var checks = slices.Concat(written, formChecks())

// formChecks are those of the tables of forms.
func formChecks() []check {
	var all []check
	for _, table := range formTables {
		for i := range table.forms {
			f := &table.forms[i]
			name := table.file + ": " + strings.Trim(f.says, `"`)
			if f.nth > 0 {
				name += fmt.Sprintf(" (%d)", f.nth+1)
			}
			all = append(all, check{name: name, file: table.file, source: f.source, codes: []string{f.code}, also: f.also, needs: f.needs, form: f})
		}
	}
	return all
}

// written are those whose source is given.
var written = []check{
	// pledge: the order of judgement.
	rule("a statement that was logged before", "judge.go", "if n := s.k.Book.find(st.ID); «n != noRef» {", "statement-duplicate"),
	rule("origin", "judge.go", "if «st.Log != s.k.Origin» {", "origin-mismatch"),
	rule("a charter in its place", "judge.go", "if «it.Index != 0» {", "charter-misplaced"),
	rule("role", "judge.go", "if «!a.mayMake(st.Kind)» {", "kind-not-allowed"),
	rule("end of the log", "judge.go", "if «s.Ended(now) && st.Kind != entry.KindErasure && st.Kind != entry.KindDirectory && st.Kind != entry.KindOpen» {", "log-ended"),
	rule("seq again", "judge.go", "case «st.Seq <= l.Seq»:", "seq-taken").although("seq-gap would refuse it"),
	rule("seq without a gap", "judge.go", "case «st.Seq != l.Seq+1»:", "seq-gap"),
	rule("prev", "judge.go", "case «st.Prev != l.Head»:", "prev-mismatch"),
	rule("a digest once", "judge.go", "if «st.BodyDigest != \"\" && s.k.Book.used(a.No, it.textKey())» {", "digest-reused"),
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
	rule("admitted before", "members.go", "case «a == nil || a.Admit == nil»:\n\t\treturn rejected(CodeAuthorUnknown, \"the author was not admitted before\")", "author-unknown").breaks("there is nobody who could get the keys"),
	rule("the same role", "members.go", "case «a.Admit.Role != b.Role»:", "role-differs"),
	rule("rekey and readmission by standing", "members.go", "case «s.knowsAllOf(a.ID) && a.isOut() != (b.Mode == entry.AdmitReadmit)»:", "standing-conflict"),
	rule("a key has one owner", "keys.go", "other, taken := s.k.Owners[id]; «taken && other != owner» {", "key-taken"),
	rule("a doubtful entry is one's own", "keys.go", "if _, ok := s.ofOwn(a, b.Doubtful); «!ok» {", "reference-unknown"),
	rule("standing: who", "members.go", "a := s.byID[b.Who]\n\tif «a == nil || a.Admit == nil» {", "author-unknown"),
	rule("standing: what changes nothing", "members.go", "if «conflict && s.knowsAllOf(a.ID)» {", "standing-conflict"),
	rule("succeed: by standing", "members.go", "if a != nil && s.knowsAllOf(a.ID) && «a.ended() != \"\"» {", "standing-conflict"),
	rule("succeed: who", "members.go", "if «s.isUnknown(from) || s.isUnknown(to)» {", "author-unknown"),
	// Terms.
	rule("an amend never looks back", "terms.go", "if «b.IsTimed() && b.FromUnix() < now» {", "amend-from"),
	rule("half-years from the beginning of one", "terms.go", "if «b.Attestation != \"\" && !halfYearStart(b.FromUnix())» {", "amend-from"),
	rule("a key of the log is nobody's", "terms.go", "if owner, taken := s.k.Owners[id]; «taken && owner != logOwner» {", "key-taken"),
	// Requests, attestations.
	rule("who has left owes it", "requests.go", "if «a.ended() != \"\" && !s.owes(a, b.Period)» {", "standing-ended"),
	rule("kind of period", "requests.go", "if kind := s.Terms(p.Start()).Attestation; «p.Kind() != kind» {", "period-of-another-kind"),
	rule("attested after the end", "requests.go", "if «now < b.Period.End()» {", "attestation-early"),
	rule("attested clause", "requests.go", "if «!s.hasClause(id, now)» {", "clause-unknown"),
	// Slots.
	rule("kind of slot period", "slots.go", "if kind := s.Terms(p.Start()).Slots; «p.Kind() != kind» {", "period-of-another-kind"),
	rule("slot has begun", "slots.go", "if «now < p.Start()» {", "slot-early"),
	rule("one slot a period", "slots.go", "if «a.slotFor(p) != nil» {", "slot-repeated"),
	rule("slot of one's own", "slots.go", "n, ok := s.ofOwn(a, b.Slot, entry.KindSlot)\n\tif «!ok» {", "reference-unknown").breaks("there is no slot whose places it could be in"),
	rule("place of the slot", "slots.go", "if «!a.slotOf(n).has(entry.Digest([]byte(b.Disclosure)))» {", "disclosure-not-in-slot"),
	// Texts.
	rule("review in range", "texts.go", "at := reviewDay(date); «at <= today || at > today+days(s.Terms(now).ReviewDays)» {", "review-out-of-range"),
	rule("open of one's own", "texts.go", "n, ok := s.ofOwn(a, b.Entry)\n\tif «!ok || s.k.Book.at(n).Flags&hasText == 0» {", "reference-unknown"),
	rule("new review of what is withheld", "texts.go", "if b.Review != \"\" {\n\t\tif «!closed» {", "open-not-withheld"),
	rule("open once", "texts.go", "if k == r.Text {\n\t\t\tif «!closed» {", "already-opened"),
	rule("a field once", "texts.go", "if «slices.ContainsFunc(s.k.Opened[n], func(o opened) bool { return o.Text == k })» {\n\t\t\treturn rejected(CodeAlreadyOpened", "already-opened"),
	rule("the body first", "texts.go", "if «closed && !own» {", "body-not-opened-yet"),
	rule("erasure: entry", "texts.go", "n := s.k.Book.find(b.Entry)\n\tif «n == noRef» {\n\t\tif s.whole", "reference-unknown").breaks("there is no entry whose text it could be"),
	rule("erased once", "texts.go", "if _, done := s.Erased(b.Entry, b.Digest); «done» {", "already-erased"),
	rule("erased what was public", "texts.go", "if «!s.isPublic(n, keyOf(b.Digest))» {\n\t\treturn rejected(CodeDigestUnknown", "digest-unknown"),
	// Corrections, challenges, replies.
	rule("corrected: one's own", "answers.go", "n, ok := s.ofOwn(a, b.Entry, correctable...)\n\tif «!ok» {", "reference-unknown"),
	rule("corrected once", "answers.go", "if «s.k.Book.at(n).Flags&isCorrected != 0» {", "already-corrected"),
	rule("superseded by one's own", "answers.go", "switch {\n\tcase «!ok»:", "reference-unknown").breaks("there is no statement to put in its place"),
	rule("superseded once", "answers.go", "case «s.k.Book.at(by).Flags&(isCorrected|isInstead) != 0»:", "correct-conflict"),
	rule("superseded by a later one", "answers.go", "case «by <= n»:", "correct-conflict"),
	rule("superseded on the same matter", "answers.go", "case «!s.sameMatter(n, by)»:", "correct-conflict"),
	rule("challenge: against a signatory", "answers.go", "if «s.isUnknown(against)» {", "author-unknown"),
	rule("challenge: about its entry", "answers.go", "if _, ok := s.ofOwn(against, b.Entry); «!ok» {", "reference-unknown"),
	rule("one challenge at a time", "answers.go", "if «s.open[[2]string{a.ID, b.Against}] > 0» {", "challenge-open"),
	rule("reply about one's own", "answers.go", "if !b.Entry.IsZero() {\n\t\t\tif _, ok := s.ofOwn(a, b.Entry); «!ok» {", "reference-unknown"),
	rule("reply to a challenge against oneself", "answers.go", "if «c == nil || c.Against != a.ID» {", "reference-unknown"),
	// Directories, time.
	rule("directory: size", "directory.go", "if «b.Size != it.Index» {", "directory-size"),
	rule("directory: root", "directory.go", "if root, err := DirectoryRoot(s.Directory()); «err != nil || root != b.Root» {", "directory-root", "directory-false"),
	rule("directory: one within two days", "directory.go", "if d.Since == 0 || ‹t < d.Since+DirectoryWithin› || s.whole != nil {", "directory-overdue"),
	rule("time never decreases", "state.go", "if «s.k.Started && it.Leaf.Logged < s.k.Latest» {", "logged-decreases"),
	rule("made against logged", "state.go", "if «st.Made > s.k.Now+maxMadeAhead» {", "made-after-logged"),
	rule("made against the previous", "state.go", "if «st.Made < l.Made» {", "made-decreases"),
	rule("received by when it was logged", "requests.go", "if «ReceivedAhead(b, t.m.Logged)» {", "received-after-logged"),
	rule("decided by when it was logged", "requests.go", "if «DateAhead(b.Date, t.m.Logged)» {", "date-after-logged"),
	rule("erased by when it was logged", "texts.go", "if «DateAhead(b.Date, t.m.Logged)» {", "erasure-date-after-logged"),
	rule("received by when its slot was logged", "requests.go", "if «b.Disclosure != \"\" && filed < p.Start()» {", "slot-before-received"),
	rule("published text there", "texts.go", "case «raw == nil»:\n\t\treturn BodyMissing", "body-missing"),
	rule("codes of the vocabulary", "texts.go", "if ‹len(unknown) == 0› {", "code-unknown"),
	rule("form of a disclosure, and its seal", "disclosures.go", "if «err != nil» {\n\t\tf := finding(FindDisclosureBad", "disclosure-invalid"),
	rule("published text as signed", "texts.go", "if «entry.Digest(raw) != st.BodyDigest» {\n\t\treturn BodyAltered", "body-mismatch").and("verifier/texts.go", "if «entry.Digest(f.raw) != digest» {"),
	rule("form of a text", "texts.go", "if ‹err == nil› {\n\t\treturn BodyPublished", "body-invalid"),
	rule("opened field as opened", "disclosures.go", "case «entry.Digest(raw) != digest»:", "disclosure-mismatch").and("verifier/texts.go", "case «!ok && o.file == fileDiffers»:"),
	// Promises.
	rule("attested in time", "status.go", "if «at.First.Logged >= ps.Deadline» {\n\t\t\t\tps.State = Late", "attestation-late"),
	rule("attested at all", "status.go", "case ‹t < ps.Deadline›:\n\t\t\tps.State = Grace", "attestation-missed"),
	rule("attested once", "requests.go", "at := a.Attested[b.Period]\n\tif ‹at == nil› {", "attestation-repeated"),
	rule("attested total against the requests", "promises.go", "if ‹total.CannotSay || n <= total.Max› {", "contradicted", "disclosed-later"),
	rule("all, or what may be told", "promises.go", "if «at.Body.Covers == entry.CoversDisclosable» {", "disclosed-later"),
	rule("attested numbers go together", "requests.go", "if «cannotBe(b.Received)» {", "claims-cannot-be"),
	rule("attested outcomes against the decisions", "claims.go", "if ‹claim.CannotSay || stated[code] <= claim.Max› {", "outcomes-differ", "outcomes-differ-disclosable"),
	rule("outcomes that were not listed against the decisions", "claims.go", "left := c.Total.Max - least(c); «others > left» {", "outcomes-differ", "outcomes-differ-disclosable"),
	rule("outcomes of all, or of what may be told", "claims.go", "if «at.Body.Covers == entry.CoversDisclosable» {", "outcomes-differ-disclosable"),
	rule("attested count against the log", "requests.go", "if want := s.counts(a, b.Period); «!want.Equal(b.Logged)» {", "logged-differs"),
	rule("clauses as affirmed before", "requests.go", "if «!slices.Contains(b.Clauses, c)» {", "clause-dropped"),
	rule("clauses as pledged", "requests.go", "if «!slices.Contains(b.Clauses, c) && !slices.Contains(a.LastClauses, c) && hasClause(inForce, c)» {", "clause-dropped"),
	rule("clauses as pledged before", "members.go", "if «!slices.Contains(b.Clauses, c) && hasClause(inForce, c)» {", "clause-dropped"),
	rule("answered in time", "promises.go", "if ‹t < r.due› {", "decision-outstanding"),
	rule("filed in time", "requests.go", "if terms := s.Terms(p.Start()); «filed >= p.End()+days(terms.FileDays)» {", "filed-late"),
	rule("slot in time", "slots.go", "if «t.m.Logged >= sl.Period.End() && s.owesSlot(t.a, sl.Period)» {", "slot-late"),
	rule("slot for each period", "promises.go", "if ‹c.Missed == 0› {", "slot-missed"),
	rule("withheld text looked at again", "promises.go", "if «t >= review+86400» {\n\t\t\tlate", "withheld-overdue"),
	rule("sealed field looked at again", "disclosures.go", "if «t >= review+86400» {", "sealed-overdue"),
	rule("sealed for not too long", "disclosures.go", "if «review > logged-logged%86400+days(longest)» {", "sealed-too-long"),
	rule("replied in time", "answers.go", "«t.m.Logged >= c.Due» {", "reply-late"),
	rule("a reply that stands now was in time", "answers.go", "if «i == 0 && len(c.Replies) > 0 && first < c.Due && c.Replies[0].Logged >= c.Due» {", "reply-late"),
	rule("replied once", "answers.go", "if «len(c.Replies) > 0» {\n\t\tt.say(FindReplyRepeated", "reply-repeated"),
	rule("replied at all", "promises.go", "if ‹t < c.Due› {", "reply-overdue"),
	rule("compromise", "keys.go", "if ‹b.Reason != entry.KeysCompromise› {", "keys-compromised"),
	rule("admitted as before", "members.go", "if ‹len(changes) == 0› {", "admission-changed"),
	rule("keys of last resort wait", "members.go", "if ‹!wait› {", "rekey-pending"),
	rule("keys of last resort cancelled", "keys.go", "if ‹a.Pending == nil || a.Suspended != nil || a.Pending.Index >= t.m.Index› {", "rekey-cancelled"),
	rule("keys of last resort confirmed", "promises.go", "if m, former := a.unconfirmed(t); «former» {", "rekey-unconfirmed"),
	rule("log keys announced", "terms.go", "if «b.LogKeys != nil» {\n\t\ts.ownLogKeys", "log-keys-announced"),
	rule("end announced", "terms.go", "if «b.Ends != nil» {\n\t\ttext :=", "log-end-announced"),
	// log and verifier: the checkpoint, the archive, the tree.
	{name: "origin of the checkpoint", file: "log/view.go", source: "if «!r.origins[c.Origin]» {", codes: []string{"checkpoint-origin-unknown"}},
	{name: "signature of the checkpoint", file: "log/view.go", source: "who.key.verifyWith(verify, n.Text, s)\n\t\tif «err != nil» {", codes: []string{"checkpoint-signature-invalid"}},
	seen("archive: signatures", "log/together.go", "if «!eddsa.Strict(kept)» {", "archive-unvouched"),
	{name: "signed by the log", file: "log/view.go", source: "if «len(v.LogKeys) == 0» {", codes: []string{"checkpoint-unsigned"}},
	{name: "quorum", file: "log/view.go", source: "if «!v.Satisfied» {", codes: []string{"checkpoint-quorum-short"}},
	seen("form of a checkpoint", "log/checkpoint.go", "if err != nil || «strconv.FormatUint(n, 10) != s» {", "checkpoint-malformed"),
	seen("smaller than it was", "verifier/checkpoints.go", "«largest.size > a.target.size && largest.elsewhere» {", "checkpoint-shrunk"),
	seen("archive there", "verifier/checkpoints.go", "if «noArchive» {", "archive-missing").and("verifier/checkpoints.go", "if «len(notes) == 0» {"),
	seen("archive in order", "log/archive.go", "case «c.Size < last.Size»:", "archive-malformed"),
	seen("archive: witnesses", "verifier/checkpoints.go", "if «!s.quorum» {\n\t\t\ta.found.add(finding(FindArchiveQuorum", "archive-quorum-short"),
	seen("archive: each day", "verifier/checkpoints.go", "if n, first := s.growth.uncovered(); rootOK && «n > 0» && len(a.archived) > 0", "archive-sparse"),
	seen("checkpoint key in the charter", "verifier/checkpoints.go", "if «!slices.Contains(listed, k.String())» {", "charter-key-unlisted"),
	seen("keys of the policy", "verifier/shared.go", "if what, ok := p[string(key.Raw)]; «ok» {", "key-shared"),
	seen("a bundle's texts are all there", "verifier/settle.go", "if «!t.off[l.index/log.TileWidth] && t.s.state.Text(l.of, l.digest).State == pledge.TextPublic» {", "body-bundle-incomplete"),
	seen("entries there", "verifier/chunk.go", "case «errors.Is(err, log.ErrNotFound)»:\n\t\ts.a.found.add(at(finding(FindBundleMissing", "bundle-missing"),
	seen("form of a bundle", "verifier/chunk.go", "case «errors.As(err, &malformed)»:", "bundle-malformed"),
	seen("files for other sizes", "verifier/earlier.go", "if «err != nil || !same(t.Width, b)» {", "bundle-mismatch", "tile-mismatch"),
	seen("opened texts there", "verifier/texts.go", "case «!ok»:\n\t\t\to.state = textMissing", "disclosure-missing", "body-missing"),
	seen("a bundle's texts are named", "verifier/texts.go", "case «digest == \"\"»:", "body-bundle-mismatch").and("verifier/texts.go", "if i := slices.Index(named[next:], digest); ‹i >= 0› {"),
	seen("files of published texts", "verifier/published.go", "case ‹f.state == fileGood || said›:", "body-file-mismatch", "body-file-missing"),
	seen("files of erased texts", "verifier/settle.go", "if «state != fileMissing» {\n\t\tt.filesOff++", "body-file-mismatch"),
	seen("files of other texts", "verifier/stray.go", "case ‹state == fileGood && entry.Digest(b) == digest›:", "body-file-mismatch"),
	seen("the auditor's clock", "verifier/moment.go", "if logged := it.Leaf.Logged; «s.future == nil && logged > *now+maxAhead» {", "logged-in-future"),
	seen("evidence of time", "verifier/times.go", "if ‹t.kept.NoEvidence == 0› {\n\t\treturn nil", "no-time-evidence"),
	{name: "root", file: "verifier/audit.go", source: "rootOK := whole && ‹a.target.matches()›", codes: []string{"root-mismatch"}},
	{name: "charter", file: "verifier/audit.go", source: "if «s.first != a.cfg.Charter» {", codes: []string{"charter-mismatch"}},
	{name: "archive: signed by the log", file: "verifier/checkpoints.go", source: "if err := errs[i]; «err != nil» {", codes: []string{"archive-unvouched"}, needs: "there is no checkpoint to go by"},
	{name: "archive: ahead of the copy", file: "verifier/checkpoints.go", source: "case «errors.Is(err, log.ErrNotFound)»:\n\t\ta.found.add(finding(FindArchiveAhead", codes: []string{"archive-ahead"}},
	{name: "checkpoint behind the archive", file: "verifier/checkpoints.go", source: "if n := len(a.archived); «n > 0 && a.archived[n-1].size > a.target.size» {", codes: []string{"checkpoint-behind"}},
	{name: "forks", file: "verifier/checkpoints.go", source: "case ‹known && s.matches()›:", codes: []string{"log-forked"}},
	{name: "tiles of hashes", file: "verifier/tiles.go", source: "if «log.Hash(r.data[i*log.HashSize:]) != want(i)» {", codes: []string{"tile-mismatch"}},
	// That of a tile's size is not here: without it the audit breaks down in a goroutine of its own.
	{name: "tiles there", file: "verifier/tiles.go", source: "case «errors.Is(err, log.ErrNotFound)»:\n\t\tr.missing = true", codes: []string{"tile-missing"}},
	{name: "texts there", file: "verifier/settle.go", source: "if «o.State == textMissing» {\n\t\t\t\tc = pledge.FindBodyMissing", codes: []string{"body-missing"}},
	{name: "erased texts gone", file: "verifier/settle.go", source: "if «served» {", codes: []string{"body-erased-served"}},
	{name: "texts in a bundle that is not full yet", file: "verifier/settle.go", source: "if ‹len(secret) == 0› {", codes: []string{"body-not-opened", "body-erased-served"}},
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
	seen("size of a leaf", "pledge/judge.go", "if limit := entry.MaxLeafOf(st.Kind); «it.Size > limit» {", "leaf-too-large"),
	seen("a charter first", "pledge/judge.go", "if «s.k.Charter == nil» {\n\t\t\treturn rejected(CodeCharterMissing", "charter-missing").although("without a charter nobody is an author"),
	seen("keys of small order", "entry/key.go", "if «point.IsSmallOrder()» {", "key-weak"),
	seen("counts add up", "entry/tree.go", "if «sum != a.Logged.Total» {", "sum-differs"),
	seen("withheld only what is there", "entry/statement.go", "if «s.BodyDigest == \"\"» {\n\t\t\treturn refuse(CodeMemberMalformed, \"withheld", "member-malformed"),
	{name: "form of a digest", file: "entry/statement.go", source: "if «s.BodyDigest != \"\" && !IsDigest(s.BodyDigest)» {", codes: []string{"digest-malformed"}},
	{name: "a member that must be there", file: "entry/statement.go", source: "if «m.missing» {", codes: []string{"member-missing"}, also: "what is empty has no valid form either"},
	{name: "kinds", file: "entry/statement.go", source: "if «!slices.Contains(Kinds, s.Kind)» {", codes: []string{"kind-unknown"}, also: "an unknown kind has no body to be read into"},
}
