package monitor

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pledgelog/pledgelog/log"
)

// What is asked of a witness or a mirror is one small file. It has a minute for all
// attempts.
const (
	peerTime     = time.Minute
	peerAttempt  = 15 * time.Second
	peerAttempts = 2
	peersAtOnce  = 8
)

// A probe is a transport that notes when the certificate of whom it talks to ends.
type probe struct {
	http.RoundTripper

	mu   sync.Mutex
	ends time.Time
}

func newProbe(limits Limits) *probe {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = limits.PeerAttempt
	t.MaxResponseHeaderBytes = 64 << 10
	t.MaxIdleConnsPerHost = 16
	t.TLSClientConfig = &tls.Config{RootCAs: limits.Roots, MinVersion: tls.VersionTLS12}
	return &probe{RoundTripper: t}
}

func (p *probe) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := p.RoundTripper.RoundTrip(r)
	if err == nil && resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		p.mu.Lock()
		p.ends = resp.TLS.PeerCertificates[0].NotAfter
		p.mu.Unlock()
	}
	return resp, err
}

// certificate is when the certificate ends that was seen last; the zero time for none.
func (p *probe) certificate() time.Time {
	if p == nil {
		return time.Time{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ends
}

// A peer is a witness or a mirror that is asked.
type peer struct {
	who    string // witness NAME, mirror NAME
	mirror bool
	audits bool     // a witness that publishes its audits
	key    *log.Key // by which it is known; nil where there is none
	source log.Source
	probe  *probe // nil for a directory
	tiles  *log.TileReader
}

// copyOf opens what the configuration names as an address or a directory.
func copyOf(at string, limits Limits, timeout time.Duration, attempts int) (log.Source, *probe, error) {
	if !strings.Contains(at, "://") {
		return log.DirSource(at), nil, nil
	}
	p := newProbe(limits)
	s, err := log.NewHTTPSource(at, log.HTTPOptions{Transport: p, Timeout: timeout, Attempts: attempts, MaxWait: 5 * time.Second})
	if err != nil {
		return nil, nil, err
	}
	return s, p, nil
}

// peers are those of a log. A witness has the checkpoint of each log at the hash of its
// origin (c2sp.org/tlog-witness), and one that is a mirror too has the log's tiles there
// (c2sp.org/tlog-mirror).
func (l *Log) peers(limits Limits) ([]*peer, error) {
	sum := sha256.Sum256([]byte(l.origin))
	var all []*peer
	add := func(p Peer, kind, at string) error {
		source, probe, err := copyOf(at, limits, limits.PeerAttempt, peerAttempts)
		if err != nil {
			return err
		}
		all = append(all, &peer{who: kind + " " + p.Name, mirror: kind == "mirror", audits: p.Audits, key: p.key, source: source, probe: probe, tiles: log.NewTileReader(source)})
		return nil
	}
	for _, p := range l.Witnesses {
		if err := add(p, "witness", strings.TrimRight(p.URL, "/")+"/"+hex.EncodeToString(sum[:])); err != nil {
			return nil, err
		}
	}
	for _, p := range l.Mirrors {
		if err := add(p, "mirror", p.URL); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// An answer is what a peer showed.
type answer struct {
	peer *peer
	view *log.View // nil when err is not, but for errNotCosigned
	err  error
	bad  bool // it answered, and what it showed is not to be believed

	audit    *auditPage // of a witness that audits; nil when auditErr is not
	auditErr error
}

// gather asks all peers at once.
func gather(ctx context.Context, l *Log, peers []*peer, limits Limits) []answer {
	out := make([]answer, len(peers))
	places := make(chan struct{}, peersAtOnce)
	var wg sync.WaitGroup
	for i, p := range peers {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			out[i] = p.ask(ctx, l, limits)
			if p.audits {
				out[i].audit, out[i].auditErr = p.askAudit(ctx, l, limits)
			}
		})
	}
	wg.Wait()
	return out
}

func (p *peer) ask(ctx context.Context, l *Log, limits Limits) answer {
	ctx, cancel := context.WithTimeout(ctx, limits.PeerTime)
	defer cancel()
	a := answer{peer: p}
	raw, err := p.source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		a.err, a.bad = err, errors.Is(err, log.ErrTooLarge)
		return a
	}
	a.view, a.err = l.policy.OpenUnwitnessed(raw)
	if a.err == nil && a.view.Checkpoint.Origin != l.origin {
		a.err = log.ErrUnknownOrigin
	}
	if a.err != nil {
		a.view, a.bad = nil, true
		return a
	}
	if p.key != nil && !cosigned(a.view.Note, *p.key) {
		// That is not the witness or mirror, or not what it cosigned. The log's key signed it
		// nevertheless, and is held to it.
		a.err, a.bad = errNotCosigned, true
	}
	return a
}

var errNotCosigned = errors.New("it has no good cosignature by the key that it is known by")

// cosigned reports whether a witness's or mirror's own good cosignature is on a checkpoint,
// as c2sp.org/tlog-witness and c2sp.org/tlog-mirror have it of what they show. Without it anybody in between
// could answer in its place, with what the log showed long ago.
func cosigned(n *log.Note, key log.Key) bool {
	return cosignedAt(n, key) != 0
}

// cosignedAt is the time of that cosignature, Unix seconds, and 0 for none: that is no
// witness's time.
func cosignedAt(n *log.Note, key log.Key) uint64 {
	for _, s := range n.Signatures {
		if t, err := key.Verify(n.Text, s); err == nil && t != 0 {
			return t
		}
	}
	return 0
}

// stamp is the earliest time, Unix seconds, at which a witness of the policy or of the
// configuration says that it cosigned a checkpoint, and who says so; 0 for none.
func (l *Log) stamp(v *log.View) (at uint64, by string) {
	see := func(t uint64, who string) {
		if t != 0 && (at == 0 || t < at) {
			at, by = t, who
		}
	}
	for _, c := range v.Cosignatures {
		see(c.Time, c.Witness)
	}
	for _, p := range l.Witnesses {
		if p.key != nil {
			see(cosignedAt(v.Note, *p.key), p.Name)
		}
	}
	return at, by
}
