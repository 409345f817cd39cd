// Story writes the demo's story into a folder: one YAML file for each statement,
// as `pledge new KIND --from FILE` takes it, and the plan that scripts/demo
// follows. It makes no key and signs nothing.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

const help = `story writes the story that scripts/demo plays.

Usage:
  story [--keys DIR] [--log-key FILE] --out DIR

It writes, into a new or empty DIR:
  NNN-KIND-AUTHOR.yaml  one statement each, for: pledge new KIND --from FILE
  plan.tsv              what is done when, one statement a line, by tabs:
                        number, time, kind, author, YAML file, names of the keys
                        that sign (by commas), and for a decision the number of
                        the request; its YAML has @NUMBER in place of the
                        request's entry id
  keys.txt              the names of all keys, one a line, to be made first
  origin                the log's origin
  end                   the time at which the story stands still

Examples:
  story --out .demo/story
  story --out /tmp/story --keys ../keys --log-key ../keys/checkpoint.pub

Flags:
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 done, 1 it could not be written, 2 usage.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("story", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	out := flags.String("out", "", "`folder` to write to")
	keys := flags.String("keys", "../keys", "`folder` that will hold the keys, as seen from the YAML files")
	logKey := flags.String("log-key", "../keys/checkpoint.pub", "`file` that will hold the log's vkey, as seen from the YAML files")
	err := flags.Parse(args)
	switch {
	case err == flag.ErrHelp:
		fmt.Fprint(stdout, help)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0
	case err == nil && (*out == "" || flags.NArg() > 0):
		err = fmt.Errorf("--out is missing, or there is more than flags")
	}
	if err != nil {
		fmt.Fprintf(stderr, "story: error: %v\nstory: hint: story --help shows an example\n", err)
		return 2
	}
	w := generator.New(generator.DemoOptions())
	t := &teller{dir: *out, keys: *keys, logKey: *logKey, world: w, scenes: w.Demo()}
	if err := t.tell(); err != nil {
		fmt.Fprintf(stderr, "story: error: %v\n", err)
		return 1
	}
	fmt.Fprintf(stdout, "story       %d statements of %d signatories, %s to %s\n", len(t.scenes), len(w.Signatories),
		entry.FormatTime(t.scenes[0].At)[:10], entry.FormatTime(t.scenes[len(t.scenes)-1].At)[:10])
	return 0
}
