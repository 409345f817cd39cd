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
