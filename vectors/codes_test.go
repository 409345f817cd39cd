package vectors_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// elsewhere are codes that no vector has as its code, and where they are.
var elsewhere = map[string]string{
	"vocabulary-code-unknown": "what a server says of a vector with unknownCodes; package entry never refuses for it",
	"authors-full":            "after 65,536 authors: pledge.TestAuthorsFull has it",
}

// TestEachCodeOccurs: every code by which packages entry and pledge refuse something
// is the verdict on some vector.
func TestEachCodeOccurs(t *testing.T) {
	seen, _, invalid := codesInVectors(t)
	for _, p := range []string{"entry", "pledge"} {
		for name, code := range constants(t, filepath.Join("..", p), "Code") {
			_, other := elsewhere[code]
			if seen[code] == other {
				t.Errorf("%s.%s %s: occurs in the vectors: %t, is said to stand elsewhere: %t", p, name, code, seen[code], other)
			}
		}
	}
	if invalid < 150 {
		t.Errorf("only %d inputs are invalid", invalid)
	}
	t.Logf("%d invalid inputs with %d codes", invalid, len(seen))
}

// TestSpecHasEachCode: section 10 of docs/spec.md lists every code of packages entry,
// pledge and intake, once, and no other.
func TestSpecHasEachCode(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "docs", "spec.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(b), "\n## 10. Codes\n")
	if !found {
		t.Fatal("docs/spec.md has no section 10")
	}
	listed := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]*)` \\| ([^|]*) \\| ([^|]+) \\|$").FindAllStringSubmatch(section, -1) {
		if listed[row[1]] {
			t.Errorf("%s is listed twice", row[1])
		}
		listed[row[1]] = true
	}
	codes := make(map[string]string)
	for _, p := range []string{"entry", "pledge", "intake"} {
		for name, code := range constants(t, filepath.Join("..", p), "Code") {
			codes[code] = p + "." + name
		}
	}
	for code, name := range codes {
		if !listed[code] {
			t.Errorf("%s, %s, is not listed", code, name)
		}
	}
	for code := range listed {
		if codes[code] == "" {
			t.Errorf("%s is listed, and nothing is refused by it", code)
		}
	}
	t.Logf("%d codes", len(listed))
}

// noFinding are findings that no vector gives, and why.
var noFinding = map[string]string{
	"logged-in-future":       "it is held to the auditor's clock, and not for demonstrations, as all vectors are",
	"checkpoint-shrunk":      "it is held to what the auditor saw before",
	"body-bundle-mismatch":   "texts are bundled from 256 entries on: the logs here are smaller",
	"body-bundle-incomplete": "texts are bundled from 256 entries on: the logs here are smaller",
	"key-shared":             "it hangs on the policy, which the vectors' logs do not share keys with",
	"body-file-missing":      "texts are bundled from 256 entries on: the logs here are smaller",
}

// TestEachFindingOccurs: every finding of the two catalogues is expected of some
// chain, log or damage.
func TestEachFindingOccurs(t *testing.T) {
	_, seen, _ := codesInVectors(t)
	for _, m := range slices.Concat(pledge.Catalogue, verifier.Catalogue) {
		_, without := noFinding[string(m.Code)]
		if seen[string(m.Code)] == without {
			t.Errorf("%s: occurs in the vectors: %t, is said not to: %t", m.Code, seen[string(m.Code)], without)
		}
	}
}

// codesInVectors are the codes of refusals and those of findings that stand in any
// file, and how many inputs are refused.
func codesInVectors(t *testing.T) (refused, found map[string]bool, invalid int) {
	t.Helper()
	refused, found = make(map[string]bool), make(map[string]bool)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			code, hasCode := v["code"].(string)
			_, hasError := v["error"].(string)
			_, isFinding := v["concerns"].(string)
			switch {
			case isFinding:
				found[code] = true
			case hasCode:
				refused[code] = true
				invalid++
			case hasError:
				invalid++
			}
			for _, one := range v {
				walk(one)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		walk(v)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return refused, found, invalid
}

// constants are the string constants of a package whose names begin with a prefix, by
// name.
func constants(t *testing.T, dir, prefix string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				if lit, ok := first(v.Values).(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.HasPrefix(v.Names[0].Name, prefix) {
					code, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					all[v.Names[0].Name] = code
				}
			}
		}
	}
	if len(all) < 5 {
		t.Fatalf("%s has only %d constants %s…", dir, len(all), prefix)
	}
	return all
}

func first(list []ast.Expr) ast.Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}
