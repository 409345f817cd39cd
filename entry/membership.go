package entry

// The reasons to change a key set.
const (
	KeysRotation   = "rotation"
	KeysCompromise = "compromise"
)

// A Keys replaces its author's whole key set (protocol section 4).
type Keys struct {
	Doubtful  ID     `json:"doubtful,omitzero"` // first doubtful entry, only with compromise
	Keys      []Key  `json:"keys"`
	Reason    string `json:"reason"` // rotation or compromise
	Threshold uint64 `json:"threshold"`
}

func (k *Keys) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if s.Author == AuthorOperator {
		return refuse(CodeMemberMalformed, "the operator's keys are changed by the secretariat's amend")
	}
	if k.Reason != KeysRotation && k.Reason != KeysCompromise {
		return refuse(CodeMemberMalformed, "reason is not rotation or compromise")
	}
	if !k.Doubtful.IsZero() && k.Reason != KeysCompromise {
		return refuse(CodeMemberMalformed, "doubtful stands without the reason compromise")
	}
	_, err := k.KeySet().Parse()
	return err
}

// KeySet returns the new keys and their threshold.
func (k *Keys) KeySet() KeySet { return KeySet{Keys: k.Keys, Threshold: k.Threshold} }

// What the secretariat says of an author's standing.
const (
	StandingSuspended  = "suspended"
	StandingReinstated = "reinstated"
	StandingProposed   = "proposed-removal"
	StandingRemoved    = "removed"
)

// A Standing labels an author, or removes it (protocol section 4).
type Standing struct {
	Reason   string `json:"reason"` // a code
	Standing string `json:"standing"`
	Who      string `json:"who"`
}

func (b *Standing) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if err := checkCode("reason", b.Reason); err != nil {
		return err
	}
	switch b.Standing {
	case StandingSuspended, StandingReinstated, StandingProposed, StandingRemoved:
	default:
		return refuse(CodeMemberMalformed, "standing is not suspended, reinstated, proposed-removal or removed")
	}
	return CheckAuthor(b.Who)
}

// A Succeed says that one signatory's place is taken by another: a merger or a
// new name (protocol section 4).
type Succeed struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func (b *Succeed) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if err := CheckAuthor(b.From); err != nil {
		return err
	}
	if b.From == b.To {
		return refuse(CodeMemberMalformed, "nobody succeeds itself")
	}
	return CheckAuthor(b.To)
}

// A Withdraw ends its author's membership (protocol section 4). It says nothing in
// the tree.
type Withdraw struct{}

func (*Withdraw) check(*Statement) error { return nil }
