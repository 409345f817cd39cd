// Story writes invented logs. Without --statements it writes the demo's story:
// one YAML file for each statement, as `pledge new KIND --from FILE` takes it,
// and the plan that scripts/demo follows; it makes no key and signs nothing. With
// it, it writes a log of any size, signed, as a server would have left it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

const help = `story writes invented logs, for demonstrations and tests.

Usage:
  story --out DIR                    the story that scripts/demo plays
  story --statements N --out DIR     a log of N statements, ready to be audited

A log is of one of these worlds (--world):
  plain       requests, answers, attestations
  everyday    those, and weekly slots, texts that are withheld or sealed and opened
              later, corrections, challenges and replies, changes of keys; what
              scripts/bench audits
  every-kind  a small accord in which every kind of statement occurs in all its
              forms; it has its own signatories

DIR is new or empty. The story is, in DIR:
  NNN-KIND-AUTHOR.yaml  one statement each, for: pledge new KIND --from FILE
  plan.tsv              what is done when, one thing a line, by tabs, - for nothing:
                        number, time, kind, author, YAML file, names of the keys
                        that sign (by commas), numbers of the lines that it names
                        (its YAML has @NUMBER in place of their entry ids), and
                        more of its command line. Beside statements' kinds there are
                        keep, a request for the next slot, and tell, that request
                        when it may be told. A directory is the server's to make six
                        hours after the log grew: it has no number, and the size that
                        it covers in place of a command line
  keys.txt              the names and uses of the keys to be made first, one a line;
                        the operator's, operator.key, comes from pledgelog keygen
  origin                the log's origin
  end                   the time at which the story stands still

A log is policy.txt, charter-id and log. Its keys are nobody's secret: the same
flags give the same bytes.

Examples:
  story --out .demo/story
  story --statements 100000 --signatories 50 --world everyday --out big
  pledge-verify audit --policy big/policy.txt --charter "$(cat big/charter-id)" big/log

Flags:
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 done, 1 it could not be written, 2 usage.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("story", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var o generator.Options
	out := flags.String("out", "", "`folder` to write to")
	keys := flags.String("keys", "../keys", "story: `folder` that will hold the keys, as seen from the YAML files")
	logKey := flags.String("log-key", "../keys/checkpoint.pub", "story: `file` that will hold the log's vkey, as seen from the YAML files")
	world := flags.String("world", "plain", "log: which `world` it is of")
	n := flags.Int("statements", 0, "log: write `N` statements")
	flags.Uint64Var(&o.Seed, "seed", 0, "log: `number` that everything random comes from")
	flags.IntVar(&o.Signatories, "signatories", 8, "log: how many `companies` there are")
	flags.IntVar(&o.Witnesses, "witnesses", 0, "log: how many `witnesses` cosign")
	flags.IntVar(&o.Quorum, "quorum", 0, "log: how many of them the policy wants (`K`; default all)")
	flags.IntVar(&o.Lapses, "lapses", 0, "log: out of a thousand obligations, how many (`N`) are not kept")
	flags.DurationVar(&o.Publish, "publish", 30*time.Minute, "log: `time` of the log between two checkpoints")
	bundled := flags.Bool("bundled", false, "log: leave out the files of single texts where a bundle has them; much faster, and an audit of the directory says that they are missing")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, help)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return 0
	case err != nil:
	case *out == "" || flags.NArg() > 0:
		err = errors.New("--out is missing, or there is more than flags")
	case *n != 0 && *n < 1+2*o.Signatories || o.Signatories < 1:
		err = fmt.Errorf("--statements %d leaves no room for a charter, and an admission and a pledge of %d signatories", *n, o.Signatories)
	case !slices.Contains(worlds, *world):
		err = fmt.Errorf("--world %s is not one of %s", *world, strings.Join(worlds, ", "))
	case *world == "every-kind" && *n < generator.EveryKindLeast:
		err = fmt.Errorf("--statements %d leaves no room for every kind: %d do", *n, generator.EveryKindLeast)
	case o.Quorum < 0 || o.Quorum > o.Witnesses || o.Witnesses < 0:
		err = fmt.Errorf("--quorum %d is not one of %d witnesses", o.Quorum, o.Witnesses)
	}
	if err != nil {
		fmt.Fprintf(stderr, "story: error: %v\nstory: hint: story --help shows examples\n", err)
		return 2
	}
	if err = empty(*out); err == nil {
		if *n > 0 {
			err = writeLog(stdout, *out, *n, *bundled, *world, o)
		} else {
			err = writeStory(stdout, *out, *keys, *logKey)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "story: error: %v\n", err)
		return 1
	}
	return 0
}

// worlds are those that --world takes.
var worlds = []string{"plain", "everyday", "every-kind"}

// empty makes a folder, or wants it to have nothing in it.
func empty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read folder: %w", err)
	}
	if len(old) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	return nil
}

func writeStory(stdout io.Writer, dir, keys, logKey string) error {
	w := generator.New(generator.DemoOptions())
	t := &teller{dir: dir, keys: keys, logKey: logKey, world: w, scenes: w.Demo()}
	if err := t.tell(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "story       %d statements of %d signatories, %s to %s\n", len(t.numbers), len(w.Signatories),
		day(t.scenes[0].At), day(t.scenes[len(t.scenes)-1].At))
	return nil
}

func writeLog(stdout io.Writer, dir string, n int, bundled bool, world string, o generator.Options) error {
	began := time.Now()
	switch world {
	case "everyday":
		large := generator.LargeOptions()
		o.Challengers, o.Slots, o.Mix = large.Challengers, large.Slots, large.Mix
	case "every-kind":
		every := generator.EveryKindOptions()
		every.Seed, every.Witnesses, every.Quorum, every.Lapses, every.Publish = o.Seed, o.Witnesses, o.Quorum, o.Lapses, o.Publish
		o = every
	}
	w := generator.New(o)
	first := w.Now()
	var options []func(*generator.Writer)
	if bundled {
		options = append(options, generator.Bundled)
	}
	write := w.WriteStory
	if world == "every-kind" {
		write = w.WriteEveryKind
	}
	if err := write(filepath.Join(dir, "log"), n, options...); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "policy.txt"), w.Policy.Marshal(), 0o644); err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "charter-id"), []byte(w.Charter.String()+"\n"), 0o644); err != nil {
		return fmt.Errorf("write charter id: %w", err)
	}
	fmt.Fprintf(stdout, "log         %d statements of %d signatories, %s to %s, in %.1f s\n", n, len(w.Signatories), day(first), day(w.Now()), time.Since(began).Seconds())
	return nil
}

func day(unix int64) string { return entry.FormatTime(unix)[:10] }
