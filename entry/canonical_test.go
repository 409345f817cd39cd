package entry

import (
	"strings"
	"testing"
)

func TestCheckCanonical(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		name, in string
		want     Code
	}{
		{"object", `{"a":1,"b":[true,false,"x"]}`, ""},
		{"empty object", `{}`, ""},
		{"empty array", `[]`, ""},
		{"largest integer", `9007199254740991`, ""},
		{"zero", `0`, ""},
		{"short escapes", `"\b\t\n\f\r\"\\"`, ""},
		{"long escape", `"\u0000\u001f\u000b"`, ""},
		{"slash is not escaped", `"/"`, ""},
		{"delete is not escaped", "\"\x7f\"", ""},
		{"other scripts", `"你好 مرحبا 😀"`, ""},
		{"depth 16", deep(16), ""},
		// UTF-16 order: U+1F600 is D83D DE00 and stands before U+FB33.
		{"names by UTF-16 code units", "{\"\U0001f600\":1,\"\ufb33\":2}", ""},
		{"names by code points", "{\"\ufb33\":2,\"\U0001f600\":1}", CodeNotCanonical},
		{"a name that is a prefix first", `{"a":1,"a!":2}`, ""},
		{"a name that is a prefix last", `{"a!":2,"a":1}`, CodeNotCanonical},
		{"depth 17", deep(17), CodeTooDeep},
		{"space after colon", `{"a": 1}`, CodeNotCanonical},
		{"space before colon", `{"a" :1}`, CodeNotCanonical},
		{"space at the end", `{"a":1} `, CodeNotCanonical},
		{"line feed at the start", "\n1", CodeNotCanonical},
		{"members not sorted", `{"b":1,"a":2}`, CodeNotCanonical},
		{"member twice", `{"a":1,"a":1}`, CodeMemberDuplicate},
		{"member twice, escaped", `{"\n":1,"\n":1}`, CodeMemberDuplicate},
		{"null", `null`, CodeNotCanonical},
		{"null inside", `{"a":null}`, CodeNotCanonical},
		{"empty string", `{"a":""}`, CodeNotCanonical},
		{"empty name", `{"":1}`, CodeNotCanonical},
		{"fraction", `1.5`, CodeNumberRange},
		{"fraction of zero", `1.0`, CodeNumberRange},
		{"exponent", `1e3`, CodeNumberRange},
		{"negative", `-1`, CodeNumberRange},
		{"negative zero", `-0`, CodeNumberRange},
		{"too large", `9007199254740992`, CodeNumberRange},
		{"far too large", strings.Repeat("9", 400), CodeNumberRange},
		{"leading zero", `01`, CodeNotCanonical},
		{"escaped slash", `"\/"`, CodeNotCanonical},
		{"escaped letter", `"\u0061"`, CodeNotCanonical},
		{"upper-case hex", `"\u001F"`, CodeNotCanonical},
		{"long form of a short escape", `"\u000a"`, CodeNotCanonical},
		{"escaped lone surrogate", `"\ud800"`, CodeNotCanonical},
		{"raw lone surrogate", "\"\xed\xa0\x80\"", CodeNotJSON},
		{"bare line feed", "\"a\nb\"", CodeNotJSON},
		{"not UTF-8", "\"\xff\"", CodeNotJSON},
		{"nothing", ``, CodeNotJSON},
		{"open string", `"a`, CodeNotJSON},
		{"open escape", `"\`, CodeNotJSON},
		{"open object", `{"a":1`, CodeNotJSON},
		{"trailing comma", `[1,]`, CodeNotJSON},
		{"two values", `1 2`, CodeNotCanonical},
		{"bare word", `nan`, CodeNotJSON},
		{"name is a number", `{1:2}`, CodeNotJSON},
		{"byte order mark", "\ufeff{}", CodeNotJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckCanonical([]byte(c.in))
			if got := CodeOf(err); got != c.want {
				t.Errorf("CheckCanonical(%q): got %q (%v), want %q", c.in, got, err, c.want)
			}
		})
	}
}
