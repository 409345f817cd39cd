package monitor_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// partsOf are the text of a mail and the files that go along with it, by their names.
func partsOf(t *testing.T, raw string) (text string, files map[string][]byte) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	files = make(map[string][]byte)
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "text/plain" {
		b, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil {
			t.Fatal(err)
		}
		return string(b), files
	}
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		part, err := r.NextPart() // which undoes quoted-printable
		if err == io.EOF {
			return text, files
		} else if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if part.FileName() == "" {
			text += string(b)
			continue
		}
		if files[part.FileName()], err = base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.ReplaceAll(string(b), "\r", ""), "\n", "")); err != nil {
			t.Fatal(err)
		}
	}
}

// A bundle is found by its path from wherever the monitor was started, goes along with
// mail where the server takes it, and has an address for those who are elsewhere, who are
// told nothing of this machine.
func TestBundleReachesReaders(t *testing.T) {
	for _, c := range []struct {
		name, size, unwanted string
		with                 bool
	}{
		{"a server that says nothing of size", "", "", true},
		{"one with room", "10240000", "", true},
		{"one without limit", "0", "", true},
		{"one without room", "9000", "", false},
		{"one that wants no files", "", "Content-Disposition: attachment", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t, 61, generator.Options{Seed: 53})
			p.log("log", 60)
			p.other("theirs", 30, 42)
			box, pool := newMailbox(t, true)
			box.size, box.unwanted = c.size, c.unwanted
			p.limits.Roots = pool
			h := new(hook)
			p.write("secret", []byte(hookSecret))
			p.write("monitor.yaml", []byte(p.yaml("log", "    mirrors:", "      - {name: m1, url: theirs}", "sinks:\n- {type: stdout}\n- {type: smtp, server: \""+box.listener.Addr().String()+"\", from: monitor@watch.example, to: [desk@watch.example]}\n"+
				"- {type: webhook, url: \""+p.server(h)+"\", secret_file: secret, evidence_url: \"https://watch.example/evidence/\"}\n- {type: atom, file: with.atom, name: with, evidence_url: \"https://watch.example/evidence\"}\n- {type: atom, file: without.atom, name: without}")))
			t.Chdir(p.dir)
			b, err := os.ReadFile("monitor.yaml")
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := monitor.ParseConfig("monitor.yaml", b, os.Getenv)
			if err != nil {
				t.Fatal(err)
			}
			list, _ := p.once(cfg)
			i := slices.IndexFunc(list, func(a *monitor.Alarm) bool { return a.Code == verifier.FindLogForked })
			if i < 0 {
				t.Fatalf("%q", codes(list))
			}
			fork := list[i]
			t.Chdir("/")
			bundle, err := os.ReadFile(fork.Evidence)
			if err != nil || !filepath.IsAbs(fork.Evidence) {
				t.Fatalf("%s from elsewhere: %v", fork.Evidence, err)
			}
			name := filepath.Base(fork.Evidence)
			url := "https://watch.example/evidence/" + name

			mails := box.take()
			if len(mails) != 1 {
				t.Fatalf("%d mails", len(mails))
			}
			text, files := partsOf(t, mails[0])
			if !strings.Contains(text, "pledge-verify monitor ack --config FILE "+fork.ID) || !strings.Contains(text, fork.Evidence) {
				t.Errorf("the mail says:\n%s", text)
			}
			if got, ok := files[name]; ok != c.with || ok && !bytes.Equal(got, bundle) {
				t.Errorf("with the mail go %d files: %v", len(files), ok)
			}
			for line := range strings.Lines(mails[0]) {
				if len(strings.TrimRight(line, "\r\n")) > 998 {
					t.Error("a line is longer than mail has them")
				}
			}

			got, _ := h.take()
			i = slices.IndexFunc(got, func(a *monitor.Alarm) bool { return a.ID == fork.ID })
			if i < 0 || got[i].EvidenceURL != url || got[i].Evidence != fork.Evidence {
				t.Errorf("the webhook has %+v", got)
			}
			for _, wrong := range h.bad {
				t.Error(wrong)
			}
			for file, has := range map[string]bool{"with.atom": true, "without.atom": false} {
				feed, err := os.ReadFile(p.path(file))
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(feed, []byte(p.dir)) || bytes.Contains(feed, []byte("--config")) || bytes.Contains(feed, []byte(" ack ")) {
					t.Errorf("%s tells of this machine:\n%s", file, feed)
				}
				if !bytes.Contains(feed, []byte(name)) || bytes.Contains(feed, []byte(`<link rel="enclosure" href="`+url+`"`)) != has {
					t.Errorf("%s does not name the bundle:\n%s", file, feed)
				}
			}
		})
	}
}
