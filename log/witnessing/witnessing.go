// Package witnessing asks witnesses to cosign a log's checkpoints, as
// c2sp.org/tlog-witness has it, until the quorum of a policy is reached.
//
// It is a log's side of witnessing. A witness may be slow, dead, broken or
// hostile. Whatever it does costs this log a bounded amount of time and memory
// and nothing else: each answer is verified against the policy's keys for that
// very address before it counts, and what is returned was opened once more as any
// reader would open it.
package witnessing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// MaxSkew is how far the time in a cosignature may be from this log's clock: no
// more than that before the request was sent, and after the answer came.
//
// A cosignature outside of it neither counts nor is kept. Its time would become
// part of the checkpoint's quorum time, by which readers judge the operator: one
// that is ahead makes honest entries look held back, one that is behind makes
// them look logged in the future (protocol section 7, which allows those same ten
// minutes). When most witnesses are off it is our own clock that is wrong, and
// then nothing should be published either.
const MaxSkew = 10 * time.Minute

// Prover proves that the tree of size1 is a prefix of the tree of size2 (RFC
// 6962, section 2.1.2). A *log.TileReader on the log's directory is one.
type Prover interface {
	ConsistencyProof(ctx context.Context, size1, size2 uint64) ([]log.Hash, error)
}

// Config says whom to ask, and how patiently. The zero value of what is not
// required is good.
type Config struct {
	// Policy has the witnesses, with their keys and submission prefixes, and the
	// quorum. Required. A witness without an address is not asked.
	Policy *log.Policy
	// Prover makes the proofs that witnesses want. Required.
	Prover Prover
	// Signing are the keys that sign for this log now: others that the policy names for it
	// are former ones. Default: those that signed the checkpoint which a witness is given,
	// where a key that was replaced counts until the log has grown.
	Signing []log.Key
	// Transport makes the requests. Default: one of its own.
	Transport http.RoundTripper
	// UserAgent names the log's server to witnesses. Default: log.UserAgent.
	UserAgent string
	// Clock is what cosignatures are held to. Default: time.Now. Pauses are
	// always in real time.
	Clock func() time.Time
	// Timeout is how long a witness may take for one checkpoint, from the first
	// request to the last byte, however its bytes drip. Default: 10 seconds.
	Timeout time.Duration
	// Grace is how long a checkpoint that has its quorum waits for cosignatures
	// beyond it. Nobody waits for a witness that came late the last time. Default:
	// 300 ms.
	Grace time.Duration
	// Backoff is how long a witness that failed is left alone; it doubles with
	// each failure, up to MaxBackoff, and a random part of up to a quarter is
	// added. A longer time that the witness asks for is kept to, up to an hour.
	// Defaults: one second, one minute.
	Backoff, MaxBackoff time.Duration
	// Logger is told when a witness begins to fail and when it is back. Default:
	// slog.Default().
	Logger *slog.Logger
}

// Client asks the witnesses of one policy. Make one with New and end it with
// Close. Cosign and CosignAll are for one caller at a time, the others for any.
type Client struct {
	cfg    Config
	http   http.Client
	places []*place
	ctx    context.Context
	cancel context.CancelFunc
	asking sync.WaitGroup
	late   chan struct{}

	mu             sync.Mutex
	closed         bool
	round          *round        // the newest
	changed        chan struct{} // closed and replaced when a witness is done
	contradictions []*Contradiction
	figures        []Figures // by the witness's place in the policy
}

// A round is one checkpoint that cosignatures are gathered for.
type round struct {
	text   []byte
	cp     log.Checkpoint
	signed *log.Note // what witnesses get: the text and the log's signatures
	got    map[int]log.NoteSignature
	asked  map[*place]bool // in this call of Cosign
	ahead  []*AheadError
	done   bool // it has its quorum, and was returned
	told   int  // how many cosignatures what was returned last has
}

// New returns a client for the witnesses of a policy.
func New(cfg Config) (*Client, error) {
	c, err := newClient(cfg)
	if err != nil {
		return nil, fmt.Errorf("make witness client: %w", err)
	}
	return c, nil
}

func newClient(cfg Config) (*Client, error) {
	switch {
	case cfg.Policy == nil:
		return nil, errors.New("no policy given")
	case cfg.Prover == nil:
		return nil, errors.New("no prover given")
	}
	var err error
	if cfg.Policy, err = cfg.Policy.Checked(); err != nil {
		return nil, err
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport()
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = log.UserAgent()
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&cfg.Timeout, 10 * time.Second}, {&cfg.Grace, 300 * time.Millisecond}, {&cfg.Backoff, time.Second}, {&cfg.MaxBackoff, time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	c := &Client{cfg: cfg, late: make(chan struct{}, 1), changed: make(chan struct{})}
	c.http = http.Client{
		Transport: cfg.Transport,
		// An answer comes from the address that the policy names or from nowhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	for i, w := range cfg.Policy.Witnesses {
		c.figures = append(c.figures, Figures{Witness: w.Name, URL: w.URL})
		if w.URL == "" {
			continue
		}
		if err := CheckURL(w.URL); err != nil {
			return nil, fmt.Errorf("witness %s: %w", w.Name, err)
		}
		prefix := strings.TrimRight(w.URL, "/")
		at := slices.IndexFunc(c.places, func(p *place) bool { return p.url == prefix })
		if at < 0 {
			at = len(c.places)
			c.places = append(c.places, &place{url: prefix})
		}
		c.places[at].keys = append(c.places[at].keys, witnessKey{i, w.Key})
		c.places[at].counts = c.places[at].counts || counted(cfg.Policy, w.Name)
	}
	return c, nil
}

func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes = 64 << 10
	t.MaxIdleConnsPerHost = 8   // several witnesses may have one host
	t.DisableCompression = true // what is decompressed has no bound
	return t
}

// Policy returns the policy whose witnesses are asked.
func (c *Client) Policy() *log.Policy { return c.cfg.Policy }

// Close ends all requests and waits for them. What is waited for in Cosign ends
// with an error.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	for _, p := range c.places {
		if p.again != nil {
			p.again.Stop()
		}
	}
	c.mu.Unlock()
	c.cancel()
	c.asking.Wait()
	c.http.CloseIdleConnections()
}

// Ready returns nil if the quorum may be reached by asking now. Otherwise too many
// witnesses have failed a moment ago, or asked to be left alone, and the error says
// which; it matches [log.ErrQuorum].
func (c *Client) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reachable(nil) {
		return nil
	}
	return c.missing(nil)
}

// Cosign returns a signed checkpoint with the cosignatures that the quorum needs,
// and those beyond it that came within the grace. Signed has the log's signatures;
// cosignatures in it are left out, since they have another time.
//
// It waits for as long as a witness that the quorum counts may still answer and no
// longer. An error that matches [log.ErrQuorum] says what is missing: the same checkpoint can be given
// again, and keeps what it has, or a larger one instead. Sizes must not go down
// from one call to the next.
func (c *Client) Cosign(ctx context.Context, signed []byte) (*log.View, error) {
	view, _, err := c.cosign(ctx, signed, false)
	return view, err
}

// CosignAll is Cosign that waits for every witness, and asks whoever may be asked also
// where that can't make the quorum. It says which of them claim to have cosigned a
// larger tree, whether the quorum is reached or not. Where it may be reached, those that
// are left alone only because they failed are asked too: one of them may be the one that
// knows more.
func (c *Client) CosignAll(ctx context.Context, signed []byte) (*log.View, []*AheadError, error) {
	return c.cosign(ctx, signed, true)
}

func (c *Client) cosign(ctx context.Context, signed []byte, all bool) (*log.View, []*AheadError, error) {
	r, err := c.begin(signed, all)
	if err != nil {
		return nil, nil, fmt.Errorf("cosign: %w", err)
	}
	view, err := c.gather(ctx, r, all)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		return nil, r.ahead, fmt.Errorf("cosign size %d: %w", r.cp.Size, err)
	}
	r.done, r.told = true, len(view.Cosignatures)
	return view, r.ahead, nil
}

// begin makes the round of a checkpoint and asks the witnesses.
func (c *Client) begin(signed []byte, all bool) (*round, error) {
	view, err := c.cfg.Policy.OpenUnwitnessed(signed)
	if err != nil {
		return nil, err
	}
	r := &round{text: view.Note.Text, cp: view.Checkpoint, got: make(map[int]log.NoteSignature), signed: &log.Note{Text: view.Note.Text}}
	for _, s := range view.Note.Signatures {
		if slices.ContainsFunc(view.LogKeys, func(k log.Key) bool { return k.Name == s.Name && k.ID == s.ID }) {
			r.signed.Signatures = append(r.signed.Signatures, s)
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if last := c.round; last != nil && !last.done && bytes.Equal(last.text, r.text) {
		r = last // and what came for it in vain; its log signatures are as good
		r.ahead = nil
	}
	r.asked = make(map[*place]bool)
	c.round = r
	hope := c.reachable(r)
	if all || hope {
		for _, p := range c.places {
			if all && hope {
				p.notBefore = time.Time{}
			}
			c.ask(p)
		}
	}
	return r, nil
}

// gather waits until a round has its quorum and the grace is over, or cannot get
// it any more.
func (c *Client) gather(ctx context.Context, r *round, all bool) (*log.View, error) {
	var grace <-chan time.Time
	over := false
	for {
		c.mu.Lock()
		enough := c.satisfied(r)
		waiting, needed, prompt := c.waiting()
		changed, closed := c.changed, c.closed
		var err error
		// An auditing witness may answer much later than those that the quorum counts.
		if !enough && (waiting == 0 || needed == 0 && !all) {
			err = c.missing(r)
		}
		if over {
			for _, p := range c.places {
				p.slow = p.slow || p.busy
			}
		}
		c.mu.Unlock()
		switch {
		case err != nil:
			return nil, err
		case all && waiting > 0:
		case enough && (over || prompt == 0):
			return c.view(r)
		case enough && grace == nil:
			timer := time.NewTimer(c.cfg.Grace)
			defer timer.Stop()
			grace = timer.C
		}
		if closed {
			return nil, errClosed
		}
		select {
		case <-changed:
		case <-grace:
			over = true
		case <-c.ctx.Done():
			return nil, errClosed
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

var errClosed = errors.New("witness client is closed")

// waiting counts the witnesses that are being asked, those of them that the quorum
// counts, and those that are worth a grace. The caller holds the lock.
func (c *Client) waiting() (all, needed, prompt int) {
	for _, p := range c.places {
		if p.busy {
			all++
			if p.counts {
				needed++
			}
			if !p.slow {
				prompt++
			}
		}
	}
	return all, needed, prompt
}

func (c *Client) satisfied(r *round) bool {
	return c.cfg.Policy.SatisfiedBy(func(i int) bool { _, ok := r.got[i]; return ok })
}

// reachable reports whether the quorum would be reached if everybody who can be
// asked now, or is being asked, cosigned. The caller holds the lock.
func (c *Client) reachable(r *round) bool {
	can, now := make(map[int]bool), time.Now()
	for _, p := range c.places {
		if p.busy || p.mayBeAsked(now) {
			for _, k := range p.keys {
				can[k.at] = true
			}
		}
	}
	return c.cfg.Policy.SatisfiedBy(func(i int) bool {
		if r != nil {
			if _, ok := r.got[i]; ok {
				return true
			}
		}
		return can[i]
	})
}

// missing says who is missing and why. The caller holds the lock.
func (c *Client) missing(r *round) error {
	var why []string
	for i, f := range c.figures {
		if r != nil {
			if _, ok := r.got[i]; ok {
				continue
			}
		}
		switch {
		case f.URL == "":
			why = append(why, f.Witness+" has no address")
		case f.LastError != nil:
			why = append(why, fmt.Sprintf("%s: %v", f.Witness, f.LastError))
		}
	}
	slices.Sort(why)
	if len(why) == 0 {
		return log.ErrQuorum
	}
	return fmt.Errorf("%w: %s", log.ErrQuorum, strings.Join(why, "; "))
}

// view opens a round's checkpoint with the cosignatures that it has, as a reader
// would.
func (c *Client) view(r *round) (*log.View, error) {
	c.mu.Lock()
	n := &log.Note{Text: r.text, Signatures: slices.Clone(r.signed.Signatures)}
	for i := range c.cfg.Policy.Witnesses {
		if s, ok := r.got[i]; ok {
			n.Signatures = append(n.Signatures, s)
		}
	}
	c.mu.Unlock()
	return c.cfg.Policy.Open(n.Marshal())
}

// Late tells, by a value in the channel, that cosignatures have come for the
// checkpoint that Cosign returned last. See [Client.Newest]. Whoever did not cosign it is
// asked again, with the pauses of Config, until Cosign is called the next time.
func (c *Client) Late() <-chan struct{} { return c.late }

// Newest returns the checkpoint that Cosign returned last with all cosignatures
// that have come since; nil if none has since the last call.
func (c *Client) Newest() (*log.View, error) {
	c.mu.Lock()
	r := c.round
	more := r != nil && r.done && len(r.got) > r.told
	c.mu.Unlock()
	if !more {
		return nil, nil
	}
	view, err := c.view(r)
	if err != nil {
		return nil, fmt.Errorf("add late cosignatures: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.told = len(view.Cosignatures)
	return view, nil
}

// pause is how long a witness is left alone after so many failures in a row.
func (c *Client) pause(failures int) time.Duration {
	d := c.cfg.Backoff << min(failures-1, 20)
	if d <= 0 || d > c.cfg.MaxBackoff {
		d = c.cfg.MaxBackoff
	}
	return d + rand.N(d/4+1)
}
