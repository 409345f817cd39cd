package commandline

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// What cobra thinks of a command line becomes a failure of ours here: one line,
// what to do about it, and exit code 2.

// Finish gives a tree of commands the help and completion commands, with examples
// as all others have, and a say in flags that are wrong.
func Finish(root *cobra.Command) {
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		text, _, _ := strings.Cut(err.Error(), " flag: strconv.")
		return Usagef("see `"+cmd.CommandPath()+" --help`", "%s", text)
	})
	root.SetHelpCommand(helpCommand(root.Name()))
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Short = "print a script that completes commands in a shell"
	completion.Example = "  " + root.Name() + " completion bash --help"
	completion.RunE = func(*cobra.Command, []string) error {
		return Usagef("for example: "+root.Name()+" completion bash", "completion needs the name of a shell: bash, zsh, fish or powershell")
	}
	for _, shell := range completion.Commands() {
		shell.Example = "  " + shell.CommandPath() + " > completions"
	}
}

func helpCommand(program string) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "show the help of a command",
		Example: "  " + program + " help version",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return Usagef("see `"+program+" --help`", "there is no command %q", strings.Join(args, " "))
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// Execute runs one command line and returns nil when it is done. An error of a
// command that is no Failure is taken for cobra's opinion on the command line, and
// becomes one of exit code 2. The failure's Err is the whole error, with whatever
// was said around it on the way here.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) *Failure {
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return nil
	}
	var f *Failure
	if errors.As(err, &f) {
		return &Failure{f.Code, err, f.Hint}
	}
	return fromCobra(root.Name(), err)
}

// fromCobra makes a failure of an error that is not one yet.
func fromCobra(program string, err error) *Failure {
	text, rest, _ := strings.Cut(err.Error(), "\n")
	hint := "see `" + program + " --help`"
	if _, like, ok := strings.Cut(rest, "Did you mean this?"); ok {
		hint = "did you mean " + strings.Join(strings.Fields(like), " or ") + "? " + hint
	}
	return &Failure{ExitUsage, errors.New(text), hint}
}

// OneArgument is cobra.ExactArgs(1) with a sentence that helps.
func OneArgument(hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return Usagef(hint+"; see `"+cmd.CommandPath()+" --help`", "%d arguments, want 1", len(args))
		}
		return nil
	}
}

// NoArguments is cobra.NoArgs for a command that has no commands of its own.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("see `"+cmd.CommandPath()+" --help`", "%s takes no arguments, and %q is one", cmd.Name(), args[0])
	}
	return nil
}
