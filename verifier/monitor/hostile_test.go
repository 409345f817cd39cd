package monitor_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// peak runs f and returns how much the heap grew meanwhile, in bytes.
func peak(f func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most - before
}

func endless(w io.Writer, text string) {
	b := bytes.Repeat([]byte(text), 1000)
	for {
		if _, err := w.Write(b); err != nil {
			return
		}
	}
}

// Whatever witnesses and mirrors send, it costs little memory and time, each is named,
// and neither the log nor a good witness goes unseen for it.
func TestHostilePeers(t *testing.T) {
	p := newPlace(t, 300, generator.Options{Seed: 61})
	p.limits.PeerAttempt, p.limits.PeerTime = 700*time.Millisecond, 15*time.Second // for all attempts, however late each begins
	other := generator.New(generator.Options{Seed: 61, Origin: "other.example/1"})
	stranger := generator.New(generator.Options{Seed: 62})
	good := p.checkpointOf("log")()
	var bomb bytes.Buffer
	zw := gzip.NewWriter(&bomb)
	zw.Write(bytes.Repeat([]byte{'x'}, 300<<20))
	zw.Close()
	var followed atomic.Int32
	elsewhere := p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { followed.Add(1); w.Write(good) }))
	const bad, unread = "raised/infrastructure/copy-not-believed", "raised/infrastructure/copy-unread"
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		code   string
		says   string
	}{
		{"endless", func(w http.ResponseWriter, r *http.Request) { endless(w, "hello\n") }, bad, "larger than allowed"},
		{"endless without a line", func(w http.ResponseWriter, r *http.Request) { endless(w, "x") }, bad, "larger than allowed"},
		{"drip", func(w http.ResponseWriter, r *http.Request) {
			for i := 0; ; i++ {
				if _, err := w.Write(good[i%len(good) : i%len(good)+1]); err != nil {
					return
				}
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		}, unread, "too slow"},
		{"silence", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, unread, "could not be read"},
		{"compressed", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		}, bad, "larger than allowed"},
		{"garbage", func(w http.ResponseWriter, r *http.Request) { w.Write(bytes.Repeat([]byte{0, 255}, 1000)) }, bad, "not with a checkpoint"},
		{"nothing", func(w http.ResponseWriter, r *http.Request) {}, bad, "not with a checkpoint"},
		{"of another log", func(w http.ResponseWriter, r *http.Request) { w.Write(other.Checkpoint(300, anyRoot, 0)) }, bad, "not in the policy"},
		{"by another key", func(w http.ResponseWriter, r *http.Request) { w.Write(stranger.Checkpoint(300, anyRoot, 0)) }, bad, "not with a checkpoint"},
		{"altered", func(w http.ResponseWriter, r *http.Request) {
			w.Write(generator.EditNote(good, func(n *log.Note) { n.Signatures[0].Sig[3] ^= 1 }))
		}, bad, "not with a checkpoint"},
		{"redirect", http.RedirectHandler(elsewhere, http.StatusFound).ServeHTTP, unread, "redirect"},
		{"redirects to itself", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, unread, "redirect"},
		{"no such log", http.NotFound, unread, "404"},
		{"come back in a year", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "31536000")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, unread, "asks to wait"},
		{"codes that move a terminal", func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "\x1b[2Jhello\u202e\n1\nAAAA\n\n— x y\n")
		}, bad, "not with a checkpoint"},
	} {
		for _, kind := range []string{"witness", "mirror"} {
			t.Run(c.name+", "+kind, func(t *testing.T) {
				q := *p
				q.t, q.dir = t, p.dir
				plural := map[string]string{"witness": "witnesses", "mirror": "mirrors"}[kind]
				cfg := q.config("log", "    "+plural+":", "      - {name: bad, url: \""+q.server(c.answer)+"\"}", "      - {name: good, url: \""+map[string]string{"witness": q.witness(func() []byte { return good }), "mirror": q.serve("log")}[kind]+"\"}")
				cfg.State = t.TempDir()
				cfg.Logs[0].State = t.TempDir()
				var list []*monitor.Alarm
				var out *monitor.Outcome
				began := time.Now()
				grew := peak(func() { list, out = q.once(cfg) })
				took := time.Since(began)
				want(t, "the alarm", list, c.code)
				for _, a := range list {
					if a.From != kind+" bad" || !strings.Contains(a.Text, c.says) {
						t.Errorf("from %q: %q does not say %q", a.From, a.Text, c.says)
					}
					if strings.ContainsFunc(a.Text, func(r rune) bool { return r < 0x20 || r == 0x202e }) {
						t.Errorf("its text moves a terminal: %q", a.Text)
					}
				}
				if out.Size != 300 {
					t.Errorf("the log was not audited: %+v", out)
				}
				if grew > 64<<20 {
					t.Errorf("%d MiB of memory", grew>>20)
				}
				if took > 30*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
	if followed.Load() > 0 {
		t.Error("a redirect to another server was followed")
	}
}

// Many witnesses of which none answers hold nothing up for long.
func TestManyDeadPeers(t *testing.T) {
	p := newPlace(t, 50, generator.Options{Seed: 63})
	p.limits.PeerAttempt, p.limits.PeerTime = 500*time.Millisecond, time.Second
	dead := p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	more := []string{"    witnesses:"}
	for i := range 40 {
		more = append(more, "      - {name: w"+string(rune('a'+i/26))+string(rune('a'+i%26))+", url: \""+dead+"\"}")
	}
	began := time.Now()
	list, _ := p.once(p.config("log", more...))
	if took := time.Since(began); took > 20*time.Second { // one after the other: 40
		t.Errorf("it took %v", took)
	}
	if len(list) != 40 || !slices.Equal(codes(list), []string{"raised/infrastructure/copy-unread"}) {
		t.Errorf("%d alarms: %q", len(list), codes(list))
	}
}
