package desk

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// families are keys that are put together of a name and one of a list that stands elsewhere.
func families() map[string][]string {
	var kinds, duties, screens []string
	for _, k := range entry.Kinds {
		kinds = append(kinds, string(k))
	}
	for _, k := range []pledge.DutyKind{pledge.DutyAttestation, pledge.DutySlot, pledge.DutySlots, pledge.DutyReply, pledge.DutyDecision, pledge.DutyReview, pledge.DutyRekey} {
		duties = append(duties, string(k))
	}
	for _, s := range []string{onStart, onForm, onMatter, onUnsure, onReview, onSigned, onSending, onDone, onKept, onStopped, onClosed} {
		screens = append(screens, s)
	}
	var matters []string
	for _, k := range matterKinds {
		matters = append(matters, string(k))
	}
	members := slices.Clone(sealable)
	troubles := []string{string(TroubleLost), string(TroubleMany), string(TroubleBusy), string(TroubleServer), string(TroublePending)}
	return map[string][]string{"trouble.": troubles, "kind.": kinds, "duty.": duties, "title.": screens, "matter.": matters, "do.on-": matters, "member.": members}
}

// optional are families of which not every member has a text: where there is none, something more
// general is said, or nothing.
var optional = map[string]func(string) bool{
	"undone.":      func(k string) bool { return slices.Contains(entry.Kinds, entry.Kind(k)) },
	"matter.lede.": func(k string) bool { return slices.Contains(matterKinds, entry.Kind(k)) },
}

// mentioned returns the keys that templates and programs name, every string that stands in the
// programs, and the names of the fields of forms.
func mentioned(t *testing.T) (keys map[string]string, strs, fields map[string]bool) {
	t.Helper()
	keys, strs, fields = make(map[string]string), make(map[string]bool), make(map[string]bool)
	note := func(count bool, key, file string) {
		if count {
			keys[key+".one"], keys[key+".other"] = file, file
			return
		}
		keys[key] = file
	}
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) < 5 {
		t.Fatalf("templates: %v, %v", files, err)
	}
	named := regexp.MustCompile(`\b(t|text|count) "([^"]+)"`)
	field := regexp.MustCompile(`\(?(?:field|choose|boxes|others) [.$v]+ "([a-zA-Z]+)"|\.Radios "([a-zA-Z]+)"`)
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			note(m[1] == "count", m[2], file)
		}
		for _, m := range field.FindAllStringSubmatch(string(b), -1) {
			fields[m[1]+m[2]] = true
			if strings.Contains(m[0], "others") {
				fields[m[1]+"More"] = true
			}
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") || file == "english.go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					strs[s] = true
				}
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || len(n.Args) == 0 {
					return true
				}
				lit, ok := n.Args[0].(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				key, _ := strconv.Unquote(lit.Value)
				switch sel.Sel.Name {
				case "Say":
					note(false, key, file)
				case "Count":
					note(true, key, file)
				case "field":
					fields[key] = true
				}
			}
			return true
		})
	}
	return keys, strs, fields
}

func TestEveryTextThatIsUsedExists(t *testing.T) {
	keys, _, fields := mentioned(t)
	if len(keys) < 100 || len(fields) < 20 {
		t.Fatalf("it finds %d keys and %d fields", len(keys), len(fields))
	}
	for key, file := range keys {
		if !texts.Has(key) {
			t.Errorf("%s uses %q, which the catalogue does not have", file, key)
		}
	}
	for name := range fields {
		if !texts.Has("label." + name) {
			t.Errorf("the field %s has no label", name)
		}
	}
	for family, list := range families() {
		for _, name := range list {
			if !texts.Has(family + name) {
				t.Errorf("the catalogue does not have %q", family+name)
			}
		}
	}
}

func TestEveryTextIsUsed(t *testing.T) {
	keys, strs, fields := mentioned(t)
	for key := range english {
		if keys[key] != "" || strs[key] {
			continue
		}
		used := false
		for family, list := range families() {
			name, ok := strings.CutPrefix(key, family)
			used = used || ok && slices.Contains(list, name)
		}
		for family, has := range optional {
			name, ok := strings.CutPrefix(key, family)
			used = used || ok && has(name)
		}
		for _, of := range []string{"label.", "hint."} {
			name, ok := strings.CutPrefix(key, of)
			used = used || ok && fields[name]
		}
		if !used {
			t.Errorf("nothing uses %q", key)
		}
	}
}

func TestTextsAreWellFormed(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	for key, text := range english {
		if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}<>&") || strings.ContainsAny(text, `'"`) || strings.TrimSpace(text) == "" {
			t.Errorf("%q: %s", key, text)
		}
		for one, other := range map[string]string{".one": ".other", ".other": ".one"} {
			if stem, ok := strings.CutSuffix(key, one); ok && !texts.Has(stem+other) {
				t.Errorf("%q has no %s", key, other)
			}
		}
	}
	if reflect.ValueOf(english).Len() < 200 {
		t.Error("the catalogue was not read")
	}
}
