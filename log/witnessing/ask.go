package witnessing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pledgelog/pledgelog/log"
)

// Why a witness did not cosign. Errors match one of them at most.
var (
	// ErrUnknownLog (404): the witness was not told of this log.
	ErrUnknownLog = errors.New("the witness does not know this log: ask its operator to add it")
	// ErrUnknownKey (403): it trusts other keys for this log.
	ErrUnknownKey = errors.New("the witness has another key for this log: ask its operator to add the newer one")
	// ErrBadRequest (400): it could not make sense of the request.
	ErrBadRequest = errors.New("the witness cannot read the request")
	// ErrInconsistent (422, or 409 for a tree of the same size): it holds a tree
	// that this one does not continue, or could not verify the proof.
	ErrInconsistent = errors.New("the witness does not find this tree consistent with the one that it cosigned")
	// ErrUnsettled: it names another size each time.
	ErrUnsettled = errors.New("the witness does not settle on the size that it cosigned last")
	// ErrAnswer: what it answered is no answer that c2sp.org/tlog-witness knows.
	ErrAnswer = errors.New("the witness gave no proper answer")
	// ErrTime: its cosignature is too far from this machine's clock.
	ErrTime = errors.New("the time in the cosignature is far from this machine's clock: one of the two clocks is wrong")
	// ErrTimeout: its whole answer took too long.
	ErrTimeout = errors.New("the witness took too long")
	// ErrAhead: it says that it cosigned a larger tree. See [AheadError].
	ErrAhead = errors.New("the witness has cosigned a larger tree of this log")
)

// AheadError says that a witness claims to have cosigned a larger tree than it was
// given. It matches [ErrAhead]. The claim is not signed: what the witness shows at
// <monitoring prefix>/<SHA-256 of the origin>/checkpoint proves it, or not.
type AheadError struct {
	Witness string // its name in the policy
	URL     string // its submission prefix
	Size    uint64 // that it says it cosigned
	Given   uint64 // that it was to cosign
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("%v: %s (%s) has size %d and was given size %d", ErrAhead, e.Witness, e.URL, e.Size, e.Given)
}

// Is makes errors.Is(err, ErrAhead) true.
func (e *AheadError) Is(target error) bool { return target == ErrAhead }

const (
	// maxRequests is how often a witness is asked about one checkpoint: once,
	// again from the size that it names, and once more in case another process
	// was in between.
	maxRequests = 3
	// maxAnswer bounds an answer, and perKey what each key of the witness adds.
	maxAnswer = 16 << 10
	perKey    = 8 << 10
	// maxSizeAnswer bounds a size in decimal with its line feed.
	maxSizeAnswer = 32
	// maxSaid bounds what is kept of the words of a refusal.
	maxSaid = 300
	// maxAskedFor bounds how long a witness is left alone because it asks for that: a
	// slip or a lie of 68 years must not cost the log a witness until its restart, and a
	// request an hour burdens nobody.
	maxAskedFor = time.Hour
	// maxOwed bounds how long a witness is given one checkpoint again and again, because
	// it asks for time, while there are newer ones.
	maxOwed = time.Hour

	typeSize = "text/x.tlog.size"
)

// ask asks a witness for the newest round unless it is busy, was asked for it
// before, or is to be left alone. One that asked for time gets the round for which it
// did, and then the newest. The caller holds the lock.
func (c *Client) ask(p *place) {
	now := time.Now()
	if c.closed || p.busy || !p.mayBeAsked(now) {
		return
	}
	if p.owed != nil && now.Sub(p.owedSince) > maxOwed {
		p.owed = nil
	}
	r := c.round
	if p.owed != nil && !bytes.Equal(p.owed.text, r.text) {
		r = p.owed
	} else if r.asked[p] || !r.lacks(p) {
		return
	}
	p.busy, p.began, r.asked[p] = true, now, true
	c.asking.Go(func() { c.asked(p, r) })
}

// askAgain asks a witness once it may be asked, for what was returned without its
// cosignature or for what it owes: nobody calls Cosign while a log rests. The caller
// holds the lock.
func (c *Client) askAgain(p *place) {
	if c.closed || p.busy || p.again != nil {
		return
	}
	p.again = time.AfterFunc(time.Until(p.nextAsk()), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		p.again = nil
		if r := c.round; r.done {
			delete(r.asked, p)
		}
		c.ask(p)
		if !p.mayBeAsked(time.Now()) { // it failed once more meanwhile
			c.askAgain(p)
		}
	})
}

// lacks reports whether a round has no cosignature by some key of a place.
func (r *round) lacks(p *place) bool {
	for _, k := range p.keys {
		if _, ok := r.got[k.at]; !ok {
			return true
		}
	}
	return false
}

// asked asks a witness and notes what became of it.
func (c *Client) asked(p *place, r *round) {
	got, err := c.exchange(p, r)
	against := c.contradicts(p, r, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	p.busy = false
	if c.closed {
		return
	}
	c.note(p, r, got, err)
	for at, s := range got {
		if _, ok := r.got[at]; !ok {
			r.got[at] = s
		}
	}
	if against != nil {
		c.contradictions = append(c.contradictions, against)
		for _, k := range p.keys {
			c.figures[k.at].Contradictions++
		}
	}
	if len(got) > 0 && r.done && r == c.round || against != nil {
		select {
		case c.late <- struct{}{}:
		default: // it is told already
		}
	}
	c.ask(p) // a newer round may have begun meanwhile
	if err != nil {
		c.askAgain(p)
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// note keeps what an answer says about the witness. The caller holds the lock.
func (c *Client) note(p *place, r *round, got map[int]log.NoteSignature, err error) {
	now := time.Now()
	if err == nil {
		p.failures, p.notBefore, p.askedFor = 0, time.Time{}, time.Time{}
		p.size, p.sizeKnown = max(p.size, r.cp.Size), true
		if p.owed == nil { // what it was given time for says nothing on the next one
			p.slow = now.Sub(p.began) > c.cfg.Grace
		}
		p.owed = nil
	} else {
		p.failures++
		p.notBefore = now.Add(c.pause(p.failures))
		var later *laterError
		if errors.As(err, &later) {
			p.askedFor = now.Add(min(later.after, maxAskedFor))
		}
		// An auditing witness asks for time, and never has enough if it is given a newer
		// checkpoint each time. What is published is held up by nobody whom the quorum
		// does not count.
		switch {
		case later == nil || later.after == 0 || later.status != http.StatusServiceUnavailable || p.counts:
			p.owed = nil
		case p.owed == nil:
			p.owed, p.owedSince = r, now
		}
		var ahead *AheadError
		if errors.As(err, &ahead) {
			r.ahead = append(r.ahead, ahead)
		}
	}
	for _, k := range p.keys {
		s, ok := got[k.at]
		why := err
		if err == nil && !ok {
			why = fmt.Errorf("%w: it has no cosignature by this key", ErrAnswer)
		}
		c.noteKey(&c.figures[k.at], p, s, why)
	}
}

// exchange asks for cosignatures on a checkpoint until there is an answer that
// means something.
func (c *Client) exchange(p *place, r *round) (map[int]log.NoteSignature, error) {
	ctx, cancel := context.WithTimeoutCause(c.ctx, c.cfg.Timeout, ErrTimeout)
	defer cancel()
	c.mu.Lock()
	// Who was never asked is likely to be where the log is.
	old := r.cp.Size
	if p.sizeKnown {
		old = min(p.size, old)
	}
	c.mu.Unlock()
	for n := 1; ; n++ {
		began := c.cfg.Clock()
		size, body, err := c.request(ctx, p, r, old)
		if err != nil {
			if context.Cause(ctx) == ErrTimeout {
				err = ErrTimeout
			}
			return nil, err
		}
		if body != nil {
			return c.check(p, r, body, began, c.cfg.Clock())
		}
		c.mu.Lock()
		p.size, p.sizeKnown = size, true
		c.mu.Unlock()
		switch {
		case size > r.cp.Size:
			return nil, &AheadError{Witness: c.figures[p.keys[0].at].Witness, URL: p.url, Size: size, Given: r.cp.Size}
		case size == old && size == r.cp.Size:
			// As earlier versions of the specification had it for another root.
			return nil, fmt.Errorf("size %d: %w", size, ErrInconsistent)
		case size == old || n == maxRequests:
			return nil, fmt.Errorf("%w: asked from size %d, it says %d", ErrUnsettled, old, size)
		}
		old = size
	}
}

// request makes one request: it returns the body of a 200, or the size that a 409
// names.
func (c *Client) request(ctx context.Context, p *place, r *round, old uint64) (size uint64, body []byte, err error) {
	add := log.AddCheckpoint{Old: old, Note: r.signed}
	if old > 0 && old < r.cp.Size {
		if add.Proof, err = c.cfg.Prover.ConsistencyProof(ctx, old, r.cp.Size); err != nil {
			return 0, nil, err
		}
		if n := len(add.Proof); n > log.MaxProofHashes {
			return 0, nil, fmt.Errorf("the proof from size %d has %d hashes, and no witness reads more than %d", old, n, log.MaxProofHashes)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/add-checkpoint", bytes.NewReader(add.Marshal()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := c.http.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // the address stands beside it
		}
		return 0, nil, err
	}
	defer resp.Body.Close()
	return c.answer(p, resp)
}

func (c *Client) answer(p *place, resp *http.Response) (size uint64, body []byte, err error) {
	switch status := resp.StatusCode; status {
	case http.StatusOK:
		body, err = readBody(resp, int64(maxAnswer+perKey*len(p.keys)))
		if err == nil && len(body) == 0 {
			err = fmt.Errorf("%w: it is empty", ErrAnswer)
		}
		return 0, body, err
	case http.StatusConflict:
		size, err = readSize(resp)
		return size, nil, err
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		after := log.RetryAfter(resp.Header.Get("Retry-After"), time.Now())
		return 0, nil, said(resp, &laterError{status, after})
	case http.StatusNotFound:
		err = ErrUnknownLog
	case http.StatusForbidden:
		err = ErrUnknownKey
	case http.StatusBadRequest:
		err = ErrBadRequest
	case http.StatusUnprocessableEntity:
		err = ErrInconsistent
		if f, ok := c.cfg.Prover.(interface{ Forget() }); ok {
			f.Forget() // a damaged tile may have been kept in memory
		}
	default:
		err = fmt.Errorf("%w: status %d", ErrAnswer, status)
	}
	return 0, nil, said(resp, err)
}

// said adds what a witness says about its refusal to an error, as far as it is short
// and text: an auditing witness has reasons.
func said(resp *http.Response, err error) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxSaid))
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if line == "" || !utf8.ValidString(line) || strings.HasPrefix(line, "<") {
		return err
	}
	return fmt.Errorf("%w; it says %q", err, line)
}

// laterError says that a witness asks to be left alone for a while.
type laterError struct {
	status int
	after  time.Duration // 0 when it does not say for how long
}

func (e *laterError) Error() string {
	if e.after == 0 {
		return fmt.Sprintf("the witness asks to wait: status %d", e.status)
	}
	return fmt.Sprintf("the witness asks to wait %v: status %d", e.after, e.status)
}

func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, fmt.Errorf("%w: content encoding %.40q", ErrAnswer, e)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: it is over %d bytes", ErrAnswer, limit)
	}
	return b, nil
}

// readSize reads the size that a witness cosigned last.
func readSize(resp *http.Response) (uint64, error) {
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || t != typeSize {
		return 0, fmt.Errorf("%w: status 409 without a size, which has the content type %s", ErrAnswer, typeSize)
	}
	b, err := readBody(resp, maxSizeAnswer)
	if err != nil {
		return 0, err
	}
	text, ok := bytes.CutSuffix(b, []byte("\n"))
	n, err := strconv.ParseUint(string(text), 10, 63)
	if err != nil || !ok || strconv.FormatUint(n, 10) != string(text) {
		return 0, fmt.Errorf("%w: %.40q is no size", ErrAnswer, b)
	}
	return n, nil
}

// check verifies the lines of an answer and returns the cosignatures by the
// witness's keys: unknown lines are ignored, and one bad line by a known key makes
// the answer worthless.
func (c *Client) check(p *place, r *round, body []byte, sent, received time.Time) (map[int]log.NoteSignature, error) {
	lines, err := log.ParseSignatureLines(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	got := make(map[int]log.NoteSignature)
	for _, s := range lines {
		for _, k := range p.keys {
			if s.Name != k.key.Name || s.ID != k.key.ID {
				continue
			}
			t, err := k.key.Verify(r.text, s)
			if err != nil {
				return nil, err
			}
			if err := checkTime(t, sent, received); err != nil {
				return nil, err
			}
			if _, ok := got[k.at]; !ok {
				got[k.at] = s
			}
		}
	}
	if len(got) == 0 {
		return nil, fmt.Errorf("%w: no line is by a key that the policy has for it", ErrAnswer)
	}
	return got, nil
}

// checkTime holds the time in a cosignature to when it can have been made.
func checkTime(t uint64, sent, received time.Time) error {
	earliest, latest := sent.Add(-MaxSkew).Unix(), received.Add(MaxSkew).Unix()
	switch {
	case t == 0:
		return fmt.Errorf("%w: it tells no time", ErrAnswer)
	case int64(t) > latest, int64(t) < earliest: // no signature verifies with a time over 2^63-1
		return fmt.Errorf("%w: it says %s, and it is %s here", ErrTime,
			time.Unix(int64(t), 0).UTC().Format(time.RFC3339), received.UTC().Format(time.RFC3339))
	}
	return nil
}
