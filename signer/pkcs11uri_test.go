package signer

import (
	"strings"
	"testing"
)

func TestPKCS11URI(t *testing.T) {
	const good = "pkcs11:token=The%20Token;serial=01;object=acme%3B1;id=%01%ff;type=private?module-path=/usr/lib/x.so&pin-source=file:/run/pin"
	u, err := parsePKCS11(good)
	if err != nil {
		t.Fatal(err)
	}
	if *u != (pkcs11URI{token: "The Token", serial: "01", object: "acme;1", id: "\x01\xff", module: "/usr/lib/x.so", pinFile: "/run/pin"}) {
		t.Errorf("%+v", u)
	}
	for _, ref := range []string{
		"pkcs11:object=a?module-path=/x&pin-source=/run/pin", "pkcs11:object=a?module-path=/x&pin-source=file:///run/pin",
	} {
		if u, err := parsePKCS11(ref); err != nil || u.pinFile != "/run/pin" {
			t.Errorf("%s: %+v, %v", ref, u, err)
		}
	}
	for ref, want := range map[string]string{
		"pkcs11:":                                               "names no key",
		"pkcs11:token=acme?module-path=/x":                      "names no key",
		"pkcs11:object=a":                                       "where the token's library is",
		"pkcs11:object=a?module-path=x.so":                      "not a whole path",
		"pkcs11:object=a;object=b?module-path=/x":               "object is there twice",
		"pkcs11:object=?module-path=/x":                         "the value of object cannot be read",
		"pkcs11:object=%zz?module-path=/x":                      "the value of object cannot be read",
		"pkcs11:object=a;type=cert?module-path=/x":              `names a "cert"`,
		"pkcs11:object=a;x-y=1?module-path=/x":                  `"x-y" is not known here`,
		"pkcs11:object=a;?module-path=/x":                       "has no value",
		"pkcs11:object=a?module-name=softhsm2":                  `"module-name" is not known here`,
		"pkcs11:object=a?module-path=/x&pin-source=pin":         "not the whole path of a file",
		"pkcs11:object=a?module-path=/x&pin-source=|/bin/x":     "not the whole path of a file",
		"pkcs11:object=a?module-path=/x&pin-source=https://x/y": "not the whole path of a file",
		"pkcs11:object=a?module-path=/x&pin-value=13579":        "it holds a PIN",
		"pkcs11:pin-value=13579?module-path=/x":                 "it holds a PIN", "pkcs11:object=a?module-path=/x?pin-value=13579": "it holds a PIN",
	} {
		_, err := Open(t.Context(), ref, Options{})
		fails(t, ref, err, Named, want)
		if err != nil && strings.Contains(err.Error(), "13579") {
			t.Errorf("it repeats the PIN: %v", err)
		}
	}
}

func FuzzPKCS11URI(f *testing.F) {
	f.Add("pkcs11:token=The%20Token;object=acme?module-path=/usr/lib/x.so&pin-source=file:/run/pin")
	f.Add("pkcs11:id=%01?module-path=/x&pin-value=1")
	f.Fuzz(func(t *testing.T, ref string) {
		u, err := parsePKCS11(ref)
		if err == nil && (strings.Contains(ref, "pin-value") || u.module == "" || u.object+u.id == "") {
			t.Errorf("%q was taken as %+v", ref, u)
		}
	})
}
