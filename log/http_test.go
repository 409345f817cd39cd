package log

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// quick makes retries cost no time.
var quick = HTTPOptions{Backoff: time.Millisecond, Timeout: 10 * time.Second}

// serve starts a server and returns a source of it, with the number of
// requests that it got.
func serve(t testing.TB, opts HTTPOptions, h http.HandlerFunc) (*HTTPSource, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	src, err := NewHTTPSource(srv.URL+"/log", opts)
	if err != nil {
		t.Fatal(err)
	}
	return src, &requests
}

func gzipped(b []byte) []byte {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write(b)
	w.Close()
	return buf.Bytes()
}

// A log behind a plain file server reads like its directory.
func TestHTTPSourceReadsALog(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := buildLog(t, dir, 300, 700)
	files := http.StripPrefix("/log", http.FileServer(http.Dir(dir)))
	src, _ := serve(t, quick, files.ServeHTTP)
	r := NewTileReader(src)
	checkTree(t, ctx, r, o, 299, 257, 300)
	checkTree(t, ctx, r, o, 699, 300, 700)
	it := r.Leaves(ctx, 0, 700, 700)
	n := 0
	for first, leaves := range it.All() {
		for i, leaf := range leaves {
			if !bytes.Equal(leaf, testLeaf(int(first)+i)) {
				t.Fatalf("leaf %d is %q", int(first)+i, leaf)
			}
			n++
		}
	}
	if it.Err() != nil || n != 700 {
		t.Errorf("%d leaves, %v", n, it.Err())
	}
	if _, err := src.Get(ctx, "nothing", 10); !errors.Is(err, ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}

func TestHTTPSourceRequest(t *testing.T) {
	var got *http.Request
	h := func(w http.ResponseWriter, r *http.Request) { got = r; io.WriteString(w, "hello") }
	src, _ := serve(t, quick, h)
	if b, err := src.Get(context.Background(), "tile/0/000.p/5", 5); err != nil || string(b) != "hello" {
		t.Fatalf("%q, %v", b, err)
	}
	if got.Method != http.MethodGet || got.URL.Path != "/log/tile/0/000.p/5" {
		t.Errorf("request is %s %s", got.Method, got.URL)
	}
	ua := got.Header.Get("User-Agent")
	if !strings.HasPrefix(ua, "pledgelog/") || !strings.HasSuffix(ua, " (+https://github.com/pledgelog/pledgelog)") {
		t.Errorf("User-Agent is %q", ua)
	}
	if enc := got.Header.Get("Accept-Encoding"); enc != "gzip, identity" {
		t.Errorf("Accept-Encoding is %q", enc)
	}
	named, _ := serve(t, HTTPOptions{UserAgent: "monitor/1"}, h)
	if _, err := named.Get(context.Background(), "checkpoint", 5); err != nil {
		t.Fatal(err)
	}
	if ua := got.Header.Get("User-Agent"); ua != "monitor/1" {
		t.Errorf("User-Agent is %q, want monitor/1", ua)
	}
}

func TestHTTPSourceGzip(t *testing.T) {
	ctx := context.Background()
	text := bytes.Repeat([]byte("entry"), 1000)
	noise := make([]byte, 100_000)
	rand.Read(noise)
	for _, tt := range []struct {
		name      string
		encoding  string
		body      []byte
		limit     int64
		want      []byte
		wantError string
	}{
		{"compressed", "gzip", gzipped(text), 5000, text, ""},
		{"in capitals", "GZIP", gzipped(text), 5000, text, ""},
		{"empty", "gzip", gzipped(nil), 1, nil, ""},
		{"grows when compressed", "gzip", gzipped(noise), 100_000, noise, ""},
		{"identity", "identity", text, 5000, text, ""},
		{"a byte too long", "gzip", gzipped(text), 4999, nil, "more than 4999 bytes"},
		{"not gzip", "gzip", text, 5000, nil, "gzip"},
		{"cut short", "gzip", gzipped(text)[:20], 5000, nil, "gzip"},
		{"bad checksum", "gzip", append(gzipped(text)[:len(gzipped(text))-8], make([]byte, 8)...), 5000, nil, "gzip"},
		{"something after", "gzip", append(gzipped(text), "more"...), 5000, nil, "gzip"},
		{"brotli", "br", text, 5000, nil, `encoding "br"`},
		{"twice", "gzip, gzip", gzipped(gzipped(text)), 5000, nil, "encoding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src, _ := serve(t, quick, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", tt.encoding)
				w.Write(tt.body)
			})
			got, err := src.Get(ctx, "tile/entries/000", tt.limit)
			if tt.wantError != "" {
				wantError(t, err, tt.wantError)
				wantError(t, err, src.String()+"tile/entries/000")
				return
			}
			if err != nil || !bytes.Equal(got, tt.want) {
				t.Errorf("%d bytes, %v, want %d", len(got), err, len(tt.want))
			}
		})
	}
}

// Servers that send too much are cut off, and not asked again.
func TestHTTPSourceTooLarge(t *testing.T) {
	bomb := gzipped(make([]byte, 50<<20))
	emptyMember := gzipped(nil)
	for name, h := range map[string]http.HandlerFunc{
		"a byte more": func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 1001)) },
		"announced": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000000000")
			w.Write(make([]byte, 500))
		},
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"gzip bomb": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		},
		"endless gzip of nothing": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			for r.Context().Err() == nil {
				if _, err := w.Write(emptyMember); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			src, requests := serve(t, quick, h)
			_, err := src.Get(context.Background(), "checkpoint", 1000)
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("error %v, want ErrTooLarge", err)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// Servers that hold a client up lose it when its time is over.
func TestHTTPSourceSlow(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"never answers": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"stops after its header": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"drips": func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(5 * time.Millisecond)
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
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Long enough for a request to arrive on a machine that has other work to do.
			src, requests := serve(t, HTTPOptions{Timeout: time.Second, Attempts: 2, Backoff: time.Millisecond}, h)
			_, err := src.Get(context.Background(), "checkpoint", 1<<20)
			if !errors.Is(err, ErrTooSlow) {
				t.Errorf("error %v, want ErrTooSlow", err)
			}
			wantError(t, err, "checkpoint: tried 2 times: ")
			wantError(t, err, " bytes in ")
			if n := requests.Load(); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
		})
	}
}

// An answer that is not as long as it says is no answer.
func TestHTTPSourceCutShort(t *testing.T) {
	for name, raw := range map[string]string{
		"shorter than announced": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
		"chunks cut short":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"two lengths":            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 3\r\n\r\nhello",
		"not HTTP":               "hello\r\n\r\n",
		"nothing":                "",
	} {
		t.Run(name, func(t *testing.T) {
			src, requests := serve(t, HTTPOptions{Attempts: 3, Backoff: time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(conn, raw)
				conn.Close()
			})
			b, err := src.Get(context.Background(), "checkpoint", 100)
			if err == nil {
				t.Errorf("gives %q", b)
			}
			if n := requests.Load(); n < 3 {
				t.Errorf("%d requests, want 3", n)
			}
		})
	}
	// What comes after the announced length is not part of the answer.
	once := quick
	once.Transport = &http.Transport{DisableKeepAlives: true}
	src, _ := serve(t, once, func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more")
		conn.Close()
	})
	if b, err := src.Get(context.Background(), "checkpoint", 100); err != nil || string(b) != "hello" {
		t.Errorf("longer than announced: %q, %v", b, err)
	}
}

func TestHTTPSourceRedirect(t *testing.T) {
	elsewhere, hits := serve(t, quick, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "elsewhere") })
	for name, to := range map[string]string{
		"another host":     elsewhere.String() + "checkpoint",
		"another scheme":   "https://%s/other",
		"a user name":      "http://user@%s/other",
		"a scheme of none": "file:///etc/passwd",
		"round in circles": "http://%s/log/checkpoint",
	} {
		t.Run(name, func(t *testing.T) {
			src, requests := serve(t, quick, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", strings.ReplaceAll(to, "%s", r.Host))
				w.WriteHeader(http.StatusFound)
			})
			_, err := src.Get(context.Background(), "checkpoint", 100)
			wantError(t, err, "redirect refused")
			if n := requests.Load(); n > maxRedirects+1 {
				t.Errorf("%d requests", n)
			}
		})
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests to the other host", n)
	}
	src, _ := serve(t, quick, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/moved" {
			http.Redirect(w, r, "/moved", http.StatusMovedPermanently)
			return
		}
		io.WriteString(w, "hello "+r.Header.Get("User-Agent")[:9])
	})
	if b, err := src.Get(context.Background(), "checkpoint", 100); err != nil || string(b) != "hello pledgelog" {
		t.Errorf("same host: %q, %v", b, err)
	}
}

func TestHTTPSourceStatus(t *testing.T) {
	for _, tt := range []struct {
		status   int
		requests int64
		notFound bool
	}{
		{404, 1, true}, {410, 1, true},
		{400, 1, false}, {401, 1, false}, {403, 1, false}, {501, 1, false},
		{204, 1, false}, {206, 1, false}, {304, 1, false},
		{408, 3, false}, {425, 3, false}, {429, 3, false}, {500, 3, false}, {502, 3, false}, {503, 3, false}, {504, 3, false},
	} {
		src, requests := serve(t, HTTPOptions{Attempts: 3, Backoff: time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(tt.status)
		})
		_, err := src.Get(context.Background(), "checkpoint", 100)
		if err == nil {
			t.Errorf("%d: no error", tt.status)
			continue
		}
		wantError(t, err, fmt.Sprint("status ", tt.status))
		wantError(t, err, src.String()+"checkpoint")
		if got := errors.Is(err, ErrNotFound); got != tt.notFound {
			t.Errorf("%d: ErrNotFound is %v", tt.status, got)
		}
		if n := requests.Load(); n != tt.requests {
			t.Errorf("%d: %d requests, want %d", tt.status, n, tt.requests)
		}
	}
}

func TestHTTPSourceTriesAgain(t *testing.T) {
	var n atomic.Int64
	src, requests := serve(t, quick, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1:
			w.WriteHeader(500)
		case 2:
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		case 3:
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "half")
		default:
			io.WriteString(w, "hello")
		}
	})
	if b, err := src.Get(context.Background(), "checkpoint", 10); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	if n := requests.Load(); n < 4 {
		t.Errorf("%d requests, want 4", n)
	}
}

func TestHTTPSourceNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := "http://" + l.Addr().String() + "/"
	l.Close()
	src, err := NewHTTPSource(addr, HTTPOptions{Attempts: 2, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Get(context.Background(), "checkpoint", 10)
	wantError(t, err, addr+"checkpoint: tried 2 times")
}

// transportFunc answers requests in the process, so that time can be synctest's.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, header ...string) (*http.Response, error) {
	rec := httptest.NewRecorder()
	for i := 0; i < len(header); i += 2 {
		rec.Header().Set(header[i], header[i+1])
	}
	rec.WriteHeader(status)
	rec.WriteString("hello")
	return rec.Result(), nil
}

func TestHTTPSourcePauses(t *testing.T) {
	type outcome struct {
		took     time.Duration
		requests int
		err      error
	}
	run := func(t *testing.T, opts HTTPOptions, header func() string) (o outcome) {
		synctest.Test(t, func(t *testing.T) {
			opts.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
				o.requests++
				if v := header(); v != "" {
					return answer(503, "Retry-After", v)
				}
				return answer(503)
			})
			src, err := NewHTTPSource("http://log.example/", opts)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, o.err = src.Get(context.Background(), "checkpoint", 10)
			o.took = time.Since(start)
		})
		return o
	}
	none := func() string { return "" }

	o := run(t, HTTPOptions{}, none)
	// 250, 500 and 1,000 ms, each with up to a half more.
	if o.requests != 4 || o.took < 1750*time.Millisecond || o.took > 2625*time.Millisecond {
		t.Errorf("by default: %d requests in %v", o.requests, o.took)
	}
	o = run(t, HTTPOptions{Attempts: 12, MaxWait: 2 * time.Second}, none)
	if o.requests != 12 || o.took > 24*time.Second {
		t.Errorf("pauses of at most 2 s: %d requests in %v", o.requests, o.took)
	}
	o = run(t, HTTPOptions{Attempts: 2}, func() string { return "20" })
	if o.requests != 2 || o.took < 20*time.Second || o.took > 21*time.Second {
		t.Errorf("Retry-After 20: %d requests in %v", o.requests, o.took)
	}
	o = run(t, HTTPOptions{Attempts: 2}, func() string {
		return time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
	})
	if o.requests != 2 || o.took < 19*time.Second || o.took > 21*time.Second {
		t.Errorf("Retry-After in 20 s: %d requests in %v", o.requests, o.took)
	}
	o = run(t, HTTPOptions{}, func() string { return "31" })
	if o.requests != 1 || o.took != 0 {
		t.Errorf("Retry-After 31: %d requests in %v", o.requests, o.took)
	}
	wantError(t, o.err, "asks to wait 31s")
	for _, v := range []string{"-5", "soon", "99999999999999999999", "1.5", "Thu, 01 Jan 1970 00:00:00 GMT"} {
		o = run(t, HTTPOptions{Attempts: 2}, func() string { return v })
		if o.requests != 2 || o.took > time.Second {
			t.Errorf("Retry-After %q: %d requests in %v", v, o.requests, o.took)
		}
	}
}

func TestHTTPSourceCalledOffWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, err := NewHTTPSource("http://log.example/", HTTPOptions{
			Transport: transportFunc(func(*http.Request) (*http.Response, error) { return answer(503, "Retry-After", "30") }),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		_, err = src.Get(ctx, "checkpoint", 10)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		wantError(t, err, "status 503")
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1 s", took)
		}
	})
}

func TestHTTPSourceRefusesPaths(t *testing.T) {
	src, requests := serve(t, quick, func(w http.ResponseWriter, r *http.Request) {})
	for _, path := range []string{"", "/checkpoint", "../secret", "a?b", "a#b", "a%2fb", "http://other.example/", "a//b"} {
		if _, err := src.Get(context.Background(), path, 10); err == nil {
			t.Errorf("%q is requested", path)
		}
	}
	if _, err := src.Get(context.Background(), "checkpoint", 0); err == nil {
		t.Error("takes a limit of 0")
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestNewHTTPSourceRefuses(t *testing.T) {
	for _, addr := range []string{
		"", "log.example", "ftp://log.example", "http://", "http:log.example", "http://log.example/?q", "http://log.example/?",
		"http://log.example/#f", "http://user@log.example/", "http://log.example:x/", "http://%zz/", "http:///path",
	} {
		if _, err := NewHTTPSource(addr, HTTPOptions{}); err == nil {
			t.Errorf("%q is taken", addr)
		}
	}
	for _, addr := range []string{"https://user:secret@log.example/", "https://user:secret@log .example/"} {
		if src, err := NewHTTPSource(addr, HTTPOptions{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("password: %v, %v", src, err)
		}
	}
	for addr, want := range map[string]string{
		"http://log.example":       "http://log.example/",
		"http://log.example/2026/": "http://log.example/2026/",
		"https://[::1]:8080/a":     "https://[::1]:8080/a/",
	} {
		if src, err := NewHTTPSource(addr, HTTPOptions{}); err != nil || src.String() != want {
			t.Errorf("%s is %v, %v, want %s", addr, src, err, want)
		}
	}
}
