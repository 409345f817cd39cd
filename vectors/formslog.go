package vectors

// The words by which policies.json, checkpoints.json and proofs.json say why
// something is refused: the specifications that they follow have no codes.
const (
	Malformed        = "malformed"             // not in its form
	OriginUnknown    = "origin-unknown"        // the policy does not name the log
	SignatureInvalid = "signature-invalid"     // a signature under a known key's name is not its
	LogUnsigned      = "log-signature-missing" // no signature by a key that the policy has for the log
	QuorumShort      = "quorum-short"          // too few witnesses
	ProofInvalid     = "proof-invalid"         // it does not lead to the root
	LeafMissing      = "leaf-missing"          // the proof file holds no leaf
)

// A Policy is one vector of policies.json.
type Policy struct {
	Name   string `json:"name"`
	Why    string `json:"why"`
	Policy Octets `json:"policy"`
	Error  string `json:"error,omitzero"` // Malformed
}

// A Checkpoint is one vector of checkpoints.json.
type Checkpoint struct {
	Name       string        `json:"name"`
	Why        string        `json:"why"`
	Policy     Octets        `json:"policy"`
	Checkpoint Octets        `json:"checkpoint"` // signed note
	Error      string        `json:"error,omitzero"`
	Size       *uint64       `json:"size,omitzero"`
	Root       string        `json:"root,omitzero"`
	Witnesses  []Cosignature `json:"witnesses,omitzero"`  // those that count, in the policy's order
	QuorumTime *uint64       `json:"quorumTime,omitzero"` // absent with quorum none
}

// A Cosignature is a witness's, by its name in the policy.
type Cosignature struct {
	Witness string `json:"witness"`
	Time    uint64 `json:"time"`
}

// A Proof is one vector of proofs.json.
type Proof struct {
	Name   string  `json:"name"`
	Why    string  `json:"why"`
	Policy Octets  `json:"policy"`
	Proof  Octets  `json:"proof"`
	Body   Octets  `json:"body,omitzero"` // given beside it
	Error  string  `json:"error,omitzero"`
	Code   string  `json:"code,omitzero"` // why the body is refused
	Index  *uint64 `json:"index,omitzero"`
	Size   *uint64 `json:"size,omitzero"`
	ID     string  `json:"id,omitzero"`
}

// The results of an audit.
const (
	Matches      = "matches"       // no finding of severity error concerns the operator or the copy
	Differs      = "differs"       // one does
	CannotDecide = "cannot-decide" // something was not to be had
	Misbehaviour = "misbehaviour"  // the log's key signed what cannot both be true
)

// A Log is expected.json of one of logs/.
type Log struct {
	About      string         `json:"about"`
	Result     string         `json:"result"`
	AsOf       string         `json:"asOf,omitzero"`       // the moment T that the audit judges by
	Undecided  string         `json:"undecided,omitzero"`  // code, when nothing can be decided
	Statements map[string]int `json:"statements,omitzero"` // leaves by verdict
	Findings   []Found        `json:"findings"`            // sorted by code, author, period, index
	Unverified []LeafKey      `json:"unverified,omitzero"` // signatures that do not verify
	Altered    []string       `json:"altered,omitzero"`    // digests under which another text is served
}

// A LeafKey is the signature of a leaf by a key.
type LeafKey struct {
	Index int    `json:"index"`
	KeyID string `json:"keyid"`
}

// A Damage is one vector of damage.json: a log in which something was changed.
type Damage struct {
	Name      string   `json:"name"`
	Why       string   `json:"why"`
	Of        string   `json:"of"` // folder in logs/
	Changes   []Change `json:"changes,omitzero"`
	Charter   *string  `json:"charter,omitzero"` // entry id that the audit is given; "" for none
	Policy    Octets   `json:"policy,omitzero"`  // that it is given
	AsOf      string   `json:"asOf,omitzero"`    // that it is asked for
	Result    string   `json:"result"`
	Undecided string   `json:"undecided,omitzero"`
	Findings  []Found  `json:"findings"`
}

// A Change is what was done to a file of a log's folder: one of Flip, Cut, Write and
// Remove.
type Change struct {
	Path   string `json:"path"`
	Flip   *int   `json:"flip,omitzero"` // offset of a byte whose lowest bit is turned; from the end when negative
	Cut    int    `json:"cut,omitzero"`  // bytes taken off the end
	Write  Octets `json:"write,omitzero"`
	Remove bool   `json:"remove,omitzero"`
}
