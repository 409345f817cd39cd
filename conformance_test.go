package pledgelog_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

var (
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)
	testName = regexp.MustCompile("`([a-z][a-z/_-]*)\\.((?:Test|Fuzz|Example)\\w+)`")
	// walked are the tests that walk through a specification: those of tables, and
	// those of the witness, which have a function for each requirement.
	walked = regexp.MustCompile(`\.TestConformance|^witness\.TestSpec`)
)

// TestConformancePage: docs/conformance.md names tests that there are, and every one that
// walks through a specification. Its tables are held by those tests themselves.
func TestConformancePage(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash(conformance.Page))
	if err != nil {
		t.Fatal(err)
	}
	tests := make(map[string]bool) // with their room
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != "." {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		room := path.Dir(filepath.ToSlash(name))
		for _, m := range testFunc.FindAllStringSubmatch(string(b), -1) {
			tests[room+"."+m[1]] = true
			if room == "." || !walked.MatchString(room+"."+m[1]) {
				continue
			}
			if strings.HasPrefix(m[1], "TestConformance") {
				if n := strings.Count(string(page), conformance.Heading(room, m[1])); n != 1 {
					t.Errorf("the page has %d tables of %s.%s", n, room, m[1])
				}
				if !strings.Contains(string(b), "conformance.Run(t, ") {
					t.Errorf("%s has no table", name)
				}
			} else if !strings.Contains(string(page), "`"+room+"."+m[1]+"`") {
				t.Errorf("the page does not name %s.%s", room, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(tests) < 500 {
		t.Fatalf("only %d tests were seen", len(tests))
	}
	named := 0
	for _, m := range testName.FindAllStringSubmatch(string(page), -1) {
		named++
		if !tests[m[1]+"."+m[2]] {
			t.Errorf("the page names %s.%s, which is no test", m[1], m[2])
		}
	}
	if named < 30 {
		t.Errorf("only %d names were seen", named)
	}
	// A table without its test would stay as it is for ever.
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "### ") && !testName.MatchString(line) {
			t.Errorf("%q is the heading of no test", strings.TrimSpace(line))
		}
	}
}
