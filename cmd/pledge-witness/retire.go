package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// A retiredKey is a key as `list --json` prints it.
type retiredKey struct {
	Key  string `json:"key"`
	When string `json:"when"`
}

// shortKey is a vkey without the key itself, which may have thousands of characters.
func shortKey(vkey string) string {
	parts := strings.SplitN(vkey, "+", 3)
	return strings.Join(parts[:min(2, len(parts))], "+")
}

func (a *app) retireKeyCommand() *cobra.Command {
	return a.configured(&cobra.Command{
		Use:   "retire-key --config FILE ORIGIN KEY",
		Short: "cosign nothing further that a key of a log signs, also while the witness runs",
		Long: `retire-key is for a key of a log that was stolen: from the next request on a checkpoint
needs a signature by another key of the log. Tell the witness of that one first
(add-log --add-key): the last key can't be retired, and disable-log is for a log
that has no other.

KEY is the vkey, or as much of it as NAME+ID. What was cosigned stays. The key stays
on record with the time, "list" shows it, and nothing brings it back.

It doesn't help where the thief was faster: a checkpoint that was cosigned is never
forgotten, and a log that it is no part of can't be cosigned here any more. See
"Changing the checkpoint key" in docs/operating.md.`,
		Example: `  pledge-witness retire-key --config witness.yaml log.accord.example/2026 log.accord.example/2026+01234567+AQ...
  pledge-witness retire-key --config witness.yaml log.accord.example/2026 log.accord.example/2026+01234567`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return commandline.Usagef("name the log by its origin, and the key by its vkey", "there are %d arguments and not 2", len(args))
			}
			return nil
		},
	}, func(ctx context.Context, s *setup, args []string) error {
		state, err := s.openState()
		if err != nil {
			return err
		}
		l, err := state.Load(args[0])
		switch {
		case errors.Is(err, witness.ErrUnknownLog):
			return commandline.Refusedf("see `pledge-witness list`", "there is no log %q", args[0])
		case err != nil:
			return stateFailure(err)
		}
		at := slices.IndexFunc(l.Keys, func(k log.Key) bool { return k.String() == args[1] || fmt.Sprintf("%s+%08x", k.Name, k.ID) == args[1] })
		if at < 0 {
			return commandline.Refusedf("see `pledge-witness list --json`", "%s has no key %q here", l.Origin, args[1])
		}
		now, err := daemon.Clock(s.SimulatedClock, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		changed, err := state.Retire(ctx, l.Origin, l.Keys[at], now())
		switch {
		case errors.Is(err, witness.ErrLastKey):
			return commandline.Refusedf("tell the witness of the log's new key first (add-log --add-key), or see disable-log", "%s can't be retired: it is the only key of %s that is left", args[1], l.Origin)
		case err != nil:
			return stateFailure(err)
		case !changed:
			a.Note("%s was retired already", args[1])
		}
		if l, err = state.Load(l.Origin); err != nil {
			return stateFailure(err)
		}
		a.noteAudit(l)
		a.Printf("origin   %s\nretired  %s\nkeys     %d\nsize     %d\n", l.Origin, l.Keys[at], len(l.Signing()), l.Head.Size)
		return nil
	})
}

// noteAudit says which keys of a log its audit does not know: with the next change of keys
// that would end its cosignatures.
func (a *app) noteAudit(l *witness.Log) {
	for _, k := range l.AuditLacks() {
		a.Note("the policy with which %s is audited has no line for its key %s+%08x: what that key alone signs is refused; give the log's new policy, %s", l.Origin, k.Name, k.ID, setPolicy(l))
	}
}

// setPolicy is how the audit of a log gets another policy.
func setPolicy(l *witness.Log) string {
	return fmt.Sprintf("`pledge-witness add-log --audit %s --policy NEW --charter %s VKEY`", l.Audit.Source, l.Audit.Charter)
}

// unshared refuses further keys of a log that one of another origin has.
func unshared(state *witness.State, origin string, keys []log.Key) error {
	own, err := state.Load(origin)
	if err != nil && !errors.Is(err, witness.ErrUnknownLog) {
		return stateFailure(err)
	}
	logs, _ := state.Logs() // what else can't be read is told where it matters
	for _, k := range keys {
		has := func(l *witness.Log) bool {
			return slices.ContainsFunc(l.Keys, func(o log.Key) bool { return bytes.Equal(o.Public, k.Public) })
		}
		if own != nil && has(own) {
			continue
		}
		for _, l := range logs {
			if has(l) {
				return commandline.Refusedf("look at --origin; if two logs have one key, say --shared-key", "%s+%08x is a key of %s already, and not of %s", k.Name, k.ID, l.Origin, origin)
			}
		}
	}
	return nil
}
