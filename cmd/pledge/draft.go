package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/safe"
)

// A source is what a person writes in YAML for one kind of statement. Each kind
// has a file of its own, and a template with the same members.
type source interface {
	// author is who makes the statement, by the YAML; "" when it does not say.
	author() string
	// draft makes the statement's body, and the detached one if it has one.
	draft(d *drafting) error
}

// drafted are the kinds that `pledge new` drafts, in the order of the protocol.
var drafted = []entry.Kind{
	entry.KindCharter, entry.KindAmend, entry.KindAdmit, entry.KindStanding, entry.KindSucceed, entry.KindKeys,
	entry.KindPledge, entry.KindRequest, entry.KindDecision, entry.KindAttestation,
	entry.KindCorrect, entry.KindWithdraw, entry.KindChallenge, entry.KindReply,
}

// elsewhere says how a statement of a kind comes about that `pledge new` does not
// draft.
var elsewhere = map[entry.Kind]string{
	entry.KindSlot:      "pledge slot makes it, signs it and submits it, by timer",
	entry.KindOpen:      "pledge open FILE drafts it from the file of the statement that it opens",
	entry.KindErasure:   "the operator makes it: pledgelog erase",
	entry.KindDirectory: "the operator's server makes it by itself",
}

// newSource returns an empty source of a kind, nil for one that is not drafted.
func newSource(k entry.Kind) source {
	switch k {
	case entry.KindCharter:
		return new(charterYAML)
	case entry.KindAmend:
		return new(amendYAML)
	case entry.KindAdmit:
		return new(admitYAML)
	case entry.KindStanding:
		return new(standingYAML)
	case entry.KindSucceed:
		return new(succeedYAML)
	case entry.KindKeys:
		return new(keysYAML)
	case entry.KindPledge:
		return new(pledgeYAML)
	case entry.KindRequest:
		return new(requestYAML)
	case entry.KindDecision:
		return new(decisionYAML)
	case entry.KindAttestation:
		return new(attestationYAML)
	case entry.KindCorrect:
		return new(correctYAML)
	case entry.KindWithdraw:
		return new(withdrawYAML)
	case entry.KindChallenge:
		return new(challengeYAML)
	case entry.KindReply:
		return new(replyYAML)
	}
	return nil
}

// A drafting is a statement in the making, with what the log told about its
// author and its terms; those are nil for a charter.
type drafting struct {
	st       *entry.Statement // all but Body and BodyDigest is filled in
	detached entry.Detached   // set by the source, nil when there is none

	founds    string            // the origin of the log that a charter founds; "" for all others
	terms     pledge.Terms      // in force now
	clauses   entry.ID          // the document that has the clauses in force: the charter, or an amend
	signatory *client.Signatory // nil when it was not asked for
	notes     []string          // for who drafts, not for the log
	affirmAll bool              // of an attestation: its clauses are all that its author pledged

	body        []byte             // instead of detached: its exact bytes
	seals       []entry.Seal       // of members of the detached body
	disclosures []entry.Disclosure // what opens the seals, or what an open opens
	signers     *entry.Signers     // as the log tells, nil when it was not asked
	recipients  []*safe.Recipient  // of the safes that what is drafted comes out of
	plain       bool               // it comes out of plain text
	permission  string             // what permits to tell of a request, "" for none; never part of the statement
}

func (d *drafting) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// head returns the members that every detached body has.
func (d *drafting) head() (log, author string, kind entry.Kind, salt string, err error) {
	b := make([]byte, entry.MinSalt)
	if _, err := rand.Read(b); err != nil {
		return "", "", "", "", fmt.Errorf("make salt: %w", err)
	}
	return d.st.Log, d.st.Author, d.st.Kind, base64.RawURLEncoding.EncodeToString(b), nil
}

// finish encodes the statement, and reads it back as everybody else will.
func (d *drafting) finish() (*entry.Submission, error) {
	if err := refuseAhead(d.st, d.detached); err != nil {
		return nil, err
	}
	body, err := d.text()
	if err != nil {
		return nil, err
	}
	opens := d.st.Kind == entry.KindOpen
	if body != nil && !opens {
		d.st.BodyDigest = entry.Digest(body)
	}
	if d.st.IsWithheld() && d.st.BodyDigest == "" {
		return nil, commandline.Refused(errors.New("withhold: there is no text to be withheld"), "leave withhold out, or write narrative")
	}
	payload, err := d.st.Payload()
	if err != nil {
		return nil, err
	}
	draft := entry.Submission{Envelope: &entry.Envelope{Payload: payload}, Body: body, Signers: d.signers}
	if opens {
		draft.Disclosures = d.disclosures
	}
	sub, err := entry.ParseDraft(draft.Marshal())
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(sub.Body, body) {
		return nil, fmt.Errorf("encode draft: the body changed")
	}
	return sub, checkVocabulary(sub)
}

// text returns the exact bytes of the detached body, sealed members sealed; nil
// when there is none.
func (d *drafting) text() ([]byte, error) {
	if d.body != nil {
		return d.body, nil
	}
	if d.detached == nil {
		if d.seals != nil {
			return nil, commandline.Refused(errors.New("seal: there is no text in which something could be sealed"), "leave seal out: what stands in the log's tree is public")
		}
		return nil, nil
	}
	body, err := entry.Marshal(d.detached)
	if err != nil {
		return nil, fmt.Errorf("encode detached body: %w", err)
	}
	return d.seal(body)
}

// checkVocabulary refuses codes that the published vocabulary does not have: the
// server would.
func checkVocabulary(sub *entry.Submission) error {
	unknown := entry.UnknownCodes(sub.Statement, sub.Detached)
	if len(unknown) == 0 {
		return nil
	}
	list, code, _ := strings.Cut(unknown[0], "/")
	var words []string
	for _, t := range entry.Terms().Lists[list] {
		words = append(words, t.Code)
	}
	hint := didYouMean(code, words)
	if list == "country" {
		hint = countryHint(sub.Statement.Log, code)
	}
	return commandline.Refused(fmt.Errorf("not in the vocabulary: %s", strings.Join(unknown, ", ")), hint)
}

// checkCountry refuses what is no country code with what may have been meant.
func checkCountry(origin, code string) error {
	if code == entry.Withheld {
		return nil
	}
	if _, ok := entry.CountryName(origin, code); ok {
		return nil
	}
	return commandline.Refused(fmt.Errorf("country: there is no country code %q", code), countryHint(origin, code))
}

const whichCountries = "use ISO 3166-1 alpha-2, two upper-case letters, or EU, UN, XK"

func countryHint(origin, code string) string {
	const hint = whichCountries
	if up := strings.ToUpper(code); up != code {
		if name, ok := entry.CountryName(origin, up); ok {
			return fmt.Sprintf("did you mean %s (%s)?", up, name)
		}
	}
	codes := countryCodes(origin)
	if len(code) > 2 {
		if n := near(code, slices.Sorted(maps.Keys(codes))); len(n) > 0 {
			return fmt.Sprintf("did you mean %s (%s)? %s", codes[n[0]], n[0], hint)
		}
	}
	return hint
}

// countryCodes are the codes of all countries that a statement in a log can name, by name.
func countryCodes(origin string) map[string]string {
	codes := make(map[string]string)
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			cc := string(a) + string(b)
			if name, ok := entry.CountryName(origin, cc); ok {
				codes[name] = cc
			}
		}
	}
	return codes
}

// checkClauses refuses clauses that the accord does not have.
func checkClauses(clauses []entry.Clause, ids []string) error {
	var all []string
	for _, cl := range clauses {
		all = append(all, cl.ID)
	}
	for _, id := range ids {
		if !slices.Contains(all, id) {
			hint := didYouMean(id, all)
			if hint == "" {
				hint = "its clauses are " + strings.Join(all, ", ")
			}
			return commandline.Refused(fmt.Errorf("clauses: the charter has no clause %q", id), hint)
		}
	}
	return nil
}

// sorted returns a list as statements have it: in order, nil when empty.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

// keySetYAML is a group of keys and how many of them must sign.
type keySetYAML struct {
	Threshold uint64    `yaml:"threshold,needed"`
	Keys      []keyYAML `yaml:"keys,needed"`
}

// optional is nil for a set that was left out.
func (ks *keySetYAML) optional() *entry.KeySet {
	if ks == nil {
		return nil
	}
	set := ks.set()
	return &set
}

func (ks keySetYAML) set() entry.KeySet {
	return entry.KeySet{Keys: plainKeys(ks.Keys), Threshold: ks.Threshold}
}

func plainKeys(in []keyYAML) []entry.Key {
	var out []entry.Key
	for _, k := range in {
		out = append(out, k.Key)
	}
	return out
}
