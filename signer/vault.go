//go:build vault

package signer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/hashivault"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/pledgelog/pledgelog/entry"
)

// A vaultKey is a key of the transit engine of HashiCorp Vault or OpenBao.
type vaultKey struct {
	remote   *hashivault.SignerVerifier
	alg      string
	patience time.Duration
}

// openVault opens a key by its name. VAULT_ADDR says where Vault is and VAULT_TOKEN, or
// the file .vault-token that vault login writes, who asks; TRANSIT_SECRET_ENGINE_PATH
// where the engine is mounted, if not at transit. It is the newest version of the key
// that signs: to rotate it there makes another key of it.
func openVault(ctx context.Context, ref string, opts Options) (*Signer, error) {
	if err := hashivault.ValidReference(ref); err != nil {
		return nil, wrong(Named, "for example: hashivault://acme-1", "read the name of the key: %w", err)
	}
	address := os.Getenv("VAULT_ADDR")
	if address == "" {
		return nil, wrong(Named, "for example: export VAULT_ADDR=https://vault.acme.example:8200", "open %s: VAULT_ADDR does not say where Vault is", ref)
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, wrong(Named, "write https:// before its name", "open %s: VAULT_ADDR is no https:// address, and the token would go there in the open", ref)
	}
	token, err := vaultToken()
	if err != nil {
		return nil, wrong(Named, "log in: vault login", "open %s: there is no token for Vault: %w", ref, err)
	}
	k := &vaultKey{patience: opts.Patience}
	var pub crypto.PublicKey
	quick, cancel := opts.promptly(ctx)
	defer cancel()
	err = ask(quick, func() (err error) {
		if k.remote, err = hashivault.LoadSignerVerifier(ref, crypto.Hash(0), options.WithRPCAuthOpts(options.RPCAuth{Address: address, Token: token})); err != nil {
			return err
		}
		pub, err = k.remote.PublicKey()
		return err
	})
	if err != nil {
		return nil, err
	}
	var key entry.Key
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		key = entry.NewKey(pub, entry.UseStatement)
	case *ecdsa.PublicKey:
		key, err = entry.NewP256Key(pub, entry.UseStatement)
	default:
		err = errors.New("it is of another kind")
	}
	if err != nil {
		return nil, wrong(Named, "make one of type ed25519 or ecdsa-p256", "open %s: with this key no statement is signed: %w", ref, err)
	}
	k.alg = key.Alg
	return newSigner(key, k)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// vaultToken finds the token where vault login leaves it. The library would look too, and
// print what it does.
func vaultToken() (string, error) {
	if token := os.Getenv("VAULT_TOKEN"); token != "" {
		return token, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return ReadPassphrase("token", filepath.Join(home, ".vault-token"))
}

// ask asks Vault. The library takes no context: a call that does not end is left behind.
func ask(ctx context.Context, call func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if recover() != nil { // it takes an empty answer for a whole one
				done <- errors.New("its answer is empty")
			}
		}()
		done <- call()
	}()
	select {
	case err := <-done:
		if err != nil {
			return wrong(Later, "see whether vault status works, and whether the token may read and sign with the key", "ask Vault: %w", err)
		}
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return wrong(Later, "see whether vault status works", "ask Vault: it does not answer")
		}
		return ctx.Err()
	}
}

func (k *vaultKey) sign(ctx context.Context, msg []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, k.patience)
	defer cancel()
	// Ed25519 signs the message itself; with a hash of its own it would be Ed25519ph.
	var opts []signature.SignOption
	if k.alg == entry.AlgP256 {
		opts = append(opts, options.WithCryptoSignerOpts(crypto.SHA256))
	}
	signed := make(chan []byte, 1)
	err := ask(ctx, func() error {
		sig, err := k.remote.SignMessage(bytes.NewReader(msg), opts...)
		signed <- sig
		return err
	})
	if err != nil {
		return nil, err
	}
	sig := <-signed
	if k.alg != entry.AlgP256 {
		return sig, nil
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(sig, &pair); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("read what Vault signed: it is no DER of two integers")
	}
	return joinRS(pair.R, pair.S)
}

func (*vaultKey) close() error { return nil }
