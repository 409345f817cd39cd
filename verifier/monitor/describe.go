package monitor

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/pledgelog/pledgelog/verifier"
)

// plainly says of an address that what goes there is not kept from anybody in between;
// "" of https and of a directory.
func plainly(at string) string {
	if u, err := url.Parse(at); err == nil && u.Scheme == "http" {
		return "  (plain HTTP: whoever sits in between can read it, and answer in its place)"
	}
	return ""
}

// whereOf names an address that may be secret: by itself only where the configuration has
// it, and else by where it comes from.
func whereOf(at, file, env string) string {
	return or(at, or(file, "the variable "+env))
}

// Describe says, a line each, what a monitor with this configuration reads, keeps, and
// sends where. No secret is among it.
func (c *Config) Describe() (lines []string) {
	say := func(what, format string, args ...any) {
		lines = append(lines, fmt.Sprintf("%-10s", what)+fmt.Sprintf(format, args...))
	}
	say("keeps", "state in %s, bundles in %s", c.State, c.Evidence)
	for i := range c.Logs {
		l := &c.Logs[i]
		say("reads", "log %s (%s): %s, %v after each cycle%s", l.Name, l.origin, l.Log, l.Interval, plainly(l.Log))
		for _, p := range l.Witnesses {
			and := ""
			if p.Audits {
				and = " and " + auditPath
			}
			say("reads", "witness %s: %s/<origin hash>/checkpoint%s%s", p.Name, strings.TrimRight(p.URL, "/"), and, plainly(p.URL))
		}
		for _, p := range l.Mirrors {
			say("reads", "mirror %s: %s%s", p.Name, p.URL, plainly(p.URL))
		}
		say("looks", "for what fits %s, from %s", verifier.Count(uint64(len(l.Rules)), "rule", "rules"), map[bool]string{false: "the first cycle on", true: "the first entry on"}[l.History])
	}
	for i := range c.Sinks {
		s := &c.Sinks[i]
		classes := "all alarms"
		if len(s.Classes) > 0 {
			classes = "alarms of " + strings.Join(s.Classes, ", ")
		}
		switch s.Type {
		case "stdout":
			say("sends", "%s to standard output", classes)
		case "webhook":
			signed := ", signed"
			if s.secret.reveal() == "" {
				signed = ", not signed: anybody who knows the address can send some"
			}
			say("sends", "%s to the webhook %s: %s%s%s", classes, s.Name, whereOf(s.URL, s.URLFile, s.URLEnv), signed, plainly(s.url.reveal()))
		case "smtp":
			say("sends", "%s by mail to %s, through %s", classes, strings.Join(s.To, ", "), s.Server)
		case "atom":
			say("writes", "%s to the feed %s", classes, s.File)
		}
	}
	if at := c.Heartbeat.url.reveal(); at != "" {
		say("asks", "%s after each whole cycle, as a heartbeat%s", whereOf(c.Heartbeat.URL, c.Heartbeat.URLFile, c.Heartbeat.URLEnv), plainly(at))
	}
	if c.Metrics != "" {
		say("writes", "metrics to %s", c.Metrics)
	}
	return lines
}
