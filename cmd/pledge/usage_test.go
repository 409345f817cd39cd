package main

import (
	"io"
	"testing"

	"github.com/spf13/cobra"
)

// Every command has examples, and a sentence on what it is.
func TestEveryCommandHasExamples(t *testing.T) {
	root := newApp(nil, io.Discard, io.Discard).command()
	root.InitDefaultHelpCmd()
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example, or nothing that says what it does", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}
