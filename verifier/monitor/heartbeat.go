package monitor

import (
	"context"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/verifier"
)

// HeartbeatFormat names the JSON form of a Beat. Members may be added under the same
// name.
const HeartbeatFormat = "pledgelog.heartbeat.v1"

// A Beat is the line that a monitor writes after each whole cycle of a log.
type Beat struct {
	Format  string          `json:"format"` // HeartbeatFormat
	Time    string          `json:"time"`   // when the cycle began, by the monitor's clock
	Name    string          `json:"name"`
	Log     string          `json:"log"`
	Size    uint64          `json:"size"`    // entries that were audited
	Result  verifier.Result `json:"result"`  // of the audit
	Entries int             `json:"entries"` // new statements of interest
	Open    map[Class]int   `json:"open"`    // open alarms that nobody acknowledged
	Waiting int             `json:"waiting"` // alarms that wait for their sinks
	Overdue []string        `json:"overdue"` // logs whose cycle is overdue: the heartbeat's address is not asked then
}

// beat says that a cycle was whole.
func (m *Monitor) beat(ctx context.Context, o *Outcome) {
	b := Beat{Format: HeartbeatFormat, Time: stamp(o.Time), Name: o.Name, Log: o.Log, Size: o.Size, Result: o.Result, Entries: o.Entries, Open: make(map[Class]int), Overdue: []string{}}
	for class, n := range o.Open {
		b.Open[class] = n["new"]
	}
	for _, q := range m.hub.queues {
		n, _ := q.length()
		b.Waiting += n
	}
	m.mu.Lock()
	for _, f := range m.logs {
		if due, ok := m.due[f.l.Name]; ok && m.now().After(due) {
			b.Overdue = append(b.Overdue, f.l.Name)
		}
	}
	m.mu.Unlock()
	h := m.cfg.Heartbeat
	if !h.Quiet {
		if line, err := json.Marshal(b, json.Deterministic(true)); err == nil {
			m.hub.line(append(line, '\n'))
		}
	}
	if h.url.reveal() == "" || len(b.Overdue) > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, m.limits.SinkAttempt)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, strings.ToUpper(h.Method), h.url.reveal(), nil)
	if err != nil {
		m.log.Warn("the heartbeat's address can't be used")
		return
	}
	req.Header.Set("User-Agent", userAgent)
	if status, err := ask(m.hub.beats, req); err != nil {
		m.log.Warn("the heartbeat was not taken", "error", err.Error())
	} else if status/100 != 2 {
		m.log.Warn("the heartbeat was not taken", "status", status)
	}
}
