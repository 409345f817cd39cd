package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

// What cobra thinks of a command line becomes an error of ours here: one line,
// what to do about it, and exit code 2.

// finish gives a tree of commands the help and completion commands, with examples
// as all others have, and a say in flags that are wrong.
func finish(root *cobra.Command) {
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		text, _, _ := strings.Cut(err.Error(), " flag: strconv.")
		return usage("see `"+cmd.CommandPath()+" --help`", "%s", text)
	})
	root.SetHelpCommand(helpCommand(root.Name()))
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Short = "print a script that completes commands in a shell"
	completion.Example = "  " + root.Name() + " completion bash --help"
	completion.RunE = func(*cobra.Command, []string) error {
		return usage("for example: "+root.Name()+" completion bash", "completion needs the name of a shell: bash, zsh, fish or powershell")
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
				return usage("see `"+program+" --help`", "there is no command %q", strings.Join(args, " "))
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// fromCobra makes a failure of an error that is not one yet.
func fromCobra(err error) *failure {
	text, rest, _ := strings.Cut(err.Error(), "\n")
	hint := "see `pledge --help`"
	if _, like, ok := strings.Cut(rest, "Did you mean this?"); ok {
		hint = "did you mean " + strings.Join(strings.Fields(like), " or ") + "? " + hint
	}
	return &failure{exitUsage, errors.New(text), hint}
}

// oneArgument is cobra.ExactArgs(1) with a sentence that helps.
func oneArgument(hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(hint+"; see `"+cmd.CommandPath()+" --help`", "%d arguments, want 1", len(args))
		}
		return nil
	}
}

// noArguments is cobra.NoArgs for a command that has no commands of its own.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("see `"+cmd.CommandPath()+" --help`", "%s takes no arguments, and %q is one", cmd.Name(), args[0])
	}
	return nil
}
