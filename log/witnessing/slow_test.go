package witnessing

import (
	"bytes"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// Rates that a witness asks for are kept to, across checkpoints, by itself alone,
// also where everybody is asked.
func TestRetryAfter(t *testing.T) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			tr := newTree(t, 400)
			ws := three(t, tr)
			ws[0].Set(func(rw http.ResponseWriter, r *request) bool {
				if r.Number > 1 {
					return false
				}
				rw.Header().Set("Retry-After", "100")
				rw.WriteHeader(code)
				return true
			})
			p := policyOf(t, tr, ws, twoOfThree)
			c := newTestClient(t, tr, p, newNetwork(t, ws...))
			began := time.Now()
			for n := range uint64(300) {
				want := "b c"
				if time.Since(began) >= 100*time.Second {
					want = "a b c"
				}
				if n%50 == 49 {
					if _, _, err := c.CosignAll(t.Context(), tr.signed(n)); err != nil {
						t.Fatal(err)
					}
				} else if got := names(mustCosign(t, c, p, tr.signed(n))); got != want {
					t.Fatalf("after %v cosigned by %s, want %s", time.Since(began), got, want)
				}
				time.Sleep(time.Second)
			}
			asked := ws[0].Asked()
			if gap := asked[1].At.Sub(asked[0].At); gap < 100*time.Second || gap > 103*time.Second {
				t.Errorf("asked again after %v", gap)
			}
		})
	}
}

// A witness that asks to be left alone for years is asked again after an hour.
func TestLongRetryAfter(t *testing.T) {
	for _, after := range []string{"2147483647", "Fri, 31 Dec 2199 23:59:59 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			tr := newTree(t, 150)
			ws := three(t, tr)
			ws[0].Set(func(rw http.ResponseWriter, r *request) bool {
				if r.Number > 1 {
					return false
				}
				rw.Header().Set("Retry-After", after)
				rw.WriteHeader(http.StatusServiceUnavailable)
				return true
			})
			p := policyOf(t, tr, ws, twoOfThree)
			c := newTestClient(t, tr, p, newNetwork(t, ws...))
			for n := range uint64(150) {
				want := "b c"
				if n >= 60 {
					want = "a b c"
				}
				if got := names(mustCosign(t, c, p, tr.signed(n))); got != want {
					t.Fatalf("%s: after %d minutes cosigned by %s, want %s", after, n, got, want)
				}
				time.Sleep(time.Minute)
			}
			asked := ws[0].Asked()
			if gap := asked[1].At.Sub(asked[0].At); gap < time.Hour || gap > time.Hour+2*time.Minute {
				t.Errorf("%s: asked again after %v", after, gap)
			}
		})
	}
}

// TestFirstQuorumHearsAll: whoever makes the first quorum, one that failed until then is
// asked with them, as it may know a larger tree.
func TestFirstQuorumHearsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 400)
		ws := three(t, tr)
		ws[1].SetState(350, tr.root(350))
		down := func(rw http.ResponseWriter, r *request) bool { rw.WriteHeader(500); return true }
		for _, w := range ws {
			w.Set(down)
		}
		c := newTestClient(t, tr, policyOf(t, tr, ws, twoOfThree), newNetwork(t, ws...))
		attempt := func() ([]*AheadError, error) {
			_, ahead, err := c.CosignAll(t.Context(), tr.signed(300))
			return ahead, err
		}
		for range 40 { // its pauses grow to a minute
			if _, err := attempt(); !errors.Is(err, log.ErrQuorum) {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		for _, w := range ws {
			w.Set(nil)
		}
		// The others are back first, and it is in its pause.
		c.mu.Lock()
		for _, p := range c.places {
			p.notBefore = time.Time{}
		}
		c.places[1].notBefore = time.Now().Add(time.Minute)
		c.mu.Unlock()
		ahead, err := attempt()
		if err != nil || len(ahead) != 1 || ahead[0].Size != 350 {
			t.Errorf("%v, ahead: %v", err, ahead)
		}
	})
}

// Who asks everybody, ten times a second, because no quorum was there yet, keeps to
// the pauses too: those of Config, and longer ones that a witness asks for.
func TestPausesBeforeTheFirstQuorum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 100)
		ws := three(t, tr)
		for i, w := range ws {
			after := []string{"", "0", "30"}[i]
			w.Set(func(rw http.ResponseWriter, r *request) bool {
				if after != "" {
					rw.Header().Set("Retry-After", after)
				}
				rw.WriteHeader(http.StatusTooManyRequests)
				return true
			})
		}
		c := newTestClient(t, tr, policyOf(t, tr, ws, twoOfThree), newNetwork(t, ws...))
		for range 200 {
			if _, _, err := c.CosignAll(t.Context(), tr.signed(50)); !errors.Is(err, log.ErrQuorum) {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		for i, w := range ws {
			asked := w.Asked()
			least := time.Second // 1, 2, 4, 8: five requests in twenty seconds at most
			for n := 1; n < len(asked); n++ {
				if gap := asked[n].At.Sub(asked[n-1].At); gap < least {
					t.Errorf("%s: request %d came %v after the one before, want %v", w.Name, n+1, gap, least)
				}
				least *= 2
			}
			if i == 2 && len(asked) != 1 || i < 2 && (len(asked) < 3 || len(asked) > 5) {
				t.Errorf("%s was asked %d times", w.Name, len(asked))
			}
		}
		// They are back: asked as soon as the pauses are over, not later.
		for _, w := range ws {
			w.Set(nil)
		}
		began := time.Now()
		for {
			if _, _, err := c.CosignAll(t.Context(), tr.signed(60)); err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(began); took > 21*time.Second {
			t.Errorf("the quorum was there after %v", took)
		}
	})
}

// A dead witness costs next to nothing: not a moment of any checkpoint, and one
// connection a minute.
func TestDeadWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 300)
		ws := three(t, tr)
		p := policyOf(t, tr, ws, twoOfThree)
		n := newNetwork(t, ws[0], ws[1])
		c := newTestClient(t, tr, p, n)
		began := time.Now()
		for i := range uint64(1200) {
			mustCosign(t, c, p, tr.signed(i/12))
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took > 1200*time.Second {
			t.Errorf("it took %v more", took-1200*time.Second)
		}
		if dials := n.dials["c.example:80"]; dials < 15 || dials > 27 {
			t.Errorf("%d connections in twenty minutes", dials)
		}
		if n.dials["a.example:80"] > 2 {
			t.Errorf("%d connections to a good witness", n.dials["a.example:80"])
		}
		// It comes back, and is seen within a minute or so.
		n.mu.Lock()
		n.hosts["c.example:80"] = newNetwork(t, ws[2]).hosts["c.example:80"]
		n.mu.Unlock()
		for i := 0; names(mustCosign(t, c, p, tr.signed(200))) != "a b c"; i++ {
			if i > 80 {
				t.Fatal("it is not asked any more")
			}
			time.Sleep(time.Second)
		}
	})
}

// Who is slow keeps a checkpoint waiting for the grace once, and not again until it
// is quick; its cosignature is added when it comes.
func TestSlowWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 400)
		ws := three(t, tr)
		slow := func(rw http.ResponseWriter, r *request) bool { time.Sleep(3 * time.Second); return false }
		ws[2].Set(slow)
		p := policyOf(t, tr, ws, twoOfThree)
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		for i := range uint64(5) {
			began := time.Now()
			v := mustCosign(t, c, p, tr.signed(10+i))
			took, want := time.Since(began), time.Duration(0)
			if i == 0 {
				want = c.cfg.Grace
			}
			if names(v) != "a b" || took != want {
				t.Errorf("checkpoint %d: %s after %v", i, names(v), took)
			}
			if more, err := c.Newest(); more != nil || err != nil {
				t.Errorf("something came before it can have: %v", err)
			}
			<-c.Late()
			more, err := c.Newest()
			if err != nil || more == nil || names(more) != "a b c" || !bytes.Equal(more.Note.Text, v.Note.Text) {
				t.Fatalf("late: %v, %v", more, err)
			}
			if more.QuorumTime != v.QuorumTime {
				t.Errorf("a late cosignature moved the quorum time from %d to %d", v.QuorumTime, more.QuorumTime)
			}
		}
		// While it thinks about one checkpoint others come.
		began := time.Now()
		for i := range uint64(4) {
			mustCosign(t, c, p, tr.signed(20+i))
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("it kept the log waiting for %v", took-4*time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked := ws[2].Asked(); asked[len(asked)-1].CP.Size != 23 {
			t.Errorf("the newest checkpoint that it was asked for has size %d", asked[len(asked)-1].CP.Size)
		}
		ws[2].Set(nil)
		mustCosign(t, c, p, tr.signed(30))
		time.Sleep(time.Second)
		if v := mustCosign(t, c, p, tr.signed(31)); names(v) != "a b c" {
			t.Errorf("it is quick again, and cosigned by %s", names(v))
		}
	})
}

// Who does not answer at all keeps checkpoints waiting for the grace once.
func TestStuckWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 100)
		ws := three(t, tr)
		ws[2].Set(func(rw http.ResponseWriter, r *request) bool { <-r.Ctx.Done(); return true })
		p := policyOf(t, tr, ws, twoOfThree)
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		began := time.Now()
		for i := range uint64(60) {
			mustCosign(t, c, p, tr.signed(20+i))
			time.Sleep(time.Second)
		}
		if more := time.Since(began) - 60*time.Second; more != c.cfg.Grace {
			t.Errorf("it kept the log waiting for %v", more)
		}
	})
}

// A slow witness that the quorum needs is waited for, and a newer tree does not
// push away the checkpoint that it thinks about.
func TestSlowWitnessIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 400)
		ws := three(t, tr)
		ws[2].Set(func(rw http.ResponseWriter, r *request) bool { time.Sleep(4 * time.Second); return false })
		p := policyOf(t, tr, ws, "group all all a b c\nquorum all\n")
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		for i := range uint64(5) {
			if v := mustCosign(t, c, p, tr.signed(10+i)); names(v) != "a b c" {
				t.Errorf("cosigned by %s", names(v))
			}
		}
	})
}
