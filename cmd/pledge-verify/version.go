package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/entry"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print the version of the program, the protocol and the vocabulary",
		Example: "  pledge-verify version",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "pledge-verify  %s (%s)\nprotocol       1\nvocabulary     %d, %s\n", version(), runtime.Version(), entry.Terms.Version, entry.Terms.Date)
			return err
		},
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return info.Main.Version
	}
	return "dev"
}
