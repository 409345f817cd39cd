package vectors_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// script is the recomputation in another language.
var script = filepath.Join("..", "scripts", "verify-vectors.mjs")

// recompute runs the script over a folder of vectors, or some files of it.
func recompute(t *testing.T, dir string, only ...string) (out string, exit int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{script, dir}, only...)...)
	b, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatalf("run node, of the Debian package nodejs: %v", err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// TestNodeRecomputes: a program that shares no code with this one comes to the same
// ids, digests, roots and signatures.
func TestNodeRecomputes(t *testing.T) {
	out, exit := recompute(t, dir)
	if exit != 0 {
		t.Fatalf("exit %d:\n%s", exit, out)
	}
	for what, least := range map[string]int{
		"Ed25519 signatures": 400, "ECDSA P-256 signatures": 100, "entry ids": 600, "key ids": 5, "body digests": 60, "disclosure digests": 200,
		"leaf hashes": 40, "inclusion proofs": 10, "directory roots": 4, "checkpoint signatures": 50,
	} {
		m := regexp.MustCompile(`(?m)^ *(\d+) ` + regexp.QuoteMeta(what) + `$`).FindStringSubmatch(out)
		if m == nil {
			t.Errorf("no %s were counted", what)
			continue
		}
		if n, _ := strconv.Atoi(m[1]); n < least {
			t.Errorf("%d %s, want %d or more", n, what, least)
		}
	}
}

// A damage alters one byte of one vector: the one at the end of what matches. What is
// said of it then differs.
type damage struct{ file, at, says string }

var damages = []damage{
	{"canonical.json", `"json": "\{\\"A\\":1,\\"a`, "canonical forms"},
	{"times.json", `"start": 17`, "times"},
	{"keys.json", `"id": "[0-9a-f]{10}`, "key ids"},
	{"keys.json", `"digest": "[^"]{10}`, "key set digests"},
	{"signatures.json", `"sig": "[^"]{30}`, "Ed25519 signatures"},
	{"signatures.json", `"name": "p256",[\s\S]*?"sig": "[^"]{30}`, "ECDSA P-256 signatures"},
	{"signatures.json", `"message": "DSSEv1 4`, "Ed25519 signatures"},
	{"leaves.json", `"leaf": "\{\\"logged\\":17`, "leaf hashes"},
	{"leaves.json", `\\"sig\\":\\"[^"\\]{30}`, "Ed25519 signatures"},
	{"leaves.json", `"id": "[0-9a-f]{10}`, "entry ids"},
	{"statements.json", `"payload": "\{\\"auth`, "entry ids"},
	{"statements.json", `"id": "[0-9a-f]{10}`, "entry ids"},
	{"bodies.json", `"digest": "[^"]{10}`, "body digests"},
	{"bodies.json", `"body": "\{\\"author\\":\\"secr`, "body digests"},
	{"disclosures.json", `"disclosure": "[^"]{20}`, "disclosure digests"},
	{"disclosures.json", `"openings": [\s\S]*?"disclosures": \[\s*"[^"]{40}`, "disclosure digests"},
	{"slots.json", `"digest": "[^"]{10}`, "disclosure digests"},
	{"slots.json", `"bodyDigest": "[^"]{10}`, "places"},
	{"submissions.json", `\\"payload\\":\\"[^"\\]{40}`, "entry ids"},
	{"directories.json", `"root": "[^"]{10}`, "directory roots"},
	{"directories.json", `"rows": \[\s*"\{\\"auth`, "directory roots"},
	{"policies.json", `log.lanternhall.example/vectors\+[0-9a-f]`, "ids of checkpoint keys"},
	{"checkpoints.json", `"checkpoint": "[^"]*— log.lanternhall.example/vectors [^"]{30}`, "checkpoints"},
	{"checkpoints.json", `"time": 10`, "times of cosignatures"},
	{"proofs.json", `"proof": "[^"]*index 0\\n[^"]{10}`, "inclusion proofs"},
	{"logs/01-every-kind/log/checkpoint", `— witness-1.example [^\n]{30}`, "archives"},
	{"logs/01-every-kind/log/checkpoints", `— witness-1.example [^\n]{30}`, "checkpoints"},
	{"logs/01-every-kind/log/checkpoints", `vectors\n7\n[^\n]{10}`, "roots"},
	{"logs/01-every-kind/log/tile/0/000.p/46", `^`, "tiles"},
	{"logs/01-every-kind/log/tile/entries/000.p/46", `"sig":"[^"]{30}`, "tiles"},
	{"logs/01-every-kind/log/tile/entries/000.p/46", `"sig":"[^"]{30}`, "Ed25519 signatures"},
	{"logs/01-every-kind/charter-id", `^[0-9a-f]{10}`, "entry ids"},
	{"logs/02-authors/log/bodies/$BODY", `"author"`, "texts of logs"},
	{"chains/01-first-steps.json", `\\"payload\\":\\"[^"\\]{900}`, "entry ids"},
	{"chains/01-first-steps.json", `\\"sig\\":\\"[^"\\]{30}`, "Ed25519 signatures"},
	{"chains/01-first-steps.json", `"id": "[0-9a-f]{10}`, "entry ids"},
	{"chains/04-rotations.json", `e324152bd2a8537c8ab69adec837e90e96136c7e63f2876e09a40c86762da0de\\",\\"sig\\":\\"[^"\\]{30}`, "ECDSA P-256 signatures"},
}

// TestNodeFindsDamage: the script fails, and says where, when one byte of a file is
// another one, whatever it is a byte of.
func TestNodeFindsDamage(t *testing.T) {
	for _, d := range damages {
		t.Run(d.file+" "+d.says, func(t *testing.T) {
			t.Parallel()
			only := []string{d.file}
			if parts := strings.SplitN(d.file, "/", 3); parts[0] == "logs" {
				only[0] = parts[0] + "/" + parts[1]
			}
			copied := copyOf(t, only[0], "keys.json")
			if strings.HasSuffix(d.file, "$BODY") {
				d.file = filepath.Join(filepath.Dir(d.file), aBody(t, filepath.Join(dir, filepath.Dir(d.file))))
			}
			b, err := os.ReadFile(filepath.Join(copied, d.file))
			if err != nil {
				t.Fatal(err)
			}
			at := regexp.MustCompile(d.at).FindIndex(b)
			if at == nil {
				t.Fatalf("%s has no %s", d.file, d.at)
			}
			last := max(at[1]-1, 0)
			b[last] = another(b[last])
			if err := os.WriteFile(filepath.Join(copied, d.file), b, 0o644); err != nil {
				t.Fatal(err)
			}
			out, exit := recompute(t, copied, only...)
			if exit != 1 || !strings.Contains(out, "error: "+only[0]) || !strings.Contains(out, ": "+d.says+": ") {
				t.Errorf("exit %d:\n%s", exit, out)
			}
		})
	}
}

// copyOf copies files and folders of the vectors.
func copyOf(t *testing.T, paths ...string) string {
	t.Helper()
	to := t.TempDir()
	for _, p := range paths {
		from, copied := filepath.Join(dir, p), filepath.Join(to, p)
		st, err := os.Stat(from)
		if err == nil && st.IsDir() {
			err = os.CopyFS(copied, os.DirFS(from))
		} else if err == nil {
			var b []byte
			if b, err = os.ReadFile(from); err == nil {
				if err = os.MkdirAll(filepath.Dir(copied), 0o755); err == nil {
					err = os.WriteFile(copied, b, 0o644)
				}
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// aBody is the name of one of a log's texts.
func aBody(t *testing.T, bodies string) string {
	t.Helper()
	list, err := os.ReadDir(bodies)
	if err != nil || len(list) == 0 {
		t.Fatalf("no texts (%v)", err)
	}
	for _, e := range list {
		if b, err := os.ReadFile(filepath.Join(bodies, e.Name())); err == nil && b[0] == '{' {
			return e.Name()
		}
	}
	t.Fatal("no bodies")
	return ""
}

// another is a byte of the same sort: a digit or a letter for a digit or a letter.
func another(c byte) byte {
	switch {
	case c == '9', c == 'f', c == 'z', c == 'Z':
		return c - 1
	}
	return c + 1
}
