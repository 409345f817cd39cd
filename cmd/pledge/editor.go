package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/pledgelog/pledgelog/commandline"
)

// catchSignals catches what may end this program while something that a person writes
// lies in a folder.
func catchSignals() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 8)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals, func() { signal.Stop(signals) }
}

// editorGrace is how long an editor has to end when this program is told to.
const editorGrace = 2 * time.Second

// runEditor runs an editor until it ends. An interrupt from the keyboard is the editor's
// own affair; to be terminated, or that the terminal is gone, is passed on to it.
func (a *app) runEditor(editor, path string, folder *editFolder, signals <-chan os.Signal) error {
	cmd := editorCommand(editor, path)
	// What it writes for itself goes into the folder too, as far as it asks.
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(path))
	cmd.ExtraFiles = folder.held()
	cmd.Stdout, cmd.Stderr = a.out, a.err
	cmd.WaitDelay = editorGrace
	if in, ok := a.in.(*os.File); ok {
		cmd.Stdin = in
		if before, err := term.GetState(int(in.Fd())); err == nil {
			defer term.Restore(int(in.Fd()), before) // an editor that crashed does not
		}
	}
	if err := cmd.Start(); err != nil {
		return commandline.Usagef("see VISUAL and EDITOR", "start the editor: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ended := false
	for {
		select {
		case s := <-signals:
			if s == os.Interrupt || s == syscall.SIGQUIT {
				continue
			}
			ended = true
			cmd.Process.Signal(s)
			time.AfterFunc(editorGrace, func() { cmd.Process.Kill() })
		case err := <-done:
			for len(signals) > 0 {
				<-signals // they were the editor's
			}
			if ended || byInterrupt(err) {
				return a.givenUp(context.Canceled)
			}
			if err != nil {
				return a.givenUp(commandline.Refused(fmt.Errorf("the editor failed: %w", err), "see VISUAL and EDITOR"))
			}
			return nil
		}
	}
}

// editorCommand is how an editor is run: by itself if it is a name and plain arguments, as
// a shell between would get the signals that are the editor's; else by a shell.
func editorCommand(editor, path string) *exec.Cmd {
	if runtime.GOOS != "windows" && strings.ContainsAny(editor, "|&;<>()$`\\\"'*?[]{}#~=%!\n") {
		return exec.Command("sh", "-c", editor+` "$1"`, "sh", path)
	}
	words := append(strings.Fields(editor), path)
	return exec.Command(words[0], words[1:]...)
}

// byInterrupt reports whether an interrupt from the keyboard ended an editor, or the shell
// that ran it.
func byInterrupt(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && (exit.ExitCode() == 128+int(syscall.SIGINT) || strings.HasPrefix(exit.Error(), "signal: interrupt"))
}
