package monitor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// AlarmFormat names the JSON form of an Alarm. Members may be added under the same
// name; none changes its meaning or goes away.
const AlarmFormat = "pledgelog.alarm.v1"

// A Class says what an alarm is about.
type Class string

const (
	// Misbehaviour of who runs the log.
	Misbehaviour Class = "misbehaviour"
	// Interest: a statement, or a finding on an author, that a rule wants, or what a
	// person decided for an auditing witness.
	Interest Class = "interest"
	// Infrastructure: something keeps the monitor from seeing, or will.
	Infrastructure Class = "infrastructure"
)

// Classes lists them.
var Classes = []Class{Misbehaviour, Interest, Infrastructure}

// An Event says what became of what an alarm is about.
type Event string

const (
	Raised Event = "raised"
	Ended  Event = "ended" // what was raised under this id is no longer seen
)

// A Proof says what stands behind an alarm.
type Proof string

const (
	// ProofBundle: the file that Evidence names proves it to anybody.
	ProofBundle Proof = "bundle"
	// ProofLog: whoever audits the log sees the same.
	ProofLog Proof = "log"
	// ProofSeen: this monitor saw it, and nothing proves it to others.
	ProofSeen Proof = "seen"
)

// An Alarm is one message to the sinks. It may come more than once, with the same ID
// and Event: a sink drops what it has.
type Alarm struct {
	Format string          `json:"format"` // AlarmFormat
	ID     string          `json:"id"`     // 32 hex digits; of raised and ended the same
	Event  Event           `json:"event"`
	Class  Class           `json:"class"`
	Code   entry.Code      `json:"code"`
	Weight pledge.Severity `json:"severity"`
	Proof  Proof           `json:"proof"`

	Name          string `json:"name"` // of the log in the configuration
	Log           string `json:"log"`  // origin
	SimulatedTime bool   `json:"simulatedTime"`
	Time          string `json:"time"`          // by the monitor's clock, of this event
	Since         string `json:"since"`         // by the monitor's clock, when it was first seen
	Size          uint64 `json:"size,omitzero"` // entries that the log's checkpoint covered then

	Text string `json:"text"` // a sentence or two, attributed
	Hint string `json:"hint,omitzero"`

	From     string          `json:"from,omitzero"`  // whom it is from or about: log, witness NAME, mirror NAME, sink NAME
	Rules    []string        `json:"rules,omitzero"` // that want it
	Entry    *verifier.Said  `json:"entry,omitzero"`
	Finding  *pledge.Finding `json:"finding,omitzero"`
	Evidence string          `json:"evidence,omitzero"` // path of the bundle's file where the monitor runs
	// EvidenceURL is where the sink's readers find it.
	EvidenceURL string `json:"evidenceUrl,omitzero"`
}

// JSON writes it on one line, with a line feed.
func (a *Alarm) JSON() ([]byte, error) {
	b, err := json.Marshal(a, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// what names an alarm to sinks.
func (a *Alarm) what() string { return a.ID + "-" + string(a.Event) }

// Title is what it is, in a few words.
func (a *Alarm) Title() string {
	what := string(a.Code)
	if m, ok := verifier.MeaningOf(a.Code); ok {
		what = m.Title
	} else if t, ok := titles[a.Code]; ok {
		what = t
	}
	if a.Event == Ended {
		what = "no longer seen: " + what
	}
	return fmt.Sprintf("%s: %s (%s)", a.Name, what, a.Class)
}

// The codes of alarms that are not those of findings.
const (
	CodeEntry          entry.Code = "entry-of-interest"
	CodeWithholds      entry.Code = "log-withholds"
	CodeBehind         entry.Code = "log-behind"
	CodeNotCompared    entry.Code = "checkpoint-not-compared"
	CodeUnread         entry.Code = "log-unread"
	CodeStale          entry.Code = "log-stale"
	CodeSlow           entry.Code = "log-slow"
	CodePeerUnread     entry.Code = "copy-unread"
	CodePeerBad        entry.Code = "copy-not-believed"
	CodePeerBehind     entry.Code = "copy-behind"
	CodeCertificate    entry.Code = "certificate-ending"
	CodeStateRefused   entry.Code = "state-refused"
	CodeStateNotKept   entry.Code = "state-not-kept"
	CodeMoreOfCode     entry.Code = "findings-not-listed"
	CodeSinkFails      entry.Code = "sink-failing"
	CodeEvidenceFailed entry.Code = "evidence-not-kept"
	CodeAuditorRefuses entry.Code = "auditor-refuses"
	CodeAuditUnread    entry.Code = "auditor-unread"
	CodeAccepted       entry.Code = "finding-accepted"
)

var titles = map[entry.Code]string{
	CodeEntry:          "a statement that a rule wants",
	CodeWithholds:      "the log keeps back what its key signed",
	CodeBehind:         "the log shows less than its key signed",
	CodeNotCompared:    "a checkpoint could not be compared",
	CodeUnread:         "the log could not be read to its end",
	CodeStale:          "the newest checkpoint is old",
	CodeSlow:           "the log is slow",
	CodePeerUnread:     "a witness or mirror could not be read",
	CodePeerBad:        "what a witness or mirror shows is not believed",
	CodePeerBehind:     "a witness or mirror is behind",
	CodeCertificate:    "a certificate ends soon",
	CodeStateRefused:   "the state cannot be used",
	CodeStateNotKept:   "the state was not kept",
	CodeMoreOfCode:     "more findings than are listed",
	CodeSinkFails:      "alarms could not be delivered",
	CodeEvidenceFailed: "an evidence bundle could not be kept",
	CodeAuditorRefuses: "an auditing witness refuses to cosign",
	CodeAuditUnread:    "what an auditing witness found could not be read",
	CodeAccepted:       "a finding was accepted for an auditing witness",
}

// Codes lists the codes of alarms that are not those of findings.
func Codes() []entry.Code { return slices.Sorted(maps.Keys(titles)) }

// id names an alarm, the same for the same parts.
func id(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func stamp(t time.Time) string { return entry.FormatTime(t.Unix()) }
