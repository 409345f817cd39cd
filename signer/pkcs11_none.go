//go:build !pkcs11 || !cgo

package signer

import "context"

// openPKCS11 is for a build without PKCS#11, which needs cgo.
func openPKCS11(_ context.Context, ref string, _ Options) (*Signer, error) {
	if _, err := parsePKCS11(ref); err != nil {
		return nil, err
	}
	return nil, wrong(Named, "build one that does: CGO_ENABLED=1 go build -tags pkcs11 ./cmd/pledge", "this build does not speak PKCS#11")
}
