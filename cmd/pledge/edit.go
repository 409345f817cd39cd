package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// `pledge new KIND --edit` opens the template in an editor. What is written there may be
// what nobody may read, so its file lies in a folder of its own, in memory only, which is
// removed with all that the editor left beside it.

// edit drafts a statement of a kind from what a person writes in an editor.
func (a *app) edit(ctx context.Context, kind entry.Kind, f newFlags) error {
	editor, err := a.readyToEdit(kind, f)
	if err != nil {
		return err
	}
	text, err := template(kind)
	if err != nil {
		return err
	}
	// A signal from the keyboard goes to the editor too. It is no reason to take away
	// what is being written: signals are looked at here, and not by who gave ctx.
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	signals, stop := catchSignals()
	defer stop()

	folder, err := a.openEditFolder(memoryFolders(), f.onDisk)
	if err != nil {
		return err
	}
	defer func() {
		if err := folder.remove(); err != nil {
			a.note("what was written is still in %s, and has to be removed by hand: %s", folder.dir, err)
		}
	}()
	path := filepath.Join(folder.dir, string(kind)+".yaml")
	if err := atomicfile.New(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	for {
		if err := a.runEditor(editor, path, folder, signals); err != nil {
			return err
		}
		again, err := a.takeEdited(ctx, kind, f, path, text, signals)
		if !again {
			return err
		}
	}
}

// readyToEdit looks at all that can be wrong before anything is written, and returns the
// editor.
func (a *app) readyToEdit(kind entry.Kind, f newFlags) (editor string, err error) {
	switch editor = os.Getenv("VISUAL"); {
	case f.out != "" && exists(f.out):
		return "", commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", f.out), "choose another name with --out, or move the file away")
	case editor == "":
		editor = os.Getenv("EDITOR")
	}
	if strings.TrimSpace(editor) == "" {
		return "", commandline.Usagef("set EDITOR, for example to nano, or draft with --from", "neither VISUAL nor EDITOR says which editor to use")
	}
	if err := f.checkPlace(); err != nil {
		return "", err
	}
	if a.safes.to != nil || f.forSlot != "" {
		if _, err := a.keepers(nil, false); err != nil {
			return "", err
		}
	}
	switch {
	case f.forSlot != "":
		_, err = originFor(f.policy)
	case kind != entry.KindCharter:
		policy, e := policyIn(f.policy)
		if err = e; err == nil {
			_, err = a.open(policy, f.log, "") // which asks nothing yet
		}
	}
	return editor, err
}

// takeEdited drafts from what was written, and again as it is, as often as that is wanted
// after an error. Again says that it is to be edited again.
func (a *app) takeEdited(ctx context.Context, kind entry.Kind, f newFlags, path, unchanged string, signals <-chan os.Signal) (again bool, err error) {
	for {
		err := a.draftEdited(ctx, kind, f, path, unchanged, signals)
		switch {
		case err == nil:
			return false, nil
		case errors.Is(err, context.Canceled):
			return false, a.givenUp(err)
		case errors.Is(err, errNothingWritten):
			return false, commandline.Refused(err, "an editor that returns at once has to be told to wait, as code --wait is")
		}
		told := &commandline.Failure{Code: commandline.ExitRefused, Err: err}
		errors.As(err, &told)
		a.fail(err, hintOf(told))
		if errors.Is(err, errNoSafe) {
			answer, err := a.questionOr(signals, "a safe to keep it in, FILE.pub, or several (Enter: none)")
			if err != nil {
				return false, a.givenUp(err)
			}
			if given := strings.Fields(answer); len(given) > 0 {
				a.safes.to = given
				if _, err := a.keepers(nil, false); err == nil {
					continue
				}
				a.safes.to = nil
				a.note("that is no safe: the .pub file that pledge safe new wrote")
			}
		}
		next, asked := a.whatNext(signals)
		if errors.Is(asked, context.Canceled) {
			return false, a.givenUp(asked)
		}
		if asked != nil {
			return false, a.givenUp(&commandline.Failure{Code: told.Code}) // what was wrong is said
		}
		if next == "again" {
			return true, nil
		}
	}
}

// whatNext asks what to do after an error: again for the editor, or try. An error says
// that it is given up.
func (a *app) whatNext(signals <-chan os.Signal) (string, error) {
	for {
		answer, err := a.questionOr(signals, "edit it again, try once more as it is, or quit, which removes what was written? [E/t/q]")
		if err != nil {
			return "", err
		}
		switch strings.ToLower(answer) {
		case "", "e", "edit":
			return "again", nil
		case "t", "try":
			return "try", nil
		case "q", "quit":
			return "", errNoAnswer
		}
	}
}

// givenUp says what became of what was written.
func (a *app) givenUp(err error) error {
	a.note("nothing was drafted, and what was written is removed")
	return err
}

// errNothingWritten is that the template is as it was, or nothing is in its place.
var errNothingWritten = errors.New("nothing was written, and nothing is drafted")

// draftEdited drafts from what was written. A signal stops it.
func (a *app) draftEdited(ctx context.Context, kind entry.Kind, f newFlags, path, unchanged string, signals <-chan os.Signal) error {
	var err error
	if f.text, err = commandline.ReadFile(path, maxYAML); errors.Is(err, os.ErrNotExist) {
		return errNothingWritten
	}
	if err != nil {
		return fmt.Errorf("read what was written: %w", err)
	}
	if text := bytes.TrimSpace(f.text); len(text) == 0 || string(text) == strings.TrimSpace(unchanged) {
		return errNothingWritten
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		if f.forSlot != "" {
			done <- a.commit(newSource(kind).(*requestYAML), f)
			return
		}
		done <- a.draft(ctx, kind, newSource(kind), f)
	}()
	defer cancel()
	for {
		select {
		case err := <-done:
			return err
		case <-signals:
			cancel()
		}
	}
}

// questionOr is question, and returns context.Canceled when a signal comes instead.
func (a *app) questionOr(signals <-chan os.Signal, text string) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := a.question(text)
		answers <- answer{text, err}
	}()
	select {
	case got := <-answers:
		return got.text, got.err
	case <-signals:
		fmt.Fprintln(a.err)
		return "", context.Canceled
	}
}
