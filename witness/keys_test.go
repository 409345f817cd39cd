package witness_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// A key that was stolen is retired: what it signs alone is not cosigned any more, by no
// process on the state, and what was cosigned stays. Nothing brings it back.
func TestRetiredKey(t *testing.T) {
	b := newBench(t)
	signNext, next := edSigner(t, origin, "next")
	retire := func(k log.Key, want error, changed bool) {
		t.Helper()
		before := b.stored()
		got, err := b.state.Retire(t.Context(), origin, k, b.clock())
		if got != changed || !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("changed %v, %v", got, err)
		}
		if after := b.stored(); after != before {
			t.Errorf("it was %s and is %s", before, after)
		}
	}
	b.cosigned(b.request(0, 5))
	retire(b.key, witness.ErrLastKey, false)
	retire(next, witness.ErrUnknownKey, false)
	if _, err := b.state.Add(t.Context(), origin, []log.Key{next}, true); err != nil {
		t.Fatal(err)
	}
	b.cosigned(b.request(5, 6)) // either key will do until then
	retire(b.key, nil, true)
	retire(b.key, nil, false)
	retire(next, witness.ErrLastKey, false)
	if _, err := b.state.Retire(t.Context(), "elsewhere.example", next, b.clock()); !errors.Is(err, witness.ErrUnknownLog) {
		t.Errorf("a log that is not there: %v", err)
	}
	for _, again := range []bool{false, true} {
		if again {
			b.state = openState(t, b.dir)
			b.start()
		}
		b.refused(b.request(6, 7).Marshal(), 403, "the key is retired")
		b.refused(b.request(6, 6).Marshal(), 403, "the key is retired")
		b.refused(ask(newTree(t, "thief", 6, 400), 6, 7, b.sign).Marshal(), 403, "the key is retired")
		if got := text(b.read(origin)); !strings.Contains(got, string(b.request(6, 6).Note.Text)) {
			t.Errorf("it shows %s", got)
		}
	}
	if _, err := b.state.Add(t.Context(), origin, []log.Key{b.key}, true); !errors.Is(err, witness.ErrRetired) {
		t.Errorf("added again: %v", err)
	}
	// The log goes on by its new key, also while its server still signs by both.
	b.cosigned(ask(b.tree, 6, 6, signNext))
	b.cosigned(ask(b.tree, 6, 8, signNext))
	b.cosigned(ask(b.tree, 8, 9, b.sign, signNext))
	l, err := b.state.Load(origin)
	if err != nil || len(l.Keys) != 2 || len(l.Retired) != 1 || l.Retired[0].Key != b.key.String() || l.Retired[0].When != "2026-01-05T09:00:00Z" ||
		len(l.Signing()) != 1 || !l.Signing()[0].Equal(next) {
		t.Errorf("%+v, %v", l, err)
	}

	// The file is not believed when it says what can't be.
	path := filepath.Join(b.dir, "logs", witness.OriginHash(origin)+".json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	entry := `"key": "` + b.key.String() + `",`
	if strings.Count(string(good), entry) != 1 {
		t.Fatalf("%s", good)
	}
	_, none := edSigner(t, origin, "none")
	one := "{" + entry + `"when": "2026-01-05T09:00:00Z"}`
	for name, file := range map[string]string{
		"a key that is none": strings.Replace(string(good), entry, `"key": "`+none.String()+`",`, 1),
		"no time":            strings.Replace(string(good), "2026-01-05T09:00:00Z", "", 1),
		"twice":              strings.Replace(string(good), `"retired": [`, `"retired": [`+one+",", 1),
		"all":                strings.Replace(string(good), `"retired": [`, `"retired": [`+strings.Replace(one, b.key.String(), next.String(), 1)+",", 1),
	} {
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := b.state.Load(origin); file == string(good) || err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
