package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
)

func TestMain(m *testing.M) {
	testscript.Main(cleaner{m}, map[string]func(){"pledge-verify": main})
}

// A cleaner removes what tests share.
type cleaner struct{ *testing.M }

func (c cleaner) Run() int {
	code := c.M.Run()
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	return code
}

// shared is a folder for what several tests use and none changes.
var shared struct {
	once sync.Once
	dir  string
	err  error
}

// program is the real one, built once, by its path.
func program(t *testing.T) string {
	t.Helper()
	s := &shared
	s.once.Do(func() {
		if s.dir, s.err = os.MkdirTemp("", "pledge-verify-test-"); s.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", filepath.Join(s.dir, "pledge-verify"), ".").CombinedOutput(); err != nil {
			s.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return filepath.Join(s.dir, "pledge-verify")
}

func TestEveryCommandHasExamples(t *testing.T) {
	commandtest.HaveExamples(t, command(io.Discard))
}
