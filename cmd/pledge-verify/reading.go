package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// trust is what a person believes before a log says anything: where trust starts.
type trust struct{ policy, charter string }

// flags declares --policy and --charter. More is added to what is said of the latter.
func (t *trust) flags(cmd *cobra.Command, more string) {
	policyFlag(cmd, &t.policy)
	cmd.Flags().StringVar(&t.charter, "charter", "", "entry `ID` of the charter, from somewhere other than the log"+more)
}

func policyFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "policy", "", "`FILE` with the trust policy (c2sp.org/tlog-policy)")
}

func (t *trust) read() (*log.Policy, entry.ID, error) {
	policy, err := readPolicy(t.policy)
	if err != nil {
		return nil, entry.ID{}, err
	}
	id, err := charterID(t.charter)
	return policy, id, err
}

// charterID reads --charter; "" is none.
func charterID(s string) (entry.ID, error) {
	if s == "" {
		return entry.ID{}, nil
	}
	const hint = "give the entry id that the secretariat published, which is what `pledgelog init` printed: "
	id, err := entry.ParseID(s)
	if err != nil {
		return id, commandline.Usagef(hint+"64 lower-case hex digits", "--charter is not an entry id")
	}
	if id.IsZero() {
		return id, commandline.Usagef(hint+"it is never all zeros", "--charter is all zeros, which is no statement's entry id")
	}
	return id, nil
}

// openLog opens what a person named as a log.
func openLog(arg string) (log.Source, error) {
	source, err := log.OpenSource(arg)
	if err != nil {
		code := commandline.ExitUndecided
		if strings.Contains(arg, "://") {
			code = commandline.ExitUsage // nobody was asked: the address is none
		}
		return nil, &commandline.Failure{Code: code, Err: err, Hint: "name an address that begins with http:// or https://, a directory that holds a log, or a .tar of one"}
	}
	return source, nil
}

func timeoutFlag(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "timeout", 24*time.Hour, "end, undecided, what takes longer than this `TIME`, as 90s or 2h; 0: wait for ever")
}

// limited ends a context after --timeout.
func limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc, error) {
	if timeout < 0 {
		return nil, nil, commandline.Usagef("write a time as 90s or 2h", "--timeout is negative")
	}
	if timeout == 0 {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, cancel, nil
}

// garbage is how much of what is no longer used may lie in memory before it is
// collected, in bytes, beside so much that is used. What an audit keeps grows with the
// log; the more it keeps, the less garbage there is to be, so that all in all it takes
// little more memory for each statement than what it keeps of it.
func garbage(used uint64) uint64 {
	const most, least = 160 << 20, 32 << 20
	return most - min(most-least, used/8*5)
}

// boundGarbage has the garbage of an audit collected after each so many bytes. As
// what it keeps holds no pointers, looking it through costs little. It returns what
// ends this.
func boundGarbage() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	last := 0
	set := func() {
		metrics.Read(live)
		used := live[0].Value.Uint64()
		if percent := int(min(400, max(5, garbage(used)*100/max(1, used)))); percent != last {
			last = percent
			debug.SetGCPercent(percent)
		}
	}
	done := make(chan struct{})
	go func() {
		for tick := time.NewTicker(200 * time.Millisecond); ; {
			set()
			select {
			case <-tick.C:
			case <-done:
				tick.Stop()
				return
			}
		}
	}()
	return func() { close(done) }
}
