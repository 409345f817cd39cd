package tamper_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// A form is a condition on the bytes of a leaf, a statement or a text: the place in
// the source that refuses, by some words of it, what is damaged, and the code, from
// the protocol and docs/spec.md, that has to be given for it.
type form struct {
	says        string // in the file of the table
	code        string
	cases       []formCase
	also        string // as in check
	needs       string // as in check
	source      string // as in check, where the place gives no code; says is its name then
	nth         int    // which of the places that say so, from 0
	inside      bool   // see there
	behind, put string // what is put behind what stands in the file once more, so that it goes on: OFF in it says whether the check is off
}

// A formCase is one damage to a statement of a form of draftOf.
type formCase struct {
	form    string
	payload []change                  // to the payload, before it is signed
	text    []change                  // to its detached body, before its digest is taken
	leaf    func(b []byte) []byte     // to the leaf, after it was signed
	chain   func(s *small) *chainFile // a chain for the light client, instead
	file    string                    // of the log's directory, which is damaged as text says, instead
	opens   []string                  // a member, and what opens it, of a request that seals it so
	prepare func(s *small, st *generator.Statement)
}

// A change damages canonical JSON.
type change func(b []byte) []byte

// set puts a value, as it is, in the place of a member, which is named by its path:
// from "body.keys.0.use" on. It may be one that is not there yet. No value takes it
// away.
func set(path, value string) change {
	return func(b []byte) []byte { return setIn(b, strings.Split(path, "."), value) }
}

func setIn(b []byte, path []string, value string) []byte {
	if len(path) == 0 {
		return []byte(value)
	}
	name := path[0]
	var out bytes.Buffer
	if b[0] == '[' {
		var list []json.RawMessage
		must(json.Unmarshal(b, &list))
		out.WriteByte('[')
		n := 0
		if name == fmt.Sprint(len(list)) {
			list = append(list, json.RawMessage(`{}`))
		}
		for i, e := range list {
			if fmt.Sprint(i) == name {
				e = setIn(e, path[1:], value)
			}
			if len(e) == 0 {
				continue
			}
			if n++; n > 1 {
				out.WriteByte(',')
			}
			out.Write(e)
		}
		out.WriteByte(']')
		return out.Bytes()
	}
	m := make(map[string]json.RawMessage)
	must(json.Unmarshal(b, &m))
	if m[name] == nil {
		m[name] = json.RawMessage(`{}`)
	}
	m[name] = setIn(m[name], path[1:], value)
	var names []string
	for name, e := range m {
		if len(e) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		quoted, err := json.Marshal(name)
		must(err)
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(m[name])
	}
	out.WriteByte('}')
	return out.Bytes()
}

func without(path string) change { return set(path, "") }

// put puts a text in the place of another one, which must be there.
func put(old, new string) change {
	return func(b []byte) []byte {
		if !bytes.Contains(b, []byte(old)) {
			panic(badCase("there is no " + old + " in " + string(b)))
		}
		return bytes.Replace(b, []byte(old), []byte(new), 1)
	}
}

// cut takes away the end, and that many bytes more.
func cut(n int) change { return func(b []byte) []byte { return b[:len(b)-n] } }

// behind puts something after the end.
func behind(s string) change {
	return func(b []byte) []byte { return append(bytes.Clone(b), s...) }
}

// copied puts the value of a member in the place of another's too.
func copyOf(from, to string) change {
	return func(b []byte) []byte {
		v := json.RawMessage(b)
		for _, name := range strings.Split(from, ".") {
			if v[0] == '[' {
				var list []json.RawMessage
				must(json.Unmarshal(v, &list))
				i := int(name[0] - '0')
				v = list[i]
				continue
			}
			m := make(map[string]json.RawMessage)
			must(json.Unmarshal(v, &m))
			v = m[name]
		}
		return set(to, string(v))(b)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func in(form string, changes ...change) formCase { return formCase{form: form, payload: changes} }

func textIn(form string, changes ...change) formCase { return formCase{form: form, text: changes} }

func leafOf(changes ...change) formCase {
	return formCase{form: "request", leaf: func(b []byte) []byte {
		for _, c := range changes {
			b = c(b)
		}
		return b
	}}
}

// disclosed seals a member of a request by a disclosure of that text, and opens it.
func disclosed(member, text string) formCase { return formCase{opens: []string{member, text}} }

// array is a disclosure of a JSON array, of which a salt is the first member.
func array(rest string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`["AAAAAAAAAAAAAAAAAAAAAA",` + rest + `]`))
}

// with does the same to the statement before it is encoded.
func (c formCase) with(prepare func(s *small, st *generator.Statement)) formCase {
	c.prepare = prepare
	return c
}

// and damages the text too.
func (c formCase) and(changes ...change) formCase { c.text = changes; return c }

// refuse makes a row.
func refuse(says, code string, cases ...formCase) form {
	return form{says: says, code: code, cases: cases}
}

func (f form) although(why string) form { f.also = why; return f }

// breaks says why the audit can't go on without the check.
func (f form) breaks(why string) form { f.needs = why; return f }

// there has the check switched off where it refuses, as its condition does more than
// to look.
func (f form) there() form { f.inside = true; return f }

// onward puts something into the file behind what stands there first.
func (f form) onward(behind, put string) form { f.behind, f.put = behind, put; return f }

func (f form) number(n int) form { f.nth = n; return f }

// files is the small log with the damaged statement at its end.
func (c formCase) files(s *small) (files, *place) {
	p := *s.place
	p.before, p.rand = nil, rand.New(rand.NewPCG(1, 2))
	own := *s
	own.place = &p
	var st *generator.Statement
	if c.opens != nil {
		p.begin()
		st = own.openOf(c.opens[0], c.opens[1])
	} else {
		st = own.draftOf(c.form)
	}
	for _, change := range c.text {
		st.Body = change(st.Body)
	}
	if c.prepare != nil {
		c.prepare(&own, st)
	}
	signers := st.Signers
	st.Encode()
	b := st.Payload
	for _, change := range c.payload {
		b = change(b)
	}
	st.SetPayload(b)
	st.SignWith(signers...)
	if c.form == "charter" {
		p.at = 0
		e := &generator.Entry{Leaf: (&entry.Leaf{Logged: st.Made, Statement: st.Envelope}).Marshal(), Logged: st.Made, Digest: st.BodyDigest, Body: st.Body}
		id := st.ID
		p.config = func(cfg *verifier.Config) { cfg.Charter = id }
		return p.write([]*generator.Entry{e}), &p
	}
	e := p.logged(st)
	if bytes.Contains(b, []byte(`"withheld":`)) {
		e.Body = nil
	}
	if c.leaf != nil {
		e.Leaf, e.Digest, e.Body, e.Opened = c.leaf(e.Leaf), "", nil, nil
	}
	p.at = p.k + len(p.before)
	return p.with(append(p.before, e)...), &p
}

// refusedAs returns the reason for which an audit refuses the entry of a case.
func refusedAs(p *place, r *verifier.Report) (code string, refused bool) {
	i := slices.IndexFunc(r.Findings, func(f pledge.Finding) bool {
		return slices.Contains(refusals, string(f.Code)) && f.Index != nil && *f.Index == uint64(p.at)
	})
	if i < 0 {
		return "", false
	}
	return string(r.Findings[i].Reason), true
}

// refused says whether a case is refused, and as what.
func (c formCase) refused(s *small) (code string, refused bool) {
	if c.chain != nil {
		own, p := *s, *s.place
		p.before, p.rand = nil, rand.New(rand.NewPCG(1, 2))
		own.place = &p
		code = c.chain(&own).check(&own)
		return code, code != ""
	}
	if c.file != "" {
		return noted(s.audit(c.directory(s)))
	}
	f, p := c.files(s)
	return refusedAs(p, p.audit(f))
}

// TestForms: every damage to a form is refused, with the code that the table says.
func TestForms(t *testing.T) {
	s := newSmall(t)
	for _, table := range formTables {
		for _, f := range table.forms {
			if len(f.cases) == 0 {
				t.Errorf("%s, %q: it has no case", table.file, f.says)
			}
			for i, c := range f.cases {
				func() {
					defer func() {
						if r := recover(); r != nil {
							t.Errorf("%s, %q: case %d of %q: %v", table.file, f.says, i, c.form, r)
						}
					}()
					got, refused := c.refused(s)
					if !refused || got != f.code {
						t.Errorf("%s, %q: case %d, of %q, is refused as %q, want %q", table.file, f.says, i, c.form, got, f.code)
					}
				}()
			}
		}
	}
}
