package api_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
)

// exported reads an export of so many entries: of all when n is negative.
func (s *server) exported(form string, n int) (*answer, string) {
	s.t.Helper()
	path := "/api/v1/export." + form
	if n >= 0 {
		path += fmt.Sprintf("?size=%d", n)
	}
	a := s.get(path)
	if a.StatusCode != 200 {
		s.t.Fatalf("%s: %d %s", path, a.StatusCode, a.body)
	}
	return a, string(a.body)
}

func lines(t *testing.T, text string) (out []client.ExportedEntry) {
	t.Helper()
	for line := range strings.Lines(text) {
		var e client.ExportedEntry
		if err := json.Unmarshal([]byte(line), &e, json.RejectUnknownMembers(true)); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		out = append(out, e)
	}
	return out
}

// cells reads a table: a row of cells by the name of their column.
func cells(t *testing.T, text string) (out []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[1:] {
		m := make(map[string]string)
		for i, cell := range row {
			m[all[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

// TestExport: an export has every entry as the log had it at that size, in both forms,
// and the same bytes again when the log has grown, but for what was erased.
func TestExport(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 7, Challengers: 1, Slots: entry.SlotsMonth, NoDirectories: true}, apitest.Start)
	w := s.world
	say := func(st *generator.Statement) *generator.Statement {
		s.mustSubmit(st)
		w.Advance(time.Minute)
		return st
	}
	a, ngo := s.member(0), w.Challengers[0]
	say(w.Admit(ngo))
	review := day(w.Now() + 20*86400)
	told := w.Request(a, lastMonth(w), &entry.RequestBody{
		Country: "XB", Agency: "=HYPERLINK(\"http://example\")", Assist: []string{"access", "backdoor"}, Products: []string{"messaging"}, Received: lastMonth(w),
		Narrative: map[string]string{"fr": "Un texte.", "en": "-1+2, a text with a \"quotation\",\nand a line."},
	})
	filed := w.Log(told)
	s.SetTime(w.Now())
	if _, err := s.client.Submit(t.Context(), told.Submission()); err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Minute)
	sealed := say(w.Seal(s.request(a), generator.Seal{Member: "country", Reason: "safety", Review: review}))
	kept := say(s.request(a).Withhold(review))
	asked := say(w.Challenge(ngo, a, &entry.Challenge{Entry: sealed.ID, Finding: "contradicted", Period: "2025-Q1"}, nil))
	decided := say(w.Decision(filed, "refused", nil))
	n := int(s.size())
	before := make(map[string]string)
	for _, form := range []string{"jsonl", "csv"} {
		a, text := s.exported(form, n)
		if _, all := s.exported(form, -1); all != text {
			t.Errorf("%s: without a size it is another than that of the log's size", form)
		}
		if got := a.Header.Get("Pledgelog-Tree-Size"); got != fmt.Sprint(n) {
			t.Errorf("%s: it says that it is of %s entries, not %d", form, got, n)
		}
		if got := a.Header.Get("Content-Disposition"); !strings.HasSuffix(got, fmt.Sprintf("-%d.%s\"", n, form)) {
			t.Errorf("%s: %s", form, got)
		}
		before[form] = text
	}

	// The lines add up to the root that is signed.
	tree := log.NewBuilder(nil)
	got := lines(t, before["jsonl"])
	for i, e := range got {
		if e.Index != uint64(i) {
			t.Fatalf("line %d is entry %d", i, e.Index)
		}
		if err := tree.Append(log.LeafHash(e.Leaf)); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(s.Dir + "/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	view, err := s.Policy.OpenUnwitnessed(raw)
	if err != nil || view.Checkpoint.Size != uint64(n) || view.Checkpoint.Root != tree.Root() {
		t.Errorf("%d lines add up to another root than that of the checkpoint: %v", len(got), err)
	}
	line := func(all []client.ExportedEntry, id entry.ID) client.ExportedEntry {
		return all[slices.IndexFunc(all, func(e client.ExportedEntry) bool { return e.ID == id })]
	}
	if e := line(got, kept.ID); e.BodyState != "withheld" || e.Body != nil {
		t.Errorf("withheld: %s, %d bytes", e.BodyState, len(e.Body))
	}
	if e := line(got, asked.ID); e.Body != nil || e.HeldUntil == nil {
		t.Errorf("a challenge without a reply: %d bytes, held until %v", len(e.Body), e.HeldUntil)
	}
	if e := line(got, told.ID); e.BodyState != "published" || !bytes.Equal(e.Body, told.Body) || !e.SimulatedTime {
		t.Errorf("published: %s, %d bytes", e.BodyState, len(e.Body))
	}
	table := cells(t, before["csv"])
	if len(table) != n {
		t.Errorf("%d rows of %d entries", len(table), n)
	}
	row := func(all []map[string]string, id entry.ID) map[string]string {
		return all[slices.IndexFunc(all, func(m map[string]string) bool { return m["entry"] == id.String() })]
	}
	r := row(table, told.ID)
	for name, want := range map[string]string{
		"author": a.ID, "kind": "request", "verdict": "accepted", "text_state": "published", "country": "XB", "assist": "access;backdoor", "products": "messaging",
		"agency": "'=HYPERLINK(\"http://example\")", "narrative": "'-1+2, a text with a \"quotation\",\nand a line.", "narrative_languages": "en;fr", "simulated_time": "yes", "outcome": "",
	} {
		if r[name] != want {
			t.Errorf("%s is %q, want %q", name, r[name], want)
		}
	}
	if r := row(table, decided.ID); r["outcome"] != "refused" || r["about"] != told.ID.String() || r["country"] != "" {
		t.Errorf("a decision: %v", r)
	}
	if r := row(table, sealed.ID); r["sealed"] != "country" || r["country"] != "" || r["text_state"] != "published" {
		t.Errorf("a sealed country: %v", r)
	}
	if r := row(table, kept.ID); r["text_state"] != "withheld" || r["country"] != "" || r["narrative"] != "" {
		t.Errorf("withheld: %v", r)
	}

	// The log grows, and says of what was there before.
	say(w.OpenText(sealed, "permission", "country"))
	say(w.OpenText(kept, "permission"))
	say(w.Correct(decided, nil, nil))
	say(w.Reply(a, &entry.Reply{Answer: entry.AnswerAccepted, Challenge: asked.ID}, nil))
	for form, text := range before {
		if _, now := s.exported(form, n); now != text {
			t.Errorf("%s of %d entries is another now", form, n)
		}
	}
	_, all := s.exported("jsonl", -1)
	now := lines(t, all)
	if e := line(now, kept.ID); e.BodyState != "published" || e.Opened == nil || e.Body == nil {
		t.Errorf("opened: %s, %v", e.BodyState, e.Opened)
	}
	if e := line(now, asked.ID); e.Body == nil || e.HeldUntil != nil {
		t.Errorf("a challenge with its reply: %d bytes, held until %v", len(e.Body), e.HeldUntil)
	}
	if e := line(now, decided.ID); e.Correction == nil || e.Correction.How != entry.CorrectVoid {
		t.Errorf("corrected: %+v", e.Correction)
	}
	_, all = s.exported("csv", -1)
	if r := row(cells(t, all), sealed.ID); r["sealed"] != "" || r["country"] == "" {
		t.Errorf("an opened country: %v", r)
	}

	// What was erased is gone from every export, and says by what.
	erasure := say(w.Erase(told, told.BodyDigest, entry.BasisNotice, "N-1"))
	_, text := s.exported("jsonl", n)
	if e := line(lines(t, text), told.ID); e.BodyState != "erased" || e.Body != nil || len(e.Erasures) != 1 || e.Erasures[0].ID != erasure.ID {
		t.Errorf("erased: %s, %d bytes, %v", e.BodyState, len(e.Body), e.Erasures)
	}
	_, text = s.exported("csv", n)
	if r := row(cells(t, text), told.ID); r["text_state"] != "erased" || r["erased_by"] != erasure.ID.String() || r["agency"] != "" || r["narrative"] != "" {
		t.Errorf("erased: %v", r)
	}
	if strings.Contains(text, "HYPERLINK") {
		t.Error("an erased text is in an export")
	}

	for path, want := range map[string]string{
		"/api/v1/export.csv?size=" + fmt.Sprint(s.size()+1): "404 size-beyond-log",
		"/api/v1/export.csv?size=18446744073709551616":      "400 parameter-malformed",
		"/api/v1/export.jsonl?size=01":                      "400 parameter-malformed",
		"/api/v1/export.jsonl?size=-1":                      "400 parameter-malformed",
		"/api/v1/export.jsonl?size=1&size=2":                "400 parameter-repeated",
		"/api/v1/export.jsonl?country=XB":                   "400 parameter-unknown",
		"/api/v1/export.xlsx":                               "404 address-unknown",
	} {
		if p := s.get(path).problem(t); fmt.Sprintf("%d %s", p.Status, p.Code) != want {
			t.Errorf("%s: %d %s, want %s", path, p.Status, p.Code, want)
		}
	}
	if _, text := s.exported("jsonl", 0); text != "" {
		t.Errorf("an export of nothing: %q", text)
	}
	if _, text := s.exported("csv", 0); strings.Count(text, "\r\n") != 1 {
		t.Errorf("a table of nothing: %q", text)
	}
	head := s.do(http.MethodHead, "/api/v1/export.csv", nil, nil)
	if head.StatusCode != 200 || len(head.body) != 0 || head.Header.Get("Pledgelog-Tree-Size") != fmt.Sprint(s.size()) {
		t.Errorf("HEAD: %d, %d bytes, %v", head.StatusCode, len(head.body), head.Header)
	}
}

// TestExportColumns: docs/api.md says of each column, in the order of the table, what the
// catalogue does.
func TestExportColumns(t *testing.T) {
	s := newServer(t)
	_, text := s.exported("csv", 0)
	b, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(b), "\n### Exports\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var named, told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		named, told = append(named, m[1]), append(told, m[1]+": "+m[2])
	}
	if got := strings.Join(named, ","); got != strings.TrimSuffix(text, "\r\n") {
		t.Errorf("docs/api.md has the columns\n%s, the table\n%s", got, text)
	}
	if diff := cmp.Diff(api.ColumnTexts(), told); diff != "" {
		t.Errorf("docs/api.md says otherwise (+) than the catalogue (-):\n%s", diff)
	}
}

// TestExportsAreBounded: each reads the whole log, so that few are written at once; and
// one that breaks off does not look whole.
func TestExportsAreBounded(t *testing.T) {
	var source *halting
	s := newServer(t, func(c *api.Config) {
		c.Limits.Exports = 1
		source = &halting{Source: c.Source, reached: make(chan struct{}), goOn: make(chan struct{})}
		x, err := index.Open(t.Context(), index.Config{Origin: c.Origin, Source: source, Policy: c.Policy, Logger: c.Logger})
		if err != nil {
			t.Fatal(err)
		}
		c.Index = x
	})
	st := s.request(s.member(0))
	s.mustSubmit(st)
	source.at = log.BodyPath(st.BodyDigest)
	if _, text := s.exported("jsonl", -1); len(lines(t, text)) == 0 {
		t.Fatal("an empty log")
	}
	source.on.Store(true)
	first := make(chan error)
	go func() {
		resp, err := plain.Get(s.URL + "/api/v1/export.jsonl")
		if err == nil {
			_, err = new(bytes.Buffer).ReadFrom(resp.Body)
			resp.Body.Close()
		}
		first <- err
	}()
	<-source.reached
	if p := s.get("/api/v1/export.csv").problem(t); p.Status != 503 || p.Code != "server-busy" {
		t.Errorf("a second export at once: %d %s", p.Status, p.Code)
	}
	close(source.goOn)
	if err := <-first; err == nil {
		t.Error("an export that broke off looks whole")
	}
	source.on.Store(false)
	s.exported("csv", -1)
}
