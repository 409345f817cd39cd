package log

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestKeyRoundTrip(t *testing.T) {
	for _, k := range []Key{
		testSigner(t, testOrigin).Key(),
		testCosigner(t, "witness.example/w").Key(),
		testMLDSACosigner(t, "witness.example/pq").Key(),
		testSigner(t, "große-straße.example/ü").Key(),
	} {
		got, err := ParseKey(k.String())
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if !got.Equal(k) {
			t.Errorf("%s comes back as %s", k, got)
		}
	}
}

// vkeyOf makes a vkey with the right ID of whatever it is given.
func vkeyOf(name string, typ byte, pub []byte) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyID(name, typ, pub),
		base64.StdEncoding.EncodeToString(append([]byte{typ}, pub...)))
}

func TestParseKeyRefuses(t *testing.T) {
	good := testSigner(t, testOrigin).Key()
	vkey := good.String()
	id := fmt.Sprintf("%08x", good.ID)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tt := range []struct{ name, vkey, want string }{
		{"nothing", "", "not of the form"},
		{"two parts", testOrigin + "+" + id, "not of the form"},
		{"no name", strings.TrimPrefix(vkey, testOrigin), "name is empty"},
		{"another name", "x" + vkey, "key ID is"},
		{"name with a space", vkeyOf("a b", 1, good.Public), "has a space"},
		{"name with a no-break space", vkeyOf("a\u00a0b", 1, good.Public), "has a space"},
		{"name with a line separator", vkeyOf("a\u2028b", 1, good.Public), "has a space"},
		{"name with a control character", vkeyOf("a\x01b", 1, good.Public), "control character"},
		{"name not UTF-8", vkeyOf("a\xffb", 1, good.Public), "UTF-8"},
		{"long name", vkeyOf(strings.Repeat("a", 256), 1, good.Public), "at most 255"},
		{"ID in capitals", strings.Replace(vkey, id, strings.ToUpper(id), 1), "key ID is"},
		{"short ID", strings.Replace(vkey, id, id[1:], 1), "key ID is"},
		{"long ID", strings.Replace(vkey, id, "0"+id, 1), "key ID is"},
		{"another ID", strings.Replace(vkey, id, "00000000", 1), "key ID is"},
		{"no key", testOrigin + "+" + id + "+", "no key type"},
		{"line feed at the end", vkey + "\n", "base64"},
		{"line feed within", vkey[:len(vkey)-4] + "\n" + vkey[len(vkey)-4:], "base64"},
		{"no padding", strings.TrimRight(vkeyOf("a", 1, make([]byte, 30)), "="), "base64"},
		{"ECDSA", vkeyOf("a", 2, make([]byte, 91)), "type 0x02"},
		{"RFC 6962", vkeyOf("a", 5, make([]byte, 32)), "type 0x05"},
		{"short key", vkeyOf("a", 1, good.Public[1:]), "31 bytes"},
		{"long key", vkeyOf("a", 4, append([]byte{1}, good.Public...)), "33 bytes"},
		{"short ML-DSA key", vkeyOf("a", 6, make([]byte, 1311)), "ML-DSA-44"},
		{"not a point", vkeyOf("a", 1, unhex("0200000000000000000000000000000000000000000000000000000000000000")), "not an Ed25519 key"},
		{"order 1", vkeyOf("a", 1, unhex("0100000000000000000000000000000000000000000000000000000000000000")), "small order"},
		{"order 2", vkeyOf("a", 1, unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), "small order"},
		{"order 4", vkeyOf("a", 4, unhex("0000000000000000000000000000000000000000000000000000000000000000")), "small order"},
		{"order 8", vkeyOf("a", 4, unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")), "small order"},
		{"y over p", vkeyOf("a", 1, unhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")), "not canonical"},
		{"sign of zero", vkeyOf("a", 1, unhex("0100000000000000000000000000000000000000000000000000000000000080")), "not canonical"},
		{"too long", "a+00000000+" + strings.Repeat("A", maxVkey), "at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseKey(tt.vkey)
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			wantError(t, err, tt.want)
		})
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(specVkey)
	for _, b := range publishedVectors(f, "policies.json", "policy") {
		for _, word := range strings.Fields(string(b)) {
			if strings.Count(word, "+") > 1 {
				f.Add(word)
			}
		}
	}
	f.Add(testCosigner(f, "witness.example/w").Key().String())
	f.Add(testMLDSACosigner(f, "witness.example/pq").Key().String())
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseKey(s)
		if err != nil {
			return
		}
		if got := k.String(); got != s {
			t.Fatalf("%q comes back as %q", s, got)
		}
	})
}
