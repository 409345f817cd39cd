package entry

// MaxOpened is how many digests one open may name.
const MaxOpened = 64

// An Open publishes a withheld body or sealed fields, or sets a new review date
// (protocol section 3).
type Open struct {
	Digests []string `json:"digests,omitzero"` // opened, sorted; exactly one of Digests and Review
	Entry   ID       `json:"entry"`
	Review  string   `json:"review,omitzero"` // YYYY-MM-DD
	Why     string   `json:"why"`             // a code
}

func (b *Open) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if b.Entry.IsZero() {
		return refuse(CodeMemberMissing, "entry is missing")
	}
	if err := checkCode("why", b.Why); err != nil {
		return err
	}
	if (b.Digests == nil) == (b.Review == "") {
		return refuse(CodeMemberMissing, "an open has either digests or review")
	}
	if b.Review != "" {
		_, err := ParseDate(b.Review)
		return err
	}
	if n := len(b.Digests); n < 1 || n > MaxOpened {
		return refuse(CodeMemberMalformed, "an open names %d digests, not 1 to %d", n, MaxOpened)
	}
	return checkDigests("digests", b.Digests)
}

// How a statement is corrected.
const (
	CorrectVoid       = "void"
	CorrectSuperseded = "superseded"
)

// A Correct takes one of its author's statements back, or puts a later one in its
// place (protocol section 4).
type Correct struct {
	By    ID     `json:"by,omitzero"` // what stands in Entry's place, exactly when superseded
	Entry ID     `json:"entry"`
	How   string `json:"how"`
}

func (b *Correct) check(*Statement) error {
	if b.Entry.IsZero() {
		return refuse(CodeMemberMissing, "entry is missing")
	}
	if b.How != CorrectVoid && b.How != CorrectSuperseded {
		return refuse(CodeMemberMalformed, "how is not void or superseded")
	}
	if b.By.IsZero() == (b.How == CorrectSuperseded) {
		return refuse(CodeMemberMissing, "by is there exactly when how is superseded")
	}
	if b.By == b.Entry {
		return refuse(CodeMemberMalformed, "a statement can't stand in its own place")
	}
	return nil
}

// Why the operator deleted a text.
const (
	BasisCourtOrder  = "court-order"
	BasisDataSubject = "data-subject"
	BasisSafety      = "safety"
	BasisNotice      = "notice"
)

// An Erasure is the tombstone of a text that the operator deleted (protocol
// section 3).
type Erasure struct {
	Basis     string `json:"basis"`
	Date      string `json:"date"`   // YYYY-MM-DD
	Digest    string `json:"digest"` // of the body or disclosure
	Entry     ID     `json:"entry"`
	Reference string `json:"reference"` // such as a docket number: [A-Za-z0-9][A-Za-z0-9./:-]{0,79}
}

func (b *Erasure) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	switch b.Basis {
	case BasisCourtOrder, BasisDataSubject, BasisSafety, BasisNotice:
	default:
		return refuse(CodeMemberMalformed, "basis is not court-order, data-subject, safety or notice")
	}
	if _, err := ParseDate(b.Date); err != nil {
		return err
	}
	if !IsDigest(b.Digest) {
		return refuse(CodeDigestMalformed, "digest is not a digest")
	}
	if b.Entry.IsZero() {
		return refuse(CodeMemberMissing, "entry is missing")
	}
	return checkReference(b.Reference)
}

// checkReference wants something like a docket number, too short and plain for
// prose or names.
func checkReference(s string) error {
	if s == "" {
		return refuse(CodeMemberMissing, "reference is missing")
	}
	for i, ch := range []byte(s) {
		alnum := ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= '0' && ch <= '9'
		if !alnum && (i == 0 || ch != '.' && ch != '/' && ch != ':' && ch != '-') {
			return refuse(CodeMemberMalformed, "reference is not letters, digits and . / : - only")
		}
	}
	if len(s) > 80 {
		return refuse(CodeMemberMalformed, "reference is longer than 80 characters")
	}
	return nil
}
