package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// The scripts in testdata/script run the program itself. Beside testscript's own
// commands they have:
//
//	exits CODE program args…        the program ends with that exit code; what it
//	                                writes with --json is held to the published schema
//	makelog SIZE [LAPSES]           writes ./log, policy.txt, and sets $CHARTER
//	cosigner FILE NAME              writes a mirror's secret key
//	makelog-ahead                   writes a log that is no demonstration, dated 2100
//	receipt FILE                    writes the receipt of an entry with a text, the text to
//	                                FILE.body, its submission to FILE.json, and sets $INDEX
//	flip FILE OFFSET                turns over a bit
//	fork SIZE                       the archive gets a false checkpoint by the log's own key
//	shrink SIZE                     the log is rewritten with its first entries alone
//	forge SIZE FILE                 writes a false checkpoint by the log's own key
//	relog INDEX                     the log gets an entry again, at its end
//	set-charter FILE                writes the charter's id in the place of CHARTER
//	behead                          the checkpoint gets a false root, signed, the archive too
//	serve DIR                       serves a directory and sets $URL
//	serve-errors                    serves nothing but errors and sets $URL
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":         exits,
			"makelog":       makeLog,
			"makelog-ahead": makeLogAhead,
			"cosigner":      makeCosigner,
			"receipt":       makeReceipt,
			"flip":          flip,
			"fork":          fork,
			"behead":        behead,
			"forge":         forge,
			"relog":         relog,
			"set-charter":   setCharter,
			"shrink":        shrink,
			"serve":         serve,
			"serve-errors":  serveErrors,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	commandtest.Exits(ts, neg, args)
	if slices.Contains(args, "--once") {
		for line := range strings.Lines(ts.ReadFile("stdout")) {
			ts.Check(schematest.Hold([]byte(line)))
		}
	}
	if out := ts.ReadFile("stdout"); slices.Contains(args, "--json") && (out != "" || args[0] != "2") {
		ts.Check(schematest.Hold([]byte(out)))
	}
}

// seed is the world of every script: the same key signs whatever is forged.
const seed = 7

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

func makeLog(ts *testscript.TestScript, neg bool, args []string) {
	o := generator.Options{Seed: seed, Signatories: 4}
	if len(args) > 1 {
		o.Lapses = number(ts, args[1])
	}
	w := generator.New(o)
	ts.Check(w.WriteStory(ts.MkAbs("log"), number(ts, args[0])))
	ts.Check(os.WriteFile(ts.MkAbs("policy.txt"), w.Policy.Marshal(), 0o644))
	ts.Setenv("CHARTER", w.Charter.String())
}

func makeCosigner(ts *testscript.TestScript, neg bool, args []string) {
	b, err := log.NewSecret(args[1], log.TypeMLDSA44).Marshal()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

func makeLogAhead(ts *testscript.TestScript, neg bool, args []string) {
	w := generator.New(generator.Options{Seed: seed, Start: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)})
	// Invented statements stay in a demonstration otherwise.
	signer, err := log.NewSigner("log.accord.test/2100", make([]byte, 32))
	ts.Check(err)
	w.Options.Origin, w.Signer = signer.Key().Name, signer
	w.Policy = &log.Policy{Logs: []log.LogKey{{Key: signer.Key()}}, Quorum: log.QuorumNone}
	w.Log(w.Found())
	ts.Check(w.WriteDir(ts.MkAbs("log")))
	ts.Check(os.WriteFile(ts.MkAbs("policy.txt"), w.Policy.Marshal(), 0o644))
	ts.Setenv("CHARTER", w.Charter.String())
}

func makeReceipt(ts *testscript.TestScript, neg bool, args []string) {
	s := world().Open(ts.MkAbs("log"))
	size, err := s.Size()
	ts.Check(err)
	entries, err := s.Entries()
	ts.Check(err)
	index := uint64(30)
	for entries[index].Body == nil {
		index++
	}
	ts.Setenv("INDEX", strconv.FormatUint(index, 10))
	hashes, err := log.NewTileReader(log.DirSource(s.Dir)).InclusionProof(context.Background(), index, size)
	ts.Check(err)
	raw, err := s.Read(log.CheckpointPath)
	ts.Check(err)
	p := &log.Proof{Extra: entries[index].Leaf, Index: index, Hashes: hashes, Checkpoint: raw}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), p.Marshal(), 0o644))
	body := entries[index].Body
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".body"), body, 0o644))
	leaf, err := entry.ParseLeaf(p.Extra)
	ts.Check(err)
	sub := &entry.Submission{Envelope: leaf.Statement, Body: body}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".json"), append(sub.Marshal(), '\n'), 0o644))
}

func world() *generator.World { return generator.New(generator.Options{Seed: seed, Signatories: 4}) }

func flip(ts *testscript.TestScript, neg bool, args []string) {
	dir, file := filepath.Split(ts.MkAbs(args[0]))
	ts.Check(world().Open(dir).Flip(file, number(ts, args[1]), 1))
}

func forge(ts *testscript.TestScript, neg bool, args []string) {
	file := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	ts.Check(os.WriteFile(file, world().Checkpoint(uint64(number(ts, args[0])), falseRoot, 0), 0o644))
}

func relog(ts *testscript.TestScript, neg bool, args []string) {
	s := world().Open(ts.MkAbs("log"))
	entries, err := s.Entries()
	ts.Check(err)
	ts.Check(s.Rewrite(append(entries, entries[number(ts, args[0])]), false))
}

func setCharter(ts *testscript.TestScript, neg bool, args []string) {
	b := strings.NewReplacer("CHARTER", ts.Getenv("CHARTER"), "URL", ts.Getenv("URL")).Replace(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b), 0o644))
}

var falseRoot = log.LeafHash([]byte("another tree"))

func fork(ts *testscript.TestScript, neg bool, args []string) {
	w := world()
	s := w.Open(ts.MkAbs("log"))
	ts.Check(s.SetArchive([][]byte{w.Checkpoint(uint64(number(ts, args[0])), falseRoot, 0)}))
}

func shrink(ts *testscript.TestScript, neg bool, args []string) {
	s := world().Open(ts.MkAbs("log"))
	entries, err := s.Entries()
	ts.Check(err)
	ts.Check(s.Rewrite(entries[:number(ts, args[0])], false))
}

func behead(ts *testscript.TestScript, neg bool, args []string) {
	s := world().Open(ts.MkAbs("log"))
	size, err := s.Size()
	ts.Check(err)
	raw, err := s.SetCheckpoint(size, falseRoot, 0)
	ts.Check(err)
	ts.Check(s.SetArchive([][]byte{raw}))
}

func serve(ts *testscript.TestScript, neg bool, args []string) {
	serveWith(ts, http.FileServer(http.Dir(ts.MkAbs(args[0]))))
}

func serveErrors(ts *testscript.TestScript, neg bool, args []string) {
	serveWith(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
}

func serveWith(ts *testscript.TestScript, h http.Handler) {
	server := httptest.NewServer(h)
	ts.Defer(server.Close)
	ts.Setenv("URL", server.URL)
}
