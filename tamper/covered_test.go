package tamper_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// covers finds the places that a check is responsible for: those that its condition
// guards; where that finds all in order, those of its function that give its codes.
func (c check) covers(src *source, spots []*spot) ([]*spot, error) {
	if c.source == "" {
		s, err := c.form.spot(spots)
		return []*spot{s}, err
	}
	var found []*spot
	for _, at := range append([]another{{c.file, c.source}}, c.with...) {
		if at.file != src.name {
			continue
		}
		before, rest, finds := strings.Cut(at.source, "«")
		cond, after, _ := strings.Cut(rest, "»")
		if !finds {
			before, rest, _ = strings.Cut(at.source, "‹")
			cond, after, _ = strings.Cut(rest, "›")
		}
		from := strings.Index(src.text, before+cond+after)
		if from < 0 {
			return nil, fmt.Errorf("its source is not there: %s", at.source)
		}
		from += len(before)
		to := from + len(cond)
		for _, s := range spots {
			fn := s.path[0]
			if from < src.offset(fn.Pos()) || to > src.offset(fn.End()) {
				continue
			}
			if finds && s.isGuarded(src, from, to) || !finds && slices.Contains(c.codes, s.code) {
				found = append(found, s)
			}
		}
	}
	return found, nil
}

// isGuarded reports whether a condition that stands there decides whether the spot is
// reached.
func (s *spot) isGuarded(src *source, from, to int) bool {
	for i := 1; i < len(s.path); i++ {
		var conds []ast.Expr
		switch up := s.path[i].(type) {
		case *ast.IfStmt:
			if i+1 < len(s.path) && s.path[i+1] == up.Body {
				conds = []ast.Expr{up.Cond}
			}
		case *ast.CaseClause:
			conds = up.List
		}
		for _, c := range conds {
			if from >= src.offset(c.Pos()) && to <= src.offset(c.End()) {
				return true
			}
		}
	}
	return false
}

// TestEveryPlace: every place in the source that refuses, or finds something, has a
// check that is switched off in turn, or stands in the list of those that have none.
func TestEveryPlace(t *testing.T) {
	all := readSources(t)
	values := constants(all)
	used := make([]bool, len(withoutCheck))
	n, listed := 0, 0
	for _, src := range all {
		spots := src.spots(values)
		covered := make(map[*spot]string)
		for _, c := range checks {
			found, err := c.covers(src, spots)
			if c.form != nil && c.file != src.name {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			for _, s := range found {
				covered[s] = c.name
			}
		}
		for _, s := range spots {
			n++
			i := slices.IndexFunc(withoutCheck, func(w exception) bool { return w.is(s) })
			switch {
			case i >= 0 && covered[s] != "":
				t.Errorf("%s: it has a check, %q, and stands in the list of those without", s, covered[s])
			case i >= 0:
				used[i] = true
				listed++
			case covered[s] == "":
				t.Errorf("%s: no check is switched off for it", s)
			}
		}
	}
	for i, w := range withoutCheck {
		switch {
		case !used[i]:
			t.Errorf("%s, %s %q: no such place is without a check", w.file, w.fn, w.says)
		case w.by != "" && !slices.ContainsFunc(checks, func(c check) bool { return c.name == w.by }):
			t.Errorf("%s, %s %q: there is no check %q", w.file, w.fn, w.says, w.by)
		case w.by == "" && w.why == "":
			t.Errorf("%s, %s %q: why?", w.file, w.fn, w.says)
		}
	}
	t.Logf("%d places, of which %d have no check of their own", n, listed)
}

// An exception is a place, or all of a function or a file, that no check stands for.
type exception struct {
	file, fn, says string // "" for all
	by             string // the check whose condition stands elsewhere
	why            string // or why it has none
}

func (w exception) is(s *spot) bool {
	return w.file == s.file && (w.fn == "" || w.fn == s.fn) && strings.Contains(s.text, w.says)
}
