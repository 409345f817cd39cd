//go:build !vault

package signer

import "testing"

// A build without Vault says so, and how to get one that has it.
func TestNoVault(t *testing.T) {
	_, err := Open(t.Context(), "hashivault://acme-1", Options{})
	fails(t, "a build without it", err, Named, "does not speak to Vault")
}
