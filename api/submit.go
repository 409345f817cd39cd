package api

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
)

func itoa(n int) string { return strconv.Itoa(n) }

// submit takes one statement, or many, one a line.
func (a *API) submit(w http.ResponseWriter, r *http.Request) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		a.fail(w, r, refuse(http.StatusUnsupportedMediaType, codeEncoding, fmt.Sprintf("the content encoding %q is not taken", clip(e))))
		return
	}
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	switch contentType(r) {
	case client.TypeJSON:
		a.submitOne(w, r)
	case client.TypeNDJSON:
		a.submitMany(w, r)
	default:
		a.fail(w, r, refuse(http.StatusUnsupportedMediaType, codeContentType, fmt.Sprintf("the content type %q is not taken", clip(r.Header.Get("Content-Type")))))
	}
}

// contentType returns a request's media type, "" when it is in another character
// set than UTF-8.
func contentType(r *http.Request) string {
	mt, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return ""
		}
	}
	return mt
}

func (a *API) submitOne(w http.ResponseWriter, r *http.Request) {
	reply, err := a.take(w, r)
	if err != nil {
		p := a.problem(r, err)
		a.metrics.refused(p.Code)
		a.writeProblem(w, r, p)
		return
	}
	a.metrics.submitted(outcome(reply))
	h := w.Header()
	h.Set("Content-Type", client.TypeJSON)
	h.Set("Cache-Control", "no-store")
	h.Set("Location", "/api/v1/entries/"+reply.ID.String())
	if reply.Pending() {
		h.Set("Retry-After", "5") // a checkpoint may come at any moment
	}
	b, err := json.Marshal(reply)
	if err != nil {
		a.fail(w, r, fmt.Errorf("encode reply: %w", err))
		return
	}
	write(w, r, reply.Status, append(b, '\n'))
}

// take reads and submits one statement.
func (a *API) take(w http.ResponseWriter, r *http.Request) (*client.Reply, error) {
	if r.ContentLength > entry.MaxSubmission {
		return nil, bodyError(errTooLarge, entry.MaxSubmission)
	}
	deadline := http.NewResponseController(w)
	deadline.SetReadDeadline(time.Now().Add(a.limits.ReadTime))
	body, release, err := a.memory.readBody(r.Body, entry.MaxSubmission)
	// What it holds is held, parsed, until the answer.
	defer release()
	if err != nil {
		return nil, bodyError(err, entry.MaxSubmission)
	}
	// The deadline was for the body. While the receipt is waited for, the
	// connection is only watched: a deadline would look like its end.
	deadline.SetReadDeadline(time.Time{})
	sub, err := parse(body)
	if err != nil {
		return nil, err
	}
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	default:
		return nil, intake.ErrBusy
	}
	receipt, err := a.cfg.Intake.Submit(r.Context(), sub)
	return replyOf(receipt, err)
}

// parse reads a submission; blank ones get a code of their own.
func parse(b []byte) (*entry.Submission, error) {
	if len(strings.TrimSpace(string(b[:min(len(b), 64)]))) == 0 && len(strings.TrimSpace(string(b))) == 0 {
		return nil, refuse(http.StatusBadRequest, codeRequestEmpty, "the request has no statement")
	}
	return entry.ParseSubmission(b)
}

// replyOf makes the answer to a statement that was taken, pending ones included.
func replyOf(receipt *intake.Receipt, err error) (*client.Reply, error) {
	var pending *intake.Pending
	switch {
	case errors.As(err, &pending):
		return &client.Reply{Index: pending.Index, ID: pending.Entry, Proof: "/api/v1/entries/" + pending.Entry.String() + "/proof", Status: http.StatusAccepted}, nil
	case err != nil:
		return nil, err
	}
	reply := &client.Reply{Index: receipt.Index, ID: receipt.Entry, Leaf: receipt.Leaf, Proof: string(receipt.Proof), Status: http.StatusCreated}
	if receipt.Known {
		reply.Status = http.StatusOK
	}
	return reply, nil
}

func outcome(r *client.Reply) string {
	switch {
	case r.Pending():
		return outcomePending
	case r.Known():
		return outcomeKnown
	}
	return outcomeLogged
}
