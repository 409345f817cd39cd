package main

import (
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// clock returns the moment that --simulated-clock tells, or this machine's. A
// clock file holds one line, YYYY-MM-DDThh:mm:ssZ, and is taken only for a
// demonstration log (protocol section 7, Simulated time).
func (a *app) clock(file, origin string) (time.Time, error) {
	if file == "" {
		return a.now(), nil
	}
	if !entry.IsDemonstration(origin) {
		return time.Time{}, commandline.Usagef("leave --simulated-clock out", "time is simulated only for logs under .example, and this one is %s", origin)
	}
	const hint = "write the time into it as one line, such as 2026-01-05T09:00:00Z"
	b, err := commandline.ReadInput("simulated clock", file, 100, hint)
	if err != nil {
		return time.Time{}, err
	}
	unix, err := entry.ParseTime(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return time.Time{}, commandline.Usagef(hint, "read simulated clock %s: %w", file, err)
	}
	return time.Unix(unix, 0), nil
}
