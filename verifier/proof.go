package verifier

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// ProofFormat names the JSON form of a ProofReport, with the same promise as
// ReportFormat.
const ProofFormat = "pledgelog.proof.v1"

// A ProofReport says what a receipt proves.
type ProofReport struct {
	Format        string          `json:"format"` // ProofFormat
	SimulatedTime bool            `json:"simulatedTime"`
	Log           string          `json:"log"`
	Size          uint64          `json:"size"` // of the checkpoint in the proof
	Root          string          `json:"root"`
	Witnesses     []string        `json:"witnesses"`
	QuorumTime    string          `json:"quorumTime,omitzero"`
	Index         uint64          `json:"index"`
	LeafBytes     int             `json:"leafBytes"`
	Entry         string          `json:"entry,omitzero"`  // entry id; absent when the leaf is not in the exact form
	Logged        string          `json:"logged,omitzero"` // the operator's word, within QuorumTime
	Statement     *ProofStatement `json:"statement,omitzero"`
	Unreadable    string          `json:"unreadable,omitzero"` // why Entry or Statement is absent
	Text          bool            `json:"text"`                // a detached body was given, and it is the one that the statement names
}

// A ProofStatement is what a statement says of itself. That its author made it
// is not proved by a receipt.
type ProofStatement struct {
	Author   string     `json:"author"`
	Kind     entry.Kind `json:"kind"`
	Seq      uint64     `json:"seq"`
	Made     string     `json:"made"`
	KeyIDs   []string   `json:"keyids"` // of its signatures, untried
	HasText  bool       `json:"hasText"`
	Withheld bool       `json:"withheld"`
}

// ErrNoLeaf says that a proof file holds no leaf, so that there is nothing to
// hash.
var ErrNoLeaf = errors.New("the proof file has no entry in it (no `extra` line)")

// CheckProof checks a receipt, a c2sp.org/tlog-proof whose extra data is the
// exact leaf, and, when body is not nil, that body is the detached body that the
// leaf's statement names. It reads nothing else: no file, no network.
//
// Errors match those of log.Policy.VerifyProof, or ErrNoLeaf, or are an
// *entry.Error about the body.
func CheckProof(policy *log.Policy, file, body []byte) (*ProofReport, error) {
	p, err := log.ParseProof(file)
	if err != nil {
		return nil, err
	}
	if len(p.Extra) == 0 {
		return nil, ErrNoLeaf
	}
	view, err := policy.VerifyProof(p, log.LeafHash(p.Extra))
	if err != nil {
		return nil, err
	}
	r := &ProofReport{
		Format: ProofFormat, Log: view.Checkpoint.Origin, Size: view.Checkpoint.Size, Root: encodeHash(view.Checkpoint.Root),
		SimulatedTime: entry.IsDemonstration(view.Checkpoint.Origin), Index: p.Index, LeafBytes: len(p.Extra), Witnesses: []string{},
	}
	for _, c := range view.Cosignatures {
		r.Witnesses = append(r.Witnesses, c.Witness)
	}
	if view.HasQuorumTime {
		r.QuorumTime = entry.FormatTime(quorumTime(view))
	}
	it := pledge.Read(p.Index, p.Extra)
	if it.Leaf != nil {
		r.Entry, r.Logged = it.Leaf.Statement.ID().String(), entry.FormatTime(it.Leaf.Logged)
	}
	if it.Err != nil {
		r.Unreadable = it.Err.Error()
	}
	if st := it.Statement; st != nil {
		r.Statement = &ProofStatement{Author: st.Author, Kind: st.Kind, Seq: st.Seq, Made: entry.FormatTime(st.Made), KeyIDs: []string{}, HasText: st.BodyDigest != "", Withheld: st.IsWithheld()}
		for _, sig := range it.Leaf.Statement.Signatures {
			r.Statement.KeyIDs = append(r.Statement.KeyIDs, sig.KeyID.String())
		}
	}
	if body == nil {
		return r, nil
	}
	if it.Statement == nil {
		return nil, fmt.Errorf("compare the text: the entry's statement can't be read: %w", it.Err)
	}
	if _, err := entry.ParseDetached(it.Statement, body); err != nil {
		return nil, fmt.Errorf("compare the text: %w", err)
	}
	r.Text = true
	return r, nil
}

// JSON writes the report, indented.
func (r *ProofReport) JSON() ([]byte, error) {
	b, err := json.Marshal(r, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// WriteText writes what was proved, and what was not, for a person.
func (r *ProofReport) WriteText(w io.Writer) error {
	var b strings.Builder
	if r.SimulatedTime {
		b.WriteString(SimulatedNotice + "\n\n")
	}
	fmt.Fprintf(&b, "checkpoint %s signed ✓  by the key of %s in the policy\n", Commas(r.Size), r.Log)
	if r.QuorumTime == "" {
		b.WriteString("no witnesses –  the policy asks for none: time is the operator's word\n")
	} else {
		fmt.Fprintf(&b, "%s ✓  %s; the quorum was reached by %s\n", Count(uint64(len(r.Witnesses)), "witness", "witnesses"), strings.Join(r.Witnesses, ", "), readable(r.QuorumTime))
	}
	fmt.Fprintf(&b, "in the log ✓  these %s are entry %s of %s\n", Count(uint64(r.LeafBytes), "byte", "bytes"), Commas(r.Index), r.Log)
	if r.Text {
		b.WriteString("text matches ✓  it is the one that the statement names\n")
	}
	b.WriteString("\nThe entry\n")
	if r.Entry != "" {
		fmt.Fprintf(&b, "  id      %s\n  logged  %s, by the operator's clock\n", r.Entry, readable(r.Logged))
	}
	if st := r.Statement; st != nil {
		fmt.Fprintf(&b, "  author  %s, as the statement says\n  kind    %s, statement %s of that author\n  made    %s, by the author's clock\n", st.Author, st.Kind, Commas(st.Seq), readable(st.Made))
		for _, id := range st.KeyIDs {
			fmt.Fprintf(&b, "  signed  with key %s\n", id)
		}
		switch {
		case st.Withheld:
			b.WriteString("  text    not published; infer no reason\n")
		case st.HasText && !r.Text:
			b.WriteString("  text    named by the statement, not given here (--body)\n")
		}
	}
	if r.Unreadable != "" {
		fmt.Fprintf(&b, "  not in the required form: %s\n", r.Unreadable)
	}
	b.WriteString("\nNot proved by this file\n" +
		"  That the key was the author's: no signature of the statement was tried. That needs the author's admission from the log.\n" +
		"  That the statement was accepted: a log can hold entries without effect. An audit tells.\n" +
		"  That what the statement says is so.\n")
	_, err := io.WriteString(w, Printable(b.String()))
	return err
}
