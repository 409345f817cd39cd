package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
)

// restoreFlags are the flags of `pledge restore`.
type restoreFlags struct {
	into     string
	list     bool
	standing statusFlags // what the log is asked with, if it is
}

func (a *app) restoreCommand() *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{
		Use:   "restore FILE --into DIR --safe-key FILE",
		Short: "write what is in a backup into a folder",
		Long: `restore opens a backup with one of its safes, holds each file to its digest, and writes
it into DIR, under the name that it has in the backup. It overwrites nothing: files that are there
already and the same are left, and if one differs, or a link is in the way, nothing is
written at all. It can be run again at any time, and goes on where it was interrupted.

That a backup is encrypted for a safe says nothing about who made it. Only files that a
backup takes are restored, and pledge holds each to what is signed when it is used.

With --author and --policy the log is asked what the author stated, and it is said what
is missing in DIR: a text that is withheld and not opened without the draft that
has it, a slot without its file, what was in a slot without its commitment. Exit code 1
says that something is missing, after all was restored.`,
		Example: `  pledge restore 2026-11-30.age --into restored --safe-key recovery.safe
  pledge restore 2026-11-30.age --into restored --safe-key recovery.safe --author acme --policy policy.txt`,
		Args: commandline.OneArgument("name the backup, FILE"),
		RunE: do(func(ctx context.Context, args []string) error {
			switch {
			case f.into == "":
				return commandline.Usagef("for example: pledge restore 2026-11-30.age --into restored --safe-key recovery.safe", "--into is missing")
			case (f.standing.author == "") != (f.standing.policy == ""):
				return commandline.Usagef("give both, to be told what is missing, or none", "--author and --policy go together")
			}
			return a.restore(ctx, f, args[0])
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.into, "into", "", "`DIR` to write to, which is made if it is not there")
	flags.BoolVar(&f.list, "list", false, "print what is in the backup")
	flags.StringVar(&f.standing.author, "author", "", "`ID` of the author, to be told what is missing")
	flags.StringVar(&f.standing.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log is held to")
	flags.StringVar(&f.standing.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.StringVar(&f.standing.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	a.openingFlags(cmd)
	return cmd
}

func (a *app) restore(ctx context.Context, f restoreFlags, path string) error {
	b, err := commandline.ReadInput("backup", path, safe.MaxArchive+1<<20, "name the file that pledge backup wrote")
	if err != nil {
		return err
	}
	if ageHead(b) == nil {
		return commandline.Usagef("name the file that pledge backup wrote", "read backup %s: it is none", path)
	}
	key, err := a.unlock(ctx, path)
	if err != nil {
		return err
	}
	archive, err := safe.OpenArchive(b, key)
	switch {
	case errors.Is(err, safe.ErrOther):
		return commandline.Refused(fmt.Errorf("read backup %s: %w", path, err), "name with --safe-key one of the safes that it was made for")
	case err != nil:
		return commandline.Refused(fmt.Errorf("read backup %s: %w", path, err), "take another copy of it; nothing was written")
	}
	var files []*keepable
	for _, file := range archive.Files {
		k := recognise(file.Name, file.Content)
		if k == nil {
			return commandline.Refused(fmt.Errorf("read backup %s: %s is nothing that a backup takes; nothing was written", path, file.Name), "see who made it: whoever has the .pub file of a safe can")
		}
		files = append(files, k)
	}
	todo, err := toRestore(f.into, files)
	if err != nil {
		return err
	}
	for _, k := range todo {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := restoreFile(f.into, k); err != nil {
			return err
		}
	}
	a.printf("restored    %s in %s\n", counted(len(todo), "file", "files"), f.into)
	if n := len(files) - len(todo); n > 0 {
		a.printf("before      %s, the same\n", counted(n, "file", "files"))
	}
	a.printf("made        %s, by the clock of who made it\n", entry.FormatTime(archive.Made))
	if f.list {
		a.listKept(files)
	}
	if f.standing.author == "" {
		return nil
	}
	return a.sayMissing(ctx, f)
}

// toRestore returns the files that are not in a folder yet. Whatever is in the way of one
// is in the way of all.
func toRestore(dir string, files []*keepable) (todo []*keepable, err error) {
	var wrong []string
	for _, k := range files {
		state, why := stateOf(dir, k)
		switch {
		case why != "":
			wrong = append(wrong, why)
		case !state:
			todo = append(todo, k)
		}
	}
	if n := len(wrong); n > 0 {
		const most = 5
		more := ""
		if n > most {
			more = fmt.Sprintf("; and %d more", n-most)
		}
		return nil, commandline.Refused(fmt.Errorf("%s%s; nothing was written", strings.Join(wrong[:min(n, most)], "; "), more), "restore into another folder, and compare")
	}
	return todo, nil
}

// stateOf reports whether a file is in a folder already, the same; or why it can't get
// there.
func stateOf(dir string, k *keepable) (there bool, why string) {
	at := dir
	parts := strings.Split(k.name, "/")
	for i, part := range parts {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, ""
		case err != nil:
			return false, commandline.PlainError(err).Error()
		case i < len(parts)-1 && info.IsDir():
			continue
		case i < len(parts)-1:
			return false, at + " is no folder"
		case !info.Mode().IsRegular():
			return false, at + " is no file"
		}
	}
	b, err := commandline.ReadFile(at, int64(len(k.content)))
	if err != nil || !bytes.Equal(b, k.content) {
		return false, at + " is there and differs"
	}
	return true, ""
}

// restoreFile writes one file, durably, with the folders that it is in.
func restoreFile(dir string, k *keepable) error {
	path := filepath.Join(dir, filepath.FromSlash(k.name))
	var made []string
	for d := filepath.Dir(path); !exists(d); d = filepath.Dir(d) {
		made = append(made, d)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return commandline.Usagef("choose with --into a folder that you may write to", "%w", commandline.PlainError(err))
	}
	for _, d := range made {
		if err := atomicfile.SyncDir(filepath.Dir(d)); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	err := atomicfile.New(path, k.content, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return commandline.Usagef("choose with --into a folder that you may write to", "%w", commandline.PlainError(err))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w; run the same command again", path, commandline.PlainError(err))
	}
	return nil
}

// sayMissing asks the log what an author stated, and says what of it is not in a folder
// and in no log.
func (a *app) sayMissing(ctx context.Context, f restoreFlags) error {
	st, err := a.standing(ctx, f.standing)
	if err != nil {
		return err
	}
	g := &gathering{keys: true}
	if err := g.gather([]string{f.into}); err != nil {
		return err
	}
	texts, slots := make(map[string]bool), make(map[entry.ID]bool)
	for _, k := range g.files {
		switch {
		case k.sub != nil && (k.sub.Body != nil || k.sub.Safe != nil):
			texts[k.sub.Statement.BodyDigest] = true
		case k.slot != nil:
			slots[k.slot.statement.ID] = true
		case k.commitment != nil:
			texts[k.commitment.digest()] = true
		}
	}
	n := 0
	missing := func(format string, args ...any) { n++; a.printf("missing     "+format+"\n", args...) }
	for _, it := range st.items {
		s := it.Statement
		if s.Author != f.standing.author {
			continue
		}
		found, ok := st.state.Find(s.ID)
		switch {
		case ok && found.Withheld && !texts[s.BodyDigest]:
			missing("the text of %s %d, entry id %s, which is withheld: it can never be opened", s.Kind, s.Seq, s.ID)
		case s.Kind == entry.KindSlot && !slots[s.ID]:
			missing("the file of the slot of %s, entry id %s: what is in it can never be shown", s.Body.(*entry.Slot).Period, s.ID)
		}
	}
	for _, k := range g.files {
		if k.slot == nil || k.slot.statement.Author != f.standing.author {
			continue
		}
		for _, d := range k.slot.Disclosures {
			if digest := d.BodyDigest(); digest != "" && !texts[digest] {
				missing("a commitment that is in the slot of %s: what it says can never be shown", k.slot.period())
			}
		}
	}
	a.simulated(st.origin)
	if n > 0 {
		return commandline.Refused(errors.New(counted(n, "thing is missing", "things are missing")), "look in older backups, with colleagues, and where it was drafted")
	}
	a.printf("missing     nothing that is withheld or in a slot, by what the log says of %s as of size %d; what opens seals was not looked for\n", f.standing.author, st.size)
	return nil
}
