package configfile_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/configfile"
)

type config struct {
	name, path string
	wait       time.Duration
	list       []string
}

func (c *config) fields() []configfile.Field {
	return []configfile.Field{
		{Key: "name", Text: &c.name}, {Key: "path", Text: &c.path, IsPath: true},
		{Key: "wait", Duration: &c.wait}, {Key: "list", List: &c.list, IsPath: true},
	}
}

func TestParse(t *testing.T) {
	c := config{wait: time.Hour}
	read, found := configfile.Parse("c", []byte("# first\nname: \"5\"\npath: a/b # there\nlist:\n  - x\n  - /y\n"), c.fields(), "")
	if !read || len(found) > 0 || c.name != "5" || c.path != "a/b" || c.wait != time.Hour || !slices.Equal(c.list, []string{"x", "/y"}) {
		t.Errorf("%+v, %v", c, found)
	}
	if err := configfile.Place("/etc/c/c.yaml", c.fields()); err != nil || c.path != filepath.FromSlash("/etc/c/a/b") || !slices.Equal(c.list, []string{"/etc/c/x", "/y"}) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, found := configfile.Parse("c", []byte("wait: 2s\nlist: [a, b]\nname:\n"), c.fields(), ""); len(found) > 0 || c.wait != 2*time.Second || len(c.list) != 2 || c.name != "" {
		t.Errorf("%+v, %v", c, found)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "c: it is empty",
		"# nothing\n":                   "c: it is empty",
		"42\n":                          "not a list of keys",
		"- a\n":                         "not a list of keys",
		"\tname: a\n":                   "not YAML",
		"name: a\n...\n---\nwait: 1s\n": "2 YAML documents",
		"name: [a]\n":                   "c:1: name is not text",
		"name: {a: b}\n":                "c:1: name is not text",
		"name: 5\n":                     "c:1: name is not text",
		"\nname: true\n":                "c:2: name is not text",
		"name: &x b\n":                  "name is not text",
		"name: !!binary aGk=\n":         "name is not text",
		"name: a\nname: b\n":            "already defined",
		"Name: a\n":                     "Name is not a key",
		"1: a\n":                        "1 is not a key",
		"<<: {name: a}\n":               "<< is not a key",
		"wait: 5\n":                     "wait is 5, without a unit",
		"wait: true\n":                  "wait is not text",
		"wait: 5 minutes\n":             "not a length of time",
		"list: a\n":                     "list is not a list",
		"list: [a, 5]\n":                "list has something in it",
		"list: [a, [b]]\n":              "list has something in it",
		"list: ['']\n":                  "list has something in it",
		"list: {a: b}\n":                "list is not a list",
		strings.Repeat("#\n", 40_000):   "more than 65536 bytes",
	} {
		var c config
		if _, found := configfile.Parse("c", []byte(text), c.fields(), "see there"); len(found) == 0 || !strings.Contains(found.Error(), want) || found[0].Hint == "" {
			t.Errorf("%.40q: %v, want %q", text, found, want)
		}
	}
	var c config
	if _, found := configfile.Parse("c", []byte("nam: a\nwait: b\nlist: c\n"), c.fields(), ""); len(found) != 3 {
		t.Errorf("not all was found: %v", found)
	}
}

// What a hint says to write is read, also where a number lacks its unit.
func TestTimeWithoutUnit(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"wait: 5\n": 5 * time.Second, "wait: \"5\"\n": 5 * time.Second, "wait: 0.5\n": 500 * time.Millisecond, "wait: -3\n": -3 * time.Second, "wait: 1m5\n": 65 * time.Second,
	} {
		var c config
		_, found := configfile.Parse("c", []byte(text), c.fields(), "")
		if len(found) != 1 {
			t.Errorf("%q: %v", text, found)
			continue
		}
		_, value, ok := strings.Cut(found[0].Hint, "such as ")
		if _, found := configfile.Parse("c", []byte("wait: "+value+"\n"), c.fields(), ""); !ok || len(found) > 0 || c.wait != want {
			t.Errorf("%q: hint %q gives %v, %v", text, value, c.wait, found)
		}
	}
	for _, text := range []string{"wait: 10m\n", "wait: \"0\"\n", "wait: 1h\n"} {
		var c config
		if _, found := configfile.Parse("c", []byte(text), c.fields(), ""); len(found) > 0 {
			t.Errorf("%q: %v", text, found)
		}
	}
}

// Whatever a file holds, it is read or refused with reasons.
func FuzzParse(f *testing.F) {
	f.Add([]byte("name: a\npath: b\nwait: 1s\nlist: [a, b]\n"))
	for _, text := range []string{"", "---\nname: a\n...\n", "name: a\nname: b\n", "nmae: a\n", "wait: 1x\n", "wait: -5s\n", "list: a\n", "list: [a, [b]]\n", "list: {a: b}\n", "name: !!int 7\n", "name: |\n  a\n",
		"name: a\n---\nname: b\n", "<<: {name: a}\n", "name: \"\\u0000\"\n", "- name\n", "name: [\n", "\tname: a\n", "name: a # why\n", "\xff: a\n", "list: [\"\"]\n"} {
		f.Add([]byte(text))
	}
	f.Add([]byte("name: &a [*a]\n"))
	f.Add([]byte("? x\n: y\n"))
	f.Add([]byte("list:\n- |\n  a\n- >-\n  b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c config
		read, found := configfile.Parse("c", b, c.fields(), "")
		if !read && len(found) == 0 {
			t.Errorf("%q was not read, for no reason", b)
		}
		for _, one := range c.list {
			if one == "" {
				t.Errorf("%q has an empty one in its list", b)
			}
		}
	})
}
