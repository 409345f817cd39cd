package client_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

type answers func(n int) (status int, after string)

func (f answers) client(t *testing.T, opts client.Options) (*client.Client, *int) {
	t.Helper()
	n := new(int)
	opts.Transport = roundTrips(func(r *http.Request) (*http.Response, error) {
		*n++
		io.Copy(io.Discard, r.Body)
		status, after := f(*n)
		h := http.Header{"Content-Type": {client.TypeJSON}}
		if after != "" {
			h.Set("Retry-After", after)
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(reply)), Request: r}, nil
	})
	c, err := client.New("http://log.example/", opts)
	if err != nil {
		t.Fatal(err)
	}
	return c, n
}

type roundTrips func(*http.Request) (*http.Response, error)

func (f roundTrips) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that is busy says when to come again, in seconds or with a date. That is
// waited for, up to a bound; what can't be read, or is past, is as nothing.
func TestWaitsAsTold(t *testing.T) {
	in := func(d time.Duration) func() string {
		return func() string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	}
	text := func(s string) func() string { return func() string { return s } }
	for name, c := range map[string]struct {
		after    func() string
		from, to time.Duration // what passes until the second request
		requests int
	}{
		"seconds":             {text("7"), 7 * time.Second, 7 * time.Second, 2},
		"a date":              {in(9 * time.Second), 8 * time.Second, 9 * time.Second, 2},
		"the longest":         {text("30"), 30 * time.Second, 30 * time.Second, 2},
		"longer":              {text("31"), 0, 0, 1},
		"a date of tomorrow":  {in(24 * time.Hour), 0, 0, 1},
		"nothing":             {text(""), 250 * time.Millisecond, 375 * time.Millisecond, 2},
		"no number":           {text("soon"), 250 * time.Millisecond, 375 * time.Millisecond, 2},
		"a negative number":   {text("-5"), 250 * time.Millisecond, 375 * time.Millisecond, 2},
		"a date that is past": {in(-time.Hour), 250 * time.Millisecond, 375 * time.Millisecond, 2},
		"a fraction":          {text("0.5"), 250 * time.Millisecond, 375 * time.Millisecond, 2},
		"more than fits":      {text("99999999999999999999"), 250 * time.Millisecond, 375 * time.Millisecond, 2},
	} {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				cl, n := answers(func(n int) (int, string) {
					if n == 1 {
						return status, c.after()
					}
					return 201, ""
				}).client(t, client.Options{})
				start := time.Now()
				_, err := cl.Submit(t.Context(), submission())
				if took := time.Since(start); took < c.from || took > c.to || *n != c.requests || (err == nil) != (c.requests == 2) {
					t.Errorf("%d, %s: %d requests in %v: %v", status, name, *n, took, err)
				}
			})
		}
	}
}

// However long a server asks to wait, the caller's own patience counts.
func TestWaitsNoLongerThanItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl, n := answers(func(int) (int, string) { return 503, "20" }).client(t, client.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		start := time.Now()
		_, err := cl.Submit(ctx, submission())
		if took := time.Since(start); err == nil || took != 50*time.Second || *n != 3 {
			t.Errorf("%d requests in %v: %v", *n, took, err)
		}
	})
}

// Of a statement that is pending the reply says when to ask again. Of many in one request
// the error says it, since that request is made once.
func TestTellsWhenToComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl, _ := answers(func(int) (int, string) { return 202, "8" }).client(t, client.Options{})
		r, err := cl.Submit(t.Context(), submission())
		if err != nil || !r.Pending() || r.After != 8*time.Second {
			t.Errorf("%+v, %v", r, err)
		}
	})
	for status, passes := range map[int]bool{429: true, 503: true, 502: true, 409: false, 200: false} {
		synctest.Test(t, func(t *testing.T) {
			cl, _ := answers(func(int) (int, string) { return status, "8" }).client(t, client.Options{})
			err := cl.SubmitAll(t.Context(), []*entry.Submission{submission()}, func(int, *client.Reply, error) error { return nil })
			if after, ok := client.Passes(err); err == nil || ok != passes || ok && after != 8*time.Second {
				t.Errorf("%d: %v, %v after %v", status, ok, after, err)
			}
		})
	}
}
