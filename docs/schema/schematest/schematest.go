// Package schematest holds what the programs write to the published schemas, made
// strict. No program imports it.
package schematest

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pledgelog/pledgelog/docs/schema"
)

// Hold compares a JSON text with the schema of the format that it names. What that
// does not describe is an error, so that every member is described.
func Hold(b []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	o, _ := doc.(map[string]any)
	format, _ := o["format"].(string)
	name, ours := strings.CutPrefix(format, "pledgelog.")
	if !ours {
		return fmt.Errorf("its format is %q", format)
	}
	all, err := compiled()
	if err != nil {
		return err
	}
	s, ok := all[name]
	if !ok {
		return fmt.Errorf("there is no schema of %s", format)
	}
	if err := s.Validate(doc); err != nil {
		return fmt.Errorf("compare with the schema of %s: %w", format, err)
	}
	return nil
}

// compiled are the schemas by their names, such as audit.v1.
var compiled = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	names, err := fs.Glob(schema.Files, "*.json")
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	for _, name := range names {
		b, err := schema.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("read schema %s: %w", name, err)
		}
		closeObjects(doc)
		if err := c.AddResource(id(name), doc); err != nil {
			return nil, fmt.Errorf("add schema %s: %w", name, err)
		}
	}
	all := make(map[string]*jsonschema.Schema)
	for _, name := range names {
		if all[strings.TrimSuffix(name, ".json")], err = c.Compile(id(name)); err != nil {
			return nil, fmt.Errorf("compile schema %s: %w", name, err)
		}
	}
	return all, nil
})

func id(file string) string { return "urn:pledgelog:schema:" + strings.TrimSuffix(file, ".json") }

// closeObjects forbids members that are not described.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok {
			v["additionalProperties"] = false
		}
		for k, x := range v {
			if k != "if" { // it asks, and demands nothing
				closeObjects(x)
			}
		}
	case []any:
		for _, x := range v {
			closeObjects(x)
		}
	}
}
