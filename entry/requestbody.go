package entry

import "slices"

// A RequestBody says what was asked, by whom and how (protocol section 5).
type RequestBody struct {
	sealable      `json:"-"`
	Agency        string            `json:"agency,omitzero"`
	Assist        []string          `json:"assist"`
	Author        string            `json:"author"`
	Authority     string            `json:"authority,omitzero"`
	Compulsion    string            `json:"compulsion,omitzero"`
	Corroboration string            `json:"corroboration,omitzero"`
	Country       string            `json:"country"`
	Documents     []Document        `json:"documents,omitzero"`
	Gag           string            `json:"gag,omitzero"`
	GagReview     string            `json:"gagReview,omitzero"` // YYYY-MM-DD
	Instrument    string            `json:"instrument,omitzero"`
	Kind          Kind              `json:"kind"`
	Log           string            `json:"log"`
	Narrative     map[string]string `json:"narrative,omitzero"` // BCP 47 language → text
	Other         map[string]string `json:"other,omitzero"`     // member → what its code `other` stands for
	Products      []string          `json:"products,omitzero"`
	Received      string            `json:"received"` // date, month or interval; see ParseSpan
	Salt          string            `json:"salt"`
	Statute       string            `json:"statute,omitzero"`
	Targets       []string          `json:"targets,omitzero"`
}

func (b *RequestBody) check(s *Statement) error {
	if !b.isSealed("received") {
		start, end, err := ParseSpan(b.Received)
		if err != nil {
			return err
		}
		if p := s.Body.(*Request).Period(); !p.IsZero() && (start < p.Start() || end > p.End()) {
			return refuse(CodeReceivedDiffers, "received is not within %s", p)
		}
	}
	if b.Country != Withheld && !IsCountry(b.Country) && !b.isSealed("country") {
		return refuse(CodeCodeMalformed, "country is not two upper-case letters or withheld")
	}
	if b.Assist == nil && !b.isSealed("assist") {
		return refuse(CodeMemberMissing, "assist is missing")
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"assist", b.Assist}, {"products", b.Products}, {"targets", b.Targets}} {
		if err := checkCodes(l.name, l.list); err != nil {
			return err
		}
	}
	for _, c := range []struct{ name, code string }{{"authority", b.Authority}, {"compulsion", b.Compulsion}, {"corroboration", b.Corroboration}, {"gag", b.Gag}, {"instrument", b.Instrument}} {
		if err := optionalCode(c.name, c.code); err != nil {
			return err
		}
	}
	if b.GagReview != "" {
		if _, err := ParseDate(b.GagReview); err != nil {
			return err
		}
	}
	if err := optionalText("agency", b.Agency, 200); err != nil {
		return err
	}
	if err := optionalText("statute", b.Statute, 500); err != nil {
		return err
	}
	if err := b.checkOther(); err != nil {
		return err
	}
	return checkWords(b.Narrative, b.Documents)
}

// checkOther wants a text for each member whose code is `other`, and no more. A
// seal may hide either side.
func (b *RequestBody) checkOther() error {
	if b.Other != nil && len(b.Other) == 0 {
		return refuse(CodeMemberMalformed, "other is empty: leave it out")
	}
	known := 0
	for _, l := range b.lists() {
		name := l.name
		text, has := b.Other[name]
		if uses := l.has("other"); uses && !has && !b.isSealed("other") {
			return refuse(CodeMemberMissing, "%s is other: other/%s has to say what", name, name)
		} else if has && !uses && !b.isSealed(name) {
			return refuse(CodeMemberMalformed, "other/%s stands without the code other", name)
		}
		if has {
			known++
			if err := checkText("other/"+name, text, 500, false); err != nil {
				return err
			}
		}
	}
	if known < len(b.Other) {
		return refuse(CodeMemberUnknown, "a member of other is not a list")
	}
	return nil
}

// A codeList is the codes of one member, which is also the name of the vocabulary
// list that they come from.
type codeList struct {
	name  string
	code  string   // of a member that has one code; "" when it is absent
	codes []string // of a member that has a list
}

func (l codeList) has(code string) bool { return l.code == code || slices.Contains(l.codes, code) }

// lists returns every code of b.
func (b *RequestBody) lists() [8]codeList {
	return [8]codeList{
		{"assist", "", b.Assist}, {"authority", b.Authority, nil}, {"compulsion", b.Compulsion, nil}, {"corroboration", b.Corroboration, nil},
		{"gag", b.Gag, nil}, {"instrument", b.Instrument, nil}, {"products", "", b.Products}, {"targets", "", b.Targets},
	}
}
