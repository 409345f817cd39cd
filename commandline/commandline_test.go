package commandline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/commandline/commandtest"
)

var errInside = errors.New("it is not whole")

func program() *cobra.Command {
	root := &cobra.Command{Use: "weigh", Short: "weigh things", Example: "  weigh one apple"}
	commands := map[string]error{
		"refuse":   commandline.Refused(errInside, "mend it"),
		"around":   fmt.Errorf("read scale: %w", commandline.Undecided(errInside, "ask again")),
		"silent":   &commandline.Failure{Code: commandline.ExitMisbehaviour},
		"plain":    errInside,
		"nothing":  nil,
		"refusing": commandline.Refusedf("mend it", "the scale: %w", errInside),
	}
	for name, err := range commands {
		root.AddCommand(&cobra.Command{
			Use: name, Short: name, Example: "  weigh " + name, Args: commandline.NoArguments,
			RunE: func(*cobra.Command, []string) error { return err },
		})
	}
	one := &cobra.Command{
		Use: "one THING", Short: "weigh one", Example: "  weigh one apple", Args: commandline.OneArgument("name one thing"),
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	one.Flags().Int("times", 1, "how often")
	root.AddCommand(one)
	commandline.Finish(root)
	return root
}

func TestEndings(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string // of what is printed
	}{
		{"nothing", 0, ""},
		{"one apple", 0, ""},
		{"refuse", 1, "error: it is not whole\nhint: mend it\n"},
		{"refusing", 1, "error: the scale: it is not whole\nhint: mend it\n"},
		{"around", 3, "error: read scale: it is not whole\nhint: ask again\n"},
		{"silent", 4, ""},
		{"plain", 2, "error: it is not whole\nhint: see `weigh --help`\n"},
		{"nothing here", 2, "error: nothing takes no arguments, and \"here\" is one\nhint: see `weigh nothing --help`\n"},
		{"one", 2, "error: 0 arguments, want 1\nhint: name one thing; see `weigh one --help`\n"},
		{"one a b", 2, "error: 2 arguments, want 1\nhint: name one thing; see `weigh one --help`\n"},
		{"one a --size 3", 2, "error: unknown flag: --size\nhint: see `weigh one --help`\n"},
		{"one a --times x", 2, "error: invalid argument \"x\" for \"--times\"\nhint: see `weigh one --help`\n"},
		{"silnt", 2, "error: unknown command \"silnt\" for \"weigh\"\nhint: did you mean silent? see `weigh --help`\n"},
		{"help", 0, ""},
		{"help one", 0, ""},
		{"help two", 2, "error: there is no command \"two\"\nhint: see `weigh --help`\n"},
		{"help one two", 2, "error: there is no command \"one two\"\nhint: see `weigh --help`\n"},
		{"completion", 2, "error: completion needs the name of a shell: bash, zsh, fish or powershell\nhint: for example: weigh completion bash\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			var stderr bytes.Buffer
			code := commandline.ExitDone
			if f := commandline.Execute(context.Background(), program(), strings.Fields(c.args), nil, io.Discard, &stderr); f != nil {
				code = f.Code
				commandline.Print(&stderr, f.Error(), f.Hint)
			}
			if code != c.code || stderr.String() != c.want {
				t.Errorf("exit code %d, not %d; it printed\n%swant\n%s", code, c.code, &stderr, c.want)
			}
		})
	}
}

// What a command returned can still be found in the failure.
func TestAFailureHoldsItsError(t *testing.T) {
	f := commandline.Execute(context.Background(), program(), []string{"around"}, nil, io.Discard, io.Discard)
	if !errors.Is(f, errInside) || !commandline.IsFailure(f.Err) || commandline.IsFailure(errInside) {
		t.Errorf("%#v", f)
	}
}

func TestEveryCommandHasExamples(t *testing.T) { commandtest.HaveExamples(t, program()) }

func TestAboutHasColumns(t *testing.T) {
	for _, name := range []string{"weigh", "weigh-with-great-care"} {
		lines := strings.Split(commandline.About(name), "\n")
		if len(lines) != 4 || lines[3] != "" {
			t.Fatalf("%q", lines)
		}
		column := regexp.MustCompile(`^[a-z-]+  +`)
		for _, line := range lines[:3] {
			if got, want := len(column.FindString(line)), len(column.FindString(lines[0])); got != want || got == 0 {
				t.Errorf("%q begins its second column at %d, not %d", line, got, want)
			}
		}
	}
}

func TestNamedFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "thing")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path        string
		limit       int64
		wrong, hint string
	}{
		{path, 5, "", ""},
		{path, 4, "read thing: " + path + " has more than 4 bytes", "see whether the name is that of the right file"},
		{filepath.Join(dir, "none"), 5, "read thing: ", "make one"},
		{dir, 5, "read thing: ", "see whether the name is that of the right file"},
	} {
		b, err := commandline.ReadInput("thing", c.path, c.limit, "make one")
		if c.wrong == "" {
			if err != nil || string(b) != "12345" {
				t.Errorf("%s: %q, %v", c.path, b, err)
			}
			continue
		}
		var f *commandline.Failure
		if !errors.As(err, &f) || f.Code != commandline.ExitUsage || f.Hint != c.hint {
			t.Errorf("%s: %#v", c.path, err)
		} else if !strings.HasPrefix(err.Error(), c.wrong) {
			t.Errorf("%s: %v", c.path, err)
		}
		if b != nil {
			t.Errorf("%s: bytes beside an error", c.path)
		}
	}
}
