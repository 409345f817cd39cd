package pledgelog_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// minCorpus is how many inputs a fuzz target keeps at least.
const minCorpus = 5

// notFuzzed are parsers that no fuzz target calls, and why that will do.
var notFuzzed = map[string]string{
	"cmd/pledge.parseDraft":            "is entry.ParseDraft, which has a target, and says of which file it speaks",
	"cmd/pledge-witness.parseCosigner": "is log.ParseSecret, which has a target",
	"vectors.Read":                     "reads what this repository holds",
}

// parserName is the name of a function that others call with what they were given. In
// a program, main calls it.
var parserName = regexp.MustCompile(`^(Parse|Read|Restore|Decode|Unmarshal)([A-Z]\w*)?$`)
var parserInProgram = regexp.MustCompile(`^parse[A-Z]\w*$`)

// TestFuzzing: each fuzz target has a corpus, each corpus a target, and each parser of
// bytes or text that others wrote is called by a target of its own room.
func TestFuzzing(t *testing.T) {
	rooms := make(map[string]*room)
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != "." {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") {
			at := path.Dir(filepath.ToSlash(name))
			if rooms[at] == nil {
				rooms[at] = &room{parsers: make(map[string]bool), calls: make(map[string]map[string]bool)}
			}
			return rooms[at].read(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	targets, parsers := 0, 0
	excepted := maps.Clone(notFuzzed)
	for _, at := range slices.Sorted(maps.Keys(rooms)) {
		r := rooms[at]
		fuzzed := make(map[string]bool)
		corpora := filepath.Join(filepath.FromSlash(at), "testdata", "fuzz")
		for f := range r.calls {
			if !strings.HasPrefix(f, "Fuzz") {
				continue
			}
			targets++
			r.reach(f, fuzzed)
			inputs, err := os.ReadDir(filepath.Join(corpora, f))
			if err != nil || len(inputs) < minCorpus {
				t.Errorf("%s.%s has a corpus of %d, at least %d are wanted (%v)", at, f, len(inputs), minCorpus, err)
			}
		}
		kept, err := os.ReadDir(corpora)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, d := range kept {
			if r.calls[d.Name()] == nil {
				t.Errorf("%s has a corpus of %s, which is no target", at, d.Name())
			}
		}
		for p := range r.parsers {
			parsers++
			_, is := excepted[at+"."+p]
			delete(excepted, at+"."+p)
			if fuzzed[p] == is {
				t.Errorf("%s.%s: called by a fuzz target: %v, an exception: %v", at, p, fuzzed[p], is)
			}
		}
	}
	for p := range excepted {
		t.Errorf("%s is an exception and no parser", p)
	}
	if targets < 57 || parsers < 45 {
		t.Errorf("only %d targets and %d parsers were seen", targets, parsers)
	}
}

// A room is what the files of one folder say.
type room struct {
	parsers map[string]bool            // functions that parse
	calls   map[string]map[string]bool // of test functions: what each names
}

func (r *room) read(name string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if strings.HasSuffix(name, "_test.go") {
			named := make(map[string]bool)
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					named[id.Name] = true
				}
				return true
			})
			r.calls[f.Name.Name] = named
		} else if f.Recv == nil && (parserName.MatchString(f.Name.Name) || file.Name.Name == "main" && parserInProgram.MatchString(f.Name.Name)) && takesBytes(f) {
			r.parsers[f.Name.Name] = true
		}
	}
	return nil
}

// takesBytes reports whether a function that parses is given what it parses, and not
// where to find it.
func takesBytes(f *ast.FuncDecl) bool {
	for _, p := range f.Type.Params.List {
		if strings.HasPrefix(f.Name.Name, "Read") && slices.ContainsFunc(p.Names, func(id *ast.Ident) bool { return id.Name == "path" }) {
			return false
		}
		switch typ := p.Type.(type) {
		case *ast.ArrayType:
			if id, ok := typ.Elt.(*ast.Ident); ok && id.Name == "byte" {
				return true
			}
		case *ast.SelectorExpr:
			if typ.Sel.Name == "Reader" {
				return true
			}
		case *ast.Ident:
			if typ.Name == "string" && f.Name.IsExported() {
				return true
			}
		}
	}
	return false
}

// reach notes what a test function names, and what those name that it calls.
func (r *room) reach(f string, fuzzed map[string]bool) {
	for name := range r.calls[f] {
		if !fuzzed[name] {
			fuzzed[name] = true
			r.reach(name, fuzzed)
		}
	}
}
