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
	a.printf("origin      %s\ndirectory   %s\nstate       %s\ncheckpoint  %s, every %v\noperator    %s\nlisten      %s\ntime        %s\n",
		s.Origin, s.Directory, s.State, s.signer.Key(), s.CheckpointInterval, operator, s.Listen, clock)
	if len(s.operator) == 0 {
		a.note("there is no operator_key: the server will make no directories, which is a finding against it two days after the log grew")
	}
	if entry.IsDemonstration(s.Origin) {
		a.note("%s is a demonstration: its time may be simulated, and everything that shows it says so", s.Origin)
	}
	if _, err := os.Stat(s.storePath()); errors.Is(err, fs.ErrNotExist) {
		a.note("the log is not there yet: make it with `pledgelog init`")
	}
}
