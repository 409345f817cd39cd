package main

import (
	"bytes"
	"context"
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
	"github.com/pledgelog/pledgelog/generator"
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
//	get STATUS PATH           asks the witness; {hash} in it is that of $ORIGIN, and
//	                          {whash} that of $WORIGIN
//	world DIR N [void...]     writes an invented accord's log of N entries into DIR, and
//	                          after them, for each void, one that the rules reject
//	askworld STATUS OLD DIR   that log asks for a cosignature on its checkpoint
//	rekey DIR                 that log has its newest checkpoint signed by its next key alone
//
// $VKEY, $VKEY2 and $OTHER are vkeys of the log, and of one that is no demonstration.
// Of the invented accord's log are $WORIGIN, $WVKEY, $CHARTER and policy.txt, and of its next
// key $WNEXT and both.txt, a policy with both.
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
			env.Setenv("VKEY2ID", fmt.Sprintf("%s+%08x", pq.Key().Name, pq.Key().ID))
			w := world(1, 0)
			env.Setenv("WORIGIN", w.Options.Origin)
			env.Setenv("WVKEY", w.Signer.Key().String())
			next := testLog(w.Options.Origin).Key().String()
			env.Setenv("WNEXT", next)
			if err := os.WriteFile(env.WorkDir+"/both.txt", append([]byte("log "+next+"\n"), w.Policy.Marshal()...), 0o644); err != nil {
				return err
			}
			env.Setenv("CHARTER", w.Charter.String())
			env.Setenv("LINES", "ticket\n12")
			if err := os.WriteFile(env.WorkDir+"/policy.txt", w.Policy.Marshal(), 0o644); err != nil {
				return err
			}
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
				hash := func(origin string) string {
					h := sha256.Sum256([]byte(origin))
					return hex.EncodeToString(h[:])
				}
				resp, err := http.Get("http://" + strings.NewReplacer("{hash}", hash(testOrigin), "{whash}", hash(ts.Getenv("WORIGIN"))).Replace(args[1]))
				ts.Check(err)
				answered(ts, resp, args[0])
			},
			"world": func(ts *testscript.TestScript, _ bool, args []string) {
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				ts.Check(os.RemoveAll(ts.MkAbs(args[0])))
				ts.Check(world(n, len(args)-2).WriteDir(ts.MkAbs(args[0])))
			},
			"rekey": func(ts *testscript.TestScript, _ bool, args []string) {
				path := ts.MkAbs(args[0]) + "/" + log.CheckpointPath
				raw, err := os.ReadFile(path)
				ts.Check(err)
				n, err := log.ParseNote(raw)
				ts.Check(err)
				cp, err := log.ParseCheckpoint(n.Text)
				ts.Check(err)
				n, err = testLog(cp.Origin).SignNote(n.Text)
				ts.Check(err)
				ts.Check(os.WriteFile(path, n.Marshal(), 0o644))
			},
			"askworld": func(ts *testscript.TestScript, _ bool, args []string) {
				old, err := strconv.ParseUint(args[1], 10, 64)
				ts.Check(err)
				src := log.DirSource(ts.MkAbs(args[2]))
				raw, err := src.Get(context.Background(), log.CheckpointPath, log.MaxCheckpointFile)
				ts.Check(err)
				n, err := log.ParseNote(raw)
				ts.Check(err)
				cp, err := log.ParseCheckpoint(n.Text)
				ts.Check(err)
				proof, err := log.NewTileReader(src).ConsistencyProof(context.Background(), old, cp.Size)
				ts.Check(err)
				r := &log.AddCheckpoint{Old: old, Proof: proof, Note: n}
				resp, err := http.Post("http://"+ts.Getenv("ADDR")+"/add-checkpoint", "", bytes.NewReader(r.Marshal()))
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

// world is an invented accord whose log has so many entries that are in order, and
// after them some that are not.
func world(good, void int) *generator.World {
	w := generator.New(generator.Options{Seed: 1, Signatories: 1, NoDirectories: true})
	w.Log(w.Found())
	w.Advance(time.Minute)
	w.Log(w.Admit(w.Signatories[0]))
	w.Advance(time.Minute)
	w.Log(w.Pledge(w.Signatories[0]))
	for w.Size() < uint64(good) {
		w.Advance(time.Minute)
		w.Log(w.Request(w.Signatories[0], "2025-01", nil))
	}
	for range void {
		w.Advance(time.Minute)
		st := w.Request(w.Signatories[0], "2025-01", nil)
		st.Seq += 5
		w.LogVoid(st)
	}
	return w
}
