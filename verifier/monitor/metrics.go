package monitor

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/verifier"
)

// A metric is one in the text format of Prometheus.
type metric struct {
	name, help string
	lines      []string
}

func (m *metric) add(value float64, labels ...string) {
	var b strings.Builder
	b.WriteString("pledgelog_monitor_" + m.name)
	for i := 0; i < len(labels); i += 2 {
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(&b, `%s%s="%s"`, sep, labels[i], labelEscapes.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		b.WriteByte('}')
	}
	m.lines = append(m.lines, b.String()+" "+strconv.FormatFloat(value, 'g', -1, 64))
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// writeMetrics writes the file for the node exporter. That it can't be written is
// logged: alarms do not hang on it.
func (m *Monitor) writeMetrics() {
	if m.cfg.Metrics == "" {
		return
	}
	if err := atomicfile.Write(m.cfg.Metrics, m.metrics(), 0o644); err != nil {
		m.log.Error("metrics were not written", "error", err.Error())
	}
}

// metrics are those of all logs that had a whole cycle.
func (m *Monitor) metrics() []byte {
	cycle := &metric{name: "last_cycle_timestamp_seconds", help: "When the last whole cycle of a log began."}
	took := &metric{name: "last_cycle_duration_seconds", help: "How long it took."}
	cycles := &metric{name: "cycles", help: "Whole cycles since the state was begun."}
	size := &metric{name: "audited_entries", help: "Entries that were audited."}
	matches := &metric{name: "audit_matches", help: "1 when the last audit ended with nothing of severity error on the operator or the copy."}
	newest := &metric{name: "checkpoint_timestamp_seconds", help: "The time of what the log shows, by its witnesses, or without any by the operator."}
	open := &metric{name: "open_alarms", help: "Alarms whose matter is still seen, by class and whether somebody acknowledged them."}
	up := &metric{name: "copy_up", help: "1 when a witness or mirror showed a checkpoint of the log."}
	copySize := &metric{name: "copy_entries", help: "Entries that the checkpoint of a witness or mirror covers."}
	cert := &metric{name: "certificate_end_timestamp_seconds", help: "When a certificate ends."}
	waiting := &metric{name: "queue_alarms", help: "Alarms that wait for a sink."}
	failing := &metric{name: "sink_failing", help: "1 when the last delivery to a sink failed."}

	m.mu.Lock()
	for _, f := range m.logs {
		o := m.last[f.l.Name]
		if o == nil {
			continue
		}
		l := []string{"log", o.Name}
		with := func(more ...string) []string { return append(slices.Clone(l), more...) }
		cycle.add(seconds(o.Time), l...)
		took.add(o.Took.Seconds(), l...)
		cycles.add(float64(o.cycles), l...)
		size.add(float64(o.Size), l...)
		matches.add(truth(o.Result == verifier.Matches), l...)
		if !o.newest.IsZero() {
			newest.add(seconds(o.newest), l...)
		}
		for _, class := range Classes {
			for _, ack := range slices.Sorted(maps.Keys(o.Open[class])) {
				open.add(float64(o.Open[class][ack]), with("class", string(class), "acknowledged", strconv.FormatBool(ack == "acknowledged"))...)
			}
		}
		for _, who := range slices.Sorted(maps.Keys(o.peers)) {
			p := o.peers[who]
			up.add(truth(p.ok), with("copy", who)...)
			if p.ok {
				copySize.add(float64(p.size), with("copy", who)...)
			}
		}
		for _, who := range slices.Sorted(maps.Keys(o.certEnds)) {
			if t := o.certEnds[who]; !t.IsZero() {
				cert.add(seconds(t), with("copy", who)...)
			}
		}
	}
	m.mu.Unlock()
	for _, q := range m.hub.queues {
		n, failed := q.length()
		waiting.add(float64(n), "sink", q.sink.Name)
		failing.add(truth(failed != nil), "sink", q.sink.Name)
	}
	var b bytes.Buffer
	for _, one := range []*metric{cycle, took, cycles, size, matches, newest, open, up, copySize, cert, waiting, failing} {
		if len(one.lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "# HELP pledgelog_monitor_%s %s\n# TYPE pledgelog_monitor_%s gauge\n%s\n", one.name, one.help, one.name, strings.Join(one.lines, "\n"))
	}
	return b.Bytes()
}
