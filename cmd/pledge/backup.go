package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/safe"
)

// backupFlags are the flags of `pledge backup`.
type backupFlags struct {
	out      string
	withKeys bool
	list     bool
}

func (a *app) backupCommand() *cobra.Command {
	var f backupFlags
	cmd := &cobra.Command{
		Use:   "backup --out FILE --safe FILE.pub PATH...",
		Short: "put what no log has into one encrypted file",
		Long: `backup puts drafts, what opens seals, commitments, slots, filing records, memos and
receipts into one file, encrypted for the safes that --safe names (pledge safe new):
all that a log does not have. Losing it loses the proof: nobody else has the salts.

A PATH is a file or a folder, which is read whole. Files are told by what is in them.
What is nothing of pledge's is left out, and that is said; so are secret keys, of which
a copy is kept elsewhere, unless --with-keys takes them.

FILE may not be there yet; it is there whole or not at all. What goes into it is read
again before it is encrypted, and the file is read again after it was written. That a
safe opens it only its owner can see: --safe-key tries it. Its size is a multiple of 1
MiB, and nothing that is printed tells how much is in it, unless --list is given.

What a draft keeps back stays in its own safes, inside the backup's: to restore a file
the backup's safe is needed, and to read what that keeps back one of the draft's.

By a timer, always, and not only when something was drafted (in a unit of systemd % and
$ are doubled):

  ExecStart=/bin/sh -c 'pledge backup --out /mnt/backup/pledge-$$(date -u +%%F).age --safe recovery.safe.pub slots drafts'

age reads it too: age -d -i IDENTITY FILE | tar x`,
		Example: `  pledge backup --out 2026-11-30.age --safe recovery.safe.pub slots drafts
  pledge backup --out all.age --safe counsel.safe.pub --safe ciso.safe.pub --safe-key counsel.safe .
  pledge restore 2026-11-30.age --into restored --safe-key recovery.safe`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return commandline.Usagef("for example: pledge backup --out 2026-11-30.age --safe recovery.safe.pub slots drafts", "backup needs the files and folders that are to be kept")
			}
			return nil
		},
		RunE: do(func(ctx context.Context, args []string) error { return a.backup(ctx, f, args) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "backup `FILE` to write")
	flags.StringArrayVar(&a.safes.to, "safe", nil, "encrypt for the safe `FILE.pub`, from pledge safe new; again for more")
	flags.BoolVar(&f.withKeys, "with-keys", false, "take secret keys too")
	flags.BoolVar(&f.list, "list", false, "print what is in it")
	a.openingFlags(cmd)
	return cmd
}

func (a *app) backup(ctx context.Context, f backupFlags, paths []string) error {
	switch {
	case f.out == "":
		return commandline.Usagef("for example: --out 2026-11-30.age", "--out is missing")
	case a.safes.to == nil:
		return commandline.Usagef("give a safe whose file and passphrase lie in other places: --safe FILE.pub (pledge safe new --out FILE makes one)", "--safe is missing: it is not said for whom the backup is encrypted")
	case exists(f.out):
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", f.out), "choose another name with --out, or move the file away")
	}
	to, err := a.keepers(nil, false)
	if err != nil {
		return err
	}
	var key *safe.Key
	if a.safes.key != "" {
		if key, err = a.unlock(ctx, a.safes.key); err != nil {
			return err
		}
		if !slices.ContainsFunc(to, func(r *safe.Recipient) bool { return r.String() == key.Recipient().String() }) {
			return commandline.Usagef("give its .pub file too: --safe "+a.safes.key+".pub", "--safe-key %s is none of the safes that the backup is for", a.safes.key)
		}
	}
	g := &gathering{keys: f.withKeys}
	if err := g.gather(paths); err != nil {
		return err
	}
	for _, out := range g.out {
		a.note("left out: %s", out)
	}
	if len(g.files) == 0 {
		return commandline.Refused(errNothingToKeep, "name the folder with the drafts, or with the slots")
	}
	archive := g.archive(a.now().Unix())
	b, err := archive.Seal(to)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := createFile(f.out, b, 0o600); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := readBackup(f.out, b, archive, key); err != nil {
		return commandline.Refused(fmt.Errorf("read back %s: %w; it was removed", f.out, errors.Join(err, os.Remove(f.out))), "see whether the disk is sound, and run the same command again")
	}
	a.printf("backup      %s\nsafes       %d\n", f.out, len(to))
	if key != nil {
		a.printf("checked     it was opened with %s after it was written, and holds all that was put into it\n", a.safes.key)
	} else {
		a.printf("checked     what is in it, before it was encrypted; and the file, byte for byte, after it was written\nnot checked that a safe opens it: --safe-key FILE tries that\n")
	}
	if f.list {
		a.listKept(g.files)
	}
	return nil
}

// readBackup wants a file that was just written to be what was written, and, where there
// is a key, to hold the archive.
func readBackup(path string, want []byte, archive *safe.Archive, key *safe.Key) error {
	got, err := commandline.ReadFile(path, int64(len(want)))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("it is not what was written")
	}
	if key == nil {
		return nil
	}
	opened, err := safe.OpenArchive(got, key)
	if err == nil && !opened.Equal(archive) {
		err = errors.New("it holds something else")
	}
	return err
}

func (a *app) listKept(files []*keepable) {
	for _, k := range files {
		a.printf("%-13s %s\n", k.what, k.name)
	}
}
