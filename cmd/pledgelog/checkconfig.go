package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

func (a *app) checkConfigCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check-config --config FILE",
		Short: "say what is wrong with a configuration",
		Long: `check-config reads a configuration and the policy and key that it names, and says
everything that is wrong with them at once; then it ends with 2. It changes
nothing.

A configuration has these keys. Paths are relative to its folder.

` + indent(exampleConfig),
		Example: `  pledgelog check-config --config pledgelog.yaml`,
		Args:    commandline.NoArguments,
		RunE: do(func(context.Context) error {
			if err := needConfig("check-config", path); err != nil {
				return err
			}
			s, err := loadConfig(path)
			if err != nil {
				return err
			}
			a.describe(s)
			return nil
		}),
	}
	configFlag(cmd, &path)
	return cmd
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ")
}

// describeWitnesses says who is asked and who must have answered.
func describeWitnesses(p *log.Policy) string {
	asked := len(p.Witnesses) - len(withoutURL(p))
	if asked == 0 && p.Quorum == log.QuorumNone {
		return "none"
	}
	return fmt.Sprintf("%d asked, quorum %s", asked, p.Quorum)
}

// describe says what a good configuration will do.
func (a *app) describe(s *setup) {
	clock := "this machine's"
	if s.SimulatedClock != "" {
		clock = "simulated, from " + s.SimulatedClock
	}
	operator := "none"
	for i, key := range s.operator {
		if i == 0 {
			operator = fmt.Sprintf("%s, a directory %v after growth", key.ID, s.DirectoryAfter)
			continue
		}
		operator += "\n            " + key.ID.String()
	}
	signer := s.signer.Key().String()
	for _, f := range s.further {
		k, which := f.signer.Key(), "the former one"
		if k.Type == log.TypeMLDSA44 {
			which = "ML-DSA-44"
		}
		signer += fmt.Sprintf(" and %s+%08x (%s)", k.Name, k.ID, which)
	}
	a.Printf("origin      %s\ndirectory   %s\nstate       %s\ncheckpoint  %s, every %v\nwitnesses   %s\noperator    %s\nlisten      %s\ntime        %s\n",
		s.Origin, s.Directory, s.State, signer, s.CheckpointInterval, describeWitnesses(s.policy), operator, s.Listen, clock)
	if s.policy.Quorum == log.QuorumNone {
		a.Note("the policy wants no witnesses: time, and that everybody is shown the same log, are your word; say so to your readers")
	}
	if names := withoutURL(s.policy); len(names) > 0 {
		a.Note("no address is given for %s: it is never asked", strings.Join(names, ", "))
	}
	if names := plainHTTP(s.policy); len(names) > 0 {
		a.Note("%s is asked over plain HTTP: whoever is between can keep cosignatures from you, though not forge them", strings.Join(names, ", "))
	}
	for _, names := range oneAddress(s.policy) {
		a.Note("%s are asked at one host, and the quorum counts each: whoever runs that host may be all of them, and their failing together is likely", strings.Join(names, ", "))
	}
	switch g := s.guardPath(); {
	case isInside(g, s.Directory):
		a.Note("the guard's state %s is inside directory: it is public there, and a backup or a copy of the log that is restored brings it back as old as the log, so that it notices nothing; name another place with guard_state", g)
	case isInside(g, s.State):
		a.Note("the guard's state %s is beside the store: leave it out of every backup of %s, or it comes back as old as the rest and notices nothing; guard_state can name another place, best on another volume", g, s.State)
	}
	if s.policy.Quorum != log.QuorumNone && s.policy.SplitQuorum() {
		a.Note("two sets of witnesses that have none in common can each make the quorum %s: a log and a guard that were restored together, or two servers by mistake, could have a second history cosigned without one witness seeing both; choose a quorum that any two sets share a witness in, such as more than half", s.policy.Quorum)
	}
	if len(s.operator) == 0 {
		a.Note("there is no operator_key: the server will make no directories, which is a finding against it two days after the log grew")
	}
	if entry.IsDemonstration(s.Origin) {
		a.Note("%s is a demonstration: its time may be simulated, and everything that shows it says so", s.Origin)
	}
	if _, err := os.Stat(s.storePath()); errors.Is(err, fs.ErrNotExist) {
		a.Note("the log is not there yet: make it with `pledgelog init`")
	}
}
