package verifier_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/verifier"
)

// holdToSchema holds what a program would write to the published schema.
func holdToSchema(t testing.TB, r interface{ JSON() ([]byte, error) }) {
	t.Helper()
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Hold(b); err != nil {
		t.Error(err)
	}
}

// TestSchemaRefuses: the schema is no formality.
func TestSchemaRefuses(t *testing.T) {
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
		if err := schematest.Hold([]byte(strings.Replace(good, from, to, 1))); (err == nil) != ok {
			t.Errorf("%q: %v", change, err)
		}
	}
}

// Each of the other schemas refuses what it does not describe, lacks what it needs, or
// is of another form.
func TestSchemasRefuse(t *testing.T) {
	for _, good := range []string{
		`{"format":"pledgelog.diff.v1","result":"matches","simulatedTime":false,"size":2,"steps":[],"from":{"size":0,"signed":false},"to":{"size":2,"signed":true},
			"entries":[{"index":0,"verdict":"malformed","reason":"leaf-malformed","sentence":"x"}],"findings":[{"code":"leaf-malformed","severity":"error","concerns":"operator","text":"x"}],
			"changes":[{"author":"a","name":"A","what":"standing","from":"","to":"removed"}],"texts":[],"notChecked":[]}`,
		`{"format":"pledgelog.chain.v1","result":"matches","simulatedTime":false,"author":"a","size":2,"completeTo":1,"steps":[{"name":"inclusion","state":"passed","title":"x","text":"y"}],"statements":[],"notChecked":[]}`,
		`{"format":"pledgelog.proof.v1","simulatedTime":false,"log":"x","size":2,"root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","witnesses":[],"index":1,"leafBytes":7,"text":false}`,
	} {
		if err := schematest.Hold([]byte(good)); err != nil {
			t.Error(err)
		}
		for _, change := range []string{
			`"size":2 => "size":-1`, `"simulatedTime":false, => `, `"simulatedTime":false => "simulatedTime":false,"x":1`, `.v1" => .v9"`, `"matches" => "fine"`, `{"index":0 => {"x":1,"index":0`, `"name":"inclusion", => `,
			`{"code":"leaf-malformed" => {"x":1,"code":"leaf-malformed"`, `"signed":false} => "signed":false,"x":1}`, `"what":"standing" => "what":"mood"`, `AAA=" => AAA"`,
		} {
			from, to, _ := strings.Cut(change, " => ")
			if !strings.Contains(good, from) {
				continue
			}
			if err := schematest.Hold([]byte(strings.Replace(good, from, to, 1))); err == nil {
				t.Errorf("%q is taken in %s", change, good)
			}
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
