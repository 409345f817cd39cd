package tamper_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A spot is a place in the source that gives a code: that refuses a leaf, a statement,
// a text or a chain, or finds something.
type spot struct {
	file, fn string
	code     string // its value; "" where an error without a code is made
	text     string // the source of the statement
	pos, end int    // of the statement

	path []ast.Node // from the function down to the statement
}

func (s *spot) String() string {
	text, _, _ := strings.Cut(s.text, "\n")
	return fmt.Sprintf("%s, %s: %s", s.file, s.fn, text)
}

// rooms are those whose every place that gives a code is held to the table.
var rooms = []string{"entry", "pledge", "verifier", "log"}

// givers are the functions that make a refusal or a finding of a code.
var givers = []string{"refuse", "rejected", "finding", "TextFinding", "timeFinding", "say", "at"}

// codeless are files whose refusals are errors without a code, which the verifier
// quotes: each place that makes one is a spot.
var codeless = []string{
	"verifier/chain.go", "log/view.go", "log/note.go", "log/checkpoint.go", "log/cosignature.go", "log/archive.go", "log/bundle.go",
}

// A source is a file of a room, read.
type source struct {
	name, text string
	fset       *token.FileSet
	file       *ast.File
}

func readSources(t testing.TB) []*source {
	var all []*source
	for _, room := range rooms {
		names, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no source of %s: %v", room, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseSource(room+"/"+filepath.Base(name), string(b))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
	}
	return all
}

func parseSource(name, text string) (*source, error) {
	s := &source{name: name, text: text, fset: token.NewFileSet()}
	var err error
	s.file, err = parser.ParseFile(s.fset, name, text, parser.SkipObjectResolution)
	return s, err
}

func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

func (s *source) of(n ast.Node) string { return s.text[s.offset(n.Pos()):s.offset(n.End())] }

// constants returns the values of the codes that the sources declare, by name.
func constants(all []*source) map[string]string {
	values := make(map[string]string)
	for _, s := range all {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					if !isCode(name.Name) || i >= len(v.Values) {
						continue
					}
					if lit, ok := v.Values[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
						values[name.Name], _ = strconv.Unquote(lit.Value)
					}
				}
			}
		}
	}
	return values
}

func isCode(name string) bool {
	for _, p := range []string{"Code", "Find"} {
		if rest, ok := strings.CutPrefix(name, p); ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
			return true
		}
	}
	return false
}

// spots lists the places of a source that give a code.
func (s *source) spots(values map[string]string) []*spot {
	var found []*spot
	for _, d := range s.file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		var path []ast.Node
		ast.Inspect(fn, func(n ast.Node) bool {
			if n == nil {
				path = path[:len(path)-1]
				return true
			}
			path = append(path, n)
			if code, gives := s.gives(n, path, values); gives {
				at := slices.Clone(path)
				for len(at) > 0 {
					if _, is := at[len(at)-1].(ast.Stmt); is {
						break
					}
					at = at[:len(at)-1]
				}
				st := at[len(at)-1]
				name := fn.Name.Name
				if i := s.offset(st.Pos()); !slices.ContainsFunc(found, func(o *spot) bool { return o.pos == i && o.code == code }) {
					found = append(found, &spot{s.name, name, code, s.of(st), i, s.offset(st.End()), at})
				}
			}
			return true
		})
	}
	return found
}

// gives reports whether a node gives a code: as an argument of a function that makes a
// refusal of it, by returning it, by assigning it, or in a literal.
func (s *source) gives(n ast.Node, path []ast.Node, values map[string]string) (code string, ok bool) {
	if call, is := n.(*ast.CallExpr); is && slices.Contains(codeless, s.name) {
		if name := s.of(call.Fun); name == "errors.New" || name == "fmt.Errorf" || name == "c.undecided" {
			return "", true
		}
	}
	id, is := n.(*ast.Ident)
	if !is || values[id.Name] == "" {
		return "", false
	}
	for i := len(path) - 2; i >= 0; i-- {
		switch up := path[i].(type) {
		case *ast.SelectorExpr:
			continue
		case *ast.CallExpr:
			name := s.of(up.Fun)
			name = name[strings.LastIndexByte(name, '.')+1:]
			return values[id.Name], slices.Contains(givers, name)
		case *ast.ReturnStmt:
			return values[id.Name], true
		case *ast.AssignStmt:
			return values[id.Name], slices.ContainsFunc(up.Rhs, func(e ast.Expr) bool { return e == path[i+1] })
		case *ast.KeyValueExpr:
			return values[id.Name], s.of(up.Key) == "Code"
		}
		return "", false
	}
	return "", false
}

// guards returns what stands around the spot and decides whether it is reached: the
// condition of an if, or a case of a switch without a tag; nil when it is the end of
// its function, or a case of a switch with one.
func (s *spot) guards() ast.Expr {
	for i := len(s.path) - 1; i > 0; i-- {
		switch up := s.path[i-1].(type) {
		case *ast.IfStmt:
			if s.path[i] == up.Body {
				return up.Cond
			}
			if s.path[i] == up.Else {
				return nil
			}
		case *ast.CaseClause:
			body, is := s.path[i-3].(*ast.SwitchStmt)
			if !is || body.Tag != nil || len(up.List) != 1 {
				return nil
			}
			return up.List[0]
		case *ast.FuncLit, *ast.CommClause:
			return nil
		}
	}
	return nil
}

// An edit puts a text somewhere.
type edit struct {
	at   int
	text string
}

// off switches the spot off: its condition never holds or, where it has none, its
// function returns there as if there were nothing to refuse.
func (s *spot) off(src *source, name string, inside bool) ([]edit, error) {
	if cond := s.guards(); cond != nil && !inside {
		return []edit{{src.offset(cond.Pos()), fmt.Sprintf("!checkIsOff(%q) && (", name)}, {src.offset(cond.End()), ")"}}, nil
	}
	ret, ok := s.path[len(s.path)-1].(*ast.ReturnStmt)
	if !ok {
		return nil, fmt.Errorf("nothing decides whether it is reached")
	}
	var values []string
	for _, e := range ret.Results[:len(ret.Results)-1] {
		values = append(values, src.of(e))
	}
	return []edit{{s.pos, fmt.Sprintf("if checkIsOff(%q) {\n\t\treturn %s\n\t}\n\t", name, strings.Join(append(values, "nil"), ", "))}}, nil
}

// apply makes edits in a text, those at one place in their order.
func apply(text string, edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.at - b.at })
	var out strings.Builder
	last := 0
	for _, e := range edits {
		out.WriteString(text[last:e.at])
		out.WriteString(e.text)
		last = e.at
	}
	out.WriteString(text[last:])
	return out.String()
}

// spot finds where a form is looked at.
func (f form) spot(spots []*spot) (*spot, error) {
	n := f.nth
	for _, s := range spots {
		if strings.Contains(s.text, f.says) {
			if n == 0 {
				return s, nil
			}
			n--
		}
	}
	return nil, fmt.Errorf("%d places say %q, too few", f.nth-n, f.says)
}
