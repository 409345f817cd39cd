package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

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
	// and the last signed checkpoint, which guards against signing a fork. It
	// stands outside Directory, best on another volume, and never goes into one
	// backup with it. Needed.
	State string // state

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

	// SimulatedClock is a file that holds the time as one line,
	// YYYY-MM-DDThh:mm:ssZ, read at each use. It is for demonstrations: only an
	// origin whose host ends in .example may have it. Default: none, real time.
	SimulatedClock string // simulated_clock
}

// exampleConfig is shown by --help. A test parses it.
const exampleConfig = `origin: log.accord.example/2026      # the log's name, also the checkpoint key's
directory: log                       # what readers see
state: state                         # the server's own; on another volume if you can
policy: policy.txt                   # C2SP tlog-policy: log <vkey>, witnesses, quorum
checkpoint_key: keys/checkpoint.key  # written by pledgelog keygen
checkpoint_key_mldsa: ""             # a second one, by pledgelog keygen --mldsa; empty: none
checkpoint_key_former: ""            # the one before, while readers change to the new one
operator_key: keys/operator.key      # written by pledgelog keygen; signs directories
directory_after: 6h                  # how long after the log grew one is made
listen: 127.0.0.1:8080               # plain HTTP, for a proxy that brings TLS
metrics_listen: ""                   # for Prometheus; empty: none
checkpoint_interval: 1s              # at least 100ms
simulated_clock: ""                  # for demonstrations under .example only
`

// fields are the keys of the file, and where their values go.
func (c *Config) fields() []field {
	return []field{
		{"origin", &c.Origin, nil, false},
		{"directory", &c.Directory, nil, true},
		{"state", &c.State, nil, true},
		{"policy", &c.Policy, nil, true},
		{"checkpoint_key", &c.CheckpointKey, nil, true},
		{"checkpoint_key_mldsa", &c.CheckpointKeyMLDSA, nil, true},
		{"checkpoint_key_former", &c.CheckpointKeyFormer, nil, true},
		{"operator_key", &c.OperatorKey, nil, true},
		{"directory_after", nil, &c.DirectoryAfter, false},
		{"listen", &c.Listen, nil, false},
		{"metrics_listen", &c.MetricsListen, nil, false},
		{"checkpoint_interval", nil, &c.CheckpointInterval, false},
		{"simulated_clock", &c.SimulatedClock, nil, true},
	}
}

type field struct {
	key      string
	text     *string
	duration *time.Duration
	isPath   bool
}

// A problem is one thing that is wrong with a configuration.
type problem struct {
	at   string // file and line, or key
	text string
	hint string
}

func (p *problem) Error() string {
	if p.at == "" {
		return p.text
	}
	return p.at + ": " + p.text
}

// problems are all of them at once.
type problems []*problem

func (ps problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "; ")
}

const maxConfig = 64 << 10

// parseConfig reads a configuration. Name is the file's, for messages. It finds
// every key that is wrong, and says nothing yet on whether the values make sense
// together.
func parseConfig(name string, b []byte) (*Config, problems) {
	c := &Config{Listen: "127.0.0.1:8080", CheckpointInterval: time.Second, DirectoryAfter: intake.DefaultDirectoryAfter}
	var found problems
	say := func(line int, hint, format string, args ...any) {
		at := name
		if line > 0 {
			at = fmt.Sprintf("%s:%d", name, line)
		}
		found = append(found, &problem{at, fmt.Sprintf(format, args...), hint})
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		say(0, "see pledgelog check-config --help for an example", "it is not YAML: %s", firstLine(err))
		return nil, found
	}
	switch {
	case len(file.Docs) > 1:
		say(0, "write all keys without --- lines between them; see pledgelog check-config --help for an example", "it has %d YAML documents, and a configuration is one", len(file.Docs))
		return nil, found
	case len(file.Docs) == 0, isEmpty(file.Docs[0].Body):
		say(0, "see pledgelog check-config --help for an example", "it is empty")
		return nil, found
	}
	var pairs []*ast.MappingValueNode
	switch body := file.Docs[0].Body.(type) {
	case *ast.MappingNode:
		pairs = body.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{body}
	default:
		say(0, "see pledgelog check-config --help for an example", "it is not a list of keys with their values")
		return nil, found
	}
	fields := c.fields()
	var seen []string
	for _, pair := range pairs {
		line := pair.Key.GetToken().Position.Line
		key, ok := pair.Key.(*ast.StringNode)
		i := -1
		if ok {
			i = slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		}
		switch {
		case i < 0:
			say(line, "the keys are "+strings.Join(keys(fields), ", "), "%s is not a key of the configuration", pair.Key.GetToken().Value)
			continue
		case slices.Contains(seen, key.Value):
			say(line, "give each key once", "%s stands there twice", key.Value)
			continue
		}
		seen = append(seen, key.Value)
		value, ok := scalar(pair.Value)
		if !ok {
			say(line, "write it as text, in quotation marks if need be", "%s is not text", key.Value)
			continue
		}
		if d := fields[i].duration; d != nil {
			if *d, err = time.ParseDuration(value); err != nil {
				say(line, "write a time such as 100ms or 2s", "%s is %q, which is not a length of time", key.Value, value)
			}
			continue
		}
		*fields[i].text = value
	}
	return c, found
}

// isEmpty reports whether a document has nothing in it but comments.
func isEmpty(body ast.Node) bool {
	return body == nil || body.Type() == ast.NullType || body.Type() == ast.CommentType
}

// scalar returns the text of a value. Numbers and truth values, anchors and
// aliases are none.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.NullNode:
		return "", true
	}
	return "", false
}

func keys(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.key
	}
	return out
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
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
// error is problems, all of them.
func loadConfig(path string) (*setup, error) {
	b, err := readInput(path, maxConfig, "give the configuration with --config; pledgelog check-config --help shows one")
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, found := parseConfig(path, b)
	if c == nil {
		return nil, found
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find configuration: %w", err)
	}
	for _, f := range c.fields() {
		if f.isPath && *f.text != "" && !filepath.IsAbs(*f.text) {
			*f.text = filepath.Join(dir, *f.text)
		}
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

// minInterval is the shortest time between two checkpoints.
const minInterval = embedded.MinInterval
