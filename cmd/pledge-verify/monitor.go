package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

func monitorCommand(stderr io.Writer) *cobra.Command {
	var configFile string
	var once bool
	cmd := &cobra.Command{
		Use:   "monitor --config FILE",
		Short: "follow logs, and send alarms",
		Long: `monitor follows one or several logs. In each cycle it audits what is new, holds the
log to the checkpoints that witnesses and mirrors show, and sends alarms of three
classes: misbehaviour of who runs the log, statements of interest by the rules of
the configuration, and infrastructure. For two checkpoints that can't both be true
it keeps a bundle that proves it to anybody: see pledge-verify evidence.

An alarm is sent when its matter is first seen, and once more when it is no longer
seen. After a crash it may come again, with the same id; none is lost.

It runs until SIGTERM or an interrupt. With --once it has one cycle of each log, and
the exit code says what is open and not acknowledged: 4 misbehaviour that a bundle
proves, 1 something that does not match the signed log, 3 something could not be
seen, or an alarm could not be delivered, 0 none of these. Statements of interest do
not change it.

A configuration, whole. Paths are relative to its folder.

  ` + strings.ReplaceAll(strings.TrimSuffix(monitor.Example, "\n"), "\n", "\n  "),
		Example: `  pledge-verify monitor --config monitor.yaml
  pledge-verify monitor --config monitor.yaml --once
  pledge-verify monitor list --config monitor.yaml
  pledge-verify monitor ack --config monitor.yaml --note "the mirror moves on Tuesday" 0123456789abcdef0123456789abcdef`,
		Args: commandline.NoArguments,
	}
	configFlag(cmd, &configFile)
	cmd.Flags().BoolVar(&once, "once", false, "one cycle of each log, then end")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := monitorConfig(configFile)
		if err != nil {
			return err
		}
		m, err := monitor.New(cfg, monitor.Options{Stdout: cmd.OutOrStdout(), Log: logger(stderr)})
		if err != nil {
			return commandline.Usagef(monitorHint(err), "%w", err)
		}
		defer m.Close()
		defer boundGarbage()()
		if !once {
			return m.Run(cmd.Context())
		}
		outs, err := m.Once(cmd.Context())
		return onceExit(outs, err, m.Undelivered())
	}
	cmd.AddCommand(monitorAckCommand(), monitorListCommand(), monitorCheckCommand())
	return cmd
}

func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "`FILE` with the configuration, in YAML: see docs/monitor.md")
}

func monitorConfig(file string) (*monitor.Config, error) {
	if file == "" {
		return nil, commandline.Usagef("name one with --config; docs/monitor.md has an example", "no configuration")
	}
	b, err := commandline.ReadInput("configuration", file, monitor.MaxConfig, "name the file with --config; docs/monitor.md has an example")
	if err != nil {
		return nil, err
	}
	cfg, err := monitor.ParseConfig(file, b, os.Getenv)
	if wrong := (*monitor.Problems)(nil); errors.As(err, &wrong) {
		return nil, commandline.Usagef(wrong.Hint(), "%w", err)
	}
	return cfg, err
}

func monitorHint(err error) string {
	if errors.Is(err, monitor.ErrRuns) {
		return "end the other one, or give this one another state folder"
	}
	return "see that the state folder is this log's, and can be read and written; without monitor.json the next cycle is taken for the first"
}

// logger writes what goes wrong with the monitor itself: for a person on a terminal,
// otherwise as JSON.
func logger(w io.Writer) *slog.Logger {
	if f, ok := w.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

// onceExit turns a cycle of each log into the end of the program.
func onceExit(outs []*monitor.Outcome, err error, waiting map[string]int) error {
	for _, sink := range slices.Sorted(maps.Keys(waiting)) {
		err = errors.Join(err, fmt.Errorf("%s for the sink %s, and will be sent by the next run", verifier.Count(uint64(waiting[sink]), "alarm waits", "alarms wait"), sink))
	}
	var proved, differs, unseen bool
	for _, o := range outs {
		if o != nil {
			proved, differs, unseen = proved || o.Proved, differs || o.Differs, unseen || o.Unseen
		}
	}
	switch {
	case proved:
		return &commandline.Failure{Code: commandline.ExitMisbehaviour, Err: err}
	case differs:
		return &commandline.Failure{Code: commandline.ExitRefused, Err: err}
	case err != nil && errors.Is(err, context.Canceled):
		return commandline.Undecided(errors.New("the monitor was interrupted"), "run it again")
	case len(waiting) > 0:
		return commandline.Undecided(err, "see the log of the monitor for why, and whether the sink's address and secrets are right; nothing is lost meanwhile")
	case err != nil:
		return commandline.Undecided(err, "the next cycle repeats this one")
	case unseen:
		return &commandline.Failure{Code: commandline.ExitUndecided}
	}
	return nil
}

func monitorAckCommand() *cobra.Command {
	var configFile, note string
	cmd := &cobra.Command{
		Use:   "ack --config FILE ID...",
		Short: "keep open alarms quiet for as long as their matter is seen",
		Long: `ack notes that somebody knows of an open alarm. It then counts no more for the exit
code of monitor --once, and nothing is sent when its matter is no longer seen. If that
comes back later it is another alarm. A monitor that runs need not be stopped.`,
		Example: `  pledge-verify monitor ack --config monitor.yaml 0123456789abcdef0123456789abcdef
  pledge-verify monitor ack --config monitor.yaml --note "reported to the operator" 0123456789abcdef0123456789abcdef`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return commandline.Usagef("name the id of an alarm: pledge-verify monitor list --config FILE", "no alarm")
			}
			return nil
		},
	}
	configFlag(cmd, &configFile)
	cmd.Flags().StringVar(&note, "note", "", "`TEXT` to keep with it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := monitorConfig(configFile)
		if err != nil {
			return err
		}
		for _, id := range args {
			err := cfg.Acknowledge(id, note, time.Now())
			if errors.Is(err, monitor.ErrNoAlarm) {
				return commandline.Refusedf("see pledge-verify monitor list --config "+configFile, "%s: %w", id, err)
			} else if err != nil {
				return commandline.Usagef("see that the state folder can be written", "%w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "acknowledged ✓  %s\n", id)
		}
		return nil
	}
	return cmd
}

func monitorListCommand() *cobra.Command {
	var configFile string
	cmd := &cobra.Command{
		Use:     "list --config FILE",
		Short:   "list the open alarms",
		Example: `  pledge-verify monitor list --config monitor.yaml`,
		Args:    commandline.NoArguments,
	}
	configFlag(cmd, &configFile)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := monitorConfig(configFile)
		if err != nil {
			return err
		}
		list, err := cfg.Open()
		if err != nil {
			return commandline.Usagef("see that the state folder can be read", "%w", err)
		}
		out := cmd.OutOrStdout()
		if len(list) == 0 {
			fmt.Fprintln(out, "No open alarms.")
		}
		for i, a := range list {
			if i == 0 && a.SimulatedTime {
				fmt.Fprintf(out, "%s\n\n", verifier.SimulatedNotice)
			}
			state := ""
			if a.Acknowledged {
				state = "  acknowledged"
			}
			fmt.Fprintf(out, "%s  since %s  %s%s\n    %s\n", a.ID, a.Since, a.Title(), state, verifier.Printable(a.Text))
		}
		return nil
	}
	return cmd
}

func monitorCheckCommand() *cobra.Command {
	var configFile string
	cmd := &cobra.Command{
		Use:     "check-config --config FILE",
		Short:   "check a configuration and the files that it names, and do nothing else",
		Example: `  pledge-verify monitor check-config --config monitor.yaml`,
		Args:    commandline.NoArguments,
	}
	configFlag(cmd, &configFile)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := monitorConfig(configFile)
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		fmt.Fprintf(out, "configuration ✓  %s, %s\n", verifier.Count(uint64(len(cfg.Logs)), "log", "logs"), verifier.Count(uint64(len(cfg.Sinks)), "sink", "sinks"))
		for _, line := range cfg.Describe() {
			fmt.Fprintln(out, verifier.Printable(line))
		}
		return nil
	}
	return cmd
}
