package witness_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/witness"
)

// A witness that is killed while it audits goes on after its start. It never cosigns
// what it has not audited, and what it keeps of audits stays whole: at the end its
// report is that of an audit of the whole log.
func TestKilledDuringAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(400)
	for range 270 {
		request1(w)
	}
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.auditor.Close()
	var victim atomic.Pointer[process]
	var left atomic.Int64
	o.onRead(func(string) {
		if left.Add(-1) == 0 {
			victim.Load().kill()
		}
	})
	h := &history{t: t}
	kills := 0
	// ask has the log ask until it is cosigned, and starts the witness when that is dead.
	ask := func(kill bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; {
			p := victim.Load()
			if p == nil || p.isDead() {
				left.Store(-1)
				p = startProcess(t, b.dir, "WITNESS_AUDIT=1")
				victim.Store(p)
				if kill {
					left.Store(1 + rand.Int64N(80))
				}
			}
			r := o.request(b.head())
			status, body, err := p.post(r)
			switch {
			case err != nil:
				kills++
			case status == 200:
				h.add(r, body)
				return
			case status != 503:
				t.Fatalf("status %d: %s", status, body)
			}
			if time.Now().After(end) {
				t.Fatalf("status %d, %s, %v", status, body, err)
			}
			if kill && kills > 0 {
				kill = kills%3 != 0
			}
		}
	}
	for range 6 {
		ask(true)
		o.publish()
		for range 7 {
			request1(w)
		}
		o.write()
	}
	// In the end one that breaks a rule: after all this it is not overlooked.
	void(w)
	o.write()
	p := victim.Load()
	if p.isDead() {
		p = startProcess(t, b.dir, "WITNESS_AUDIT=1")
		victim.Store(p)
	}
	left.Store(-1)
	if status, body, err := p.post(o.request(b.head())); err != nil || status != 503 || !strings.Contains(body, "statement-rejected at entry "+itoa(w.Size()-1)) {
		t.Errorf("status %d: %s, %v", status, body, err)
	}
	p.kill()
	if kills < 3 {
		t.Errorf("it was killed %d times", kills)
	}
	got := b.page()
	r, err := verifier.Audit(context.Background(), verifier.Config{Policy: w.Policy, Charter: w.Charter, Source: log.DirSource(o.site.Dir), AsServed: true})
	if err != nil {
		t.Fatal(err)
	}
	if got.Report.Size != r.Size || got.Report.Root != r.Root || got.Report.Earlier == 0 {
		t.Errorf("of %d entries, %d of them read earlier; the log has %d", got.Report.Size, got.Report.Earlier, r.Size)
	}
	if x, y := fmt.Sprint(names(got.Open)), "[statement-rejected@"+itoa(w.Size()-1)+"]"; x != y {
		t.Errorf("open %s, want %s", x, y)
	}
	t.Logf("killed %d times, %d cosignatures", kills, h.count)
}

func (p *process) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// auditing makes a process audit.
func auditing(state *witness.State, c *witness.Config) {
	c.Check = witness.NewAuditor(witness.AuditorConfig{State: state, Logger: discard, Wait: 20 * time.Second, Recheck: time.Nanosecond, TextTime: time.Minute})
}
