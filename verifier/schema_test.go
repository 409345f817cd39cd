package verifier_test

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pledgelog/pledgelog/docs/schema"
	"github.com/pledgelog/pledgelog/verifier"
)

// auditSchema is the published schema, made strict: what it does not name is not
// allowed, so that every member is described.
var auditSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.AuditV1))
	if err != nil {
		return nil, err
	}
	closeObjects(doc)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("audit.v1.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("audit.v1.json")
})

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok {
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

// holdToSchema holds a report's JSON to the published schema.
func holdToSchema(t testing.TB, r *verifier.Report) {
	t.Helper()
	s, err := auditSchema()
	if err != nil {
		t.Fatalf("the schema: %v", err)
	}
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err == nil {
		err = s.Validate(doc)
	}
	if err != nil {
		t.Errorf("the report does not fit its schema: %v", err)
	}
}

// TestSchemaRefuses: the schema is no formality.
func TestSchemaRefuses(t *testing.T) {
	s, err := auditSchema()
	if err != nil {
		t.Fatal(err)
	}
	good := `{"format":"pledgelog.audit.v1","result":"matches","simulatedTime":false,"size":0,"steps":[],"findings":[],
		"statements":{"accepted":0,"rejected":0,"duplicate":0,"malformed":0},
		"texts":{"published":0,"opened":0,"withheld":0,"sealed":0,"erased":0,"missing":0,"altered":0,"invalid":0},"signatories":[],"notChecked":[]}`
	for change, ok := range map[string]bool{
		``:                           true,
		`"size":0 => "size":-1`:      false,
		`"size":0, => `:              false,
		`"matches" => "fine"`:        false,
		`audit.v1" => audit.v2"`:     false,
		`"steps":[] => "steps":[{}]`: false,
		`"size":0 => "size":0,"x":1`: false,
		`"findings":[] => "findings":[{"code":"leaf-malformed","severity":"error","concerns":"operator","text":"x"}]`: true,
		`"findings":[] => "findings":[{"code":"Leaf","severity":"error","concerns":"operator","text":"x"}]`:           false,
	} {
		from, to, _ := strings.Cut(change, " => ")
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(good, from, to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(doc); (err == nil) != ok {
			t.Errorf("%q: %v", change, err)
		}
	}
}

// TestFindingsPage: docs/findings.md is that of the catalogue.
func TestFindingsPage(t *testing.T) {
	b, err := os.ReadFile("../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, verifier.FindingsPage()) {
		t.Error("docs/findings.md is not up to date: go generate ./verifier")
	}
}
