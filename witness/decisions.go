package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/pledge"
)

// auditsDir holds a folder a log that is audited, named as the log's file is.
const auditsDir = "audits"

const (
	decisionsFile = "decisions.json"
	reportFile    = "report.json"
	verifierDir   = "verifier" // the verifier's own state

	maxDecisions = 8 << 20
	maxReport    = 256 << 20
)

// The longest texts of a decision, in bytes.
const (
	MaxWho = 200
	MaxWhy = 2000
)

// What a Decision does.
const (
	ActionAccept = "accept"
	ActionRefuse = "refuse"
)

// A Decision is what a person decided on one finding of an audit. It stays for ever;
// the last one on a finding counts.
type Decision struct {
	Action  string `json:"action"` // accept, or refuse, which ends that
	Finding Named  `json:"finding"`
	Who     string `json:"who"`
	Why     string `json:"why"`
	When    string `json:"when"` // YYYY-MM-DDThh:mm:ssZ, by the witness's clock
}

func (d Decision) check() error {
	if d.Action != ActionAccept && d.Action != ActionRefuse {
		return fmt.Errorf("%q is no decision", d.Action)
	}
	if d.Finding.Code == "" || d.When == "" {
		return errors.New("a decision without a finding or a time")
	}
	for _, t := range []struct {
		what, text string
		limit      int
	}{{"who decides", d.Who, MaxWho}, {"why", d.Why, MaxWhy}} {
		switch {
		case strings.TrimSpace(t.text) == "":
			return fmt.Errorf("%s is missing", t.what)
		case len(t.text) > t.limit:
			return fmt.Errorf("%s has %d bytes, at most %d", t.what, len(t.text), t.limit)
		case !utf8.ValidString(t.text) || strings.ContainsFunc(t.text, func(r rune) bool { return !unicode.IsGraphic(r) }):
			return fmt.Errorf("%s is not one line of text", t.what)
		}
	}
	return nil
}

// accepted returns the decision by which a finding is accepted; nil when it is not.
func accepted(decisions []Decision, n Named) *Decision {
	for i := len(decisions) - 1; i >= 0; i-- {
		if decisions[i].Finding.equal(n) {
			if decisions[i].Action == ActionAccept {
				return &decisions[i]
			}
			return nil
		}
	}
	return nil
}

type decisionsOf struct {
	Origin    string     `json:"origin"`
	Decisions []Decision `json:"decisions"` // as they were made
}

func (s *State) auditPath(hash, file string) string {
	return filepath.Join(s.dir, auditsDir, hash, file)
}

// Decisions returns what was decided on findings of a log's audits, oldest first.
func (s *State) Decisions(origin string) ([]Decision, error) {
	b, err := readFile(s.auditPath(OriginHash(origin), decisionsFile), maxDecisions)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	var f decisionsOf
	if err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read decisions on %q: %w", origin, err)
	}
	if f.Origin != origin {
		return nil, fmt.Errorf("read decisions on %q: they are on %q", origin, f.Origin)
	}
	for _, d := range f.Decisions {
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("read decisions on %q: %w", origin, err)
		}
	}
	return f.Decisions, nil
}

var (
	// ErrNotAudited says that the witness does not audit a log.
	ErrNotAudited = errors.New("the log is not audited")
	// ErrNoFinding says that there is no such finding to decide on.
	ErrNoFinding = errors.New("there is no such finding")
)

// Decide records a decision on a finding of the last audit: one that is open can be
// accepted, and one that is accepted refused. It returns nil once that is durable. No
// decision is ever taken away.
func (s *State) Decide(ctx context.Context, origin string, d Decision) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("decide: %w: %w", ErrInvalid, err)
	}
	hash := OriginHash(origin)
	err := s.locked(ctx, hash, func() error {
		l, err := s.load(hash)
		if err != nil {
			return err
		}
		if l.Audit == nil {
			return ErrNotAudited
		}
		decisions, err := s.Decisions(origin)
		if err != nil {
			return err
		}
		now := accepted(decisions, d.Finding)
		if d.Action == ActionRefuse && now == nil {
			return ErrNoFinding
		}
		if d.Action == ActionAccept {
			o, err := s.LastAudit(origin)
			if err != nil {
				return err
			}
			if o == nil || now != nil || !slices.ContainsFunc(o.Counted, func(f pledge.Finding) bool { return NamedOf(f).equal(d.Finding) }) {
				return ErrNoFinding
			}
		}
		b, err := json.Marshal(decisionsOf{origin, append(decisions, d)}, jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		if len(b) >= maxDecisions {
			return fmt.Errorf("there are too many decisions: %d bytes, at most %d", len(b), maxDecisions)
		}
		return s.write(s.auditPath(hash, decisionsFile), append(b, '\n'))
	})
	if err != nil {
		return fmt.Errorf("decide on a finding of %q: %w", origin, err)
	}
	return nil
}

// LastAudit returns what came of the last audit of a log; nil when there is none.
func (s *State) LastAudit(origin string) (*Audited, error) {
	b, err := readFile(s.auditPath(OriginHash(origin), reportFile), maxReport)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	o := new(Audited)
	if err := json.Unmarshal(b, o); err != nil {
		return nil, fmt.Errorf("read audit of %q: %w", origin, err)
	}
	if o.Origin != origin {
		return nil, fmt.Errorf("read audit of %q: it is of %q", origin, o.Origin)
	}
	return o, nil
}

// keepAudit writes what came of an audit.
func (s *State) keepAudit(ctx context.Context, o *Audited) error {
	b, err := json.Marshal(o, json.Deterministic(true))
	if err != nil {
		return err
	}
	if len(b) > maxReport {
		return fmt.Errorf("write audit: %d bytes, at most %d", len(b), maxReport)
	}
	hash := OriginHash(o.Origin)
	return s.locked(ctx, hash, func() error { return s.write(s.auditPath(hash, reportFile), b) })
}

// makeAuditDir makes the folder of a log that is audited, durably.
func (s *State) makeAuditDir(hash string) error {
	dir := s.auditPath(hash, "")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	for _, d := range []string{filepath.Dir(filepath.Clean(dir)), s.dir} {
		if err := atomicfile.SyncDir(d); err != nil {
			return fmt.Errorf("write state: %w", err)
		}
	}
	return nil
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return b, err
}
