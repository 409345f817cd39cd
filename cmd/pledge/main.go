// Pledge is the tool of who signs: signatories, challengers and the secretariat. It
// makes keys, drafts statements, signs them offline, submits them to a log and checks
// what the log answers before it believes it. It keeps what a law forbids to tell, and
// opens it when that is lifted.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pledgelog/pledgelog/commandline"
)

func main() {
	commandline.KeepMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit code: 0 done, 1 refused or
// not verified, 2 usage, 3 cannot decide.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return newApp(stdin, stdout, stderr).run(ctx, args)
}
