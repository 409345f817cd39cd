package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

func TestStatementIsLoggedOnce(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	sub := s.say(s.request(a))
	r, err := s.client.Submit(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != http.StatusCreated || r.Index != 3 {
		t.Errorf("status %d, index %d; want 201 and 3", r.Status, r.Index)
	}
	s.verify(r, sub)

	again, err := s.client.Submit(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Known() || again.Index != r.Index || !bytes.Equal(again.Leaf, r.Leaf) {
		t.Errorf("the second time: status %d, index %d", again.Status, again.Index)
	}
	s.verify(again, sub)
	if n := s.size(); n != 4 {
		t.Errorf("the log has %d entries, want 4", n)
	}

	header := s.post("application/json; charset=UTF-8", sub.Marshal()).Header
	if got, want := header.Get("Location"), "/api/v1/entries/"+r.ID.String(); got != want {
		t.Errorf("Location is %q, want %q", got, want)
	}
}

func TestEntryIsFoundAtOnce(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	request := s.request(a)
	r := s.mustSubmit(request)
	filed := entryOf(t, s, r.ID)
	if filed.Size != 4 || filed.Index != 3 || filed.Verdict != pledge.Accepted || filed.BodyState != pledge.BodyPublished {
		t.Errorf("entry is %+v", filed)
	}
	if !bytes.Equal(filed.Leaf, r.Leaf) || string(filed.Body) != string(request.Body) || string(filed.Statement) != string(request.Payload) {
		t.Error("leaf, body or statement differ from what was sent")
	}
	if !filed.SimulatedTime || filed.Logged == 0 || len(filed.Signatures) == 0 {
		t.Errorf("entry lacks something: %+v", filed)
	}
	// It is answered by index as well, and the decision refers to it.
	byIndex, err := s.client.EntryAt(t.Context(), 3)
	if err != nil || byIndex.ID != r.ID {
		t.Fatalf("entry 3: %v, %v", byIndex, err)
	}
	decision := s.mustSubmit(s.world.Draft(a, entry.KindDecision, &entry.Decision{Request: r.ID, Outcome: "refused", Date: "2025-01-06"}, nil))
	filed = entryOf(t, s, r.ID)
	want := client.Ref{Index: 4, ID: decision.ID, Kind: entry.KindDecision, Author: a.ID}
	if len(filed.ReferredBy) != 1 || filed.ReferredBy[0] != want {
		t.Errorf("referredBy is %v, want %v", filed.ReferredBy, want)
	}
	if d := entryOf(t, s, decision.ID); len(d.Refers) != 1 || d.Refers[0].ID != r.ID {
		t.Errorf("refers is %v", d.Refers)
	}
	proof, err := s.client.Proof(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	r.Proof = string(proof)
	s.verify(r, request.Submission())
}

func entryOf(t *testing.T, s *server, id entry.ID) *client.EntryAnswer {
	t.Helper()
	e, err := s.client.Entry(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSignatory(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	s.mustSubmit(s.request(a))
	got, err := s.client.Signatory(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	x := got.Signatory
	if x.ID != a.ID || x.Name != a.Name || x.Role != entry.RoleSignatory || x.Seq != 2 || x.Head != a.Head || x.Requests != 1 || x.Standing != pledge.InStanding {
		t.Errorf("signatory is %+v", x)
	}
	if !got.SimulatedTime || got.Size != 4 || int64(got.AsOf) == 0 {
		t.Errorf("answer is %+v", got)
	}
	if x.Admitted == nil || x.Admitted.Index != 1 || len(x.Pledged) == 0 || len(x.Periods) == 0 || x.Outcomes["pending"] != 1 {
		t.Errorf("signatory is %+v", x)
	}
	// The secretariat drafts statements too.
	got, err = s.client.Signatory(t.Context(), entry.AuthorSecretariat)
	if err != nil {
		t.Fatal(err)
	}
	if x := got.Signatory; x.Role != "secretariat" || x.Seq != 2 || x.Head != s.world.Secretariat.Head || x.Periods != nil || x.Name == "" {
		t.Errorf("secretariat is %+v", x)
	}
	all, err := s.client.Signatories(t.Context())
	if err != nil || len(all.Signatories) != 1 || all.Signatories[0].ID != a.ID {
		t.Errorf("signatories are %+v, %v", all, err)
	}
	if _, err := s.client.Signatory(t.Context(), "nobody"); codeOf(err) != "signatory-unknown" {
		t.Errorf("unknown signatory: %v", err)
	}
	charter, id, err := s.client.Charter(t.Context())
	if err != nil || id != s.world.Charter || charter.Accord != s.world.Terms.Accord {
		t.Errorf("charter is %v, %v", charter, err)
	}
	if v, err := s.client.Vocabulary(t.Context()); err != nil || len(v.Lists) != len(entry.Terms().Lists) {
		t.Errorf("vocabulary is %v, %v", v, err)
	} else if card, ok := v.LawCards.Card("gb-tcn"); !ok || card.Existence.Told != entry.ToldNo || len(v.LawCards.Cards) != len(v.Lists["instrument"]) || v.LawCards.Notice != "Information, not advice." {
		t.Errorf("law cards are %+v", v.LawCards)
	}
}

func TestListPagesStayStable(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	for range 3 {
		s.mustSubmit(s.request(a))
	}
	first, err := s.client.Entries(t.Context(), client.Query{Author: a.ID, Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	s.mustSubmit(s.request(a)) // the log grows between the pages
	second, err := s.client.Entries(t.Context(), client.Query{Author: a.ID, Limit: 2, Cursor: first.Next})
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	for _, e := range append(first.Entries, second.Entries...) {
		got = append(got, e.Index)
	}
	if want := []uint64{5, 4, 3, 2}; !equal(got, want) {
		t.Errorf("entries are %v, want %v", got, want)
	}
	if first.Size != 6 || second.Size != 7 {
		t.Errorf("sizes are %d and %d", first.Size, second.Size)
	}
	kind, err := s.client.Entries(t.Context(), client.Query{Kind: entry.KindAdmit})
	if err != nil || len(kind.Entries) != 1 || kind.Entries[0].Index != 1 {
		t.Errorf("admissions are %+v, %v", kind, err)
	}
	none, err := s.client.Entries(t.Context(), client.Query{Author: "nobody-of-that-name"})
	if err != nil || len(none.Entries) != 0 || none.Size != 7 {
		t.Errorf("entries of nobody are %+v, %v", none, err)
	}
}

func equal(a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestManyStatementsInOrder(t *testing.T) {
	s := newServer(t)
	a, b := s.member(0), s.member(1)
	var subs []*entry.Submission
	for range 40 {
		subs = append(subs, s.say(s.request(a)), s.say(s.request(b)))
	}
	var text strings.Builder
	for _, sub := range subs {
		text.Write(sub.Marshal())
		text.WriteByte('\n')
	}
	for i, l := range s.stream(strings.TrimSuffix(text.String(), "\n")) { // the last line may lack its end
		if l.Line != i+1 || l.Status != http.StatusCreated {
			t.Fatalf("answer %d is %+v %v", i, l, l.Problem)
		}
		if l.Index != uint64(5+i) {
			t.Errorf("line %d has index %d, want %d", l.Line, l.Index, 5+i)
		}
		s.verify(l.Reply, subs[i])
	}
	for i, l := range s.stream(text.String()) {
		if l.Status != http.StatusOK || l.Index != uint64(5+i) {
			t.Fatalf("the second time answer %d is %+v %v", i, l, l.Problem)
		}
	}
	if n := s.size(); n != 85 {
		t.Errorf("the log has %d entries, want 85", n)
	}
}

func TestLineAfterRefusedOne(t *testing.T) {
	s := newServer(t)
	a, b := s.member(0), s.member(1)
	wrong := s.request(a).Encode().Sign()
	wrong.Envelope.Signatures[0].Sig[3] ^= 1
	bad := string(s.say(wrong).Marshal())
	after := string(s.say(s.request(a)).Marshal())
	other := string(s.say(s.request(b)).Marshal())
	last := string(s.say(s.request(a)).Marshal())

	got := s.stream(bad + "\n" + after + "\n" + other + "\n\n{}\nno json\n" + last + "\n")
	want := []struct {
		status int
		code   entry.Code
	}{
		{403, "signature-invalid"}, {424, "predecessor-refused"}, {201, ""}, {400, "line-empty"},
		{400, "member-missing"}, {400, "not-json"}, {424, "predecessor-refused"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d answers, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Line != i+1 || got[i].Status != w.status || (got[i].Problem == nil) != (w.code == "") || got[i].Problem != nil && got[i].Problem.Code != w.code {
			t.Errorf("line %d: %d %v, want %d %s", i+1, got[i].Status, got[i].Problem, w.status, w.code)
		}
	}
	if n := s.size(); n != 6 {
		t.Errorf("the log has %d entries, want 6", n)
	}
}

// A line that does not build on the one before it is judged only once that one's
// fate is known: the answer does not hang on timing.
func TestTwoLinesForOneSeq(t *testing.T) {
	s := newServer(t)
	a := s.member(0)
	for range 5 {
		keep := *a
		rejected := s.request(a).Encode()
		rejected.SetPayload(bytes.Replace(rejected.Payload, []byte(`"seq":`), []byte(`"seq":9`), 1)).Sign() // a gap
		good := s.request(a)
		got := s.stream(string(rejected.Submission().Marshal()) + "\n" + string(s.say(good).Marshal()) + "\n")
		if len(got) != 2 || got[0].Problem == nil || got[0].Problem.Code != "seq-gap" || got[1].Problem == nil || got[1].Problem.Code != "predecessor-refused" {
			t.Fatalf("answers are %v, %v", got[0].Problem, got[1].Problem)
		}
		if h := got[0].Problem.Head; h == nil || h.Seq != keep.Seq || h.ID != keep.Head {
			t.Errorf("head is %v, want %d %s", h, keep.Seq, keep.Head)
		}
		if _, err := s.client.Submit(t.Context(), good.Submission()); err != nil {
			t.Fatalf("alone: %v", err)
		}
	}
}

func decode[T any](t *testing.T, b []byte) T {
	t.Helper()
	var v T
	if err := unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %.300s", err, b)
	}
	return v
}
