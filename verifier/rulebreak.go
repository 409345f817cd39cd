package verifier

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// RuleBreakFormat names the form of an evidence file on entries.
const RuleBreakFormat = "pledgelog.evidence-entries.v1"

// MaxRuleBreak bounds such a file, in bytes.
const MaxRuleBreak = 2 * log.MaxNoteSize

// A RuleBreak proves to a third person that a log holds entries that its operator must
// not have logged: the entries, that they are in the tree that a checkpoint signs, and
// nothing else. It exists for rules that one or two entries show broken by themselves:
//
//   - leaf-malformed: an entry is not in the exact encoding;
//   - statement-rejected, when the entry alone shows why: it has no statement that can
//     be read, is too large for its kind, or is for another log;
//   - logged-decreases: an entry's log time is before that of an earlier one;
//   - logged-after-witnessed: an entry's log time is over 10 minutes after the time by
//     which the policy's witnesses had cosigned a checkpoint that covers it.
//
// Whatever hangs on all entries before, anybody can see in an audit, and no small file
// can show.
type RuleBreak struct {
	Format     string        `json:"format"` // RuleBreakFormat
	Log        string        `json:"log"`    // origin
	Code       entry.Code    `json:"code"`   // of the finding
	What       string        `json:"what"`   // one sentence for a reader
	Checkpoint string        `json:"checkpoint"`
	Entries    []ProvedEntry `json:"entries"` // by index
}

// A ProvedEntry is an entry with the proof that it is in the tree.
type ProvedEntry struct {
	Index     uint64   `json:"index"`
	Leaf      string   `json:"leaf"`      // base64
	Inclusion []string `json:"inclusion"` // hashes in base64, from the leaf's sibling up (RFC 6962, section 2.1.1)
}

// IsDemonstration reports whether the evidence is about an invented log.
func (r *RuleBreak) IsDemonstration() bool { return entry.IsDemonstration(r.Log) }

// FileName is a name for the evidence, the same for the same evidence.
func (r *RuleBreak) FileName() string {
	text := string(r.Code)
	for _, e := range r.Entries {
		text += e.Leaf
	}
	return evidenceName(r.Log, text)
}

// Marshal writes an evidence file.
func (r *RuleBreak) Marshal() ([]byte, error) { return indented(r) }

// ParseRuleBreak reads an evidence file exactly as Marshal writes it.
func ParseRuleBreak(b []byte) (*RuleBreak, error) {
	if len(b) > MaxRuleBreak {
		return nil, fmt.Errorf("parse evidence: %d bytes, at most %d", len(b), MaxRuleBreak)
	}
	r := new(RuleBreak)
	if err := json.Unmarshal(b, r, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	if r.Format != RuleBreakFormat {
		return nil, fmt.Errorf("parse evidence: its format is not %s", RuleBreakFormat)
	}
	if again, err := r.Marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("parse evidence: it is not written as evidence is")
	}
	return r, nil
}

// CheckRuleBreak reports whether r proves what its code says, under a policy that names
// the log's key, and says so in a sentence of its own: that of the file is only a
// claim. It needs nothing else.
func CheckRuleBreak(policy *log.Policy, r *RuleBreak) (string, error) {
	v, err := policy.OpenUnwitnessed([]byte(r.Checkpoint))
	if err != nil {
		return "", fmt.Errorf("check evidence: checkpoint: %w", err)
	}
	if v.Checkpoint.Origin != r.Log {
		return "", errors.New("check evidence: the checkpoint is of another log")
	}
	items := make([]*pledge.Item, len(r.Entries))
	for i, e := range r.Entries {
		if items[i], err = e.check(v.Checkpoint); err != nil {
			return "", fmt.Errorf("check evidence: entry %d: %w", e.Index, err)
		}
		if i > 0 && e.Index <= r.Entries[i-1].Index {
			return "", errors.New("check evidence: the entries are not in order")
		}
	}
	what, ok := breaks(r.Code, v, items)
	if !ok {
		return "", fmt.Errorf("check evidence: the entries do not show %q", r.Code)
	}
	return what, nil
}

// check returns the entry, now known to be in the tree.
func (e ProvedEntry) check(c log.Checkpoint) (*pledge.Item, error) {
	leaf, err := base64.StdEncoding.Strict().DecodeString(e.Leaf)
	if err != nil || base64.StdEncoding.EncodeToString(leaf) != e.Leaf {
		return nil, errors.New("its leaf is not base64")
	}
	if len(leaf) > log.MaxLeafSize || len(e.Inclusion) > log.MaxProofHashes {
		return nil, errors.New("its leaf or its proof is too long")
	}
	hashes := make([]log.Hash, len(e.Inclusion))
	for i, s := range e.Inclusion {
		if hashes[i], err = decodeHash(s); err != nil {
			return nil, err
		}
	}
	if err := log.VerifyInclusion(e.Index, c.Size, log.LeafHash(leaf), c.Root, hashes); err != nil {
		return nil, err
	}
	return pledge.Read(e.Index, leaf), nil
}

// breaks says whether entries show a rule broken, and how.
func breaks(code entry.Code, v *log.View, items []*pledge.Item) (what string, ok bool) {
	of := "The log " + v.Checkpoint.Origin + " holds "
	switch {
	case code == pledge.FindLoggedDecreases && len(items) == 2:
		x, y := items[0], items[1]
		if x.Leaf == nil || y.Leaf == nil || y.Leaf.Logged >= x.Leaf.Logged {
			return "", false
		}
		return fmt.Sprintf("%sentry %s, logged %s, behind entry %s, logged %s: its log time runs backwards.", of, Commas(y.Index), moment(y.Leaf.Logged), Commas(x.Index), moment(x.Leaf.Logged)), true
	case len(items) != 1:
		return "", false
	}
	it := items[0]
	// Without what was logged before, only what the entry itself shows is judged.
	verdict := pledge.New(v.Checkpoint.Origin).Judge(it)
	switch code {
	case pledge.FindLeafMalformed:
		return fmt.Sprintf("%san entry, %s, that is not in the exact form of the protocol: %s.", of, Commas(it.Index), verdict.Code), verdict.Kind == pledge.Malformed
	case pledge.FindRejected:
		alone := verdict.Kind == pledge.Rejected && (it.Statement == nil || verdict.Code == entry.CodeLeafTooLarge || verdict.Code == pledge.CodeOrigin)
		return fmt.Sprintf("%sentry %s, whose statement breaks a rule whatever was logged before: %s.", of, Commas(it.Index), verdict.Code), alone
	case FindAfterWitnessed:
		if it.Leaf == nil || !v.HasQuorumTime || it.Leaf.Logged <= quorumTime(v)+maxAfterWitnessed {
			return "", false
		}
		return fmt.Sprintf("%sentry %s, logged %s; the witnesses of the policy had cosigned it by %s.", of, Commas(it.Index), moment(it.Leaf.Logged), moment(quorumTime(v))), true
	}
	return "", false
}

// maxLookBack is how many bundles are looked through for the earlier one of two
// entries, and maxLookAhead how many archived checkpoints for one that covers an entry.
const (
	maxLookBack  = 16
	maxLookAhead = 64
)

// ProveRuleBreak gathers what proves a finding on the operator to a third person: nil,
// without an error, for one that no small file can show. Checkpoint is the signed one
// that the audit went by (Report.Checkpoint). What it returns was checked.
func ProveRuleBreak(ctx context.Context, policy *log.Policy, src log.Source, checkpoint []byte, f pledge.Finding) (*RuleBreak, error) {
	if f.Index == nil {
		return nil, nil
	}
	switch f.Code {
	case pledge.FindLeafMalformed, pledge.FindRejected, pledge.FindLoggedDecreases, FindAfterWitnessed:
	default:
		return nil, nil
	}
	v, err := policy.OpenUnwitnessed(checkpoint)
	if err != nil {
		return nil, err
	}
	g := &gatherer{ctx: ctx, src: src, size: v.Checkpoint.Size}
	it, err := g.item(*f.Index)
	if err != nil {
		return nil, err
	}
	items := []*pledge.Item{it}
	switch f.Code {
	case pledge.FindLoggedDecreases:
		earlier, err := g.later(it)
		if err != nil || earlier == nil {
			return nil, err
		}
		items = []*pledge.Item{earlier, it}
	case FindAfterWitnessed:
		if v, err = witnessedBefore(ctx, policy, src, v, it); err != nil || v == nil {
			return nil, err
		}
	}
	what, ok := breaks(f.Code, v, items)
	if !ok {
		return nil, nil
	}
	r := &RuleBreak{Format: RuleBreakFormat, Log: v.Checkpoint.Origin, Code: f.Code, What: what, Checkpoint: string(v.Raw)}
	tiles := log.NewTileReader(src)
	for _, it := range items {
		hashes, err := tiles.InclusionProof(ctx, it.Index, v.Checkpoint.Size)
		if err != nil {
			return nil, err
		}
		e := ProvedEntry{Index: it.Index, Leaf: base64.StdEncoding.EncodeToString(g.leaves[it.Index]), Inclusion: []string{}}
		for _, h := range hashes {
			e.Inclusion = append(e.Inclusion, encodeHash(h))
		}
		r.Entries = append(r.Entries, e)
	}
	if _, err := CheckRuleBreak(policy, r); err != nil {
		return nil, err
	}
	return r, nil
}

// A gatherer reads single entries of a log.
type gatherer struct {
	ctx    context.Context
	src    log.Source
	size   uint64
	leaves map[uint64][]byte // of the bundle that was read last, and of those that were asked for
}

func (g *gatherer) bundle(n uint64) ([][]byte, error) {
	width := log.TileWidthAt(log.EntriesLevel, n, g.size)
	b, err := g.src.Get(g.ctx, log.EntriesPath(n, width), log.MaxBundleFile)
	if errors.Is(err, log.ErrNotFound) && width < log.TileWidth {
		// A partial one may go once the full one is there.
		if b, err = g.src.Get(g.ctx, log.EntriesPath(n, log.TileWidth), log.MaxBundleFile); err == nil {
			width = log.TileWidth
		}
	}
	if err != nil {
		return nil, err
	}
	return log.ParseBundle(b, width)
}

func (g *gatherer) keep(index uint64, leaf []byte) *pledge.Item {
	if g.leaves == nil {
		g.leaves = make(map[uint64][]byte)
	}
	g.leaves[index] = leaf
	return pledge.Read(index, leaf)
}

func (g *gatherer) item(index uint64) (*pledge.Item, error) {
	leaves, err := g.bundle(index / log.TileWidth)
	if err != nil {
		return nil, err
	}
	if index >= g.size || index%log.TileWidth >= uint64(len(leaves)) {
		return nil, fmt.Errorf("there is no entry %d", index)
	}
	return g.keep(index, leaves[index%log.TileWidth]), nil
}

// later finds the nearest entry before it that has a later log time.
func (g *gatherer) later(it *pledge.Item) (*pledge.Item, error) {
	if it.Leaf == nil {
		return nil, nil
	}
	first := it.Index / log.TileWidth
	for n := first; first-n < maxLookBack; n-- {
		leaves, err := g.bundle(n)
		if err != nil {
			return nil, err
		}
		for i := len(leaves) - 1; i >= 0; i-- {
			index := n*log.TileWidth + uint64(i)
			if index >= it.Index {
				continue
			}
			if leaf, err := entry.ParseLeaf(leaves[i]); err == nil && leaf.Logged > it.Leaf.Logged {
				return g.keep(index, leaves[i]), nil
			}
		}
		if n == 0 {
			break
		}
	}
	return nil, nil
}

// witnessedBefore finds a checkpoint that covers an entry and that the policy's
// witnesses had cosigned before the entry's log time.
func witnessedBefore(ctx context.Context, policy *log.Policy, src log.Source, newest *log.View, it *pledge.Item) (*log.View, error) {
	if it.Leaf == nil {
		return nil, nil
	}
	b, err := src.Get(ctx, log.ArchivePath, maxArchive)
	if err != nil && !errors.Is(err, log.ErrNotFound) {
		return nil, err
	}
	notes, _ := log.ParseArchive(b)
	notes = append(notes, newest.Raw)
	looked := 0
	for _, raw := range notes {
		if n, err := log.ParseNote(raw); err == nil {
			if c, err := log.ParseCheckpoint(n.Text); err != nil || c.Size <= it.Index {
				continue
			}
		}
		if looked++; looked > maxLookAhead {
			break
		}
		v, err := policy.OpenUnwitnessed(raw)
		if err == nil && v.Checkpoint.Origin == newest.Checkpoint.Origin && v.HasQuorumTime && it.Leaf.Logged > quorumTime(v)+maxAfterWitnessed {
			return v, nil
		}
	}
	return nil, nil
}
