package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
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

// families are keys that are put together: a beginning, and every code that may
// follow it.
func families() map[string][]string {
	kinds := make([]string, len(entry.Kinds))
	for i, k := range entry.Kinds {
		kinds[i] = string(k)
	}
	states := []string{string(pledge.NotYetDue), string(pledge.Due), string(pledge.Grace), string(pledge.OnTime), string(pledge.Late), string(pledge.Missed), string(pledge.CarvedOut)}
	return map[string][]string{
		"sentence.decision.":      codes("outcome"),
		"sentence.admit.":         codes("role"),
		"kicker.":                 codes("role"),
		"covers.":                 codes("covers"),
		"kind.":                   kinds,
		"what.":                   kinds,
		"sentence.standing.":      codes("standing"),
		"sentence.keys.":          codes("keysReason"),
		"sentence.reply.":         codes("answer"),
		"entries.heading.":        kinds,
		"facet.":                  {"author", "kind", "country", "authority", "instrument", "assist", "outcome", "compulsion", "gag", "target", "product", "corroboration", "status", "year"},
		"facet.value.":            {"withheld", "erased", "missing", "unstated"},
		"facet.status.":           {"stands", "superseded", "void", "no-effect", "withheld", "opened", "sealed", "erased", "challenged"},
		"state.":                  states,
		"standing.":               {pledge.InStanding, entry.StandingSuspended, entry.StandingProposed, pledge.SuspendedProposed, entry.StandingRemoved, pledge.Withdrawn, pledge.Succeeded},
		"each.":                   {string(entry.Quarter), string(entry.HalfYear)},
		"value.every-":            {string(entry.Quarter), string(entry.HalfYear)},
		"about.findings.":         {string(pledge.RoleOperator), string(pledge.RoleAuthor), string(pledge.RoleView), "operator.note", "author.note", "view.note"},
		"value.slots-":            {entry.SlotsNone, entry.SlotsDay, entry.SlotsWeek, entry.SlotsMonth},
		"note.proposed.":          {"same-day", "one", "other"},
		"label.removed.proposed.": {"same-day", "one", "other"},
		"words.sealed.":           {"narrative", "documents"},
		"member.":                 members(),
		"label.": {
			"void", "superseded", "in-place", "doubtful", "doubtful-some", "unconfirmed", "keys-waiting", "erased", "held",
			"removed", "withdrawn", "suspended", "proposed", "succeeded",
		},
		// Those without a text of their own take the plain one.
		"alone.":    {"document", "court-record", "requester-acknowledged", "other-signatory", "charter", "pledge", "amend", "slot", "correct", "withdraw", "keys", "directory", "erasure", "challenge"},
		"language.": nil,
	}
}

// members are those of detached bodies that may be sealed.
func members() []string {
	seen := make(map[string]bool)
	for _, d := range []entry.Detached{&entry.RequestBody{}, &entry.DecisionBody{}, &entry.AttestationBody{}, &entry.CorrectBody{}, &entry.WithdrawBody{}, &entry.ChallengeBody{}, &entry.ReplyBody{}} {
		t := reflect.TypeOf(d).Elem()
		for i := range t.NumField() {
			switch name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name {
			case "-", "author", "kind", "log", "salt":
			default:
				seen[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func codes(list string) []string {
	var out []string
	for _, t := range entry.Terms().Lists[list] {
		out = append(out, t.Code)
	}
	return out
}

// used returns the keys that templates and programs name, and all strings that
// stand in the programs.
func used(t *testing.T) (keys map[string]string, literals map[string]bool) {
	t.Helper()
	keys, literals = make(map[string]string), make(map[string]bool)
	inTemplate := regexp.MustCompile(`\b(t|text|count) "([^"]+)"`)
	for _, dir := range []string{".", "../web"} {
		files, err := filepath.Glob(dir + "/templates/*.html")
		if err != nil || len(files) == 0 {
			t.Fatalf("templates in %s: %v", dir, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range inTemplate.FindAllStringSubmatch(string(b), -1) {
				note(keys, m[1] == "count", m[2], file)
			}
		}
		sources, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range sources {
			if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(filepath.Base(file), "english_") {
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
						literals[s] = true
					}
				case *ast.CallExpr:
					sel, ok := n.Fun.(*ast.SelectorExpr)
					if !ok || len(n.Args) == 0 {
						return true
					}
					lit, ok := n.Args[0].(*ast.BasicLit)
					if !ok {
						return true
					}
					s, _ := strconv.Unquote(lit.Value)
					switch sel.Sel.Name {
					case "Say":
						note(keys, false, s, file)
					case "Count":
						note(keys, true, s, file)
					case "fact", "codes", "coded", "keyIDs":
						note(keys, false, "fact."+s, file)
					}
				}
				return true
			})
		}
	}
	return keys, literals
}

func note(keys map[string]string, plural bool, key, file string) {
	if plural {
		keys[key+".one"], keys[key+".other"] = file, file
		return
	}
	keys[key] = file
}

func TestEveryTextThatIsUsedExists(t *testing.T) {
	keys, literals := used(t)
	for key, file := range keys {
		if _, ok := english[key]; !ok {
			t.Errorf("%s uses %q, which the catalogue does not have", file, key)
		}
	}
	for family, members := range families() {
		for _, m := range members {
			if _, ok := english[family+m]; !ok {
				t.Errorf("the catalogue does not have %q", family+m)
			}
		}
	}
	for s := range literals {
		if strings.HasPrefix(s, "error.") || strings.HasPrefix(s, "open.") {
			if _, ok := english[s]; !ok {
				t.Errorf("the catalogue does not have %q", s)
			}
		}
		if _, ok := english[s+".title"]; strings.HasPrefix(s, "error.") && !ok {
			t.Errorf("the catalogue does not have %q", s+".title")
		}
	}
}

func TestEveryTextStandsOnce(t *testing.T) {
	if n := len(englishStatements) + len(englishKinds) + len(englishSite); n != len(english) {
		t.Errorf("%d texts in three rooms make %d", n, len(english))
	}
}

func TestEveryTextIsUsed(t *testing.T) {
	keys, literals := used(t)
	for key := range english {
		ok := keys[key] != "" || literals[key] || literals[strings.TrimPrefix(key, "fact.")] || literals[strings.TrimSuffix(key, ".title")]
		for family := range families() {
			ok = ok || strings.HasPrefix(key, family)
		}
		if !ok {
			t.Errorf("nothing uses %q", key)
		}
	}
}

func TestTextsAreWellFormed(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	for key, text := range english {
		if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}<>&") {
			t.Errorf("%q: %s", key, text)
		}
		if strings.Contains(text, "'") || strings.Contains(text, `"`) {
			t.Errorf("%q has typewriter quotation marks: %s", key, text)
		}
		if key, ok := strings.CutSuffix(key, ".one"); ok {
			if _, ok := english[key+".other"]; !ok {
				t.Errorf("%q has no plural", key)
			}
		}
	}
}

// Words that would say more than a log can show, or judge (product.md, Words).
var never = regexp.MustCompile(`(?i)\b(received none|gag(ged)?|lied|lying|guilty|violat\w+|breach\w*|illegal|crime|attacked|doubled|secret order|verified true|proves that .* (asked|refused)|fail(ed|s)? to|admits that|confess\w*|cover-up|suspicious|hiding|conceal\w*|demanded)\b`)

func TestTextsClaimNoMoreThanTheLogShows(t *testing.T) {
	for key, text := range english {
		if m := never.FindString(text); m != "" {
			t.Errorf("%q says %q: %s", key, m, text)
		}
		if strings.HasPrefix(key, "sentence.") && strings.Contains(text, "{who}") && !strings.Contains(text, "stated") {
			switch {
			case strings.HasPrefix(key, "sentence.pledge"), key == "sentence.charter", strings.HasPrefix(key, "sentence.amend."), key == "sentence.slot", key == "sentence.other", key == "sentence.duplicate":
				// What was signed is itself the deed.
			default:
				t.Errorf("%q is not attributed: %s", key, text)
			}
		}
	}
	for _, m := range pledge.Catalogue {
		if w := never.FindString(m.Title + " " + m.Meaning); w != "" {
			t.Errorf("finding %s says %q", m.Code, w)
		}
	}
}
