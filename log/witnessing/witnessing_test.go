package witnessing

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

const twoOfThree = "group all 2 a b c\nquorum all\n"

func three(t testing.TB, tr *tree) []*witness {
	return []*witness{newWitness(t, tr, "a"), newWitness(t, tr, "b"), newWitness(t, tr, "c")}
}

// The whole way: a first checkpoint, a larger one with a proof, the same again,
// one from which a witness was left behind.
func TestCosign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 1000)
		ws := three(t, tr)
		p := policyOf(t, tr, ws, twoOfThree)
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		for _, size := range []uint64{0, 1, 7, 256, 300, 300, 777, 1000} {
			v := mustCosign(t, c, p, tr.signed(size))
			if got := names(v); got != "a b c" || v.Checkpoint.Size != size {
				t.Errorf("size %d is cosigned by %s", v.Checkpoint.Size, got)
			}
		}
		for _, w := range ws {
			for _, r := range w.Asked() {
				if ua := r.HTTP.Header.Get("User-Agent"); !strings.HasPrefix(ua, "pledgelog/") {
					t.Errorf("user agent %q", ua)
				}
				if n := len(r.Add.Note.Signatures); n != 1 {
					t.Errorf("a witness was sent %d signatures", n)
				}
			}
		}
		// One refusal each (nobody was known before), and no more.
		for _, w := range ws {
			if n := len(w.Asked()); n > 9 {
				t.Errorf("%s had %d requests for 8 checkpoints", w.Name, n)
			}
		}
		for _, f := range c.Figures() {
			if f.Size != 1000 || f.Cosigned != 8 || f.LastError != nil || f.LastSuccess.IsZero() || f.LastTime == 0 {
				t.Errorf("figures %+v", f)
			}
		}
	})
}

// A cosignature that the checkpoint has from before is not passed off as new.
func TestCosignAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := three(t, tr)
		p := policyOf(t, tr, ws, twoOfThree)
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		first := mustCosign(t, c, p, tr.signed(10))
		time.Sleep(time.Hour)
		second := mustCosign(t, c, p, first.Raw)
		if second.QuorumTime != first.QuorumTime+3600 {
			t.Errorf("quorum time went from %d to %d in an hour", first.QuorumTime, second.QuorumTime)
		}
		if n := len(second.Note.Signatures); n != 4 {
			t.Errorf("%d signatures, want the log's and three", n)
		}
	})
}

// Several keys at one address are asked by one request.
func TestSeveralKeysAtOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ed, err := log.NewCosigner("a.example", seed("a"))
		if err != nil {
			t.Fatal(err)
		}
		w := newWitness(t, tr, "a", ed, mldsa(t, "a.example/pq"))
		p := policyOf(t, tr, []*witness{w}, "group both all a a2\nquorum both\n")
		p.Witnesses[1].URL += "/" // the same address
		if p, err = log.ParsePolicy(p.Marshal()); err != nil {
			t.Fatal(err)
		}
		c := newTestClient(t, tr, p, newNetwork(t, w))
		w.SetState(4, tr.root(4))
		if _, err := c.Cosign(t.Context(), tr.signed(10)); err != nil {
			t.Fatal(err)
		}
		if n := len(w.Asked()); n != 2 { // the first had to be put right
			t.Errorf("%d requests", n)
		}
		// With one key's line missing the other's still counts.
		w.Set(func(rw http.ResponseWriter, r *request) bool {
			fmt.Fprint(rw, w.Line(ed, r.Text, 0))
			return true
		})
		_, err = c.Cosign(t.Context(), tr.signed(10))
		if !errors.Is(err, log.ErrQuorum) || !strings.Contains(err.Error(), "a2: ") || strings.Contains(err.Error(), "a: ") {
			t.Errorf("%v", err)
		}
	})
}

// What witnesses may do wrong, each alone beside one good witness of two that are
// needed: the quorum is not reached, the error says why, and nothing of the liar
// gets into the checkpoint that the third one completes.
func TestLiars(t *testing.T) {
	other := func(text []byte, f func(*log.Checkpoint)) []byte {
		cp, _ := log.ParseCheckpoint(text)
		f(&cp)
		return cp.Marshal()
	}
	for _, test := range []struct {
		name string
		lie  func(w *witness, rw http.ResponseWriter, r *request)
		want error
		max  int           // requests
		took time.Duration // at most, of a client that waits ten seconds
	}{
		{"wrong root", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, w.Line(w.Keys[0], other(r.Text, func(c *log.Checkpoint) { c.Root[0] ^= 1 }), 0))
		}, log.ErrBadSignature, 1, 0},
		{"another checkpoint", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, w.Line(w.Keys[0], other(r.Text, func(c *log.Checkpoint) { c.Size-- }), 0))
		}, log.ErrBadSignature, 1, 0},
		{"another origin", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, w.Line(w.Keys[0], other(r.Text, func(c *log.Checkpoint) { c.Origin = "log.example/other" }), 0))
		}, log.ErrBadSignature, 1, 0},
		{"another's key", func(w *witness, rw http.ResponseWriter, r *request) {
			k, _ := log.NewCosigner("x.example", seed("x"))
			fmt.Fprint(rw, w.Line(k, r.Text, 0))
		}, ErrAnswer, 1, 0},
		{"its own name with another key", func(w *witness, rw http.ResponseWriter, r *request) {
			k, _ := log.NewCosigner(w.Keys[0].Key().Name, seed("x"))
			fmt.Fprint(rw, w.Line(k, r.Text, 0))
		}, ErrAnswer, 1, 0},
		{"in the future", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, w.Line(w.Keys[0], r.Text, MaxSkew+time.Minute))
		}, ErrTime, 1, 0},
		{"in the past", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, w.Line(w.Keys[0], r.Text, -MaxSkew-time.Minute))
		}, ErrTime, 1, 0},
		{"no time", func(w *witness, rw http.ResponseWriter, r *request) {
			sig := ed25519.Sign(ed25519.NewKeyFromSeed(seed(w.Name)), append([]byte("cosignature/v1\ntime 0\n"), r.Text...))
			k := w.Keys[0].Key()
			fmt.Fprint(rw, log.NoteSignature{Name: k.Name, ID: k.ID, Sig: append(make([]byte, 8), sig...)}.Line())
		}, ErrAnswer, 1, 0},
		{"a good line and a bad one", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, w.Line(w.Keys[0], r.Text, 0), w.Line(w.Keys[0], other(r.Text, func(c *log.Checkpoint) { c.Root[0] ^= 1 }), 0))
		}, log.ErrBadSignature, 1, 0},
		{"nothing", func(w *witness, rw http.ResponseWriter, r *request) {}, ErrAnswer, 1, 0},
		{"a page", func(w *witness, rw http.ResponseWriter, r *request) { fmt.Fprint(rw, "<html>\n") }, ErrAnswer, 1, 0},
		{"no line feed", func(w *witness, rw http.ResponseWriter, r *request) {
			fmt.Fprint(rw, strings.TrimSpace(w.Line(w.Keys[0], r.Text, 0)))
		}, ErrAnswer, 1, 0},
		{"too many lines", func(w *witness, rw http.ResponseWriter, r *request) {
			k, _ := log.NewCosigner("x.example", seed("x"))
			fmt.Fprint(rw, strings.Repeat(w.Line(k, r.Text, 0), 300), w.Line(w.Keys[0], r.Text, 0))
		}, ErrAnswer, 1, 0},
		{"endless", func(w *witness, rw http.ResponseWriter, r *request) {
			for line := []byte(w.Line(w.Keys[0], r.Text, 0)); r.Ctx.Err() == nil; {
				rw.Write(line)
			}
		}, ErrAnswer, 1, 0},
		{"endless size", func(w *witness, rw http.ResponseWriter, r *request) {
			rw.Header().Set("Content-Type", "text/x.tlog.size")
			rw.WriteHeader(http.StatusConflict)
			for r.Ctx.Err() == nil {
				rw.Write([]byte("11111111"))
			}
		}, ErrAnswer, 1, 0},
		{"a drip", func(w *witness, rw http.ResponseWriter, r *request) {
			for _, b := range []byte(w.Line(w.Keys[0], r.Text, 0)) {
				rw.Write([]byte{b})
				rw.(http.Flusher).Flush()
				select {
				case <-r.Ctx.Done():
					return
				case <-time.After(time.Second):
				}
			}
		}, ErrTimeout, 1, 10 * time.Second},
		{"silence", func(w *witness, rw http.ResponseWriter, r *request) { <-r.Ctx.Done() }, ErrTimeout, 1, 10 * time.Second},
		{"ping-pong", func(w *witness, rw http.ResponseWriter, r *request) { conflict(rw, uint64(1+r.Number%2)) }, ErrUnsettled, 3, 0},
		{"the size that was given", func(w *witness, rw http.ResponseWriter, r *request) { conflict(rw, r.Add.Old) }, ErrInconsistent, 1, 0},
		{"always another size", func(w *witness, rw http.ResponseWriter, r *request) { conflict(rw, uint64(r.Number)) }, ErrUnsettled, 3, 0},
		{"a larger size", func(w *witness, rw http.ResponseWriter, r *request) { conflict(rw, r.CP.Size+1) }, ErrAhead, 1, 0},
		{"size with zeros", func(w *witness, rw http.ResponseWriter, r *request) {
			rw.Header().Set("Content-Type", "text/x.tlog.size")
			rw.WriteHeader(http.StatusConflict)
			fmt.Fprint(rw, "07\n")
		}, ErrAnswer, 1, 0},
		{"409 of a proxy", func(w *witness, rw http.ResponseWriter, r *request) { http.Error(rw, "7", http.StatusConflict) }, ErrAnswer, 1, 0},
		{"redirect", func(w *witness, rw http.ResponseWriter, r *request) {
			http.Redirect(rw, r.HTTP, "http://c.example/c/add-checkpoint", http.StatusTemporaryRedirect)
		}, ErrAnswer, 1, 0},
		{"compressed", func(w *witness, rw http.ResponseWriter, r *request) {
			rw.Header().Set("Content-Encoding", "gzip")
			rw.Write([]byte("x"))
		}, ErrAnswer, 1, 0},
		{"large header", func(w *witness, rw http.ResponseWriter, r *request) {
			rw.Header().Set("X", strings.Repeat("x", 1<<20))
			w.Honest(rw, r)
		}, nil, 1, 0},
		{"400", status(http.StatusBadRequest), ErrBadRequest, 1, 0},
		{"403", status(http.StatusForbidden), ErrUnknownKey, 1, 0},
		{"404", status(http.StatusNotFound), ErrUnknownLog, 1, 0},
		{"422", status(http.StatusUnprocessableEntity), ErrInconsistent, 1, 0},
		{"500", status(http.StatusInternalServerError), ErrAnswer, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newTree(t, 10)
				ws := three(t, tr)
				liar, third := ws[1], ws[2]
				liar.Set(func(rw http.ResponseWriter, r *request) bool { test.lie(liar, rw, r); return true })
				away := func(rw http.ResponseWriter, r *request) bool { rw.WriteHeader(http.StatusBadGateway); return true }
				third.Set(away)
				p := policyOf(t, tr, ws, twoOfThree)
				c := newTestClient(t, tr, p, newNetwork(t, ws...))
				began := time.Now()
				_, err := c.Cosign(t.Context(), tr.signed(10))
				if !errors.Is(err, log.ErrQuorum) || !strings.Contains(err.Error(), "b: ") {
					t.Fatalf("%v", err)
				}
				if took := time.Since(began); took > test.took {
					t.Errorf("it took %v", took)
				}
				f := c.Figures()
				if why := f[1].LastError; why == nil || test.want != nil && !errors.Is(why, test.want) {
					t.Errorf("%v, want %v", why, test.want)
				}
				if f[0].LastError != nil || f[1].Failures != 1 || f[1].InARow != 1 || f[1].NotBefore.IsZero() {
					t.Errorf("figures %+v", f)
				}
				if n := len(liar.Asked()); n > test.max {
					t.Errorf("%d requests", n)
				}
				if n := len(third.Asked()); n != 1 {
					t.Errorf("the third had %d requests", n)
				}
				third.Set(nil)
				time.Sleep(2 * time.Second)
				v := mustCosign(t, c, p, tr.signed(10))
				if got := names(v); got != "a c" {
					t.Errorf("cosigned by %s", got)
				}
			})
		})
	}
}

func status(code int) func(*witness, http.ResponseWriter, *request) {
	return func(_ *witness, rw http.ResponseWriter, _ *request) { rw.WriteHeader(code) }
}

// Lines by keys that nobody knows do no harm.
func TestUnknownLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := three(t, tr)
		stranger, err := log.NewCosigner("x.example", seed("x"))
		if err != nil {
			t.Fatal(err)
		}
		p := policyOf(t, tr, ws, twoOfThree)
		ws[0].Set(func(rw http.ResponseWriter, r *request) bool {
			// A stranger's, with a bad signature, and another witness's.
			fmt.Fprint(rw, ws[0].Line(stranger, []byte(origin+"\n9\n"+strings.Repeat("A", 43)+"=\n"), 0), ws[0].Line(ws[1].Keys[0], r.Text, 0), ws[0].Line(ws[0].Keys[0], r.Text, 0))
			return true
		})
		for _, w := range ws[1:] {
			w.Set(func(rw http.ResponseWriter, r *request) bool { rw.WriteHeader(500); return true })
		}
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		if _, err := c.Cosign(t.Context(), tr.signed(10)); !errors.Is(err, log.ErrQuorum) {
			t.Errorf("b's cosignature from a's address counts: %v", err)
		}
		if f := c.Figures(); f[0].Cosigned != 1 {
			t.Errorf("figures %+v", f[0])
		}
	})
}

// The quorum is lost and comes back; what came meanwhile for the same checkpoint is
// kept, and nobody is asked while it can't be reached.
func TestQuorumLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 400)
		ws := three(t, tr)
		p := policyOf(t, tr, ws, "group all all a b c\nquorum all\n")
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		mustCosign(t, c, p, tr.signed(10))
		ws[1].Set(func(rw http.ResponseWriter, r *request) bool { rw.WriteHeader(500); return true })
		if err := c.Ready(); err != nil {
			t.Errorf("not ready before anybody failed: %v", err)
		}
		before := len(ws[0].Asked())
		for range 600 {
			if _, err := c.Cosign(t.Context(), tr.signed(20)); !errors.Is(err, log.ErrQuorum) {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := len(ws[0].Asked()) - before; n != 1 {
			t.Errorf("a was asked %d times for one checkpoint", n)
		}
		// A larger tree each time, while b can't be asked: a is left alone.
		for i := range uint64(300) {
			if _, err := c.Cosign(t.Context(), tr.signed(30+i)); !errors.Is(err, log.ErrQuorum) {
				t.Fatal(err)
			}
			if i%10 == 9 {
				time.Sleep(time.Second)
			}
		}
		if n := len(ws[0].Asked()) - before; n > 5 {
			t.Errorf("a was asked %d times in vain", n)
		}
		if err := c.Ready(); !errors.Is(err, log.ErrQuorum) || !strings.Contains(err.Error(), "b: ") {
			t.Errorf("Ready: %v", err)
		}
		ws[1].Set(nil)
		began := time.Now()
		for {
			v, err := c.Cosign(t.Context(), tr.signed(399))
			if err == nil {
				if names(v) != "a b c" {
					t.Errorf("cosigned by %s", names(v))
				}
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took > 80*time.Second {
			t.Errorf("it was back after %v", took)
		}
	})
}

// Everybody is asked at a start, and who claims a larger tree is named whether the
// quorum is there or not.
func TestCosignAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 400)
		ws := three(t, tr)
		for i, w := range ws {
			size := []uint64{300, 350, 20}[i]
			w.SetState(size, tr.root(size))
		}
		p := policyOf(t, tr, ws, twoOfThree)
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		ws[0].Set(func(rw http.ResponseWriter, r *request) bool { time.Sleep(5 * time.Second); return false })
		v, ahead, err := c.CosignAll(t.Context(), tr.signed(300))
		if err != nil || names(v) != "a c" {
			t.Errorf("%v", err)
		}
		if len(ahead) != 1 || *ahead[0] != (AheadError{"b", ws[1].URL, 350, 300}) {
			t.Errorf("ahead: %v", ahead)
		}
		ws[0].Set(func(rw http.ResponseWriter, r *request) bool { rw.WriteHeader(500); return true })
		c = newTestClient(t, tr, p, newNetwork(t, ws...)) // another start
		_, ahead, err = c.CosignAll(t.Context(), tr.signed(310))
		if !errors.Is(err, log.ErrQuorum) || len(ahead) != 1 || ahead[0].Size != 350 {
			t.Errorf("%v, %v", ahead, err)
		}
	})
}

// A witness without an address is never asked, and its cosignature is missing.
func TestNoAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := three(t, tr)
		p := policyOf(t, tr, ws, "group all all a b c\nquorum all\n")
		p.Witnesses[1].URL = ""
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		if _, err := c.Cosign(t.Context(), tr.signed(10)); !errors.Is(err, log.ErrQuorum) || !strings.Contains(err.Error(), "b has no address") {
			t.Errorf("%v", err)
		}
	})
}

// With the quorum none nobody is needed, and those who answer are kept.
func TestQuorumNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := three(t, tr)
		p := policyOf(t, tr, ws, "quorum none\n")
		c := newTestClient(t, tr, p, newNetwork(t, ws[0]))
		if v := mustCosign(t, c, p, tr.signed(10)); names(v) != "a" {
			t.Errorf("cosigned by %s", names(v))
		}
	})
}

// Nothing is left behind: synctest fails if a goroutine is.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := three(t, tr)
		for _, w := range ws {
			w.Set(func(rw http.ResponseWriter, r *request) bool { <-r.Ctx.Done(); return true })
		}
		c := newTestClient(t, tr, policyOf(t, tr, ws, twoOfThree), newNetwork(t, ws...))
		ended := make(chan error)
		go func() {
			_, err := c.Cosign(t.Context(), tr.signed(10))
			ended <- err
		}()
		synctest.Wait()
		c.Close()
		if err := <-ended; err == nil || errors.Is(err, log.ErrQuorum) {
			t.Errorf("Cosign: %v", err)
		}
		if _, err := c.Cosign(t.Context(), tr.signed(10)); err == nil {
			t.Error("a closed client asks")
		}
	})
}

func TestNewRefuses(t *testing.T) {
	tr := newTree(t, 1)
	for _, bad := range []string{"http://user:x@a.example/a", "https://a.example/a?b", "https://a.example/a#b"} {
		p := policyOf(t, tr, []*witness{newWitness(t, tr, "a")}, "quorum a\n")
		p.Witnesses[0].URL = bad
		if _, err := New(Config{Policy: p, Prover: tr}); err == nil || strings.Contains(err.Error(), "x@") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := New(Config{Prover: tr}); err == nil {
		t.Error("no policy is taken")
	}
}
