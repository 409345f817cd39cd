package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// What a statement keeps back: its whole detached body, until it is opened, or
// members of it, each under a seal (protocol section 3). What is kept back stands
// in two places only: in the YAML that a person wrote, and in the draft or in the
// file of disclosures beside it. Errors about such a YAML quote nothing of it.

// withholdYAML commits to the detached body and does not publish it.
type withholdYAML struct {
	Review string `yaml:"review,needed"`
}

// sealYAML seals one member of the detached body.
type sealYAML struct {
	Reason string `yaml:"reason,needed" codes:"sealReason"`
	Review string `yaml:"review,needed"`
	Law    string `yaml:"law" codes:"instrument"`
}

// sealsYAML are the seals by member.
type sealsYAML struct {
	list []entry.Seal // sorted by member
}

func (s *sealsYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	pairs, ok := mapping(n)
	if !ok {
		return d.refuse(path, n, "write seal: {country: {reason: secrecy-order, review: 2027-01-31}}", "it has to be members, each with its reason and review")
	}
	for _, p := range pairs {
		member, err := d.key(path, p)
		if err != nil {
			return err
		}
		var one sealYAML
		missing, err := d.decodeMembers(join(path, member), p.Value, reflect.ValueOf(&one).Elem())
		if err != nil {
			return err
		}
		d.missing = append(d.missing, missing...)
		s.list = append(s.list, entry.Seal{Member: member, Law: one.Law, Reason: one.Reason, Review: one.Review})
	}
	slices.SortFunc(s.list, func(a, b entry.Seal) int { return cmp.Compare(a.Member, b.Member) })
	return nil
}

// A backkeeper is a source that may keep something back.
type backkeeper interface {
	keepsBack() (*withholdYAML, sealsYAML)
}

// keepBack takes in what a source keeps back.
func (d *drafting) keepBack(src source) error {
	b, ok := src.(backkeeper)
	if !ok {
		return nil
	}
	withhold, seals := b.keepsBack()
	d.seals = seals.list
	if withhold == nil {
		return nil
	}
	if err := d.checkReview(withhold.Review); err != nil {
		return fmt.Errorf("withhold.review: %w", err)
	}
	d.st.Review = withhold.Review
	return nil
}

// checkReview wants a day on which a withheld text is looked at again: after this
// one, and not later than the accord allows.
func (d *drafting) checkReview(review string) error {
	day, err := entry.ParseDate(review)
	if err != nil {
		return err
	}
	const length = 86400
	today := d.st.Made - d.st.Made%length
	last := today + int64(d.terms.ReviewDays)*length
	if day <= today || day > last {
		return commandline.Refused(fmt.Errorf("%s is not after today and within %d days", review, d.terms.ReviewDays), fmt.Sprintf("choose a day until %s; pledge open can set another one later", entry.FormatTime(last)[:10]))
	}
	return nil
}

// seal puts the seals into a detached body and keeps what opens them.
func (d *drafting) seal(body []byte) ([]byte, error) {
	if d.seals == nil {
		return body, nil
	}
	sealed, opened, err := entry.SealMembers(rand.Reader, body, d.seals)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	d.disclosures = opened
	return sealed, nil
}

// keepsAnything reports whether a YAML text says that something in it is kept back,
// however wrong the rest of it is.
func keepsAnything(text []byte) bool { return keepingMember.Match(text) }

var keepingMember = regexp.MustCompile(`(withhold|seal)["']?\s*:`)

var quotation = regexp.MustCompile(`"(\\.|[^"\\])*"`)

// discreet takes whatever is quoted out of an error about a text that is kept
// back: a terminal, a script and a bug report are no places for it.
func discreet(err error) error {
	var lacks *missing
	if err == nil || errors.As(err, &lacks) {
		return err
	}
	if b := (*blocked)(nil); errors.As(err, &b) && !quotation.MatchString(err.Error()) {
		return err // it names nothing
	}
	text, allowed := unquoted(err.Error())
	var f *commandline.Failure
	if errors.As(err, &f) {
		hint := f.Hint
		if strings.HasPrefix(hint, "did you mean") {
			hint = "see the template: pledge new KIND"
		}
		return &commandline.Failure{Code: f.Code, Err: errors.New(text), Hint: cmp.Or(allowed, quotation.ReplaceAllString(hint, "it"))}
	}
	return commandline.Refused(errors.New(text), entry.Hint(entry.CodeOf(err)))
}

var (
	noCode    = regexp.MustCompile(`there is no code "(?:\\.|[^"\\])*" in the list ([a-zA-Z]+)`)
	noCountry = regexp.MustCompile(`there is no country code "(?:\\.|[^"\\])*"`)
	noMember  = regexp.MustCompile(`there is no member "(?:\\.|[^"\\])*"`)
)

// unquoted takes what is quoted out of an error. It keeps which member it is about, and says what may
// stand there instead, where that is a list.
func unquoted(text string) (without, allowed string) {
	if m := noCode.FindStringSubmatch(text); m != nil {
		var all []string
		for _, t := range entry.Terms().Lists[m[1]] {
			all = append(all, t.Code)
		}
		text, allowed = noCode.ReplaceAllString(text, "it is no code of the list $1"), "the codes are "+strings.Join(all, ", ")
	}
	if noCountry.MatchString(text) {
		text, allowed = noCountry.ReplaceAllString(text, "it is no country code"), whichCountries
	}
	text = noMember.ReplaceAllString(text, "it has a member of no name that is known here")
	return quotation.ReplaceAllString(text, "what stands there"), allowed
}
