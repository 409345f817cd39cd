package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

func (a *app) safeAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add FILE --safe FILE.pub --safe-key FILE",
		Short: "keep what a draft keeps back for another safe too",
		Long: `add encrypts what a draft keeps back anew, for the safes that it is in and for those of
--safe: for a colleague who is to sign, and was not thought of when it was drafted.
The statement, its entry id and its signatures stay as they are. Copies of the draft
that were passed on before stay in the safes that they are in.`,
		Example: `  pledge safe add acme-request-4.json --safe ciso.safe.pub --safe-key counsel.safe`,
		Args:    commandline.OneArgument("name one draft, as pledge new wrote it"),
		RunE: do(func(ctx context.Context, args []string) error {
			if a.safes.to == nil {
				return commandline.Usagef("for example: --safe ciso.safe.pub", "--safe is missing: in which safe it is to be too")
			}
			return a.addSafes(ctx, args[0])
		}),
	}
	cmd.Flags().StringArrayVar(&a.safes.to, "safe", nil, "the safe `FILE.pub`, from pledge safe new, in which it is to be too; may be given again")
	a.openingFlags(cmd)
	return cmd
}

func (a *app) addSafes(ctx context.Context, path string) error {
	sub, err := readDraft(path)
	if err != nil {
		return err
	}
	if sub.Safe == nil {
		return commandline.Refused(fmt.Errorf("%s keeps nothing in a safe", path), "nothing was changed; whoever has the file can read all of it")
	}
	kept, err := a.openKept(ctx, "draft", path, sub.Safe)
	if err != nil {
		return err
	}
	// What is not what the statement commits to is given to nobody.
	if _, _, err := opened(path, sub, kept); err != nil {
		return err
	}
	before := slices.Clone(kept.Recipients)
	if kept.Recipients, err = a.keepers(before, false); err != nil {
		return err
	}
	if more := len(kept.Recipients) - len(before); more > 0 {
		if sub.Safe, err = kept.Seal(); err != nil {
			return err
		}
		again, err := entry.ParseDraft(closed(sub).Marshal())
		if err != nil {
			return err
		}
		if err := atomicfile.Write(path, again.Marshal(), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	} else {
		a.note("it is in these safes already; nothing was changed")
	}
	for _, r := range kept.Recipients {
		a.printf("kept for    %s\n", r)
	}
	return nil
}
