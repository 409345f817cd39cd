package scenes

import (
	"os"
	"strings"
)

// What a person types in an editor, and what is put into a backup.

// editor is a script that takes what is typed, without showing it, and leaves copies as
// editors do.
const editor = `
stty -echo
: > "$1"
printf 'write: '
while IFS= read -r line && [ "$line" != . ]; do
	printf '%s\n' "$line" >> "$1"
	printf 'more: '
done
cp "$1" "$1~"
cp "$1" "$TMPDIR/.request.yaml.swp"
stty echo
`

// edits drafts what somebody types in an editor: it is in no file and in no output but on
// the terminal of who typed it, where the draft is shown.
func (c *company) edits() {
	memory, err := os.MkdirTemp("/dev/shm", "pledge-scene-")
	if err != nil {
		c.t.Fatal(err)
	}
	defer os.RemoveAll(memory)
	c.write("editor.sh", editor)
	c.hunt.env = []string{"EDITOR=sh editor.sh", "XDG_RUNTIME_DIR=" + memory}
	defer func() { c.hunt.env = nil }()
	typed, country, given := c.hunt.canary("what was typed in an editor", "terminal of pledge new"), c.hunt.canary("a country that was typed and is none"), c.hunt.canary("what was typed and given up")
	lines := func(country, story string) []answer {
		out := []answer{{"write: ", "author: acme", true}}
		for _, line := range []string{"received: 2025-03", "country: " + country, "assist: [keys]", "narrative: {en: '" + story + "'}", "withhold: {review: 2025-09-30}", "."} {
			out = append(out, answer{"more: ", line, true})
		}
		return out
	}
	args := append([]string{"new", "request", "--edit", "--safe", "counsel.safe.pub", "--out", "edited.json"}, online...)
	answers := append(lines(country.text, text(typed)), answer{"[E/t/q]", "e", false})
	s := c.hunt.watch(c.dir, "pledge", args, append(answers, lines("XC", text(typed))...)...)
	if s.code != 0 || !strings.Contains(s.stdout, typed.text) {
		c.t.Fatalf("new --edit: exit %d\n%s", s.code, s.stdout)
	}
	c.salts("edited.json")
	args[6] = "given-up.json"
	if s := c.hunt.watch(c.dir, "pledge", args, append(lines(country.text, text(given)), answer{"[E/t/q]", "q", false})...); s.code == 0 {
		c.t.Error("a country that is none was taken")
	}
	if left, err := os.ReadDir(memory); err != nil || len(left) > 0 {
		c.t.Errorf("%q was left in memory (%v)", left, err)
	}
}

// backups keeps all of it, with a key, in files that tell nothing, and gets it back.
func (c *company) backups() {
	c.must("pledge", "backup", "--out", "backup.age", "--safe", "counsel.safe.pub", "slots", "first.json", "first.tlog-proof", "first.memo", "second.json", "third.json", "decision.json", "edited.json")
	c.must("pledge", append([]string{"backup", "--out", "keys.age", "--safe", "counsel.safe.pub", "--with-keys", "--list", "slots", "acme-slot", "acme-1"}, c.reading...)...)
	c.must("pledge", append(append([]string{"restore", "backup.age", "--into", "restored", "--author", "acme"}, online...), c.reading...)...)
	c.must("pledge", append([]string{"preview", "restored/first.json"}, c.reading...)...)
	for _, name := range []string{"first.json", "edited.json", "slots/acme-slot-2025-W03.json", c.kept} {
		if c.read(name) != c.read("restored/"+name) {
			c.t.Errorf("%s came back as another", name)
		}
	}
}
