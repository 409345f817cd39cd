package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// memoryBound is what an audit of a small log may take, in bytes, whatever a
// server sends.
const memoryBound = 512 << 20

// hostileSize leaves ten full bundles, so that the server has as many requests at
// the same time as there can be.
const hostileSize = 2600

// A victim audits a log over HTTP with the real program.
type victim struct {
	program, dir, policy, charter string
	world                         *generator.World
}

// hostileWorld writes the log of all victims, once: none changes it. It is where their
// program is.
var hostileWorld = sync.OnceValues(func() (*generator.World, error) {
	w := generator.New(generator.Options{Seed: seed, Signatories: 4, Publish: 30 * 24 * time.Hour})
	return w, w.WriteStory(hostileDir(), hostileSize)
})

func hostileDir() string { return filepath.Join(shared.dir, "hostile") }

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{program: program(t), dir: t.TempDir()}
	var err error
	if v.world, err = hostileWorld(); err != nil {
		t.Fatal(err)
	}
	v.policy, v.charter = filepath.Join(v.dir, "policy.txt"), v.world.Charter.String()
	if err := os.WriteFile(v.policy, v.world.Policy.Marshal(), 0o644); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v *victim) files() http.Handler { return http.FileServer(http.Dir(hostileDir())) }

// An outcome is how an audit of a hostile server ended.
type outcome struct {
	code   int
	output string // standard output and error
	peak   int64  // memory, bytes
	took   time.Duration
	url    string
	files  []string // that it left
	err    error    // it did not run, or did not end
}

// audit runs the program against a server. It must end by itself.
func (v *victim) audit(ctx context.Context, server http.Handler, args ...string) outcome {
	s := httptest.NewServer(server)
	defer s.Close()
	defer s.CloseClientConnections()
	dir, err := os.MkdirTemp(v.dir, "")
	if err != nil {
		return outcome{err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, v.program, append([]string{"audit", "--policy", v.policy, "--charter", v.charter, s.URL}, args...)...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return outcome{err: err}
	}
	o := outcome{cmd.ProcessState.ExitCode(), out.String(), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10, time.Since(began), s.URL, nil, ctx.Err()}
	left, err := os.ReadDir(dir)
	for _, f := range left {
		o.files = append(o.files, filepath.Join(dir, f.Name()))
	}
	o.err = errors.Join(o.err, err)
	return o
}

// check holds an outcome to its exit code, to the memory bound, and to what it
// says.
func (o outcome) check(t *testing.T, code int, says ...string) {
	t.Helper()
	if o.err != nil {
		t.Fatal(o.err)
	}
	t.Logf("exit %d, %d MiB, %v", o.code, o.peak>>20, o.took.Round(time.Millisecond))
	if o.code != code {
		t.Errorf("exit %d, want %d", o.code, code)
	}
	if o.peak > memoryBound {
		t.Errorf("%d MiB of memory, at most %d", o.peak>>20, memoryBound>>20)
	}
	for _, want := range says {
		if !regexp.MustCompile("(?m)" + strings.ReplaceAll(want, "URL", regexp.QuoteMeta(o.url))).MatchString(o.output) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("it says:\n%s", o.output)
	}
}

// instead answers a path with something else.
func instead(h http.Handler, what *regexp.Regexp, answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if what.MatchString(r.URL.Path) {
			answer(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// An attack is what a server may do with any of its answers.
type attack struct {
	name   string
	answer http.HandlerFunc
	why    string
	waits  bool // it takes time and no memory
	ends   bool // the program waits as long as it is told to
}

// bomb is a quarter of a gigabyte, compressed.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	for range 256 {
		zw.Write(make([]byte, 1<<20))
	}
	zw.Close()
	return b.Bytes()
})

func attacks(elsewhere string) []attack {
	zeros, bomb := make([]byte, 1<<20), bomb()
	write := func(w http.ResponseWriter, r *http.Request, b []byte) {
		for r.Context().Err() == nil {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	}
	large, outOfTime := "larger than allowed", `\d+ bytes in [0-9.]+m?s: context deadline exceeded$`
	return []attack{
		{"endless", func(w http.ResponseWriter, r *http.Request) { write(w, r, zeros) }, large, false, false},
		{"a gzip bomb", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		}, large, false, false},
		{"endless gzip bombs", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			write(w, r, bomb)
		}, large, false, false},
		{"a terabyte announced", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000000000")
			write(w, r, zeros)
		}, large, false, false},
		{"less than announced", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(zeros[:100])
		}, "tried 4 times: answer is shorter than the 1000 bytes announced", true, false},
		{"sent elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusFound)
		}, "redirect refused: it leads to " + regexp.QuoteMeta(elsewhere) + "$", false, false},
		{"drips", func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
					w.Write([]byte("x"))
					w.(http.Flusher).Flush()
				}
			}
		}, outOfTime, true, true},
		{"no answer", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, outOfTime, true, true},
	}
}

// enough is how long an audit may take that a server is made to hold up.
const enough = "5s"

// Whatever a server answers in the place of whichever file, an audit ends, stays
// within its memory, and says which address it was and why. That an answer is too
// large for a hash tile or for a text shows that it is not the one that was
// signed; all else leaves open what the log is.
func TestHostileAnswers(t *testing.T) {
	v := newVictim(t)
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		v.files().ServeHTTP(w, r)
	}))
	defer elsewhere.Close()
	run := func(a attack, path string) outcome {
		var args []string
		if a.ends {
			args = []string{"--timeout", enough}
		}
		return v.audit(t.Context(), instead(v.files(), regexp.MustCompile(path), a.answer), args...)
	}
	targets := []struct {
		name, path string
		tooLarge   string // what is said of one that is too large, when that decides
	}{
		{"the checkpoint", `^/checkpoint$`, ""},
		{"the archive", `^/checkpoints$`, ""},
		{"entries", `^/tile/entries/`, ""},
		{"hash tiles", `^/tile/0/`, `^  error: tile-mismatch; concerns this copy; entry 0\n.*tile/0/000 has more than the 8192 bytes`},
		{"upper hash tiles", `^/tile/1/`, `^  error: tile-mismatch; concerns this copy; entry 0\n.*tile/1/000\.p/10 has more than the 8192 bytes`},
		{"bundles of texts", `^/bodies/bundle/`, ""},
		{"texts", `^/bodies/[^/]{43}$`, `^  error: body-mismatch; concerns the operator; entry 2,[0-9]{3} `},
	}
	// Those that wait do so at the same time.
	waited := make(map[string]outcome)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, target := range targets {
		for _, a := range attacks(elsewhere.URL) {
			if a.waits {
				wg.Go(func() {
					o := run(a, target.path)
					mu.Lock()
					waited[target.name+" "+a.name] = o
					mu.Unlock()
				})
			}
		}
	}
	wg.Wait()
	for _, target := range targets {
		for _, a := range attacks(elsewhere.URL) {
			name := target.name + " " + a.name
			t.Run(name, func(t *testing.T) {
				o, ok := waited[name]
				if !ok {
					o = run(a, target.path)
				}
				if target.tooLarge != "" && a.why == "larger than allowed" {
					o.check(t, 1, target.tooLarge)
					return
				}
				address := strings.TrimPrefix(strings.TrimSuffix(target.path, "$"), "^")
				o.check(t, 3, `^error: .*get URL`+address+`.*: `+a.why, `^hint: `)
			})
		}
	}
	if n := visits.Load(); n > 0 {
		t.Errorf("%d requests to another server", n)
	}
}

// changed serves files of a log in another form.
func changed(h http.Handler, what string, change func([]byte) []byte) http.Handler {
	return instead(h, regexp.MustCompile(what), func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		w.Write(change(rec.Body.Bytes()))
	})
}

// given serves other bytes.
func given(h http.Handler, what string, b []byte) http.Handler {
	return instead(h, regexp.MustCompile(what), func(w http.ResponseWriter, r *http.Request) { w.Write(b) })
}

// raw answers a connection with anything.
func raw(h http.Handler, what string, answer func(io.Writer) error) http.Handler {
	return instead(h, regexp.MustCompile(what), func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			answer(conn)
			conn.Close()
		}
	})
}

// endless writes the same for ever.
func endless(line string) func(io.Writer) error {
	return func(w io.Writer) error {
		for {
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
	}
}

// once serves each path once.
func once(h http.Handler) http.Handler {
	var asked sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, again := asked.LoadOrStore(r.URL.Path, true); again {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Servers that have a log, and not the one that they say.
func TestHostileLogs(t *testing.T) {
	v := newVictim(t)
	site := v.world.Open(hostileDir())
	read := func(path string) []byte {
		b, err := site.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	archived, err := site.Archive()
	if err != nil {
		t.Fatal(err)
	}
	good := v.files()
	// The log's own key signs that it is larger than it is.
	claims := func(size uint64) http.Handler {
		return given(good, "^/checkpoint$", v.world.Checkpoint(size, falseRoot, 0))
	}
	// Each of its bundles is there, for ever: the first again, or one of entries
	// that are none.
	goesOn := func(bundle []byte) http.Handler {
		h := given(claims(1<<62), "^/tile/entries/", bundle)
		h = given(h, "^/tile/[0-9]", read("tile/0/000"))
		return given(h, "^/bodies/bundle/", read("bodies/bundle/000"))
	}
	cases := []struct {
		name   string
		server http.Handler
		args   []string
		code   int
		says   []string
	}{
		{"good", good, nil, 0, []string{"^Result: this copy matches the signed log of 2,600 entries"}},
		{"a tile short of a hash", changed(good, "^/tile/0/003$", func(b []byte) []byte { return b[32:] }), nil, 1,
			[]string{"^  error: tile-mismatch; concerns this copy; entry 768$", "URL/tile/0/003 has 8160 bytes, where its hashes take 8192"}},
		{"a tile short of a byte", changed(good, "^/tile/0/003$", func(b []byte) []byte { return b[1:] }), nil, 1,
			[]string{"URL/tile/0/003 has 8191 bytes, where its hashes take 8192"}},
		{"an empty tile", given(good, "^/tile/0/003$", nil), nil, 1, []string{"The copy lacks the hash tile URL/tile/0/003"}},
		{"entries with a byte more", changed(good, "^/tile/entries/003$", func(b []byte) []byte { return append(b, 0) }), nil, 1,
			[]string{"^  error: bundle-malformed; concerns this copy; entry 768$", "The entries in URL/tile/entries/003, of [0-9,]+ bytes, can't be read: "}},
		{"entries with a byte less", changed(good, "^/tile/entries/003$", func(b []byte) []byte { return b[:len(b)-1] }), nil, 1,
			[]string{"^  error: bundle-malformed; concerns this copy; entry 768$", "The entries in URL/tile/entries/003, of [0-9,]+ bytes, can't be read: "}},
		{"no entries", given(good, "^/tile/entries/003$", nil), nil, 1,
			[]string{"^  error: bundle-malformed; concerns this copy; entry 768$", "The entries in URL/tile/entries/003, of [0-9,]+ bytes, can't be read: "}},

		// Everything is there: an older checkpoint alone is no lie.
		{"a checkpoint that shrinks", given(good, "^/checkpoint$", archived[len(archived)/2]), nil, 0,
			[]string{"^  warning: checkpoint-behind; concerns this copy$", "signed log of 2,600 entries"}},
		{"a log that shrinks", instead(given(good, "^/checkpoint$", archived[len(archived)/2]), regexp.MustCompile("^/tile/entries/010"), http.NotFound), nil, 1,
			[]string{"^  error: archive-ahead; concerns this copy$"}},
		{"a log that forks", given(good, "^/checkpoints$", log.AppendArchive(nil, v.world.Checkpoint(1000, falseRoot, 0))), nil, 4,
			[]string{"^  error: log-forked; concerns the operator$", "^error: proof of misbehaviour, kept in evidence-"}},
		{"a log that forks, served once", once(given(good, "^/checkpoints$", log.AppendArchive(nil, v.world.Checkpoint(1000, falseRoot, 0)))), nil, 4,
			[]string{"^  error: log-forked; concerns the operator$", "^error: proof of misbehaviour, kept in evidence-"}},

		{"a larger log than there is", claims(1_000_000), nil, 3,
			[]string{"^  error: bundle-missing; concerns this copy; entry 2,560$", "^error: get URL/tile/entries/010: status 404: not found$"}},
		{"the largest log that can be", claims(1<<63 - 1), nil, 3, []string{"^error: get URL/tile/entries/010: status 404: not found$"}},
		{"a log without end", goesOn(read("tile/entries/000")), []string{"--timeout", enough}, 3, []string{"^error: the audit's time was over"}},
		{"a log without end, of nothing", goesOn(bytes.Repeat([]byte{0, 1, 'x'}, 256)), []string{"--timeout", enough}, 3, []string{"^error: the audit's time was over"}},

		{"no HTTP", raw(good, "^/checkpoint$", func(w io.Writer) error { _, err := io.WriteString(w, "hello\r\n\r\n"); return err }), nil, 3,
			[]string{"^error: get URL/checkpoint: tried 4 times: .*malformed HTTP"}},
		{"nothing", raw(good, "^/checkpoint$", func(io.Writer) error { return nil }), nil, 3,
			[]string{"^error: get URL/checkpoint: tried 4 times: "}},
		{"a header without end", raw(good, "^/checkpoint$", func(w io.Writer) error {
			io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			return endless("X-Filler: " + strings.Repeat("x", 1000) + "\r\n")(w)
		}), nil, 3, []string{"^error: get URL/checkpoint: tried 4 times: .*header"}},
		{"one line without end", raw(good, "^/checkpoint$", endless(strings.Repeat("x", 1000))), nil, 3, []string{"^error: get URL/checkpoint: tried 4 times: "}},
		{"word that it goes on, for ever", raw(good, "^/checkpoint$", endless("HTTP/1.1 102 Processing\r\n\r\n")), nil, 3,
			[]string{"^error: get URL/checkpoint: tried 4 times: "}},
		{"chunks of nothing", raw(good, "^/checkpoint$", func(w io.Writer) error {
			io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			return endless("1;" + strings.Repeat("x", 1000) + "\r\n\n\r\n")(w)
		}), nil, 3, []string{"^error: get URL/checkpoint: "}},
		{"come back in a year", instead(good, regexp.MustCompile("^/tile/entries/003$"), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "31536000")
			w.WriteHeader(http.StatusServiceUnavailable)
		}), nil, 3, []string{"^error: get URL/tile/entries/003: server asks to wait 8760h0m0s: status 503$"}},
	}
	// Those that try again wait for that at the same time.
	waited := make(map[string]outcome)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, c := range cases {
		if strings.Contains(c.says[0], "tried 4 times") {
			wg.Go(func() {
				o := v.audit(t.Context(), c.server, c.args...)
				mu.Lock()
				defer mu.Unlock()
				waited[c.name] = o
			})
		}
	}
	wg.Wait()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o, ok := waited[c.name]
			if !ok {
				o = v.audit(t.Context(), c.server, c.args...)
			}
			o.check(t, c.code, c.says...)
			if (len(o.files) > 0) != (c.code == 4) {
				t.Errorf("it left %v", o.files)
			}
			for _, file := range o.files {
				out, err := exec.Command(v.program, "evidence", "--policy", v.policy, file).CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != 4 {
					t.Errorf("the evidence is not accepted: %v\n%s", err, out)
				}
			}
		})
	}
}
