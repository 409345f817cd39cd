package entry

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readJSON(t *testing.T, v any, path ...string) {
	t.Helper()
	name := filepath.Join(append([]string{"..", "testdata", "published"}, path...)...)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		d = json.NewDecoder(z)
	}
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// TestSpeccheck holds our Ed25519, alone and together, to the verdicts of ZIP 215
// on the twelve signatures on which verifiers disagree: the row "Zebra" of
// ed25519-speccheck's results. Keys of small order, which we refuse, are taken here
// to reach the equation.
func TestSpeccheck(t *testing.T) {
	var cases []struct {
		Message   string `json:"message"`
		PubKey    string `json:"pub_key"`
		Signature string `json:"signature"`
	}
	readJSON(t, &cases, "ed25519-speccheck", "cases.json")
	zebra := "VVVVVVXXXVVV"
	if len(cases) != len(zebra) {
		t.Fatalf("%d cases, want %d", len(cases), len(zebra))
	}
	good := signed(minBatch, 2)
	for i, c := range cases {
		raw := unhex(t, c.PubKey)
		expanded, err := voi.NewExpandedPublicKey(voi.PublicKey(raw))
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		key := &PublicKey{ID: KeyID{byte(i)}, Alg: AlgEd25519, Raw: raw, expanded: expanded}
		check := Check{key, unhex(t, c.Message), unhex(t, c.Signature)}
		want := zebra[i] == 'V'
		if got := key.Verify(check.Msg, check.Sig); got != want {
			t.Errorf("case %d alone: %v, want %v", i, got, want)
		}
		// Among good ones, and a batch of nothing else: the same verdict.
		if got := VerifyAll(append([]Check{check}, good...)); got[0] != want || !got[1] || !got[len(good)] {
			t.Errorf("case %d among good ones: %v, want %v first", i, got, want)
		}
		if got := VerifyAll([]Check{check, check, check, check}); got[0] != want || got[3] != want {
			t.Errorf("case %d four times: %v, want %v", i, got, want)
		}
		if got := verifyTogether([]Check{check, good[0]}); got != want {
			t.Errorf("case %d in the equation: %v, want %v", i, got, want)
		}
		if strict := key.VerifyStrict(check.Msg, check.Sig); strict && !want {
			t.Errorf("case %d: strict, though ZIP 215 does not take it", i)
		}
		parsed, err := newKey(AlgEd25519, raw, UseStatement).Parse()
		if small := i < 2 || i >= 10; small != (CodeOf(err) == CodeKeyWeak) || (parsed == nil) != small {
			t.Errorf("case %d: the key is taken: %v", i, err)
		}
	}
}

type wycheproof struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		PublicKey    json.RawMessage `json:"publicKey"`
		PublicKeyDer string          `json:"publicKeyDer"`
		Tests        []struct {
			TcID    int      `json:"tcId"`
			Comment string   `json:"comment"`
			Flags   []string `json:"flags"`
			Msg     string   `json:"msg"`
			Ctx     string   `json:"ctx"`
			Sig     string   `json:"sig"`
			Result  string   `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

// TestWycheproof holds every algorithm to Wycheproof, alone and, for Ed25519,
// together with good ones.
func TestWycheproof(t *testing.T) {
	for _, c := range []struct {
		file, alg string
		least     int
	}{
		{"ed25519_test.json", AlgEd25519, 150},
		{"ecdsa_secp256r1_sha256_p1363_test.json", AlgP256, 260},
		{"mldsa_44_verify_test.json.gz", AlgMLDSA44, 130},
	} {
		t.Run(c.alg, func(t *testing.T) {
			var file wycheproof
			readJSON(t, &file, "wycheproof", c.file)
			good := signed(minBatch, 2)
			tried, refusedKeys := 0, 0
			for _, g := range file.TestGroups {
				key, keyErr := Key{Alg: c.alg, SPKI: spkiOf(t, c.alg, g.PublicKey, g.PublicKeyDer), Use: UseStatement}.Parse()
				for _, v := range g.Tests {
					if v.Ctx != "" {
						continue // our context is empty
					}
					tried++
					strict := v.Result == "valid"
					// ZIP 215 takes an R whose encoding is not canonical; a server
					// does not.
					want := strict || c.alg == AlgEd25519 && v.TcID == 151
					if keyErr != nil {
						if refusedKeys++; want {
							t.Errorf("%d (%s): the key is refused: %v", v.TcID, v.Comment, keyErr)
						}
						continue
					}
					msg, sig := unhex(t, v.Msg), unhex(t, v.Sig)
					if got := key.Verify(msg, sig); got != want {
						t.Errorf("%d (%s): %v, want %v", v.TcID, v.Comment, got, want)
					}
					if got := key.VerifyStrict(msg, sig); got != strict {
						t.Errorf("%d (%s): strict %v, want %v", v.TcID, v.Comment, got, strict)
					}
					if got := VerifyAll(append([]Check{{key, msg, sig}}, good...)); got[0] != want || !got[1] {
						t.Errorf("%d (%s): together %v, want %v first", v.TcID, v.Comment, got, want)
					}
				}
			}
			if tried < c.least {
				t.Errorf("only %d vectors were tried", tried)
			}
			t.Logf("%d vectors, of which %d by keys that are refused", tried, refusedKeys)
		})
	}
}

// spkiOf returns a vector's key as SPKI. Those that come without one, since their
// length is wrong, are given our prefix.
func spkiOf(t *testing.T, alg string, raw json.RawMessage, der string) string {
	t.Helper()
	if der != "" {
		return base64.StdEncoding.EncodeToString(unhex(t, der))
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return newKey(alg, unhex(t, s), UseStatement).SPKI
}
