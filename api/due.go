package api

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

const (
	duePage    = 100
	maxDuePage = 1000
)

// dutyKinds are the values of the parameter kind.
var dutyKinds = []pledge.DutyKind{pledge.DutyAttestation, pledge.DutySlot, pledge.DutySlots, pledge.DutyReply, pledge.DutyDecision, pledge.DutyReview, pledge.DutyRekey}

// due answers with who owes what by when, what is due first first. The rules are those of
// package pledge.
func (a *API) due(w http.ResponseWriter, r *http.Request) {
	q, err := parameters(r, "author", "kind", "limit", "cursor")
	if err != nil {
		a.fail(w, r, err)
		return
	}
	author, kind := q.Get("author"), pledge.DutyKind(q.Get("kind"))
	most, err := limit(q, duePage, maxDuePage)
	var after *pledge.Duty
	switch {
	case err != nil:
	case author != "" && entry.CheckAuthor(author) != nil:
		err = badParameter("author", "is the id of an author")
	case kind != "" && !slices.Contains(dutyKinds, kind):
		err = badParameter("kind", "is a kind of duty, such as attestation")
	default:
		after, err = parseDueCursor(q.Get("cursor"))
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	s := a.snapshot(r.Context())
	got, err := a.cfg.Index.Due(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	out := client.DuePage{Size: got.View.Size, AsOf: client.Time(got.View.AsOf), SimulatedTime: a.simulated(), Due: []client.Duty{}}
	var last *pledge.Duty
	for i := range got.Duties {
		d := &got.Duties[i]
		if author != "" && d.Author != author || kind != "" && d.Kind != kind {
			continue
		}
		out.Total++
		if d.Overdue {
			out.Overdue++
		}
		switch {
		case after != nil && d.Compare(*after) <= 0:
		case len(out.Due) < most:
			out.Due, last = append(out.Due, wireDuty(d, s.Name(d.Author))), d
		case out.Next == "":
			out.Next = dueCursor(last)
		}
	}
	a.writeJSON(w, r, out)
}

func wireDuty(d *pledge.Duty, name string) client.Duty {
	out := client.Duty{Kind: d.Kind, Author: d.Author, Name: name, Due: client.Time(d.Due), Overdue: d.Overdue, Period: d.Period, Count: d.Count, Text: d.Text()}
	if d.From != 0 {
		t := client.Time(d.From)
		out.From = &t
	}
	if !d.Mark.Entry.IsZero() {
		out.Index, out.Entry = &d.Mark.Index, d.Mark.Entry
	}
	return out
}

// A cursor names the last duty of a page, by what orders them: it stays good while the
// log grows.
func dueCursor(d *pledge.Duty) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{strconv.FormatInt(d.Due, 10), string(d.Kind), strconv.FormatUint(d.Mark.Index, 10), d.Author}, " ")))
}

func parseDueCursor(s string) (*pledge.Duty, error) {
	if s == "" {
		return nil, nil
	}
	bad := badParameter("cursor", "is what an earlier answer gave as next")
	b, err := base64.RawURLEncoding.DecodeString(s)
	f := strings.Split(string(b), " ")
	if err != nil || len(f) != 4 {
		return nil, bad
	}
	at, err := strconv.ParseInt(f[0], 10, 64)
	index, ok := parseIndex(f[2])
	if err != nil || !ok {
		return nil, bad
	}
	return &pledge.Duty{Due: at, Kind: pledge.DutyKind(f[1]), Mark: pledge.Mark{Index: index}, Author: f[3]}, nil
}
