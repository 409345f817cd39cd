package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// glob PATTERN N wants so many files, and puts the last one's name in $GLOB.
func glob(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: glob pattern number")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if len(found) != want {
		ts.Fatalf("%d files are like %s: %q", len(found), args[0], found)
	}
	if len(found) > 0 {
		name, err := filepath.Rel(ts.MkAbs("."), found[len(found)-1])
		ts.Check(err)
		ts.Setenv("GLOB", filepath.ToSlash(name))
	}
}

// alike FILE FILE wants two files that differ in ids, numbers, dates and other
// letters of the same count only: neither says more than the other.
func alike(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: alike file file")
	}
	a, b := shape(ts.ReadFile(args[0])), shape(ts.ReadFile(args[1]))
	if a == b {
		return
	}
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	ts.Fatalf("%d and %d bytes, and they differ from byte %d on:\n%.80s\n%.80s", len(a), len(b), at, a[at:], b[at:])
}

var (
	disclosed = regexp.MustCompile(`"disclosures":\[[^\]]*\],"fill":"0*"`)
	base64ish = regexp.MustCompile(`[A-Za-z0-9+/=_-]{40,}`)
	digits    = regexp.MustCompile(`[0-9]`)
)

// shape leaves of a text what can be told from outside: its length, and its words.
func shape(s string) string {
	s = disclosed.ReplaceAllStringFunc(s, func(m string) string { return strings.Repeat("d", len(m)) })
	s = base64ish.ReplaceAllStringFunc(s, func(m string) string { return strings.Repeat("b", len(m)) })
	return digits.ReplaceAllString(s, "0")
}

// only TEXT NAME... wants a text in files of these names or in folders of these
// names, and in no other file of the script's folder, temporary ones included.
func only(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: only text name...")
	}
	root := ts.MkAbs(".")
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		allowed := slices.ContainsFunc(args[1:], func(a string) bool {
			return name == filepath.FromSlash(a) || strings.HasPrefix(name, filepath.FromSlash(a)+string(filepath.Separator))
		})
		if holds(b, args[0]) && !allowed {
			ts.Fatalf("%s holds %q", name, args[0])
		}
		return nil
	}))
}

// holds looks for a text as it is, in hex, and in base64 at its three alignments.
func holds(b []byte, text string) bool {
	for _, form := range formsOf(text) {
		if bytes.Contains(b, []byte(form)) {
			return true
		}
	}
	return false
}

// formsOf returns a text in the forms in which it might be left behind.
func formsOf(text string) []string {
	forms := []string{text, hex.EncodeToString([]byte(text))}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			coded := enc.EncodeToString(append(make([]byte, shift), text...))
			// Without what depends on the bytes before and after it.
			forms = append(forms, coded[(shift*8+5)/6:len(coded)-1])
		}
	}
	return forms
}
