//go:build pkcs11 && cgo

package signer

import (
	"context"
	"encoding/asn1"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/pledgelog/pledgelog/entry"
)

const (
	softHSM  = "/usr/lib/softhsm/libsofthsm2.so"
	tokenPIN = "13579-right"
)

// A token is one of SoftHSM, made anew, with what keys a test makes on it.
func newToken(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "conf"), []byte("directories.tokendir = "+filepath.Join(dir, "tokens")+"\nlog.level = ERROR\n"))
	t.Setenv("SOFTHSM2_CONF", filepath.Join(dir, "conf"))
	for _, label := range []string{"acme", "other"} {
		if out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "24680", "--pin", tokenPIN).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return dir
}

// makes makes a pair of keys on the token acme.
func makes(t *testing.T, mechanism, kind uint, label, id string, params any, more ...*pkcs11.Attribute) {
	t.Helper()
	der, err := asn1.Marshal(params)
	if s, ok := params.(string); ok {
		der, err = asn1.MarshalWithParams(s, "printable")
	}
	if err != nil {
		t.Fatal(err)
	}
	k := &pkcs11Key{uri: &pkcs11URI{module: softHSM, token: "acme"}}
	if err := k.load(); err != nil {
		t.Fatal(err)
	}
	defer k.close()
	slots, err := k.ctx.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	var session pkcs11.SessionHandle
	for _, s := range slots {
		if info, err := k.ctx.GetTokenInfo(s); err == nil && info.Label == "acme" {
			if session, err = k.ctx.OpenSession(s, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := k.ctx.Login(session, pkcs11.CKU_USER, tokenPIN); err != nil {
		t.Fatal(err)
	}
	public := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, []byte(id)),
	}
	if kind == pkcs11.CKK_RSA {
		public = append(public, pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 1024), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
	} else {
		public = append(public, pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, der))
	}
	private := append([]*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, []byte(id)),
	}, more...)
	if _, _, err := k.ctx.GenerateKeyPair(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, public, private); err != nil {
		t.Fatalf("make %s: %v", label, err)
	}
}

const ckmECEdwardsKeyPairGen = 0x00001055

func TestToken(t *testing.T) {
	dir := newToken(t)
	makes(t, pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKK_EC, "p256", "\x01", oidP256)
	makes(t, ckmECEdwardsKeyPairGen, ckkECEdwards, "ed25519", "\x02", "edwards25519")
	makes(t, pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKK_EC, "always", "\x03", oidP256, pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, true))
	makes(t, pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKK_EC, "p384", "\x04", asn1.ObjectIdentifier{1, 3, 132, 0, 34})
	makes(t, pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, pkcs11.CKK_RSA, "rsa", "\x05", oidP256)
	makes(t, pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKK_EC, "twice", "\x06", oidP256)
	makes(t, pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKK_EC, "twice", "\x07", oidP256)
	makes(t, pkcs11.CKM_EC_KEY_PAIR_GEN, pkcs11.CKK_EC, "mute", "\x08", oidP256, pkcs11.NewAttribute(pkcs11.CKA_SIGN, false))

	asked := 0
	tells := func(pin string) Options {
		return Options{Ask: func(_ context.Context, s Secret) (string, error) {
			asked++
			if s != (Secret{"PIN", "acme"}) {
				t.Errorf("it asks for %v", s)
			}
			return pin, nil
		}}
	}
	const module = "?module-path=" + softHSM
	pin := write(t, filepath.Join(dir, "pin"), []byte(tokenPIN+"\n"))
	for _, c := range []struct {
		ref, alg string
		asked    int // to open it and to sign three times
	}{
		{"pkcs11:token=acme;object=p256" + module, entry.AlgP256, 1},
		{"pkcs11:token=acme;id=%01" + module, entry.AlgP256, 1},
		{"pkcs11:token=acme;object=ed25519" + module, entry.AlgEd25519, 1},
		{"pkcs11:token=acme;object=always" + module, entry.AlgP256, 4},
		{"pkcs11:token=acme;object=twice;id=%07" + module, entry.AlgP256, 1},
		{"pkcs11:token=acme;object=p256" + module + "&pin-source=file:" + pin, entry.AlgP256, 0},
	} {
		asked = 0
		s, err := Open(t.Context(), c.ref, tells(tokenPIN))
		if err != nil {
			t.Errorf("%s: %v", c.ref, err)
			continue
		}
		key := s.Key(entry.UseStatement)
		if key.Alg != c.alg {
			t.Errorf("%s is of %s", c.ref, key.Alg)
		}
		for range 3 {
			holds(t, s, key)
		}
		if asked != c.asked {
			t.Errorf("%s: the PIN was asked for %d times, not %d", c.ref, asked, c.asked)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", c.ref, err)
		}
	}

	for ref, want := range map[string]string{
		"pkcs11:token=acme;object=p384" + module:                          "with which no statement is signed",
		"pkcs11:token=acme;object=rsa" + module:                           "with which no statement is signed",
		"pkcs11:token=acme;object=twice" + module:                         "2 private keys fit",
		"pkcs11:token=acme;object=none" + module:                          "no such private key",
		"pkcs11:object=p256" + module:                                     "open token: 2 fit the URI",
		"pkcs11:token=acme;object=p256?module-path=/nowhere/lib.so":       "not there, or no PKCS#11 library",
		"pkcs11:token=acme;object=p256?module-path=" + pin:                "not there, or no PKCS#11 library",
		"pkcs11:token=acme;object=p256" + module + "&pin-source=" + dir:   "is a directory",
		"pkcs11:token=acme;object=p256" + module + "&pin-source=/nowhere": "no such file",
	} {
		_, err := Open(t.Context(), ref, tells(tokenPIN))
		fails(t, ref, err, Named, want)
	}
	_, err := Open(t.Context(), "pkcs11:token=none;object=p256"+module, tells(tokenPIN))
	fails(t, "a token that is not there", err, Later, "is not there")
	_, err = Open(t.Context(), "pkcs11:token=acme;object=p256"+module, Options{})
	fails(t, "nobody to ask", err, Named, "nobody to ask for the PIN")
	_, err = Open(t.Context(), "pkcs11:token=acme;object=p256"+module, tells("13579-wrong"))
	fails(t, "another PIN", err, Refused, "that is not its PIN")
	if strings.Contains(err.Error(), "13579") {
		t.Errorf("it quotes the PIN: %v", err)
	}
	s, err := Open(t.Context(), "pkcs11:token=acme;object=mute"+module, tells(tokenPIN))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Sign(t.Context(), message)
	fails(t, "a key that may not sign", err, Refused, "does not sign")
	s.Close()
}

// A point comes in two forms, and a curve under two names.
func TestPoints(t *testing.T) {
	ed := make([]byte, 32)
	ed[0] = 9
	octets, err := asn1.Marshal(ed)
	if err != nil {
		t.Fatal(err)
	}
	oid, err := asn1.Marshal(oidEd25519)
	if err != nil {
		t.Fatal(err)
	}
	name := append([]byte{0x13, 12}, "edwards25519"...)
	for _, params := range [][]byte{oid, name} {
		for _, point := range [][]byte{ed, octets} {
			if key, err := keyOfPoint(ckkECEdwards, params, point); err != nil || key != entry.NewKey(ed, entry.UseStatement) {
				t.Errorf("%x %x: %v", params, point, err)
			}
		}
		for _, point := range [][]byte{ed[1:], append(ed, 0), nil} {
			if _, err := keyOfPoint(ckkECEdwards, params, point); err == nil {
				t.Errorf("%x was taken", point)
			}
		}
		if _, err := keyOfPoint(pkcs11.CKK_EC, params, ed); err == nil {
			t.Error("an Edwards point was taken for one of P-256")
		}
	}
}
