package monitor

import (
	"regexp"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// MaxConfig bounds a configuration, in bytes.
const MaxConfig = 1 << 20

// A Config is the configuration of a monitor: one YAML file. What its comments say is
// its documentation. Keys that are not here are refused. Paths are relative to the
// file's own folder. Secrets come from files or from the environment, and are never
// printed.
type Config struct {
	// State is the folder in which the monitor keeps where it came to, what it has not
	// delivered yet, and which alarms were acknowledged. One monitor at a time. Needed.
	State string `yaml:"state"`
	// Evidence is the folder for evidence bundles. Default: evidence in State.
	Evidence string `yaml:"evidence"`
	// Interval is the time from the end of a cycle to the next, of logs that have none
	// of their own. From 1s. Default: 5m.
	Interval time.Duration `yaml:"interval"`
	// Metrics is a file for the node exporter's textfile collector: its name ends in
	// .prom. Default: none.
	Metrics string `yaml:"metrics"`
	// Heartbeat is asked after each whole cycle, as long as no log's cycle is overdue.
	Heartbeat Heartbeat `yaml:"heartbeat"`
	// Logs are those to follow. At least one.
	Logs []Log `yaml:"logs"`
	// Sinks are where alarms go. Default: JSON lines on standard output.
	Sinks []Sink `yaml:"sinks"`
}

// A Heartbeat says that the monitor is alive.
type Heartbeat struct {
	Line int
	// URL is asked, with a GET or, for method post, a POST. It may be secret: then
	// give URLFile, a file that holds it, or URLEnv, a variable of the environment.
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
	URLEnv  string `yaml:"url_env"`
	Method  string `yaml:"method"` // get or post. Default: get.
	// Quiet leaves out the line on standard output.
	Quiet bool `yaml:"quiet"`

	url Secret
}

// A Log is one to follow.
type Log struct {
	Line int
	// Name is how alarms call it: lower-case letters, digits and hyphens. Needed.
	Name string `yaml:"name"`
	// Policy is the C2SP tlog-policy that says whose signatures count, from somewhere
	// other than the log. Needed.
	Policy string `yaml:"policy"`
	// Charter is the entry id of the log's charter, from somewhere other than the log.
	// Needed.
	Charter string `yaml:"charter"`
	// Origin says which log it is, where the policy names several.
	Origin string `yaml:"origin"`
	// Log is where it is read: an address, or a directory. Needed.
	Log string `yaml:"log"`
	// State is the folder of this log's state. Default: logs/NAME in the State of all.
	State string `yaml:"state"`
	// Interval as above.
	Interval time.Duration `yaml:"interval"`
	// Witnesses are asked for the newest checkpoint that they saw; Mirrors, which are
	// whole copies, for theirs.
	Witnesses []Peer `yaml:"witnesses"`
	Mirrors   []Peer `yaml:"mirrors"`
	// BehindAfter is how long the log may show less than what its key signed, or keep
	// a checkpoint from being compared, before that is misbehaviour; and how long a
	// witness or a mirror may show less than the log before that is an alarm of
	// infrastructure. Default: 1h.
	BehindAfter time.Duration `yaml:"behind_after"`
	// StaleAfter is how old the newest checkpoint may be, by its witnesses, or without
	// any by the newest entry. A log whose policy wants a quorum is cosigned anew every
	// five minutes, also when nobody writes to it. Default: 1h with a quorum; without,
	// any age, as such a log has no new checkpoint when nobody writes to it. A log of
	// simulated time has no age.
	StaleAfter time.Duration `yaml:"stale_after"`
	// SlowAfter is how long the log may take to send its checkpoint. Default: 10s.
	SlowAfter time.Duration `yaml:"slow_after"`
	// CertificateBefore is how long before its end the certificate of the log, a
	// witness or a mirror is an alarm. Default: 336h, which is 14 days.
	CertificateBefore time.Duration `yaml:"certificate_before"`
	// Patience is how long something has to be wrong with the infrastructure before
	// that is an alarm; 0s is none at all. Default: twice the interval, so that what is
	// seen in one cycle and not in the next is no alarm.
	Patience time.Duration `yaml:"patience"`
	// Timeout bounds a cycle. Default: 1h.
	Timeout time.Duration `yaml:"timeout"`
	// History has the rules look at what was logged before the first cycle too.
	History bool `yaml:"history"`
	// Rules say which statements are of interest. Default: none.
	Rules []Rule `yaml:"rules"`

	origin  string
	policy  *log.Policy
	charter entry.ID
}

// A Peer is a witness or a mirror.
type Peer struct {
	Line int
	// Name is how alarms call it. Needed.
	Name string `yaml:"name"`
	// URL is a witness's monitoring prefix, to which the log's part is added
	// (c2sp.org/tlog-witness), or a mirror's address or directory as `audit` reads it.
	// Needed.
	URL string `yaml:"url"`
	// Key is a witness's, as C2SP writes a verifier key. Default: that of the witness
	// of this name in the policy. What a witness shows is believed only with its own
	// cosignature. Where the policy names no witness at all and there is no key, what
	// is shown is only what a mirror shows. Of a mirror: that of its cosignature
	// (c2sp.org/tlog-mirror), for the same. Default: it is not asked for one.
	Key string `yaml:"key"`
	// Audits says of a witness that it audits the log: what it publishes of that is
	// read too (docs/witness.md).
	Audits bool `yaml:"audits"`

	key *log.Key
}

// A Sink is where alarms go.
type Sink struct {
	Line int
	// Type is stdout, webhook, smtp or atom. Needed.
	Type string `yaml:"type"`
	// Name is how messages and the queue call it. Default: its type.
	Name string `yaml:"name"`
	// Classes are the classes of alarms that it gets. Default: all.
	Classes []string `yaml:"classes"`

	// URL is a webhook's, which gets a POST for each alarm. It may be secret: then give
	// URLFile or URLEnv.
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
	URLEnv  string `yaml:"url_env"`
	// SecretFile or SecretEnv has the key of a webhook's signature: at least 16 bytes.
	// Default: not signed.
	SecretFile string `yaml:"secret_file"`
	SecretEnv  string `yaml:"secret_env"`

	// Server is the mail server, host:port. From and To are addresses.
	Server string   `yaml:"server"`
	From   string   `yaml:"from"`
	To     []string `yaml:"to"`
	// User and a password, if the server wants them. A password is only sent over TLS.
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	PasswordEnv  string `yaml:"password_env"`
	// Plain does without STARTTLS. Only for a server on this machine.
	Plain bool `yaml:"plain"`

	// EvidenceURL is the address of the folder of bundles, as the readers of a webhook or
	// a feed reach it: publishing it there is up to who runs the monitor. Default: none.
	EvidenceURL string `yaml:"evidence_url"`

	// File is the Atom feed, Link an address that it names as its own.
	File string `yaml:"file"`
	Link string `yaml:"link"`

	url, secret, password Secret
}

// A Secret is never printed. What fmt prints of a field that is not exported it does not
// ask for: so it is behind a pointer.
type Secret struct{ hidden *string }

func secret(s string) Secret { return Secret{&s} }

// reveal returns it, "" when there is none.
func (s Secret) reveal() string {
	if s.hidden == nil {
		return ""
	}
	return *s.hidden
}

// String and the like keep it out of messages and logs.
func (s Secret) String() string   { return "(secret)" }
func (s Secret) GoString() string { return "(secret)" }

const (
	defaultInterval    = 5 * time.Minute
	defaultBehind      = time.Hour
	defaultStale       = time.Hour // where there is a quorum
	defaultSlow        = 10 * time.Second
	defaultCertificate = 14 * 24 * time.Hour
	defaultTimeout     = time.Hour

	minInterval = time.Second

	// Bounds of a configuration.
	maxLogs  = 100
	maxPeers = 64
	maxRules = 200
	maxSinks = 20
)

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
