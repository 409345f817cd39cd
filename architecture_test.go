package pledgelog_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pledgelog/pledgelog/"

// rooms says which rooms of the house a room may import, wholly: imports run one
// way only (docs/architecture.md). A room that is not here may not exist.
var rooms = map[string][]string{
	"eddsa":                      {},
	"entry":                      {"eddsa"},
	"atom":                       {},
	"atomicfile":                 {},
	"keyfile":                    {"entry"},
	"signer":                     {"entry", "keyfile"},
	"safe":                       {"entry", "signer"},
	"commandline":                {"entry"}, // the vocabulary's version
	"configfile":                 {},
	"daemon":                     {"entry", "commandline"},
	"log":                        {"eddsa"},
	"pledge":                     {"entry"},
	"log/guard":                  {"atomicfile", "log"},
	"log/embedded":               {"atomicfile", "log", "log/guard", "log/witnessing"},
	"log/witnessing/witnesstest": {"log"}, // a test tool
	"log/witnessing":             {"log"},
	"store":                      {},
	"store/sqlite":               {"atomicfile", "store"},
	"verifier":                   {"entry", "pledge", "log", "atomicfile"},
	"intake":                     {"atomicfile", "entry", "pledge", "log", "store"},
	"index":                      {"entry", "pledge", "log", "store"},
	"page":                       {"entry", "pledge"},
	"lint":                       {"entry"},
	"desk":                       {"entry", "pledge", "lint", "page"},
	"api":                        {"entry", "pledge", "log", "store", "intake", "index", "api/client"}, // the client has the wire types
	"api/client":                 {"entry", "pledge", "log"},
	"dump":                       {"api", "api/client", "atomicfile", "entry", "index", "log"},
	"web":                        {"atom", "entry", "pledge", "log", "store", "index", "page"},
	"witness":                    {"atomicfile", "entry", "pledge", "log", "verifier"},

	"verifier/mirror":  {"entry", "pledge", "log", "verifier", "atomicfile"},
	"verifier/monitor": {"atom", "entry", "pledge", "log", "verifier", "atomicfile"},

	"cmd/pledgelog":     {"atomicfile", "entry", "pledge", "log", "log/guard", "log/embedded", "log/witnessing", "store", "store/sqlite", "intake", "index", "api", "dump", "web", "keyfile", "commandline", "configfile", "daemon"},
	"cmd/pledge":        {"entry", "pledge", "log", "verifier", "api/client", "atomicfile", "keyfile", "desk", "lint", "page", "safe", "signer", "commandline"},
	"cmd/pledge-verify": {"entry", "pledge", "log", "verifier", "verifier/mirror", "verifier/monitor", "atomicfile", "commandline"},
	// An auditing witness needs verifier, and reaches it through witness.
	"cmd/pledge-witness": {"atomicfile", "entry", "log", "witness", "commandline", "configfile", "daemon"},

	// Test tools: nothing that ships may import them.
	"commandline/commandtest": {},
	"generator":               {"entry", "log"},
	"generator/story":         {"entry", "generator", "pledge", "log"},
	"store/storetest":         {"store"},
	"vectors":                 {"entry", "generator"}, // never pledge or verifier: what is expected is written by hand
	"vectors/write":           {"vectors"},
	"api/apitest":             {"daemon", "generator", "entry", "pledge", "log", "log/guard", "log/embedded", "store", "store/sqlite", "intake", "index", "api"},

	"tamper": {}, // tests alone
	"scenes": {}, // and here

	// What other programs are told of what ours write, and what writes pages of docs.
	"docs/conformance":       {},
	"docs/schema":            {},
	"docs/schema/schematest": {"docs/schema"},
	"scripts/findings":       {"verifier"},
	"scripts/lawcards":       {"entry"},

	// What scripts/bench runs.
	"scripts/benchmark":            {"entry", "pledge", "log", "generator", "api/client", "verifier"},
	"scripts/benchmark/readserver": {"entry", "log", "store/sqlite", "intake", "index", "api", "web"},
}

// kept says what may not be reached from a program, by any way.
var kept = map[string][]string{
	"cmd/pledge-verify":  {"database/sql", "modernc.org/sqlite", "github.com/lib/pq", "github.com/gorilla/mux", "github.com/transparency-dev/tessera", "github.com/google/trillian", "github.com/prometheus/client_golang/prometheus"},
	"verifier":           {"database/sql", "github.com/gorilla/mux", "github.com/transparency-dev/tessera"},
	"verifier/monitor":   {"database/sql", "github.com/gorilla/mux", "github.com/transparency-dev/tessera", "github.com/prometheus/client_golang/prometheus"},
	"cmd/pledge-witness": {"modernc.org/sqlite", "github.com/lib/pq", "github.com/gorilla/mux", "github.com/transparency-dev/tessera", "github.com/google/trillian"},
	"cmd/pledge":         {"database/sql", "modernc.org/sqlite", "github.com/gorilla/mux", "github.com/transparency-dev/tessera", "github.com/prometheus/client_golang/prometheus"},
}

// pure rooms do no I/O and have no clock.
var pure = []string{"atom", "eddsa", "entry", "pledge", "page", "lint"}

func holdPure(t *testing.T, p pkg) {
	t.Helper()
	for _, i := range p.Imports {
		switch first, _, _ := strings.Cut(i, "/"); {
		case i == "os", i == "io/fs", i == "path/filepath", i == "log", i == "log/slog", first == "net" && i != "net/url" && i != "net/netip", first == "database", first == "syscall", first == "math" && i == "math/rand":
			t.Errorf("%s imports %s: it is to be pure", p.ImportPath, i)
		}
	}
	for _, f := range p.GoFiles {
		b, err := os.ReadFile(filepath.Join(p.Dir, f))
		if err != nil {
			t.Fatal(err)
		}
		for _, clock := range []string{"time.Now", "time.Since", "time.Until"} {
			if strings.Contains(string(b), clock) {
				t.Errorf("%s/%s has a clock: %s", p.ImportPath, f, clock)
			}
		}
	}
}

type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImportsRunOneWay holds every package to the drawing.
func TestImportsRunOneWay(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		room, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue // this package
		}
		seen++
		allowed, drawn := rooms[room]
		if !drawn {
			t.Errorf("%s is not in the drawing", room)
			continue
		}
		for _, i := range p.Imports {
			if other, ours := strings.CutPrefix(i, module); ours && !slices.Contains(allowed, other) {
				t.Errorf("%s imports %s, which the drawing does not allow", room, other)
			}
		}
		if slices.Contains(pure, room) {
			holdPure(t, p)
		}
		for _, d := range p.Deps {
			if slices.Contains(kept[room], d) {
				t.Errorf("%s reaches %s", room, d)
			}
			if d == "C" {
				t.Errorf("%s needs cgo", room)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d rooms were seen", seen)
	}
}

// TestEnginesAreBehindOneFace: nothing but the server's wiring sees an engine or a
// store by name.
func TestEnginesAreBehindOneFace(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, module)
		for _, i := range p.Imports {
			other := strings.TrimPrefix(i, module)
			if (other == "log/embedded" || other == "store/sqlite") && room != "cmd/pledgelog" && room != "api/apitest" && room != "scripts/benchmark/readserver" {
				t.Errorf("%s imports %s", room, other)
			}
			// The benchmark has tessera's own check of a directory beside ours.
			if strings.HasPrefix(i, "github.com/transparency-dev/tessera") && !strings.HasPrefix(room, "log/embedded") && room != "scripts/benchmark" {
				t.Errorf("%s imports %s", room, i)
			}
			if i == "modernc.org/sqlite" && room != "store/sqlite" {
				t.Errorf("%s imports %s", room, i)
			}
		}
	}
}
