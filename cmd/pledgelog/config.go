package main

import (
	"fmt"
	"time"

	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
)

// A Config is the configuration of a server: one YAML file. What its comments say
// is its documentation. Keys that are not here are refused. Paths are relative to
// the file's own folder. Secrets are given by path and never by value.
type Config struct {
	// Origin is the log's name for ever: its address without https://. The
	// checkpoint key has the same name. Needed.
	Origin string // origin

	// Directory is what readers see: checkpoint, tiles, bodies and the archive of
	// checkpoints, each under its address. Any static server of it is a mirror.
	// Needed.
	Directory string // directory

	// State is what the server keeps for itself: the queue, the order of record,
	// and, unless GuardState says otherwise, the last signed checkpoint. It stands
	// outside Directory, best on another volume. Needed.
	State string // state

	// GuardState is the file with the last signed checkpoint, which guards against
	// signing a fork. It stands where no backup of Directory and State takes it along,
	// best on another volume, in a folder that is there, and is no symbolic link.
	// Default: guard, in State.
	GuardState string // guard_state

	// Policy is the C2SP tlog-policy to which the log holds itself. It has the
	// checkpoint key's vkey on a log line. Each witness that has an address, its
	// submission prefix, is asked to cosign each checkpoint, and without the quorum
	// nothing is published. With "quorum none" nobody is needed. Needed.
	Policy string // policy

	// CheckpointKey is the file with the secret key that signs checkpoints, as
	// `pledgelog keygen` writes it. Only the server's user may read it. Needed.
	CheckpointKey string // checkpoint_key

	// CheckpointKeyMLDSA is the file with a second key, of ML-DSA-44, that signs
	// checkpoints beside the first, as `pledgelog keygen --mldsa` writes it. The
	// policy lists it too. Only the server's user may read it. Default: none.
	CheckpointKeyMLDSA string // checkpoint_key_mldsa

	// CheckpointKeyFormer is the file of the key that CheckpointKey replaces, while
	// readers have policies with the one or the other: it signs checkpoints too. The
	// policy lists it. Only the server's user may read it. Default: none.
	CheckpointKeyFormer string // checkpoint_key_former

	// OperatorKey is the file with the operator's statement key, as `pledgelog keygen`
	// writes it: the server signs directories and erasures with it. Where the charter
	// wants several operator keys to sign, they stand in one file, one after the
	// other. Only the server's user may read it. Default: none; then the server makes
	// no directories, which is a finding against it two days after the log grew.
	OperatorKey string // operator_key

	// DirectoryAfter is how long after the log grew the server makes a directory. One
	// is due within a day. From 1m to 20h. Default: 6h.
	DirectoryAfter time.Duration // directory_after

	// Listen is the address and port for the public, by plain HTTP: a proxy in
	// front of it brings TLS. Default: 127.0.0.1:8080.
	Listen string // listen

	// MetricsListen is the address and port for Prometheus, at /metrics. It shows
	// the inside: keep it from the public. Default: none.
	MetricsListen string // metrics_listen

	// CheckpointInterval is the least time from one checkpoint to the next, and so
	// about how long a statement waits for its receipt. At least 100ms.
	// Default: 1s.
	CheckpointInterval time.Duration // checkpoint_interval

	// DumpKeep is for how long the server keeps the dump that it makes each day, in
	// directory: whole days, from 0h, which makes none, to 8760h. Default: 168h.
	DumpKeep time.Duration // dump_keep

	// DataLicense is by what the exports may be used, an SPDX identifier such as
	// CC-BY-4.0: descriptions of the data say it. Default: nothing is said of it.
	DataLicense string // data_license

	// SimulatedClock is a file that holds the time as one line,
	// YYYY-MM-DDThh:mm:ssZ, read at each use. It is for demonstrations: only an
	// origin whose host ends in .example may have it. Default: none, real time.
	SimulatedClock string // simulated_clock
}

// exampleConfig is shown by --help. A test parses it.
const exampleConfig = `origin: log.accord.example/2026      # the log's name, also the checkpoint key's
directory: log                       # what readers see
state: state                         # the server's own; on another volume if you can
guard_state: ""                      # what was signed last: outside all backups; empty: guard, in state
policy: policy.txt                   # C2SP tlog-policy: log <vkey>, witnesses, quorum
checkpoint_key: keys/checkpoint.key  # written by pledgelog keygen
checkpoint_key_mldsa: ""             # a second one, by pledgelog keygen --mldsa; empty: none
checkpoint_key_former: ""            # the one before, while readers change to the new one
operator_key: keys/operator.key      # written by pledgelog keygen; signs directories
directory_after: 6h                  # how long after the log grew one is made
listen: 127.0.0.1:8080               # plain HTTP, for a proxy that brings TLS
metrics_listen: ""                   # for Prometheus; empty: none
checkpoint_interval: 1s              # at least 100ms
dump_keep: 168h                      # how long daily dumps are kept, whole days; 0h: none are made
data_license: ""                     # of what is exported, such as CC-BY-4.0; empty: not said
simulated_clock: ""                  # for demonstrations under .example only
`

const seeExample = "see pledgelog check-config --help for an example"

// fields are the keys of the file, and where their values go.
func (c *Config) fields() []configfile.Field {
	return []configfile.Field{
		{Key: "origin", Text: &c.Origin},
		{Key: "directory", Text: &c.Directory, IsPath: true},
		{Key: "state", Text: &c.State, IsPath: true},
		{Key: "guard_state", Text: &c.GuardState, IsPath: true},
		{Key: "policy", Text: &c.Policy, IsPath: true},
		{Key: "checkpoint_key", Text: &c.CheckpointKey, IsPath: true},
		{Key: "checkpoint_key_mldsa", Text: &c.CheckpointKeyMLDSA, IsPath: true},
		{Key: "checkpoint_key_former", Text: &c.CheckpointKeyFormer, IsPath: true},
		{Key: "operator_key", Text: &c.OperatorKey, IsPath: true},
		{Key: "directory_after", Duration: &c.DirectoryAfter},
		{Key: "listen", Text: &c.Listen},
		{Key: "metrics_listen", Text: &c.MetricsListen},
		{Key: "checkpoint_interval", Duration: &c.CheckpointInterval},
		{Key: "dump_keep", Duration: &c.DumpKeep},
		{Key: "data_license", Text: &c.DataLicense},
		{Key: "simulated_clock", Text: &c.SimulatedClock, IsPath: true},
	}
}

// parseConfig reads a configuration. Name is the file's, for messages. It finds
// every key that is wrong, and says nothing yet on whether the values make sense
// together; nil when there is nothing to read.
func parseConfig(name string, b []byte) (*Config, configfile.Problems) {
	c := &Config{Listen: "127.0.0.1:8080", CheckpointInterval: time.Second, DirectoryAfter: intake.DefaultDirectoryAfter, DumpKeep: 7 * oneDay}
	read, found := configfile.Parse(name, b, c.fields(), seeExample)
	if !read {
		return nil, found
	}
	return c, found
}

// A setup is a configuration that was checked, with what was read on the way.
type setup struct {
	Config
	file     string
	signer   *log.Signer
	further  []furtherKey         // CheckpointKeyMLDSA and CheckpointKeyFormer, if they are given
	operator []intake.OperatorKey // nil when there is no OperatorKey
	policy   *log.Policy
}

// loadConfig reads and checks a configuration and the files that it names. An
// error is configfile.Problems, all of them.
func loadConfig(path string) (*setup, error) {
	b, err := readInput(path, configfile.MaxSize, "give the configuration with --config; pledgelog check-config --help shows one")
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, found := parseConfig(path, b)
	if c == nil {
		return nil, found
	}
	if err := configfile.Place(path, c.fields()); err != nil {
		return nil, err
	}
	s := &setup{Config: *c, file: path}
	if found = append(found, s.check()...); len(found) > 0 {
		return nil, found
	}
	return s, nil
}

// How soon and how late directories may be made.
const (
	minDirectoryAfter = time.Minute
	maxDirectoryAfter = 20 * time.Hour
)

const (
	oneDay      = 24 * time.Hour
	maxDumpKeep = 365 * oneDay
)

// minInterval is the shortest time between two checkpoints.
const minInterval = embedded.MinInterval
