package api_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

// fits reports whether a cell is one of a column of a table schema.
func fits(kind, cell string) bool {
	var err error
	switch {
	case cell == "":
	case kind == "integer":
		_, err = strconv.ParseInt(cell, 10, 64)
	case kind == "datetime":
		_, err = time.Parse("2006-01-02T15:04:05Z", cell)
	case kind == "date":
		_, err = time.Parse(time.DateOnly, cell)
	default:
		return kind == "string"
	}
	return err == nil
}

// TestDataPackage: each table that it lists is at the address that it gives, with the
// columns and cells that it says; and of one size it is the same for ever.
func TestDataPackage(t *testing.T) {
	s := newServer(t, func(c *api.Config) { c.License = "CC-BY-4.0" })
	a := s.member(0)
	asked := s.request(a)
	filed := s.world.Log(asked)
	s.SetTime(s.world.Now())
	if _, err := s.client.Submit(t.Context(), asked.Submission()); err != nil {
		t.Fatal(err)
	}
	s.mustSubmit(s.world.Decision(filed, "refused", nil))
	n := s.size()
	pinned := fmt.Sprintf("/api/v1/datapackage.json?size=%d", n)
	before := s.get(pinned)
	var p client.DataPackage
	if err := unmarshal(before.body, &p); err != nil {
		t.Fatal(err)
	}
	if p.TreeSize != n || p.Origin != s.world.Options.Origin || len(p.Licenses) != 1 || p.Licenses[0].Name != "CC-BY-4.0" || p.Created == nil || int64(*p.Created) != s.world.Now() {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(p.Description, "demonstration") {
		t.Errorf("it does not say that it is of a demonstration: %s", p.Description)
	}
	if len(p.Resources) != 3 {
		t.Fatalf("%d resources", len(p.Resources))
	}
	for _, r := range p.Resources {
		got := s.get("/api/v1/" + r.Path)
		if got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), r.MediaType) {
			t.Errorf("%s: %d %s", r.Path, got.StatusCode, got.Header.Get("Content-Type"))
		}
		if r.Schema == nil {
			continue
		}
		var names []string
		for _, f := range r.Schema.Fields {
			names = append(names, f.Name)
		}
		text := string(got.body)
		if first, _, _ := strings.Cut(text, "\r\n"); first != strings.Join(names, ",") {
			t.Errorf("%s has the columns %s, and the package %s", r.Path, first, names)
		}
		keys := make(map[string]bool)
		for i, row := range cells(t, text) {
			for _, f := range r.Schema.Fields {
				if !fits(f.Type, row[f.Name]) {
					t.Errorf("%s, row %d: %s is %q, which is no %s", r.Path, i, f.Name, row[f.Name], f.Type)
				}
			}
			var key []string
			for _, name := range r.Schema.PrimaryKey {
				key = append(key, row[name])
			}
			if k := strings.Join(key, " "); keys[k] {
				t.Errorf("%s has two rows of %s", r.Path, k)
			} else {
				keys[k] = true
			}
		}
	}

	s.mustSubmit(s.request(a))
	if after := s.get(pinned); string(after.body) != string(before.body) || after.Header.Get("ETag") != before.Header.Get("ETag") {
		t.Error("of one size it is another now")
	}
	if err := unmarshal(s.get("/api/v1/datapackage.json").body, &p); err != nil || p.TreeSize != n+1 {
		t.Errorf("without a size it is of %d entries, %v", p.TreeSize, err)
	}
	for path, want := range map[string]string{
		fmt.Sprintf("/api/v1/datapackage.json?size=%d", n+2): "404 size-beyond-log",
		"/api/v1/datapackage.json?size=x":                    "400 parameter-malformed",
		"/api/v1/codebook.csv?size=1":                        "400 parameter-unknown",
	} {
		if p := s.get(path).problem(t); fmt.Sprintf("%d %s", p.Status, p.Code) != want {
			t.Errorf("%s: %d %s, want %s", path, p.Status, p.Code, want)
		}
	}
	var none client.DataPackage
	if err := unmarshal(s.get("/api/v1/datapackage.json?size=0").body, &none); err != nil || none.Created != nil {
		t.Errorf("of no entries: %v, %v", none.Created, err)
	}
}

// TestCodebook: it has every code of the vocabulary with its definition, and which
// instruments have a law card.
func TestCodebook(t *testing.T) {
	s := newServer(t)
	rows := cells(t, string(s.get("/api/v1/codebook.csv").body))
	find := func(list, code string) map[string]string {
		i := slices.IndexFunc(rows, func(r map[string]string) bool { return r["list"] == list && r["code"] == code })
		if i < 0 {
			t.Fatalf("there is no %s %s", list, code)
		}
		return rows[i]
	}
	for list, terms := range entry.Terms().Lists {
		for _, term := range terms {
			if r := find(list, term.Code); r["label"] != term.Label || r["definition"] != term.Definition || r["example"] != term.Example {
				t.Errorf("%s %s: %v", list, term.Code, r)
			}
		}
	}
	for _, c := range entry.LawCards().Cards {
		if r := find("instrument", c.Code); (r["law_card"] == "general") != c.General || r["law_card"] == "" {
			t.Errorf("law card %s: %v", c.Code, r)
		}
	}
	if r := find("outcome", "refused"); r["law_card"] != "" || r["deprecated"] != "" {
		t.Errorf("%v", r)
	}
	if r := find("column", "logged_total"); r["label"] != "integer" || r["definition"] == "" {
		t.Errorf("%v", r)
	}
}
