package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
)

// The two media types of submissions (protocol section 8).
const (
	TypeJSON   = "application/json"
	TypeNDJSON = "application/x-ndjson"
)

// maxLine bounds one line of an answer to many statements, in bytes: a leaf in
// base64 and the largest tlog-proof.
const maxLine = 4 << 20

// Submit sends a statement and waits until the server has it in a published
// checkpoint, or says that it is pending. It is sent again after failures that
// pass: the server knows statements by their entry id and never logs one twice.
//
// A refusal is a *Problem. After any other error the statement may have been
// logged: send it again to find out.
func (c *Client) Submit(ctx context.Context, sub *entry.Submission) (*Reply, error) {
	got, b, err := c.do(ctx, call{
		method: http.MethodPost, path: "api/v1/statements",
		contentType: TypeJSON, body: sub.Marshal(), accept: TypeJSON,
	})
	if err != nil {
		return nil, err
	}
	r, err := decode[Reply](b)
	if err != nil {
		return nil, fmt.Errorf("POST %sapi/v1/statements: %w", c.base, err)
	}
	r.Status, r.After = got.status, got.after
	return r, nil
}

// SubmitAll sends many statements in one request, in order, and calls answer for
// each in the same order: with a reply, or with a *Problem as err. After an
// author's refused statement the later ones of that author are refused as
// predecessor-refused. When answer returns an error SubmitAll stops and returns
// it.
//
// The request is made once. An error other than answer's says that it broke off:
// what was not answered may or may not have been logged, and may be sent again.
// A server takes a bounded number of statements in one request; send some
// thousands at a time.
func (c *Client) SubmitAll(ctx context.Context, subs []*entry.Submission, answer func(i int, r *Reply, err error) error) error {
	if len(subs) == 0 {
		return nil
	}
	err := c.submitAll(ctx, subs, answer)
	var own *answerError
	if errors.As(err, &own) {
		return own.err
	}
	if err != nil {
		return fmt.Errorf("POST %sapi/v1/statements: %w", c.base, err)
	}
	return nil
}

// answerError keeps what answer returned apart from our own errors.
type answerError struct{ err error }

func (e *answerError) Error() string { return e.err.Error() }

func (c *Client) submitAll(ctx context.Context, subs []*entry.Submission, answer func(i int, r *Reply, err error) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the goroutine, whatever it is doing
	pr, pw := io.Pipe()
	defer pr.Close()
	go func() {
		w := bufio.NewWriterSize(pw, 64<<10)
		for _, sub := range subs {
			if _, err := w.Write(append(sub.Marshal(), '\n')); err != nil {
				return // the request ended: its error says why
			}
		}
		pw.CloseWithError(w.Flush())
	}()
	req, err := c.request(ctx, call{method: http.MethodPost, path: "api/v1/statements", contentType: TypeNDJSON, accept: TypeNDJSON}, pr)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.failure(resp)
	}
	if mt, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mt != TypeNDJSON {
		return fmt.Errorf("content type %q: %w", resp.Header.Get("Content-Type"), ErrAnswer)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for i := range subs {
		if !lines.Scan() {
			err := lines.Err()
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("read answer to statement %d of %d: %w", i+1, len(subs), err)
		}
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("%w: answer to statement %d: %w", ErrAnswer, i+1, err)
		}
		if err := l.check(i + 1); err != nil {
			return err
		}
		if l.Problem != nil {
			l.Problem.Status = l.Status
			err = answer(i, nil, l.Problem)
		} else {
			l.Reply.Status = l.Status
			err = answer(i, l.Reply, nil)
		}
		if err != nil {
			return &answerError{err}
		}
	}
	return nil
}

// check wants an answer to line n.
func (l *Line) check(n int) error {
	switch {
	case l.Line == 0 && l.Problem != nil:
		l.Problem.Status = l.Status
		return l.Problem // the server ended the whole request
	case l.Line != n:
		return fmt.Errorf("%w: it answered line %d and not %d", ErrAnswer, l.Line, n)
	case (l.Problem == nil) == (l.Reply == nil):
		return fmt.Errorf("%w: line %d is neither a reply nor a problem", ErrAnswer, n)
	}
	return nil
}
