package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// A remote is a log that can be asked, and the policy that it is held to.
type remote struct {
	policy *log.Policy // nil when none was given
	source *log.HTTPSource
	api    *client.Client
	chains *client.Client // the same, for answers that are long
	app    *app
	status *lastStatus
}

// lastStatus remembers the status of the last answer over HTTP, 0 before there
// is one: an answer that is not a log's means one thing with 502 and another
// with 200.
type lastStatus struct {
	http.RoundTripper
	last  atomic.Int32
	heard func(status int) // is told of each; nil for nobody
}

func (s *lastStatus) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(req)
	s.last.Store(0)
	if err == nil {
		s.last.Store(int32(resp.StatusCode))
	}
	if s.heard != nil {
		s.heard(int(s.last.Load()))
	}
	return resp, err
}

// transport has time-outs that leave a server time to publish: it may wait half
// a minute for a checkpoint.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 80 * time.Second
	t.MaxResponseHeaderBytes = 64 << 10
	return t
}

func readPolicy(path string) (*log.Policy, error) {
	b, err := commandline.ReadInput("policy", path, log.MaxPolicySize, "see --policy: it holds the log's key; get it from somewhere other than the log")
	if err != nil {
		return nil, err
	}
	policy, err := log.ParsePolicy(b)
	if err != nil {
		return nil, commandline.Usagef("see c2sp.org/tlog-policy for the format", "read policy %s: %w", path, err)
	}
	return policy, nil
}

// address returns where the log of an origin is, by --log or by the policy. An
// empty origin is any log, if the policy has addresses of one only.
func address(policy *log.Policy, given, origin string) (string, error) {
	if given != "" {
		return given, nil
	}
	found := ""
	if policy != nil {
		for _, l := range policy.Logs {
			if l.URL == "" || origin != "" && l.Key.Name != origin {
				continue
			}
			if found != "" && found != l.URL {
				return "", commandline.Usagef("say which with --log URL", "the policy has several logs")
			}
			found = l.URL
		}
	}
	if found == "" {
		return "", commandline.Usagef("give --log URL, or a policy whose log line ends with the log's address", "it is not said where the log is")
	}
	return found, nil
}

// open prepares to ask the log of an origin, where it is by --log or by the policy: see
// address. It makes no request.
func (a *app) open(policy *log.Policy, given, origin string) (*remote, error) {
	url, err := address(policy, given, origin)
	if err != nil {
		return nil, err
	}
	status := &lastStatus{RoundTripper: transport(), heard: a.heard}
	opts := a.http
	opts.Transport = status
	opts.MaxReply = 8 << 20
	source, err := log.NewHTTPSource(url, log.HTTPOptions{Transport: status, Backoff: opts.Backoff})
	if err != nil {
		return nil, commandline.Usagef("an address begins with http:// or https://", "--log: %v", err)
	}
	api, err := client.New(url, opts)
	if err != nil {
		return nil, commandline.Usagef("an address begins with http:// or https://", "--log: %v", err)
	}
	opts.MaxReply = maxChain
	chains, err := client.New(url, opts)
	if err != nil {
		return nil, commandline.Usagef("an address begins with http:// or https://", "--log: %v", err)
	}
	return &remote{policy, source, api, chains, a, status}, nil
}

// maxChain bounds all that one author stated, in bytes: twenty years of daily slots.
const maxChain = 64 << 20

const askAgain = "see whether the log can be reached, and run the same command again"

// terms are what the log's charter says, under its newest checkpoint.
type terms struct {
	origin    string
	size      uint64
	charter   *entry.Charter
	charterID entry.ID
}

// terms reads the newest checkpoint and the charter, and verifies the charter:
// its inclusion at index 0 and its signatures, and the checkpoint under the
// policy if there is one.
func (r *remote) terms(ctx context.Context) (*terms, error) {
	raw, err := r.source.Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if err != nil {
		return nil, commandline.Undecided(fmt.Errorf("read checkpoint: %w", err), askAgain)
	}
	head, err := r.openCheckpoint(raw)
	if err != nil {
		return nil, err
	}
	if head.Size == 0 {
		return nil, commandline.Undecided(fmt.Errorf("the log %s is empty", head.Origin), "its operator logs the charter first: pledgelog init --charter FILE")
	}
	tiles := log.NewTileReader(r.source)
	leaf, err := tiles.Leaf(ctx, 0, head.Size)
	if err != nil {
		return nil, commandline.Undecided(fmt.Errorf("read charter: %w", err), askAgain)
	}
	hashes, err := tiles.InclusionProof(ctx, 0, head.Size)
	if err != nil {
		return nil, commandline.Undecided(fmt.Errorf("prove charter: %w", err), askAgain)
	}
	if err := log.VerifyInclusion(0, head.Size, log.LeafHash(leaf), head.Root, hashes); err != nil {
		return nil, fmt.Errorf("prove charter: %w", err)
	}
	state, keys := pledge.New(head.Origin), pledge.NewKeyring()
	item := pledge.Read(0, leaf)
	keys.Learn(item.Statement)
	keys.Try(item)
	if verdict, _ := state.Step(item); verdict.Kind != pledge.Accepted {
		return nil, fmt.Errorf("entry 0 is not a charter of this log: %s: %s", verdict.Code, verdict.Detail)
	}
	t := &terms{origin: head.Origin, size: head.Size}
	t.charter, t.charterID = state.Charter()
	return t, nil
}

func (r *remote) openCheckpoint(raw []byte) (log.Checkpoint, error) {
	if r.policy == nil {
		note, err := log.ParseNote(raw)
		if err != nil {
			return log.Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
		}
		return log.ParseCheckpoint(note.Text)
	}
	view, err := r.policy.Open(raw)
	if errors.Is(err, log.ErrUnknownOrigin) {
		return log.Checkpoint{}, commandline.Refused(err, "the address is another log's: see --log and --policy")
	}
	if err != nil {
		return log.Checkpoint{}, err
	}
	return view.Checkpoint, nil
}

// How long the query layer may lag behind the checkpoint, and how often it is
// asked again meanwhile.
const (
	lagLimit = 20 * time.Second
	lagPause = 50 * time.Millisecond
)

// signatory asks how an author stands, as of the size of a checkpoint or later:
// who has just been given a receipt must be told of a head that includes it.
func (r *remote) signatory(ctx context.Context, id string, size uint64) (*client.Signatory, error) {
	for waited := time.Duration(0); ; waited += lagPause {
		found, covers, err := r.signatoryNow(ctx, id)
		switch {
		case err != nil:
			return nil, commandline.Undecided(fmt.Errorf("ask about %s: %w", id, err), askAgain)
		case covers >= size && found == nil:
			return nil, commandline.Refused(fmt.Errorf("the log has no author %q", id), "see how the id is spelt; the secretariat admits authors: pledge new admit")
		case covers >= size:
			return found, nil
		case waited >= lagLimit:
			return nil, commandline.Undecided(fmt.Errorf("the log has %d entries and its answers cover %d", size, covers), "run the same command again later")
		}
		if err := r.app.sleep(ctx, lagPause); err != nil {
			return nil, commandline.Undecided(err, askAgain)
		}
	}
}

// signatoryNow asks once. It returns nil for an author that is unknown, and in
// any case how many entries the answer covers.
func (r *remote) signatoryNow(ctx context.Context, id string) (*client.Signatory, uint64, error) {
	answer, err := r.api.Signatory(ctx, id)
	if isNotFound(err) {
		// That answer does not say what it covers; this one does.
		list, err := r.api.Signatories(ctx)
		if err != nil {
			return nil, 0, err
		}
		return nil, list.Size, nil
	}
	if err != nil {
		return nil, 0, err
	}
	return &answer.Signatory, answer.Size, nil
}

func isNotFound(err error) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && problem.Status == http.StatusNotFound
}
