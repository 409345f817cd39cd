package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

func (a *app) slotListCommand() *cobra.Command {
	var author, dir string
	cmd := &cobra.Command{
		Use:   "list --author ID [--dir DIR]",
		Short: "say what is in which slot",
		Long: `list says which slots were made, whether they are logged, and which commitments are
in which slot or wait. It shows nothing of their texts, and opens no connection. It
is for a person: what it prints says that there is something.`,
		Example: `  pledge slot list --author acme
  pledge slot list --author acme --dir /var/lib/pledge/slots`,
		Args: commandline.NoArguments,
		RunE: do(func(context.Context, []string) error {
			if author == "" {
				return commandline.Usagef("for example: pledge slot list --author acme", "--author is missing")
			}
			return a.listSlots(dir, author)
		}),
	}
	cmd.Flags().StringVar(&author, "author", "", "`ID` of the signatory")
	cmd.Flags().StringVar(&dir, "dir", "slots", "`FOLDER` of slots and commitments")
	return cmd
}

func (a *app) listSlots(dir, author string) error {
	folder, err := readSlots(dir, author)
	if err != nil {
		return err
	}
	for _, s := range folder.slots {
		state := "made, and not known to be logged"
		if s.logged {
			state = "logged"
		}
		a.printf("slot        %s  %s  %s\n", s.period(), s.statement.ID, state)
	}
	for _, c := range folder.commitments {
		where := "waits for the next slot"
		if s, _, ok := folder.find(c.digest()); ok {
			where = "in the slot of " + s.period()
			if !s.logged {
				where += ", which is not known to be logged"
			}
		}
		a.printf("commitment  %s  %s  %s\n", c.path, entry.FormatTime(c.Made), where)
	}
	if folder.unread != nil {
		for _, err := range folder.unread {
			a.note("%s", err)
		}
		return commandline.Refused(fmt.Errorf("%d commitments can't be read: they are in no slot", len(folder.unread)), "find the files as pledge new wrote them, or draft the requests again and move these away")
	}
	if len(folder.slots)+len(folder.commitments) == 0 {
		a.note("%s holds no slot and no commitment of %s", dir, author)
	}
	return nil
}
