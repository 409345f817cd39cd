//go:build !pkcs11 || !cgo

package signer

import "testing"

// A build without PKCS#11 says so, and how to get one that has it.
func TestNoPKCS11(t *testing.T) {
	_, err := Open(t.Context(), "pkcs11:object=a?module-path=/x", Options{})
	fails(t, "a build without it", err, Named, "does not speak PKCS#11")
}
