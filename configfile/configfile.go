// Package configfile reads the configuration of a server: one YAML file of keys
// with texts, lengths of time and lists of texts. Keys that a program does not have
// are refused, as is everything in YAML that makes a text something else than it
// looks like. All that is wrong is found at once.
//
// It is for package main of a program in cmd, which has the keys and says what a
// good value is.
package configfile

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxSize is the largest configuration in bytes.
const MaxSize = 64 << 10

// A Field is a key of a file, and where its value goes: one of Text, Duration and
// List is not nil.
type Field struct {
	Key      string
	Text     *string
	Duration *time.Duration
	List     *[]string
	IsPath   bool // relative to the file's own folder
}

// A Problem is one thing that is wrong with a configuration.
type Problem struct {
	At   string // file and line, or file and key
	Text string
	Hint string // what can be done about it
}

func (p *Problem) Error() string {
	if p.At == "" {
		return p.Text
	}
	return p.At + ": " + p.Text
}

// Problems are all of them at once.
type Problems []*Problem

func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "; ")
}

// Parse reads a configuration into fields. Name is the file's, for messages, and
// example says where one is shown. It says whether there was anything to read, and
// nothing yet on whether the values make sense together.
func Parse(name string, b []byte, fields []Field, example string) (read bool, found Problems) {
	say := func(line int, hint, format string, args ...any) {
		at := name
		if line > 0 {
			at = fmt.Sprintf("%s:%d", name, line)
		}
		found = append(found, &Problem{at, fmt.Sprintf(format, args...), hint})
	}
	if len(b) > MaxSize {
		say(0, example, "it has more than %d bytes", MaxSize)
		return false, found
	}
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		say(0, example, "it is not YAML: %s", line)
		return false, found
	}
	switch {
	case len(file.Docs) > 1:
		say(0, "write all keys without --- lines between them; "+example, "it has %d YAML documents, and a configuration is one", len(file.Docs))
		return false, found
	case len(file.Docs) == 0, isEmpty(file.Docs[0].Body):
		say(0, example, "it is empty")
		return false, found
	}
	var pairs []*ast.MappingValueNode
	switch body := file.Docs[0].Body.(type) {
	case *ast.MappingNode:
		pairs = body.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{body}
	default:
		say(0, example, "it is not a list of keys with their values")
		return false, found
	}
	var seen []string
	for _, pair := range pairs {
		line := pair.Key.GetToken().Position.Line
		key, ok := pair.Key.(*ast.StringNode)
		i := -1
		if ok {
			i = slices.IndexFunc(fields, func(f Field) bool { return f.Key == key.Value })
		}
		switch {
		case i < 0:
			say(line, "the keys are "+strings.Join(keys(fields), ", "), "%s is not a key of the configuration", pair.Key.GetToken().Value)
			continue
		case slices.Contains(seen, key.Value):
			say(line, "give each key once", "%s stands there twice", key.Value)
			continue
		}
		seen = append(seen, key.Value)
		if text, hint := fields[i].set(pair.Value); text != "" {
			say(line, hint, "%s", text)
		}
	}
	return true, found
}

// set takes a value, or says what is wrong with it and what to do.
func (f Field) set(n ast.Node) (wrong, hint string) {
	if f.List != nil {
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			return f.Key + " is not a list", "write a list, such as [a, b]"
		}
		*f.List = nil
		for _, one := range list.Values {
			value, ok := scalar(one)
			if !ok || value == "" {
				return f.Key + " has something in it that is not text", "write it as text, in quotation marks if need be"
			}
			*f.List = append(*f.List, value)
		}
		return "", ""
	}
	value, ok := scalar(n)
	if f.Duration != nil {
		if number, ok := unitless(n, value); ok {
			return fmt.Sprintf("%s is %s, without a unit", f.Key, number), "write a time, such as " + number + "s"
		}
	}
	if !ok {
		return f.Key + " is not text", "write it as text, in quotation marks if need be"
	}
	if f.Duration != nil {
		d, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Sprintf("%s is %q, which is not a length of time", f.Key, value), "write a time such as 100ms or 2s"
		}
		*f.Duration = d
		return "", ""
	}
	*f.Text = value
	return "", ""
}

// Place makes the paths among the values absolute: they are relative to the folder
// of the file.
func Place(file string, fields []Field) error {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("find configuration: %w", err)
	}
	place := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	for _, f := range fields {
		if !f.IsPath {
			continue
		}
		if f.Text != nil {
			place(f.Text)
		}
		if f.List != nil {
			for i := range *f.List {
				place(&(*f.List)[i])
			}
		}
	}
	return nil
}

// isEmpty reports whether a document has nothing in it but comments.
func isEmpty(body ast.Node) bool {
	return body == nil || body.Type() == ast.NullType || body.Type() == ast.CommentType
}

// scalar returns the text of a value. Numbers and truth values, anchors and
// aliases are none.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.NullNode:
		return "", true
	}
	return "", false
}

// unitless returns a length of time that is a number and no more, in quotation marks or not.
func unitless(n ast.Node, text string) (string, bool) {
	if n.Type() == ast.IntegerType || n.Type() == ast.FloatType {
		text = n.GetToken().Value
	}
	_, err := time.ParseDuration(text + "s")
	if _, with := time.ParseDuration(text); text == "" || err != nil || with == nil && n.Type() == ast.StringType {
		return "", false
	}
	return text, true
}

func keys(fields []Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Key
	}
	return out
}
