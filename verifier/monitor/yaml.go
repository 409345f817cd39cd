package monitor

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// A Problem is one thing that is wrong with a configuration. It never repeats a value.
type Problem struct {
	Line int // 0 when it is about the whole
	Text string
	Hint string
}

// Problems are all of them, by line.
type Problems struct {
	File string
	List []Problem
}

func (p *Problems) Error() string {
	texts := make([]string, len(p.List))
	for i, one := range p.List {
		texts[i] = p.At(one)
	}
	return strings.Join(texts, "; ")
}

// At is one of them with its place in the file.
func (p *Problems) At(one Problem) string {
	if one.Line == 0 {
		return p.File + ": " + one.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, one.Line, one.Text)
}

// Hint is what to do about the first of them.
func (p *Problems) Hint() string {
	for _, one := range p.List {
		if one.Hint != "" {
			return one.Hint
		}
	}
	return ""
}

// A reader takes one YAML document into structs. Their fields have a tag `yaml:"key"`
// and are texts, truth values, whole numbers, times, lists, or structs. A struct that
// has a field Line of type int gets the line on which it begins.
type reader struct {
	found []Problem
	lines map[string]int // where a key stands, by its path
}

const exampleHint = "see docs/monitor.md for an example"

func (r *reader) say(line int, hint, format string, args ...any) {
	r.found = append(r.found, Problem{line, fmt.Sprintf(format, args...), hint})
}

func (r *reader) read(b []byte, into any) {
	if !utf8.Valid(b) {
		r.say(0, "save the file as UTF-8", "it is not UTF-8 text")
		return
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		line, text := 0, "it is not YAML from here on"
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil {
			line = ye.GetToken().Position.Line
			if strings.Contains(ye.GetMessage(), "already defined") {
				text = "a key stands there twice"
			}
		}
		r.say(line, "write each key as key: value, one below the other, and indent with spaces; "+exampleHint, "%s", text)
		return
	}
	var docs []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.NullType && d.Body.Type() != ast.CommentType {
			docs = append(docs, d.Body)
		}
	}
	switch len(docs) {
	case 0:
		r.say(0, exampleHint, "it is empty")
	case 1:
		r.value("", docs[0], reflect.ValueOf(into).Elem())
	default:
		r.say(line(docs[1]), "write all logs under logs, without --- lines", "it has more than one document")
	}
}

func line(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

var durationType = reflect.TypeFor[time.Duration]()

func (r *reader) value(path string, n ast.Node, v reflect.Value) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.say(line(n), "write the value itself", "%s: anchors, aliases and tags are not taken", path)
		return
	case *ast.NullNode:
		return
	}
	text, isScalar := scalar(n)
	want := func(what, hint string) { r.say(line(n), hint, "%s has to be %s", path, what) }
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(text)
		if !isScalar || err != nil || d < 0 {
			want("a length of time", "write it as 90s, 5m or 36h")
			return
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.String:
		if !isScalar {
			want("a text", "write it on the same line, in quotation marks if need be")
			return
		}
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			want("true or false", "write true or false")
			return
		}
		v.SetBool(b.Value)
	case v.Kind() == reflect.Int:
		i, err := strconv.Atoi(text)
		if _, ok := n.(*ast.IntegerNode); !ok || err != nil || i < 0 {
			want("a whole number", "write digits alone")
			return
		}
		v.SetInt(int64(i))
	case v.Kind() == reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			want("a list", "write [one, two], or a line for each that begins with a hyphen")
			return
		}
		for i, item := range seq.Values {
			if item == nil || item.Type() == ast.NullType {
				r.say(line(n), "remove it or fill it in", "%s[%d] is empty", path, i+1)
				continue
			}
			one := reflect.New(v.Type().Elem()).Elem()
			r.value(fmt.Sprintf("%s[%d]", path, i+1), item, one)
			v.Set(reflect.Append(v, one))
		}
	case v.Kind() == reflect.Struct:
		r.members(path, n, v)
	default:
		panic("monitor: no such type in a configuration: " + v.Type().String())
	}
}

func (r *reader) members(path string, n ast.Node, v reflect.Value) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		r.say(line(n), exampleHint, "%s has to be keys with their values", or(path, "the file"))
		return
	}
	if f := v.FieldByName("Line"); f.IsValid() && len(pairs) > 0 {
		f.SetInt(int64(line(pairs[0].Key.(ast.Node))))
	}
	names := keysOf(v.Type())
	seen := make(map[string]bool)
	for _, p := range pairs {
		key, ok := scalar(p.Key.(ast.Node))
		at := line(p.Key.(ast.Node))
		i := slices.Index(names, key)
		switch {
		case !ok || i < 0:
			// What is no key may be a text that was indented wrongly.
			if len(key) > 40 || strings.ContainsFunc(key, func(c rune) bool { return c != '_' && (c < 'a' || c > 'z') }) {
				key = "…"
			}
			known := slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s == noKey })
			r.say(at, "the keys are "+strings.Join(known, ", "), "%s is not a key%s", key, under(path))
			continue
		case seen[key]:
			r.say(at, "give it once", "%s stands there twice", join(path, key))
			continue
		}
		seen[key] = true
		r.lines[join(path, key)] = at
		r.value(join(path, key), p.Value, v.Field(i))
	}
}

// noKey stands for a field that is not read from a file: no key has this name.
const noKey = "\x00"

func keysOf(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("yaml")
		if names[i] == "" {
			names[i] = noKey
		}
	}
	return names
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func under(path string) string {
	if path == "" {
		return ""
	}
	return " under " + path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// scalar returns the text of a scalar as it was written.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}
