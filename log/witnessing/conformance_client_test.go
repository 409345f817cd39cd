package witnessing

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	flog "github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/pledgelog/pledgelog/docs/conformance"
	"github.com/pledgelog/pledgelog/log"
)

// c2sp.org/tlog-witness at 5ba5ee8, for who asks a witness.
func TestConformanceTlogWitnessClient(t *testing.T) {
	// one asks a witness, which cosigned size 4 last, for size 10, and again for 200.
	one := func(t *testing.T, look func(t *testing.T, tr *tree, w *witness, n *network, bodies [][]byte)) {
		synctest.Test(t, func(t *testing.T) {
			tr := newTree(t, 200)
			w := newWitness(t, tr, "a")
			w.SetState(4, tr.root(4))
			var bodies [][]byte
			w.Set(func(_ http.ResponseWriter, r *request) bool {
				bodies = append(bodies, r.Add.Marshal())
				return false
			})
			p, n := policyOf(t, tr, []*witness{w}, "quorum a\n"), newNetwork(t, w)
			c := newTestClient(t, tr, p, n)
			mustCosign(t, c, p, tr.signed(10))
			mustCosign(t, c, p, tr.signed(200))
			look(t, tr, w, n, bodies)
		})
	}
	// conflicts asks a witness that answers 409 in some way, and wants an error.
	conflicts := func(answer func(http.ResponseWriter, *request), want error, requests int) func(*testing.T) {
		return func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newTree(t, 10)
				w := newWitness(t, tr, "a")
				w.Set(func(rw http.ResponseWriter, r *request) bool { answer(rw, r); return true })
				c := newTestClient(t, tr, policyOf(t, tr, []*witness{w}, "quorum a\n"), newNetwork(t, w))
				if _, err := c.Cosign(t.Context(), tr.signed(10)); !errors.Is(err, log.ErrQuorum) {
					t.Errorf("%v", err)
				}
				if why := c.Figures()[0].LastError; !errors.Is(why, want) {
					t.Errorf("%v, want %v", why, want)
				}
				if n := len(w.Asked()); n != requests {
					t.Errorf("%d requests, want %d", n, requests)
				}
			})
		}
	}

	conformance.Run(t, []conformance.Row{
		conformance.Tested("add-checkpoint, the client", "POST", "the request is a POST to `add-checkpoint` below the submission prefix", func(t *testing.T) {
			one(t, func(t *testing.T, _ *tree, w *witness, _ *network, _ [][]byte) {
				for _, r := range w.Asked() {
					if r.HTTP.Method != "POST" || r.HTTP.URL.Path != "/a/add-checkpoint" || r.HTTP.URL.RawQuery != "" {
						t.Errorf("%s %s", r.HTTP.Method, r.HTTP.URL)
					}
				}
			})
		}),
		conformance.Tested("add-checkpoint, the client", "keep-alive", "connections are used again (a SHOULD)", func(t *testing.T) {
			one(t, func(t *testing.T, _ *tree, w *witness, n *network, _ [][]byte) {
				if asked := len(w.Asked()); asked != 3 || n.dials["a.example:80"] != 1 {
					t.Errorf("%d requests over %d connections", asked, n.dials["a.example:80"])
				}
			})
		}),
		conformance.Tested("add-checkpoint, the client", "form of a request", "old size, proof, an empty line and the checkpoint, each line with its line feed", func(t *testing.T) {
			one(t, func(t *testing.T, tr *tree, _ *witness, _ *network, bodies [][]byte) {
				// Who was never asked is asked from the size itself, then from what it named, and
				// the next time from what it cosigned.
				for i, c := range []struct{ old, size uint64 }{{10, 10}, {4, 10}, {10, 200}} {
					want := fmt.Sprintf("old %d\n", c.old)
					proof, err := tr.ConsistencyProof(t.Context(), c.old, c.size)
					if err != nil {
						t.Fatal(err)
					}
					for _, h := range proof {
						want += base64.StdEncoding.EncodeToString(h[:]) + "\n"
					}
					want += "\n" + string(tr.signed(c.size))
					if len(bodies) != 3 || !bytes.Equal(bodies[i], []byte(want)) {
						t.Errorf("request %d of %d is\n%s\nwant\n%s", i, len(bodies), bodies[i], want)
					}
				}
			})
		}, "The bytes are compared with the words of the text."),
		conformance.Tested("add-checkpoint, the client", "at most 63 proof lines", "not more than 63 hashes are sent", func(t *testing.T) {
			for n, asks := range map[int]bool{63: true, 64: false} {
				synctest.Test(t, func(t *testing.T) {
					tr := newTree(t, 10)
					w := newWitness(t, tr, "a")
					w.SetState(4, tr.root(4))
					cfg := func(c *Config) { c.Prover = longProver(n) }
					c := newTestClient(t, tr, policyOf(t, tr, []*witness{w}, "quorum a\n"), newNetwork(t, w), cfg)
					if _, err := c.Cosign(t.Context(), tr.signed(10)); !errors.Is(err, log.ErrQuorum) {
						t.Errorf("%d hashes: %v", n, err)
					}
					// One with too many is no request to the witness of this test, which reads it as
					// the specification has it.
					sent := 0
					for _, r := range w.Asked() {
						sent = max(sent, len(r.Add.Proof))
					}
					why := c.Figures()[0].LastError
					if asks && (sent != n || !errors.Is(why, ErrInconsistent)) || !asks && (sent != 0 || errors.Is(why, ErrBadRequest) || !strings.Contains(why.Error(), "64 hashes")) {
						t.Errorf("%d hashes: %d were sent, %v", n, sent, why)
					}
				})
			}
		}, "No tree of under 2^63 leaves has a longer proof; what makes proofs may be wrong."),
		conformance.Elsewhere("add-checkpoint, the client", "409", "after 409 the proof begins at the size that the answer names", "`log/witnessing.TestConformanceTlogWitnessClient`, `form_of_a_request`"),
		conformance.Tested("add-checkpoint, the client", "409 with the size that was given", "409 for the size itself is no reason to ask again", conflicts(func(rw http.ResponseWriter, r *request) { conflict(rw, r.Add.Old) }, ErrInconsistent, 1),
			"v1.0.0 has 409, without a size, for an equal size with another root: that has no content type, and is an improper answer."),
		conformance.Tested("add-checkpoint, the client", "409 with a larger size", "a larger size means that the log was there already", conflicts(func(rw http.ResponseWriter, r *request) { conflict(rw, 11) }, ErrAhead, 1), "The log stops: `log/embedded.TestRestoredWithItsGuard`."),
		conformance.Tested("add-checkpoint, the client", "409 again and again", "a witness that names another size each time is left alone", conflicts(func(rw http.ResponseWriter, r *request) { conflict(rw, uint64(r.Number)) }, ErrUnsettled, 3)),
		conformance.Tested("add-checkpoint, the client", "409 type and body", "the body of a 409 is a decimal size and a line feed, of type text/x.tlog.size", func(t *testing.T) {
			for _, c := range []struct{ contentType, body string }{
				{"text/plain", "4\n"}, {"", "4\n"}, {"text/x.tlog.size", "4"}, {"text/x.tlog.size", "04\n"}, {"text/x.tlog.size", "4\n\n"}, {"text/x.tlog.size", "4\r\n"}, {"text/x.tlog.size", " 4\n"},
				{"text/x.tlog.size", "+4\n"}, {"text/x.tlog.size", "-4\n"}, {"text/x.tlog.size", "0x4\n"}, {"text/x.tlog.size", "\n"}, {"text/x.tlog.size", ""}, {"text/x.tlog.size", "9223372036854775808\n"},
			} {
				t.Run(fmt.Sprintf("%s %q", c.contentType, c.body), conflicts(func(rw http.ResponseWriter, r *request) {
					rw.Header()["Content-Type"] = []string{c.contentType}
					rw.WriteHeader(http.StatusConflict)
					fmt.Fprint(rw, c.body)
				}, ErrAnswer, 1))
			}
		}),
		conformance.Elsewhere("add-checkpoint, the client", "unknown keys", "cosignatures by unknown keys are ignored", "`log/witnessing.TestUnknownLines`"),
		conformance.Elsewhere("add-checkpoint, the client", "a time", "a cosignature without a time is none", "`log/witnessing.TestLiars`"),
		conformance.Elsewhere("add-checkpoint, the client", "other answers", "404, 403, 400, 422 and 409 each have their meaning, and none is a cosignature", "`log/witnessing.TestLiars`"),
		conformance.Tested("add-checkpoint, the client", "a witness that others wrote", "cosignatures that transparency-dev/formats makes are kept, and it verifies the checkpoint that is published with them", theirsAndBack),
		conformance.Elsewhere("add-checkpoint, the client", "a service", "the two sides understand each other, and others'", "`log/witnessing.TestWithPledgeWitness`, `log/witnessing.TestWithLitewitness`, `witness.TestTesseraUsesThisWitness`"),
	})
}

// longProver makes proofs of so many hashes.
type longProver int

func (n longProver) ConsistencyProof(context.Context, uint64, uint64) ([]log.Hash, error) {
	return make([]log.Hash, n), nil
}

// theirsAndBack has a checkpoint cosigned by keys of formats, of both algorithms, and
// gives what is published to formats.
func theirsAndBack(t *testing.T) {
	edSecret, edPublic, err := note.GenerateKey(rand.Reader, "a.example")
	if err != nil {
		t.Fatal(err)
	}
	if edPublic, err = fnote.VKeyToCosignatureV1(edPublic); err != nil {
		t.Fatal(err)
	}
	pqSecret, pqPublic, err := fnote.GenerateMLDSAKey("a.example/pq")
	if err != nil {
		t.Fatal(err)
	}
	tr := newTree(t, 10)
	w := newWitness(t, tr, "a")
	var signers []note.Signer
	verifiers := make([]note.Verifier, 2)
	for i, k := range []struct{ secret, public string }{{edSecret, edPublic}, {pqSecret, pqPublic}} {
		s, err := fnote.NewSignerForCosignatureV1(k.secret)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, s)
		if verifiers[i], err = fnote.NewVerifierForCosignatureV1(k.public); err != nil {
			t.Fatal(err)
		}
	}
	w.Set(func(rw http.ResponseWriter, r *request) bool {
		raw, err := note.Sign(&note.Note{Text: string(r.Text)}, signers...)
		if err != nil {
			t.Error(err)
		}
		_, lines, _ := bytes.Cut(raw, []byte("\n\n"))
		rw.Write(lines)
		return true
	})
	p, err := log.ParsePolicy([]byte("log " + tr.signer.Key().String() + "\nwitness ed " + edPublic + " " + w.URL + "\nwitness pq " + pqPublic + " " + w.URL + "\ngroup both all ed pq\nquorum both\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClient(t, tr, p, newNetwork(t, w))
	v := mustCosign(t, c, p, tr.signed(10))
	logKey, err := note.NewVerifier(tr.signer.Key().String())
	if err != nil {
		t.Fatal(err)
	}
	cp, rest, n, err := flog.ParseCheckpoint(v.Raw, origin, logKey, verifiers...)
	if err != nil || len(rest) > 0 || cp.Size != 10 || log.Hash(cp.Hash) != tr.root(10) {
		t.Fatalf("%+v, %v", cp, err)
	}
	var by []string
	for _, s := range n.Sigs {
		by = append(by, s.Name)
	}
	if got := strings.Join(by, " "); got != origin+" a.example a.example/pq" {
		t.Errorf("signed by %s", got)
	}
}
