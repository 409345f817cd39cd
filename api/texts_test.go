package api_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
)

// TestTextsOverHTTP: a text is served from its publication to its erasure, and never
// else.
func TestTextsOverHTTP(t *testing.T) {
	s := newServer(t)
	w, a := s.world, s.member(0)
	review := day(w.Now() + 86400)
	kept := w.Seal(s.request(a), generator.Seal{Member: "country", Reason: "withheld", Review: review}).Withhold(review)
	s.mustSubmit(kept)
	disclosure := kept.Disclosures["country"]
	for _, digest := range []string{kept.BodyDigest, disclosure.Digest()} {
		if ans := s.get("/bodies/" + digest); ans.StatusCode != 404 || ans.problem(t).Code != "file-unknown" {
			t.Errorf("before it is opened: %d", ans.StatusCode)
		}
	}
	if e := entryOf(t, s, kept.ID); e.BodyState != "withheld" || e.Body != nil {
		t.Errorf("a withheld entry is %s with %d bytes", e.BodyState, len(e.Body))
	}
	s.mustSubmit(w.OpenText(kept, "permission"))
	s.mustSubmit(w.OpenText(kept, "permission", "country"))
	for digest, want := range map[string]struct{ text, contentType string }{
		kept.BodyDigest:     {string(kept.Body), "application/json"},
		disclosure.Digest(): {disclosure.Text(), "text/plain; charset=utf-8"},
	} {
		ans := s.get("/bodies/" + digest)
		if ans.StatusCode != 200 || string(ans.body) != want.text || ans.Header.Get("Content-Type") != want.contentType {
			t.Errorf("opened: %d, %s: %.100s", ans.StatusCode, ans.Header.Get("Content-Type"), ans.body)
		}
		if ans.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Error("pages of other sites can't read it")
		}
		again := s.do("GET", "/bodies/"+digest, map[string]string{"If-None-Match": ans.Header.Get("ETag")}, nil)
		if again.StatusCode != 304 || len(again.body) != 0 {
			t.Errorf("the second time: %d", again.StatusCode)
		}
		if head := s.do("HEAD", "/bodies/"+digest, nil, nil); head.StatusCode != 200 || len(head.body) != 0 {
			t.Errorf("HEAD: %d", head.StatusCode)
		}
	}
	if e := entryOf(t, s, kept.ID); string(e.Body) != string(kept.Body) {
		t.Errorf("the opened entry is %s with body %.100s", e.BodyState, e.Body)
	}

	erasure := w.Erase(kept, kept.BodyDigest, entry.BasisCourtOrder, "K-12/25")
	r := s.mustSubmit(erasure)
	for _, method := range []string{"GET", "HEAD"} {
		ans := s.do(method, "/bodies/"+kept.BodyDigest, map[string]string{"If-None-Match": "*"}, nil)
		if ans.StatusCode != 410 || ans.Header.Get("Access-Control-Allow-Origin") != "*" || ans.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s of an erased text: %d %v", method, ans.StatusCode, ans.Header)
		}
		if method == "HEAD" {
			continue
		}
		if p := ans.problem(t); p.Code != "text-erased" || p.Erasure == nil || p.Erasure.Index != r.Index || p.Erasure.ID != r.ID {
			t.Errorf("problem %+v, want erasure %d %s", p, r.Index, r.ID)
		}
	}
	// Even if the file were there again.
	path := filepath.Join(s.Dir, log.BodyPath(kept.BodyDigest))
	waitUntil(t, func() bool { _, err := os.Stat(path); return os.IsNotExist(err) })
	write(t, path, string(kept.Body))
	if ans := s.get("/bodies/" + kept.BodyDigest); ans.StatusCode != 410 || bytes.Contains(ans.body, []byte("salt")) {
		t.Errorf("with the file back: %d", ans.StatusCode)
	}
	if ans := s.get("/bodies/" + disclosure.Digest()); ans.StatusCode != 200 {
		t.Errorf("a text that was not erased: %d", ans.StatusCode)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if e := entryOf(t, s, kept.ID); e.BodyState != "erased" || e.Body != nil {
		t.Errorf("the erased entry is %s with body %.100s", e.BodyState, e.Body)
	}
}

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// TestLanesInOneRequest: what is refused in one lane of an author holds nothing up in
// the other.
func TestLanesInOneRequest(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 13, Signatories: 2, Slots: entry.SlotsWeek, NoDirectories: true}, apitest.Start)
	w, a := s.world, s.member(0)
	week := entry.SlotPeriodAt(entry.SlotsWeek, w.Now())
	var lines [][]byte
	add := func(st *generator.Statement) { lines = append(lines, s.say(st).Marshal()) }
	add(s.request(a))
	bad := s.request(a)
	bad.Detached.(*entry.RequestBody).Assist = []string{"telepathy"}
	bad.Detached.(*entry.RequestBody).Other = nil
	lines = append(lines, bad.Submission().Marshal())
	add(w.Slot(a, week))
	add(s.request(a)) // takes the refused one's place
	lines = append(lines, w.Slot(a, week).Submission().Marshal())
	want := []struct {
		status int
		code   entry.Code
	}{{201, ""}, {422, "vocabulary-code-unknown"}, {201, ""}, {424, "predecessor-refused"}, {422, "slot-repeated"}}
	got := s.stream(string(bytes.Join(lines, []byte("\n"))))
	if len(got) != len(want) {
		t.Fatalf("%d answers", len(got))
	}
	for i, l := range got {
		code := entry.Code("")
		if l.Problem != nil {
			code = l.Problem.Code
		}
		if l.Status != want[i].status || code != want[i].code {
			t.Errorf("line %d: %d %s, want %d %s", i+1, l.Status, code, want[i].status, want[i].code)
		}
	}
}

// TestReadyDetails: readiness says when the last directory was made, and that the log
// has ended.
func TestReadyDetails(t *testing.T) {
	s := serverOf(t, generator.Options{Seed: 14, Signatories: 2, NoDirectories: true}, apitest.StartOperated)
	w, a := s.world, s.member(0)
	start := w.Now()
	has := func(lines ...string) {
		t.Helper()
		ans := s.get("/readyz")
		if ans.StatusCode != 200 || string(ans.body) != "ready\n"+strings.Join(lines, "\n")+"\n" {
			t.Errorf("readyz is %d:\n%s\nwant ready and\n%s", ans.StatusCode, ans.body, strings.Join(lines, "\n"))
		}
	}
	due := entry.FormatTime(start + 86400)
	has("directory: none yet", "directory: the next is due by "+due)
	end := start + 5*3600
	s.mustSubmit(w.Amend(&entry.Amend{Ends: &entry.End{Successor: "log.next.example"}, From: entry.FormatTime(end)}, generator.Amended{}, nil))
	ends := entry.FormatTime(end) + ", and log.next.example goes on"
	has("directory: none yet", "directory: the next is due by "+due, "end: this log ends "+ends)
	w.SetNow(end)
	s.SetTime(end)
	waitUntil(t, func() bool { return s.size() == 5 })
	has("directory: entry 4, logged "+entry.FormatTime(end), "end: this log ended "+ends)
	if p := s.post(client.TypeJSON, s.request(a).Submission().Marshal()).problem(t); p.Status != 403 || p.Code != "log-ended" {
		t.Errorf("after the end: %d %s", p.Status, p.Code)
	}
}

// TestReadyWithoutOperator: a server that makes no directories says so.
func TestReadyWithoutOperator(t *testing.T) {
	s := newServer(t)
	if ans := s.get("/readyz"); ans.StatusCode != 200 || !strings.Contains(string(ans.body), "\ndirectory: this server has no operator key and makes none\n") {
		t.Errorf("readyz is %d:\n%s", ans.StatusCode, ans.body)
	}
}
