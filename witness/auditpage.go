package witness

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// AuditFormat names the form of an audit.json. Members may be added under the same
// name; none changes its meaning or goes away.
const AuditFormat = "pledgelog.witness-audit.v1"

// What the verdict of an audit.json can be.
const (
	VerdictCosigns   = "cosigns"    // the checkpoint is cosigned when the log asks
	VerdictRefuses   = "refuses"    // it is not, for what text says
	VerdictUndecided = "undecided"  // it is not, as the audit came to no result
	VerdictNone      = "no-audit"   // the log has not asked yet, or its first audit goes on
	VerdictDisabled  = "log-closed" // no checkpoint of the log is cosigned any more
)

// auditPage is what a witness publishes of its audits of a log.
type auditPage struct {
	Format     string `json:"format"`
	Origin     string `json:"origin"`
	OriginHash string `json:"originHash"`
	Charter    string `json:"charter"`
	Policy     string `json:"policy"`

	Verdict string `json:"verdict"`
	Text    string `json:"text,omitzero"` // why, as the log is answered

	Checkpoint string `json:"checkpoint,omitzero"` // that was audited last, with the log's signatures
	Size       uint64 `json:"size"`
	Root       string `json:"root,omitzero"`
	Published  uint64 `json:"published"` // size up to which the log's readers saw it then
	Began      string `json:"began,omitzero"`
	Ended      string `json:"ended,omitzero"`

	Open      []pledge.Finding `json:"open"`
	NotListed uint64           `json:"notListed,omitzero"` // open ones beyond 1,000 of a code
	Accepted  []Acceptance     `json:"accepted"`
	Waiting   []pledge.Finding `json:"waiting"` // texts that are not served, of entries that were not published
	Soon      []pledge.Finding `json:"soon"`    // and of those that were, looked for again
	Decisions []Decision       `json:"decisions"`

	Report jsontext.Value `json:"report,omitzero"`
}

// Summary says in a word and a sentence what follows from the last audit of a log.
func Summary(l *Log, o *Audited, v Verdict) (verdict, text string) {
	switch {
	case !l.Enabled:
		return VerdictDisabled, ErrDisabled.Error()
	case o == nil:
		return VerdictNone, ""
	case errors.Is(v.Err, ErrRefused):
		return VerdictRefuses, v.Err.Error()
	case v.Err != nil:
		return VerdictUndecided, fmt.Sprintf("%v: %v", ErrUndecided, v.Err)
	}
	return VerdictCosigns, ""
}

// page makes an audit.json.
func (s *State) page(l *Log) ([]byte, error) {
	o, err := s.LastAudit(l.Origin)
	if err != nil {
		return nil, err
	}
	decisions, err := s.Decisions(l.Origin)
	if err != nil {
		return nil, err
	}
	p := auditPage{Format: AuditFormat, Origin: l.Origin, OriginHash: OriginHash(l.Origin), Charter: l.Audit.Charter, Policy: l.Audit.Policy,
		Open: []pledge.Finding{}, Accepted: []Acceptance{}, Waiting: []pledge.Finding{}, Soon: []pledge.Finding{}, Decisions: append([]Decision{}, decisions...)}
	var v Verdict
	if o != nil {
		v = o.Weigh(decisions)
		p.Checkpoint, p.Size, p.Root, p.Published, p.Began, p.Ended = o.Checkpoint, o.Size, o.Root, o.Published, o.Began, o.Ended
		p.Open, p.NotListed, p.Accepted, p.Waiting, p.Soon, p.Report = v.Open, o.More, v.Accepted, o.Waiting, o.Soon, o.Report
	}
	p.Verdict, p.Text = Summary(l, o, v)
	b, err := json.Marshal(p, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent("  "))
	return append(b, '\n'), err
}

// pages keeps the audit.json of each log until a file changes that it is made of.
type pages struct {
	mu   sync.Mutex
	made map[string]madePage
}

type madePage struct {
	of   string
	page []byte
}

func (p *pages) get(s *State, l *Log) ([]byte, error) {
	hash := OriginHash(l.Origin)
	of := fmt.Sprint(l.Enabled, *l.Audit)
	for _, file := range []string{reportFile, decisionsFile} {
		// Each is replaced by another file, never changed.
		if info, err := os.Stat(s.auditPath(hash, file)); err == nil {
			of += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := p.made[hash]; ok && m.of == of {
		return m.page, nil
	}
	b, err := s.page(l)
	if err != nil {
		return nil, err
	}
	if p.made == nil {
		p.made = make(map[string]madePage)
	}
	p.made[hash] = madePage{of, b}
	return b, nil
}

// audit answers with what the audits of a log have found, and what was decided on it.
func (h *handler) audit(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	hash := r.PathValue("hash")
	if !isOriginHash(hash) {
		http.Error(w, "the path holds no SHA-256 in lower case hexadecimal", http.StatusNotFound)
		return
	}
	l, err := h.Witness.State.load(hash)
	if errors.Is(err, ErrUnknownLog) || err == nil && l.Audit == nil {
		http.Error(w, "this witness audits no such log", http.StatusNotFound)
		return
	}
	var b []byte
	if err == nil {
		b, err = h.pages.get(h.Witness.State, l)
	}
	if err != nil {
		h.Logger.Error("audit.json", slog.String("error", err.Error()))
		w.Header().Set("Retry-After", "10")
		http.Error(w, "this witness can't read its state", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", cacheControl)
	w.Write(b)
}

var _ log.Refiller = (*auditSource)(nil)
