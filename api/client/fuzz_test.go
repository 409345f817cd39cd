package client_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

// FuzzAnswer has a server answer anything to each question that a client asks. It
// ends in an answer or an error, and what was not answered as it should be is
// an error.
func FuzzAnswer(f *testing.F) {
	sub := submission()
	var status int
	var header [2]string
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", header[0])
		w.Header().Set("Retry-After", header[1])
		w.WriteHeader(status)
		w.Write(body) // the client may have gone
	}))
	f.Cleanup(s.Close)
	c, err := client.New(s.URL, client.Options{Attempts: 1, Timeout: 20 * time.Second, MaxReply: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	questions := []func(context.Context) error{
		func(ctx context.Context) error { _, err := c.EntryAt(ctx, 0); return err },
		func(ctx context.Context) error { _, err := c.Entries(ctx, client.Query{}); return err },
		func(ctx context.Context) error { _, err := c.Proof(ctx, entry.ID{}); return err },
		func(ctx context.Context) error { _, err := c.Signatory(ctx, "acme"); return err },
		func(ctx context.Context) error { _, err := c.Signatories(ctx); return err },
		func(ctx context.Context) error { _, err := c.Chain(ctx, "acme"); return err },
		func(ctx context.Context) error { _, _, err := c.Charter(ctx); return err },
		func(ctx context.Context) error { _, err := c.Vocabulary(ctx); return err },
		func(ctx context.Context) error { _, err := c.Submit(ctx, sub); return err },
		func(ctx context.Context) error {
			return c.SubmitAll(ctx, []*entry.Submission{sub, sub}, func(_ int, r *client.Reply, err error) error {
				if (r == nil) == (err == nil) {
					panic("neither a reply nor an error, or both")
				}
				return nil
			})
		},
	}
	leaf := base64.StdEncoding.EncodeToString((&entry.Leaf{Logged: 1780000000, Statement: sub.Envelope}).Marshal())
	for i := range questions {
		f.Add(uint8(i), uint16(200), client.TypeJSON, "", []byte(reply))
		f.Add(uint8(i), uint16(503), client.ProblemType, "7", []byte(`{"type":"t","title":"T","status":200,"code":"server-busy","detail":"d","hint":"h"}`))
		f.Add(uint8(i), uint16(429), client.ProblemType, "Sun, 06 Nov 1994 08:49:37 GMT", []byte("{"))
		f.Add(uint8(i), uint16(301), "text/html", "", []byte("<html>"))
		f.Add(uint8(i), uint16(200), client.TypeNDJSON, "", []byte(`{"line":1,"status":201,"index":5,"id":"`+zeros+`","leaf":"AAAA","proof":"p"}`+"\n"+`{"line":2,"status":409,"problem":{"code":"seq-taken","head":{"seq":3,"id":"`+zeros+`"}}}`+"\n"))
		f.Add(uint8(i), uint16(200), client.TypeJSON, "", []byte(`{"index":0,"logged":"2026-01-01T00:00:00Z","leaf":"`+leaf+`"}`))
	}
	f.Fuzz(func(t *testing.T, question uint8, code uint16, contentType, retryAfter string, answer []byte) {
		if status = int(code); status < 200 || status > 599 {
			return // no final status of HTTP
		}
		header, body = [2]string{contentType, retryAfter}, answer
		if err := questions[int(question)%len(questions)](t.Context()); err == nil && status/100 != 2 {
			t.Errorf("status %d is no error", status)
		}
	})
}
