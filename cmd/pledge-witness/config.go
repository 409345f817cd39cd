package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// A Config is the configuration of a witness: one YAML file. What its comments say
// is its documentation. Keys that are not here are refused. Paths are relative to
// the file's own folder. Secrets are given by path and never by value.
type Config struct {
	// State is the folder that holds what was cosigned. It is never restored from a
	// backup, and never used again with keys that cosigned with another. Needed.
	State string // state

	// Keys are the files of the secret keys that cosign, each one, as `pledge-witness
	// keygen` writes them. Only the witness's user may read them. One is needed.
	Keys []string // keys

	// Listen is the address and port for logs and monitors, by plain HTTP: a proxy in
	// front of it brings TLS. Default: 127.0.0.1:8090.
	Listen string // listen

	// MetricsListen is the address and port for Prometheus, at /metrics. It shows the
	// inside: keep it from the public. Default: none.
	MetricsListen string // metrics_listen

	// SubmissionPrefix and MonitoringPrefix are the paths of the witness's two
	// prefixes, with a slash at the beginning and none at the end, or empty. They may
	// be the same. Default: empty.
	SubmissionPrefix string // submission_prefix
	MonitoringPrefix string // monitoring_prefix

	// CosignInterval is how much time there has to be between the cosignatures for one
	// log, in the mean; 20 may come at once. More are answered with 429. From 1ms to
	// 1h. Default: 50ms.
	CosignInterval time.Duration // cosign_interval

	// SimulatedClock is a file that holds the time as one line,
	// YYYY-MM-DDThh:mm:ssZ, read at each use. It is for demonstrations: only a witness
	// whose logs all have a host that ends in .example may have it. Default: none,
	// real time.
	SimulatedClock string // simulated_clock
}

// exampleConfig is shown by --help. A test parses it.
const exampleConfig = `state: state                    # what was cosigned; never restored from a backup
keys: [keys/w1.key]             # written by pledge-witness keygen; each of them cosigns
listen: 127.0.0.1:8090          # plain HTTP, for a proxy that brings TLS
metrics_listen: ""              # for Prometheus; empty: none
submission_prefix: ""           # such as /submit: logs ask <prefix>/add-checkpoint
monitoring_prefix: ""           # monitors read <prefix>/<origin hash>/checkpoint
cosign_interval: 50ms           # between cosignatures for one log, in the mean
simulated_clock: ""             # for demonstrations under .example only
`

const seeExample = "see pledge-witness check-config --help for an example"

// fields are the keys of the file, and where their values go.
func (c *Config) fields() []configfile.Field {
	return []configfile.Field{
		{Key: "state", Text: &c.State, IsPath: true},
		{Key: "keys", List: &c.Keys, IsPath: true},
		{Key: "listen", Text: &c.Listen},
		{Key: "metrics_listen", Text: &c.MetricsListen},
		{Key: "submission_prefix", Text: &c.SubmissionPrefix},
		{Key: "monitoring_prefix", Text: &c.MonitoringPrefix},
		{Key: "cosign_interval", Duration: &c.CosignInterval},
		{Key: "simulated_clock", Text: &c.SimulatedClock, IsPath: true},
	}
}

func defaultConfig() Config {
	return Config{Listen: "127.0.0.1:8090", CosignInterval: 50 * time.Millisecond}
}

// A setup is a configuration that was checked, with what was read on the way.
type setup struct {
	Config
	file      string
	cosigners []*log.Cosigner
}

// loadConfig reads and checks a configuration and the files that it names. An
// error is configfile.Problems, all of them.
func loadConfig(path string) (*setup, error) {
	b, err := commandline.ReadInput("configuration", path, configfile.MaxSize, "give the configuration with --config; pledge-witness check-config --help shows one")
	if err != nil {
		return nil, err
	}
	s := &setup{Config: defaultConfig(), file: path}
	read, found := configfile.Parse(path, b, s.fields(), seeExample)
	if !read {
		return nil, found
	}
	if err := configfile.Place(path, s.fields()); err != nil {
		return nil, err
	}
	if found = append(found, s.check()...); len(found) > 0 {
		return nil, found
	}
	return s, nil
}

// check says everything that is wrong with the values of a configuration and with
// the files that they name.
func (s *setup) check() configfile.Problems {
	var found configfile.Problems
	say := func(key, hint, format string, args ...any) {
		found = append(found, &configfile.Problem{At: s.file + ": " + key, Text: fmt.Sprintf(format, args...), Hint: hint})
	}
	if s.State == "" {
		say("state", "give a folder for what was cosigned, such as state", "it is missing")
	} else if info, err := os.Stat(s.State); err == nil && !info.IsDir() {
		say("state", "give a folder; `pledge-witness init` makes it", "%s is not a folder", s.State)
	}
	s.checkKeys(say)
	daemon.CheckAddresses(s.Listen, s.MetricsListen, "127.0.0.1:8090", say)
	for _, p := range []struct{ key, value string }{{"submission_prefix", s.SubmissionPrefix}, {"monitoring_prefix", s.MonitoringPrefix}} {
		if !isPrefix(p.value) {
			say(p.key, "write it as /submit, or leave it out", "%q is not a path with a slash at the beginning, none at the end, and letters, digits, dots and hyphens", p.value)
		}
	}
	if s.CosignInterval < time.Millisecond || s.CosignInterval > time.Hour {
		say("cosign_interval", "write a time from 1ms to 1h", "it is %v", s.CosignInterval)
	}
	if s.SimulatedClock != "" {
		if _, err := daemon.ReadClock(s.SimulatedClock); err != nil {
			say("simulated_clock", "write the time into it as one line, such as 2026-01-05T09:00:00Z", "%v", err)
		}
		s.checkDemonstrations(say)
	}
	return found
}

// checkDemonstrations wants only demonstrations in the state.
func (s *setup) checkDemonstrations(say func(key, hint, format string, args ...any)) {
	state, err := witness.OpenState(s.State)
	if err != nil {
		return // there is none, or the command says why it can't be read
	}
	logs, err := state.Logs()
	if err != nil {
		return
	}
	for _, l := range logs {
		if !entry.IsDemonstration(l.Origin) {
			say("simulated_clock", "leave it out: a witness of real logs has real time", "time is simulated only for origins whose host ends in .example, and one log is %s", l.Origin)
		}
	}
}

func (s *setup) checkKeys(say func(key, hint, format string, args ...any)) {
	if len(s.Keys) == 0 {
		say("keys", "make one with `pledge-witness keygen` and give the path of its file, such as [keys/w1.key]", "it is missing")
	}
	for _, path := range s.Keys {
		c, p := readCosigner(path)
		if p != nil {
			say("keys", p.Hint, "%s", p.Text)
			continue
		}
		s.cosigners = append(s.cosigners, c)
	}
	if len(s.cosigners) < len(s.Keys) || len(s.cosigners) == 0 {
		return
	}
	if _, err := witness.New(witness.Config{Cosigners: s.cosigners}); err != nil {
		say("keys", "give each key once, and make one of its own for each name with `pledge-witness keygen`", "%v", err)
	}
}

// isPrefix reports whether a text may stand before a path, as it is.
func isPrefix(s string) bool {
	if s == "" {
		return true
	}
	if !strings.HasPrefix(s, "/") {
		return false
	}
	for _, part := range strings.Split(s[1:], "/") {
		if part == "" || part == "." || part == ".." || strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "" {
			return false
		}
	}
	return true
}

// openState opens what `pledge-witness init` made.
func (s *setup) openState() (*witness.State, error) {
	state, err := witness.OpenState(s.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, commandline.Refusedf("make it with `pledge-witness init`, or mend the path; if there was one and it is lost, make new keys too: a witness that has forgotten what it cosigned can cosign another history", "there is no witness's state in %s", s.State)
	}
	return state, err
}

// stateFailure says what can be done about a state that can't be read or written.
func stateFailure(err error) error {
	if err == nil || errors.Is(err, witness.ErrBusy) {
		return err
	}
	return commandline.Refused(err, "look at the disk; a file that is damaged is replaced by nothing older than the log's last cosignature, see docs/witness.md")
}

// isOwn reports whether a log's key is one of the witness's.
func (s *setup) isOwn(k log.Key) bool {
	return slices.ContainsFunc(s.cosigners, func(c *log.Cosigner) bool {
		own := c.Key()
		return string(own.Public) == string(k.Public) || own.Name == k.Name && own.ID == k.ID
	})
}
