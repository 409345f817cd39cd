package monitor_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/schema/schematest"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/verifier/monitor"
)

// An auditPage is what an auditing witness publishes, by its schema.
type auditPage struct {
	verdict, text   string
	open, decisions []string
}

func (a auditPage) of(p *place) []byte {
	p.t.Helper()
	origin := p.world.Options.Origin
	sum := sha256.Sum256([]byte(origin))
	raw := p.checkpointOf("log")()
	v, err := p.world.Policy.OpenUnwitnessed(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	said := ""
	if a.text != "" {
		said = fmt.Sprintf(`"text":%q,`, a.text)
	}
	b := fmt.Appendf(nil, `{"format":"pledgelog.witness-audit.v1","origin":%q,"originHash":"%x","charter":%q,"policy":"x","verdict":%q,%s"checkpoint":%q,"size":%d,"root":%q,"published":1,
"began":"2026-05-01T07:00:00Z","ended":"2026-05-01T07:00:01Z","open":[%s],"accepted":[],"waiting":[],"soon":[],"decisions":[%s]}`+"\n",
		origin, sum, p.world.Charter.String(), a.verdict, said, raw, v.Checkpoint.Size, base64.StdEncoding.EncodeToString(v.Checkpoint.Root[:]), strings.Join(a.open, ","), strings.Join(a.decisions, ","))
	// Of one that cosigns the schema wants the report too.
	if a.verdict != "cosigns" {
		if err := schematest.Hold(b); err != nil {
			p.t.Errorf("%v\n%s", err, b)
		}
	}
	return b
}

func decisionOf(action, code string, index int, who string) string {
	return fmt.Sprintf(`{"action":%q,"finding":{"code":%q,"index":%d,"text":"A sentence on it."},"who":%q,"why":"harmless","when":"2026-05-01T06:00:00Z"}`, action, code, index, who)
}

func openOf(concerns string, index int) string {
	return fmt.Sprintf(`{"code":"statement-rejected","severity":"error","concerns":%q,"index":%d,"text":"A sentence."}`, concerns, index)
}

// auditor serves a witness that shows the log's checkpoint and what page returns beside
// it; nil is no page.
func (p *place) auditor(page func() []byte) string {
	sum := sha256.Sum256([]byte(p.world.Options.Origin))
	at := "/w/" + hex.EncodeToString(sum[:])
	return p.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch b := page(); {
		case r.URL.Path == at+"/checkpoint":
			w.Write(p.checkpointOf("log")())
		case r.URL.Path == at+"/audit.json" && b != nil:
			w.Write(b)
		default:
			http.NotFound(w, r)
		}
	})) + "/w"
}

// What an auditing witness says is told with its name: a refusal while it lasts, another
// one anew, and each decision of a person once.
func TestAuditingWitness(t *testing.T) {
	const refuses, unread, accepted = "misbehaviour/auditor-refuses", "infrastructure/auditor-unread", "raised/interest/finding-accepted"
	p := newPlace(t, 60, generator.Options{Seed: 50})
	old, one, two := decisionOf("accept", "statement-rejected", 3, "A. Person"), decisionOf("accept", "statement-rejected", 5, "A. Person"), decisionOf("accept", "body-missing", 6, "B. Person")
	page := auditPage{verdict: "cosigns", decisions: []string{old}}
	var raw []byte
	cfg := p.config("log", "    witnesses:", fmt.Sprintf("      - {name: east, url: %q, audits: true}", p.auditor(func() []byte { return raw })))
	cycle := func(what string, bytes []byte, wanted ...string) []*monitor.Alarm {
		t.Helper()
		raw = bytes
		list, out := p.once(cfg)
		want(t, what, list, wanted...)
		for _, a := range list {
			if a.From != "witness east" || a.Proof != monitor.ProofSeen || !strings.Contains(a.Text, "witness east") {
				t.Errorf("%s: from %q, proof %q: %s", what, a.From, a.Proof, a.Text)
			}
		}
		if open := slices.Contains(wanted, "raised/"+refuses); open && !out.Differs {
			t.Errorf("%s: %+v", what, out)
		}
		return list
	}
	cycle("it cosigns, and decided before", page.of(p))
	page.verdict, page.text, page.open = "refuses", "the checkpoint is refused: statement-rejected at entry 4", []string{openOf("operator", 4)}
	list := cycle("it refuses", page.of(p), "raised/"+refuses)
	if !strings.Contains(list[0].Text, page.text) {
		t.Error(list[0].Text)
	}
	cycle("still", page.of(p))
	if o := cfgOpen(t, cfg); len(o) != 1 {
		t.Errorf("open: %v", o)
	}
	page.open = append(page.open, openOf("operator", 5))
	cycle("another error", page.of(p), "raised/"+refuses, "ended/"+refuses)
	undecided := page
	undecided.verdict, undecided.open = "undecided", nil
	cycle("its audit goes on", undecided.of(p))
	cycle("gone", nil, "raised/"+unread)
	page.verdict, page.text, page.open, page.decisions = "cosigns", "", nil, []string{old, one, decisionOf("refuse", "statement-rejected", 3, "A. Person"), two}
	list = cycle("two were accepted", page.of(p), "ended/"+unread, "ended/"+refuses, accepted)
	n := 0
	for _, a := range list {
		if a.Code == monitor.CodeAccepted {
			n++
			if a.Finding == nil || !strings.Contains(a.Text, "harmless") || !strings.Contains(a.Text, ". Person") {
				t.Errorf("%+v", a)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d decisions are told, want 2", n)
	}
	cycle("again", page.of(p))
	page.decisions = []string{one}
	cycle("it lost some", page.of(p))
	page.decisions = []string{old, one, two}
	cycle("and has them again", page.of(p))
	page.verdict, page.text = "log-closed", "the log is closed"
	cycle("closed", page.of(p), "raised/infrastructure/auditor-refuses")
	page.verdict, page.text, page.open = "refuses", "the checkpoint is refused: bundle-mismatch", []string{openOf("view", 4)}
	cycle("for what it read", page.of(p), "raised/infrastructure/auditor-refuses", "ended/infrastructure/auditor-refuses")
	for what, change := range map[string][2]string{
		"of another log":       {p.world.Options.Origin, "other.example/1"},
		"by another charter":   {p.world.Charter.String(), strings.Repeat("a", 64)},
		"of another form":      {"witness-audit.v1", "witness-audit.v2"},
		"with another verdict": {`"refuses"`, `"shrugs"`},
		"not JSON":             {"{", ""},
	} {
		list := cycle(what, []byte(strings.Replace(string(page.of(p)), change[0], change[1], 1)), "raised/"+unread)
		if len(list) == 1 && strings.Contains(list[0].Text, "404") {
			t.Error(list[0].Text)
		}
		cycle("good again", page.of(p), "ended/"+unread)
	}

	// Without audits, it is not asked for.
	raw = page.of(p)
	cfg = p.config("log", "    witnesses:", fmt.Sprintf("      - {name: east, url: %q}", p.auditor(func() []byte { return raw })))
	list, _ = p.once(cfg)
	want(t, "not asked", list, "ended/infrastructure/auditor-refuses")
}

// With history, decisions are told that were made before the first cycle.
func TestAuditingWitnessHistory(t *testing.T) {
	p := newPlace(t, 5, generator.Options{Seed: 51})
	var decisions []string
	for i := range 130 {
		decisions = append(decisions, decisionOf("accept", "statement-rejected", i, "A. Person"))
	}
	page := auditPage{verdict: "cosigns", decisions: decisions}
	cfg := p.config("log", "    history: true", "    witnesses:", fmt.Sprintf("      - {name: east, url: %q, audits: true}", p.auditor(func() []byte { return page.of(p) })))
	told := make(map[uint64]int)
	for range 3 {
		list, _ := p.once(cfg)
		for _, a := range list {
			if a.Code == monitor.CodeAccepted {
				told[*a.Finding.Index]++
			}
		}
	}
	for i := range uint64(130) {
		if told[i] != 1 {
			t.Errorf("decision %d is told %d times", i, told[i])
		}
	}
}

func cfgOpen(t *testing.T, cfg *monitor.Config) []monitor.OpenAlarm {
	t.Helper()
	list, err := cfg.Open()
	if err != nil {
		t.Fatal(err)
	}
	return list
}
