package entry

import (
	"slices"
	"strings"
)

// An Amend changes terms of the charter (protocol section 4). What it leaves out
// stays as it is. Key sets and log keys change at the next index, everything else
// at From.
type Amend struct {
	Attestation  PeriodKind `json:"attestation,omitzero"`
	Clauses      []Clause   `json:"clauses,omitzero"` // all of them, in place of the former
	DecisionDays uint64     `json:"decisionDays,omitzero"`
	Ends         *End       `json:"ends,omitzero"`
	FileDays     uint64     `json:"fileDays,omitzero"`
	From         string     `json:"from,omitzero"` // a time; there exactly when a term changes at it
	GraceDays    uint64     `json:"graceDays,omitzero"`
	LogKeys      []string   `json:"logKeys,omitzero"` // all vkeys, in place of the former: an announcement
	Operator     *KeySet    `json:"operator,omitzero"`
	Recovery     *KeySet    `json:"recovery,omitzero"`
	ReplyDays    uint64     `json:"replyDays,omitzero"`
	ReviewDays   uint64     `json:"reviewDays,omitzero"`
	Secretariat  *KeySet    `json:"secretariat,omitzero"`
	Slots        string     `json:"slots,omitzero"`
}

// An End closes the log at the amend's From: an orderly end.
type End struct {
	Successor string `json:"successor,omitzero"` // origin of the log that goes on
}

func (a *Amend) check(s *Statement) error {
	if s.Author != AuthorSecretariat {
		return refuse(CodeMemberMalformed, "an amend's author is %s", AuthorSecretariat)
	}
	timed, any := a.IsTimed(), len(a.KeySets()) > 0 || a.LogKeys != nil
	if !timed && !any {
		return refuse(CodeMemberMissing, "the amend changes nothing")
	}
	if timed != (a.From != "") {
		return refuse(CodeMemberMissing, "from is there exactly when a term changes that is neither a key set nor logKeys")
	}
	if timed {
		if _, err := ParseTime(a.From); err != nil {
			return err
		}
	}
	if a.Attestation != "" && a.Attestation != Quarter && a.Attestation != HalfYear {
		return refuse(CodePeriodMalformed, "attestation is not quarter or half-year")
	}
	if a.Clauses != nil {
		if err := checkClauses(a.Clauses); err != nil {
			return err
		}
		if s.BodyDigest == "" {
			return refuse(CodeMemberMissing, "an amend of clauses names its detached body by bodyDigest, which has their texts")
		}
	}
	for _, d := range []namedDays{{"decisionDays", a.DecisionDays}, {"fileDays", a.FileDays}, {"graceDays", a.GraceDays}, {"replyDays", a.ReplyDays}, {"reviewDays", a.ReviewDays}} {
		if d.n > maxDays {
			return refuse(CodeMemberMalformed, "%s is not from 1 to %d", d.name, maxDays)
		}
	}
	if a.Ends != nil && a.Ends.Successor != "" {
		if err := checkOrigin(a.Ends.Successor); err != nil {
			return err
		}
		if a.Ends.Successor == s.Log {
			return refuse(CodeMemberMalformed, "the log's successor is the log itself")
		}
	}
	if a.LogKeys != nil {
		if err := checkLogKeys(a.LogKeys, s.Log); err != nil {
			return err
		}
	}
	if err := checkDistinctSets(a.KeySets()); err != nil {
		return err
	}
	if a.Slots == "" {
		return nil
	}
	return checkSlotPeriod(a.Slots)
}

// IsTimed reports whether a changes a term that takes effect at From.
func (a *Amend) IsTimed() bool {
	return a.Attestation != "" || a.Clauses != nil || a.DecisionDays > 0 || a.Ends != nil || a.FileDays > 0 ||
		a.GraceDays > 0 || a.ReplyDays > 0 || a.ReviewDays > 0 || a.Slots != ""
}

// KeySets returns the key sets that a brings.
func (a *Amend) KeySets() []KeySet {
	var sets []KeySet
	for _, set := range []*KeySet{a.Secretariat, a.Recovery, a.Operator} {
		if set != nil {
			sets = append(sets, *set)
		}
	}
	return sets
}

// OnlySecretariat reports whether a brings a key set of the secretariat and
// nothing else: what the recovery keys may sign.
func (a *Amend) OnlySecretariat() bool {
	return a.Secretariat != nil && a.Recovery == nil && a.Operator == nil && a.LogKeys == nil && !a.IsTimed()
}

// FromUnix returns From in Unix seconds; 0 when it is absent.
func (a *Amend) FromUnix() int64 {
	t, err := ParseTime(a.From)
	if err != nil {
		return 0
	}
	return t
}

type namedDays struct {
	name string
	n    uint64
}

func checkClauses(clauses []Clause) error {
	if len(clauses) == 0 {
		return refuse(CodeMemberMissing, "there are no clauses")
	}
	for i, cl := range clauses {
		if err := checkCode("a clause's id", cl.ID); err != nil {
			return err
		}
		if !IsDigest(cl.Text) {
			return refuse(CodeDigestMalformed, "a clause's text is not a digest")
		}
		if slices.ContainsFunc(clauses[:i], func(o Clause) bool { return o.ID == cl.ID }) {
			return refuse(CodeMemberMalformed, "a clause id stands there twice")
		}
	}
	return nil
}

func checkLogKeys(keys []string, origin string) error {
	if len(keys) == 0 {
		return refuse(CodeMemberMissing, "there is no log key")
	}
	for i, v := range keys {
		if name, _, ok := strings.Cut(v, "+"); !ok || name != origin {
			return refuse(CodeMemberMalformed, "a log key is not a vkey whose name is the origin")
		}
		if slices.Contains(keys[:i], v) {
			return refuse(CodeMemberMalformed, "a log key stands there twice")
		}
	}
	return nil
}

// checkDistinctSets checks key sets of the charter: for statements only, and no
// key in two of them.
func checkDistinctSets(sets []KeySet) error {
	var all []*PublicKey
	for _, set := range sets {
		keys, err := set.Parse()
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.Use != UseStatement {
				return refuse(CodeKeyMalformed, "the charter's keys are for statements")
			}
			if slices.ContainsFunc(all, func(o *PublicKey) bool { return o.ID == k.ID }) {
				return refuse(CodeKeyMalformed, "a key stands twice in the charter")
			}
			all = append(all, k)
		}
	}
	return nil
}

// checkOrigin wants what can be the origin of a log: a schema-less address of
// printable ASCII (c2sp.org/tlog-checkpoint).
func checkOrigin(s string) error {
	if len(s) > 200 {
		return refuse(CodeMemberMalformed, "an origin is longer than 200 characters")
	}
	for _, ch := range []byte(s) {
		if ch <= ' ' || ch >= 0x7f || ch == '+' {
			return refuse(CodeMemberMalformed, "an origin holds a space, a + or something that is not ASCII")
		}
	}
	return nil
}
