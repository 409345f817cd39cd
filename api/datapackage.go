package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
)

// dataPackageProfile is the version of the Data Package standard.
const dataPackageProfile = "https://datapackage.org/profiles/2.0/datapackage.json"

// A File is what is known of a file of a data package.
type File struct {
	Path        string // relative to the package's own address
	Compression string // "gz", or "" for none
	Bytes       int64  // 0 when it is made as it is asked for
	Hash        string // sha256: and hex digits; "" likewise
}

// dataPackage answers with what describes the exports of a size.
func (a *API) dataPackage(w http.ResponseWriter, r *http.Request) {
	q, err := parameters(r, "size")
	if err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	size, err := pinnedSize(q, s)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	of := func(name string) File { return File{Path: fmt.Sprintf("%s?size=%d", name, size)} }
	b, err := a.describe(r.Context(), s, size, nil, of("export.csv"), of("export.jsonl"), File{Path: "codebook.csv"})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Pledgelog-Tree-Size", fmt.Sprint(size))
	a.content(w, r, b, client.TypeJSON, "no-cache", true)
}

// describe makes the description of exports of a size, as a JSON text. Erasures is for
// files that are kept, nil for others.
func (a *API) describe(ctx context.Context, s *index.Snapshot, size uint64, erasures *uint64, table, lines, codes File) ([]byte, error) {
	p := &client.DataPackage{
		Schema: dataPackageProfile,
		Name:   strings.ToLower(fmt.Sprintf("%s-%d", fileName(a.cfg.Origin), size)),
		Title:  fmt.Sprintf("Statements in the log %s, as of %d entries", a.cfg.Origin, size),
		Description: "What companies state, under their own signatures, of requests that they attribute to governments, and of their answers. " +
			"It shows who stated what. It can't show whether a statement is so, or that there was nothing else. An empty cell is no answer.",
		Origin: a.cfg.Origin, TreeSize: size, Erasures: erasures,
		Sources: []client.Source{{Title: "The log, with its proofs", Path: "https://" + a.cfg.Origin}},
	}
	if a.simulated() {
		p.Description = "This is a demonstration: its time is simulated, and everybody in it is invented. " + p.Description
	}
	if a.cfg.License != "" {
		p.Licenses = []client.License{{Name: a.cfg.License}}
	}
	if size > 0 {
		last, err := s.EntryAt(ctx, size-1)
		if err != nil {
			return nil, err
		}
		if t := client.Time(last.Logged); t != 0 {
			p.Created = &t
		}
	}
	fields := make([]client.Field, len(columns))
	for i, c := range columns {
		fields[i] = client.Field{Name: c.name, Type: string(c.kind), Description: c.description}
	}
	var coded []client.Field
	for _, c := range codebookColumns {
		coded = append(coded, client.Field{Name: c.name, Type: string(text), Description: c.description})
	}
	p.Resources = []client.Resource{
		table.resource("entries", "csv", "text/csv", "Every entry, accepted or not, as a row.", &client.TableSchema{Fields: fields, PrimaryKey: []string{columns[0].name}, MissingValues: []string{""}}),
		lines.resource("entries-json", "jsonl", client.TypeNDJSON, "Every entry with its leaf, whose hashes add up to the log's root, as a line of JSON.", nil),
		codes.resource("codebook", "csv", "text/csv", "The codes of the vocabulary and the columns of the table, with what they mean. It is of the server's version.", &client.TableSchema{Fields: coded, PrimaryKey: []string{"list", "code"}, MissingValues: []string{""}}),
	}
	b, err := json.Marshal(p, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("encode data package: %w", err)
	}
	return append(b, '\n'), nil
}

func (f File) resource(name, format, mediaType, description string, schema *client.TableSchema) client.Resource {
	r := client.Resource{
		Name: name, Path: f.Path, Description: description, Format: format, MediaType: mediaType, Encoding: "utf-8",
		Compression: f.Compression, Bytes: f.Bytes, Hash: f.Hash, Schema: schema,
	}
	if schema != nil {
		r.Type = "table"
	}
	return r
}

// codebookColumns are those of codebook.csv.
var codebookColumns = []struct{ name, description string }{
	{"list", "the list of the vocabulary, named as the member that takes its codes; `column` for the columns of export.csv"},
	{"code", "the code, or the name of the column"},
	{"label", "the code in words, or what the cells of the column are"},
	{"definition", "what it means"},
	{"example", "an example, where there is one"},
	{"attack", "MITRE ATT&CK technique ids"},
	{"law_card", "of an instrument: `yes` when there is a law card on it, `general` when that stands for no one law"},
	{"deprecated", "`yes` when it is not to be used any more"},
}

// Codebook is the table of the codes and the columns, with what they mean.
func Codebook() []byte {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		out.Write(cells) // a buffer takes everything
	}
	var names []string
	for _, c := range codebookColumns {
		names = append(names, c.name)
	}
	row(names...)
	for _, c := range columns {
		row("column", c.name, string(c.kind), c.description, "", "", "", "")
	}
	cards := make(map[string]string)
	for _, c := range entry.LawCards().Cards {
		cards[c.Code] = "yes"
		if c.General {
			cards[c.Code] = "general"
		}
	}
	lists := entry.Terms().Lists
	for _, list := range slices.Sorted(maps.Keys(lists)) {
		for _, t := range lists[list] {
			card, deprecated := "", ""
			if list == "instrument" {
				card = cards[t.Code]
			}
			if t.Deprecated {
				deprecated = "yes"
			}
			row(list, t.Code, t.Label, t.Definition, t.Example, join(t.Attack), card, deprecated)
		}
	}
	out.Flush()
	return b.Bytes()
}

// codebookCSV answers with the codebook.
func (a *API) codebookCSV(w http.ResponseWriter, r *http.Request) {
	if _, err := parameters(r); err != nil {
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-codebook.csv"`, fileName(a.cfg.Origin)))
	a.content(w, r, Codebook(), typeCSV, cacheMinute, true)
}
