package desk

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/lint"
	"github.com/pledgelog/pledgelog/page"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed desk.css
var ownStyle []byte

//go:embed desk.js
var script []byte

//go:embed icon.svg
var icon []byte

var texts = page.English.With(english)

// templates are parsed at their first use: most runs of a program that has a desk open
// none.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("desk").Funcs(template.FuncMap{
		"t":     func(key string, args ...any) template.HTML { return texts.Say(key, args...).HTML },
		"text":  func(key string, args ...any) string { return texts.Say(key, args...).Text },
		"count": func(key string, n int) template.HTML { return texts.Count(key, uint64(n)).HTML },
		"base":  filepath.Base,
		"short": func(id any) string { return fmt.Sprint(id)[:8] },
		"moment": func(unix int64) template.HTML {
			return page.English.Moment(unix).HTML
		},
		"date": func(s string) template.HTML { return page.English.Date(s).HTML },
		"num":  texts.Number,
		"list": func(s []string) string { return strings.Join(s, ", ") },
		"choose": func(v *view, name, chosen string) selection {
			return selection{v.field(name, chosen), choices(name, chosen)}
		},
		"boxes": func(v *view, name string, chosen []string) selection {
			return selection{v.field(name, ""), choices(name, chosen...)}
		},
		// A second and a third of a list stand in boxes of their own.
		"others": func(v *view, name string, chosen []string) selection {
			f := v.field(name, "")
			f.Name, f.Wrong = name+"More", ""
			f.Label = texts.Say("label." + f.Name).Text
			return selection{f, choices(name, chosen...)}
		},
		"first": func(list []string) string { return strings.Join(list[:min(len(list), 1)], "") },
		"rest":  func(list []string) []string { return list[min(len(list), 1):] },
		"field": func(v *view, name, value string) field { return v.field(name, value) },
		// Who reads a colleague's file has not written it: nothing of it is folded.
		"unfold": func(l *Look, open bool) any {
			return struct {
				*Look
				Open bool
			}{l, open}
		},
	}).ParseFS(templateFiles, "templates/*.html"))
})

// style is the stylesheet of the site, and what the desk has beside it. A law card is shown
// when its instrument is chosen, without a script.
var style = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	b.Write(page.Stylesheet)
	b.Write(ownStyle)
	for _, c := range entry.LawCards().Cards {
		fmt.Fprintf(&b, "form:has(#f-instrument option[value=%q]:checked) .card-%s { display: block; }\n", c.Code, c.Code)
		if existence, contents := c.Blocks(); existence || contents {
			fmt.Fprintf(&b, "form:has(#f-instrument option[value=%q]:checked) .permission { display: block; }\n", c.Code)
		}
	}
	for _, gag := range []string{"statutory", "ordered"} { // a stated duty takes a permission without any card
		fmt.Fprintf(&b, "form:has(#f-gag option[value=%q]:checked) .permission { display: block; }\n", gag)
	}
	return b.Bytes()
})

// A view is what a page shows.
type view struct {
	*sitting
	Who   Who
	Lang  string
	Dir   string
	Step  uint64
	Title string
	Demo  bool
	Focus bool // the heading takes the focus: there is no summary of problems
	Desk  *Desk
	Ready []bundle // drafts that wait, together what belongs together
	Done  int      // statements of the folder that are logged
}

// A bundle is what is reviewed, signed and submitted together: a request and the decision on it.
type bundle []*Look

func (b bundle) Names() []string {
	var out []string
	for _, l := range b {
		out = append(out, l.Name)
	}
	return out
}

func (b bundle) Mine() bool { return !slices.ContainsFunc(b, func(l *Look) bool { return !l.Mine }) }
func (b bundle) Complete() bool {
	return !slices.ContainsFunc(b, func(l *Look) bool { return !l.Complete })
}

// bundles puts the drafts that wait together.
func bundles(all []*Look) (waiting []bundle, logged int) {
	for _, l := range all {
		if l.Logged {
			logged++
			continue
		}
		i := slices.IndexFunc(waiting, func(b bundle) bool { return b[0].ID == l.On })
		if i < 0 {
			waiting = append(waiting, bundle{l})
			continue
		}
		waiting[i] = append(waiting[i], l)
	}
	return waiting, logged
}

// What templates ask of a sitting.
func (v *view) Form() *Form          { return v.form }
func (v *view) Slot() bool           { return v.slot }
func (v *view) Problems() []Problem  { return v.problems }
func (v *view) News() string         { return v.news }
func (v *view) Looks() bundle        { return v.looks }
func (v *view) Prepared() bool       { return v.prepared != nil }
func (v *view) Standing() *Standing  { return v.standing }
func (v *view) Receipts() []*Receipt { return v.receipts }
func (v *view) Kept() *Kept          { return v.kept }
func (v *view) Memos() []string      { return v.memos }
func (v *view) Notice() string       { return entry.LawCards().Notice }
func (v *view) Dates() []date        { return dates(v.standing.Due, v.standing.AsOf) }
func (v *view) Countries() []Country { return v.Desk.tools.Countries() }
func (v *view) Seals() []choice      { return sealChoices(v.form.Seal) }

// Cards are the law cards, each shown when its instrument is chosen.
func (v *view) Cards() []card { return cards() }

// Card is the law card that was asked for; nil when none was.
func (v *view) Card() *card {
	for _, c := range cards() {
		if c.Code == v.card {
			c.Shown = true
			return &c
		}
	}
	return nil
}

// CardCode is the instrument that was asked for.
func (v *view) CardCode() string { return v.card }

// Secret reports whether a draft that is shown holds what is not published.
func (v *view) Secret() bool {
	return slices.ContainsFunc(v.looks, func(l *Look) bool { return l.Secret })
}

// Unsigned counts what this key has not signed yet.
func (v *view) Unsigned() (n int) {
	for _, l := range v.looks {
		if !l.Mine {
			n++
		}
	}
	return n
}

// A signing is what is known of the signatures of statements that have the same ones.
type signing struct {
	Looks []*Look
	Apart bool // others have other ones
}

// Signing says of all that is shown who has signed it and who is missing, together what
// is the same.
func (v *view) Signing() []*signing {
	var all []*signing
	for _, l := range v.looks {
		i := slices.IndexFunc(all, func(s *signing) bool { return sameSigning(s.Looks[0], l) })
		if i < 0 {
			all = append(all, &signing{Looks: []*Look{l}})
			continue
		}
		all[i].Looks = append(all[i].Looks, l)
	}
	for _, s := range all {
		s.Apart = len(all) > 1
	}
	return all
}

func sameSigning(a, b *Look) bool {
	return a.Complete == b.Complete && a.Uncalled == b.Uncalled && slices.Equal(a.Signatures, b.Signatures) &&
		slices.EqualFunc(a.Missing, b.Missing, func(m, n Missing) bool {
			return m.Whose == n.Whose && m.Need == n.Need && slices.Equal(m.Keys, n.Keys)
		})
}

// problem returns what is wrong with a field.
func (v *view) problem(name string) string {
	for _, p := range v.problems {
		if p.Field == name && v.block != nil {
			return texts.Say("blocked.field").Text
		}
		if p.Field == name {
			return p.Text
		}
	}
	return ""
}

// A field is one control of a form.
type field struct{ Name, Label, Value, Wrong, Hint string }

func (v *view) field(name, value string) field {
	f := field{Name: name, Label: texts.Say("label." + name).Text, Value: value, Wrong: v.problem(name)}
	if key := "hint." + name; texts.Has(key) {
		f.Hint = texts.Say(key).Text
	}
	return f
}

// DescribedBy names what describes a field.
func (f field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, "h-"+f.Name)
	}
	if f.Wrong != "" {
		ids = append(ids, "w-"+f.Name)
	}
	return strings.Join(ids, " ")
}

type selection struct {
	field
	Choices []choice
}

// show shows the page on which the sitting is.
func (d *Desk) show(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sitting
	if s.screen == onSending {
		d.settle(r.Context(), s)
	}
	if s.screen == onSending {
		j := s.job
		d.mu.Unlock() // while it is watched
		d.watch(w, r, j)
		d.mu.Lock()
		return
	}
	v := d.view(s)
	if s.screen == onStart {
		all, err := d.tools.Drafts()
		if err != nil {
			s.problems = append(s.problems, problemsOf(err)...)
		}
		v.Ready, v.Done = bundles(all)
		if s.waiting, err = d.tools.Waiting(); err != nil {
			s.problems = append(s.problems, problemsOf(err)...)
		}
	}
	v.Focus = len(s.problems) == 0
	d.render(w, s.screen, v)
}

func (d *Desk) view(s *sitting) *view {
	who := d.tools.Who()
	return &view{sitting: s, Who: who, Lang: texts.Lang, Dir: texts.Dir, Step: s.step, Title: texts.Say("title." + s.screen).Text, Demo: entry.IsDemonstration(who.Origin), Focus: true, Desk: d}
}

func (d *Desk) render(w http.ResponseWriter, screen string, v *view) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, screen, v); err != nil {
		http.Error(w, texts.Say("problem.page").Text, http.StatusInternalServerError)
		d.say(err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// watch shows how a job goes on, line by line, until it ends; after a while it lets the
// browser ask again.
func (d *Desk) watch(w http.ResponseWriter, r *http.Request, j *job) {
	d.mu.Lock()
	v := d.view(d.sitting)
	d.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	out := http.NewResponseController(w)
	write := func(name string, data any) bool {
		return templates().ExecuteTemplate(w, name, data) == nil && out.Flush() == nil
	}
	if !write("sending", v) {
		return
	}
	long := time.NewTimer(50 * time.Second)
	defer long.Stop()
	for shown := 0; ; {
		events, changed := j.since(shown)
		for _, e := range events {
			if !write("event", e) {
				return
			}
		}
		shown += len(events)
		select {
		case <-changed:
			continue
		case <-j.ended:
			if more, _ := j.since(shown); len(more) > 0 {
				continue
			}
		case <-long.C:
		case <-r.Context().Done():
			return
		}
		write("sent", v)
		return
	}
}

// file gives what a page needs beside itself.
func (d *Desk) file(w http.ResponseWriter, r *http.Request, name string) {
	give := func(kind string, b []byte) {
		w.Header().Set("Content-Type", kind)
		w.Write(b)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sitting
	switch name {
	case "desk.css":
		give("text/css; charset=utf-8", style())
		return
	case "desk.js":
		give("text/javascript; charset=utf-8", script)
		return
	case "icon.svg":
		give("image/svg+xml", icon)
		return
	case "dates.ics":
		if s.standing != nil {
			w.Header().Set("Content-Disposition", `attachment; filename="dates.ics"`)
			give("text/calendar; charset=utf-8", calendar(d.tools.Who().Origin, s.standing.Due, time.Unix(s.standing.AsOf, 0)))
			return
		}
	}
	if n, ok := strings.CutPrefix(name, "public/"); ok {
		if i, err := strconv.Atoi(n); err == nil && i >= 0 && i < len(s.looks) {
			w.Header().Set("Content-Security-Policy", publicPolicy(s.looks[i].Page))
			give("text/html; charset=utf-8", s.looks[i].Page)
			return
		}
	}
	refuse(w, http.StatusNotFound, "refused.page")
}

// lint looks at a text while it is typed. It keeps nothing of it.
func (d *Desk) lint(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, entry.MaxBody)); err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "refused.large")
		return
	}
	author := strings.ReplaceAll(d.tools.Who().Author, "-", " ")
	found := []string{}
	for _, m := range lint.Text(b.String(), lint.Options{Names: []string{author}}) {
		found = append(found, texts.Say("lint.found", "words", m.Text, "class", m.Class.Label()).Text)
	}
	out, err := json.Marshal(found)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "problem.page")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(out)
}

// refuse answers what no page of the desk asks for.
func refuse(w http.ResponseWriter, status int, key string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	templates().ExecuteTemplate(w, "refused", map[string]any{"Lang": texts.Lang, "Dir": texts.Dir, "Text": texts.Say(key).Text})
}
