package witness_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/witness"
)

// The schema of audit.json, which every page of these tests is held to, refuses what it
// does not describe, lacks what it needs, or is of another form.
func TestAuditPageSchemaRefuses(t *testing.T) {
	w := newWorld(440)
	o := newOperator(t, w)
	b := newAuditBench(t, o)
	b.cosignsAll()
	void(w)
	o.write()
	b.refuses("statement-rejected at entry 3")
	b.accepts("statement-rejected@3")
	good := text(b.do(httptest.NewRequest("GET", "/read/"+witness.OriginHash(w.Options.Origin)+"/audit.json", nil)))
	if err := schematest.Hold([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		`"verdict": "cosigns" => "verdict": "fine"`,
		`"verdict": "cosigns" => "verdict": "refuses"`, // without saying why
		`"verdict": "cosigns", => `,
		`"size": 4, => "size": -4,`,
		`"published": 3, => `,
		`"who": "A. Person" => "who": ""`,
		`"who": "A. Person" => "who": "A. Person", "x": 1`,
		`"action": "accept" => "action": "shrug"`,
		`"format": "pledgelog.audit.v1" => "format": "pledgelog.audit.v2"`,
		`"checkpoint": => "note":`,
		`"root": => "x": 1, "root":`,
		`"report": => "rapport":`,
	} {
		from, to, _ := strings.Cut(change, " => ")
		bad := strings.Replace(good, from, to, 1)
		if bad == good {
			t.Errorf("%q is not there:\n%s", from, good)
		} else if schematest.Hold([]byte(bad)) == nil {
			t.Errorf("%q is taken", change)
		}
	}
}
