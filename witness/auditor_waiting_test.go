package witness_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// Requests that wait for an audit are two at most of a log: whoever has a checkpoint
// that it signed can't take the place of others.
func TestFewRequestsWait(t *testing.T) {
	t.Parallel()
	const wait = 3 * time.Second
	o := newOperator(t, newWorld(359))
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = wait })
	hold := make(chan struct{})
	o.onRead(func(string) { <-hold })
	r := o.request(0).Marshal()
	var wg sync.WaitGroup
	var held atomic.Int64
	for range 12 {
		wg.Go(func() {
			began := time.Now()
			if resp := b.post(r); resp.StatusCode != 503 {
				t.Errorf("status %d", resp.StatusCode)
			}
			if time.Since(began) >= wait {
				held.Add(1)
			}
		})
	}
	wg.Wait()
	close(hold)
	if n := held.Load(); n < 1 || n > 2 {
		t.Errorf("%d of 12 requests were held", n)
	}
}

// Two processes on one state do not audit a log at the same time.
func TestTwoAuditors(t *testing.T) {
	w := newWorld(357)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = 100 * time.Millisecond })
	hold, reads := make(chan struct{}), make(chan struct{})
	var once sync.Once
	o.onRead(func(string) {
		once.Do(func() { close(reads) })
		<-hold
	})
	b.refuses("its audit")
	<-reads // it has begun
	first := b.auditor
	b.auditor = nil
	b.change = nil
	b.restart()
	b.refuses("another process of this witness audits it")
	close(hold)
	first.Close()
	b.cosignsAll()
}

// While a first audit goes on, the log is told so at once and asked to wait. There is
// one audit at a time, and the next is of the newest checkpoint.
func TestSlowAudit(t *testing.T) {
	w := newWorld(360)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = 50 * time.Millisecond; c.Recheck = time.Minute })
	hold := make(chan struct{})
	var once sync.Once
	release := func() { once.Do(func() { close(hold) }) }
	t.Cleanup(release)
	var mu sync.Mutex
	var now, most int
	o.onRead(func(path string) {
		if !strings.HasPrefix(path, "tile/entries/") {
			return
		}
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-hold
		mu.Lock()
		now--
		mu.Unlock()
	})
	for i := range 4 {
		began := time.Now()
		b.refuses("can't be checked now", "its audit")
		for i == 0 && o.reads(log.EntriesPath(0, 3)) == 0 {
			time.Sleep(time.Millisecond) // it has not begun yet
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		request1(w)
		o.write()
	}
	// Many at once are not held either.
	var wg sync.WaitGroup
	r := o.request(0).Marshal()
	began := time.Now()
	for range 20 {
		wg.Go(func() {
			if resp := b.post(r); resp.StatusCode != 503 {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("20 requests took %v", took)
	}
	// One that is older than what was asked for is not audited any more.
	b.refusesTo(o.requestOf(o.tree, 0, 4), "size 7 before")
	mu.Lock()
	if most != 1 {
		t.Errorf("%d reads of entries at once, of a log with one bundle", most)
	}
	mu.Unlock()
	release()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp := b.post(o.request(0).Marshal())
		if resp.StatusCode == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("status %d: %s", resp.StatusCode, text(resp))
		}
	}
	for _, n := range []int{4, 5, 6} {
		if got := o.reads(log.EntriesPath(0, n)); got > 0 {
			t.Errorf("the entries of size %d were read %d times, and nobody asks for them any more", n, got)
		}
	}
}

// A checkpoint that was audited is cosigned again though its next audit takes long: what
// came of the one before is the answer, until there is another.
func TestAuditedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(430)
	request1(w)
	o := newOperator(t, w)
	b := newAuditBench(t, o, func(c *witness.AuditorConfig) { c.Wait = time.Second })
	cosigns := func() {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); b.head() < w.Size(); {
			if resp := b.post(o.request(b.head()).Marshal()); resp.StatusCode != 200 && time.Now().After(end) {
				t.Fatalf("status %d: %s", resp.StatusCode, text(resp))
			}
		}
	}
	cosigns()
	o.publish()
	path := log.BodyPath(w.Logged[3].Digest)
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	o.onRead(func(string) { <-hold })
	o.hide(path, true)
	b.cosigned(o.request(4)) // its audit hangs
	// What is newer waits for its turn, and is told so.
	request1(w)
	o.write()
	resp := b.refuses("can't be checked now", "its audit comes after that of size 4, which has begun")
	if got := resp.Header.Get("Retry-After"); got != "1" && got != "2" {
		t.Errorf("Retry-After %s, of an audit that is quick", got)
	}
	release()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		resp := b.post(o.request(4).Marshal())
		if got := text(resp); resp.StatusCode == 503 && strings.Contains(got, "body-missing at entry 3") {
			break
		} else if time.Now().After(end) {
			t.Fatalf("status %d: %s", resp.StatusCode, got)
		}
	}
	o.hide(path, false)
	cosigns()
}

// A log's server asks its witnesses before it listens, and waits for all of them: one that
// reads the log from that server answers soon, goes on trying, and cosigns when it is asked
// again a moment later.
func TestLogThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	w := newWorld(31)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	request1(w)
	o.write()
	var away atomic.Bool
	away.Store(true)
	o.onRead(func(string) {
		if away.Load() {
			panic(http.ErrAbortHandler) // as good as no listener: there is no answer
		}
	})
	began := time.Now()
	resp := b.refuses("does not reach the log, and goes on trying")
	if took := time.Since(began); took > 10*time.Second || resp.Header.Get("Retry-After") != "3" {
		t.Errorf("after %v, Retry-After %q", took, resp.Header.Get("Retry-After"))
	}
	b.refuses("does not reach the log, and goes on trying") // whoever comes meanwhile
	away.Store(false)
	for end := time.Now().Add(time.Minute); b.head() < w.Size(); time.Sleep(20 * time.Millisecond) {
		resp := b.post(o.request(b.head()).Marshal())
		if resp.StatusCode == http.StatusOK {
			break
		}
		if got := resp.Header.Get("Retry-After"); got != "3" || time.Now().After(end) {
			t.Fatalf("status %d, Retry-After %q: %s", resp.StatusCode, got, text(resp))
		}
	}
	o.publish()
	if p := b.page(); p.Verdict != "cosigns" {
		t.Errorf("%s: %s", p.Verdict, p.Text)
	}

	// It stays away: that is no result, and worth asking again as soon.
	request1(w)
	o.write()
	away.Store(true)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		resp := b.refuses("can't be checked now")
		if got := resp.Header.Get("Retry-After"); got != "3" {
			t.Fatalf("Retry-After %q", got)
		}
		if p := b.page(); p.Size == w.Size() {
			if p.Verdict != "undecided" || !strings.Contains(p.Text, "the log can't be read") {
				t.Errorf("%s: %s", p.Verdict, p.Text)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("there is no result")
		}
	}
}
