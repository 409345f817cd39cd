package api

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
)

var writeOpenAPI = flag.Bool("write", false, "write openapi.json")

// TestOpenAPI: openapi.json is what comes of addresses.yaml and the wire types as they
// are now, with their comments. It has every code of problems.go, with the status that
// docs/api.md gives it.
func TestOpenAPI(t *testing.T) {
	b := buildOpenAPI(t)
	if *writeOpenAPI {
		if err := os.WriteFile("openapi/openapi.json", b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile("openapi/openapi.json"); err != nil || !bytes.Equal(old, b) {
		t.Errorf("openapi.json is not what addresses.yaml and the wire types say now: go test ./api -run TestOpenAPI -write (%v)", err)
	}
	manual, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	status := readAddresses(t).statuses()
	for code := range hints {
		if status[code] == 0 {
			t.Errorf("addresses.yaml has no status of %s", code)
		}
		if row := fmt.Sprintf("| %d |", status[code]); !slices.ContainsFunc(strings.Split(string(manual), "\n"), func(line string) bool {
			return strings.HasPrefix(line, row) && strings.Contains(line, "`"+string(code)+"`")
		}) {
			t.Errorf("docs/api.md does not say that %s is %d", code, status[code])
		}
	}
}

type object = map[string]any

// addresses is addresses.yaml.
type addresses struct {
	Info       object                          `yaml:"info"`
	Codes      map[int][]entry.Code            `yaml:"codes"`
	Parameters map[string]parameter            `yaml:"parameters"`
	Addresses  map[string]map[string]operation `yaml:"addresses"`
}

type parameter struct {
	In          string `yaml:"in"`
	Pattern     string `yaml:"pattern"`
	Integer     []int  `yaml:"integer"` // least, most
	Kinds       bool   `yaml:"kinds"`
	Values      string `yaml:"values"` // of a closed string type: those that it has
	Name        string `yaml:"name"`   // where parameters of one name differ
	Repeated    bool   `yaml:"repeated"`
	Segments    bool   `yaml:"segments"`
	Description string `yaml:"description"`
	Example     string `yaml:"example"`
}

type operation struct {
	ID          string            `yaml:"id"`
	Summary     string            `yaml:"summary"`
	Description string            `yaml:"description"`
	Parameters  []string          `yaml:"parameters"`
	JSON        string            `yaml:"json"` // the answer is a schema of that name
	Text        string            `yaml:"text"`
	Octets      string            `yaml:"octets"`
	Atom        string            `yaml:"atom"`
	Gzip        string            `yaml:"gzip"`
	Lines       string            `yaml:"lines"` // of JSON, each of a schema of that name
	CSV         bool              `yaml:"csv"`
	Export      string            `yaml:"export"`
	Content     map[string]object `yaml:"content"`
	Cached      bool              `yaml:"cached"`
	Ranged      bool              `yaml:"ranged"`
	Pages       []int             `yaml:"pages"` // statuses of refusals that are pages for people
	Submission  bool              `yaml:"submission"`
	Problems    []entry.Code      `yaml:"problems"`
}

func readAddresses(t *testing.T) *addresses {
	t.Helper()
	b, err := os.ReadFile("openapi/addresses.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a := new(addresses)
	if err := yaml.UnmarshalWithOptions(b, a, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *addresses) statuses() map[entry.Code]int {
	m := make(map[entry.Code]int)
	for status, codes := range a.Codes {
		for _, c := range codes {
			m[c] = status
		}
	}
	return m
}

func buildOpenAPI(t *testing.T) []byte {
	t.Helper()
	a := readAddresses(t)
	s := &schemas{t: t, made: make(object), source: readSource(t)}
	status := a.statuses()
	paths := make(object)
	for path, methods := range a.Addresses {
		item := make(object)
		for method, op := range methods {
			item[method] = a.operation(s, status, op)
		}
		paths[path] = item
	}
	doc := object{
		"openapi": "3.1.0", "info": a.Info, "paths": paths,
		"components": object{"schemas": s.made},
	}
	b, err := json.Marshal(doc, json.Deterministic(true), jsontext.WithIndent(" "))
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func (a *addresses) operation(s *schemas, status map[entry.Code]int, op operation) object {
	out := object{"operationId": op.ID, "summary": op.Summary}
	if op.Description != "" {
		out["description"] = op.Description
	}
	var params []any
	for _, name := range op.Parameters {
		p, ok := a.Parameters[name]
		if !ok {
			s.t.Fatalf("%s has the parameter %s, which is not described", op.ID, name)
		}
		params = append(params, p.object(s, cmp.Or(p.Name, name)))
	}
	if params != nil {
		out["parameters"] = params
	}
	answers := make(object)
	out["responses"] = answers
	ok := op.answer(s)
	answers["200"] = ok
	if op.Cached {
		ok["headers"] = object{"ETag": object{"required": true, "schema": object{"type": "string"}}}
		answers["304"] = object{"description": "as If-None-Match has it"}
	}
	if op.Ranged {
		answers["206"] = object{"description": "the bytes that Range asks for", "content": ok["content"]}
	}
	if op.Submission {
		s.submission(out, answers)
	}
	for _, n := range op.Pages {
		answers[strconv.Itoa(n)] = object{"description": "a page for people that says what is wrong", "content": object{"text/html": object{}}}
	}
	if op.Pages != nil {
		return out
	}
	codes := make(map[int][]entry.Code)
	for _, code := range append(slices.Clone(op.Problems), codeBusy, codeInternal) {
		if code == "parameters" {
			codes[400] = append(codes[400], codeParamUnknown, codeParamTwice, codeParam)
			continue
		}
		if status[code] == 0 {
			s.t.Fatalf("%s has the code %s, which has no status", op.ID, code)
		}
		codes[status[code]] = append(codes[status[code]], code)
	}
	if op.Submission {
		for _, code := range s.source.codes {
			n := refusal(code, "").Status
			codes[n] = append(codes[n], code)
		}
	}
	for n, list := range codes {
		slices.Sort(list)
		answer := object{
			"description": words(list),
			"content": object{client.ProblemType: object{"schema": object{
				"$ref": s.of(reflect.TypeFor[client.Problem]())["$ref"], "properties": object{"code": object{"enum": slices.Compact(list)}},
			}}},
		}
		if n == 503 {
			answer["headers"] = object{"Retry-After": object{"required": true, "description": "seconds", "schema": object{"type": "integer"}}}
		}
		answers[strconv.Itoa(n)] = answer
	}
	return out
}

func words(list []entry.Code) string {
	if len(list) > 12 {
		return "what is wrong with the statement, by its code"
	}
	var all []string
	for _, c := range slices.Compact(slices.Clone(list)) {
		all = append(all, "`"+string(c)+"`")
	}
	return strings.Join(all, ", ")
}

func (p parameter) object(s *schemas, name string) object {
	schema := object{"type": "string"}
	switch {
	case p.Integer != nil:
		schema = object{"type": "integer", "minimum": p.Integer[0]}
		if len(p.Integer) > 1 {
			schema["maximum"] = p.Integer[1]
		}
	case p.Values != "":
		schema["enum"] = s.source.values[p.Values]
	case p.Kinds:
		schema["enum"] = entry.Kinds
	case p.Pattern != "":
		schema["pattern"] = p.Pattern
	}
	if p.Repeated {
		schema = object{"type": "array", "items": schema}
	}
	out := object{"name": name, "in": p.In, "required": p.In == "path", "description": p.Description, "schema": schema}
	if p.Example != "" {
		out["example"] = p.Example
	}
	if p.Segments {
		out["x-segments"] = true // the value has slashes, which OpenAPI has no word for
	}
	return out
}

// answer says what an operation answers when all is well.
func (op operation) answer(s *schemas) object {
	text := func(mediaType, description string) object {
		return object{"description": description, "content": object{mediaType: object{"schema": object{"type": "string", "description": description}}}}
	}
	switch {
	case op.JSON == "any":
		return object{"description": op.Summary, "content": object{client.TypeJSON: object{"schema": object{"type": "object"}}}}
	case op.JSON != "":
		return object{"description": op.Summary, "content": object{client.TypeJSON: object{"schema": s.named(op.JSON)}}}
	case op.Text != "":
		return text("text/plain", op.Text)
	case op.Atom != "":
		return text("application/atom+xml", op.Atom)
	case op.Octets != "":
		return object{"description": op.Octets, "content": object{"application/octet-stream": object{}}}
	case op.Gzip != "":
		return object{"description": op.Gzip, "content": object{"application/gzip": object{}}}
	case op.CSV:
		return text("text/csv", "RFC 4180 in UTF-8, with a row of names")
	case op.Export == "text/csv":
		out := text(op.Export, "RFC 4180 in UTF-8, with a row of names")
		out["headers"] = object{"Pledgelog-Tree-Size": object{"required": true, "schema": object{"type": "integer"}}}
		return out
	case op.Lines != "":
		out := s.lines(op.Lines)
		if op.Export != "" {
			out["headers"] = object{"Pledgelog-Tree-Size": object{"required": true, "schema": object{"type": "integer"}}}
		}
		return out
	case op.Content != nil:
		content := make(object)
		for mediaType, schema := range op.Content {
			content[mediaType] = object{}
			if len(schema) > 0 {
				content[mediaType] = object{"schema": schema}
			}
		}
		return object{"description": op.Summary, "content": content}
	}
	return object{"description": op.Summary}
}

func (s *schemas) lines(of string) object {
	schema := object{"type": "string", "description": "a JSON text a line"}
	if of != "any" {
		schema["x-line"] = s.named(of) // OpenAPI 3.1 has no word for what a line is
	}
	return object{"description": "JSON texts, one a line", "content": object{client.TypeNDJSON: object{"schema": schema}}}
}

// submission describes what is sent to /api/v1/statements, and what is answered.
func (s *schemas) submission(op, answers object) {
	sent := object{
		"type": "object", "description": "A signed statement with the texts that it publishes (docs/spec.md).", "required": []string{"statement"},
		"properties": object{
			"statement": object{
				"type": "object", "description": "a DSSE envelope in its exact encoding", "required": []string{"payload", "payloadType", "signatures"},
				"properties": object{
					"payload":     object{"type": "string", "contentEncoding": "base64"},
					"payloadType": object{"const": entry.PayloadType},
					"signatures": object{"type": "array", "minItems": 1, "maxItems": entry.MaxSignatures, "items": object{
						"type": "object", "required": []string{"keyid", "sig"},
						"properties": object{"keyid": object{"type": "string", "pattern": "^[0-9a-f]{64}$"}, "sig": object{"type": "string", "contentEncoding": "base64"}},
					}},
				},
			},
			"body":        object{"type": "object", "description": "the detached body that the statement names, or that an open opens", "additionalProperties": true},
			"disclosures": object{"type": "array", "description": "what an open opens, in the order of its digests", "items": object{"type": "string"}},
		},
	}
	s.made["Submission"] = sent
	one := object{"schema": object{"$ref": "#/components/schemas/Submission"}}
	many := object{"schema": object{"type": "string", "description": "submissions, one a line", "x-line": object{"$ref": "#/components/schemas/Submission"}}}
	op["requestBody"] = object{"required": true, "content": object{client.TypeJSON: one, client.TypeNDJSON: many}}
	reply := object{client.TypeJSON: object{"schema": s.named("Reply")}}
	known := s.lines("Line")
	known["description"] = "logged before; or, of many, an answer a line"
	known["content"].(object)[client.TypeJSON] = reply[client.TypeJSON]
	answers["200"] = known
	answers["201"] = object{"description": "logged and published", "content": reply}
	answers["202"] = object{"description": "it has its index and waits for a checkpoint", "content": reply, "headers": object{
		"Retry-After": object{"required": true, "description": "seconds", "schema": object{"type": "integer"}},
	}}
}

// schemas makes the schemas of Go types.
type schemas struct {
	t      *testing.T
	made   object
	source *source
}

// roots are the wire types that addresses.yaml may name.
var roots = []reflect.Type{
	reflect.TypeFor[client.EntryPage](), reflect.TypeFor[client.EntryAnswer](), reflect.TypeFor[client.SignatoryList](), reflect.TypeFor[client.SignatoryAnswer](),
	reflect.TypeFor[client.Chain](), reflect.TypeFor[client.ExportedEntry](), reflect.TypeFor[client.VocabularyAnswer](), reflect.TypeFor[client.DataPackage](), reflect.TypeFor[client.DuePage](), reflect.TypeFor[client.CountryList](), reflect.TypeFor[client.StatsAnswer](), reflect.TypeFor[client.DumpList](), reflect.TypeFor[client.Reply](), reflect.TypeFor[client.Line](),
}

func (s *schemas) named(name string) object {
	for _, t := range roots {
		if t.Name() == name {
			return s.of(t)
		}
	}
	s.t.Fatalf("addresses.yaml names the schema %s, which is not among roots", name)
	return nil
}

// written are types that JSON has in another form than Go.
var written = map[reflect.Type]func() object{
	reflect.TypeFor[client.Time](): func() object {
		return object{"type": "string", "format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
	},
	reflect.TypeFor[entry.ID]():         func() object { return object{"type": "string", "pattern": "^[0-9a-f]{64}$"} },
	reflect.TypeFor[entry.Period]():     func() object { return object{"type": "string", "pattern": "^[0-9]{4}-(Q[1-4]|H[12])$"} },
	reflect.TypeFor[entry.SlotPeriod](): func() object { return object{"type": "string", "pattern": "^[0-9]{4}-[W0-9][0-9-]*$"} },
	reflect.TypeFor[jsontext.Value]():   func() object { return object{} },
	reflect.TypeFor[[]byte]():           func() object { return object{"type": "string", "contentEncoding": "base64"} },
	reflect.TypeFor[entry.Claim](): func() object {
		n := object{"type": "integer", "minimum": 0}
		return object{"oneOf": []any{n, object{"const": "cannot-say"}, object{"type": "object", "required": []string{"min", "max"}, "properties": object{"min": n, "max": n}}}}
	},
	reflect.TypeFor[entry.Code](): func() object { return object{"type": "string", "pattern": "^[a-z0-9-]+$"} },
}

func (s *schemas) of(t reflect.Type) object {
	if w, ok := written[t]; ok {
		return w()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		if values := s.source.values[t.String()]; values != nil {
			return object{"type": "string", "enum": values}
		}
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.struc(t)
	}
	s.t.Fatalf("no schema is known of %v", t)
	return nil
}

// struc makes a component of a struct and returns what points to it.
func (s *schemas) struc(t reflect.Type) object {
	ref := object{"$ref": "#/components/schemas/" + t.Name()}
	if _, ok := s.made[t.Name()]; ok {
		return ref
	}
	out := object{"type": "object", "x-go": t.String()}
	s.made[t.Name()] = out
	if text := s.source.comments[t.String()]; text != "" {
		out["description"] = text
	}
	properties, required := make(object), []string{}
	s.members(t, properties, &required, false)
	out["properties"] = properties
	if len(required) > 0 {
		slices.Sort(required)
		out["required"] = required
	}
	return ref
}

func (s *schemas) members(t reflect.Type, properties object, required *[]string, optional bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
			continue
		case name == "" && (f.Anonymous || options == "inline"):
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			s.members(inner, properties, required, optional || f.Type.Kind() == reflect.Pointer)
			continue
		case name == "":
			s.t.Fatalf("%v.%s has no name in JSON", t, f.Name)
		}
		schema := s.of(f.Type)
		if text := s.source.comments[t.String()+"."+f.Name]; text != "" {
			schema = maps.Clone(schema)
			schema["description"] = text
		}
		properties[name] = schema
		if !optional && options != "omitzero" {
			*required = append(*required, name)
		}
	}
}

// source is what only the source says: comments, and the constants of string types.
type source struct {
	comments map[string]string   // by pkg.Type and pkg.Type.Field
	values   map[string][]string // of the closed string types, by pkg.Type
	codes    []entry.Code        // why statements are refused
}

// closed are string types whose constants are all of their values.
var closed = []string{"pledge.VerdictKind", "pledge.BodyState", "pledge.PeriodState", "pledge.Severity", "pledge.Role", "pledge.DutyKind", "entry.Kind"}

func readSource(t *testing.T) *source {
	t.Helper()
	src := &source{comments: make(map[string]string), values: make(map[string][]string)}
	for _, folder := range []string{"client", "../entry", "../pledge", "../intake"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || files == nil {
			t.Fatalf("read %s: %v", folder, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					src.read(filepath.Base(folder), g)
				}
			}
		}
	}
	return src
}

func (src *source) read(pkg string, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			name := pkg + "." + spec.Name.Name
			src.comments[name] = oneLine(g.Doc, spec.Doc)
			if st, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					for _, n := range f.Names {
						src.comments[name+"."+n.Name] = oneLine(f.Doc, f.Comment)
					}
				}
			}
		case *ast.ValueSpec:
			id, ok := spec.Type.(*ast.Ident)
			sel, other := spec.Type.(*ast.SelectorExpr)
			var of string
			switch {
			case ok:
				of = pkg + "." + id.Name
			case other:
				of = sel.X.(*ast.Ident).Name + "." + sel.Sel.Name
			}
			for i, v := range spec.Values {
				lit, ok := v.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				text, _ := strconv.Unquote(lit.Value)
				if slices.Contains(closed, of) {
					src.values[of] = append(src.values[of], text)
				}
				if of == "entry.Code" && strings.HasPrefix(spec.Names[i].Name, "Code") {
					src.codes = append(src.codes, entry.Code(text))
				}
			}
		}
	}
}

func oneLine(groups ...*ast.CommentGroup) string {
	var all []string
	for _, g := range groups {
		if g != nil {
			all = append(all, strings.Join(strings.Fields(g.Text()), " "))
		}
	}
	return strings.Join(all, " ")
}
