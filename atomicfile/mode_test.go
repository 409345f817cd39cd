//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewHasItsMode(t *testing.T) {
	eachWay(t, func(t *testing.T) {
		for _, perm := range []fs.FileMode{0o600, 0o644} {
			path := filepath.Join(t.TempDir(), "x")
			if err := New(path, []byte("x"), perm); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != perm { // as with the umask that developers and servers have, 022
				t.Errorf("%v, and not %v (%v)", info.Mode(), perm, err)
			}
		}
		err := New(filepath.Join(t.TempDir(), "nowhere", "x"), nil, 0o600)
		if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), ".new-") {
			t.Errorf("a folder that is not there: %v", err)
		}
	})
}
