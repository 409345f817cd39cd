package main

import (
	"context"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/commandline/commandtest"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// asBuilt is the work factor of the program that is built.
var asBuilt = workFactor

// cheaply has this program, which the scripts run as pledge, encrypt keys at a cost that
// tests can bear. A program that is built has no such thing.
func cheaply() { workFactor = 10 }

func TestWorkFactorAsBuilt(t *testing.T) {
	if asBuilt != 18 {
		t.Errorf("keys are encrypted with work factor %d, which is not age's", asBuilt)
	}
}

func TestMain(m *testing.M) {
	cheaply()
	testscript.Main(cleaner{m}, map[string]func(){"pledge": main})
}

// A cleaner removes the programs that were built.
type cleaner struct{ *testing.M }

func (c cleaner) Run() int {
	code := c.M.Run()
	if programs.dir != "" {
		os.RemoveAll(programs.dir)
	}
	return code
}

// The scripts run the real program, a behaviour or two in each.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[served] = new(*apitest.Server)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":     commandtest.Exits,
			"mode":     mode,
			"vkey":     vkey,
			"alter":    alter,
			"policy":   policy,
			"serve":    serve,
			"build":    build,
			"start":    start,
			"clock":    clock,
			"glob":     glob,
			"guide":    guide,
			"alike":    alike,
			"only":     only,
			"swapsafe": swapsafe,
			"memory":   memory,
			"emptied":  emptied,
			"entry":    printed("entry id"),
			"key":      printed("key id"),
		},
		Condition: func(cond string) (bool, error) {
			return cond == "modes" && runtime.GOOS != "windows", nil
		},
	})
}

// mode FILE OCTAL wants a file's permissions.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode file octal")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[1], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); got != fs.FileMode(want) {
		ts.Fatalf("%s has mode %04o", args[0], got)
	}
}

// vkey ORIGIN FILE writes a checkpoint key of a log.
func vkey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: vkey origin file")
	}
	s, err := log.NewSigner(args[0], seed(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(s.Key().String()+"\n"), 0o644))
}

// policy ORIGIN|KEYFILE FILE [URL] writes a policy for the log whose key vkey
// writes, or whose key is in a file.
func policy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: policy origin|keyfile file [url]")
	}
	line := "log "
	if strings.HasSuffix(args[0], ".pub") {
		line += strings.TrimSpace(ts.ReadFile(args[0]))
	} else {
		s, err := log.NewSigner(args[0], seed(args[0]))
		ts.Check(err)
		line += s.Key().String()
	}
	if len(args) == 3 {
		line += " " + args[2]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(line+"\nquorum none\n"), 0o644))
}

// alter FILE OLD NEW replaces one occurrence of OLD in a file.
func alter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: alter file old new")
	}
	old := ts.ReadFile(args[0])
	i := len(old)
	for j := 0; j+len(args[1]) <= len(old); j++ {
		if old[j:j+len(args[1])] == args[1] {
			i = j
			break
		}
	}
	if i == len(old) {
		ts.Fatalf("%s holds no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(old[:i]+args[2]+old[i+len(args[1]):]), 0o600))
}

// served is the key under which a script's server is kept.
type servedKey struct{}

var served servedKey

// serve starts a real server in the script's folder: its address is in
// $LOG, its policy in policy.txt, its checkpoint key in checkpoint.pub, its
// time in the file clock.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: serve")
	}
	world := generator.New(generator.Options{Start: time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)})
	server, err := apitest.Start(context.Background(), world)
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	*ts.Value(served).(**apitest.Server) = server
	ts.Setenv("LOG", server.URL)
	ts.Setenv("ORIGIN", world.Options.Origin)
	vkey := world.Signer.Key().String()
	ts.Check(os.WriteFile(ts.MkAbs("checkpoint.pub"), []byte(vkey+"\n"), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("policy.txt"), []byte("log "+vkey+" "+server.URL+"\nquorum none\n"), 0o644))
	clock(ts, false, []string{entry.FormatTime(world.Now())})
}

// clock TIME sets the server's time and that in the file clock.
func clock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: clock time")
	}
	unix, err := entry.ParseTime(args[0])
	ts.Check(err)
	(*ts.Value(served).(**apitest.Server)).SetTime(unix)
	ts.Check(os.WriteFile(ts.MkAbs("clock"), []byte(args[0]+"\n"), 0o644))
}

// printed makes the commands entry VARIABLE and key VARIABLE, which put the id
// that the last command printed in a variable.
func printed(what string) func(*testscript.TestScript, bool, []string) {
	id := regexp.MustCompile(`(?m)^` + what + ` +([0-9a-f]{64})$`)
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("it takes one variable")
		}
		m := id.FindStringSubmatch(ts.ReadFile("stdout"))
		if m == nil {
			ts.Fatalf("no %s was printed", what)
		}
		ts.Setenv(args[0], m[1])
	}
}

// swapsafe FROM INTO OUT writes the draft INTO with the safe of the draft FROM.
func swapsafe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: swapsafe from into out")
	}
	from, err := entry.ParseDraft([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	into, err := entry.ParseDraft([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	into.Safe = from.Safe
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), into.Marshal(), 0o600))
}
