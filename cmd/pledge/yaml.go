package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/pledgelog/pledgelog/entry"
)

// What is read here will be signed. So nothing is guessed: a plain 010 stays
// the text 010, 1.5 is no number, and anchors, aliases, tags, merge keys and
// second documents are refused. An absent member, an empty one and null are the
// same. Errors name the line and the member, and never quote a value.

const maxYAML = 1 << 20

// decodeYAML reads one YAML document into a pointer to a struct whose fields
// have tags `yaml:"name"` or `yaml:"name,needed"`. Fields are strings, uint64,
// nested structs and pointers to them, slices, map[string]string, and types
// that are nodeDecoders. A tag `codes:"list"` on a string or a slice of them
// wants codes of that list of the vocabulary. File is the name for errors, and
// the folder that names of other files start from.
func decodeYAML(file string, b []byte, into any) error {
	d := &yamlDecoder{file: file}
	if len(b) > maxYAML {
		return refusal(fmt.Errorf("%s: over %d bytes", file, maxYAML), "put documents elsewhere and name them under documents")
	}
	if !utf8.Valid(b) {
		return refusal(fmt.Errorf("%s: not UTF-8 text", file), "save the file as UTF-8")
	}
	parsed, err := parser.ParseBytes(b, 0)
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil {
			return refusal(fmt.Errorf("%s:%d: %s", file, ye.GetToken().Position.Line, ye.GetMessage()), "see the template: pledge new KIND")
		}
		return refusal(fmt.Errorf("%s: not YAML", file), "see the template: pledge new KIND")
	}
	var docs []ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.NullType && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc.Body)
		}
	}
	switch len(docs) {
	case 0:
		return refusal(fmt.Errorf("%s: it is empty", file), "see the template: pledge new KIND")
	case 1:
		return d.decode("", docs[0], reflect.ValueOf(into).Elem())
	}
	return refusal(fmt.Errorf("%s: it has more than one document", file), "write one statement to a file, without --- lines")
}

// A nodeDecoder reads itself from a node that is not null.
type nodeDecoder interface {
	decodeNode(d *yamlDecoder, path string, n ast.Node) error
}

type yamlDecoder struct {
	file string
}

// path returns where a file is that the YAML file names.
func (d *yamlDecoder) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(d.file), name)
}

// refuse makes an error about a member at a node.
func (d *yamlDecoder) refuse(path string, n ast.Node, hint, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if path != "" {
		msg = path + ": " + msg
	}
	return refusal(fmt.Errorf("%s:%d: %s", d.file, lineOf(n), msg), hint)
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// isNull reports whether a node gives no value.
func isNull(n ast.Node) bool {
	if n == nil || n.Type() == ast.NullType {
		return true
	}
	s, ok := scalar(n)
	return ok && s == ""
}

// scalar returns the text of a scalar as it was written.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func (d *yamlDecoder) decode(path string, n ast.Node, v reflect.Value) error {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		return d.refuse(path, n, "write the value itself", "anchors, aliases and tags are not taken")
	}
	if nd, ok := v.Addr().Interface().(nodeDecoder); ok {
		return nd.decodeNode(d, path, n)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.decode(path, n, v.Elem())
	case reflect.Struct:
		return d.decodeStruct(path, n, v)
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			return d.refuse(path, n, "write [one] or [one, two], or one line for each that begins with a hyphen", "it has to be a list")
		}
		for i, item := range seq.Values {
			at := fmt.Sprintf("%s[%d]", path, i+1)
			if isNull(item) {
				return d.refuse(at, n, "remove it or fill it in", "it is empty")
			}
			el := reflect.New(v.Type().Elem()).Elem()
			if err := d.decode(at, item, el); err != nil {
				return err
			}
			v.Set(reflect.Append(v, el))
		}
		return nil
	case reflect.Map:
		pairs, ok := mapping(n)
		if !ok {
			return d.refuse(path, n, "write one line for each, key: text", "it has to be members with a text each")
		}
		for _, p := range pairs {
			key, err := d.key(path, p)
			if err != nil {
				return err
			}
			if isNull(p.Value) {
				continue
			}
			text, ok := scalar(p.Value)
			if !ok {
				return d.refuse(join(path, key), p.Value, "", "it has to be a text")
			}
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(trimText(text)))
		}
		return nil
	case reflect.String:
		text, ok := scalar(n)
		if !ok {
			return d.refuse(path, n, "", "it has to be a text, not a list or members of its own")
		}
		v.SetString(trimText(text))
		return nil
	case reflect.Uint64:
		num, err := d.number(path, n)
		v.SetUint(num)
		return err
	}
	panic("yaml: no such type in a draft: " + v.Type().String())
}

// trimText drops the line feeds at the end of a block of text.
func trimText(s string) string { return strings.TrimRight(s, "\n") }

func (d *yamlDecoder) number(path string, n ast.Node) (uint64, error) {
	text, _ := scalar(n)
	num, err := strconv.ParseUint(text, 10, 64)
	if _, isString := n.(*ast.StringNode); isString || err != nil || strconv.FormatUint(num, 10) != text || num > entry.MaxInteger {
		return 0, d.refuse(path, n, "", "it has to be a whole number from 0")
	}
	return num, nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

func (d *yamlDecoder) key(path string, p *ast.MappingValueNode) (string, error) {
	if s, ok := p.Key.(ast.Node); ok {
		if text, ok := scalar(s); ok {
			return text, nil
		}
	}
	return "", d.refuse(path, p, "", "a member's name has to be a plain text")
}

func (d *yamlDecoder) decodeStruct(path string, n ast.Node, v reflect.Value) error {
	pairs, ok := mapping(n)
	if !ok {
		return d.refuse(path, n, "see the template: pledge new KIND", "it has to be members, name: value")
	}
	names, needed := members(v.Type())
	seen := make(map[string]bool)
	for _, p := range pairs {
		key, err := d.key(path, p)
		if err != nil {
			return err
		}
		field := slices.Index(names, key)
		if field < 0 {
			hint := didYouMean(key, names)
			if hint == "" {
				hint = "the members are " + strings.Join(names, ", ")
			}
			return d.refuse(path, p, hint, "there is no member %q", key)
		}
		if seen[key] {
			return d.refuse(join(path, key), p, "give it once", "it stands there twice")
		}
		if isNull(p.Value) {
			continue
		}
		seen[key] = true
		if err := d.decode(join(path, key), p.Value, v.Field(field)); err != nil {
			return err
		}
		if list := v.Type().Field(field).Tag.Get("codes"); list != "" {
			if err := d.codes(join(path, key), p.Value, list, v.Field(field)); err != nil {
				return err
			}
		}
	}
	var missing []string
	for i, name := range names {
		if needed[i] && !seen[name] {
			missing = append(missing, join(path, name))
		}
	}
	if missing != nil {
		return refusal(fmt.Errorf("%s: missing: %s", d.file, strings.Join(missing, ", ")), "fill it in; the template says what goes there: pledge new KIND")
	}
	return nil
}

// codes checks a string, or each of a slice of them, against the vocabulary.
func (d *yamlDecoder) codes(path string, n ast.Node, list string, v reflect.Value) error {
	if v.Kind() == reflect.String {
		return d.code(path, n, list, v.String())
	}
	for i := range v.Len() {
		at, node := fmt.Sprintf("%s[%d]", path, i+1), n
		if seq, ok := n.(*ast.SequenceNode); ok {
			node = seq.Values[i]
		}
		if err := d.code(at, node, list, v.Index(i).String()); err != nil {
			return err
		}
	}
	return nil
}

func (d *yamlDecoder) code(path string, n ast.Node, list, code string) error {
	if _, ok := entry.Terms.Term(list, code); ok {
		return nil
	}
	var all []string
	for _, t := range entry.Terms.Lists[list] {
		all = append(all, t.Code)
	}
	hint := didYouMean(code, all)
	if hint == "" {
		hint = "the codes are " + strings.Join(all, ", ")
	}
	return d.refuse(path, n, hint, "there is no code %q in the list %s", code, list)
}

// members lists the names of a struct's fields, and which are needed.
func members(t reflect.Type) (names []string, needed []bool) {
	for i := range t.NumField() {
		name, opt, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		names = append(names, name)
		needed = append(needed, opt == "needed")
	}
	return names, needed
}
