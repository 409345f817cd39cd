package witness_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// How a log is audited is changed while an audit goes on: what was audited in the old
// way is not cosigned.
func TestAuditChangedMeanwhile(t *testing.T) {
	w := newWorld(356)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	request1(w)
	o.write()
	var once sync.Once
	o.onRead(func(path string) {
		once.Do(func() {
			of := b.auditOf(w)
			of.Source += "/"
			if _, changed, err := b.state.AddAudited(t.Context(), w.Options.Origin, []log.Key{w.Signer.Key()}, false, of); err != nil || !changed {
				t.Error(changed, err)
			}
		})
	})
	b.refuses("can't be checked now", "was changed meanwhile")
	b.cosignsAll()
}

// What this witness keeps of audits can't be read: it does not cosign.
func TestDamagedAuditState(t *testing.T) {
	t.Parallel()
	w := newWorld(370)
	for range 300 {
		request1(w)
	}
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	o.publish()
	void(w)
	o.write()
	b.refuses("statement-rejected at entry 303")
	b.accepts("statement-rejected@303")
	b.cosignsAll()
	request1(w)
	o.write()

	dir := filepath.Join(b.dir, "audits", witness.OriginHash(w.Options.Origin))
	for path, says := range map[string]string{
		filepath.Join(dir, "verifier", "audit.state"): "can't use what it kept of earlier audits",
		filepath.Join(dir, "decisions.json"):          "can't read what was accepted",
	} {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{good[:len(good)/2], append(slices.Clone(good[:len(good)-40]), make([]byte, 40)...)} {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			resp := b.refuses("can't be checked now", says)
			if strings.Contains(text(resp), b.dir) {
				t.Error("the answer shows a path of this machine")
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.cosigned(o.request(b.head()))
	// Without what was accepted, nothing is.
	if err := os.Remove(filepath.Join(dir, "decisions.json")); err != nil {
		t.Fatal(err)
	}
	b.refuses("statement-rejected at entry 303")
	// And without what the audits kept, the log is read from its beginning.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	b.refuses("statement-rejected at entry 303")
	if p := b.page(); p.Report.Earlier != 0 {
		t.Errorf("%d entries were read earlier", p.Report.Earlier)
	}
}

// A log that is audited stays so.
func TestAuditStays(t *testing.T) {
	t.Parallel()
	w := newWorld(380)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	origin, keys := w.Options.Origin, []log.Key{w.Signer.Key()}
	b.cosignsAll()
	if _, err := b.state.Add(t.Context(), origin, keys, false); err != nil {
		t.Fatal(err)
	}
	other := *b.auditOf(w)
	other.Charter = strings.Repeat("0", 63) + "1"
	if _, _, err := b.state.AddAudited(t.Context(), origin, keys, false, &other); !errors.Is(err, witness.ErrOtherCharter) {
		t.Errorf("another charter: %v", err)
	}
	stranger := newWorld(381)
	if _, _, err := b.state.AddAudited(t.Context(), origin, keys, false, b.auditOf(stranger)); !errors.Is(err, witness.ErrOtherCharter) && !errors.Is(err, witness.ErrInvalid) {
		t.Errorf("another log's policy: %v", err)
	}
	moved := *b.auditOf(w)
	moved.Source = t.TempDir()
	if _, changed, err := b.state.AddAudited(t.Context(), origin, keys, false, &moved); err != nil || !changed {
		t.Fatalf("another address: %v, %v", changed, err)
	}
	request1(w)
	o.write()
	resp := b.refuses("can't be checked now")
	if got := text(resp); strings.Contains(got, moved.Source) {
		t.Errorf("the answer shows a path of this machine: %s", got)
	}
	if _, _, err := b.state.AddAudited(t.Context(), origin, keys, false, b.auditOf(w)); err != nil {
		t.Fatal(err)
	}
	// A process that does not audit does not cosign.
	b.start()
	b.refuses("does not audit")
	b.restart()
	b.cosignsAll()
	if _, err := b.state.SetEnabled(t.Context(), origin, false); err != nil {
		t.Fatal(err)
	}
	if p := b.page(); p.Verdict != witness.VerdictDisabled {
		t.Errorf("verdict %s", p.Verdict)
	}
}

func TestAuditPageOfOtherLogs(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/read/" + witness.OriginHash(origin) + "/audit.json", "/read/" + witness.OriginHash("x") + "/audit.json", "/read/x/audit.json"} {
		r, err := http.NewRequest("GET", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp := b.do(r); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}
