//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/safe"
)

// A link or a file where a folder is to be, or a link where a file is to be: nothing is
// written, there or elsewhere.
func TestRestoreFollowsNothing(t *testing.T) {
	k := newKeeper(t)
	memo := []byte(memoBegins + "then\n")
	k.byHand(safe.File{Name: "a.txt", Content: memo}, safe.File{Name: "slots/deep/b.txt", Content: memo})
	elsewhere := t.TempDir()
	for name, is := range map[string]func(dir string) error{
		"a folder that is a link": func(dir string) error { return os.Symlink(elsewhere, filepath.Join(dir, "slots")) },
		"a deeper one": func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "slots"), 0o700), os.Symlink(elsewhere, filepath.Join(dir, "slots", "deep")))
		},
		"a link that leads nowhere": func(dir string) error {
			return os.Symlink(filepath.Join(elsewhere, "new"), filepath.Join(dir, "a.txt"))
		},
		"a link to the same": func(dir string) error {
			return os.Symlink(write(t, filepath.Join(t.TempDir(), "same"), memo), filepath.Join(dir, "a.txt"))
		},
		"a file for a folder": func(dir string) error { return os.WriteFile(filepath.Join(dir, "slots"), nil, 0o600) },
		"a folder for a file": func(dir string) error { return os.Mkdir(filepath.Join(dir, "a.txt"), 0o700) },
		"a longer file":       func(dir string) error { return os.WriteFile(filepath.Join(dir, "a.txt"), append(memo, 'x'), 0o600) },
		"a shorter file":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "a.txt"), memo[:5], 0o600) },
	} {
		into := t.TempDir()
		if err := is(into); err != nil {
			t.Fatal(err)
		}
		before := files(t, into)
		if err := k.restore(into); !refused(err, "nothing was written") {
			t.Errorf("%s: %v", name, err)
		}
		if after := files(t, into); !slices.Equal(after, before) || len(files(t, elsewhere)) > 0 {
			t.Errorf("%s: there is %q, and elsewhere %q", name, after, files(t, elsewhere))
		}
	}
	if err := k.restore("whole"); err != nil || !bytes.Equal(mustRead(t, "whole/slots/deep/b.txt"), memo) {
		t.Errorf("%v", err)
	}
}
