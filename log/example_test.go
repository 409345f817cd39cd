package log_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pledgelog/pledgelog/log"
)

// A log of three leaves is built in a directory, signed, cosigned, and one of
// its leaves is proved to somebody who has nothing but a policy.
func Example() {
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	// The log: tiles, and a checkpoint with a witness's cosignature.
	tree := log.NewBuilder(func(level int, index uint64, width int, data []byte) error {
		name := filepath.Join(dir, filepath.FromSlash(log.TilePath(level, index, width)))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, data, 0o644)
	})
	for _, leaf := range []string{"one", "two", "three"} {
		if err := tree.Append(log.LeafHash([]byte(leaf))); err != nil {
			panic(err)
		}
	}
	if err := tree.Flush(); err != nil {
		panic(err)
	}
	secret := sha256.Sum256([]byte("a secret")) // of course it should be random
	signer, err := log.NewSigner("log.example/2026", secret[:])
	if err != nil {
		panic(err)
	}
	witness, err := log.NewCosigner("witness.example", sha256.New().Sum(nil))
	if err != nil {
		panic(err)
	}
	checkpoint := log.Checkpoint{Origin: "log.example/2026", Size: tree.Size(), Root: tree.Root()}
	note, err := signer.SignNote(checkpoint.Marshal())
	if err != nil {
		panic(err)
	}
	cosignature, err := witness.Cosign(note.Text, 1790000000)
	if err != nil {
		panic(err)
	}
	note.Signatures = append(note.Signatures, cosignature)

	// The proof.
	tiles := log.NewTileReader(log.DirSource(dir))
	hashes, err := tiles.InclusionProof(context.Background(), 1, tree.Size())
	if err != nil {
		panic(err)
	}
	proof := log.Proof{Extra: []byte("two"), Index: 1, Hashes: hashes, Checkpoint: note.Marshal()}
	file := proof.Marshal()

	// Whoever gets the file.
	policy, err := log.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness w %s\nquorum w\n", signer.Key(), witness.Key()))
	if err != nil {
		panic(err)
	}
	received, err := log.ParseProof(file)
	if err != nil {
		panic(err)
	}
	view, err := policy.VerifyProof(received, log.LeafHash(received.Extra))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%q is leaf %d of %d in %s, there by %d\n",
		received.Extra, received.Index, view.Checkpoint.Size, view.Checkpoint.Origin, view.QuorumTime)
	// Output: "two" is leaf 1 of 3 in log.example/2026, there by 1790000000
}
