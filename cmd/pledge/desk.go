package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/desk"
	"github.com/pledgelog/pledgelog/entry"
)

// deskFlags are the flags of `pledge desk`.
type deskFlags struct {
	author, key, passphrase, policy, log, dir, slots, clock, listen string
	noBrowser                                                       bool
}

func (a *app) deskCommand() *cobra.Command {
	var f deskFlags
	cmd := &cobra.Command{
		Use:   "desk --author ID --key KEYFILE --policy FILE",
		Short: "file, review and sign in a browser on this machine",
		Long: `desk opens a form in the browser of this machine, for people who file requests and
answers: it asks whether anyone outside may be told, takes the request and the
answer, shows exactly what the public will see, signs, takes the file of a colleague
and adds a signature, submits, verifies the receipts and gives the dates. It says what
is due, and takes answers to earlier requests, attestations, replies, corrections,
openings, the withdrawal, and requests that come out of a slot. All of it is done by
the code of new, attest, reply, correct, open, withdraw, lint, preview, sign, submit,
status and memo; what else there is, they do on the command line.

It serves this machine only. The address that it prints opens it once, in one
browser; whoever has that address first has the desk. Nothing that is typed is
stored in the browser, or sent anywhere, before you submit. A request of which
nobody may be told is kept in the folder of --slots for the next slot, and no log is
asked anything.

A passphrase of the key is asked for here, before the desk opens, never in the
browser. With nobody at it for 30 minutes it closes, and forgets what was not
written as a draft. One desk at a time has a folder: a second one in the same --dir is
refused.`,
		Example: `  pledge desk --author acme --key counsel.key --policy policy.txt
  pledge desk --author acme --key ssh-agent:counsel --policy policy.txt --dir filings
  pledge desk --author acme --key counsel.key --policy policy.txt --no-browser --listen 127.0.0.1:8461`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context, _ []string) error {
			const example = "for example: pledge desk --author acme --key counsel.key --policy policy.txt"
			switch {
			case f.author == "":
				return commandline.Usagef(example, "--author is missing")
			case f.key == "":
				return commandline.Usagef(example, "--key is missing")
			case f.policy == "":
				return commandline.Usagef(example, "--policy is missing: without it no receipt can be verified")
			case !desk.IsLoopback(f.listen):
				return commandline.Usagef("for example: --listen 127.0.0.1:0", "--listen %s: the desk serves this machine only, at a loopback address in numbers", f.listen)
			}
			return a.desk(ctx, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.author, "author", "", "`ID` of who makes the statements")
	flags.StringVar(&f.key, "key", "", "secret key `FILE`, from pledge keygen, or "+references)
	passphraseFlag(cmd, &f.passphrase)
	a.openingFlags(cmd)
	a.keepFlags(cmd)
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) of one log")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.StringVar(&f.dir, "dir", ".", "`FOLDER` of drafts and receipts")
	flags.StringVar(&f.slots, "slots", "slots", "`FOLDER` of slots and commitments")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback `ADDRESS` to listen on")
	flags.BoolVar(&f.noBrowser, "no-browser", false, "print the address, and open no browser")
	return cmd
}

func (a *app) desk(ctx context.Context, f deskFlags) error {
	if err := entry.CheckAuthor(f.author); err != nil {
		return commandline.Usagef("give the id that the author was admitted with", "--author: %w", err)
	}
	origin, err := originFor(f.policy)
	if err != nil {
		return err
	}
	if _, err := a.clock(f.clock, origin); err != nil {
		return err
	}
	if info, err := os.Stat(f.dir); err != nil || !info.IsDir() {
		return commandline.Usagef("make the folder first, for its owner only: mkdir -m 700 "+f.dir, "--dir: there is no folder %s", f.dir)
	}
	held, taken, err := holdDesk(f.dir)
	switch {
	case taken:
		return commandline.Usagef("close that desk first, or give each its own folder: --dir FOLDER", "--dir: another desk is open in %s", f.dir)
	case err != nil: // some file systems of a network
		a.note("whether another desk is open in %s can't be told there: have no two at once in one folder (%v)", f.dir, err)
	default:
		defer held.Close()
	}
	key, err := a.openKey(ctx, f.key, f.passphrase)
	if err != nil {
		return err
	}
	defer key.Close()
	if a.safes.key != "" { // asked for here, and never in the browser
		if _, err := a.unlock(ctx, a.safes.key); err != nil {
			return err
		}
	}
	if _, err := a.keepers(nil, true); err != nil {
		return err
	}
	l, err := net.Listen("tcp", f.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return commandline.Usagef("if that is a desk that you opened before, close it, or wait until it says that it is closed; or leave --listen out, and another port is taken", "%s is taken: a desk, or another program, is open there", f.listen)
	}
	if err != nil {
		return commandline.Usagef("choose another address with --listen", "%w", err)
	}
	d, err := desk.New(desk.Config{
		Tools:    &deskTools{app: a, flags: f, origin: origin, signer: key},
		Listener: l,
		Say:      func(text string) { a.note("%s", text) },
	})
	if err != nil {
		return err
	}
	a.simulated(origin)
	a.printf("desk        %s\n", d.Address())
	a.note("open that address in a browser on this machine; it works once; Ctrl-C closes the desk")
	if !f.noBrowser {
		done, err := openBrowser(ctx, d.Address())
		if err != nil {
			a.note("no browser was opened: %s", err)
		} else {
			defer done()
		}
	}
	why, err := d.Serve(ctx)
	if err != nil {
		return err
	}
	a.note("%s", why)
	return nil
}

// openBrowser has the browser of this machine open an address. The address stands in
// a file that only its owner reads, and not among a process's arguments, which anybody on this
// machine may see.
func openBrowser(ctx context.Context, address string) (done func(), err error) {
	dir, err := os.MkdirTemp("", "pledge-desk-")
	if err != nil {
		return nil, err
	}
	remove := func() { os.RemoveAll(dir) }
	path := filepath.Join(dir, "desk.html")
	page := fmt.Sprintf("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta http-equiv=\"refresh\" content=\"0; url=%s\">\n<title>pledge desk</title>\n<a href=%q>pledge desk</a>\n", address, address)
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		remove()
		return nil, err
	}
	var cmd *exec.Cmd
	switch runtime.GOOS {
	case "windows":
		cmd = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", path)
	case "darwin":
		cmd = exec.CommandContext(ctx, "open", path)
	default:
		cmd = exec.CommandContext(ctx, "xdg-open", path)
	}
	if err := cmd.Start(); err != nil {
		remove()
		return nil, err
	}
	go cmd.Wait()
	return remove, nil
}
