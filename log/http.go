package log

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// HTTPOptions configures an [HTTPSource]. The zero value is good.
type HTTPOptions struct {
	// Transport makes the requests. Default: one of its own, with connection
	// and header timeouts, and proxies from the environment.
	Transport http.RoundTripper
	// UserAgent names the program to the server. Default:
	// "pledgelog/<version> (+https://github.com/pledgelog/pledgelog)".
	UserAgent string
	// Timeout is how long one attempt may take, from the request to the last
	// byte of the answer, beyond the time that its bytes have at MinRate.
	// Default: one minute.
	Timeout time.Duration
	// MinRate is how fast an answer has to come, in bytes a second, once
	// Timeout has passed: a large one may take long, a trickle may not.
	// Default: 16 KiB.
	MinRate int64
	// Attempts is how often a request is made at most. Default: 4.
	Attempts int
	// Backoff is the pause after the first failed attempt; it doubles each
	// time, and a random part of up to a half is added. Default: 250 ms.
	Backoff time.Duration
	// MaxWait is the longest pause. When a server asks for a longer one
	// (Retry-After), Get gives up. Default: 30 seconds.
	MaxWait time.Duration
}

// HTTPSource reads a log over HTTP. It makes GET requests below one address,
// bounds everything it reads before and after decompression, gives up on who
// is too slow, tries again where that may help, and follows redirects only
// within the same scheme and host.
type HTTPSource struct {
	base   string // ends with a slash
	opts   HTTPOptions
	client http.Client
}

const maxRedirects = 5

// NewHTTPSource returns a source of the log whose prefix is baseURL, an http
// or https address with neither query, fragment nor user name.
func NewHTTPSource(baseURL string, opts HTTPOptions) (*HTTPSource, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the address, which may hold a password
		}
		return nil, fmt.Errorf("parse log address: %w", err)
	}
	if u.User != nil {
		return nil, errors.New("parse log address: it holds a user name or password")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "" {
		return nil, fmt.Errorf("parse log address: %q is not an http or https address", baseURL)
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fmt.Errorf("parse log address: %q has a query or a fragment", baseURL)
	}
	if opts.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 30 * time.Second
		t.MaxIdleConnsPerHost = 16
		t.MaxResponseHeaderBytes = 64 << 10
		opts.Transport = t
	}
	if opts.UserAgent == "" {
		opts.UserAgent = UserAgent()
	}
	if opts.Timeout <= 0 {
		opts.Timeout = time.Minute
	}
	if opts.MinRate <= 0 {
		opts.MinRate = 16 << 10
	}
	if opts.Attempts <= 0 {
		opts.Attempts = 4
	}
	if opts.Backoff <= 0 {
		opts.Backoff = 250 * time.Millisecond
	}
	if opts.MaxWait <= 0 {
		opts.MaxWait = 30 * time.Second
	}
	return &HTTPSource{
		base: strings.TrimRight(u.String(), "/") + "/",
		opts: opts,
		client: http.Client{
			Transport:     opts.Transport,
			CheckRedirect: sameHost,
		},
	}, nil
}

// UserAgent is how programs of this project name themselves to servers, unless
// they are told otherwise.
func UserAgent() string {
	version := "dev"
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		version = info.Main.Version
	}
	return "pledgelog/" + version + " (+https://github.com/pledgelog/pledgelog)"
}

var errRedirect = errors.New("redirect refused")

// sameHost lets the client follow a redirect only to where it already is.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Scheme != first.Scheme || !strings.EqualFold(req.URL.Host, first.Host) || req.URL.User != nil {
		return fmt.Errorf("%w: it leads to %s://%s", errRedirect, req.URL.Scheme, req.URL.Host)
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("%w: more than %d in a row", errRedirect, maxRedirects)
	}
	return nil
}

// String returns the log's prefix, with a slash at its end.
func (s *HTTPSource) String() string { return s.base }

// Get requests path below the log's prefix. It tries again, with growing
// pauses, after a failed connection, an answer that is too slow or cut short,
// and the statuses 408, 425, 429, 500, 502, 503 and 504, for which it keeps to
// Retry-After. An error names the address and the last failure. Statuses 404
// and 410 match ErrNotFound.
func (s *HTTPSource) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	addr := s.base + path
	if err := checkGet(path, limit); err != nil {
		return nil, fmt.Errorf("get %s: %w", addr, err)
	}
	for attempt := 1; ; attempt++ {
		b, err := s.try(ctx, addr, limit)
		if err == nil {
			return b, nil
		}
		var again *retryError
		if ctx.Err() != nil || !errors.As(err, &again) {
			return nil, fmt.Errorf("get %s: %w", addr, err)
		}
		if attempt == s.opts.Attempts {
			return nil, fmt.Errorf("get %s: tried %d times: %w", addr, attempt, err)
		}
		pause := s.pause(attempt)
		if again.after > s.opts.MaxWait {
			return nil, fmt.Errorf("get %s: server asks to wait %v: %w", addr, again.after, err)
		}
		pause = max(pause, again.after)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("get %s: %w, after: %w", addr, context.Cause(ctx), err)
		case <-timer.C:
		}
	}
}

// pause returns how long to wait after the given attempt, counted from 1.
func (s *HTTPSource) pause(attempt int) time.Duration {
	d := s.opts.Backoff << min(attempt-1, 16)
	if d <= 0 || d > s.opts.MaxWait {
		d = s.opts.MaxWait
	}
	return min(d+rand.N(d/2+1), s.opts.MaxWait)
}

// retryError marks a failure after which another attempt makes sense.
type retryError struct {
	err   error
	after time.Duration // what the server asked for; 0 if nothing
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// try makes one attempt.
func (s *HTTPSource) try(ctx context.Context, addr string, limit int64) ([]byte, error) {
	outer := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := startPace(s.opts.Timeout, s.opts.MinRate, func() { cancel(ErrTooSlow) })
	defer p.stop()
	b, err := s.once(ctx, addr, limit, p)
	switch {
	case err == nil:
	case outer.Err() != nil:
		return nil, fmt.Errorf("%v: %w", p, context.Cause(outer))
	case context.Cause(ctx) == ErrTooSlow:
		return nil, &retryError{err: fmt.Errorf("%v: %w", p, ErrTooSlow)}
	}
	return b, err
}

// once makes one request and reads the answer at a pace.
func (s *HTTPSource) once(ctx context.Context, addr string, limit int64, p *pace) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addr, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", s.opts.UserAgent)
	// Asking for it ourselves keeps the transport from decompressing, which it
	// would do without a bound.
	req.Header.Set("Accept-Encoding", "gzip, identity")
	resp, err := s.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the caller names the address
		}
		if errors.Is(err, errRedirect) {
			return nil, err
		}
		return nil, &retryError{err: err}
	}
	defer resp.Body.Close()
	resp.Body = p.reader(resp.Body)
	if err := statusError(resp); err != nil {
		return nil, err
	}
	return readBody(resp, limit)
}

// statusError returns nil for 200.
func statusError(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("status %d: %w", resp.StatusCode, ErrNotFound)
	}
	err := fmt.Errorf("status %d", resp.StatusCode)
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// A little of the body lets the connection be used again.
		io.CopyN(io.Discard, resp.Body, 4<<10)
		return &retryError{err: err, after: RetryAfter(resp.Header.Get("Retry-After"), time.Now())}
	}
	return err
}

// RetryAfter reads a Retry-After header, seconds or a date. It returns 0 for
// none and for one that can't be read.
func RetryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

// readBody reads and decompresses the body of a 200.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	encoding := strings.ToLower(resp.Header.Get("Content-Encoding"))
	switch encoding {
	case "", "identity":
		if resp.ContentLength > limit {
			return nil, fmt.Errorf("%d bytes announced, at most %d: %w", resp.ContentLength, limit, ErrTooLarge)
		}
		b, err := readAll(resp.Body, limit, min(resp.ContentLength, 1<<20), nil)
		return b, bodyError(resp, err)
	case "gzip":
	default:
		return nil, fmt.Errorf("content encoding %.40q was not asked for", encoding)
	}
	// An endless stream can also decompress to nothing, so what goes in is
	// bounded too. Data that does not compress grows by far less than this.
	wire := &io.LimitedReader{R: resp.Body, N: limit + limit/64 + 64<<10}
	zr, err := gzip.NewReader(wire)
	if err != nil {
		return nil, bodyError(resp, fmt.Errorf("read gzip: %w", err))
	}
	b, err := readAll(zr, limit, 0, nil)
	if err != nil && wire.N <= 0 {
		return nil, fmt.Errorf("compressed answer is too long for %d bytes: %w", limit, ErrTooLarge)
	}
	if err != nil {
		err = fmt.Errorf("read gzip: %w", err)
	}
	return b, bodyError(resp, err)
}

// bodyError makes a failure while reading worth another attempt, unless the
// body was too large: that will not change.
func bodyError(resp *http.Response, err error) error {
	switch {
	case err == nil || errors.Is(err, ErrTooLarge):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) && resp.ContentLength >= 0:
		return &retryError{err: fmt.Errorf("answer is shorter than the %d bytes announced: %w", resp.ContentLength, err)}
	}
	return &retryError{err: err}
}
