package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/configfile"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

// check says everything that is wrong with the values of a configuration and
// with the files that they name. It reads the policy and the key.
func (s *setup) check() configfile.Problems {
	var found configfile.Problems
	say := func(key, hint, format string, args ...any) {
		found = append(found, &configfile.Problem{At: s.file + ": " + key, Text: fmt.Sprintf(format, args...), Hint: hint})
	}
	missing := false
	for _, m := range []struct{ key, value, hint string }{
		{"origin", s.Origin, "give the log's name, its address without https://, such as log.accord.example/2026"},
		{"directory", s.Directory, "give the folder that readers see, such as log"},
		{"state", s.State, "give a folder for the server's own state, outside directory, such as state"},
		{"policy", s.Policy, "give the policy file, such as policy.txt"},
		{"checkpoint_key", s.CheckpointKey, "make the key with `pledgelog keygen` and give the path of checkpoint.key"},
	} {
		if m.value == "" {
			missing = true
			say(m.key, m.hint, "it is missing")
		}
	}
	if s.Origin != "" {
		if err := checkOrigin(s.Origin); err != nil {
			say("origin", "give the log's address without https://, such as log.accord.example/2026", "%v", err)
		}
	}
	if s.CheckpointKey != "" {
		signer, p := readSecret(s.CheckpointKey, "checkpoint.key", parseSigner)
		switch {
		case p != nil:
			say("checkpoint_key", p.Hint, "%s", p.Text)
		case signer.Name() != s.Origin && s.Origin != "":
			say("checkpoint_key", "use the key that was made for this origin", "the key is of %s, and origin is %s", signer.Name(), s.Origin)
		default:
			s.signer = signer
		}
	}
	for _, f := range s.furtherKeys() {
		if f.path == "" {
			continue
		}
		further, p := readSecret(f.path, f.name+".key", f.parse)
		switch {
		case p != nil:
			say(f.conf, p.Hint, "%s", p.Text)
		case further.Key().Name != s.Origin && s.Origin != "":
			say(f.conf, "use the key that was made for this origin", "the key is of %s, and origin is %s", further.Key().Name, s.Origin)
		case s.signer != nil && further.Key().Equal(s.signer.Key()):
			say(f.conf, "leave it out, or give the key that checkpoint_key replaces", "it is the same key as checkpoint_key")
		default:
			s.further = append(s.further, furtherKey{f.conf, further})
		}
	}
	if s.OperatorKey != "" {
		keys, p := readOperator(s.OperatorKey)
		if p != nil {
			say("operator_key", p.Hint, "%s", p.Text)
		}
		s.operator = keys
	}
	if s.DirectoryAfter < minDirectoryAfter || s.DirectoryAfter > maxDirectoryAfter {
		say("directory_after", "write a time from 1m to 20h: one is due within a day", "it is %v", s.DirectoryAfter)
	}
	if s.Policy != "" {
		s.checkPolicy(say)
	}
	if s.Directory != "" && s.State != "" && isInside(s.State, s.Directory) {
		say("state", "choose a folder outside directory: everything in directory is public, and a copy of it must not bring the state along", "%s is inside directory %s", s.State, s.Directory)
	}
	for _, d := range []struct{ key, path string }{{"directory", s.Directory}, {"state", s.State}} {
		if info, err := os.Stat(d.path); d.path != "" && err == nil && !info.IsDir() {
			say(d.key, "give a folder; `pledgelog init` makes it", "%s is not a folder", d.path)
		}
	}
	daemon.CheckAddresses(s.Listen, s.MetricsListen, "127.0.0.1:8080", say)
	if s.CheckpointInterval < minInterval || s.CheckpointInterval > time.Hour {
		say("checkpoint_interval", "write a time from 100ms to 1h", "it is %v", s.CheckpointInterval)
	}
	if s.DumpKeep < 0 || s.DumpKeep > maxDumpKeep || s.DumpKeep%oneDay != 0 {
		say("dump_keep", "write whole days from 0h to 8760h, such as 168h for a week", "it is %v", s.DumpKeep)
	}
	if s.DataLicense != "" && !spdx.MatchString(s.DataLicense) {
		say("data_license", "give an identifier of spdx.org/licenses, such as CC-BY-4.0", "it is %q", s.DataLicense)
	}
	if s.SimulatedClock != "" {
		if !entry.IsDemonstration(s.Origin) && !missing {
			say("simulated_clock", "leave it out: a real log has real time", "time is simulated only for origins whose host ends in .example, and this one is %s", s.Origin)
		}
		if _, err := daemon.ReadClock(s.SimulatedClock); err != nil {
			say("simulated_clock", "write the time into it as one line, such as 2026-01-05T09:00:00Z", "%v", err)
		}
	}
	return found
}

// spdx is the form of a licence's identifier.
var spdx = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+-]{0,99}$`)

func (s *setup) checkPolicy(say func(key, hint, format string, args ...any)) {
	b, err := readFile(s.Policy, log.MaxPolicySize)
	if err != nil {
		say("policy", "write a policy: log and the vkey in checkpoint.pub, a line for each witness, then the quorum", "read policy: %v", commandline.PlainError(err))
		return
	}
	p, err := log.ParsePolicy(b)
	if err != nil {
		say("policy", "see c2sp.org/tlog-policy for the format", "%s: %v", s.Policy, err)
		return
	}
	lists := func(k log.Key) bool {
		return slices.ContainsFunc(p.Logs, func(l log.LogKey) bool { return l.Key.Equal(k) })
	}
	if s.signer != nil && !lists(s.signer.Key()) {
		say("policy", "add the line: log "+s.signer.Key().String(), "%s does not name the checkpoint key, so that nobody who follows it would believe this log", s.Policy)
	}
	for _, f := range s.further {
		if k := f.signer.Key(); !lists(k) {
			say("policy", "add the line: log "+k.String(), "%s does not name the key of %s, %s+%08x", s.Policy, f.conf, k.Name, k.ID)
		}
	}
	for _, w := range p.Witnesses {
		if err := witnessing.CheckURL(w.URL); err != nil && w.URL != "" {
			say("policy", "give the submission prefix that the witness's operator names", "witness %s: %v", w.Name, err)
		}
	}
	if !p.SatisfiedBy(func(i int) bool { return p.Witnesses[i].URL != "" }) {
		say("policy", "add the submission prefix at the end of its witness line, or choose a quorum that does without", "the quorum %s cannot be reached: no address is given for %s", p.Quorum, strings.Join(withoutURL(p), ", "))
	}
	s.policy = p
}

// withoutURL names the witnesses that can't be asked.
func withoutURL(p *log.Policy) []string {
	var names []string
	for _, w := range p.Witnesses {
		if w.URL == "" {
			names = append(names, w.Name)
		}
	}
	return names
}

// plainHTTP names the witnesses that are asked over plain HTTP on another machine.
func plainHTTP(p *log.Policy) []string {
	var names []string
	for _, w := range p.Witnesses {
		u, err := url.Parse(w.URL)
		if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
			continue
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
			names = append(names, w.Name)
		}
	}
	return names
}

// oneAddress names witnesses that the quorum may count one by one although they are asked
// at one host: each is a key, and one machine may have all of them. Of a group of which any
// one member is enough, such as a witness with two keys, one counts.
func oneAddress(p *log.Policy) [][]string {
	counts := map[string]bool{p.Quorum: true}
	alone := make(map[string]string)              // by witness, the group that counts one of its members
	for _, g := range slices.Backward(p.Groups) { // each stands after its members
		for _, m := range g.Members {
			counts[m] = counts[g.Name]
			if g.K == 1 {
				alone[m] = g.Name
			}
		}
	}
	var hosts []string
	at := make(map[string][]string)
	groups := make(map[string]bool)
	for _, w := range p.Witnesses {
		u, err := url.Parse(w.URL)
		if err != nil || w.URL == "" || !counts[w.Name] {
			continue
		}
		host := strings.ToLower(u.Host)
		if g := alone[w.Name]; g != "" {
			if groups[host+" "+g] {
				continue
			}
			groups[host+" "+g] = true
		}
		if at[host] == nil {
			hosts = append(hosts, host)
		}
		at[host] = append(at[host], w.Name)
	}
	var out [][]string
	for _, h := range hosts {
		if len(at[h]) > 1 {
			out = append(out, at[h])
		}
	}
	return out
}

// isInside reports whether path is dir or below it, whatever links lead there.
func isInside(path, dir string) bool {
	rel, err := filepath.Rel(resolve(dir), resolve(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve follows the links in the part of a path that exists.
func resolve(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if !errors.Is(err, fs.ErrNotExist) || parent == path {
		return path
	}
	return filepath.Join(resolve(parent), filepath.Base(path))
}
