package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// reaches lists the exit codes that each command can end with, as its help and the docs
// have it: 0 done, 1 refused or not verified, 2 usage, 3 cannot decide now. It is written
// by hand. What asks a log can be undecided; what reads files alone can't.
var reaches = map[string]string{
	"admit":          "0 1 2 3",
	"amend":          "0 1 2 3",
	"attest":         "0 1 2 3",
	"backup":         "0 1 2",
	"challenge":      "0 1 2 3",
	"correct":        "0 1 2 3",
	"desk":           "1 2", // 0 when it is closed, which tests in a browser do
	"help":           "0 2",
	"key":            "2", // it has commands, and is none
	"key passphrase": "0 1 2",
	"key show":       "0 1 2",
	"keygen":         "0 1 2",
	"law":            "0 2",
	"lint":           "0 1 2",
	"memo":           "0 1 2",
	"new":            "0 1 2 3",
	"open":           "0 1 2 3",
	"preview":        "0 1 2 3", // with --policy it asks the log for names
	"receipt":        "2",
	"receipt show":   "0 1 2",
	"reply":          "0 1 2 3",
	"restore":        "0 1 2 3", // undecided: a log that is asked what is missing
	"rotate":         "0 1 2 3",
	"safe":           "2",
	"safe add":       "0 1 2",
	"safe new":       "0 1 2",
	"safe show":      "0 1 2",
	"sign":           "0 1 2 3", // undecided: interrupted at its question
	"slot":           "0 1 2 3",
	"slot list":      "0 1 2",
	"standing":       "0 1 2 3",
	"status":         "0 1 2 3",
	"submit":         "0 1 2 3",
	"succeed":        "0 1 2 3",
	"version":        "0 2",
	"withdraw":       "0 1 2 3",
}

// Each exit code that a command can reach is reached in a script, and no other one. The
// scripts hold what they say: TestScripts runs them.
func TestEachExitCodeHasAScript(t *testing.T) {
	root := newApp(strings.NewReader(""), io.Discard, io.Discard).command()
	root.InitDefaultHelpCmd()
	commands := make(map[string]bool)
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if path := strings.TrimPrefix(sub.CommandPath(), "pledge "); !strings.HasPrefix(path, "completion") { // cobra's own
				commands[path] = true
				walk(sub)
			}
		}
	}
	walk(root)
	for path := range commands {
		if reaches[path] == "" {
			t.Errorf("pledge %s is a command of which the table says nothing", path)
		}
	}
	reached := make(map[string]map[int]bool)
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) < 10 {
		t.Fatalf("%d scripts (%v)", len(scripts), err)
	}
	line := regexp.MustCompile(`^(?:\[[^\]]*\] )*(exec|code ([0-9])) pledge (.*)$`)
	for _, name := range scripts {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut(string(b), "\n-- ")
		for text := range strings.Lines(script) {
			m := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
			if m == nil {
				continue
			}
			code := 0
			if m[2] != "" {
				code, _ = strconv.Atoi(m[2])
			}
			words := strings.Fields(m[3])
			if code == 0 && slices.Contains(words, "--help") {
				continue // that is no use of the command
			}
			found, _, err := root.Find(words)
			if err != nil || found == root {
				continue // no command
			}
			path := strings.TrimPrefix(found.CommandPath(), "pledge ")
			if reached[path] == nil {
				reached[path] = make(map[int]bool)
			}
			reached[path][code] = true
		}
	}
	for _, path := range slices.Sorted(maps.Keys(reaches)) {
		if !commands[path] {
			t.Errorf("the table has %q, which is no command", path)
		}
		var got []string
		for _, code := range slices.Sorted(maps.Keys(reached[path])) {
			got = append(got, fmt.Sprint(code))
		}
		if has := strings.Join(got, " "); has != reaches[path] {
			t.Errorf("pledge %s: scripts reach %q, and it can end with %q", path, has, reaches[path])
		}
	}
}
