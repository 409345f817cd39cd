package witnessing

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// withAuditor wants two of a, b, c; d is beyond the quorum.
const withAuditor = "group plain 2 a b c\nquorum plain\n"

// audits is a witness that works on one checkpoint for a while, and on the next that it
// is asked for after that. It holds a request for 8 s, and then asks for time.
func audits(takes time.Duration) func(http.ResponseWriter, *request) bool {
	var mu sync.Mutex
	var text []byte
	var done time.Time
	return func(rw http.ResponseWriter, r *request) bool {
		mu.Lock()
		if now := time.Now(); !now.Before(done) && !bytes.Equal(text, r.Text) {
			text, done = r.Text, now.Add(takes)
		}
		left := time.Until(done)
		mine := bytes.Equal(text, r.Text)
		mu.Unlock()
		if mine && left <= 8*time.Second {
			return !passes(r, left)
		}
		passes(r, 8*time.Second)
		rw.Header().Set("Retry-After", "10")
		http.Error(rw, fmt.Sprintf("its audit goes on, %v left", left), http.StatusServiceUnavailable)
		return true
	}
}

// passes waits, and reports whether anybody listens then.
func passes(r *request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Ctx.Done():
		return false
	}
}

func four(t testing.TB, tr *tree) []*witness { return append(three(t, tr), newWitness(t, tr, "d")) }

// An auditing witness that needs longer than the log waits cosigns a log that grows all
// the time, again and again, and holds up no checkpoint.
func TestSlowAuditorCosignsBusyLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seconds = 240
		tr := newTree(t, seconds)
		ws := four(t, tr)
		ws[3].Set(audits(25 * time.Second))
		p := policyOf(t, tr, ws, withAuditor)
		var told bytes.Buffer
		c := newTestClient(t, tr, p, newNetwork(t, ws...), func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&told, nil)) })
		began := time.Now()
		last, lag := uint64(0), uint64(0)
		for n := range uint64(seconds) {
			if got := names(mustCosign(t, c, p, tr.signed(n))); got != "a b c" {
				t.Fatalf("checkpoint %d is cosigned by %s", n, got)
			}
			if size, _ := ws[3].State(); size > last {
				last, lag = size, max(lag, n-last)
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began) - seconds*time.Second; took > time.Second {
			t.Errorf("the log waited for it for %v", took)
		}
		// It is asked for what it audits until it has cosigned that, at most every 18 s.
		if n := c.Figures()[3].Cosigned; n < seconds/45 {
			t.Errorf("%d cosignatures in %d s", n, seconds)
		}
		if last < seconds-100 || lag > 100 {
			t.Errorf("it cosigned size %d last, and was %d behind", last, lag)
		}
		// Each audit begins with its first request and is not told as a failure more than once.
		if n := strings.Count(told.String(), "does not cosign"); n > int(c.Figures()[3].Cosigned) {
			t.Errorf("told %d times:\n%s", n, told.String())
		}
	})
}

// A log that rests gets the cosignature of a witness that asked for time, and of one
// that was dead for a moment, without being asked to cosign anew.
func TestLateCosignaturesOfALogThatRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := four(t, tr)
		ws[3].Set(audits(100 * time.Second))
		p := policyOf(t, tr, ws, withAuditor)
		net := newNetwork(t, ws[0], ws[1], ws[3])
		c := newTestClient(t, tr, p, net)
		began := time.Now()
		v := mustCosign(t, c, p, tr.signed(10))
		if got := names(v); got != "a b" {
			t.Fatalf("cosigned by %s", got)
		}
		time.AfterFunc(20*time.Second, func() {
			net.mu.Lock()
			defer net.mu.Unlock()
			net.hosts["c.example:80"] = newNetwork(t, ws[2]).hosts["c.example:80"]
		})
		for i, want := range []string{"a b c", "a b c d"} {
			<-c.Late()
			more, err := c.Newest()
			if err != nil || more == nil || names(more) != want || more.QuorumTime != v.QuorumTime {
				t.Fatalf("late: %v, %v", more, err)
			}
			if took := time.Since(began); took > []time.Duration{60, 200}[i]*time.Second {
				t.Errorf("%s after %v", want, took)
			}
		}
		asked := len(ws[3].Asked())
		time.Sleep(time.Hour)
		if n := len(ws[3].Asked()); n != asked {
			t.Errorf("it is asked %d times more for what it has cosigned", n-asked)
		}
	})
}

// A witness that the quorum counts is always asked for the newest checkpoint, whatever
// it asked for: an old one is of no use to anybody who waits.
func TestWhoCountsGetsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 100)
		ws := three(t, tr)
		ws[2].Set(audits(25 * time.Second))
		p := policyOf(t, tr, ws, twoOfThree)
		c := newTestClient(t, tr, p, newNetwork(t, ws...))
		for n := range uint64(100) {
			mustCosign(t, c, p, tr.signed(n))
			time.Sleep(time.Second)
		}
		last := uint64(0)
		for i, r := range ws[2].Asked() {
			if i > 0 && r.CP.Size < last+10 {
				t.Errorf("asked for size %d, and then for %d", last, r.CP.Size)
			}
			last = r.CP.Size
		}
	})
}

// A witness that asks for time for ever is asked for a newer checkpoint in the end, and
// at once one that fails otherwise or does not say when to ask again.
func TestOwedNotForEver(t *testing.T) {
	for _, x := range []struct {
		lie  func(http.ResponseWriter, *request) bool
		most time.Duration
	}{
		{func(rw http.ResponseWriter, r *request) bool {
			rw.Header().Set("Retry-After", "60")
			rw.WriteHeader(503)
			return true
		}, maxOwed + 2*time.Minute},
		{func(rw http.ResponseWriter, r *request) bool {
			if r.Number > 1 {
				rw.WriteHeader(500)
				return true
			}
			rw.Header().Set("Retry-After", "60")
			rw.WriteHeader(503)
			return true
		}, 4 * time.Minute},
		{func(rw http.ResponseWriter, r *request) bool { rw.WriteHeader(503); return true }, 4 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			tr := newTree(t, 130)
			ws := four(t, tr)
			ws[3].Set(x.lie)
			p := policyOf(t, tr, ws, withAuditor)
			c := newTestClient(t, tr, p, newNetwork(t, ws...))
			for n := range uint64(130) {
				mustCosign(t, c, p, tr.signed(n))
				time.Sleep(time.Minute)
			}
			asked := ws[3].Asked()
			for _, r := range asked {
				if r.CP.Size > asked[0].CP.Size {
					if after := r.At.Sub(asked[0].At); after > x.most {
						t.Errorf("asked for a newer one after %v", after)
					}
					return
				}
			}
			t.Error("it is never asked for a newer one")
		})
	}
}

// What the quorum does not count is not waited for when the quorum can't be reached.
func TestAuditorHoldsUpNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTree(t, 10)
		ws := four(t, tr)
		ws[3].Set(audits(25 * time.Second))
		c := newTestClient(t, tr, policyOf(t, tr, ws, withAuditor), newNetwork(t, ws[0], ws[3]))
		began := time.Now()
		if _, err := c.Cosign(t.Context(), tr.signed(10)); err == nil || !strings.Contains(err.Error(), log.ErrQuorum.Error()) {
			t.Error(err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it waited for %v", took)
		}
	})
}
