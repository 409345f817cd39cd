package monitor

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/atomicfile"
)

// StateFile is the name of the file, in the folder of a log's state, that says of what
// the sinks were told. It is written last in a cycle. Beside it stand an audit's state
// (verifier.StateFile), SeenFile, and a folder of acknowledged alarms.
const StateFile = "monitor.json"

// SeenFile has the checkpoints that witnesses and mirrors showed and that are not known
// to be a part of the log. It is written as soon as they were seen.
const SeenFile = "monitor.seen.json"

const (
	stateFormat = "pledgelog.monitor-state.v1"
	seenFormat  = "pledgelog.monitor-seen.v1"
	ackFolder   = "acknowledged"
	maxState    = 256 << 20
)

// A state is what the monitor keeps of one log.
type state struct {
	Format string           `json:"format"`
	Log    string           `json:"log"`
	Cycles uint64           `json:"cycles"` // that were whole
	Began  bool             `json:"began"`  // a first audit came to its end
	Next   uint64           `json:"next"`   // index of the first entry of which nobody was told
	Open   map[string]*open `json:"open"`   // by key
	Peers  map[string]lag   `json:"peers"`
	Shown  string           `json:"shown,omitzero"` // the signed checkpoint that the log showed last
	Forks  []string         `json:"forks,omitzero"` // what bundles were kept of: see keyOfFork
	// Decided has, for each auditing witness, the ids of the decisions that were told.
	Decided map[string][]string `json:"decided,omitzero"`
}

// An open is a condition that is seen.
type open struct {
	Since  int64 `json:"since"`          // Unix seconds
	Raised bool  `json:"raised"`         // the sinks were told
	Quiet  bool  `json:"quiet,omitzero"` // it was there before the first cycle: nobody is told
	Alarm  Alarm `json:"alarm"`
}

// A lag is since when a witness or mirror has not reached a size.
type lag struct {
	Size  uint64 `json:"size"`
	Since int64  `json:"since"`
}

// A held is a checkpoint that was seen and is not known to be a part of the log.
type held struct {
	Note  string `json:"note"` // base64
	Who   string `json:"who"`
	Since int64  `json:"since"`
}

type seenList struct {
	Format string `json:"format"`
	Held   []held `json:"held"`
}

func (h held) raw() []byte {
	b, _ := base64.StdEncoding.DecodeString(h.Note)
	return b
}

func readState(dir, origin string) (*state, error) {
	s := &state{Format: stateFormat, Log: origin, Open: make(map[string]*open), Peers: make(map[string]lag)}
	ok, err := readJSON(filepath.Join(dir, StateFile), s)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return s, nil
	case s.Format != stateFormat:
		return nil, fmt.Errorf("read state: %s is no state of this version of the program", filepath.Join(dir, StateFile))
	case s.Log != origin:
		return nil, fmt.Errorf("read state: that in %s is of %s, and this log is %s", dir, s.Log, origin)
	}
	if s.Open == nil {
		s.Open = make(map[string]*open)
	}
	if s.Peers == nil {
		s.Peers = make(map[string]lag)
	}
	return s, nil
}

func readSeen(dir string) ([]held, error) {
	var s seenList
	ok, err := readJSON(filepath.Join(dir, SeenFile), &s)
	if err == nil && ok && s.Format != seenFormat {
		err = fmt.Errorf("read checkpoints seen before: %s is no such file of this version of the program", filepath.Join(dir, SeenFile))
	}
	return s.Held, err
}

func writeSeen(dir string, list []held) error {
	return writeJSON(filepath.Join(dir, SeenFile), seenList{seenFormat, list})
}

func (s *state) write(dir string) error { return writeJSON(filepath.Join(dir, StateFile), s) }

func readJSON(path string, into any) (bool, error) {
	b, err := readSmall(path, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("read state: %w", err)
	}
	if err := json.Unmarshal(b, into, json.RejectUnknownMembers(true)); err != nil {
		return false, fmt.Errorf("read state: %s: %w", path, err)
	}
	return true, nil
}

func writeJSON(path string, v any) error {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent(" "))
	if err != nil {
		return err
	}
	if err := atomicfile.Write(path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

var idForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// acknowledged reports whether somebody said that an alarm is known. A file is there
// for each that is, so that a monitor that runs need not be asked.
func acknowledged(dir, id string) bool {
	_, err := os.Stat(filepath.Join(dir, ackFolder, id))
	return err == nil
}

// ErrNoAlarm says that no open alarm has an id.
var ErrNoAlarm = errors.New("no log has an open alarm of that id")

// Acknowledge keeps the open alarm with this id quiet for as long as it is seen. Note
// says why, and may be "". It works beside a monitor that runs.
func (c *Config) Acknowledge(id, note string, now time.Time) error {
	if !idForm.MatchString(id) {
		return fmt.Errorf("acknowledge alarm: an id has 32 hex digits: %w", ErrNoAlarm)
	}
	for i := range c.Logs {
		l := &c.Logs[i]
		list, err := l.open()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(o OpenAlarm) bool { return o.ID == id }) {
			continue
		}
		dir := filepath.Join(l.State, ackFolder)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("acknowledge alarm: %w", err)
		}
		text := stamp(now) + "\n"
		if note != "" {
			text += strings.TrimSpace(note) + "\n"
		}
		if err := atomicfile.Write(filepath.Join(dir, id), []byte(text), 0o600); err != nil {
			return fmt.Errorf("acknowledge alarm: %w", err)
		}
		return nil
	}
	return fmt.Errorf("acknowledge alarm: %w", ErrNoAlarm)
}

// An OpenAlarm is one whose matter was still seen in the last cycle.
type OpenAlarm struct {
	Alarm
	Acknowledged bool
}

// Open lists the open alarms of all logs, oldest first.
func (c *Config) Open() ([]OpenAlarm, error) {
	var all []OpenAlarm
	for i := range c.Logs {
		list, err := c.Logs[i].open()
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func (l *Log) open() ([]OpenAlarm, error) {
	s, err := readState(l.State, l.origin)
	if err != nil {
		return nil, err
	}
	var list []OpenAlarm
	for _, o := range s.Open {
		if o.Raised {
			list = append(list, OpenAlarm{o.Alarm, acknowledged(l.State, o.Alarm.ID)})
		}
	}
	slices.SortFunc(list, func(a, b OpenAlarm) int { return strings.Compare(a.Since+a.ID, b.Since+b.ID) })
	return list, nil
}
