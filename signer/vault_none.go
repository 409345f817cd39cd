//go:build !vault

package signer

import "context"

// openVault is for a build without Vault, whose client makes the program much larger
// (scripts/build --sizes).
func openVault(_ context.Context, _ string, _ Options) (*Signer, error) {
	return nil, wrong(Named, "build one that does: go build -tags vault ./cmd/pledge", "this build does not speak to Vault")
}
