package entry

// A CharterBody has the full text of each clause.
type CharterBody struct {
	unsealable `json:"-"`
	Author     string            `json:"author"`
	Clauses    map[string]string `json:"clauses"` // clause id → text
	Kind       Kind              `json:"kind"`
	Log        string            `json:"log"`
	Salt       string            `json:"salt"`
}

// An AmendBody gives the reasons of an amend, and the full text of each clause
// when the amend has clauses.
type AmendBody struct {
	unsealable `json:"-"`
	Author     string            `json:"author"`
	Clauses    map[string]string `json:"clauses,omitzero"` // clause id → text; there exactly when the amend has clauses
	Kind       Kind              `json:"kind"`
	Log        string            `json:"log"`
	Narrative  map[string]string `json:"narrative,omitzero"` // BCP 47 language → text
	Salt       string            `json:"salt"`
}

// A DecisionBody tells of an answer. Date, Grounds, Outcome and Scope stand here
// when the tree has none of them: in the withheld body of a decision whose
// content may not be told yet.
type DecisionBody struct {
	sealable  `json:"-"`
	Author    string            `json:"author"`
	Court     string            `json:"court,omitzero"`
	Date      string            `json:"date,omitzero"` // YYYY-MM-DD
	Documents []Document        `json:"documents,omitzero"`
	Grounds   []string          `json:"grounds,omitzero"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Outcome   string            `json:"outcome,omitzero"`
	Salt      string            `json:"salt"`
	Scope     string            `json:"scope,omitzero"`
}

// An AttestationBody has the words beside the numbers.
type AttestationBody struct {
	sealable  `json:"-"`
	Author    string            `json:"author"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

// A CorrectBody says why something is corrected.
type CorrectBody struct {
	sealable  `json:"-"`
	Author    string            `json:"author"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

// A WithdrawBody says why its author withdraws.
type WithdrawBody struct {
	sealable  `json:"-"`
	Author    string            `json:"author"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

// A ChallengeBody is the case: a narrative, documents or both.
type ChallengeBody struct {
	sealable  `json:"-"`
	Author    string            `json:"author"`
	Documents []Document        `json:"documents,omitzero"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

// A ReplyBody is the answer in words.
type ReplyBody struct {
	sealable  `json:"-"`
	Author    string            `json:"author"`
	Documents []Document        `json:"documents,omitzero"`
	Kind      Kind              `json:"kind"`
	Log       string            `json:"log"`
	Narrative map[string]string `json:"narrative,omitzero"`
	Salt      string            `json:"salt"`
}

func (b *CharterBody) head() Head     { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *AmendBody) head() Head       { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *RequestBody) head() Head     { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *DecisionBody) head() Head    { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *AttestationBody) head() Head { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *CorrectBody) head() Head     { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *WithdrawBody) head() Head    { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *ChallengeBody) head() Head   { return Head{b.Author, b.Kind, b.Log, b.Salt} }
func (b *ReplyBody) head() Head       { return Head{b.Author, b.Kind, b.Log, b.Salt} }

func (b *CharterBody) check(s *Statement) error {
	return checkClauseTexts(s.Kind, s.Body.(*Charter).Clauses, b.Clauses)
}

func (b *AmendBody) check(s *Statement) error {
	if b.Clauses != nil && len(b.Clauses) == 0 {
		return refuse(CodeMemberMalformed, "clauses is empty: leave it out")
	}
	if err := checkClauseTexts(s.Kind, s.Body.(*Amend).Clauses, b.Clauses); err != nil {
		return err
	}
	return checkNarrative(b.Narrative)
}

// checkClauseTexts wants the text of each clause whose digest is in the tree, and
// no other.
func checkClauseTexts(kind Kind, clauses []Clause, texts map[string]string) error {
	if len(texts) != len(clauses) {
		return refuse(CodeClauseDigest, "the detached body has %d clauses, the %s %d", len(texts), kind, len(clauses))
	}
	for _, cl := range clauses {
		text, ok := texts[cl.ID]
		if !ok || Digest([]byte(text)) != cl.Text {
			return refuse(CodeClauseDigest, "the text of clause %s is not the one that the %s names", cl.ID, kind)
		}
		if err := checkText("a clause", text, 20000, true); err != nil {
			return err
		}
	}
	return nil
}

func (b *DecisionBody) check(s *Statement) error {
	told := b.Date != "" || b.Grounds != nil || b.Outcome != "" || b.Scope != "" ||
		b.isSealed("date") || b.isSealed("grounds") || b.isSealed("outcome") || b.isSealed("scope")
	if told && s.Body.(*Decision).Outcome != "" {
		return refuse(CodeMemberMalformed, "date, grounds, outcome and scope stand in the tree, or else in the detached body")
	}
	if b.Date != "" {
		if _, err := ParseDate(b.Date); err != nil {
			return err
		}
	}
	if err := checkCodes("grounds", b.Grounds); err != nil {
		return err
	}
	if err := optionalCode("outcome", b.Outcome); err != nil {
		return err
	}
	if err := optionalCode("scope", b.Scope); err != nil {
		return err
	}
	if err := optionalText("court", b.Court, 200); err != nil {
		return err
	}
	return checkWords(b.Narrative, b.Documents)
}

func (b *AttestationBody) check(*Statement) error { return checkNarrative(b.Narrative) }
func (b *CorrectBody) check(*Statement) error     { return checkNarrative(b.Narrative) }
func (b *WithdrawBody) check(*Statement) error    { return checkNarrative(b.Narrative) }

func (b *ChallengeBody) check(*Statement) error {
	if b.Narrative == nil && b.Documents == nil && len(b.Seals()) == 0 {
		return refuse(CodeMemberMissing, "the challenge has neither a narrative nor a document")
	}
	return checkWords(b.Narrative, b.Documents)
}

func (b *ReplyBody) check(*Statement) error { return checkWords(b.Narrative, b.Documents) }

func checkWords(narrative map[string]string, docs []Document) error {
	if err := checkNarrative(narrative); err != nil {
		return err
	}
	return checkDocuments(docs)
}

// Narrative returns the words of a detached body, by BCP 47 language; nil when it has none.
func Narrative(d Detached) map[string]string {
	switch b := d.(type) {
	case *AmendBody:
		return b.Narrative
	case *RequestBody:
		return b.Narrative
	case *DecisionBody:
		return b.Narrative
	case *AttestationBody:
		return b.Narrative
	case *CorrectBody:
		return b.Narrative
	case *WithdrawBody:
		return b.Narrative
	case *ChallengeBody:
		return b.Narrative
	case *ReplyBody:
		return b.Narrative
	}
	return nil
}
