package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/guard"
)

func (a *app) adoptCommand() *cobra.Command {
	var config, from string
	cmd := &cobra.Command{
		Use:   "adopt-checkpoint --config FILE --from CHECKPOINT",
		Short: "make the guard's state anew, from a checkpoint that somebody holds",
		Long: `adopt-checkpoint makes the guard's state anew, after a machine was lost and the log
was restored from a backup. The guard says what was signed last; without it the
server does not start, since it might sign a second history.

Give it the newest signed checkpoint that anybody holds: a mirror, an auditor's
copy, a witness, a receipt's last lines. From then on the server signs only what that one is a
prefix of. If readers hold newer ones that you do not find, what is signed next may
contradict them, and that is a fork for everybody to see: ask widely first.

It refuses to replace a state that is there.`,
		Example: `  curl -s https://mirror.example.org/log/checkpoint > newest
  pledgelog adopt-checkpoint --config pledgelog.yaml --from newest`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context) error {
			if err := needConfig("adopt-checkpoint", config); err != nil {
				return err
			}
			s, err := loadConfig(config)
			if err != nil {
				return err
			}
			return a.adopt(s, from)
		}),
	}
	configFlag(cmd, &config)
	cmd.Flags().StringVar(&from, "from", "", "file with the newest signed checkpoint that anybody holds")
	return cmd
}

func (a *app) adopt(s *setup, from string) (err error) {
	if from == "" {
		return commandline.Usagef("give the newest signed checkpoint that anybody holds", "--from is missing")
	}
	raw, err := readFile(from, log.MaxNoteSize)
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", commandline.PlainError(err))
	}
	// One that the log signed counts, whoever has cosigned it: a single witness may
	// be the only one to hold it.
	view, err := s.policy.OpenUnwitnessed(raw)
	if err != nil {
		return commandline.Refusedf("give a checkpoint as the log published it, with its signatures", "verify checkpoint %s: %w", from, err)
	}
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	_, err = guard.CreateFileAt(s.guardPath(), view.Checkpoint)
	if errors.Is(err, fs.ErrExist) {
		return commandline.Refusedf("leave it as it is: it is right, or newer than what you have", "%s is there", s.guardPath())
	}
	if err != nil {
		return err
	}
	a.Printf("adopted a checkpoint of %d entries\n", view.Checkpoint.Size)
	return nil
}
