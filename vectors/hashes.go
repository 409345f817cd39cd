package vectors

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// What is hashed here is written out from the protocol, and not taken from package
// entry.

func hash(b []byte) [32]byte { return sha256.Sum256(b) }

// digest is base64url of a SHA-256 (section 3).
func digest(b []byte) string {
	h := hash(b)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// payloadType is the DSSE payload type of statements (section 2).
const payloadType = "application/vnd.pledgelog.statement.v1+json"

// pae is what is signed: the DSSE pre-authentication encoding (section 2).
func pae(payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// entryID is the hex of the SHA-256 of the PAE (section 2).
func entryID(payload []byte) string { return fmt.Sprintf("%x", hash(pae(payload))) }

// leafHash and nodeHash are those of RFC 6962, section 2.1.
func leafHash(leaf []byte) [32]byte { return hash(append([]byte{0}, leaf...)) }

func nodeHash(left, right [32]byte) [32]byte {
	return hash(append(append([]byte{1}, left[:]...), right[:]...))
}

// root is the Merkle tree hash of RFC 6962, section 2.1.
func root(leaves [][]byte) [32]byte {
	switch n := len(leaves); n {
	case 0:
		return hash(nil)
	case 1:
		return leafHash(leaves[0])
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		return nodeHash(root(leaves[:k]), root(leaves[k:]))
	}
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
