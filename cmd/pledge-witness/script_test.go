package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
	"github.com/pledgelog/pledgelog/log"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pledge-witness": main})
}

// The scripts in testdata/script run the program itself. Beside testscript's own
// commands they have:
//
//	exits CODE program args…  the program ends with that exit code
//	ready                     waits until the witness on $ADDR answers
//	ask STATUS OLD SIZE [HISTORY]
//	                          the log $ORIGIN asks for a cosignature, over a tree of at
//	                          most two leaves; the answer goes to stdout
//	get STATUS PATH           asks the witness; {hash} in it is that of $ORIGIN
//
// $VKEY, $VKEY2 and $OTHER are vkeys of the log, and of one that is no demonstration.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"ADDR", "METRICS"} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				env.Setenv(name, l.Addr().String())
				l.Close()
			}
			env.Setenv("ORIGIN", testOrigin)
			env.Setenv("VKEY", testLog(testOrigin).Key().String())
			pq, err := log.NewMLDSACosigner(testOrigin, make([]byte, 32))
			if err != nil {
				return err
			}
			env.Setenv("VKEY2", pq.Key().String())
			env.Setenv("OTHER", testLog("log.invented.test").Key().String())
			return os.WriteFile(env.WorkDir+"/witness.yaml", fmt.Appendf(nil, "state: state\nkeys: [keys/w1.key]\nlisten: %s\nmetrics_listen: %s\n", env.Getenv("ADDR"), env.Getenv("METRICS")), 0o644)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": commandtest.Exits,
			"ready": func(ts *testscript.TestScript, _ bool, _ []string) {
				for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
					resp, err := http.Get("http://" + ts.Getenv("ADDR") + "/healthz")
					if err == nil {
						resp.Body.Close()
						return
					}
					if time.Now().After(end) {
						ts.Fatalf("it does not answer: %v", err)
					}
				}
			},
			"ask": func(ts *testscript.TestScript, _ bool, args []string) {
				history := "a"
				if len(args) > 3 {
					history = args[3]
				}
				old, err := strconv.ParseUint(args[1], 10, 64)
				ts.Check(err)
				body, err := request(old, args[2], history)
				ts.Check(err)
				resp, err := http.Post("http://"+ts.Getenv("ADDR")+"/add-checkpoint", "", bytes.NewReader(body))
				ts.Check(err)
				answered(ts, resp, args[0])
			},
			"get": func(ts *testscript.TestScript, _ bool, args []string) {
				hash := sha256.Sum256([]byte(testOrigin))
				resp, err := http.Get("http://" + strings.ReplaceAll(args[1], "{hash}", hex.EncodeToString(hash[:])))
				ts.Check(err)
				answered(ts, resp, args[0])
			},
		},
	})
}

func answered(ts *testscript.TestScript, resp *http.Response, status string) {
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if strconv.Itoa(resp.StatusCode) != status {
		ts.Fatalf("status %d, not %s: %s", resp.StatusCode, status, b)
	}
	fmt.Fprint(ts.Stdout(), string(b))
}

const testOrigin = "log.accord.example/2026"

func testLog(origin string) *log.Signer {
	seed := sha256.Sum256([]byte("test key of " + origin))
	s, err := log.NewSigner(origin, seed[:])
	if err != nil {
		panic(err)
	}
	return s
}

// request is one for a tree of leaves of a history.
func request(old uint64, size, history string) ([]byte, error) {
	leaf := func(n int) log.Hash { return log.LeafHash(fmt.Appendf(nil, "%s %d", history, n)) }
	cp := log.Checkpoint{Origin: testOrigin, Root: log.EmptyRoot()}
	r := &log.AddCheckpoint{Old: old}
	switch size {
	case "1":
		cp.Size, cp.Root = 1, leaf(0)
	case "2":
		cp.Size, cp.Root = 2, log.NodeHash(leaf(0), leaf(1))
		if old == 1 {
			r.Proof = []log.Hash{leaf(1)}
		}
	}
	var err error
	r.Note, err = testLog(testOrigin).SignNote(cp.Marshal())
	return r.Marshal(), err
}
