package entry

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Charter is leaf 0: the accord's terms, and the keys of who may change them
// (protocol section 4).
type Charter struct {
	Accord       string     `json:"accord"`
	Attestation  PeriodKind `json:"attestation"` // quarter or half-year
	Clauses      []Clause   `json:"clauses"`
	DecisionDays uint64     `json:"decisionDays"` // after which a pending request is outstanding
	FileDays     uint64     `json:"fileDays"`     // after the end of `received`, to log a request
	GraceDays    uint64     `json:"graceDays"`    // after a period's end, to attest
	LogKeys      []string   `json:"logKeys"`      // vkeys of the checkpoint signers
	Operator     KeySet     `json:"operator"`
	Recovery     KeySet     `json:"recovery"` // may only replace secretariat keys
	ReplyDays    uint64     `json:"replyDays"`
	ReviewDays   uint64     `json:"reviewDays"` // the longest review of a withheld body
	Secretariat  KeySet     `json:"secretariat"`
	Slots        string     `json:"slots"` // slot period: none, day, week or month
}

// A Clause is one promise of the accord. Its full text stands in the charter's
// detached body.
type Clause struct {
	ID   string `json:"id"`
	Text string `json:"text"` // digest of the text's UTF-8
}

// maxDays bounds the charter's numbers of days: ten years.
const maxDays = 3653

func (c *Charter) check(s *Statement) error {
	if s.Author != AuthorSecretariat {
		return refuse(CodeMemberMalformed, "a charter's author is %s", AuthorSecretariat)
	}
	if s.BodyDigest == "" {
		return refuse(CodeMemberMissing, "a charter names its detached body by bodyDigest, which has the clauses' texts")
	}
	if err := checkText("accord", c.Accord, 200, false); err != nil {
		return err
	}
	if c.Attestation != Quarter && c.Attestation != HalfYear {
		return refuse(CodePeriodMalformed, "attestation is not quarter or half-year")
	}
	if err := checkClauses(c.Clauses); err != nil {
		return err
	}
	for _, d := range []namedDays{{"decisionDays", c.DecisionDays}, {"fileDays", c.FileDays}, {"graceDays", c.GraceDays}, {"replyDays", c.ReplyDays}, {"reviewDays", c.ReviewDays}} {
		if d.n < 1 || d.n > maxDays {
			return refuse(CodeMemberMalformed, "%s is not from 1 to %d", d.name, maxDays)
		}
	}
	if err := checkLogKeys(c.LogKeys, s.Log); err != nil {
		return err
	}
	if err := checkDistinctSets([]KeySet{c.Secretariat, c.Recovery, c.Operator}); err != nil {
		return err
	}
	return checkSlotPeriod(c.Slots)
}

// The modes and roles of an admission.
const (
	AdmitNew       = "new"
	AdmitRekey     = "rekey"   // keys of last resort, with delay
	AdmitReadmit   = "readmit" // after removal or withdrawal
	RoleSignatory  = "signatory"
	RoleChallenger = "challenger"
)

// An Admit makes an author (protocol section 4).
type Admit struct {
	CarveOuts []string `json:"carveOuts,omitzero"` // codes of laws
	Country   string   `json:"country"`
	Entities  []string `json:"entities,omitzero"` // legal names covered beside Name
	ID        string   `json:"id"`
	Keys      []Key    `json:"keys"`
	LEI       string   `json:"lei,omitzero"`
	Mode      string   `json:"mode"`
	Name      string   `json:"name"`
	Role      string   `json:"role"`
	Threshold uint64   `json:"threshold"`
	Website   string   `json:"website"`
}

func (a *Admit) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if err := CheckAuthor(a.ID); err != nil {
		return err
	}
	if a.ID == AuthorSecretariat || a.ID == AuthorOperator {
		return refuse(CodeAuthorMalformed, "%s is reserved", a.ID)
	}
	if a.Mode != AdmitNew && a.Mode != AdmitRekey && a.Mode != AdmitReadmit {
		return refuse(CodeMemberMalformed, "mode is not new, rekey or readmit")
	}
	if a.Role != RoleSignatory && a.Role != RoleChallenger {
		return refuse(CodeMemberMalformed, "role is not signatory or challenger")
	}
	if err := checkText("name", a.Name, 200, false); err != nil {
		return err
	}
	if !IsCountry(a.Country) {
		return refuse(CodeCodeMalformed, "country is not two upper-case letters")
	}
	if err := checkURL("website", a.Website); err != nil {
		return err
	}
	if a.LEI != "" {
		if err := checkLEI(a.LEI); err != nil {
			return err
		}
	}
	if a.Entities != nil && len(a.Entities) == 0 {
		return refuse(CodeMemberMalformed, "entities is an empty list: leave it out")
	}
	for _, e := range a.Entities {
		if err := checkText("an entity", e, 200, false); err != nil {
			return err
		}
	}
	if err := checkCodes("carveOuts", a.CarveOuts); err != nil {
		return err
	}
	_, err := a.KeySet().Parse()
	return err
}

// KeySet returns the admitted keys and their threshold.
func (a *Admit) KeySet() KeySet { return KeySet{Keys: a.Keys, Threshold: a.Threshold} }

// A Pledge takes on clauses of the charter.
type Pledge struct {
	Charter ID       `json:"charter"` // entry id of the charter it refers to
	Clauses []string `json:"clauses"`
}

func (p *Pledge) check(s *Statement) error {
	if err := noDetached(s); err != nil {
		return err
	}
	if p.Charter.IsZero() {
		return refuse(CodeMemberMissing, "charter is missing")
	}
	if p.Clauses == nil {
		return refuse(CodeMemberMissing, "clauses is missing")
	}
	return checkCodes("clauses", p.Clauses)
}

// Withheld stands in place of a value that its author does not give.
const Withheld = "withheld"

// A Request records that a government asked. All but the period stands in the
// detached body, RequestBody.
type Request struct {
	Disclosure string `json:"disclosure,omitzero"` // of a place of Slot, which names this statement's bodyDigest
	Received   string `json:"received"`            // a period such as 2026-Q3, or withheld
	Slot       ID     `json:"slot,omitzero"`       // entry id of the slot that it was in
}

func (r *Request) check(s *Statement) error {
	if s.BodyDigest == "" {
		return refuse(CodeMemberMissing, "a request names its detached body by bodyDigest")
	}
	if (r.Disclosure == "") != r.Slot.IsZero() {
		return refuse(CodeMemberMissing, "slot and disclosure stand together")
	}
	if r.Disclosure != "" {
		d, err := ParseDisclosure(r.Disclosure)
		if err != nil {
			return err
		}
		if d.BodyDigest() != s.BodyDigest {
			return refuse(CodeDisclosureDiffers, "the disclosure does not name this statement's bodyDigest")
		}
	}
	if r.Received == Withheld {
		return nil
	}
	_, err := ParsePeriod(r.Received)
	return err
}

// Period returns the period in which the request was received; zero when
// withheld.
func (r *Request) Period() Period {
	p, err := ParsePeriod(r.Received)
	if err != nil {
		return Period{}
	}
	return p
}

// OutcomePending is the outcome of a request that no decision names.
const OutcomePending = "pending"

// A Decision says what was answered to a request. When its detached body is
// withheld, everything but Request may stand there instead.
type Decision struct {
	Date    string   `json:"date,omitzero"` // YYYY-MM-DD
	Grounds []string `json:"grounds,omitzero"`
	Outcome string   `json:"outcome,omitzero"`
	Request ID       `json:"request"`
	Scope   string   `json:"scope,omitzero"` // in, out, disputed: does it fall under the pledge
}

func (d *Decision) check(s *Statement) error {
	if d.Request.IsZero() {
		return refuse(CodeMemberMissing, "request is missing")
	}
	if d.Outcome == "" && d.Date == "" && s.IsWithheld() {
		if d.Grounds != nil || d.Scope != "" {
			return refuse(CodeMemberMalformed, "grounds and scope stand without outcome and date")
		}
		return nil
	}
	if d.Outcome == "" || d.Date == "" {
		return refuse(CodeMemberMissing, "outcome or date is missing")
	}
	if err := checkCode("outcome", d.Outcome); err != nil {
		return err
	}
	if _, err := ParseDate(d.Date); err != nil {
		return err
	}
	if err := checkCodes("grounds", d.Grounds); err != nil {
		return err
	}
	if d.Scope == "" {
		return nil
	}
	return checkCode("scope", d.Scope)
}

// What an attestation's Received covers.
const (
	CoversAll         = "all"
	CoversDisclosable = "disclosable"
)

// An Attestation is a signatory's account of one period (protocol section 6).
type Attestation struct {
	Clauses    []string `json:"clauses,omitzero"` // affirmed
	Covers     string   `json:"covers"`
	LateReason string   `json:"lateReason,omitzero"`
	Logged     Counts   `json:"logged"`
	Period     Period   `json:"period"`
	Received   Claims   `json:"received"`
}

// Counts are exact numbers of requests, by outcome.
type Counts struct {
	Outcomes map[string]uint64 `json:"outcomes,omitzero"` // only those over 0
	Total    uint64            `json:"total"`
}

// Equal reports whether c and o say the same.
func (c Counts) Equal(o Counts) bool {
	if c.Total != o.Total || len(c.Outcomes) != len(o.Outcomes) {
		return false
	}
	for k, n := range c.Outcomes {
		if o.Outcomes[k] != n {
			return false
		}
	}
	return true
}

// Claims are what a signatory says of all requests that it received.
type Claims struct {
	Outcomes map[string]Claim `json:"outcomes,omitzero"`
	Total    Claim            `json:"total"`
}

// A Claim is an exact number, a band, or "cannot-say".
type Claim struct {
	CannotSay bool
	Min, Max  uint64 // equal when exact
	band      bool
}

// Exactly claims n.
func Exactly(n uint64) Claim { return Claim{Min: n, Max: n} }

// Between claims a band from min to max, as some laws want.
func Between(min, max uint64) Claim { return Claim{Min: min, Max: max, band: true} }

// CannotSay claims nothing.
func CannotSay() Claim { return Claim{CannotSay: true} }

// IsBand reports whether c was given as a band.
func (c Claim) IsBand() bool { return c.band }

const cannotSay = "cannot-say"

type band struct {
	Max uint64 `json:"max"`
	Min uint64 `json:"min"`
}

// MarshalJSONTo writes a number, {"max":…,"min":…} or "cannot-say".
func (c Claim) MarshalJSONTo(enc *jsontext.Encoder) error {
	switch {
	case c.CannotSay:
		return enc.WriteToken(jsontext.String(cannotSay))
	case c.band:
		return json.MarshalEncode(enc, band{Max: c.Max, Min: c.Min})
	}
	return enc.WriteToken(jsontext.Uint(c.Min))
}

// UnmarshalJSONFrom reads what MarshalJSONTo writes.
func (c *Claim) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*c = Claim{}
	switch dec.PeekKind() {
	case '0':
		var n uint64
		if err := json.UnmarshalDecode(dec, &n); err != nil {
			return err
		}
		*c = Exactly(n)
		return nil
	case '"':
		var s string
		if err := json.UnmarshalDecode(dec, &s); err != nil {
			return err
		}
		if s != cannotSay {
			return refuse(CodeMemberMalformed, "a count is a number, a band or cannot-say")
		}
		*c = CannotSay()
		return nil
	case '{':
		var b struct {
			Max *uint64 `json:"max"`
			Min *uint64 `json:"min"`
		}
		if err := json.UnmarshalDecode(dec, &b, json.RejectUnknownMembers(true)); err != nil {
			return err
		}
		if b.Max == nil || b.Min == nil || *b.Min >= *b.Max {
			return refuse(CodeMemberMalformed, "a band has a min below its max")
		}
		*c = Between(*b.Min, *b.Max)
		return nil
	}
	return refuse(CodeMemberMalformed, "a count is a number, a band or cannot-say")
}

func (a *Attestation) check(s *Statement) error {
	if a.Period.IsZero() {
		return refuse(CodeMemberMissing, "period is missing")
	}
	if a.Covers != CoversAll && a.Covers != CoversDisclosable {
		return refuse(CodeMemberMalformed, "covers is not all or disclosable")
	}
	if err := checkCodes("clauses", a.Clauses); err != nil {
		return err
	}
	if a.LateReason != "" {
		if err := checkCode("lateReason", a.LateReason); err != nil {
			return err
		}
	}
	if a.Logged.Outcomes != nil && len(a.Logged.Outcomes) == 0 || a.Received.Outcomes != nil && len(a.Received.Outcomes) == 0 {
		return refuse(CodeMemberMalformed, "outcomes is empty: leave it out")
	}
	sum := uint64(0)
	for code, n := range a.Logged.Outcomes {
		if err := checkCode("an outcome", code); err != nil {
			return err
		}
		if n == 0 {
			return refuse(CodeMemberMalformed, "logged counts an outcome as 0: leave it out")
		}
		sum += n
	}
	if sum != a.Logged.Total {
		return refuse(CodeSumDiffers, "logged has %d in all and %d by outcome", a.Logged.Total, sum)
	}
	for code := range a.Received.Outcomes {
		if err := checkCode("an outcome", code); err != nil {
			return err
		}
	}
	return nil
}

func noDetached(s *Statement) error {
	if s.BodyDigest != "" {
		return refuse(CodeBodyNotWanted, "a %s has no detached body", s.Kind)
	}
	return nil
}

// String writes c for a reader: 3, 0 to 249, or "cannot say".
func (c Claim) String() string {
	switch {
	case c.CannotSay:
		return "cannot say"
	case c.band:
		return strconv.FormatUint(c.Min, 10) + " to " + strconv.FormatUint(c.Max, 10)
	}
	return strconv.FormatUint(c.Min, 10)
}
