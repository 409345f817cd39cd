package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// check says everything that is wrong with the values of a configuration and
// with the files that they name. It reads the policy and the key.
func (s *setup) check() problems {
	var found problems
	say := func(key, hint, format string, args ...any) {
		found = append(found, &problem{s.file + ": " + key, fmt.Sprintf(format, args...), hint})
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
		signer, p := readSigner(s.CheckpointKey)
		switch {
		case p != nil:
			say("checkpoint_key", p.hint, "%s", p.text)
		case signer.Name() != s.Origin && s.Origin != "":
			say("checkpoint_key", "use the key that was made for this origin", "the key is of %s, and origin is %s", signer.Name(), s.Origin)
		default:
			s.signer = signer
		}
	}
	if s.OperatorKey != "" {
		keys, p := readOperator(s.OperatorKey)
		if p != nil {
			say("operator_key", p.hint, "%s", p.text)
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
	s.checkAddresses(say)
	if s.CheckpointInterval < minInterval || s.CheckpointInterval > time.Hour {
		say("checkpoint_interval", "write a time from 100ms to 1h", "it is %v", s.CheckpointInterval)
	}
	if s.SimulatedClock != "" {
		if !entry.IsDemonstration(s.Origin) && !missing {
			say("simulated_clock", "leave it out: a real log has real time", "time is simulated only for origins whose host ends in .example, and this one is %s", s.Origin)
		}
		if _, err := readClock(s.SimulatedClock); err != nil {
			say("simulated_clock", "write the time into it as one line, such as 2026-01-05T09:00:00Z", "%v", err)
		}
	}
	return found
}

func (s *setup) checkPolicy(say func(key, hint, format string, args ...any)) {
	b, err := readFile(s.Policy, log.MaxPolicySize)
	if err != nil {
		say("policy", "write a policy of two lines: log and the vkey in checkpoint.pub, then quorum none", "read policy: %v", plainError(err))
		return
	}
	p, err := log.ParsePolicy(b)
	if err != nil {
		say("policy", "see c2sp.org/tlog-policy for the format", "%s: %v", s.Policy, err)
		return
	}
	if s.signer != nil && !slices.ContainsFunc(p.Logs, func(l log.LogKey) bool { return l.Key.Equal(s.signer.Key()) }) {
		say("policy", "add the line: log "+s.signer.Key().String(), "%s does not name the checkpoint key, so that nobody who follows it would believe this log", s.Policy)
	}
	if p.Quorum != log.QuorumNone {
		say("policy", "write quorum none, and say to your readers that time and completeness rest on your word until witnesses are supported", "%s wants the quorum %s, and this version of the server cannot ask witnesses yet", s.Policy, p.Quorum)
	}
	s.policy = p
}

func (s *setup) checkAddresses(say func(key, hint, format string, args ...any)) {
	for _, a := range []struct{ key, value string }{{"listen", s.Listen}, {"metrics_listen", s.MetricsListen}} {
		if a.value == "" {
			if a.key == "listen" {
				say(a.key, "give an address and a port, such as 127.0.0.1:8080", "it is empty")
			}
			continue
		}
		_, port, err := net.SplitHostPort(a.value)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			say(a.key, "give an address and a port, such as 127.0.0.1:8080", "%q is not an address with a port", a.value)
		}
	}
	if s.Listen != "" && s.Listen == s.MetricsListen && !strings.HasSuffix(s.Listen, ":0") {
		say("metrics_listen", "choose another port: metrics are not for the public", "it is the same as listen")
	}
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
