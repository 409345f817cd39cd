package pledge_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
)

// TestInterleaving: leaves that concern different authors may come in any order
// without a change of anything that is said of anybody. The leaves are of every kind,
// good and bad; what has to stay in order is worked out from the leaves themselves
// (concerned), and leaves change places only with such as were logged in the same
// second, as time is the same for all.
func TestInterleaving(t *testing.T) {
	accepted, crossed := make(map[string]int), make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		p := newPlayer(t)
		p.gaps = []int64{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3600, 2 * 86400, 15 * 86400, 40 * 86400}
		p.often = rapid.SliceOfN(rapid.SampledFrom(moves), 1, 4).Draw(t, "often")
		p.second()
		for range rapid.IntRange(20, 90).Draw(t, "moves") {
			if rapid.IntRange(0, 19).Draw(t, "another's text") == 0 {
				p.copyText()
			} else {
				p.move()
			}
		}
		leaves := p.Logged
		first := make(map[entry.ID]string) // who said what
		var all []orderly
		for i, e := range leaves {
			all = append(all, orderly{entry: e, was: uint64(i), by: concerned(e, first)})
			if st := pledge.Read(0, e.Leaf).Statement; st != nil {
				all[i].kind, first[st.ID] = string(st.Kind), st.Author
				if b, ok := st.Body.(*entry.Correct); ok {
					all[i].kind += " " + b.How
				}
			}
		}
		mixed := mix(t, all)
		for i, o := range mixed {
			if o.was != uint64(i) {
				crossed[o.kind]++
			}
		}
		for i, v := range p.verdicts {
			if v.Kind == pledge.Accepted {
				accepted[all[i].kind]++
			}
		}

		one, two := newReader(p.Options.Origin, all), newReader(p.Options.Origin, mixed)
		for from, to := 0, 0; from < len(all); from = to {
			for to = from + 1; to < len(all) && all[to].entry.Logged == all[from].entry.Logged; to++ {
			}
			x, y := one.read(from, to), two.read(from, to)
			if rapid.IntRange(0, 3).Draw(t, "look") == 0 {
				x["seen"], y["seen"] = one.seen(one.Now()), two.seen(two.Now())
			}
			if d := cmp.Diff(x, y); d != "" {
				t.Fatalf("another order of what is independent: %s", d)
			}
		}
		for range 3 {
			at := one.Now() + rapid.Int64Range(0, 400*86400).Draw(t, "later")
			if d := cmp.Diff(one.seen(at), two.seen(at)); d != "" {
				t.Fatalf("another order of what is independent, %d seconds later: %s", at-one.Now(), d)
			}
		}
	})
	t.Logf("accepted %v, moved %v", accepted, crossed)
	if testing.Short() {
		return // there are fewer
	}
	for _, k := range entry.Kinds {
		kinds := []string{string(k)}
		switch k {
		case entry.KindCharter, entry.KindAmend, entry.KindDirectory: // which concern everybody
			if crossed[string(k)] > 0 {
				t.Errorf("a %s changed places", k)
			}
			continue
		case entry.KindCorrect:
			kinds = []string{"correct " + entry.CorrectVoid, "correct " + entry.CorrectSuperseded}
		}
		for _, k := range kinds {
			if accepted[k] == 0 || crossed[k] == 0 {
				t.Errorf("of %s %d were accepted and %d changed places: nothing is shown of it", k, accepted[k], crossed[k])
			}
		}
	}
}

// second gives the cast a challenger more, so that two pairs can dispute at once, and
// a pledge to the signatory that has none.
func (p *player) second() {
	other := p.Join(generator.Company{ID: "second-look", Name: "Second Look", Country: "XB", Website: "https://second-look.example"}, entry.RoleChallenger,
		generator.Ring{Keys: p.NewKeys("second-look", 1), Threshold: 1})
	p.take(p.Admit(other))
	p.take(p.Pledge(p.fresh))
	p.challengers = append(p.challengers, other)
}

// copyText logs a request that names a text of another author's, withheld: whoever
// saw the digest can do that.
func (p *player) copyText() {
	some, who := draw(p.t, "statement", p.made), draw(p.t, "who", p.Signatories[:3])
	if some.BodyDigest == "" {
		return
	}
	st := p.Request(who, "2025-01", nil).Withhold(entry.FormatTime(p.Now() + 86400*30)[:10])
	st.BodyDigest = some.BodyDigest
	p.take(st)
}

// An orderly is a leaf and whom it concerns.
type orderly struct {
	entry *generator.Entry
	was   uint64
	kind  string          // and of corrections how
	by    map[string]bool // nil: everybody
}

// concerned says whom a leaf concerns, by the protocol, section 4: its author, and
// whom it names. by tells who made the statements before it. A leaf that can't be
// read concerns nobody.
func concerned(e *generator.Entry, by map[entry.ID]string) map[string]bool {
	st := pledge.Read(0, e.Leaf).Statement
	if st == nil {
		return map[string]bool{}
	}
	who := map[string]bool{st.Author: true}
	switch b := st.Body.(type) {
	case *entry.Charter, *entry.Amend, *entry.Directory:
		return nil
	case *entry.Admit:
		who[b.ID] = true
	case *entry.Standing:
		who[b.Who] = true
	case *entry.Succeed:
		who[b.From], who[b.To] = true, true
	case *entry.Erasure:
		who[by[b.Entry]] = true
	case *entry.Challenge:
		who[b.Against] = true
	case *entry.Correct:
		who["challenge "+b.Entry.String()], who["challenge "+b.By.String()] = true, true
	case *entry.Reply:
		// A reply does not disturb what else its challenger says, but for a correction of
		// that challenge.
		who["challenge "+b.Challenge.String()] = true
	}
	if st.Kind == entry.KindChallenge {
		who["challenge "+st.ID.String()] = true
	}
	return who
}

func (o *orderly) independent(of *orderly) bool {
	if o.by == nil || of.by == nil || o.entry.Logged != of.entry.Logged {
		return false
	}
	for who := range o.by {
		if of.by[who] {
			return false
		}
	}
	return true
}

// mix draws another order of the same leaves, in which each still comes after all
// before it that are not independent of it.
func mix(t *rapid.T, all []orderly) []orderly {
	rest, mixed := slices.Clone(all), make([]orderly, 0, len(all))
	for len(rest) > 0 {
		var free []int
		for i := range rest {
			if rest[i].entry.Logged != rest[0].entry.Logged {
				break
			}
			if !slices.ContainsFunc(rest[:i], func(o orderly) bool { return !o.independent(&rest[i]) }) {
				free = append(free, i)
			}
		}
		i := free[len(free)-1]
		if len(free) > 1 {
			i = draw(t, "next", free)
		}
		mixed, rest = append(mixed, rest[i]), slices.Delete(rest, i, i+1)
	}
	return mixed
}

// A reader replays leaves and tells what it sees with the indexes that they had in
// the first order.
type reader struct {
	*pledge.State
	ring  *pledge.Keyring
	order []orderly
	said  []*entry.Statement
	at    map[entry.ID]uint64 // index of each of these
}

func newReader(origin string, order []orderly) *reader {
	return &reader{State: pledge.New(origin), ring: pledge.NewKeyring(), order: order, at: make(map[entry.ID]uint64)}
}

// read steps over the leaves of one second. It tells the verdict and the findings of
// each.
func (r *reader) read(from, to int) map[string]any {
	leaves := make(map[uint64]any)
	var overdue []string
	for i := from; i < to; i++ {
		it := pledge.Read(uint64(i), r.order[i].entry.Leaf)
		r.ring.Try(it)
		r.ring.Learn(it.Statement)
		v, found := r.Step(it)
		if v.Kind == pledge.Accepted {
			r.said = append(r.said, it.Statement)
			r.at[it.Statement.ID] = uint64(i)
		}
		// That no directory comes is told with whatever leaf is the next, and is about the
		// operator.
		found = slices.DeleteFunc(found, func(f pledge.Finding) bool {
			if f.Code == pledge.FindDirectoryOverdue {
				overdue = append(overdue, f.Text)
			}
			return f.Code == pledge.FindDirectoryOverdue
		})
		leaves[r.order[i].was] = []any{r.describe(v), r.describe(found)}
	}
	return map[string]any{"leaves": leaves, "overdue": overdue}
}

// seen is everything that a state tells as of a moment.
func (r *reader) seen(at int64) map[string]any {
	rows := make(map[string]any)
	for _, row := range r.Directory() {
		rows[row.Author+" "+row.Lane] = r.describe(row)
	}
	about := make(map[string]any)
	for _, id := range append([]string{entry.AuthorSecretariat, entry.AuthorOperator}, slices.Collect(maps.Keys(authorsOf(r.said)))...) {
		st, known := r.Status(id, at)
		keys, _ := r.KeysOf(id, at)
		about[id] = []any{known, r.describe(st), r.describe(keys), r.LastMade(id, entry.LaneMain), r.LastMade(id, entry.LaneSlot), r.Name(id)}
	}
	statements := make(map[string]any)
	for _, st := range r.said {
		found, _ := r.Find(st.ID)
		correction, corrected := r.Correction(st.ID)
		review, waits := r.Review(st.ID)
		what := []any{r.describe(found), r.describe(correction), corrected, review, waits}
		if st.BodyDigest != "" {
			what = append(what, r.describe(r.Text(st.ID, st.BodyDigest)))
			e, erased := r.Erased(st.ID, st.BodyDigest)
			what = append(what, r.describe(e), erased, r.Named(st.BodyDigest).State)
		}
		statements[st.ID.String()] = what
	}
	challenges := make(map[string]any)
	for _, c := range r.Challenges() {
		challenges[c.Entry.String()] = r.describe(c)
	}
	promises := make([]string, 0)
	for _, f := range r.Promises(at) {
		promises = append(promises, fmt.Sprint(r.describe(f)))
	}
	slices.Sort(promises)
	erasures := make([]string, 0)
	for _, e := range r.Erasures() {
		erasures = append(erasures, fmt.Sprint(r.describe(e)))
	}
	slices.Sort(erasures)
	since, due, owed := r.DirectoryDue()
	return map[string]any{"rows": rows, "about": about, "statements": statements, "challenges": challenges, "promises": promises, "erasures": erasures,
		"order": r.orderOf(at), "now": r.Now(), "latest": r.LastLogged(), "size": r.Size(), "terms": r.describe(r.Terms(at)), "directory": []any{since, due, owed, r.describe(r.LastDirectory())}}
}

func authorsOf(said []*entry.Statement) map[string]bool {
	ids := make(map[string]bool)
	for _, st := range said {
		ids[st.Author] = true
	}
	return ids
}

// orderOf is in which order the statuses come.
func (r *reader) orderOf(at int64) string {
	var ids []string
	for _, st := range r.Statuses(at) {
		ids = append(ids, st.ID)
	}
	return strings.Join(ids, " ")
}

// describe tells a value in maps, lists and text, with the indexes of the first order.
func (r *reader) describe(v any) any { return r.tell(reflect.ValueOf(v)) }

func (r *reader) tell(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return r.tell(v.Elem())
	case reflect.Struct:
		if d, ok := v.Interface().(pledge.Doubt); ok {
			return map[string]any{"by": r.tell(reflect.ValueOf(d.Mark)), "doubtful": r.doubtful(d)}
		}
		fields := make(map[string]any)
		for i := range v.NumField() {
			name, f := v.Type().Field(i).Name, v.Field(i)
			if f.Kind() == reflect.Pointer && !f.IsNil() && f.Type().Elem().Kind() == reflect.Uint64 {
				f = f.Elem()
			}
			if f.Kind() == reflect.Uint64 && slices.Contains([]string{"Index", "Published"}, name) && !v.IsZero() {
				fields[name] = r.was(f.Uint())
				continue
			}
			fields[name] = r.tell(f)
		}
		return fields
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fmt.Sprintf("%x", v)
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = r.tell(v.Index(i))
		}
		return list
	case reflect.Map:
		m := make(map[string]any)
		for k, e := range v.Seq2() {
			m[fmt.Sprint(r.tell(k))] = r.tell(e)
		}
		return m
	}
	text := fmt.Sprint(v)
	return named.ReplaceAllStringFunc(text, func(s string) string {
		n, _ := strconv.ParseUint(named.FindStringSubmatch(s)[1], 10, 64)
		return fmt.Sprintf("entry %d", r.was(n))
	})
}

// doubtful lists the statements that an author doubts: those of its own between two
// indexes.
func (r *reader) doubtful(d pledge.Doubt) []uint64 {
	var by string
	for _, st := range r.said {
		if st.ID == d.Entry {
			by = st.Author
		}
	}
	var indexes []uint64
	for _, st := range r.said {
		if i := r.at[st.ID]; st.Author == by && d.First <= i && i <= d.Last {
			indexes = append(indexes, r.was(i))
		}
	}
	slices.Sort(indexes)
	return indexes
}

// named is an index in a sentence for readers.
var named = regexp.MustCompile(`entry (\d+)`)

// was is which index a leaf had in the first order.
func (r *reader) was(index uint64) uint64 {
	if index < uint64(len(r.order)) {
		return r.order[index].was
	}
	return index
}
