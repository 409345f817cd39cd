package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// The screens.
const (
	onStart   = "start"
	onForm    = "form"
	onMatter  = "matter"
	onUnsure  = "unsure"
	onReview  = "review"
	onSigned  = "signed"
	onSending = "sending"
	onDone    = "done"
	onKept    = "kept"
	onStopped = "stopped"
	onClosed  = "closed"
)

// A sitting is what a person is doing at the desk, in memory only.
type sitting struct {
	screen   string
	step     uint64 // changes with everything that is done
	problems []Problem
	block    *Block // why the form may not be told, where that is the problem
	news     string // the key of a text: what was just done

	slot     bool // the form is for the next slot
	form     *Form
	told     *Form   // what was typed to be told, when it is to be kept for a slot instead
	matter   *Matter // what the form is about; nil for a request that came
	card     string  // of which instrument the law card is shown
	prepared []Prepared
	looks    []*Look // what is reviewed, in order
	job      *job
	receipts []*Receipt
	memos    []string
	standing *Standing
	kept     *Kept
	waiting  []Waiting // of the slots, when the start is shown
}

func (d *Desk) newSitting() *sitting { return &sitting{screen: onStart, form: new(Form)} }

// drop forgets everything.
func (s *sitting) drop() {
	if s.job != nil {
		s.job.cancel()
	}
	*s = sitting{screen: onStart, form: new(Form), step: s.step}
}

// maxForm bounds a form in bytes: every text that a statement may have, and as much again for
// its encoding.
const maxForm = 4 * entry.MaxBody

// act does what a form asks for. Then the browser asks for the page again, so that what was
// filled in stands in no history of it.
func (d *Desk) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	var err error
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		err = r.ParseForm()
	} else {
		err = r.ParseMultipartForm(maxForm) // all of it in memory
	}
	if err != nil {
		status, key := http.StatusBadRequest, "refused.form"
		if too := (*http.MaxBytesError)(nil); errors.As(err, &too) {
			status, key = http.StatusRequestEntityTooLarge, "refused.large"
		}
		refuse(w, status, key)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sitting
	if r.PostFormValue("step") != strconv.FormatUint(s.step, 10) {
		s.problems = []Problem{{Text: texts.Say("problem.stale").Text}}
	} else {
		s.step++
		s.problems, s.block, s.news = nil, nil, ""
		if err := d.do(r.Context(), s, r); err != nil {
			s.problems = problemsOf(err)
			if f := (*Failure)(nil); errors.As(err, &f) && f.Block != nil {
				s.block = f.Block
				s.problems = []Problem{s.inTheWay()}
			}
		}
	}
	w.Header().Set("Location", "./")
	w.WriteHeader(http.StatusSeeOther)
}

func problemsOf(err error) []Problem {
	var f *Failure
	if errors.As(err, &f) {
		for i, p := range f.Problems {
			f.Problems[i].Text = inWords(p)
			if p.Again {
				f.Problems[i].Hint = texts.Say("problem.again").Text
			}
		}
		if f.Open && len(f.Problems) > 0 {
			f.Problems[0] = Problem{Text: texts.Say("problem.open").Text, Hint: f.Problems[0].Text}
		}
		return f.Problems
	}
	return []Problem{{Text: err.Error()}}
}

// inWords says of a problem what a person calls its field, instead of the member's name.
func inWords(p Problem) string {
	key := "label." + p.Field
	if !texts.Has(key) {
		return p.Text
	}
	label := texts.Say(key).Text
	if p.Missing {
		return texts.Say("problem.missing", "field", label).Text
	}
	if rest, ok := strings.CutPrefix(p.Text, p.Field+": "); ok {
		return texts.Say("problem.field", "field", label, "what", rest).Text
	}
	return p.Text
}

// lastPage is how long the page that says that the desk is closed is served, with its style.
const lastPage = 2 * time.Second

// do does one thing.
func (d *Desk) do(ctx context.Context, s *sitting, r *http.Request) error {
	what := r.PostFormValue("do")
	if strings.HasPrefix(what, onPrefix) {
		return d.matter(ctx, s, what, r)
	}
	switch what {
	case "start":
		standing := s.standing
		s.drop()
		s.standing = standing
		return nil
	case "close":
		s.drop()
		s.screen = onClosed
		time.AfterFunc(lastPage, func() { d.close(texts.Say("end.closed").Text) })
		return nil
	case "due":
		var err error
		s.standing, err = d.tools.Standing(ctx)
		return err
	case "yes", "no", "unsure":
		if what == "no" && !d.tools.Who().Keeps {
			return errors.New(texts.Say("problem.nosafe").Text)
		}
		s.form, s.told, s.matter, s.slot, s.screen = new(Form), nil, nil, what == "no", onForm
		if what == "unsure" {
			s.screen = onUnsure
		}
		return nil
	case "instead":
		return d.instead(s, r)
	case "public":
		return s.public(r)
	case "card":
		s.card = r.PostFormValue("instrument")
		return nil
	case "stop":
		s.drop()
		s.screen = onStopped
		return nil
	case "change":
		s.screen, s.prepared, s.looks = onForm, nil, nil
		if s.matter != nil {
			s.screen = onMatter
		}
		return nil
	case "draft":
		return d.draft(ctx, s, r)
	case "write":
		if err := d.write(s); err != nil {
			return err
		}
		s.screen, s.news = onSigned, "news.written"
		return nil
	case "review":
		return d.review(ctx, s, r.PostForm["file"])
	case "take":
		return d.take(ctx, s, r)
	case "sign":
		return d.sign(ctx, s, r)
	case "submit":
		if len(s.looks) == 0 {
			return errors.New(texts.Say("problem.nothing").Text)
		}
		s.job = d.send(s.looks)
		s.screen = onSending
		return nil
	case "leave":
		if s.job != nil {
			s.job.leave()
		}
		return nil
	case "memo":
		return d.memo(ctx, s)
	}
	return errors.New(texts.Say("problem.what").Text)
}

// draft takes in the form.
func (d *Desk) draft(ctx context.Context, s *sitting, r *http.Request) error {
	if s.screen == onMatter {
		return d.draftOn(ctx, s, r)
	}
	if s.screen != onForm {
		return errors.New(texts.Say("problem.stale").Text)
	}
	s.form = readForm(r, s.slot)
	if s.slot {
		kept, err := d.tools.Keep(s.form)
		if err != nil {
			return err
		}
		s.drop()
		s.screen, s.kept = onKept, kept
		return nil
	}
	prepared, err := d.tools.Prepare(ctx, s.form)
	if err != nil {
		return err
	}
	s.take(prepared)
	return nil
}

// write writes what was prepared: the request first, since the decision names it.
func (d *Desk) write(s *sitting) error {
	for len(s.prepared) > 0 {
		if err := s.prepared[0].Write(); err != nil {
			return err
		}
		s.prepared = s.prepared[1:]
	}
	s.form = new(Form) // from here on it stands in the drafts
	return nil
}

// review looks at files of the folder. Only those that are listed can be named.
func (d *Desk) review(ctx context.Context, s *sitting, paths []string) error {
	known, err := d.tools.Drafts()
	if err != nil {
		return err
	}
	s.looks, s.prepared = nil, nil
	for _, l := range known {
		if !slices.Contains(paths, l.Name) {
			continue
		}
		whole, err := d.tools.Look(ctx, l.Path)
		if err != nil {
			return err
		}
		s.looks = append(s.looks, whole)
	}
	if len(s.looks) == 0 {
		return errors.New(texts.Say("problem.nothing").Text)
	}
	s.screen = onReview
	if !slices.ContainsFunc(s.looks, func(l *Look) bool { return !l.Mine }) {
		s.screen = onSigned
	}
	return nil
}

// maxFiles is how many files of colleagues are taken at once.
const maxFiles = 8

func (d *Desk) take(ctx context.Context, s *sitting, r *http.Request) error {
	if r.MultipartForm == nil || len(r.MultipartForm.File["files"]) == 0 {
		return &Failure{Problems: []Problem{{Field: "files", Text: texts.Say("problem.nofile").Text}}}
	}
	files := r.MultipartForm.File["files"]
	if len(files) > maxFiles {
		return &Failure{Problems: []Problem{{Field: "files", Text: texts.Count("problem.manyfiles", maxFiles).Text}}}
	}
	var names []string
	for _, h := range files {
		f, err := h.Open()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(f) // bounded by maxForm
		f.Close()
		if err != nil {
			return err
		}
		name, err := d.tools.Take(b)
		if err != nil {
			return &Failure{Problems: inField("files", h.Filename, problemsOf(err))}
		}
		names = append(names, name)
	}
	return d.review(ctx, s, names)
}

func inField(field, name string, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Field, problems[i].Text = field, name+": "+problems[i].Text
	}
	return problems
}

// sign signs all that is shown and not signed yet.
func (d *Desk) sign(ctx context.Context, s *sitting, r *http.Request) error {
	confirmed := make(map[string]bool)
	for _, id := range r.PostForm["confirm"] {
		confirmed[id] = true
	}
	keys := make([][]string, len(s.looks))
	var open []Problem
	for i, l := range s.looks {
		if l.Mine {
			continue
		}
		for j, doubt := range l.Doubts {
			field := fmt.Sprintf("confirm-%d-%d", i, j)
			if !confirmed[field] {
				open = append(open, Problem{Field: field, Text: texts.Say("problem.doubt", "what", doubt.Text).Text})
				continue
			}
			keys[i] = append(keys[i], doubt.Key)
		}
	}
	if open != nil {
		return &Failure{Problems: open}
	}
	if err := d.write(s); err != nil {
		return err
	}
	for i, l := range s.looks {
		if l.Mine {
			continue
		}
		if err := d.tools.Sign(ctx, l.Path, l.ID, keys[i]); err != nil {
			return err
		}
		signed, err := d.tools.Look(ctx, l.Path)
		if err != nil {
			return err
		}
		signed.Notes = l.Notes
		s.looks[i] = signed
	}
	s.screen, s.news = onSigned, "news.signed"
	return nil
}

func (d *Desk) memo(ctx context.Context, s *sitting) error {
	s.memos = nil
	for _, l := range s.looks {
		out, _, err := d.tools.Memo(ctx, l.Path)
		if err != nil {
			return err
		}
		s.memos = append(s.memos, out)
	}
	return nil
}
