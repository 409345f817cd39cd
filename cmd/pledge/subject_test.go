package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/entry"
)

// On the page of a decision the request comes first, be both drafts or the request logged.
func TestPairInItsOrder(t *testing.T) {
	made := time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)
	const origin = "log.accord.example/2026"
	text := &entry.RequestBody{Assist: []string{"backdoor"}, Country: "XB", Received: "2026-01", Author: "acme", Kind: entry.KindRequest, Log: origin, Salt: "AAAAAAAAAAAAAAAAAAAAAA"}
	body, err := entry.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	acme := newPerson("acme")
	request := signWith(t, &entry.Statement{Log: origin, Author: "acme", Lane: entry.LaneMain, Seq: 2, Prev: entry.ID{1}, Made: made.Unix(), Kind: entry.KindRequest, Body: &entry.Request{Received: "2026-Q1"}, BodyDigest: entry.Digest(body)}, body, acme)
	decision := sign(t, &entry.Statement{Log: origin, Author: "acme", Lane: entry.LaneMain, Seq: 3, Prev: request.Statement.ID, Made: made.Unix(), Kind: entry.KindDecision, Body: &entry.Decision{Date: "2026-01-02", Grounds: []string{"pledge"}, Outcome: "refused", Request: request.Statement.ID, Scope: "in"}}, acme)
	for _, logged := range []bool{false, true} {
		subject := publicEntry(request)
		when := "Not logged yet"
		if logged {
			subject.Index, subject.Logged, when = 41, made.Unix(), "2 January 2026"
		}
		b, err := publicPage(previewSite(origin), decision, subject)
		if err != nil {
			t.Fatal(err)
		}
		_, steps, ok := strings.Cut(string(b), "Request and answers")
		steps, _, _ = strings.Cut(steps, "</section>")
		first, second, two := strings.Cut(steps, "</li>")
		if !ok || !two || !strings.Contains(first, "received a request") || !strings.Contains(first, when) || !strings.Contains(second, "refused a request") || !strings.Contains(second, "Not logged yet") {
			t.Errorf("logged %v: the steps are %s", logged, steps)
		}
	}
}
