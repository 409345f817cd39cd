package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/witness"
)

func (a *app) checkConfigCommand() *cobra.Command {
	return a.configured(&cobra.Command{
		Use:   "check-config --config FILE",
		Short: "say what is wrong with a configuration",
		Long: `check-config reads a configuration and the keys that it names, and says everything
that is wrong with them at once; then it ends with 2. It changes nothing. When all is
right it prints what the witness will do, with the vkeys of its keys.

A configuration has these keys. Paths are relative to its folder.

  ` + strings.ReplaceAll(strings.TrimSuffix(exampleConfig, "\n"), "\n", "\n  "),
		Example: `  pledge-witness check-config --config witness.yaml`,
		Args:    commandline.NoArguments,
	}, func(_ context.Context, s *setup, _ []string) error {
		a.describe(s)
		return nil
	})
}

// describe says what a good configuration will do.
func (a *app) describe(s *setup) {
	clock := "this machine's"
	if s.SimulatedClock != "" {
		clock = "simulated, from " + s.SimulatedClock
	}
	a.Printf("state       %s\n", s.State)
	for _, c := range s.cosigners {
		a.Printf("cosigns as  %s\n", c.Key())
	}
	a.Printf("listen      %s\nlogs ask    POST %s/add-checkpoint, every %v and up to 20 at once\nmonitors    GET %s/<origin hash>/checkpoint, and audit.json of logs that are audited\ntime        %s\n",
		s.Listen, s.SubmissionPrefix, s.CosignInterval, s.MonitoringPrefix, clock)
	if _, err := witness.OpenState(s.State); errors.Is(err, fs.ErrNotExist) {
		a.Note("the state is not there yet: make it with `pledge-witness init`")
	}
}
