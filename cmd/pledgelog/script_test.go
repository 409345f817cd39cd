package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/keyfile"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pledgelog": main})
}

// The scripts in testdata/script run the program itself. Beside testscript's own
// commands they have:
//
//	exits CODE program args…      the program ends with that exit code
//	statements VKEYFILE DIR N [SEED]
//	                              writes N statements of an invented accord, 000.json
//	                              the charter, which names the vkey; DIR/clock; and
//	                              DIR/operator.key, which the charter names too
//	config FILE [KEY=VALUE…]      writes a configuration for ./log, ./state and so on,
//	                              listening on $ADDR
//	ready                         waits until the server on $ADDR is ready
//	until PATTERN METHOD PATH     asks again until the answer matches
//	http METHOD PATH [FILE]       asks the server; status, header and body go to stdout
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			addr, err := freeAddress()
			env.Setenv("ADDR", addr)
			env.Setenv("ORIGIN", generator.DefaultOrigin)
			env.Setenv("DIGEST", entry.Digest([]byte("a text that nobody knows")))
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":      commandtest.Exits,
			"statements": writeStatements,
			"config":     writeConfig,
			"ready":      waitReady,
			"http":       ask,
			"until":      askUntil,
		},
	})
}

// freeAddress finds a port that nobody has just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// accord returns the first n statements of an invented accord whose log has the
// given vkey. The same seed gives the same ones.
func accord(vkey string, n int, seed uint64) []*entry.Submission {
	_, subs := accordWorld(vkey, n, seed)
	return subs
}

// accordWorld is accord, with the world that made them: it may have said one more.
func accordWorld(vkey string, n int, seed uint64) (*generator.World, []*entry.Submission) {
	w := generator.New(generator.Options{Seed: seed})
	var subs []*entry.Submission
	say := func(st *generator.Statement) {
		w.Log(st)
		subs = append(subs, st.Submission())
	}
	founding := w.Found()
	founding.Statement.Body.(*entry.Charter).LogKeys = []string{vkey}
	say(founding)
	for _, a := range w.Signatories {
		say(w.Admit(a))
		say(w.Pledge(a))
	}
	month := time.Unix(w.Now(), 0).UTC().AddDate(0, -1, 0).Format("2006-01")
	for i := 0; len(subs) < n; i++ {
		st := w.Request(w.Signatories[i%len(w.Signatories)], month, nil)
		if i < 20 || i%5 != 0 {
			say(st)
			continue
		}
		// Kept back, and opened, with what is sealed in it.
		review := entry.FormatTime(w.Now() + 86400)[:len("2006-01-02")]
		say(w.Seal(st, generator.Seal{Member: "country", Reason: "withheld", Review: review}).Withhold(review))
		say(w.OpenText(st, "permission", "country"))
	}
	return w, subs[:n]
}

// accordTime is when the accord's statements are logged.
var accordTime = entry.FormatTime(generator.New(generator.Options{Seed: 5}).Now())

func writeStatements(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o755))
	seed := 5
	if len(args) > 3 {
		seed, err = strconv.Atoi(args[3])
		ts.Check(err)
	}
	for i, sub := range accord(strings.TrimSpace(ts.ReadFile(args[0])), n, uint64(seed)) {
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json", i)), sub.Marshal(), 0o644))
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "clock"), []byte(accordTime+"\n"), 0o644))
	key, err := operatorKey(uint64(seed))
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "operator.key"), key, 0o600))
}

// operatorKey is the file of the operator key in the charter of accord.
func operatorKey(seed uint64) ([]byte, error) {
	return keyfile.Marshal(generator.New(generator.Options{Seed: seed}).Operator[0].Private())
}

func writeConfig(ts *testscript.TestScript, neg bool, args []string) {
	values := [][2]string{
		{"origin", ts.Getenv("ORIGIN")}, {"directory", "log"}, {"state", "state"}, {"policy", "policy.txt"},
		{"checkpoint_key", "keys/checkpoint.key"}, {"listen", ts.Getenv("ADDR")}, {"checkpoint_interval", "100ms"},
	}
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		known := false
		for i := range values {
			if values[i][0] == key {
				values[i][1], known = value, true
			}
		}
		if !known {
			values = append(values, [2]string{key, value})
		}
	}
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%s: %s\n", v[0], v[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

func waitReady(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(untilReady("http://" + ts.Getenv("ADDR")))
}

// untilReady asks until the server is ready.
func untilReady(url string) error {
	var last error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(url + "/readyz")
		if last = err; err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		last = errors.New(resp.Status)
	}
	return fmt.Errorf("the server is not ready: %w", last)
}

func askUntil(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	var last []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		req, err := http.NewRequest(args[1], "http://"+ts.Getenv("ADDR")+args[2], nil)
		ts.Check(err)
		resp, err := http.DefaultClient.Do(req)
		ts.Check(err)
		last, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		ts.Check(err)
		if pattern.Match(last) {
			return
		}
	}
	ts.Fatalf("%s %s never matched %s: %s", args[1], args[2], args[0], last)
}

func ask(ts *testscript.TestScript, neg bool, args []string) {
	var body io.Reader
	if len(args) > 2 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	req, err := http.NewRequest(args[0], "http://"+ts.Getenv("ADDR")+args[1], body)
	ts.Check(err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	var b bytes.Buffer
	fmt.Fprintln(&b, resp.Status)
	ts.Check(resp.Header.Write(&b))
	b.WriteByte('\n')
	_, err = b.ReadFrom(resp.Body)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), b.String())
}
