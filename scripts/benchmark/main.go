// Command benchmark measures what the programs do, in one run, beside what the
// machine itself can do. scripts/bench builds and runs it.
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
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes, as those of all programs of the project.
const (
	exitDone        = 0
	exitMissed      = 1 // --check: a figure misses its bound
	exitUsage       = 2
	exitNotMeasured = 3
)

const usage = `usage: scripts/bench [--json FILE] [--check] [--quick] [--only NAME] [--dir DIR] [--log DIR]

Measures, in one run, what the machine can do and what the programs in bin/ make
of it, and prints a table. Clients and server share the processors of this
machine, and whatever else runs on it shares them too: compare ratios within a
run, not figures across machines.

  --json FILE  also write the figures as one JSON object
  --check      hold the figures to what the project asks of them; exit 1 if that is
               missed
  --quick      fewer statements: figures come in well under a minute and are rougher
  --only NAME  measure one part, beside the floors: submit, audit or search
  --dir DIR    put logs and stores on the disk of DIR (default: bin/), which has 15 GB
               to spare: the audited log and the searched one have a million statements
               each, and their texts
  --log DIR    search the log in DIR, which an earlier run wrote, with its policy in
               DIR-policy.txt, rather than write one anew

Exit codes: 0 done; 1 a figure missed its bound; 2 usage; 3 something
could not be measured.

examples:
  scripts/bench
  scripts/bench --quick --only audit
  scripts/bench --check --json figures.json
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	jsonFile := flags.String("json", "", "")
	check := flags.Bool("check", false, "")
	quick := flags.Bool("quick", false, "")
	only := flags.String("only", "", "")
	dir := flags.String("dir", "", "")
	searched := flags.String("log", "", "")
	programs := flags.String("programs", "bin", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return exitDone
	case err != nil:
		return fail(stderr, exitUsage, err, "see `scripts/bench --help`")
	case flags.NArg() > 0:
		return fail(stderr, exitUsage, fmt.Errorf("%q is not an option", flags.Arg(0)), "see `scripts/bench --help`")
	}
	o := options{load: fullLoad, parts: allParts, programs: *programs, dir: *dir, json: *jsonFile, log: *searched, check: *check, targets: targets, asked: asked}
	if *quick {
		o.load = quickLoad
	}
	if *only != "" {
		i := slices.IndexFunc(allParts, func(p part) bool { return p.name == *only })
		if i < 0 {
			return fail(stderr, exitUsage, fmt.Errorf("--only %q is not a part", *only), "the parts are submit, audit and search")
		}
		o.parts = allParts[i : i+1]
	}
	return measure(ctx, o, stdout, stderr)
}

func fail(stderr io.Writer, code int, err error, hint string) int {
	fmt.Fprintf(stderr, "error: %v\n", err)
	if hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", hint)
	}
	return code
}

// options are what the command line says.
type options struct {
	load          load
	parts         []part
	programs, dir string
	json          string
	log           string // to be searched; "": one is written
	check         bool
	targets       []target
	asked         int
}

// measure does one run and returns how the program ends.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) int {
	b, err := newBench(o.load, o.programs, o.dir, stderr)
	if err != nil {
		return fail(stderr, exitNotMeasured, err, "")
	}
	defer b.close()
	b.searchedLog = o.log
	for _, p := range o.parts {
		if err := p.measure(b, ctx); err != nil {
			return fail(stderr, exitNotMeasured, fmt.Errorf("measure %s: %w", p.name, err), "")
		}
	}
	if err := b.finishFloor(); err != nil {
		return fail(stderr, exitNotMeasured, fmt.Errorf("measure floors: %w", err), "")
	}
	judged := judge(o.targets, o.asked, b.figures)
	if err := b.writeTable(stdout, judged); err != nil {
		return fail(stderr, exitNotMeasured, fmt.Errorf("write table: %w", err), "")
	}
	if o.json != "" {
		if err := b.writeJSON(o.json, judged); err != nil {
			return fail(stderr, exitNotMeasured, fmt.Errorf("write figures: %w", err), "")
		}
	}
	if !o.check {
		return exitDone
	}
	return verdict(stderr, judged)
}

// A part is something that --only can name.
type part struct {
	name    string
	measure func(*bench, context.Context) error
}

var allParts = []part{{"submit", (*bench).submit}, {"audit", (*bench).audit}, {"search", (*bench).search}}

// A load says how much is measured.
type load struct {
	clients, each int // single submissions: so many clients, each so many statements
	alone         int // statements that one more client submits by itself
	statements    int // in the audited log
	signatories   int // who made them
	audits        int // runs, of which the median counts
	searched      int // in the searched log
	readers       int // who ask once a second each
	queries       int // distinct ones
	searching     time.Duration
	fsyncs        int
	slice         time.Duration // of each sample of a floor
	quick         bool
}

var (
	fullLoad  = load{clients: 2048, each: 10, alone: 21, statements: 1_000_000, signatories: 50, audits: 3, searched: 1_000_000, readers: 50, queries: 5000, searching: 100 * time.Second, fsyncs: 200, slice: 400 * time.Millisecond}
	quickLoad = load{clients: 2048, each: 3, alone: 11, statements: 20_000, signatories: 50, audits: 3, searched: 20_000, readers: 50, queries: 500, searching: 10 * time.Second, fsyncs: 100, slice: 200 * time.Millisecond, quick: true}
)

// A bench is one run.
type bench struct {
	load     load
	programs string // the directory of the programs under test
	dir      string // for logs and stores; removed at the end
	progress io.Writer
	figures  map[string]float64
	floor    floor

	searchedLog string // that is there already
	exported    map[string][]float64
	exportMB    float64
}

func newBench(l load, programs, dir string, progress io.Writer) (*bench, error) {
	if dir == "" {
		dir = programs
	}
	tmp, err := os.MkdirTemp(dir, "bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	if tmp, err = filepath.Abs(tmp); err != nil {
		return nil, err
	}
	if programs, err = filepath.Abs(programs); err != nil {
		return nil, err
	}
	return &bench{load: l, programs: programs, dir: tmp, progress: progress, figures: make(map[string]float64), exported: make(map[string][]float64)}, nil
}

func (b *bench) close() { os.RemoveAll(b.dir) }

// say tells who waits what is being done.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: "+format+"\n", args...)
}
