package witness_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/log"
)

// These tests hold a witness to what c2sp.org/tlog-witness asks of one, in that text's
// order. Each is named after the section and says its requirement in our own words.

// Add Checkpoint: only POST is answered.
func TestSpecAddCheckpointIsPost(t *testing.T) {
	b := newBench(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		resp := b.do(httptest.NewRequest(method, "/submit/add-checkpoint", bytes.NewReader(b.request(0, 1).Marshal())))
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
	b.cosigned(b.request(0, 1))
}

// Add Checkpoint: a body is the old size, the proof, an empty line and the checkpoint, and
// nothing else. The rest of the format is tested in package log.
func TestSpecAddCheckpointBody(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 300))
	good := string(b.request(300, 301).Marshal())
	for name, body := range map[string]string{
		"empty":             "",
		"no checkpoint":     "old 300\n\n",
		"leading zero":      strings.Replace(good, "old 300", "old 0300", 1),
		"CRLF":              strings.ReplaceAll(good, "\n", "\r\n"),
		"no last line feed": strings.TrimSuffix(good, "\n"),
		"JSON":              "{}\n",
	} {
		resp := b.refused([]byte(body), 400, "malformed")
		if resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %s", name, resp.Header.Get("Content-Type"))
		}
	}
	b.refused([]byte(good+strings.Repeat("x", 128<<10)), 413, "over 131072 bytes")
}

// Add Checkpoint: a proof of 63 hashes is read, one of 64 is not.
func TestSpecAddCheckpointProofLines(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 300))
	r := b.request(300, 301)
	for len(r.Proof) < 63 {
		r.Proof = append(r.Proof, log.Hash{1})
	}
	b.refused(r.Marshal(), 422, "") // well-formed, and wrong
	r.Proof = append(r.Proof, log.Hash{1})
	b.refused(r.Marshal(), 400, "more than 63")
}

// Add Checkpoint: other signatures beside the log's do not matter, whatever key they claim
// to be by. signed-note: 16 at least are read.
func TestSpecAddCheckpointManySignatures(t *testing.T) {
	b := newBench(t)
	var signers []signer
	for _, of := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"} {
		s, _ := pqSigner(t, origin, of) // the log's name, and another key
		signers = append(signers, s)
	}
	s, _ := edSigner(t, "elsewhere.example", origin) // another name, and the log's key
	renamed := func(text []byte) log.NoteSignature {
		return log.NoteSignature{Name: "elsewhere.example", ID: b.key.ID, Sig: make([]byte, 64)} // the log's key ID
	}
	b.cosigned(ask(b.tree, 0, 7, append(signers, s, renamed, b.sign)...))
}

// Add Checkpoint: a log may have several keys; each that signed has to have signed well.
func TestSpecAddCheckpointSeveralKeys(t *testing.T) {
	b := newBench(t)
	pq, pqKey := pqSigner(t, origin, "pq")
	other, otherKey := edSigner(t, "sum.example", "other") // a key's name need not be the origin
	if _, err := b.state.Add(t.Context(), origin, []log.Key{pqKey, otherKey}, true); err != nil {
		t.Fatal(err)
	}
	b.cosigned(ask(b.tree, 0, 1, b.sign))
	b.cosigned(ask(b.tree, 1, 2, pq))
	b.cosigned(ask(b.tree, 2, 3, other))
	b.cosigned(ask(b.tree, 3, 4, other, b.sign, pq))
	bad := func(text []byte) log.NoteSignature {
		s := pq(text)
		s.Sig[100] ^= 1
		return s
	}
	b.refused(ask(b.tree, 4, 5, b.sign, bad).Marshal(), 403, "")
}

// Add Checkpoint: 404 for a log that the witness was not told of.
func TestSpecAddCheckpointUnknownOrigin(t *testing.T) {
	b := newBench(t)
	r := b.request(0, 1)
	for _, o := range []string{origin + "/", "Log.accord.example/2026", "x", strings.Repeat("x", 1000), "../../" + origin} {
		r.Note.Text = log.Checkpoint{Origin: o, Size: 1, Root: b.tree.root(1)}.Marshal()
		r.Note.Signatures = []log.NoteSignature{b.sign(r.Note.Text)}
		b.refused(r.Marshal(), 404, "not known")
	}
	if _, err := b.state.SetEnabled(t.Context(), origin, false); err != nil {
		t.Fatal(err)
	}
	b.refused(b.request(0, 1).Marshal(), 404, "disabled")
	if _, err := b.state.SetEnabled(t.Context(), origin, true); err != nil {
		t.Fatal(err)
	}
	b.cosigned(b.request(0, 1))
}

// Add Checkpoint: 403 where no known key of the log signed, and where one is named that did
// not.
func TestSpecAddCheckpointNotSigned(t *testing.T) {
	b := newBench(t)
	other, _ := edSigner(t, origin, "other")
	elsewhere, _ := edSigner(t, "elsewhere.example", origin)
	bad := func(text []byte) log.NoteSignature {
		s := b.sign(text)
		s.Sig[0] ^= 1
		return s
	}
	short := func(text []byte) log.NoteSignature {
		s := b.sign(text)
		s.Sig = s.Sig[:63]
		return s
	}
	ofAnother := func([]byte) log.NoteSignature { return b.sign([]byte("another text\n")) }
	for name, signers := range map[string][]signer{
		"another key":            {other},
		"another name":           {elsewhere},
		"bad":                    {bad},
		"short":                  {short},
		"of another text":        {ofAnother},
		"bad behind a good one":  {b.sign, bad},
		"bad before a good one":  {bad, b.sign},
		"bad among unknown ones": {other, bad, elsewhere},
	} {
		t.Run(name, func(t *testing.T) { b.refused(ask(b.tree, 0, 1, signers...).Marshal(), 403, "did not sign") })
	}
}

// Add Checkpoint: 400 for an old size that is over the checkpoint's.
func TestSpecAddCheckpointOldSize(t *testing.T) {
	b := newBench(t)
	r := b.request(0, 7)
	r.Old = 8
	b.refused(r.Marshal(), 400, "old size")
	b.cosigned(b.request(0, 7))
	b.refused(r.Marshal(), 400, "old size")
	r.Old = log.MaxTreeSize
	b.refused(r.Marshal(), 400, "old size")
}

// Add Checkpoint: 409, and the size that the witness cosigned last, where the old size is
// another.
func TestSpecAddCheckpointConflict(t *testing.T) {
	b := newBench(t)
	conflict := func(old, size uint64, want string) {
		t.Helper()
		resp := b.post(b.request(old, size).Marshal())
		got := text(resp)
		types := resp.Header.Values("Content-Type")
		if resp.StatusCode != 409 || got != want || !cmp.Equal(types, []string{"text/x.tlog.size"}) {
			t.Errorf("%d to %d: status %d, %q of type %q, want %q", old, size, resp.StatusCode, got, types, want)
		}
	}
	conflict(1, 2, "0\n") // "(or zero if it never cosigned a checkpoint for that origin)"
	b.cosigned(b.request(0, 300))
	conflict(0, 301, "300\n") // "it MAY initially make a request with a old size of zero"
	conflict(0, 300, "300\n")
	conflict(299, 301, "300\n")
	conflict(301, 302, "300\n")
	conflict(0, 0, "300\n")
	conflict(7, 7, "300\n")
}

// Add Checkpoint: 422 for an empty tree with a root that is not the empty tree's.
func TestSpecAddCheckpointEmptyTree(t *testing.T) {
	b := newBench(t)
	r := b.request(0, 0)
	r.Note.Text = log.Checkpoint{Origin: origin, Root: b.tree.root(1)}.Marshal()
	r.Note.Signatures = []log.NoteSignature{b.sign(r.Note.Text)}
	b.refused(r.Marshal(), 422, "empty tree")
	b.cosigned(b.request(0, 0))
	b.cosigned(b.request(0, 0))
	b.refused(r.Marshal(), 422, "empty tree")
	b.cosigned(b.request(0, 3))
}

// Add Checkpoint: 422 for a proof that proves nothing, or that nobody asked for.
func TestSpecAddCheckpointProof(t *testing.T) {
	b := newBench(t)
	r := b.request(0, 7)
	r.Proof = []log.Hash{b.tree.root(7)}
	b.refused(r.Marshal(), 422, "no proof")
	b.cosigned(b.request(0, 7))
	other := newTree(t, "b", 6, 400)
	for name, change := range map[string]func(*log.AddCheckpoint){
		"none":               func(r *log.AddCheckpoint) { r.Proof = nil },
		"one hash short":     func(r *log.AddCheckpoint) { r.Proof = r.Proof[:len(r.Proof)-1] },
		"one hash more":      func(r *log.AddCheckpoint) { r.Proof = append(r.Proof, log.Hash{}) },
		"the wrong order":    func(r *log.AddCheckpoint) { r.Proof[0], r.Proof[1] = r.Proof[1], r.Proof[0] },
		"a bit":              func(r *log.AddCheckpoint) { r.Proof[1][31] ^= 1 },
		"of other sizes":     func(r *log.AddCheckpoint) { r.Proof = b.tree.proof(7, 12) },
		"of another history": func(r *log.AddCheckpoint) { *r = *ask(other, 7, 300, b.sign) },
		"for another root": func(r *log.AddCheckpoint) {
			r.Note = ask(other, 7, 300, b.sign).Note
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.request(7, 300)
			change(r)
			b.refused(r.Marshal(), 422, "not consistent")
		})
	}
	b.cosigned(b.request(7, 300))
	b.cosigned(b.request(300, 400))
}

// Add Checkpoint: 422 for another root of the size that was cosigned last; that is proof
// against the log, and is kept.
func TestSpecAddCheckpointSameSize(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 7))
	b.cosigned(b.request(7, 7))
	r := b.request(7, 7)
	r.Proof = []log.Hash{b.tree.root(7)}
	b.refused(r.Marshal(), 422, "not consistent")
	unknown, _ := pqSigner(t, origin, "unknown")
	fork := ask(newTree(t, "b", 6, 7), 7, 7, unknown, b.sign, unknown)
	b.refused(fork.Marshal(), 422, "another root for the same size")
	fork.Note.Signatures = fork.Note.Signatures[1:2] // what strangers have put beside it is not
	if logged := b.logs.String(); !strings.Contains(logged, strings.ReplaceAll(string(fork.Note.Marshal()), "\n", `\n`)) {
		t.Errorf("the signed proof that the log misbehaves is not kept: %s", logged)
	}
}

// The order of the checks is that of the text: who is not the log learns nothing of its
// size, and an old size is compared before what comes with it is looked at.
func TestSpecAddCheckpointOrder(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 7))
	unknown, _ := edSigner(t, origin, "unknown")
	b.refused(ask(b.tree, 0, 8, unknown).Marshal(), 403, "")
	tooOld := ask(b.tree, 0, 8, unknown)
	tooOld.Old = 9
	b.refused(tooOld.Marshal(), 403, "")
	tooOld = b.request(0, 8)
	tooOld.Old = 9
	b.refused(tooOld.Marshal(), 400, "")
	wrongProof := b.request(6, 8)
	wrongProof.Proof = []log.Hash{{}}
	b.refused(wrongProof.Marshal(), 409, "7\n")
}

// Add Checkpoint: what was cosigned is recorded first, and then answered with 200 and the
// witness's signature lines, each with its time.
func TestSpecAddCheckpointAnswer(t *testing.T) {
	b := newBench(t)
	for size := uint64(0); size < 399; size += 7 {
		b.cosigned(b.request(max(size, 7)-7, size))
		b.pass(time.Second)
	}
	resp := b.post(b.request(392, 399).Marshal())
	if got := resp.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	for _, line := range strings.SplitAfter(strings.TrimSuffix(text(resp), "\n"), "\n") {
		if !strings.HasPrefix(line, "— witness.example/w1 ") {
			t.Errorf("%q is no signature line", line)
		}
	}
}

// Monitoring: the newest checkpoint of a log is shown with the cosignatures that were given
// for it and the log's signatures that were verified; 404 where there is none yet.
func TestSpecMonitorRetrieval(t *testing.T) {
	b := newBench(t)
	for _, o := range []string{origin, "elsewhere.example"} {
		if resp := b.read(o); resp.StatusCode != 404 || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d", o, resp.StatusCode)
		}
	}
	pq, pqKey := pqSigner(t, origin, "pq")
	if _, err := b.state.Add(t.Context(), origin, []log.Key{pqKey}, true); err != nil {
		t.Fatal(err)
	}
	unknown, _ := edSigner(t, "elsewhere.example", "unknown")
	r := ask(b.tree, 0, 7, unknown, b.sign, pq, b.sign)
	answer := text(b.post(r.Marshal()))
	// Nothing is left of the key that is not known, and one signature of each other.
	want := string((&log.Note{Text: r.Note.Text, Signatures: []log.NoteSignature{r.Note.Signatures[1], r.Note.Signatures[2]}}).Marshal()) + answer
	b.refused(b.request(0, 8).Marshal(), 409, "")
	for _, disabled := range []bool{false, true} {
		if _, err := b.state.SetEnabled(t.Context(), origin, !disabled); err != nil {
			t.Fatal(err)
		}
		resp := b.read(origin)
		got := text(resp)
		if resp.StatusCode != 200 || got != want {
			t.Errorf("disabled=%v: %d\n%s\nwant\n%s", disabled, resp.StatusCode, got, want)
		}
		for name, value := range map[string]string{
			"Content-Type": "text/plain; charset=utf-8", "Access-Control-Allow-Origin": "*",
			"Cache-Control": "public, max-age=5", "X-Content-Type-Options": "nosniff",
		} {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
	}
	for _, path := range []string{"/read/x/checkpoint", "/read/" + strings.Repeat("A", 64) + "/checkpoint", "/read/..%2f..%2fx/checkpoint", "/read/" + strings.Repeat("0", 65) + "/checkpoint"} {
		if resp := b.do(httptest.NewRequest("GET", path, nil)); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

// tlog-cosignature: a time is a statement that no larger tree was seen by then. It never
// goes back, and a clock that has gone back is not believed.
func TestSpecCosignatureTime(t *testing.T) {
	b := newBench(t)
	b.cosigned(b.request(0, 7))
	b.cosigned(b.request(7, 7)) // within the same second
	b.pass(-time.Second)
	for _, size := range []uint64{7, 8} {
		if resp := b.refused(b.request(7, size).Marshal(), 503, "1 s before"); resp.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	b.start() // and not after a start either
	b.refused(b.request(7, 8).Marshal(), 503, "clock")
	b.pass(time.Second)
	b.cosigned(b.request(7, 8))
	b.now = time.Unix(0, 0)
	b.refused(b.request(8, 9).Marshal(), 503, "1970")
}
