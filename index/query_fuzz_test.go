package index_test

import (
	"net/url"
	"reflect"
	"testing"

	"github.com/pledgelog/pledgelog/index"
)

// FuzzParseValues: whatever an address asks is refused, or a query that asks the same when
// it is written as an address again.
func FuzzParseValues(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := index.ParseValues(v)
		if err != nil {
			return
		}
		again, err := index.ParseValues(q.Values())
		if err != nil {
			t.Fatalf("%q is %+v, whose address is refused: %v", raw, q, err)
		}
		if !reflect.DeepEqual(again, q) {
			t.Fatalf("%q is %+v, and by its address %+v", raw, q, again)
		}
		for _, s := range []index.Span{q.Logged, q.Received} {
			if s == (index.Span{}) {
				continue
			}
			if got, err := index.ParseSpan(s.String()); err != nil || got != s {
				t.Fatalf("%v is read as %v, %v", s, got, err)
			}
		}
	})
}
