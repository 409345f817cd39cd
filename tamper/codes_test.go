package tamper_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// unconditional are the codes that no check gives: what is said of every accepted
// statement of its kind.
var unconditional = map[entry.Code]string{
	pledge.FindCorrected: "every correction that is accepted is told; that it is accepted rightly is for the checks of corrections",
	pledge.FindErased:    "every erasure that is accepted is told; that it is accepted rightly is for the checks of erasures",
}

// TestEveryCode: no finding of either catalogue is without a check that gives it, and
// without a case that must bring it, with the party that the catalogue names.
func TestEveryCode(t *testing.T) {
	all := cases()
	for _, m := range slices.Concat(pledge.Catalogue, verifier.Catalogue) {
		code, party := string(m.Code), string(m.Concerns)
		if m.Concerns == pledge.RoleAuthor {
			party = "AUTHOR"
		}
		if !slices.ContainsFunc(checks, func(c check) bool { return slices.Contains(c.codes, code) || gives(all, c, code) }) && unconditional[m.Code] == "" {
			t.Errorf("%s: no check that is switched off in turn gives it", code)
		}
		demanded := func(k kase) bool {
			return slices.ContainsFunc(k.want, func(w string) bool {
				before, who, _ := strings.Cut(w, "/")
				before, _, _ = strings.Cut(before, ":")
				return before == code && who == party
			})
		}
		if !slices.ContainsFunc(all, demanded) {
			t.Errorf("%s: no case demands it, of the %s", code, m.Concerns)
		}
	}
	for code := range unconditional {
		if _, known := pledge.MeaningOf(code); !known {
			t.Errorf("%s is no finding", code)
		}
	}
}

// elsewhereOnly are the reasons that no audit meets.
var elsewhereOnly = map[entry.Code]string{
	entry.CodeBodyMissing:        "a server asks for the text; where a log lacks it, that is a finding of its own: body-missing",
	entry.CodeBodyDigest:         "a server compares; where a log has another text, that is a finding of its own: body-mismatch",
	entry.CodeBodyTooLarge:       "a server refuses it; an audit reads no text of that size",
	entry.CodeVocabulary:         "a server refuses it; in a log it is a finding of its own: code-unknown",
	entry.CodeSignatureNotStrict: "a server refuses it; in a log it is in order",
	entry.CodeDisclosureMismatch: "a server compares; where a log has another text, that is a finding of its own: disclosure-mismatch",
	pledge.CodeAuthorsFull:       "it takes 65,536 authors: a test of its own in pledge has them",
}

// TestEveryReason: no reason for which a leaf, a statement or a text is refused is
// without a check that gives it, and without a case that must bring it.
func TestEveryReason(t *testing.T) {
	all := cases()
	n := 0
	for name, code := range constants(readSources(t)) {
		if !strings.HasPrefix(name, "Code") {
			continue
		}
		n++
		hasCheck := slices.ContainsFunc(checks, func(c check) bool { return slices.Contains(c.codes, code) })
		hasCase := slices.ContainsFunc(all, func(k kase) bool {
			return k.reason == code || slices.ContainsFunc(k.want, func(w string) bool { return strings.Contains(w, ":"+code+"/") })
		}) ||
			slices.ContainsFunc(formTables, func(table formTable) bool {
				return slices.ContainsFunc(table.forms, func(f form) bool { return f.code == code && len(f.cases) > 0 })
			})
		if _, never := elsewhereOnly[entry.Code(code)]; never == (hasCheck && hasCase) {
			t.Errorf("%s: it has a check: %v, and a case: %v; it is listed as one that no audit meets: %v", code, hasCheck, hasCase, never)
		}
	}
	if n < 70 {
		t.Errorf("only %d reasons", n)
	}
}

// gives reports whether a code of a check is a reason for which a finding of that code
// is given.
func gives(all []kase, c check, code string) bool {
	return slices.ContainsFunc(all, func(k kase) bool {
		return slices.Contains(c.codes, k.reason) && slices.ContainsFunc(k.want, func(w string) bool { return strings.HasPrefix(w, code+":") })
	})
}
