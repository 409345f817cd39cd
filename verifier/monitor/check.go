package monitor

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// ParseConfig reads a configuration and the files that it names, and checks it whole.
// File is its path. An error is a *Problems, all of them. Getenv reads the environment.
func ParseConfig(file string, b []byte, getenv func(string) string) (*Config, error) {
	c := new(Config)
	r := &reader{lines: make(map[string]int)}
	if len(b) > MaxConfig {
		r.say(0, "take things out of it", "it has over %d bytes", MaxConfig)
	} else {
		r.read(b, c)
	}
	if len(r.found) == 0 {
		k := &checker{reader: r, dir: folderOf(file), getenv: getenv}
		k.config(c)
	}
	if len(r.found) > 0 {
		slices.SortStableFunc(r.found, func(x, y Problem) int { return x.Line - y.Line })
		return nil, &Problems{file, r.found}
	}
	return c, nil
}

// A checker completes a configuration.
type checker struct {
	*reader
	dir    string
	getenv func(string) string
}

// folderOf is the folder of a file. What an alarm names is to be found from anywhere: it
// does not hang on where the monitor was started.
func folderOf(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	return filepath.Dir(file)
}

// path puts a path in the place that it has seen from the configuration's folder.
func (k *checker) path(s *string) {
	if *s != "" && !filepath.IsAbs(*s) {
		*s = filepath.Join(k.dir, *s)
	}
}

func (k *checker) need(at int, path, value, hint string) bool {
	if value == "" {
		k.say(at, hint, "%s is missing", path)
	}
	return value != ""
}

func (k *checker) config(c *Config) {
	if k.need(0, "state", c.State, "name a folder of the monitor's own with state") {
		k.path(&c.State)
	}
	if c.Evidence == "" {
		c.Evidence = filepath.Join(c.State, "evidence")
	} else {
		k.path(&c.Evidence)
	}
	c.Interval = k.interval("interval", c.Interval, defaultInterval)
	if c.Metrics != "" {
		k.path(&c.Metrics)
		if !strings.HasSuffix(c.Metrics, ".prom") {
			k.say(k.lines["metrics"], "the node exporter reads files that end in .prom", "metrics does not end in .prom")
		}
	}
	h := &c.Heartbeat
	h.url, _ = k.secret(h.Line, "heartbeat.url", h.URL, h.URLFile, h.URLEnv)
	k.webAddress(h.Line, "heartbeat.url", h.url.reveal())
	switch h.Method {
	case "":
		h.Method = "get"
	case "get", "post":
	default:
		k.say(k.lines["heartbeat.method"], "use get or post", "heartbeat.method is neither get nor post")
	}
	if len(c.Logs) == 0 {
		k.say(0, "name at least one log under logs; "+exampleHint, "there is no log to follow")
	}
	k.most("logs", len(c.Logs), maxLogs)
	k.most("sinks", len(c.Sinks), maxSinks)
	names, states := make(map[string]bool), make(map[string]bool)
	for i := range c.Logs {
		k.log(c, &c.Logs[i], fmt.Sprintf("logs[%d]", i+1))
		if l := c.Logs[i]; l.Name != "" && names[l.Name] || states[l.State] {
			k.say(l.Line, "give each log a name and a state folder of its own", "logs[%d] has the name or the state of another log", i+1)
		}
		names[c.Logs[i].Name], states[c.Logs[i].State] = true, true
	}
	if len(c.Sinks) == 0 {
		c.Sinks = []Sink{{Type: "stdout"}}
	}
	names = make(map[string]bool)
	for i := range c.Sinks {
		s := &c.Sinks[i]
		k.sink(s, fmt.Sprintf("sinks[%d]", i+1))
		if names[s.Name] {
			k.say(s.Line, "give each sink a name of its own", "sinks[%d] has the name of another sink", i+1)
		}
		names[s.Name] = true
	}
}

func (k *checker) most(path string, n, most int) {
	if n > most {
		k.say(k.lines[path], "run a second monitor for the others", "%s has %d, at most %d", path, n, most)
	}
}

func (k *checker) interval(path string, d, def time.Duration) time.Duration {
	switch {
	case d == 0:
		return def
	case d < minInterval:
		k.say(k.lines[path], "write it as 30s or 5m", "%s is shorter than a second", path)
	}
	return d
}

func (k *checker) name(at int, path, name string) {
	if name != "" && (len(name) > 63 || !nameForm.MatchString(name)) {
		k.say(at, "use lower-case letters, digits, and hyphens between them, at most 63", "%s is not a name", path)
	}
}

func (k *checker) log(c *Config, l *Log, path string) {
	if k.need(l.Line, path+".name", l.Name, "give it a short name: alarms call it that") {
		k.name(l.Line, path+".name", l.Name)
	}
	k.policy(l, path)
	if k.need(l.Line, path+".charter", l.Charter, "give the entry id that the secretariat published, 64 hex digits") {
		id, err := entry.ParseID(l.Charter)
		if err != nil || id.IsZero() {
			k.say(k.lines[path+".charter"], "give the entry id that the secretariat published, 64 lower-case hex digits", "%s.charter is not an entry id", path)
		}
		l.charter = id
	}
	if k.need(l.Line, path+".log", l.Log, "name the log's address, or a directory that holds it") {
		k.copyAt(k.lines[path+".log"], path+".log", &l.Log)
	}
	if l.State == "" {
		l.State = filepath.Join(c.State, "logs", l.Name)
	} else {
		k.path(&l.State)
	}
	l.Interval = k.interval(path+".interval", l.Interval, c.Interval)
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{{&l.BehindAfter, defaultBehind}, {&l.SlowAfter, defaultSlow}, {&l.CertificateBefore, defaultCertificate}, {&l.Timeout, defaultTimeout}} {
		if *d.of == 0 {
			*d.of = d.def
		}
	}
	if k.lines[path+".patience"] == 0 {
		// What is over by the next cycle, or the one after it, wakes nobody.
		l.Patience = 2 * l.Interval
	}
	if l.StaleAfter == 0 && l.policy != nil && l.policy.Quorum != log.QuorumNone {
		l.StaleAfter = defaultStale
	}
	k.most(path+".witnesses", len(l.Witnesses), maxPeers)
	k.most(path+".mirrors", len(l.Mirrors), maxPeers)
	k.most(path+".rules", len(l.Rules), maxRules)
	for _, list := range []struct {
		key   string
		peers []Peer
	}{{"witnesses", l.Witnesses}, {"mirrors", l.Mirrors}} {
		seen := make(map[string]bool)
		for i := range list.peers {
			p, at := &list.peers[i], fmt.Sprintf("%s.%s[%d]", path, list.key, i+1)
			if k.need(p.Line, at+".name", p.Name, "give it a short name: alarms call it that") {
				k.name(p.Line, at+".name", p.Name)
			}
			if seen[p.Name] {
				k.say(p.Line, "give each a name of its own", "%s has the name of another one", at)
			}
			seen[p.Name] = true
			if !k.need(p.Line, at+".url", p.URL, "name where it is read") {
				continue
			}
			k.copyAt(p.Line, at+".url", &p.URL)
			if list.key == "witnesses" {
				k.witnessKey(l.policy, p, at)
			} else if p.Key != "" {
				k.peerKey(l.policy, p, at, "mirror")
			}
			if list.key == "mirrors" && p.Audits {
				k.say(p.Line, "take it out, or name it under witnesses too", "%s is no witness, and publishes no audits", at)
			}
		}
	}
	seen := make(map[string]bool)
	for i := range l.Rules {
		r := &l.Rules[i]
		k.rule(r, fmt.Sprintf("%s.rules[%d]", path, i+1))
		if seen[r.Name] {
			k.say(r.Line, "give each rule a name of its own", "%s.rules[%d] has the name of another rule", path, i+1)
		}
		seen[r.Name] = true
	}
}

func (k *checker) policy(l *Log, path string) {
	if !k.need(l.Line, path+".policy", l.Policy, "name the file with the trust policy: it holds the log's key; get it from somewhere other than the log") {
		return
	}
	k.path(&l.Policy)
	at := k.lines[path+".policy"]
	b, err := readSmall(l.Policy, log.MaxPolicySize)
	if err != nil {
		k.say(at, "see whether the name is that of the right file", "%s.policy: %v", path, err)
		return
	}
	p, err := log.ParsePolicy(b)
	if err != nil {
		k.say(at, "see c2sp.org/tlog-policy for the format", "%s.policy: %v", path, err)
		return
	}
	l.policy = p
	var origins []string
	for _, key := range p.Logs {
		if !slices.Contains(origins, key.Key.Name) {
			origins = append(origins, key.Key.Name)
		}
	}
	switch {
	case l.Origin == "" && len(origins) == 1:
		l.origin = origins[0]
	case l.Origin == "":
		k.say(l.Line, "name the one that is meant with origin", "%s: its policy names %d logs", path, len(origins))
	case !slices.Contains(origins, l.Origin):
		k.say(k.lines[path+".origin"], "give a log of the policy, or leave origin out", "%s.origin is not in its policy", path)
	default:
		l.origin = l.Origin
	}
}

// witnessKey finds the key by which a witness is known. Nobody else is taken for one: a
// witness without a key could be anybody between it and the monitor.
func (k *checker) witnessKey(policy *log.Policy, p *Peer, path string) {
	if policy == nil {
		return // which is said already
	}
	if p.Key != "" {
		k.peerKey(policy, p, path, "witness")
		return
	}
	for _, w := range policy.Witnesses {
		if w.Name == p.Name {
			p.key = &w.Key
			return
		}
	}
	if len(policy.Witnesses) > 0 && p.Name != "" {
		k.say(p.Line, "name it as the policy does, or give its key, or name it under mirrors", "%s is no witness of the policy, and has no key", path)
	}
}

// peerKey reads the key that is given for a witness or a mirror. A mirror's is nobody's
// else: what a witness signs says less, and anybody serves it.
func (k *checker) peerKey(policy *log.Policy, p *Peer, path, kind string) {
	key, err := log.ParseKey(p.Key)
	switch {
	case err != nil || key.Type != log.TypeCosignature && key.Type != log.TypeMLDSA44:
		k.say(p.Line, "give the verifier key that the "+kind+" publishes, NAME+ID+KEY", "%s.key is no key of a %s", path, kind)
	case policy == nil: // which is said already
	case slices.ContainsFunc(policy.Logs, func(l log.LogKey) bool { return l.Key.Equal(key) }):
		k.say(p.Line, "give the verifier key that the "+kind+" publishes", "%s.key is a log's", path)
	case kind == "mirror" && slices.ContainsFunc(policy.Witnesses, func(w log.Witness) bool { return w.Key.Equal(key) }):
		k.say(p.Line, "give the verifier key that the mirror publishes, or none", "%s.key is a witness's", path)
	default:
		p.key = &key
	}
}

// copyAt checks where a copy of a log is read.
func (k *checker) copyAt(at int, path string, s *string) {
	if !strings.Contains(*s, "://") {
		k.path(s)
		return
	}
	if _, err := log.NewHTTPSource(*s, log.HTTPOptions{}); err != nil {
		k.say(at, "name an address that begins with http:// or https://, without a user name, or a directory", "%s is not an address of a log", path)
	}
}

func (k *checker) webAddress(at int, path, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		k.say(at, "give an address that begins with https:// or http://", "%s is not an address", path)
	}
}

// secret reads what may be secret: the value itself where that is allowed, a file, or
// a variable of the environment. It is not known whether it had to be there.
func (k *checker) secret(at int, path, value, file, env string) (Secret, bool) {
	given := 0
	for _, s := range []string{value, file, env} {
		if s != "" {
			given++
		}
	}
	switch {
	case given > 1:
		k.say(at, "give one of them", "%s is given in two ways", path)
	case value != "":
		return secret(value), true
	case file != "":
		k.path(&file)
		b, err := readSmall(file, 64<<10)
		if err != nil {
			k.say(at, "see that the file is there and can be read", "%s: %v", path, err)
			return Secret{}, false
		}
		s := strings.TrimSpace(string(b))
		if s == "" {
			k.say(at, "put it into the file, on one line", "%s: the file is empty", path)
		}
		return secret(s), s != ""
	case env != "":
		s := strings.TrimSpace(k.getenv(env))
		if s == "" {
			k.say(at, "set the variable for the monitor", "%s: the variable of the environment is not set", path)
		}
		return secret(s), s != ""
	}
	return Secret{}, false
}

func readSmall(file string, limit int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", file, limit)
	}
	return os.ReadFile(file)
}

func (k *checker) sink(s *Sink, path string) {
	allowed := map[string][]string{
		"stdout":  {},
		"webhook": {"url", "url_file", "url_env", "secret_file", "secret_env", "evidence_url"},
		"smtp":    {"server", "from", "to", "user", "password_file", "password_env", "plain"},
		"atom":    {"file", "link", "evidence_url"},
	}
	keys, ok := allowed[s.Type]
	if !ok {
		k.say(s.Line, "use stdout, webhook, smtp or atom", "%s.type is none", path)
		return
	}
	for key, at := range k.lines {
		own, ok := strings.CutPrefix(key, path+".")
		if ok && !slices.Contains(append(keys, "type", "name", "classes"), own) {
			k.say(at, "take it out", "%s: a sink of type %s has no %s", path, s.Type, own)
		}
	}
	if s.Name == "" {
		s.Name = s.Type
	}
	k.name(s.Line, path+".name", s.Name)
	for _, c := range s.Classes {
		if !slices.Contains(Classes, Class(c)) {
			k.say(s.Line, "the classes are misbehaviour, interest and infrastructure", "%s.classes has one that there is not", path)
		}
	}
	k.webAddress(s.Line, path+".evidence_url", s.EvidenceURL)
	switch s.Type {
	case "webhook":
		if s.url, ok = k.secret(s.Line, path+".url", s.URL, s.URLFile, s.URLEnv); !ok && s.URL+s.URLFile+s.URLEnv == "" {
			k.say(s.Line, "give url, url_file or url_env", "%s.url is missing", path)
		}
		k.webAddress(s.Line, path+".url", s.url.reveal())
		if s.secret, ok = k.secret(s.Line, path+".secret", "", s.SecretFile, s.SecretEnv); ok && len(s.secret.reveal()) < 16 {
			k.say(s.Line, "make one with: head -c 32 /dev/urandom | base64", "%s: the secret has fewer than 16 bytes", path)
		}
	case "smtp":
		k.smtp(s, path)
	case "atom":
		if k.need(s.Line, path+".file", s.File, "name the file of the feed") {
			k.path(&s.File)
		}
		k.webAddress(s.Line, path+".link", s.Link)
	}
}

func (k *checker) smtp(s *Sink, path string) {
	host := ""
	if k.need(s.Line, path+".server", s.Server, "name the mail server as host:port, such as mail.example.org:587") {
		var err error
		if host, _, err = net.SplitHostPort(s.Server); err != nil || host == "" {
			k.say(s.Line, "write it as host:port, such as mail.example.org:587", "%s.server is not host:port", path)
		}
	}
	if len(s.To) == 0 {
		k.say(s.Line, "name at least one address under to", "%s.to is missing", path)
	}
	k.need(s.Line, path+".from", s.From, "name the address that mail comes from")
	for _, a := range append(slices.Clone(s.To), s.From) {
		if p, err := mail.ParseAddress(a); a != "" && (err != nil || p.Address != a) {
			k.say(s.Line, "write name@host alone", "%s: an address is none", path)
		}
	}
	s.password, _ = k.secret(s.Line, path+".password", "", s.PasswordFile, s.PasswordEnv)
	if (s.User == "") != (s.password.reveal() == "") && s.User+s.PasswordFile+s.PasswordEnv != "" {
		k.say(s.Line, "give both, or none of them", "%s: user and password stand together", path)
	}
	if s.Plain {
		ip := net.ParseIP(host)
		if host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			k.say(s.Line, "take plain out: mail leaves this machine by STARTTLS alone", "%s: plain is for a server on this machine", path)
		}
		if s.User != "" {
			k.say(s.Line, "take user or plain out", "%s: a password is only sent over TLS", path)
		}
	}
}

// meaning reports whether a finding has this code.
func meaning(code string) (pledge.Meaning, bool) { return verifier.MeaningOf(entry.Code(code)) }
