package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"
)

// programs are the other programs of the project, built once, when a script
// wants them.
var programs struct {
	once sync.Once
	dir  string
	err  error
}

// build makes pledgelog and pledge-verify commands that a script can run.
func build(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: build")
	}
	ts.Check(buildPrograms())
	ts.Setenv("PATH", programs.dir+string(filepath.ListSeparator)+ts.Getenv("PATH"))
}

func buildPrograms() error {
	p := &programs
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "pledge-test-"); p.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", p.dir, "../pledgelog", "../pledge-verify").CombinedOutput()
		if err != nil {
			p.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	return p.err
}

// start CONFIG runs a server until the script ends, and puts its address in $LOG.
// The server has to end in order.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: start config")
	}
	name := "pledgelog"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.Command(filepath.Join(programs.dir, name), "serve", "--config", ts.MkAbs(args[0]))
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	address := make(chan string, 1)
	said := make(chan string, 1)
	go func() {
		var all strings.Builder
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			fmt.Fprintln(&all, lines.Text())
			var line struct {
				Msg     string `json:"msg"`
				Address string `json:"address"`
			}
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
				address <- line.Address
			}
		}
		close(address)
		said <- all.String()
	}()
	ts.Defer(func() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
		all := <-said
		if err := cmd.Wait(); err != nil {
			ts.Logf("%s", all)
			ts.Check(err)
		}
	})
	select {
	case a, ok := <-address:
		if !ok {
			ts.Fatalf("the server ended:\n%s", <-said)
		}
		ts.Setenv("LOG", "http://"+a)
	case <-time.After(time.Minute):
		ts.Fatalf("the server does not serve")
	}
}
