package log

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	// MaxPolicySize is the largest policy file in bytes.
	MaxPolicySize = 1 << 20
	// MaxPolicyLines is how many logs a policy may have, how many witnesses,
	// and how many groups.
	MaxPolicyLines = 128
	// QuorumNone is the quorum that needs no witness.
	QuorumNone = "none"
)

// LogKey is a log line of a policy: a key whose name is the origin of the log
// that it signs for. A log may have several, during a change of keys or with
// several algorithms.
type LogKey struct {
	Key Key    // of type TypeEd25519 or TypeMLDSA44
	URL string // where the log is read, http or https; may be empty
}

// Witness is a witness line of a policy.
type Witness struct {
	Name string // within the policy; need not be the key's
	Key  Key    // of type TypeCosignature or TypeMLDSA44
	URL  string // the witness's submission prefix, http or https; may be empty
}

// Group is a group line of a policy: it has witnessed a checkpoint when at
// least K of its members have.
type Group struct {
	Name    string
	K       int // 1 to the number of members
	Members []string
}

// Policy says which logs and witnesses are trusted, and how many of them are
// enough (c2sp.org/tlog-policy). One from [ParsePolicy] or [Policy.Checked] must not
// be changed. One made by hand is checked by each call that uses it.
type Policy struct {
	Logs      []LogKey
	Witnesses []Witness
	Groups    []Group // each after those that it names
	Quorum    string  // a witness, a group, or QuorumNone

	rules *rules // of one that is checked
}

// ParsePolicy parses a policy file of at most [MaxPolicySize] bytes, with up
// to [MaxPolicyLines] each of logs, witnesses and groups.
//
// It keeps to c2sp.org/tlog-policy to the letter, since each leniency is a way
// round the quorum: a public key stands once in the file, whatever its names,
// IDs and types; a name is defined once, before
// it is used, and is a member at most once of all groups together; k is 1 to
// the number of members; there is exactly one quorum line; only ASCII spaces
// and tabs separate; every line, the last too, ends with a line feed.
// It refuses a little more than the specification does: a log's key that is
// also a witness's; two keys with one name and ID, which a signature line
// can't tell apart; a log with a witness's type of key, 0x04; names that begin
// with "#", which would look like a trailing comment; k with a leading zero;
// and URLs other than http and https. Errors match [ErrMalformed] and name the
// line.
func ParsePolicy(b []byte) (*Policy, error) {
	p, err := parsePolicy(b)
	if err != nil {
		return nil, fmt.Errorf("parse policy: %w: %w", ErrMalformed, err)
	}
	return p, nil
}

func parsePolicy(b []byte) (*Policy, error) {
	if len(b) > MaxPolicySize {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), MaxPolicySize)
	}
	p, r := new(Policy), newRules()
	line := 0
	for len(b) > 0 {
		line++
		// Without its line feed the last line may have lost its end, and with
		// it a part of a name.
		text, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("line %d: no line feed at its end", line)
		}
		if err := p.parseLine(r, text); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		b = rest
	}
	if p.Quorum == "" {
		return nil, errors.New("no quorum line")
	}
	p.rules, r.of = r, p
	return p, nil
}

func (p *Policy) parseLine(r *rules, text []byte) error {
	for _, c := range text {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return fmt.Errorf("control character 0x%02x", c)
		}
	}
	// Octets above 0x7f are opaque: no Unicode space separates.
	items := strings.FieldsFunc(string(text), func(c rune) bool { return c == ' ' || c == '\t' })
	if len(items) == 0 || strings.HasPrefix(items[0], "#") {
		return nil
	}
	keyword, args := items[0], items[1:]
	switch keyword {
	case "log":
		if len(args) < 1 || len(args) > 2 {
			return errors.New("want: log <vkey> [<url>]")
		}
		key, err := ParseKey(args[0])
		if err != nil {
			return err
		}
		l := LogKey{Key: key}
		if len(args) == 2 {
			l.URL = args[1]
		}
		p.Logs = append(p.Logs, l)
		return r.addLog(l)
	case "witness":
		if len(args) < 2 || len(args) > 3 {
			return errors.New("want: witness <name> <vkey> [<url>]")
		}
		key, err := ParseKey(args[1])
		if err != nil {
			return err
		}
		w := Witness{Name: args[0], Key: key}
		if len(args) == 3 {
			w.URL = args[2]
		}
		p.Witnesses = append(p.Witnesses, w)
		return r.addWitness(w)
	case "group":
		if len(args) < 3 {
			return errors.New("want: group <name> all|any|<k> <member>...")
		}
		g := Group{Name: args[0], Members: args[2:]}
		switch args[1] {
		case "all":
			g.K = len(g.Members)
		case "any":
			g.K = 1
		default:
			k, err := strconv.Atoi(args[1])
			if err != nil || strconv.Itoa(k) != args[1] {
				return fmt.Errorf("%.40q is not all, any or a decimal number", args[1])
			}
			g.K = k
		}
		p.Groups = append(p.Groups, g)
		return r.addGroup(g)
	case "quorum":
		if len(args) != 1 {
			return errors.New("want: quorum <name>|none")
		}
		p.Quorum = args[0]
		return r.setQuorum(args[0])
	}
	return fmt.Errorf("%.40q is not log, witness, group or quorum", keyword)
}

// Validate checks a policy that was made by hand for all that [ParsePolicy]
// refuses. Errors match [ErrMalformed].
func (p *Policy) Validate() error {
	_, err := p.compile()
	return err
}

// Checked returns the policy as it is after [Policy.Validate], for who opens many
// checkpoints by it: it is not checked again with each. One that is checked already is
// returned itself.
func (p *Policy) Checked() (*Policy, error) {
	if p.rules != nil && p.rules.of == p {
		return p, nil
	}
	r, err := p.compile()
	if err != nil {
		return nil, err
	}
	c := &Policy{Logs: slices.Clone(p.Logs), Witnesses: slices.Clone(p.Witnesses), Groups: slices.Clone(p.Groups), Quorum: p.Quorum, rules: r}
	r.of = c
	return c, nil
}

// ready returns the rules of a policy, and checks one that was made by hand, or is a
// copy of another that may have been changed.
func (p *Policy) ready() (*rules, error) {
	if p.rules != nil && p.rules.of == p {
		return p.rules, nil
	}
	return p.compile()
}

func (p *Policy) compile() (*rules, error) {
	r := newRules()
	if err := p.check(r); err != nil {
		return nil, fmt.Errorf("check policy: %w: %w", ErrMalformed, err)
	}
	return r, nil
}

func (p *Policy) check(r *rules) error {
	for _, l := range p.Logs {
		if err := checkKey(l.Key); err != nil {
			return err
		}
		if err := r.addLog(l); err != nil {
			return err
		}
	}
	for _, w := range p.Witnesses {
		if err := checkKey(w.Key); err != nil {
			return err
		}
		if err := r.addWitness(w); err != nil {
			return err
		}
	}
	for _, g := range p.Groups {
		if err := r.addGroup(g); err != nil {
			return err
		}
	}
	return r.setQuorum(p.Quorum)
}

// checkKey checks a key that may not come from ParseKey.
func checkKey(k Key) error {
	same, err := newKey(k.Name, k.Type, k.Public)
	if err != nil {
		return err
	}
	if same.ID != k.ID {
		return fmt.Errorf("key of %s has ID %08x, want %08x", k.Name, k.ID, same.ID)
	}
	return nil
}

// SatisfiedBy reports whether the quorum is reached when the witnesses for which
// has returns true have cosigned, and no others. It is given each one's place in
// Witnesses. With the quorum "none" nobody is needed.
func (p *Policy) SatisfiedBy(has func(witness int) bool) bool {
	r, err := p.ready()
	if err != nil {
		return false
	}
	if r.quorum == QuorumNone {
		return true
	}
	times := make(map[int]uint64)
	for i := range p.Witnesses {
		if has(i) {
			times[i] = 1
		}
	}
	_, ok := r.quorumTime(times)
	return ok
}

// SplitQuorum reports whether two sets of witnesses that have none in common can each
// satisfy the quorum. Then two honest quorums need not know of each other, and each may
// cosign another history of one log: nothing but luck has a witness see both. Where it is
// false, each two quorums share a witness, who cosigns one history only. It is true of
// QuorumNone, and of no policy that is not valid.
func (p *Policy) SplitQuorum() bool {
	r, err := p.ready()
	if err != nil {
		return false
	}
	return r.quorum == QuorumNone || r.nodes[r.quorum].splits()
}

// Marshal returns the policy as a file without comments: logs, witnesses,
// groups, quorum, each in their order, with single spaces. Parsing it gives an
// equal policy, and marshalling that gives the same bytes.
func (p *Policy) Marshal() []byte {
	var b bytes.Buffer
	line := func(items ...string) {
		for i, s := range items {
			if i > 0 && s != "" {
				b.WriteByte(' ')
			}
			b.WriteString(s)
		}
		b.WriteByte('\n')
	}
	for _, l := range p.Logs {
		line("log", l.Key.String(), l.URL)
	}
	for _, w := range p.Witnesses {
		line("witness", w.Name, w.Key.String(), w.URL)
	}
	for _, g := range p.Groups {
		k := strconv.Itoa(g.K)
		switch g.K {
		case len(g.Members):
			k = "all"
		case 1:
			k = "any"
		}
		line(append([]string{"group", g.Name, k}, g.Members...)...)
	}
	line("quorum", p.Quorum)
	return b.Bytes()
}

// checkPolicyName says whether a witness or a group may have this name.
func checkPolicyName(name string) error {
	switch {
	case name == "":
		return errors.New("name is empty")
	case name == QuorumNone:
		return errors.New(`name "none" is taken`)
	case strings.HasPrefix(name, "#"):
		return fmt.Errorf("name %q looks like a comment", name)
	}
	return checkItem(name)
}

// checkItem says whether a policy line can hold s as one item.
func checkItem(s string) error {
	for i := 0; i < len(s); i++ {
		if s[i] <= 0x20 || s[i] == 0x7f {
			return fmt.Errorf("%q has a space or a control character", s)
		}
	}
	return nil
}

func checkPolicyURL(s string) error {
	if s == "" {
		return nil
	}
	if err := checkItem(s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("%.80q is not an http or https address", s)
	}
	return nil
}
