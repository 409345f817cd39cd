package witness_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/docs/conformance"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// c2sp.org/tlog-witness at 5ba5ee8, for the witness. Most rows have their sentences of the
// text above a test of their own (spec_test.go).
func TestConformanceTlogWitness(t *testing.T) {
	held := func(section, name, requires string, tests ...string) conformance.Row {
		return conformance.Elsewhere(section, name, requires, "`"+strings.Join(tests, "`, `")+"`")
	}
	const add = "add-checkpoint"
	conformance.Run(t, []conformance.Row{
		held(add, "POST", "the request is a POST", "witness.TestSpecAddCheckpointIsPost"),
		conformance.Tested(add, "keep-alive", "a connection may be used again (a SHOULD)", keepAlive),
		held(add, "body", "old size, proof, an empty line and the checkpoint, each line with its line feed", "witness.TestSpecAddCheckpointBody", "log.TestAddCheckpointOfTheSpecification", "log.TestAddCheckpointRefusals"),
		held(add, "proof lines", "at most 63 hashes", "witness.TestSpecAddCheckpointProofLines"),
		held(add, "several signatures", "several signatures, unknown ones ignored", "witness.TestSpecAddCheckpointManySignatures"),
		held(add, "trusted keys", "the keys that are trusted for the origin verify it", "witness.TestSpecAddCheckpointSeveralKeys"),
		held(add, "404", "404 for an unknown origin", "witness.TestSpecAddCheckpointUnknownOrigin"),
		held(add, "403", "403 without a good signature, or with a bad one by a trusted key", "witness.TestSpecAddCheckpointNotSigned"),
		held(add, "400", "400 for an old size over the checkpoint's", "witness.TestSpecAddCheckpointOldSize"),
		held(add, "409", "409, type and body, for an old size that is not the last cosigned one, or not zero where there is none", "witness.TestSpecAddCheckpointConflict"),
		held(add, "the empty tree", "422 for another root of the empty tree", "witness.TestSpecAddCheckpointEmptyTree"),
		held(add, "422", "422 for a proof that does not hold, or that should be empty", "witness.TestSpecAddCheckpointProof"),
		held(add, "an equal size", "422 for an equal size with another root; it may be logged, and is not cosigned", "witness.TestSpecAddCheckpointSameSize"),
		held(add, "order", "the checks come in the order of the text", "witness.TestSpecAddCheckpointOrder"),
		held(add, "200", "200 and cosignatures by the witness's keys on the checkpoint", "witness.TestSpecAddCheckpointAnswer"),
		conformance.Tested(add, "time", "a cosignature has a time, which is not zero", timeIsNotZero, "With a clock that stands at zero, or behind what it signed: `witness.TestSpecCosignatureTime`."),
		conformance.Tested(add, "recorded before the answer", "the new checkpoint is on the disk before the first byte of an answer", recordedFirst, "Broken off or killed at each step: `witness.TestFaultAtEachStep`, `witness.TestKilled`."),
		conformance.Tested(add, "compared and recorded at once", "no other request comes between comparing the old size and recording the new one", atOnce, "With a hundred clients, and with two processes: `witness.TestHundredClients`, `witness.TestTwoProcesses`."),
		held(add, "others' code", "what is answered verifies with transparency-dev/formats, and what formats and x/mod sign is cosigned", "witness.TestOursVerifiesElsewhere", "witness.TestTheirsIsCosigned", "witness.TestTesseraUsesThisWitness"),
		held("Monitor Retrieval Mechanism", "the last checkpoint", "the last cosigned checkpoint with the log's signature and the cosignatures", "witness.TestSpecMonitorRetrieval"),
	})
}

func keepAlive(t *testing.T) {
	b := newBench(t)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	client := server.Client()
	for i, r := range []*log.AddCheckpoint{b.request(0, 7), b.request(0, 7), b.request(7, 8)} { // a refusal among them
		req, err := http.NewRequest("POST", server.URL+"/submit/add-checkpoint", bytes.NewReader(r.Marshal()))
		if err != nil {
			t.Fatal(err)
		}
		reused := false
		trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused }}
		resp, err := client.Do(req.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
		if err != nil {
			t.Fatal(err)
		}
		text(resp)
		resp.Body.Close()
		if reused != (i > 0) || resp.StatusCode != []int{200, 409, 200}[i] {
			t.Errorf("request %d: status %d, on a connection that was there: %v", i, resp.StatusCode, reused)
		}
	}
}

// timeIsNotZero reads the eight bytes before the signature, as the text of
// tlog-cosignature has them.
func timeIsNotZero(t *testing.T) {
	b := newBench(t)
	sigs, err := log.ParseSignatureLines([]byte(text(b.post(b.request(0, 7).Marshal()))))
	if err != nil || len(sigs) != len(b.keys) {
		t.Fatalf("%d cosignatures, %v", len(sigs), err)
	}
	for _, s := range sigs {
		if got := binary.BigEndian.Uint64(s.Sig); got != uint64(b.clock().Unix()) || got == 0 {
			t.Errorf("time %d", got)
		}
	}
	b = newBench(t)
	b.now = time.Unix(0, 0)
	b.refused(b.request(0, 7).Marshal(), 503, "1970")
}

// recordedFirst looks at the disk when the handler begins to answer.
func recordedFirst(t *testing.T) {
	b := newBench(t)
	for _, size := range []uint64{7, 7, 300} {
		old := size
		if size == 300 {
			old = 7
		} else if !strings.HasPrefix(b.stored(), "7 ") {
			old = 0
		}
		r := b.request(old, size)
		w := &peeker{ResponseRecorder: httptest.NewRecorder(), look: b.stored}
		b.handler.ServeHTTP(w, httptest.NewRequest("POST", "/submit/add-checkpoint", bytes.NewReader(r.Marshal())))
		if w.Code != 200 || len(w.seen) == 0 {
			t.Fatalf("size %d: status %d, looked at %d times", size, w.Code, len(w.seen))
		}
		// The record has every line that is answered, as a monitor will see it.
		if !strings.Contains(w.seen[0], string(r.Note.Text)) || !strings.Contains(w.seen[0], w.Body.String()) {
			t.Errorf("size %d: at the first byte of %q the record was %q", size, w.Body, w.seen[0])
		}
		b.pass(time.Second)
	}
}

// A peeker looks at something when an answer begins.
type peeker struct {
	*httptest.ResponseRecorder
	look func() string
	seen []string
}

func (p *peeker) WriteHeader(status int) {
	p.seen = append(p.seen, p.look())
	p.ResponseRecorder.WriteHeader(status)
}

func (p *peeker) Write(b []byte) (int, error) {
	p.seen = append(p.seen, p.look())
	return p.ResponseRecorder.Write(b)
}

// atOnce is the race of the text: a request for N is held up at every step between its
// check and its record, and one for N+K comes. It has to wait, and then to fail, as the
// size is another by then.
func atOnce(t *testing.T) {
	for i, step := range witness.Steps {
		recorded := i >= slices.Index(witness.Steps, "renamed") // then others see the new size
		t.Run(step, func(t *testing.T) {
			b := newBench(t)
			b.cosigned(b.request(0, 7))
			first, second := b.request(7, 100).Marshal(), b.request(7, 300).Marshal()
			var other sync.WaitGroup
			answered := make(chan *http.Response, 1)
			once := false
			witness.OnStep(b.state, func(s string) error {
				if s != step || once {
					return nil
				}
				once = true
				other.Go(func() { answered <- b.post(second) })
				select {
				case resp := <-answered:
					if resp.StatusCode != 409 || !recorded {
						t.Errorf("answered meanwhile: %d", resp.StatusCode)
					}
					answered <- resp
				case <-time.After(30 * time.Millisecond):
				}
				return nil
			})
			got := b.post(first)
			other.Wait()
			later := <-answered
			if !once || got.StatusCode != 200 || later.StatusCode != 409 || text(later) != "100\n" {
				t.Errorf("the first has status %d, the second %d", got.StatusCode, later.StatusCode)
			}
			if s := b.stored(); !strings.HasPrefix(s, "100 ") {
				t.Errorf("the state is %.40s", s)
			}
		})
	}
}
