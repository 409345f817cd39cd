package verifier

import (
	"slices"
	"sync"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// The codes of what an audit finds about the log itself. Those about statements
// are in package pledge.
const (
	FindCheckpointMalformed entry.Code = "checkpoint-malformed"
	FindCheckpointOrigin    entry.Code = "checkpoint-origin-unknown"
	FindCheckpointSignature entry.Code = "checkpoint-signature-invalid"
	FindCheckpointUnsigned  entry.Code = "checkpoint-unsigned"
	FindCheckpointQuorum    entry.Code = "checkpoint-quorum-short"
	FindCheckpointBehind    entry.Code = "checkpoint-behind"
	FindLogForked           entry.Code = "log-forked"
	FindRootMismatch        entry.Code = "root-mismatch"
	FindBundleMissing       entry.Code = "bundle-missing"
	FindBundleMalformed     entry.Code = "bundle-malformed"
	FindBundleMismatch      entry.Code = "bundle-mismatch"
	FindTileMissing         entry.Code = "tile-missing"
	FindTileMismatch        entry.Code = "tile-mismatch"
	FindArchiveMissing      entry.Code = "archive-missing"
	FindArchiveMalformed    entry.Code = "archive-malformed"
	FindArchiveUnvouched    entry.Code = "archive-unvouched"
	FindArchiveQuorum       entry.Code = "archive-quorum-short"
	FindArchiveAhead        entry.Code = "archive-ahead"
	FindArchiveSparse       entry.Code = "archive-sparse"
	FindCharterMismatch     entry.Code = "charter-mismatch"
	FindCharterKey          entry.Code = "charter-key-unlisted"
	FindBodyBundle          entry.Code = "body-bundle-mismatch"
	FindBodyBundleShort     entry.Code = "body-bundle-incomplete"
	FindBodyFile            entry.Code = "body-file-mismatch"
	FindBodyFileMissing     entry.Code = "body-file-missing"
	FindLoggedInFuture      entry.Code = "logged-in-future"
	FindCheckpointShrunk    entry.Code = "checkpoint-shrunk"
	FindAfterWitnessed      entry.Code = "logged-after-witnessed"
	FindHeldBack            entry.Code = "held-back"
	FindNoTimeEvidence      entry.Code = "no-time-evidence"
	FindKeyShared           entry.Code = "key-shared"
)

// Catalogue lists every finding of this package, in the order of the checks.
// With pledge.Catalogue it is all that a report can hold (protocol section 7).
var Catalogue = []pledge.Meaning{
	{Code: FindCheckpointMalformed, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Checkpoint not in the required form",
		Meaning: "What this copy has in place of a signed checkpoint cannot be read as one. Nothing in the copy is vouched for."},
	{Code: FindCheckpointOrigin, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Another log than the policy names",
		Meaning: "The checkpoint is of a log that the policy file does not name."},
	{Code: FindCheckpointSignature, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Signature on the checkpoint does not verify",
		Meaning: "The checkpoint has a signature under the name of a key that the policy file knows, and that key did not make it. Nothing in the copy is vouched for."},
	{Code: FindCheckpointUnsigned, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Checkpoint not signed by the log",
		Meaning: "The checkpoint has no signature by a key that the policy file has for this log. Nothing in the copy is vouched for."},
	{Code: FindCheckpointQuorum, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Too few witnesses",
		Meaning: "Fewer witnesses cosigned the checkpoint than the policy file asks for."},
	{Code: FindCheckpointBehind, Severity: pledge.Warning, Concerns: pledge.RoleView, Title: "Older checkpoint shown",
		Meaning: "The copy shows a checkpoint that is older than one in its own archive. The audit goes by the larger one."},
	{Code: FindCheckpointShrunk, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Log smaller than it was",
		Meaning: "An earlier audit, or whoever handed over a receipt, saw a checkpoint of this log that covers more entries than this copy shows. A log never loses entries: the copy is old, or entries were taken back."},
	{Code: FindLogForked, Severity: pledge.Error, Concerns: pledge.RoleOperator, Title: "Two checkpoints that cannot both be true",
		Meaning: "The log's key signed two checkpoints of which neither can have grown from the other. Somebody was shown another log. The two signatures prove it to anybody."},
	{Code: FindRootMismatch, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Entries are not those that were signed",
		Meaning: "The entries in this copy do not add up to the signed checkpoint. Nothing that they say is shown as logged."},
	{Code: FindBundleMissing, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Entries missing",
		Meaning: "The copy lacks entries that the signed checkpoint covers. Without them the audit cannot be finished."},
	{Code: FindBundleMalformed, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Entries that cannot be read",
		Meaning: "A file of entries in this copy is cut short or too long. Without it the audit cannot be finished."},
	{Code: FindBundleMismatch, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Other entries for another size",
		Meaning: "A file of entries that this copy has for readers of an earlier or a later checkpoint does not hold the entries that were signed. They are misled."},
	{Code: FindTileMissing, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Hash tile missing",
		Meaning: "The copy lacks hashes of the tree that readers need to check a single entry."},
	{Code: FindTileMismatch, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Hash tile differs from the entries",
		Meaning: "Hashes of the tree in this copy are not those of its entries. Readers who check a single entry by them are misled."},
	{Code: FindArchiveMissing, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "No archive of checkpoints",
		Meaning: "The copy has no archive of earlier signed checkpoints, so that this audit could compare the log with nothing that was signed before."},
	{Code: FindArchiveMalformed, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Archive of checkpoints cannot be read",
		Meaning: "The archive of earlier signed checkpoints in this copy is not in the required form."},
	{Code: FindArchiveUnvouched, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Archived checkpoint not signed by the log",
		Meaning: "A checkpoint in the archive is not signed by the log's key of the policy file. It proves nothing, and should not stand there."},
	{Code: FindArchiveQuorum, Severity: pledge.Warning, Concerns: pledge.RoleOperator, Title: "Archived checkpoint with too few witnesses",
		Meaning: "Fewer witnesses cosigned an archived checkpoint than the policy file asks for. It is compared with the log, and is no evidence of time."},
	{Code: FindArchiveAhead, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Copy ends before its archive",
		Meaning: "The archive holds a checkpoint of the log that covers more entries than this copy has. Entries were left out, or taken back."},
	{Code: FindArchiveSparse, Severity: pledge.Warning, Concerns: pledge.RoleOperator, Title: "Days of growth without an archived checkpoint",
		Meaning: "The archive is to hold at least one cosigned checkpoint for each day on which the log grew, and lacks some. For the entries of those days it is no evidence of when they were there."},
	{Code: FindCharterMismatch, Severity: pledge.Error, Concerns: pledge.RoleView, Title: "Another charter",
		Meaning: "The log does not begin with the charter whose entry id the audit was given. It is another log than the one that was meant, or the charter was replaced."},
	{Code: FindCharterKey, Severity: pledge.Warning, Concerns: pledge.RoleView, Title: "Checkpoint key not announced",
		Meaning: "The policy file trusts a key for checkpoints that the secretariat's newest list of them, in the charter or in what amends it, does not have."},
	{Code: FindKeyShared, Severity: pledge.Error, Concerns: pledge.RoleOperator, Title: "Key for two purposes",
		Meaning: "A key with which somebody signs statements is also one that the policy file names for a witness or for checkpoints of a log. A key belongs to one party, for one purpose: here one could be taken for the other, and a witness would not be independent."},
	{Code: FindBodyBundle, Severity: pledge.Error, Concerns: pledge.RoleOperator, Title: "Bundle of texts holds something else",
		Meaning: "A bundle of published texts that the operator serves has a line that no statement of its entries names: a text was altered there, or one was put there."},
	{Code: FindBodyBundleShort, Severity: pledge.Warning, Concerns: pledge.RoleOperator, Title: "Bundle of texts incomplete",
		Meaning: "A bundle of published texts is not there, or lacks some that the operator serves under their own addresses. Whoever reads bundles alone does not see them."},
	{Code: FindBodyFile, Severity: pledge.Error, Concerns: pledge.RoleOperator, Title: "Another text under a text's address",
		Meaning: "Each published text is served under an address that is made from its digest. What is served there is something else."},
	{Code: FindBodyFileMissing, Severity: pledge.Error, Concerns: pledge.RoleOperator, Title: "Text not under its address",
		Meaning: "Each published text is served under an address that is made from its digest. It is not there, although a bundle of texts has it."},
	{Code: FindLoggedInFuture, Severity: pledge.Warning, Concerns: pledge.RoleOperator, Title: "Logged in the future",
		Meaning: "The log holds an entry whose log time is over 10 minutes after the clock of who made this audit. One of the two clocks is wrong, or the operator dated it ahead. Without witnesses nothing is judged for a time after that clock, and what is not counted for it is held against nobody."},
	{Code: FindAfterWitnessed, Severity: pledge.Warning, Concerns: pledge.RoleOperator, Title: "Logged after witnesses had seen it",
		Meaning: "The log time of the entry is over 10 minutes after the time by which enough witnesses had seen the log with this entry in it. The operator dated it too late. It is never held against an author; what hangs on this time is marked as doubtful."},
	{Code: FindHeldBack, Severity: pledge.Warning, Concerns: pledge.RoleOperator, Title: "Held back",
		Meaning: "The log time of the entry is over an hour before the first known checkpoint that enough witnesses saw with this entry in it. The operator dated it too early, or kept it back. It is never held against an author; what hangs on this time is marked as doubtful."},
	{Code: FindNoTimeEvidence, Severity: pledge.Info, Concerns: pledge.RoleView, Title: "No evidence of time",
		Meaning: "The first entries are over an hour older, by their log time, than the first known checkpoint that satisfies the policy file. When they were there is the operator's word alone."},
}

var meanings = func() map[entry.Code]pledge.Meaning {
	m := make(map[entry.Code]pledge.Meaning, len(Catalogue))
	for _, c := range Catalogue {
		m[c.Code] = c
	}
	return m
}()

// MeaningOf returns what a finding's code means, from this package or from
// pledge.
func MeaningOf(c entry.Code) (pledge.Meaning, bool) {
	if m, ok := meanings[c]; ok {
		return m, true
	}
	return pledge.MeaningOf(c)
}

// finding makes a finding of this package's catalogue.
func finding(c entry.Code, text string) pledge.Finding {
	m := meanings[c]
	return pledge.Finding{Code: c, Severity: m.Severity, Concerns: m.Concerns, Text: text}
}

func at(f pledge.Finding, index uint64) pledge.Finding {
	f.Index = &index
	return f
}

// maxPerCode is how many findings of one code a report lists. A log of a million
// bad entries must not fill the memory of who audits it.
const maxPerCode = 10_000

// findings gathers what was found: of each code the first in the order of a report,
// whatever the order in which they come. It is safe for concurrent use.
type findings struct {
	mu   sync.Mutex
	list map[entry.Code][]pledge.Finding
	more map[entry.Code]uint64 // that are not in list
}

func newFindings() *findings {
	return &findings{list: make(map[entry.Code][]pledge.Finding), more: make(map[entry.Code]uint64)}
}

func (f *findings) add(found ...pledge.Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range found {
		f.list[one.Code] = append(f.list[one.Code], one)
		if len(f.list[one.Code]) == 2*maxPerCode {
			f.cut(one.Code)
		}
	}
}

// cut drops what is beyond the first findings of a code.
func (f *findings) cut(c entry.Code) {
	list := f.list[c]
	if len(list) <= maxPerCode {
		return
	}
	pledge.SortFindings(list)
	f.more[c] += uint64(len(list) - maxPerCode)
	clear(list[maxPerCode:])
	f.list[c] = list[:maxPerCode]
}

// addAll takes in what another has gathered.
func (f *findings) addAll(from *findings) {
	list, more := from.take()
	f.add(list...)
	f.mu.Lock()
	defer f.mu.Unlock()
	for c, n := range more {
		f.more[c] += n
	}
}

// drop takes findings back.
func (f *findings) drop(which func(pledge.Finding) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c, list := range f.list {
		f.list[c] = slices.DeleteFunc(list, which)
	}
}

func (f *findings) has(codes ...entry.Code) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(codes, func(c entry.Code) bool { return len(f.list[c]) > 0 || f.more[c] > 0 })
}

// isCut reports whether some findings of these codes are not listed.
func (f *findings) isCut(codes ...entry.Code) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(codes, func(c entry.Code) bool { return f.more[c] > 0 })
}

// take returns the findings so far, sorted, and how many of each code are not
// listed.
func (f *findings) take() ([]pledge.Finding, map[entry.Code]uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []pledge.Finding{}
	for c := range f.list {
		f.cut(c)
		all = append(all, f.list[c]...)
	}
	pledge.SortFindings(all)
	var more map[entry.Code]uint64
	for c, n := range f.more {
		if n > 0 {
			if more == nil {
				more = make(map[entry.Code]uint64)
			}
			more[c] = n
		}
	}
	return all, more
}
