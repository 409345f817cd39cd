package generator

import "github.com/pledgelog/pledgelog/log"

// A Chain is what a server answers about one author (docs/api.md, "A chain"), as a test
// writes it that is the server.
type Chain struct {
	Log        string          `json:"log"`
	Author     string          `json:"author"`
	Size       uint64          `json:"size"`
	AsOf       string          `json:"asOf"`
	Checkpoint string          `json:"checkpoint"`
	Directory  *ChainDirectory `json:"directory,omitempty"`
	Entries    []ChainLink     `json:"entries"`
}

// A ChainLink is an entry with the way to the root.
type ChainLink struct {
	Index uint64   `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Path  [][]byte `json:"path"`
}

// A ChainDirectory is the newest directory, with some of its rows.
type ChainDirectory struct {
	ChainLink
	Next  *ChainLink `json:"next,omitempty"` // the entry behind it
	Count uint64     `json:"count"`
	Rows  []ChainRow `json:"rows"`
}

// A ChainRow is one row of a directory, with the way to the directory's root.
type ChainRow struct {
	Index uint64   `json:"index"`
	Row   []byte   `json:"row"`
	Path  [][]byte `json:"path"`
}

// TreeRoot is the root over leaves and TreePath the inclusion path of the m-th: written
// as RFC 6962 has them (sections 2.1 and 2.1.1), to hold faster ways to.
func TreeRoot(leaves [][]byte) log.Hash {
	switch len(leaves) {
	case 0:
		return log.EmptyRoot()
	case 1:
		return log.LeafHash(leaves[0])
	}
	k := largestPower(len(leaves))
	return log.NodeHash(TreeRoot(leaves[:k]), TreeRoot(leaves[k:]))
}

// TreePath is the inclusion path of a leaf: see TreeRoot.
func TreePath(m int, leaves [][]byte) [][]byte {
	if len(leaves) == 1 {
		return [][]byte{}
	}
	k := largestPower(len(leaves))
	if m < k {
		h := TreeRoot(leaves[k:])
		return append(TreePath(m, leaves[:k]), h[:])
	}
	h := TreeRoot(leaves[:k])
	return append(TreePath(m-k, leaves[k:]), h[:])
}

// largestPower is the largest power of two below n, which is over 1.
func largestPower(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}
