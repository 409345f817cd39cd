//go:build vault

package signer

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
)

// A transit is what Vault's transit engine answers by its documentation: "Read key" (GET
// /transit/keys/:name) and "Sign data" (POST or PUT /transit/sign/:name/:hash_algorithm,
// with input, prehashed, marshaling_algorithm asn1 by default). It signs for real. It
// is no Vault, and what Vault does beyond its documentation it does not show.
type transit struct {
	t     *testing.T
	ed    ed25519.PrivateKey
	ec    *ecdsa.PrivateKey
	other *ecdsa.PrivateKey
	wide  *ecdsa.PrivateKey // on P-384
	quit  chan struct{}     // closed at the test's end
}

const vaultToken1 = "hvs.a-token-of-tests"

func (v *transit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Vault-Token") != vaultToken1 {
		answer(w, http.StatusForbidden, map[string]any{"errors": []string{"permission denied"}})
		return
	}
	name, read := strings.CutPrefix(r.URL.Path, "/v1/transit/keys/")
	rest, sign := strings.CutPrefix(r.URL.Path, "/v1/transit/sign/")
	switch {
	case read && r.Method == http.MethodGet:
		v.key(w, name)
	case sign && (r.Method == http.MethodPut || r.Method == http.MethodPost):
		name, hash, _ := strings.Cut(rest, "/")
		v.sign(w, r, name, hash)
	default:
		answer(w, http.StatusNotFound, map[string]any{"errors": []string{}})
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func (v *transit) key(w http.ResponseWriter, name string) {
	var kind, public string
	pemOf := func(k *ecdsa.PrivateKey) string {
		der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
		if err != nil {
			v.t.Error(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	switch strings.TrimSuffix(name, "-lies") {
	case "ed", "silent", "empty":
		kind, public = "ed25519", base64.StdEncoding.EncodeToString(v.ed.Public().(ed25519.PublicKey))
	case "ec", "raw":
		kind, public = "P-256", pemOf(v.ec)
	case "wide":
		kind, public = "P-384", pemOf(v.wide)
	default:
		answer(w, http.StatusNotFound, map[string]any{"errors": []string{}})
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{
		"name": name, "latest_version": 2, "keys": map[string]any{
			"1": map[string]any{"name": kind, "public_key": "of a version that was rotated"},
			"2": map[string]any{"name": kind, "public_key": public, "creation_time": "2026-01-02T03:04:05Z"},
		},
	}})
}

func (v *transit) sign(w http.ResponseWriter, r *http.Request, name, hash string) {
	var in struct {
		Input     string `json:"input"`
		Prehashed bool   `json:"prehashed"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		v.t.Error(err)
	}
	input, err := base64.StdEncoding.DecodeString(in.Input)
	if err != nil {
		v.t.Error(err)
	}
	var sig []byte
	switch name {
	case "silent":
		<-v.quit
		return
	case "empty":
		w.WriteHeader(http.StatusNoContent)
		return
	case "ed", "ed-lies":
		if in.Prehashed || hash != "" {
			v.t.Errorf("Ed25519 of something else than the message: prehashed %v, %q", in.Prehashed, hash)
		}
		if name == "ed-lies" {
			input[0] ^= 1
		}
		sig = ed25519.Sign(v.ed, input)
	case "ec", "ec-lies", "raw":
		key := v.ec
		if name == "ec-lies" {
			key = v.other
		}
		if !in.Prehashed || hash != "sha2-256" || len(input) != 32 {
			v.t.Errorf("ECDSA of something else than a SHA-256: prehashed %v, %q, %d bytes", in.Prehashed, hash, len(input))
		}
		a, b, err := ecdsa.Sign(rand.Reader, key, input)
		if err != nil {
			v.t.Error(err)
		}
		if sig, err = asn1.Marshal(struct{ R, S *big.Int }{a, b}); err != nil {
			v.t.Error(err)
		}
		if name == "raw" { // as with marshaling_algorithm jws, which was not asked for
			sig = append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)
		}
	}
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{"signature": "vault:v2:" + base64.StdEncoding.EncodeToString(sig)}})
}

func newTransit(t *testing.T) *transit {
	t.Helper()
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v := &transit{
		t: t, ed: newSecret(t, entry.AlgEd25519).(ed25519.PrivateKey), ec: newSecret(t, entry.AlgP256).(*ecdsa.PrivateKey),
		other: newSecret(t, entry.AlgP256).(*ecdsa.PrivateKey), wide: wide, quit: make(chan struct{}),
	}
	server := httptest.NewServer(v)
	t.Cleanup(func() { close(v.quit); server.CloseClientConnections(); server.Close() })
	t.Setenv("VAULT_ADDR", server.URL)
	t.Setenv("VAULT_TOKEN", vaultToken1)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	t.Setenv("HOME", t.TempDir())
	return v
}

func TestVault(t *testing.T) {
	v := newTransit(t)
	for ref, secret := range map[string]keyfile.Secret{"hashivault://ed": v.ed, "hashivault://ec": v.ec} {
		s, err := Open(t.Context(), ref, Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := keyfile.PublicOf(secret, entry.UseStatement)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			holds(t, s, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{"ed-lies": "does not verify", "ec-lies": "does not verify", "raw": "no DER of two integers", "empty": "its answer is empty", "silent": "does not answer"} {
		s, err := Open(t.Context(), "hashivault://"+name, Options{Patience: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if sig, err := s.Sign(t.Context(), message); sig != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Open(t.Context(), "hashivault://wide", Options{})
	fails(t, "P-384", err, Named, "no statement is signed")
	_, err = Open(t.Context(), "hashivault://none", Options{})
	fails(t, "no such key", err, Later, "ask Vault")
	_, err = Open(t.Context(), "hashivault://a/b", Options{})
	fails(t, "no name", err, Named, "hashivault://<key>")

	ctx, cancel := context.WithCancel(t.Context())
	s, err := Open(ctx, "hashivault://silent", Options{})
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := s.Sign(ctx, message); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestVaultIsNotReached(t *testing.T) {
	newTransit(t)
	home := os.Getenv("HOME")
	t.Setenv("VAULT_TOKEN", "hvs.another")
	_, err := Open(t.Context(), "hashivault://ed", Options{})
	fails(t, "another token", err, Later, "permission denied")
	if strings.Contains(err.Error(), "hvs.") {
		t.Errorf("it quotes the token: %v", err)
	}
	t.Setenv("VAULT_TOKEN", "")
	_, err = Open(t.Context(), "hashivault://ed", Options{})
	fails(t, "no token", err, Named, "no token for Vault")
	write(t, filepath.Join(home, ".vault-token"), []byte(vaultToken1))
	if _, err := Open(t.Context(), "hashivault://ed", Options{}); err != nil {
		t.Errorf("with the token of vault login: %v", err)
	}
	for address, want := range map[string]string{
		"": "VAULT_ADDR does not say", "http://vault.acme.example:8200": "in the open", "127.0.0.1:8200": "no https:// address", "ftp://127.0.0.1": "no https:// address",
	} {
		t.Setenv("VAULT_ADDR", address)
		_, err := Open(t.Context(), "hashivault://ed", Options{})
		fails(t, address, err, Named, want)
	}
	t.Setenv("VAULT_ADDR", "http://127.0.0.1:1")
	_, err = Open(t.Context(), "hashivault://ed", Options{})
	fails(t, "nobody there", err, Later, "connection refused")
}
