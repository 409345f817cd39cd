package apitest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pledgelog/pledgelog/api"
)

// heldBody is how much of a request or an answer is held to the document, in bytes.
// Longer ones are as their beginning.
const heldBody = 4 << 20

// A contract is the document of the interface, and what one server did beside it.
type contract struct {
	*document
	mu     sync.Mutex
	broken []error
}

// A document is openapi.json.
type document struct {
	doc       *openapi3.T
	addresses []address
	line      func(ref string) (*jsonschema.Schema, error)
}

// An address is one of the document.
type address struct {
	path  string
	match *regexp.Regexp
	fixed int      // bytes of path that are no parameters
	names []string // of what match finds
	item  *openapi3.PathItem
}

func newContract() (*contract, error) {
	d, err := readDocument()
	return &contract{document: d}, err
}

// readDocument reads the document that the server serves, made strict: a member that it
// does not describe is an error.
var readDocument = sync.OnceValues(func() (*document, error) {
	var raw any
	if err := json.Unmarshal(api.OpenAPI(), &raw); err != nil {
		return nil, fmt.Errorf("read openapi.json: %w", err)
	}
	closeObjects(raw)
	strict, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder("application/atom+xml", openapi3filter.PlainBodyDecoder)
	c := new(document)
	if c.doc, err = openapi3.NewLoader().LoadFromData(strict); err != nil {
		return nil, fmt.Errorf("load openapi.json: %w", err)
	}
	if err := c.doc.Validate(context.Background(), openapi3.AllowExtensionsWithRef()); err != nil {
		return nil, fmt.Errorf("validate openapi.json: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	// A name without a scheme would be one of a file in the working directory, which tests change.
	const at = "https://pledgelog.invalid/openapi.json"
	if err := compiler.AddResource(at, raw); err != nil {
		return nil, err
	}
	compiled := make(map[string]*jsonschema.Schema)
	var mu sync.Mutex
	c.line = func(ref string) (*jsonschema.Schema, error) {
		mu.Lock()
		defer mu.Unlock()
		if compiled[ref] == nil {
			s, err := compiler.Compile(at + ref)
			if err != nil {
				return nil, err
			}
			compiled[ref] = s
		}
		return compiled[ref], nil
	}
	for path, item := range c.doc.Paths.Map() {
		c.addresses = append(c.addresses, newAddress(path, item))
	}
	// What has more of its own goes first: /tile/entries/{tile} before /tile/{level}/{tile}.
	slices.SortFunc(c.addresses, func(a, b address) int { return cmp.Compare(b.fixed, a.fixed) })
	return c, nil
})

func newAddress(path string, item *openapi3.PathItem) address {
	a := address{path: path, item: item}
	expr := regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllStringFunc(regexp.QuoteMeta(path), func(name string) string {
		a.names = append(a.names, strings.Trim(name, `\{}`))
		for _, op := range item.Operations() {
			if p := op.Parameters.GetByInAndName("path", a.names[len(a.names)-1]); p != nil && p.Extensions["x-segments"] == true {
				return "(.+)"
			}
		}
		return "([^/]+)"
	})
	a.match = regexp.MustCompile("^" + expr + "$")
	a.fixed = len(regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, ""))
	return a
}

// closeObjects forbids members that are not described. What stands beside a reference
// adds to what that describes, and stays open.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, refers := v["$ref"]
		_, said := v["additionalProperties"]
		if _, ok := v["properties"].(map[string]any); ok && !refers && !said {
			v["additionalProperties"] = false
		}
		for _, x := range v {
			closeObjects(x)
		}
	case []any:
		for _, x := range v {
			closeObjects(x)
		}
	}
}

// hold returns h, whose requests and answers are compared with the document.
func (c *contract) hold(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, answer := new(keptBody), &keptAnswer{ResponseWriter: w}
		if r.Body != nil {
			sent.ReadCloser = r.Body
			r.Body = sent
		}
		h.ServeHTTP(answer, r)
		if answer.status == 0 {
			answer.status = http.StatusOK
		}
		if err := c.compare(r, sent, answer); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.broken) < 20 {
				c.broken = append(c.broken, fmt.Errorf("%s %s, answered by %d: openapi.json says otherwise: %w", r.Method, r.URL, answer.status, err))
			}
		}
	})
}

// err returns what was not as the document has it.
func (c *contract) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.broken...)
}

func (c *document) compare(r *http.Request, sent *keptBody, answer *keptAnswer) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	route, values := c.find(method, r.URL.EscapedPath())
	if route == nil {
		return c.undescribed(r, answer)
	}
	described := r.Clone(context.Background())
	described.Method = method
	described.Body = io.NopCloser(bytes.NewReader(sent.b))
	in := &openapi3filter.RequestValidationInput{
		Request: described, PathParams: values, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeRequestBody: sent.cut || isLines(r.Header), ExcludeResponseBody: answer.cut || r.Method == http.MethodHead || answer.Header().Get("Content-Encoding") != "" || isLines(answer.Header())},
	}
	if answer.status < 400 {
		// The document has no word for parameters that are refused: whoever was answered
		// gave none but those that it has.
		for name := range r.URL.Query() {
			if strings.HasPrefix(route.Path, "/api/") && route.Operation.Parameters.GetByInAndName("query", name) == nil {
				return fmt.Errorf("the parameter %s is not described", name)
			}
		}
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return err
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: answer.status, Header: answer.Header(), Options: in.Options}
	out.SetBodyBytes(answer.b)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		return err
	}
	if answer.status >= 300 || !isLines(answer.Header()) || answer.cut || r.Method == http.MethodHead {
		return nil
	}
	of := route.Operation.Responses.Status(answer.status).Value.Content[lineType]
	if of == nil {
		return errors.New("lines of JSON are not described")
	}
	return c.compareLines(of, answer.b)
}

const lineType = "application/x-ndjson"

func isLines(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), lineType) }

// compareLines compares lines of JSON with what one of them is said to be.
func (c *document) compareLines(of *openapi3.MediaType, b []byte) error {
	ref, _ := of.Schema.Value.Extensions["x-line"].(map[string]any)
	if ref == nil {
		return nil
	}
	schema, err := c.line(ref["$ref"].(string))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(b) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err != nil {
			return fmt.Errorf("line %.60s: %w", line, err)
		}
		if err := schema.Validate(v); err != nil {
			return fmt.Errorf("line %.60s: %w", line, err)
		}
	}
	return nil
}

// find returns the operation at an address; nil when none is described.
func (c *document) find(method, path string) (*routers.Route, map[string]string) {
	for _, a := range c.addresses {
		found := a.match.FindStringSubmatch(path)
		op := a.item.GetOperation(method)
		if found == nil || op == nil {
			continue
		}
		values := make(map[string]string)
		for i, name := range a.names {
			values[name] = found[i+1]
		}
		return &routers.Route{Spec: c.doc, Path: a.path, PathItem: a.item, Method: method, Operation: op}, values
	}
	return nil, nil
}

// undescribed holds what is answered at an address, or to a method, that the document
// does not have: a problem, or a page.
func (c *document) undescribed(r *http.Request, answer *keptAnswer) error {
	ours := func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }
	if !slices.ContainsFunc([]string{"/api/", "/tile/", "/bodies/", "/checkpoint/", "/checkpoints/", "/dump/"}, ours) {
		return nil // a page
	}
	if answer.status != http.StatusNotFound && answer.status != http.StatusMethodNotAllowed && answer.status/100 != 3 {
		return errors.New("the address is not described")
	}
	if r.Method == http.MethodHead || answer.status/100 == 3 {
		return nil
	}
	problem, err := c.line("#/components/schemas/Problem")
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(answer.b))
	if err != nil {
		return err
	}
	return problem.Validate(v)
}

// keptBody keeps what was read of a request.
type keptBody struct {
	io.ReadCloser
	b   []byte
	cut bool
}

func (k *keptBody) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	k.b, k.cut = keep(k.b, p[:n], k.cut)
	return n, err
}

func keep(b, more []byte, cut bool) ([]byte, bool) {
	if len(b)+len(more) > heldBody {
		return b, true
	}
	return append(b, more...), cut
}

// keptAnswer keeps what is answered.
type keptAnswer struct {
	http.ResponseWriter
	status int
	b      []byte
	cut    bool
}

func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status = status
	}
	k.ResponseWriter.WriteHeader(status)
}

func (k *keptAnswer) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	k.b, k.cut = keep(k.b, b, k.cut)
	return k.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (k *keptAnswer) Unwrap() http.ResponseWriter { return k.ResponseWriter }
