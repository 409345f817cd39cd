package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

var tiny = load{clients: 16, each: 3, alone: 2, statements: 400, signatories: 5, audits: 1, searched: 2000, readers: 5, queries: 20, searching: 2 * time.Second, fsyncs: 3, slice: 10 * time.Millisecond, quick: true}

// programs builds what is measured.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const module = "github.com/pledgelog/pledgelog/"
	if out, err := exec.Command("go", "build", "-o", dir+"/", module+"cmd/pledgelog", module+"cmd/pledge-verify", module+"scripts/benchmark/readserver").CombinedOutput(); err != nil {
		t.Fatalf("build programs: %v\n%s", err, out)
	}
	return dir
}

// TestRun measures a little of everything, with the real programs.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	o := options{load: tiny, parts: allParts, programs: programs(t), dir: dir, json: filepath.Join(t.TempDir(), "figures.json"), check: true, targets: targets, asked: 2}
	var stdout, stderr bytes.Buffer
	if code := measure(t.Context(), o, &stdout, &stderr); code != exitDone {
		t.Fatalf("exit %d\n%s", code, stderr.String())
	}
	text, err := os.ReadFile(o.json)
	if err != nil {
		t.Fatal(err)
	}
	var figures map[string]any
	if err := json.Unmarshal(text, &figures); err != nil {
		t.Fatal(err)
	}
	names := []string{"submit_per_s/floor_verify_per_s", "audit_per_s/floor_verify_per_s", "audit_served_per_s/floor_verify_per_s", "audit_served_signatures_per_s/floor_verify_per_s", "root_per_s/fsck_per_s", "index_per_s/floor_verify_per_s", "search_p99_ms/http_p99_ms", "export_jsonl_per_s/floor_read_per_s"}
	for _, f := range catalogue {
		names = append(names, f.name)
	}
	for _, name := range names {
		v, ok := figures[name].(float64)
		// A load this small may take less processor time than the system tells
		// apart.
		if coarse := strings.HasSuffix(name, "_cores") || name == "audit_bytes_each" || name == "export_mb"; !ok || v < 0 || v == 0 && !coarse {
			t.Errorf("%s is %v in the JSON", name, figures[name])
		}
		if !strings.Contains(stdout.String(), "\n"+name+" ") && !strings.HasPrefix(stdout.String(), name+" ") {
			t.Errorf("%s is not in the table", name)
		}
	}
	for name, want := range map[string]float64{"submit_statements": 48, "submit_clients": 16, "audit_statements": 400, "search_statements": 2000} {
		if figures[name] != want {
			t.Errorf("%s is %v, want %v", name, figures[name], want)
		}
	}
	if figures["format"] != format || figures["quick"] != true {
		t.Errorf("the run is described as %v, quick %v", figures["format"], figures["quick"])
	}
	for _, want := range []string{"Clients and server shared them", "no minimum in this version; it is to be 2"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the table does not say %q", want)
		}
	}
	if t.Failed() {
		t.Logf("table:\n%s", stdout.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// TestCheckFails: a ratio that is asked and not reached ends the run with 1.
func TestCheckFails(t *testing.T) {
	o := options{load: tiny, parts: allParts[1:2], programs: programs(t), dir: t.TempDir(), check: true, asked: 3}
	ratio := target{over: "audit_per_s", under: "floor_verify_per_s", step: 3}
	for _, test := range []struct {
		atLeast float64
		asked   int
		check   bool
		code    int
		says    string
	}{
		{1e6, 3, true, exitMissed, "error: audit_per_s/floor_verify_per_s: MISSED (minimum: 1e+06)"},
		{1e6, 3, false, exitDone, ""},
		{1e6, 2, true, exitDone, "check: everything that has a bound keeps to it (0)"},
		{1e-9, 3, true, exitDone, "check: everything that has a bound keeps to it (1)"},
	} {
		ratio.bound = test.atLeast
		o.targets, o.asked, o.check = []target{ratio}, test.asked, test.check
		var stdout, stderr bytes.Buffer
		if code := measure(t.Context(), o, &stdout, &stderr); code != test.code {
			t.Errorf("at least %g: exit %d, want %d\n%s", test.atLeast, code, test.code, stderr.String())
		}
		if !strings.Contains(stderr.String(), test.says) {
			t.Errorf("at least %g: it says %q, want %q", test.atLeast, stderr.String(), test.says)
		}
	}
}

// TestTargets holds the table of this program to what can be missed.
func TestTargets(t *testing.T) {
	known := make(map[string]bool)
	for _, f := range catalogue {
		known[f.name] = true
	}
	for _, target := range targets {
		if !known[target.over] || target.under != "" && !known[target.under] {
			t.Errorf("%s is not of figures", target.name())
		}
		if target.bound == 0 {
			continue
		}
		beyond := 0.99
		if target.most {
			beyond = 1.01
		}
		for _, test := range []struct {
			over float64
			upTo int
			code int
		}{{target.bound, target.step, exitDone}, {target.bound * beyond, target.step, exitMissed}, {0, target.step - 1, exitDone}, {-1, target.step, exitNotMeasured}} {
			figures := map[string]float64{target.under: 1}
			if test.over >= 0 {
				figures[target.over] = test.over
			}
			var said bytes.Buffer
			only := []judgement{judge(targets, test.upTo, figures)[indexOf(target)]}
			if code := verdict(&said, only); code != test.code {
				t.Errorf("%s at %g, steps up to %d: exit %d, want %d: %s", target.name(), test.over, test.upTo, code, test.code, said.String())
			}
		}
	}
}

func indexOf(t target) int {
	for i := range targets {
		if targets[i] == t {
			return i
		}
	}
	return -1
}

// TestMeasureFails: without the programs there are no figures, and no table that
// looks like some.
func TestMeasureFails(t *testing.T) {
	var stdout, stderr bytes.Buffer
	o := options{load: tiny, parts: allParts, programs: t.TempDir(), dir: t.TempDir()}
	if code := measure(t.Context(), o, &stdout, &stderr); code != exitNotMeasured || stdout.Len() > 0 {
		t.Errorf("exit %d, output %q", code, stdout.String())
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, exitDone, "usage: scripts/bench"},
		{[]string{"--only", "everything"}, exitUsage, "the parts are submit, audit and search"},
		{[]string{"--fast"}, exitUsage, "see `scripts/bench --help`"},
		{[]string{"submit"}, exitUsage, `"submit" is not an option`},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), test.args, &out, &out); code != test.code || !strings.Contains(out.String(), test.says) {
			t.Errorf("%v: exit %d, want %d: %s", test.args, code, test.code, out.String())
		}
	}
}
