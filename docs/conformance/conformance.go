// Package conformance runs tables that walk through a specification of C2SP
// requirement by requirement, and holds docs/conformance.md to them: each
// requirement of a table is a line of the page, and the page has no other. No
// program imports it.
package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Page is where the tables are shown, in the module.
const Page = "docs/conformance.md"

// WriteEnv names the variable that has the tables of the page written anew:
//
//	CONFORMANCE_WRITE=1 go test -p 1 -run '^TestConformance' ./log/... ./api ./witness ./verifier/mirror
const WriteEnv = "CONFORMANCE_WRITE"

// A Row is one requirement of a specification.
type Row struct {
	Section  string // of the specification, without slashes
	Name     string // a few words: the name of the subtest
	Requires string // what is asked for, in words of our own
	// Test is what holds the requirement. Without one, Remark says which test
	// of another name does, as `package.TestName`, or why there is nothing to
	// hold.
	Test   func(t *testing.T)
	Remark string
}

// Tested is a requirement that a subtest holds; remark may add to it.
func Tested(section, name, requires string, test func(t *testing.T), remark ...string) Row {
	return Row{section, name, requires, test, strings.Join(remark, " ")}
}

// Elsewhere is a requirement that another test holds, or none has to.
func Elsewhere(section, name, requires, remark string) Row {
	return Row{Section: section, Name: name, Requires: requires, Remark: remark}
}

// Run runs each row as a subtest, below one for its section, and compares the
// page's table of this test with the rows.
func Run(t *testing.T, rows []Row) {
	t.Helper()
	if err := check(rows); err != nil {
		t.Fatal(err)
	}
	holdPage(t, rows)
	for first := 0; first < len(rows); {
		end := first
		for end < len(rows) && rows[end].Section == rows[first].Section {
			end++
		}
		t.Run(rows[first].Section, func(t *testing.T) {
			for _, r := range rows[first:end] {
				if r.Test != nil {
					t.Run(r.Name, r.Test)
				}
			}
		})
		first = end
	}
}

// check refuses rows that would not give one name to one requirement.
func check(rows []Row) error {
	seen := make(map[string]bool)
	last := ""
	for _, r := range rows {
		if r.Section == "" || r.Name == "" || r.Requires == "" || strings.ContainsAny(r.Section+r.Name, "/|`") || strings.ContainsAny(r.Requires+r.Remark, "|\n") {
			return fmt.Errorf("row %q of section %q: it can't be a line of the page", r.Name, r.Section)
		}
		if r.Test == nil && r.Remark == "" {
			return fmt.Errorf("row %q of section %q: neither a test nor a reason", r.Name, r.Section)
		}
		if r.Section != last && seen[r.Section] {
			return fmt.Errorf("section %q: its rows are not together", r.Section)
		}
		if seen[r.Section+"/"+r.Name] {
			return fmt.Errorf("row %q of section %q: it is there twice", r.Name, r.Section)
		}
		seen[r.Section], seen[r.Section+"/"+r.Name], last = true, true, r.Section
	}
	return nil
}

func holdPage(t *testing.T, rows []Row) {
	t.Helper()
	root, room, err := module()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, filepath.FromSlash(Page))
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, table, after, ok := cut(string(page), Heading(room, t.Name()))
	if !ok {
		t.Errorf("%s has no table below %q", Page, strings.TrimSpace(Heading(room, t.Name())))
		return
	}
	want := Table(rows)
	if table == want {
		return
	}
	if os.Getenv(WriteEnv) == "" {
		t.Errorf("%s has another table for this test:\n%s\nwant\n%s\n%s=1 has it written", Page, table, want, WriteEnv)
		return
	}
	if err := os.WriteFile(path, []byte(before+want+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// module finds the module's folder, and the package's name in it.
func module() (root, room string, err error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for root = wd; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		} else if root == filepath.Dir(root) {
			return "", "", fmt.Errorf("%s is in no module", wd)
		}
	}
	room, err = filepath.Rel(root, wd)
	return root, filepath.ToSlash(room), err
}

// Heading is what stands above the table of a test in the page.
func Heading(room, test string) string { return "### `" + room + "." + test + "`\n\n" }

// cut returns the table below a heading: the lines that begin with a bar.
func cut(page, heading string) (before, table, after string, ok bool) {
	before, rest, ok := strings.Cut(page, heading)
	end := 0
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		end += len(line)
	}
	return before + heading, rest[:end], rest[end:], ok
}

// Table is what the page shows of rows.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| section | what is required | held by |\n|---|---|---|\n")
	for _, r := range rows {
		held := r.Remark
		if r.Test != nil {
			held = "`" + underscore(r.Section) + "/" + underscore(r.Name) + "`"
			if r.Remark != "" {
				held += ". " + r.Remark
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.Section, r.Requires, held)
	}
	return b.String()
}

// underscore writes a name as go test does.
func underscore(s string) string { return strings.ReplaceAll(s, " ", "_") }
