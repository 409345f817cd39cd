package main

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var exampleLine = regexp.MustCompile("(?m)^    (pledge .*)$|`(pledge [^`\n]* --policy [^`\n]*)`")

// guide NAME SECTION NUMBER runs the examples of a section of a document as they stand there, of
// which there are so many: those of its blocks and those in its sentences that name a policy.
// Added are only the time, which is simulated here, and a word for who can't be asked.
func guide(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: guide document section number")
	}
	b, err := os.ReadFile("../../docs/" + args[0])
	ts.Check(err)
	_, section, found := strings.Cut(string(b), "\n## "+args[1]+"\n")
	if !found {
		ts.Fatalf("%s has no section %q", args[0], args[1])
	}
	section, _, _ = strings.Cut(section, "\n## ")
	n := 0
	for _, m := range exampleLine.FindAllStringSubmatch(section, -1) {
		words := strings.Fields(m[1] + m[2])
		switch {
		case words[1] == "sign":
			words = append(words, "--yes")
		case slices.Contains([]string{"standing", "status", "succeed"}, words[1]):
			words = append(words, "--simulated-clock", "clock")
		}
		ts.Logf("> %s", strings.Join(words, " "))
		ts.Check(ts.Exec(words[0], words[1:]...))
		n++
	}
	if strconv.Itoa(n) != args[2] {
		ts.Fatalf("%s has %d examples under %q", args[0], n, args[1])
	}
}
