package pledgelog_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDependenciesAreJustified holds docs/dependencies.md to go.mod and to the
// programs: a line for each direct dependency, no line for another, and the
// programs that it really gets into.
func TestDependenciesAreJustified(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(map[string]string)
	for _, line := range strings.Split(string(mod), "\n") {
		if f := strings.Fields(line); strings.HasPrefix(line, "\t") && !strings.Contains(line, "// indirect") {
			reached[f[0]] = ""
		}
	}
	for _, program := range []struct{ letter, path string }{{"V", "./cmd/pledge-verify"}, {"P", "./cmd/pledge"}, {"S", "./cmd/pledgelog"}, {"W", "./cmd/pledge-witness"}} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", program.path).Output()
		if err != nil {
			t.Fatal(err)
		}
		for module := range reached {
			if strings.Contains("\n"+string(out), "\n"+module+"\n") {
				reached[module] = strings.TrimSpace(reached[module] + " " + program.letter)
			}
		}
	}
	// What only some builds of pledge reach.
	tagged := exec.Command("go", "list", "-deps", "-tags", "pkcs11,vault", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/pledge")
	tagged.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := tagged.Output()
	if err != nil {
		t.Fatal(err)
	}
	for module := range reached {
		if reached[module] == "" && strings.Contains("\n"+string(out), "\n"+module+"\n") {
			reached[module] = "K"
		}
	}
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([A-Z ]+) \\| (.+) \\|$").FindAllStringSubmatch(string(doc), -1) {
		module, where := row[1], row[2]
		listed[module] = true
		want, direct := reached[module]
		if want == "" {
			want = "T"
		}
		if !direct {
			t.Errorf("%s is listed and is no direct dependency", module)
		} else if where != want {
			t.Errorf("%s is said to be reached by %s, and is by %s", module, where, want)
		}
	}
	for module := range reached {
		if !listed[module] {
			t.Errorf("%s is not justified in docs/dependencies.md", module)
		}
	}
}
