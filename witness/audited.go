package witness

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// MaxAuditPolicy is the largest policy file with which a log is audited, in bytes: it
// stands in the log's file.
const MaxAuditPolicy = 256 << 10

// An AuditOf says how a log is audited. A log that has one is cosigned only after an
// audit, by whatever process.
type AuditOf struct {
	// Policy is the log's policy file (c2sp.org/tlog-policy). It names the log's keys.
	// Its quorum is not asked for: what is audited has no cosignatures yet.
	Policy string `json:"policy"`
	// Charter is the entry id of the charter, from somewhere other than the log.
	Charter string `json:"charter"`
	// Source is the log's address, or a directory that holds it.
	Source string `json:"source"`
}

// read parses it for a log of an origin, of which the witness knows these keys.
func (a *AuditOf) read(origin string, keys []log.Key) (*log.Policy, entry.ID, error) {
	if len(a.Policy) > MaxAuditPolicy {
		return nil, entry.ID{}, fmt.Errorf("the policy has %d bytes, at most %d", len(a.Policy), MaxAuditPolicy)
	}
	p, err := log.ParsePolicy([]byte(a.Policy))
	if err != nil {
		return nil, entry.ID{}, err
	}
	id, err := entry.ParseID(a.Charter)
	if err != nil {
		return nil, entry.ID{}, fmt.Errorf("charter: %w", err)
	}
	if a.Source == "" {
		return nil, entry.ID{}, errors.New("it has no address or directory to read the log from")
	}
	if !slices.ContainsFunc(p.Logs, func(k log.LogKey) bool {
		return k.Key.Name == origin && slices.ContainsFunc(keys, k.Key.Equal)
	}) {
		return nil, entry.ID{}, fmt.Errorf("the policy has no key for %q that this witness has for it", origin)
	}
	return p, id, nil
}

// AuditLacks returns the keys that may sign a log's next checkpoint and are not in the policy
// with which it is audited: what they alone sign can't be audited, and is not cosigned.
func (l *Log) AuditLacks() []log.Key {
	if l.Audit == nil {
		return nil
	}
	p, err := log.ParsePolicy([]byte(l.Audit.Policy))
	if err != nil {
		return l.Signing()
	}
	return slices.DeleteFunc(l.Signing(), func(k log.Key) bool {
		return slices.ContainsFunc(p.Logs, func(o log.LogKey) bool { return o.Key.Equal(k) })
	})
}

// unwitnessed is a policy that asks for no cosignatures. The witnesses stay: no key of
// theirs is to be anybody else's.
func unwitnessed(p *log.Policy) *log.Policy {
	p = &log.Policy{Logs: p.Logs, Witnesses: p.Witnesses, Groups: p.Groups, Quorum: log.QuorumNone}
	if checked, err := p.Checked(); err == nil {
		return checked
	}
	return p // which says why with whatever it opens
}

// maxListed is how many findings of one code are kept of a report: what is served is
// not to be of any size.
const maxListed = 1000

// An Audited is what came of an audit of one checkpoint.
type Audited struct {
	Origin     string `json:"origin"`
	Size       uint64 `json:"size"`
	Root       string `json:"root"`       // base64
	Checkpoint string `json:"checkpoint"` // as the log asked for a cosignature
	Published  uint64 `json:"published"`  // size of the checkpoint that the log's readers had when it began
	Began      string `json:"began"`
	Ended      string `json:"ended"`

	// Failure says why the audit came to no result; "" when it did.
	Failure string `json:"failure,omitzero"`
	// Away says that it is this: the log could not be read at all.
	Away bool `json:"away,omitzero"`
	// Never says why the checkpoint is not cosigned, whatever is accepted.
	Never string `json:"never,omitzero"`
	// Counted are the findings of severity error that concern the operator or the copy:
	// each has to be accepted. More counts those that are not listed.
	Counted []pledge.Finding `json:"counted"`
	More    uint64           `json:"more,omitzero"`
	// Waiting are texts that are not served, or are although they were erased, while the
	// entries that say so are not published, and Soon those of entries that are.
	Waiting []pledge.Finding `json:"waiting"`
	Soon    []pledge.Finding `json:"soon"`

	// Report is the verifier's (verifier.Report); absent when the audit could not begin.
	Report jsontext.Value `json:"report,omitzero"`

	// unlisted counts, by code, texts of published entries that the verifier found and
	// did not list: wait says what they are.
	unlisted map[entry.Code]uint64
}

// acceptable are the findings on the copy that a person can accept: with any other,
// the entries were not all read and compared. Of those on the operator only a fork is
// none: there the checkpoint itself can't be right.
var acceptable = []entry.Code{verifier.FindBundleMismatch, verifier.FindTileMissing, verifier.FindTileMismatch,
	verifier.FindArchiveMissing, verifier.FindArchiveMalformed, verifier.FindArchiveUnvouched}

// afterwards are the findings on what a server does once an entry is published, and
// not before: it serves the entry's texts, and deletes what the entry says to be
// erased.
var afterwards = []entry.Code{pledge.FindBodyMissing, pledge.FindDisclosureGone, verifier.FindBodyFileMissing, pledge.FindErasedServed}

// counts reports whether a finding keeps a checkpoint from being cosigned.
func counts(f pledge.Finding) bool {
	return f.Severity == pledge.Error && f.Concerns != pledge.RoleAuthor
}

// sendLater is what no other audit of the same checkpoint can change.
const sendLater = "the log's key signed a larger checkpoint, which this witness has seen: send that or a later one"

// take weighs a report. What follows is wait, and then keep.
func (o *Audited) take(r *verifier.Report) {
	for _, f := range r.Findings {
		switch {
		case !counts(f):
		case f.Code == verifier.FindCheckpointShrunk:
			o.Failure = sendLater
		case f.Code == verifier.FindArchiveMissing && o.Published == 0:
			// There is nothing to archive yet.
		case slices.Contains(afterwards, f.Code) && f.Index != nil && *f.Index >= o.Published:
			o.Waiting = append(o.Waiting, f)
		case f.Code == verifier.FindLogForked, f.Concerns == pledge.RoleView && !slices.Contains(acceptable, f.Code):
			// Where the audit can't decide that is why: what is not served now may be later.
			if o.Never == "" && (r.Undecided == nil || f.Code == verifier.FindLogForked) {
				o.Never = name(f) + ": " + f.Text
			}
		default:
			o.Counted = append(o.Counted, f)
		}
	}
	for code, n := range r.NotListed {
		switch m, ok := verifier.MeaningOf(code); {
		case ok && (m.Severity != pledge.Error || m.Concerns == pledge.RoleAuthor):
		case slices.ContainsFunc(o.Waiting, func(f pledge.Finding) bool { return f.Code == code }):
			// A report lists the first by their entries: these are of later ones than one
			// that is not published, and wait as it does.
		case slices.Contains(afterwards, code):
			if o.unlisted == nil {
				o.unlisted = make(map[entry.Code]uint64)
			}
			o.unlisted[code] = n
		default:
			o.More += n
		}
	}
	switch {
	case r.Evidence != nil:
		if o.Never == "" {
			o.Never = "the log's key signed two checkpoints that cannot both be true"
		}
	case r.Undecided != nil:
		o.Failure = or(o.Failure, r.Undecided.Error())
	case o.Never == "" && o.Failure == "":
		// Whatever is wrong above: what was audited is this checkpoint, to its end.
		if r.Size != o.Size || r.Root != o.Root || !passed(r, "root") || !passed(r, "charter") {
			o.Failure = "the audit did not come to the end of this checkpoint"
		}
	}
}

func passed(r *verifier.Report, step string) bool {
	return slices.ContainsFunc(r.Steps, func(s verifier.Step) bool { return s.Name == step && s.State == verifier.Passed })
}

// keep keeps the report, with as much as is to be served of it.
func (o *Audited) keep(r *verifier.Report) error {
	n := make(map[entry.Code]int)
	cut := *r
	cut.Findings, cut.NotListed = []pledge.Finding{}, make(map[entry.Code]uint64)
	for c, more := range r.NotListed {
		cut.NotListed[c] = more
	}
	for _, f := range r.Findings {
		if n[f.Code]++; n[f.Code] > maxListed {
			cut.NotListed[f.Code]++
			continue
		}
		cut.Findings = append(cut.Findings, f)
	}
	for _, list := range []*[]pledge.Finding{&o.Counted, &o.Waiting, &o.Soon} {
		clear(n)
		kept := []pledge.Finding{}
		for _, f := range *list {
			if n[f.Code]++; n[f.Code] <= maxListed {
				kept = append(kept, f)
			} else if list == &o.Counted {
				o.More++
			}
		}
		*list = kept
	}
	b, err := cut.JSON()
	o.Report = b
	return err
}

// wait moves texts that are not served, or are although they were erased, and were not
// known for it before, to those that are looked for again: a checkpoint may be published
// a moment before the server has done it. Those of a code that the verifier did not list
// count only when all that it listed, which come before them, are known: then a refusal
// is due anyway.
func (o *Audited) wait(isNew func(Named) bool) {
	counted := o.Counted[:0:0]
	for _, f := range o.Counted {
		if slices.Contains(afterwards, f.Code) && isNew(NamedOf(f)) {
			o.Soon = append(o.Soon, f)
			delete(o.unlisted, f.Code)
			continue
		}
		counted = append(counted, f)
	}
	o.Counted = counted
	for _, n := range o.unlisted {
		o.More += n
	}
	o.unlisted = nil
}

// A Named is what a finding is known by when a person decides on it.
type Named struct {
	Code   entry.Code `json:"code"`
	Index  *uint64    `json:"index,omitzero"`
	Entry  string     `json:"entry,omitzero"`
	Reason entry.Code `json:"reason,omitzero"`
	Text   string     `json:"text"`
}

// NamedOf is what a finding is known by.
func NamedOf(f pledge.Finding) Named { return Named{f.Code, f.Index, f.Entry, f.Reason, f.Text} }

// equal is exact: another sentence under the same code says something else.
func (n Named) equal(o Named) bool {
	return n.Code == o.Code && n.Entry == o.Entry && n.Reason == o.Reason && n.Text == o.Text &&
		(n.Index == nil) == (o.Index == nil) && (n.Index == nil || *n.Index == *o.Index)
}

func (n Named) String() string {
	if n.Index == nil {
		return string(n.Code)
	}
	return fmt.Sprintf("%s@%d", n.Code, *n.Index)
}

// name names a finding in a sentence.
func name(f pledge.Finding) string {
	if f.Index == nil {
		return string(f.Code)
	}
	return fmt.Sprintf("%s at entry %d", f.Code, *f.Index)
}

// An Acceptance is a finding that a person has accepted.
type Acceptance struct {
	Finding pledge.Finding `json:"finding"`
	Who     string         `json:"who"`
	Why     string         `json:"why"`
	When    string         `json:"when"`
}

// A Verdict is what follows from an audit and from what was decided on its findings.
type Verdict struct {
	Open     []pledge.Finding // that nobody accepted
	Accepted []Acceptance
	// Err says why the checkpoint is not cosigned; nil when it is. It matches ErrRefused
	// or ErrUndecided.
	Err error
}

// Weigh says what follows from an audit.
func (o *Audited) Weigh(decisions []Decision) Verdict {
	v := Verdict{Open: []pledge.Finding{}, Accepted: []Acceptance{}}
	for _, f := range o.Counted {
		if d := accepted(decisions, NamedOf(f)); d != nil {
			v.Accepted = append(v.Accepted, Acceptance{f, d.Who, d.Why, d.When})
		} else {
			v.Open = append(v.Open, f)
		}
	}
	switch open := uint64(len(v.Open)) + o.More; {
	case o.Never != "":
		v.Err = fmt.Errorf("%w: its audit found %s", ErrRefused, o.Never)
	case open > 0:
		v.Err = fmt.Errorf("%w: its audit up to size %d found what concerns the operator or the copy of the log and nobody has accepted: %s", ErrRefused, o.Size, list(v.Open, open))
	case o.Failure != "":
		wait := failureWait
		switch {
		case o.Failure == sendLater:
			wait = 0
		case o.Away:
			wait = awayWait
		}
		v.Err = &UndecidedError{Text: "its audit came to no result: " + o.Failure, Wait: wait}
	case len(o.Soon) > 0:
		v.Err = &UndecidedError{Text: "its audit does not find a text of a published entry, or finds one that a published entry says to be erased, and looks again: " + list(o.Soon, uint64(len(o.Soon))), Wait: soonWait}
	}
	return v
}

// list names the first findings of some.
func list(found []pledge.Finding, n uint64) string {
	var names []string
	for _, f := range found[:min(len(found), 5)] {
		names = append(names, name(f))
	}
	if rest := n - uint64(len(names)); rest > 0 {
		names = append(names, fmt.Sprintf("%d more", rest))
	}
	return strings.Join(names, ", ")
}

// isOf reports whether it is the audit of a checkpoint.
func (o *Audited) isOf(c log.Checkpoint) bool { return o.Size == c.Size && o.Root == rootText(c) }

func rootText(c log.Checkpoint) string { return base64.StdEncoding.EncodeToString(c.Root[:]) }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// An auditSource is a log as it will be once a checkpoint is published: the checkpoint
// is the one that a cosignature was asked for, the archive holds what was published
// before, and all else is read from the log. It can't list what there is: tiles of
// later sizes are none of this checkpoint's matter.
type auditSource struct {
	log.Source
	next log.Checkpoint
	note []byte
}

// String leaves out where a directory is.
func (s *auditSource) String() string {
	if where := s.Source.String(); strings.Contains(where, "://") {
		return where
	}
	return theDirectory
}

const theDirectory = "the log's directory"

func (s *auditSource) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	return s.GetInto(ctx, path, limit, nil)
}

// GetInto implements log.Refiller.
func (s *auditSource) GetInto(ctx context.Context, path string, limit int64, buf []byte) ([]byte, error) {
	if path == log.CheckpointPath {
		return slices.Clone(s.note), nil
	}
	b, err := log.GetInto(ctx, s.Source, path, limit, buf)
	if err != nil {
		return nil, s.hide(err)
	}
	if path == log.ArchivePath {
		return s.upTo(b), nil
	}
	return b, nil
}

// upTo cuts off what an archive has beyond the checkpoint: the log may have published
// it meanwhile.
func (s *auditSource) upTo(archive []byte) []byte {
	notes, err := log.ParseArchive(archive)
	if err != nil {
		return archive // which the audit says
	}
	var out []byte
	for _, raw := range notes {
		n, err := log.ParseNote(raw)
		if err != nil {
			return archive
		}
		if c, err := log.ParseCheckpoint(n.Text); err != nil || c.Size > s.next.Size {
			break // sizes never go down
		}
		out = log.AppendArchive(out, raw)
	}
	return out
}

// hide leaves a directory's place on this machine out of what everybody may read.
func (s *auditSource) hide(err error) error {
	if where := s.Source.String(); !strings.Contains(where, "://") {
		return &hiddenError{strings.ReplaceAll(err.Error(), where, theDirectory), err}
	}
	return err
}

type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }
