// Command benchmark measures what issues ask figures of, in one run, beside what
// the machine itself can do. scripts/bench builds and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes, as those of all programs of the project.
const (
	exitDone         = 0
	exitMissed       = 1 // --check: a figure is short of what is asked
	exitUsage        = 2
	exitNotMeasured  = 3 // something could not be measured
	defaultPrograms  = "bin"
	temporaryPattern = "bench-"
)

const usage = `usage: scripts/bench [--json FILE] [--check] [--quick] [--only NAME] [--dir DIR]

Measures, in one run, what the machine can do and what the programs in bin/ make
of it, and prints a table. Clients and server share the processors of this
machine, and whatever else runs on it shares them too: compare ratios within a
run, not figures across machines.

  --json FILE  also write the figures as one JSON object
  --check      compare the ratios with what issues ask of them; exit 1 if one that
               is asked is missed
  --quick      fewer statements: figures come in well under a minute and are rougher
  --only NAME  measure one part, beside the floors: submit or audit
  --dir DIR    put logs and stores on the disk of DIR (default: bin/)

Exit codes: 0 done; 1 a ratio that is asked was missed; 2 usage; 3 something
could not be measured.

examples:
  scripts/bench
  scripts/bench --quick --only audit
  scripts/bench --check --json figures.json
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fail := func(code int, err error, hint string) int {
		fmt.Fprintf(stderr, "error: %v\n", err)
		if hint != "" {
			fmt.Fprintf(stderr, "hint: %s\n", hint)
		}
		return code
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	jsonFile := flags.String("json", "", "")
	check := flags.Bool("check", false, "")
	quick := flags.Bool("quick", false, "")
	only := flags.String("only", "", "")
	dir := flags.String("dir", "", "")
	programs := flags.String("programs", defaultPrograms, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return exitDone
	case err != nil:
		return fail(exitUsage, err, "see `scripts/bench --help`")
	case flags.NArg() > 0:
		return fail(exitUsage, fmt.Errorf("%q is not an option", flags.Arg(0)), "see `scripts/bench --help`")
	}
	load := fullLoad
	if *quick {
		load = quickLoad
	}
	parts := allParts
	if *only != "" {
		var known []string
		for _, p := range allParts {
			known = append(known, p.name)
			if p.name == *only {
				parts = []part{p}
			}
		}
		if len(parts) != 1 {
			return fail(exitUsage, fmt.Errorf("--only %q is no part", *only), "parts are "+strings.Join(known, " and "))
		}
	}
	b, err := newBench(load, *programs, *dir, stderr)
	if err != nil {
		return fail(exitNotMeasured, err, "")
	}
	defer b.close()
	for _, p := range parts {
		if err := p.measure(b, ctx); err != nil {
			return fail(exitNotMeasured, fmt.Errorf("measure %s: %w", p.name, err), "")
		}
	}
	if err := b.finishFloor(); err != nil {
		return fail(exitNotMeasured, fmt.Errorf("measure floors: %w", err), "")
	}
	judged := judge(targets, asked, b.figures)
	if err := b.writeTable(stdout, judged); err != nil {
		return fail(exitNotMeasured, fmt.Errorf("write table: %w", err), "")
	}
	if *jsonFile != "" {
		if err := b.writeJSON(*jsonFile, judged); err != nil {
			return fail(exitNotMeasured, fmt.Errorf("write figures: %w", err), "")
		}
	}
	if !*check {
		return exitDone
	}
	return verdict(stderr, judged)
}

// A part is something that --only can name.
type part struct {
	name    string
	measure func(*bench, context.Context) error
}

var allParts = []part{{"submit", (*bench).submit}, {"audit", (*bench).audit}}

// A load says how much is measured.
type load struct {
	clients, each int // single submissions: so many clients, each so many statements
	statements    int // in the audited log
	signatories   int // who made them
	audits        int // runs, of which the median counts
	fsyncs        int
	quick         bool
}

var (
	fullLoad  = load{clients: 2048, each: 10, statements: 100_000, signatories: 50, audits: 3, fsyncs: 200}
	quickLoad = load{clients: 2048, each: 3, statements: 20_000, signatories: 50, audits: 3, fsyncs: 100, quick: true}
)

// A bench is one run.
type bench struct {
	load     load
	programs string // the directory of the programs under test
	dir      string // for logs and stores; removed at the end
	progress io.Writer
	figures  map[string]float64
	floor    floor
}

func newBench(l load, programs, dir string, progress io.Writer) (*bench, error) {
	if dir == "" {
		dir = programs
	}
	tmp, err := os.MkdirTemp(dir, temporaryPattern)
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	if tmp, err = filepath.Abs(tmp); err != nil {
		return nil, err
	}
	if programs, err = filepath.Abs(programs); err != nil {
		return nil, err
	}
	return &bench{load: l, programs: programs, dir: tmp, progress: progress, figures: make(map[string]float64)}, nil
}

func (b *bench) close() { os.RemoveAll(b.dir) }

// say tells who waits what is being done.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: "+format+"\n", args...)
}
