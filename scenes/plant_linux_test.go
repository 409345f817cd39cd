package scenes

import (
	"compress/gzip"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // as the server has it
)

// What is planted is found: in each place that TestCanaries looks at.
func TestPlantedCanariesAreFound(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"temp", "home", "state"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h := newHunt(t)
	where := make(map[*canary]map[string]string) // the form by place
	h.wrong = func(c *canary, place, form, _ string) {
		if where[c] == nil {
			where[c] = make(map[string]string)
		}
		where[c][place] = form
	}
	type planted struct {
		c     *canary
		place string
	}
	var all []planted
	plant := func(place string) string {
		c := h.canary("one in " + place)
		all = append(all, planted{c, place})
		return c.text
	}
	const sh = "/bin/sh"

	// What a program shows, and what is seen of it and of what it starts.
	h.watch(dir, sh, []string{"-c", "sleep 0.2; echo " + half(plant("stdout of /bin/sh")) + "; echo " + half(plant("stderr of /bin/sh")) + " >&2"})
	h.watch(dir, sh, []string{"-c", "sleep 0.2; : " + plant("cmdline of /bin/sh")})
	h.watch(dir, sh, []string{"-c", "X=" + half(plant("environ of /bin/sh")) + "; export X; sh -c 'sleep 0.3; :'"})
	h.watch(dir, sh, []string{"-c", "x=" + half(plant("temporary a")) + "; echo $x >$TMPDIR/a; sleep 0.2; rm $TMPDIR/a"})
	h.watch(dir, sh, []string{"-c", "x=" + half(plant("temporary b")) + "; echo $x >$HOME/b; sleep 0.2; rm $HOME/b"})
	h.watch(dir, sh, []string{"-c", "printf 'name? '; read x; echo you said " + half(plant("terminal of /bin/sh"))}, answer{"name?", "me", false})

	// A database, before it is copied from its log.
	db, err := sql.Open("sqlite", filepath.Join(dir, "state", "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		"PRAGMA journal_mode=WAL", "CREATE TABLE t (x BLOB)",
		"INSERT INTO t VALUES ('" + strings.Repeat("x", 3000) + plant("file state/db") + "')", "PRAGMA wal_checkpoint(TRUNCATE)",
		"INSERT INTO t VALUES ('" + plant("file state/db-wal") + "')",
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	// A file of each form, and a name.
	for i, fm := range forms(plant("file by-form/0")) {
		write(t, filepath.Join(dir, "by-form", fmt.Sprint(i)), append([]byte("some text before it "), fm.bytes...))
		if i > 0 {
			all = append(all, planted{all[len(all)-1].c, fmt.Sprintf("file by-form/%d", i)})
		}
	}
	c := h.canary("one in a name")
	all = append(all, planted{c, "file " + c.text})
	write(t, filepath.Join(dir, c.text), []byte("nothing"))

	// The memory of a process, which was told on its standard input.
	reader := command(dir, sh, "-c", "read x; echo $x | tr a-z A-Z; read y")
	in, err := reader.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, plant("memory of a shell"))
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}

	// What crosses between a client and a server, whole, in pieces and compressed; and what
	// a server shows that is only found by going from page to page.
	compressed, pieces := plant("wire from the server"), plant("wire from the server")
	behind, feed, header, problem := plant("address /behind"), plant("address /feed.atom"), plant("address /entries/1"), plant("address /gone")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, compressed)
			z.Close()
		case "/pieces":
			for i := range len(pieces) {
				fmt.Fprint(w, pieces[i:i+1])
				w.(http.Flusher).Flush()
			}
		case "/":
			fmt.Fprint(w, `<a href="entries?author=x&amp;n=1">all</a> <a href='https://elsewhere.example/x'>no</a>`)
		case "/entries":
			fmt.Fprint(w, `{"proof":"/api/proof","next":"https://log.accord.example/2025/entries/1"}`)
		case "/api/proof":
			http.Redirect(w, r, "/behind", http.StatusFound)
		case "/behind":
			fmt.Fprint(w, base64.StdEncoding.EncodeToString([]byte("a"+behind)), `<link href="feed.atom">`)
		case "/feed.atom":
			fmt.Fprintf(w, "<feed><id>/gone</id>%x</feed>", feed)
		case "/entries/1":
			w.Header().Set("X-Note", header)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, problem)
		}
	}))
	defer server.Close()
	wire := newRelay(t, server.Listener.Addr().String())
	through := "http://" + wire.l.Addr().String()
	for _, path := range []string{"/gzip", "/pieces", "/x?q=" + plant("wire to the server")} {
		q, err := http.NewRequest(http.MethodPost, through+path, strings.NewReader(hex.EncodeToString([]byte(plant("wire to the server")))))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Accept-Encoding", "gzip")
		q.Header.Set("X-Told", plant("wire to the server"))
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	h.search("planted",
		files(dir, "file"), memory(t, reader.Process.Pid, "a shell", 200), wire.crossed,
		func(see func(string, []byte)) {
			(&crawler{t: t, url: server.URL, known: "https://log.accord.example/2025"}).crawl(see, "/")
		},
	)
	in.Close()
	reader.Wait()
	for _, p := range all {
		if where[p.c][p.place] == "" {
			t.Errorf("%s is not found there, but in %v", p.c.what, where[p.c])
		}
	}
}

// half writes a word for a shell so that it is not in the shell's own arguments.
func half(word string) string { return word[:9] + "''" + word[9:] }

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
