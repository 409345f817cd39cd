package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Options configures a Client. The zero value is good.
type Options struct {
	// Transport makes the requests. Default: one of its own, with connection
	// and header time-outs, and proxies from the environment.
	Transport http.RoundTripper
	// UserAgent names the program to the server. Default:
	// "pledgelog/<version> (+https://github.com/pledgelog/pledgelog)".
	UserAgent string
	// Timeout is for one attempt, from the request to the last byte of the
	// answer; not for SubmitAll and exports, which have ctx alone. Default: 90 seconds, since
	// a server may wait 30 for a checkpoint.
	Timeout time.Duration
	// Attempts is how often a request is made at most. Statements may be sent
	// again without harm, since the server knows them by their entry id.
	// Default: 4.
	Attempts int
	// Backoff is the pause after the first failed attempt; it doubles each
	// time, and a random part of up to a half is added. Default: 250 ms.
	Backoff time.Duration
	// MaxWait is the longest pause. When a server asks for a longer one
	// (Retry-After) the client gives up. Default: 30 seconds.
	MaxWait time.Duration
	// MaxReply bounds every answer, in bytes. Default: 64 MiB.
	MaxReply int64
}

// A Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base   string // with a slash at its end
	opts   Options
	client http.Client
}

// Errors that a caller may branch on, beside *Problem.
var (
	// ErrTooLarge says that an answer is longer than Options.MaxReply.
	ErrTooLarge = errors.New("the answer is larger than allowed")
	// ErrAnswer says that what answered does not speak this protocol.
	ErrAnswer = errors.New("not an answer of a pledgelog server")
)

// New returns a client of the server at baseURL, an http or https address
// without query, fragment and user name, such as "https://log.accord.example/2026".
// It makes no request.
func New(baseURL string, opts Options) (*Client, error) {
	u, err := url.Parse(baseURL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("parse server address: %w", err)
	case u.User != nil:
		return nil, errors.New("parse server address: it holds a user name or password")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("parse server address: %q is not an http or https address", baseURL)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("parse server address: %q has a query or a fragment", baseURL)
	}
	if opts.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = 80 * time.Second
		t.MaxIdleConnsPerHost = 16
		t.MaxResponseHeaderBytes = 64 << 10
		opts.Transport = t
	}
	if opts.UserAgent == "" {
		opts.UserAgent = userAgent()
	}
	setDefault(&opts.Timeout, 90*time.Second)
	setDefault(&opts.Attempts, 4)
	setDefault(&opts.Backoff, 250*time.Millisecond)
	setDefault(&opts.MaxWait, 30*time.Second)
	setDefault(&opts.MaxReply, 64<<20)
	return &Client{
		base: strings.TrimRight(u.String(), "/") + "/",
		opts: opts,
		client: http.Client{
			Transport: opts.Transport,
			// Where a statement goes is for the caller to say, not for whoever
			// answers.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func setDefault[T int | int64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

func userAgent() string {
	version := "dev"
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		version = info.Main.Version
	}
	return "pledgelog/" + version + " (+https://github.com/pledgelog/pledgelog)"
}

// String returns the server's address, with a slash at its end.
func (c *Client) String() string { return c.base }

// A call is one request that may be made several times.
type call struct {
	method, path string // path is below base
	contentType  string
	body         []byte
	accept       string
}

// An answered call is what stands in front of its answer's body.
type answered struct {
	status int
	after  time.Duration // what Retry-After says; 0 for nothing
}

// do makes a call, again if that may help, and returns the status and body of an
// answer of the 2xx kind. Other answers are errors, *Problem where the server
// sent one.
func (c *Client) do(ctx context.Context, call call) (got *answered, b []byte, err error) {
	err = c.again(ctx, call, func() error {
		got, b, err = c.try(ctx, call)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return got, b, nil
}

// stream is do for an answer of any length, which the caller reads and closes. It has ctx
// for its time-out.
func (c *Client) stream(ctx context.Context, call call) (resp *http.Response, err error) {
	err = c.again(ctx, call, func() error {
		req, err := c.request(ctx, call, nil)
		if err != nil {
			return err
		}
		if resp, err = c.client.Do(req); err != nil {
			return &retryError{err: withoutURL(err)}
		}
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		defer resp.Body.Close()
		return c.failure(resp)
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// again makes attempts until one succeeds, or none may help.
func (c *Client) again(ctx context.Context, call call, try func() error) error {
	name := call.method + " " + c.base + call.path
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil {
			return nil
		}
		var again *retryError
		switch {
		case ctx.Err() != nil || !errors.As(err, &again):
			return fmt.Errorf("%s: %w", name, err)
		case attempt >= c.opts.Attempts:
			return fmt.Errorf("%s: tried %d times: %w", name, attempt, err)
		case again.after > c.opts.MaxWait:
			return fmt.Errorf("%s: the server asks to wait %v: %w", name, again.after, err)
		}
		timer := time.NewTimer(max(c.pause(attempt), again.after))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%s: %w, after: %w", name, context.Cause(ctx), err)
		}
	}
}

// pause returns how long to wait after the given attempt, counted from 1.
func (c *Client) pause(attempt int) time.Duration {
	d := c.opts.Backoff << min(attempt-1, 16)
	if d <= 0 || d > c.opts.MaxWait {
		d = c.opts.MaxWait
	}
	return min(d+rand.N(d/2+1), c.opts.MaxWait)
}

// retryError marks a failure after which another attempt makes sense.
type retryError struct {
	err   error
	after time.Duration // what the server asked for; 0 if nothing
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

func (c *Client) try(ctx context.Context, call call) (*answered, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := c.request(ctx, call, bytes.NewReader(call.body))
	if err != nil {
		return nil, nil, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, nil, &retryError{err: withoutURL(err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, nil, c.failure(resp)
	}
	b, err := c.read(resp.Body)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, nil, &retryError{err: fmt.Errorf("read answer: %w", err)}
	}
	return &answered{resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"), time.Now())}, b, err
}

func (c *Client) request(ctx context.Context, call call, body io.Reader) (*http.Request, error) {
	if call.method == http.MethodGet {
		body = nil
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.base+call.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("Accept", call.accept+", "+ProblemType)
	if call.contentType != "" {
		req.Header.Set("Content-Type", call.contentType)
	}
	return req, nil
}

// withoutURL drops what net/http puts in front: the caller names the address.
func withoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

func (c *Client) read(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, c.opts.MaxReply+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > c.opts.MaxReply {
		return nil, fmt.Errorf("%w: over %d bytes", ErrTooLarge, c.opts.MaxReply)
	}
	return b, nil
}

// failure makes the error of an answer that is not 2xx.
func (c *Client) failure(resp *http.Response) error {
	if resp.StatusCode/100 == 3 {
		return fmt.Errorf("status %d: the server points to %q: use that address if you trust it", resp.StatusCode, resp.Header.Get("Location"))
	}
	var err error = fmt.Errorf("status %d: %w", resp.StatusCode, ErrAnswer)
	if mt, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mt == ProblemType {
		b, rerr := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		var p Problem
		if rerr == nil && json.Unmarshal(b, &p) == nil && p.Code != "" {
			p.Status = resp.StatusCode
			err = &p
		}
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &retryError{err: err, after: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	}
	return err
}

// Passes reports whether an error is of a failure that passes, after which the same
// request may be made again, and what pause the server asked for: 0 if it named none.
func Passes(err error) (after time.Duration, ok bool) {
	var again *retryError
	if !errors.As(err, &again) {
		return 0, false
	}
	return again.after, true
}

// retryAfter reads a Retry-After header, seconds or a date; 0 for none and for
// one that can't be read.
func retryAfter(v string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

// decode reads a JSON answer. Members that this version does not know are left.
func decode[T any](b []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return v, nil
}
