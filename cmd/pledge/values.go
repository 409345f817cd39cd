package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/keyfile"
	"github.com/pledgelog/pledgelog/log"
)

// The values in YAML files that have a form of their own. Names of files in
// them are relative to the YAML file.

// A claimYAML is a whole number, {min: 0, max: 249}, or cannot-say.
type claimYAML struct {
	entry.Claim
}

func (c *claimYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	if text, ok := scalar(n); ok && text == "cannot-say" {
		c.Claim = entry.CannotSay()
		return nil
	}
	if _, ok := mapping(n); ok {
		var band struct {
			Min *uint64 `yaml:"min,needed"`
			Max *uint64 `yaml:"max,needed"`
		}
		if err := d.decodeStruct(path, n, reflect.ValueOf(&band).Elem()); err != nil {
			return err
		}
		if *band.Min >= *band.Max {
			return d.refuse(path, n, "write an exact number instead, or a min below the max", "the band is empty")
		}
		c.Claim = entry.Between(*band.Min, *band.Max)
		return nil
	}
	num, err := d.number(path, n)
	if err != nil {
		return d.refuse(path, n, "write a number, {min: 0, max: 249}, or cannot-say", "it is neither a whole number, nor a band, nor cannot-say")
	}
	c.Claim = entry.Exactly(num)
	return nil
}

// claimsYAML are claims by outcome.
type claimsYAML struct {
	claims map[string]entry.Claim
}

func (c *claimsYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	pairs, ok := mapping(n)
	if !ok {
		return d.refuse(path, n, "write one line for each outcome, code: number", "it has to be members, outcome: number")
	}
	for _, p := range pairs {
		key, err := d.key(path, p)
		if err != nil {
			return err
		}
		if err := d.code(join(path, key), p, "outcome", key); err != nil {
			return err
		}
		if isNull(p.Value) {
			continue
		}
		var one claimYAML
		if err := one.decodeNode(d, join(path, key), p.Value); err != nil {
			return err
		}
		if c.claims == nil {
			c.claims = make(map[string]entry.Claim)
		}
		c.claims[key] = one.Claim
	}
	return nil
}

// A keyYAML is the name of a .pub file, or the key itself: {alg, spki, use}.
type keyYAML struct {
	entry.Key
}

func (k *keyYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	if name, ok := scalar(n); ok {
		key, err := readPublic(d.path(name))
		if err != nil {
			return fmt.Errorf("%s:%d: %s: %w", d.file, lineOf(n), path, err)
		}
		k.Key = key
		return nil
	}
	var inline struct {
		Alg  string `yaml:"alg,needed"`
		SPKI string `yaml:"spki,needed"`
		Use  string `yaml:"use,needed"`
	}
	if err := d.decodeStruct(path, n, reflect.ValueOf(&inline).Elem()); err != nil {
		return err
	}
	k.Key = entry.Key{Alg: inline.Alg, SPKI: inline.SPKI, Use: inline.Use}
	if _, err := k.Parse(); err != nil {
		return commandline.Usagef("give the key as it stands in the .pub file", "%s:%d: %s: %w", d.file, lineOf(n), path, err)
	}
	return nil
}

// A vkeyYAML is a checkpoint key as a vkey, or the name of a file that holds
// one.
type vkeyYAML struct {
	log.Key
}

func (v *vkeyYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	text, ok := scalar(n)
	if !ok {
		return d.refuse(path, n, "", "it has to be a vkey or the name of a file that holds one")
	}
	key, err := log.ParseKey(text)
	if err != nil && exists(d.path(text)) {
		var b []byte
		if b, err = commandline.ReadFile(d.path(text), keyfile.MaxSize); err == nil {
			key, err = log.ParseKey(string(bytes.TrimSuffix(b, []byte("\n"))))
		}
	}
	if err != nil {
		return d.refuse(path, n, "give the operator's checkpoint.pub, or the vkey in it: name+hash+base64", "it is neither a vkey nor a file with one")
	}
	v.Key = key
	return nil
}

// A documentYAML names a document by its digest. The digest is given, or made
// of a file.
type documentYAML struct {
	entry.Document
}

func (doc *documentYAML) decodeNode(d *yamlDecoder, path string, n ast.Node) error {
	var in struct {
		Name      string `yaml:"name,needed"`
		MediaType string `yaml:"mediaType,needed"`
		SHA256    string `yaml:"sha256"`
		File      string `yaml:"file"`
		URL       string `yaml:"url"`
	}
	if err := d.decodeStruct(path, n, reflect.ValueOf(&in).Elem()); err != nil {
		return err
	}
	digest := in.SHA256
	switch {
	case (in.File == "") == (in.SHA256 == ""):
		return d.refuse(path, n, "give file to have the digest made, or sha256 if you have it already", "it needs either file or sha256")
	case in.File != "":
		var err error
		if digest, err = fileDigest(d.path(in.File)); err != nil {
			if about := (*fs.PathError)(nil); d.quiet && errors.As(err, &about) {
				err = about.Err // the file's name may be as secret as the rest
			}
			return d.refuse(path, n, "names of files start from the folder of the YAML file", "%v", err)
		}
	default:
		// sha256sum and others write hex.
		if b, err := hex.DecodeString(digest); err == nil && len(b) == sha256.Size {
			digest = base64.RawURLEncoding.EncodeToString(b)
		}
	}
	doc.Document = entry.Document{MediaType: in.MediaType, Name: in.Name, SHA256: digest, URL: in.URL}
	return nil
}

// fileDigest is entry.Digest of a file of any size.
func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "read", Path: path, Err: errors.New("it is not a file")}
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)), nil
}

// plainDocuments returns the values of a list of documents, nil when it is empty.
func plainDocuments(in []documentYAML) []entry.Document {
	var out []entry.Document
	for _, d := range in {
		out = append(out, d.Document)
	}
	return out
}
