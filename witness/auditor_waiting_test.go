package witness_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

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
