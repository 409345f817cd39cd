package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/pledgelog/pledgelog/commandline"
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
// the folder that names of other files start from. That a file cannot be used is a
// failure of usage; a code that the vocabulary lacks is refused. Quiet says that
// something in the file is kept back: then the names of files in it are not repeated;
// see discreet for the rest.
func decodeYAML(file string, b []byte, into any, quiet bool) error {
	d := &yamlDecoder{file: file, quiet: quiet}
	if len(b) > maxYAML {
		return commandline.Usagef("put documents elsewhere and name them under documents", "%s: over %d bytes", file, maxYAML)
	}
	if !utf8.Valid(b) {
		return commandline.Usagef("save the file as UTF-8", "%s: not UTF-8 text", file)
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff")) // some editors write a byte-order mark
	parsed, err := parser.ParseBytes(b, 0)
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil {
			text, hint := notYAML(ye.GetMessage())
			return commandline.Usagef(hint, "%s:%d: %s", file, ye.GetToken().Position.Line, text)
		}
		return commandline.Usagef("see the template: pledge new KIND", "%s: not YAML", file)
	}
	var docs []ast.Node
	for _, doc := range parsed.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.NullType && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc.Body)
		}
	}
	switch len(docs) {
	case 0:
		return commandline.Usagef("see the template: pledge new KIND", "%s: it is empty", file)
	case 1:
		if err := d.decode("", docs[0], reflect.ValueOf(into).Elem()); err != nil {
			return err
		}
		return d.lacks(d.missing)
	}
	return commandline.Usagef("write one statement to a file, without --- lines", "%s: it has more than one document", file)
}

// A nodeDecoder reads itself from a node that is not null.
type nodeDecoder interface {
	decodeNode(d *yamlDecoder, path string, n ast.Node) error
}

type yamlDecoder struct {
	file    string
	quiet   bool
	missing []string // members that are needed and have no value
}

// notYAML says in our words what the parser of YAML says in its own.
func notYAML(message string) (text, hint string) {
	switch {
	case strings.Contains(message, "already defined"):
		return "a member stands there twice", "give it once"
	case strings.Contains(message, "end character"):
		return "a quotation mark is not closed", "close it on the same line, or leave both out"
	case strings.Contains(message, "tab") || strings.Contains(message, "\t"):
		return "there is a tab where spaces belong", "indent with spaces"
	}
	return "it is not YAML from here on", "write each member as name: value, one below the other; a text of several lines begins with | and is indented"
}

// missing are the members that a file lacks, all of them.
type missing struct {
	file    string
	members []string
}

func (m *missing) Error() string { return m.file + ": missing: " + strings.Join(m.members, ", ") }

func (d *yamlDecoder) lacks(members []string) error {
	if members == nil {
		return nil
	}
	return &commandline.Failure{
		Code: commandline.ExitUsage,
		Err:  &missing{d.file, members}, // as it is: more may come to be missing
		Hint: "fill it in; the template says what goes there: pledge new KIND",
	}
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
	if hint == "" {
		hint = "see the template: pledge new KIND"
	}
	return commandline.Usagef(hint, "%w", d.at(path, n, format, args...))
}

// at says where something is wrong.
func (d *yamlDecoder) at(path string, n ast.Node, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if path != "" {
		msg = path + ": " + msg
	}
	return fmt.Errorf("%s:%d: %s", d.file, lineOf(n), msg)
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// isNull reports whether a node gives no value: an absent member is the same.
func isNull(n ast.Node) bool {
	if n == nil || n.Type() == ast.NullType {
		return true
	}
	if seq, ok := n.(*ast.SequenceNode); ok {
		// A list of nothing, as the templates have it, is none.
		return !slices.ContainsFunc(seq.Values, func(item ast.Node) bool { return !isNull(item) })
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
		missing, err := d.decodeMembers(path, n, v)
		d.missing = append(d.missing, missing...)
		return err
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

var memberName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// join adds a member to a path. What is no name of a member is not repeated: it may
// be a text that was indented wrongly.
func join(path, key string) string {
	if !memberName.MatchString(key) {
		key = "…"
	}
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

// decodeStruct reads a struct that has to be whole.
func (d *yamlDecoder) decodeStruct(path string, n ast.Node, v reflect.Value) error {
	missing, err := d.decodeMembers(path, n, v)
	if err != nil {
		return err
	}
	return d.lacks(missing)
}

// decodeMembers reads a struct, and lists what is missing in it and in what it
// holds, in the order of its fields.
func (d *yamlDecoder) decodeMembers(path string, n ast.Node, v reflect.Value) (lacking []string, err error) {
	before := d.missing
	defer func() { d.missing = before }()
	pairs, ok := mapping(n)
	if !ok {
		return nil, d.refuse(path, n, "", "it has to be members, name: value")
	}
	names, needed := members(v.Type())
	seen := make(map[string]bool)
	inside := make(map[string][]string) // what is missing inside a member
	for _, p := range pairs {
		key, err := d.key(path, p)
		if err != nil {
			return nil, err
		}
		field := slices.Index(names, key)
		if field < 0 {
			hint := didYouMean(key, names)
			if hint == "" {
				hint = "the members are " + strings.Join(names, ", ")
			}
			return nil, d.refuse(path, p, hint, "there is no member %q", key)
		}
		if seen[key] {
			return nil, d.refuse(join(path, key), p, "give it once", "it stands there twice")
		}
		if isNull(p.Value) {
			continue
		}
		seen[key] = true
		d.missing = nil
		if err := d.decode(join(path, key), p.Value, v.Field(field)); err != nil {
			return nil, err
		}
		inside[key] = d.missing
		if list := v.Type().Field(field).Tag.Get("codes"); list != "" {
			if err := d.codes(join(path, key), p.Value, list, v.Field(field)); err != nil {
				return nil, err
			}
		}
	}
	for i, name := range names {
		if needed[i] && !seen[name] {
			lacking = append(lacking, join(path, name))
		}
		lacking = append(lacking, inside[name]...)
	}
	return lacking, nil
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
	text, hint := unknownCode(list, code)
	if text == "" {
		return nil
	}
	return commandline.Refused(d.at(path, n, "%s", text), hint)
}

// unknownCode says what is wrong with a code that a list of the vocabulary does not
// have; "" when it has it.
func unknownCode(list, code string) (text, hint string) {
	if _, ok := entry.Terms().Term(list, code); ok {
		return "", ""
	}
	var all []string
	for _, t := range entry.Terms().Lists[list] {
		all = append(all, t.Code)
	}
	hint = didYouMean(code, all)
	if hint == "" {
		hint = "the codes are " + strings.Join(all, ", ")
	}
	return fmt.Sprintf("there is no code %q in the list %s", code, list), hint
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

// A wrongMember is what is wrong with a member of a source.
type wrongMember struct {
	member, text, hint string
	missing            bool
}

// checkSource holds a source that came from elsewhere than YAML to what decodeYAML holds
// one to: the members that are needed, and the codes.
func checkSource(src any) (out []wrongMember) {
	v := reflect.ValueOf(src).Elem()
	names, needed := members(v.Type())
	for i, name := range names {
		field := v.Field(i)
		if field.IsZero() || field.Kind() == reflect.Slice && field.Len() == 0 {
			if needed[i] {
				out = append(out, wrongMember{name, name + ": it is missing", "", true})
			}
			continue
		}
		if field.Kind() == reflect.Pointer && field.Elem().Kind() == reflect.Struct {
			for _, w := range checkSource(field.Interface()) {
				out = append(out, wrongMember{name, name + "." + w.text, w.hint, w.missing})
			}
			continue
		}
		list := v.Type().Field(i).Tag.Get("codes")
		if list == "" {
			continue
		}
		codes, ok := field.Interface().([]string)
		if !ok {
			codes = []string{field.String()}
		}
		for _, code := range codes {
			if text, hint := unknownCode(list, code); text != "" {
				out = append(out, wrongMember{name, name + ": " + text, hint, false})
			}
		}
	}
	return out
}
