package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/entry"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program, the protocol and the vocabulary",
		Example: `  pledge version`,
		Args:    noArguments,
		RunE: do(func(context.Context, []string) error {
			a.printf("pledge      %s (%s)\nprotocol    1\nvocabulary  %d, %s\n", version(), runtime.Version(), entry.Terms.Version, entry.Terms.Date)
			return nil
		}),
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return info.Main.Version
	}
	return "dev"
}
