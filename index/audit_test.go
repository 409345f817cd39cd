package index_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/verifier"
)

// TestShowsWhatAnAuditShows: what a reader sees is what anybody's own audit of
// the same tree says.
func TestShowsWhatAnAuditShows(t *testing.T) {
	p := story(t, 600)
	all := len(p.world.Logged)
	p.publish(all)
	missing := 0
	for _, e := range p.world.Logged[log.TileWidth:] { // beyond the first bundle
		if e.Body != nil && missing < 3 {
			p.change(log.BodyPath(e.Digest), nil)
			missing++
		}
	}
	p.change(log.BodiesBundlePath(1), nil)
	x := p.caughtUp()
	report, err := verifier.Audit(t.Context(), verifier.Config{Policy: p.world.Policy, Charter: p.world.Charter, Source: p})
	if err != nil {
		t.Fatal(err)
	}
	v := x.View()
	if report.Size != v.Size || report.AsOf != entry.FormatTime(v.AsOf) {
		t.Fatalf("audit of size %d as of %s, index of %d as of %s", report.Size, report.AsOf, v.Size, entry.FormatTime(v.AsOf))
	}
	found, err := x.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var audited []pledge.Finding // those that are about statements
	for _, f := range report.Findings {
		if _, ok := pledge.MeaningOf(f.Code); ok {
			audited = append(audited, f)
		}
	}
	pledge.SortFindings(audited)
	if diff := cmp.Diff(audited, found); diff != "" || len(found) < 20 {
		t.Errorf("%d findings (-audit +index):\n%s", len(found), diff)
	}
	roll, err := x.Signatories(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Signatories) != len(roll.Statuses) {
		t.Fatalf("%d signatories audited, %d in the index", len(report.Signatories), len(roll.Statuses))
	}
	for i, a := range report.Signatories {
		st := roll.Statuses[i]
		got := verifier.Signatory{
			ID: st.ID, Name: st.Admit.Name, Role: st.Admit.Role, Country: st.Admit.Country, Website: st.Admit.Website, Standing: st.Standing,
			Seq: st.Seq, Head: st.Head.String(), Admitted: auditMark(st.Admitted), Pledged: st.Pledged, Requests: st.Requests, Outcomes: st.Outcomes,
		}
		for _, ps := range st.Periods {
			period := verifier.Period{Period: ps.Period.String(), State: ps.State, Deadline: entry.FormatTime(ps.Deadline), Logged: ps.Logged, ReceivedInLog: ps.Received}
			if ps.Attested != nil {
				m := auditMark(*ps.Attested)
				period.Attested, period.Covers, period.Received = &m, ps.Attestation.Covers, &ps.Attestation.Received.Total
			}
			got.Periods = append(got.Periods, period)
		}
		if diff := cmp.Diff(a, got, cmp.AllowUnexported(entry.Claim{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-audit +index):\n%s", st.ID, diff)
		}
	}
}

func auditMark(m pledge.Mark) verifier.Mark {
	return verifier.Mark{Index: m.Index, ID: m.Entry.String(), Logged: entry.FormatTime(m.Logged)}
}
