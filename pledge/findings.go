package pledge

import (
	"cmp"
	"slices"

	"github.com/pledgelog/pledgelog/entry"
)

// A Severity says how much a finding weighs.
type Severity string

const (
	Error   Severity = "error"   // a rule of the protocol was broken
	Warning Severity = "warning" // something is late, or two statements differ
	Info    Severity = "info"    // worth knowing
)

// A Role says whom a finding concerns (protocol section 7).
type Role string

const (
	RoleOperator Role = "operator" // who runs the log
	RoleAuthor   Role = "author"   // who made the statement
	RoleView     Role = "view"     // the copy of the log that was looked at
)

// A Finding is one thing that an audit found. It is not an accusation: it says
// what the log shows.
type Finding struct {
	Code     entry.Code `json:"code"`
	Severity Severity   `json:"severity"`
	Concerns Role       `json:"concerns"`
	Author   string     `json:"author,omitzero"` // when Concerns is author
	Index    *uint64    `json:"index,omitzero"`  // of the leaf, when there is one
	Entry    string     `json:"entry,omitzero"`  // entry id, when there is one
	Period   string     `json:"period,omitzero"` // such as 2026-Q3
	Reason   entry.Code `json:"reason,omitzero"` // why a statement was rejected or a body refused
	Text     string     `json:"text"`            // one sentence for a lay reader

	// TimeDoubtful says that the finding hangs on when an entry was logged, and that
	// the time that the operator gave it does not fit what witnesses saw. A verifier
	// sets it.
	TimeDoubtful bool `json:"timeDoubtful,omitzero"`
}

// A Meaning is what a finding's code means, in general.
type Meaning struct {
	Code     entry.Code
	Severity Severity
	Concerns Role
	Title    string // a few words
	Meaning  string // a sentence or two for a lay reader
}

// The codes of findings.
const (
	FindLeafMalformed     entry.Code = "leaf-malformed"
	FindRejected          entry.Code = "statement-rejected"
	FindDuplicate         entry.Code = "statement-duplicate"
	FindLoggedDecreases   entry.Code = "logged-decreases"
	FindMadeAfterLogged   entry.Code = "made-after-logged"
	FindMadeDecreases     entry.Code = "made-decreases"
	FindBodyMissing       entry.Code = "body-missing"
	FindBodyMismatch      entry.Code = "body-mismatch"
	FindBodyInvalid       entry.Code = "body-invalid"
	FindCodeUnknown       entry.Code = "code-unknown"
	FindWithheldOverdue   entry.Code = "withheld-overdue"
	FindFiledLate         entry.Code = "filed-late"
	FindLoggedDiffers     entry.Code = "logged-differs"
	FindClauseDropped     entry.Code = "clause-dropped"
	FindContradicted      entry.Code = "contradicted"
	FindDisclosedLater    entry.Code = "disclosed-later"
	FindDecisionOut       entry.Code = "decision-outstanding"
	FindAttestationLate   entry.Code = "attestation-late"
	FindAttestationMissed entry.Code = "attestation-missed"
	FindSecondAttestation entry.Code = "attestation-repeated"

	FindReceivedAhead       entry.Code = "received-after-logged"
	FindDateAhead           entry.Code = "date-after-logged"
	FindErasureAhead        entry.Code = "erasure-date-after-logged"
	FindSlotBefore          entry.Code = "slot-before-received"
	FindClaimsCannotBe      entry.Code = "claims-cannot-be"
	FindOutcomesDiffer      entry.Code = "outcomes-differ"
	FindOutcomesDisclosable entry.Code = "outcomes-differ-disclosable"

	FindDirectoryFalse   entry.Code = "directory-false"
	FindDirectoryOverdue entry.Code = "directory-overdue"
	FindBodyNotOpened    entry.Code = "body-not-opened"
	FindErased           entry.Code = "body-erased"
	FindErasedServed     entry.Code = "body-erased-served"
	FindDisclosureGone   entry.Code = "disclosure-missing"
	FindDisclosureOff    entry.Code = "disclosure-mismatch"
	FindDisclosureBad    entry.Code = "disclosure-invalid"
	FindSealedOverdue    entry.Code = "sealed-overdue"
	FindSealedTooLong    entry.Code = "sealed-too-long"
	FindSlotLate         entry.Code = "slot-late"
	FindSlotMissed       entry.Code = "slot-missed"
	FindReplyLate        entry.Code = "reply-late"
	FindReplyOverdue     entry.Code = "reply-overdue"
	FindReplyRepeated    entry.Code = "reply-repeated"
	FindKeysCompromised  entry.Code = "keys-compromised"
	FindRekeyPending     entry.Code = "rekey-pending"
	FindRekeyCancelled   entry.Code = "rekey-cancelled"
	FindRekeyUnconfirmed entry.Code = "rekey-unconfirmed"
	FindCorrected        entry.Code = "corrected"
	FindAdmissionChanged entry.Code = "admission-changed"
	FindLogKeys          entry.Code = "log-keys-announced"
	FindLogEnds          entry.Code = "log-end-announced"
)

// Catalogue lists every finding of this package, in the order of the
// verifier's checks (protocol section 7).
var Catalogue = []Meaning{
	{FindLeafMalformed, Error, RoleOperator, "Entry not in the required form",
		"The operator logged an entry that is not in the exact form of the protocol. It has no effect."},
	{FindRejected, Error, RoleOperator, "Statement that should not have been logged",
		"The operator logged a statement that breaks a rule. It has no effect and is not held against its author."},
	{FindDuplicate, Warning, RoleOperator, "Statement logged twice",
		"The operator logged again a statement that was logged before. The later entry has no effect."},
	{FindLoggedDecreases, Error, RoleOperator, "Log time runs backwards",
		"The operator dated an entry before the one that stands in front of it."},
	{FindDirectoryFalse, Error, RoleOperator, "False list of last statements",
		"The operator regularly logs a list of what each author said last. This one differs from what the log holds. It has no effect."},
	{FindDirectoryOverdue, Warning, RoleOperator, "List of last statements overdue",
		"The operator is to log a list of what each author said last within a day after the log grew. For two days it did not."},
	{FindLogKeys, Info, RoleOperator, "New checkpoint keys announced",
		"The secretariat announced other keys for the log's checkpoints. Verifiers go by their policy file and adopt nothing by themselves."},
	{FindLogEnds, Info, RoleOperator, "End of the log announced",
		"The secretariat announced from when on nothing more is logged here."},
	{FindMadeAfterLogged, Warning, RoleAuthor, "Dated after it was logged",
		"The date that the author gave its statement is more than ten minutes after the log's date for it. Where witnesses saw the entry only later, this is marked as doubtful: the operator may have dated it back."},
	{FindMadeDecreases, Warning, RoleAuthor, "Dated before the previous statement",
		"The date that the author gave its statement is before that of the author's previous statement."},
	{FindReceivedAhead, Warning, RoleAuthor, "Received after it was logged",
		"The author says that the request was received in a period that begins after the log's date for the statement. Where witnesses saw the entry only later, this is marked as doubtful: the operator may have dated it back."},
	{FindDateAhead, Warning, RoleAuthor, "Decided after it was logged",
		"The author dates a decision more than a day after the log's date for the statement. Where witnesses saw the entry only later, this is marked as doubtful: the operator may have dated it back."},
	{FindErasureAhead, Warning, RoleOperator, "Erased after it was logged",
		"The operator dates an erasure more than a day after the log's date for the statement."},
	{FindSlotBefore, Warning, RoleAuthor, "Slot logged before the period of a request in it",
		"A request was committed to in a slot, and the author says that it was received in a period that begins after the log's date for that slot. Where witnesses saw the slot only later, this is marked as doubtful: the operator may have dated it back."},
	{FindBodyMissing, Error, RoleOperator, "Text missing",
		"The statement names a text that is published with it, and the operator does not serve it."},
	{FindBodyMismatch, Error, RoleOperator, "Text altered",
		"The text that the operator serves is not the one that the author signed."},
	{FindBodyInvalid, Warning, RoleAuthor, "Text not in the required form",
		"The author signed a text that is not in the form that the protocol asks for. What it says is shown as it stands, or not at all."},
	{FindBodyNotOpened, Error, RoleOperator, "Unopened text served",
		"The operator serves a text that its author has not published."},
	{FindErased, Info, RoleOperator, "Text erased",
		"The operator stated that it erased a text, why, and by which reference. That the text was there, and when it was logged, remains."},
	{FindErasedServed, Error, RoleOperator, "Erased text served",
		"The operator serves a text that it stated to have erased."},
	{FindDisclosureGone, Error, RoleOperator, "Opened field missing",
		"An author opened a sealed field, and the operator does not serve it."},
	{FindDisclosureOff, Error, RoleOperator, "Opened field altered",
		"What the operator serves for an opened field is not what the author opened."},
	{FindDisclosureBad, Warning, RoleAuthor, "Opened field not in the required form",
		"The author opened something that is not the content of a sealed field of that statement."},
	{FindSealedOverdue, Warning, RoleAuthor, "Review date of a sealed field passed",
		"The author said by when it would look again at a field that it did not publish. That date has passed and the log has no word of it. No reason can be inferred."},
	{FindSealedTooLong, Warning, RoleAuthor, "Review date of a sealed field too far ahead",
		"The author does not publish a field, and means to look at it again later than the charter allows. The server should not have taken it."},
	{FindCodeUnknown, Info, RoleAuthor, "Code not in the vocabulary",
		"The statement uses a code that the published vocabulary of this version does not have."},
	{FindWithheldOverdue, Warning, RoleAuthor, "Review date passed",
		"The author said by when it would look again at a text that it did not publish. That date has passed and the log has no word of it. No reason can be inferred."},
	{FindFiledLate, Warning, RoleAuthor, "Logged after the charter's days",
		"The request was logged later than the charter allows after the period in which it was received."},
	{FindLoggedDiffers, Warning, RoleAuthor, "Count differs from the log",
		"The attestation states another number of logged requests than the log holds for that period."},
	{FindClauseDropped, Info, RoleAuthor, "Clause left out",
		"A clause that the author's previous pledge had, and that is still one of the accord, is not in this pledge; or one that it had pledged, or that its previous attestation affirmed, is not in this attestation."},
	{FindContradicted, Warning, RoleAuthor, "Two statements differ",
		"The author's own logged requests for a period are more than the number it attested for all requests."},
	{FindDisclosedLater, Info, RoleAuthor, "More became known later",
		"The author's own logged requests for a period are more than the number it attested as disclosable. More may have become disclosable since."},
	{FindClaimsCannotBe, Warning, RoleAuthor, "Numbers that do not go together",
		"An attestation states more requests with certain outcomes than requests in all."},
	{FindOutcomesDiffer, Warning, RoleAuthor, "Two statements on outcomes differ",
		"By decisions that the author had logged before it attested all requests of a period, and that nothing logged since changes, more requests received in that period have an outcome than the attestation leaves room for."},
	{FindOutcomesDisclosable, Info, RoleAuthor, "Two statements on disclosable outcomes differ",
		"By decisions that the author had logged before it attested the disclosable requests of a period, and that nothing logged since changes, more requests received in that period have an outcome than the attestation leaves room for."},
	{FindDecisionOut, Warning, RoleAuthor, "No answer stated yet",
		"The log has no statement of what was answered to the request, and the charter's days for it have passed."},
	{FindAttestationLate, Warning, RoleAuthor, "Attestation logged late",
		"The attestation was logged after it was due."},
	{FindAttestationMissed, Warning, RoleAuthor, "No attestation yet",
		"The log has no attestation for a period for which one was due. This does not say why."},
	{FindSecondAttestation, Info, RoleAuthor, "Second attestation for a period",
		"The author logged a further attestation for a period. The first one counts as long as no correction puts the other in its place."},
	{FindCorrected, Info, RoleAuthor, "Corrected by its author",
		"The author took back one of its statements, or put a later one in its place. What was stated first counts no more and stays displayed. Outcomes, periods and totals are as the author stated them."},
	{FindSlotLate, Info, RoleAuthor, "Slot logged late",
		"Every signatory logs a slot for each slot period, whether there is anything in it or not. This one was logged after its period."},
	{FindSlotMissed, Warning, RoleAuthor, "No slot",
		"Every signatory logs a slot for each slot period, whether there is anything in it or not. The log has none for a period that has passed. This does not say why."},
	{FindReplyLate, Info, RoleAuthor, "Reply logged late",
		"The reply to a challenge was logged after the charter's days for it."},
	{FindReplyOverdue, Warning, RoleAuthor, "No reply yet",
		"The log has no reply to a challenge, and the charter's days for it have passed. This does not say why."},
	{FindReplyRepeated, Info, RoleAuthor, "Second reply",
		"The author logged a further reply to a challenge. The first one counts as long as no correction puts the other in its place."},
	{FindKeysCompromised, Info, RoleAuthor, "Keys replaced after a compromise",
		"The author stated that somebody else may have had a key of its own. Statements that it calls doubtful may not be its own; they stay in the log with that label."},
	{FindAdmissionChanged, Info, RoleAuthor, "Admission changed by the secretariat",
		"The secretariat stated that it admits an author again, under another name, with other carve-outs or for other companies. With new keys this counts after 14 days unless the author speaks with its old ones before; what was owed or missed before stays as it was."},
	{FindRekeyPending, Info, RoleAuthor, "Keys of last resort given",
		"The secretariat gave the author new keys. They count after 14 days unless the author speaks with its old ones before."},
	{FindRekeyCancelled, Info, RoleAuthor, "Keys of last resort cancelled",
		"The author spoke with its own keys while new ones from the secretariat were waiting. The new ones do not count."},
	{FindRekeyUnconfirmed, Warning, RoleAuthor, "Keys not confirmed",
		"The author's keys were replaced by the secretariat, and the former keys have not confirmed it. That what is signed with them is the author's word rests on the secretariat."},
}

var meanings = func() map[entry.Code]Meaning {
	m := make(map[entry.Code]Meaning, len(Catalogue))
	for _, c := range Catalogue {
		m[c.Code] = c
	}
	return m
}()

// MeaningOf returns what a finding's code means.
func MeaningOf(c entry.Code) (Meaning, bool) {
	m, ok := meanings[c]
	return m, ok
}

// finding makes a Finding of the catalogue.
func finding(c entry.Code, text string) Finding {
	m := meanings[c]
	return Finding{Code: c, Severity: m.Severity, Concerns: m.Concerns, Text: text}
}

func (f Finding) at(index uint64, st *entry.Statement) Finding {
	f.Index = &index
	if st != nil {
		f.Entry = st.ID.String()
		if f.Concerns == RoleAuthor {
			f.Author = st.Author
		}
	}
	return f
}

// SortFindings puts findings in their one order: those about a leaf by index,
// then the others by author, period and code, at last by entry and text.
func SortFindings(fs []Finding) {
	index := func(f Finding) uint64 {
		if f.Index == nil {
			return 1<<64 - 1
		}
		return *f.Index
	}
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(index(a), index(b)), cmp.Compare(a.Author, b.Author), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Text, b.Text))
	})
}
