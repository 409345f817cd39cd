package entry

// A Challenge asks a signatory to answer (protocol section 4). The case stands in
// the detached body.
type Challenge struct {
	Against string `json:"against"`          // a signatory
	Entry   ID     `json:"entry,omitzero"`   // one of its statements
	Finding string `json:"finding,omitzero"` // code of a finding on it
	Period  string `json:"period,omitzero"`  // that it is about, such as 2026-Q3
}

func (b *Challenge) check(s *Statement) error {
	if err := CheckAuthor(b.Against); err != nil {
		return err
	}
	if s.BodyDigest == "" {
		return refuse(CodeMemberMissing, "a challenge names its detached body, the case, by bodyDigest")
	}
	return checkAbout(b.Finding, b.Period)
}

// checkAbout checks the optional code of a finding and a period.
func checkAbout(finding, period string) error {
	if finding != "" {
		if err := checkCode("finding", finding); err != nil {
			return err
		}
	}
	if period == "" {
		return nil
	}
	_, err := ParsePeriod(period)
	return err
}

// What a signatory answers to a challenge or a finding.
const (
	AnswerAccepted      = "accepted"
	AnswerDisputed      = "disputed"
	AnswerCannotComment = "cannot-comment"
)

// A Reply answers a challenge, or speaks to a finding (protocol section 4). The
// answer in words stands in the detached body.
type Reply struct {
	Answer    string `json:"answer"`
	Challenge ID     `json:"challenge,omitzero"` // exactly one of Challenge and Finding
	Entry     ID     `json:"entry,omitzero"`     // that the finding is about
	Finding   string `json:"finding,omitzero"`   // code of a finding
	Period    string `json:"period,omitzero"`    // that the finding is about
}

func (b *Reply) check(*Statement) error {
	switch b.Answer {
	case AnswerAccepted, AnswerDisputed, AnswerCannotComment:
	default:
		return refuse(CodeMemberMalformed, "answer is not accepted, disputed or cannot-comment")
	}
	if b.Challenge.IsZero() == (b.Finding == "") {
		return refuse(CodeMemberMissing, "a reply names either a challenge or a finding")
	}
	if b.Finding == "" && (!b.Entry.IsZero() || b.Period != "") {
		return refuse(CodeMemberMalformed, "entry and period say which finding, and there is none")
	}
	return checkAbout(b.Finding, b.Period)
}
