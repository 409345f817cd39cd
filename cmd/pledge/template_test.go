package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// Each template, filled in and with everything taken out of its comments, gives
// every member of its kind and makes a draft.
func TestTemplatesMakeDrafts(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sec1", "sec2", "rec1", "rec2", "op1", "acme1", "acme2", "secretariat-1.pub", "secretariat-2.pub", "secretariat-3.pub", "recovery-1.pub", "recovery-2.pub", "operator.pub"} {
		if code, _, stderr := pledgeCommand(t, "keygen", "--out", filepath.Join(dir, strings.TrimSuffix(name, ".pub")), "--unencrypted"); code != commandline.ExitDone {
			t.Fatal(stderr)
		}
	}
	origin := "log.accord.example/2026"
	signer, err := log.NewSigner(origin, seed(origin))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"order.pdf", "judgment.pdf", "report.pdf", "letter.pdf"} {
		write(t, filepath.Join(dir, name), []byte("a document"))
	}
	write(t, filepath.Join(dir, "checkpoint-2027.pub"), []byte(signer.Key().String()+"\n"))
	request := strings.Repeat("ab", 32)
	for kind, fill := range map[entry.Kind]map[string]string{
		entry.KindCharter: {
			"accord": "The accord", "logKeys": "[" + signer.Key().String() + "]", "id": "no-backdoors", "text": "We supply none.",
			"keys": "[sec1.pub, sec2.pub]", "keys/2": "[rec1.pub, rec2.pub]", "keys/3": "[op1.pub]",
		},
		entry.KindAdmit: {
			"id": "acme", "name": "Acme Ltd", "country": "XB", "website": "https://acme.example/", "keys": "[acme1.pub, acme2.pub]",
			"mode": "rekey", "lei": "5493001KJTIIGC8Y1R12", "entities": "[Acme Cloud Ltd]", "carveOuts": "[us-nsl, gb-tcn]",
		},
		entry.KindAmend:    {"from": "2027-01-01", "attestation": "half-year", "slots": "day"},
		entry.KindStanding: {"who": "acme", "standing": "proposed-removal", "reason": "attestation-missed"},
		entry.KindSucceed:  {"from": "acme", "to": "zeta"},
		// With the template's reason, rotation, nothing is doubtful.
		entry.KindKeys:      {"author": "acme", "keys": "[acme1.pub, acme2.pub]", "doubtful": leftOut},
		entry.KindCorrect:   {"author": "acme", "entry": request, "how": "superseded", "by": strings.Repeat("cd", 32)},
		entry.KindWithdraw:  {"author": "acme"},
		entry.KindChallenge: {"author": "watch", "against": "acme", "en": "Two numbers differ.", "entry": request, "finding": "logged-differs", "period": "2026-Q1"},
		// It is either a challenge or a finding.
		entry.KindReply:  {"author": "acme", "answer": "disputed", "challenge": leftOut, "finding": "logged-differs", "entry": request, "period": "2026-Q1"},
		entry.KindPledge: {"author": "acme", "clauses": "[no-backdoors]"},
		entry.KindRequest: {
			"author": "acme", "received": "2026-01", "country": "XB", "assist": "[other, backdoor]", "authority": "executive",
			"instrument": "informal", "statute": "An Act", "compulsion": "pressured", "gag": "requested", "gagReview": "2027-01-01",
			"targets": "[media]", "products": "[os, app]", "corroboration": "none", "agency": "The agency",
		},
		entry.KindDecision: {
			"author": "acme", "request": request, "outcome": "refused", "date": "2026-02-01", "grounds": "[unlawful, pledge]",
			"scope": "in", "court": "The court",
		},
		entry.KindAttestation: {
			"author": "acme", "period": "2026-Q1", "covers": "all", "total": "3", "clauses": "[no-backdoors]", "lateReason": "illness",
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			text, err := template(kind)
			if err != nil {
				t.Fatal(err)
			}
			if longest := slices.MaxFunc(strings.Split(text, "\n"), func(a, b string) int { return len(a) - len(b) }); len(longest) > 90 {
				t.Errorf("a line is too long for a terminal: %q", longest)
			}
			file := filepath.Join(dir, string(kind)+".yaml")
			filled := uncomment(text, fill)
			src := newSource(kind)
			if err := decodeYAML(file, []byte(filled), src, false); err != nil {
				t.Fatalf("%v\n%s", err, filled)
			}
			for _, m := range unset("", reflect.ValueOf(src).Elem()) {
				if fill[m] != leftOut || !strings.Contains(text, "\n"+m+":") && !strings.Contains(text, "\n#"+m+":") {
					t.Errorf("the template has no %s", m)
				}
			}
			d := &drafting{
				st:        &entry.Statement{Log: origin, Author: src.author(), Lane: entry.LaneMain, Seq: 1, Kind: kind, Made: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).Unix()},
				terms:     pledge.Terms{Attestation: entry.Quarter, Clauses: []entry.Clause{{ID: "no-backdoors"}}, ReviewDays: 365},
				clauses:   entry.ID{1},
				signatory: &client.Signatory{ID: "acme", Periods: []client.Period{{Period: entry.PeriodAt(entry.Quarter, 1767225600)}}},
			}
			sub, err := d.compose(src)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := entry.ParseDraft(sub.Marshal()); err != nil || again.Statement.ID != sub.Statement.ID {
				t.Errorf("the draft reads back as another one (%v)", err)
			}
		})
	}
}

// A template as it comes says what is missing, and makes no draft.
func TestTemplatesAsTheyCome(t *testing.T) {
	for _, kind := range drafted {
		text, err := template(kind)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeYAML("t.yaml", []byte(text), newSource(kind), false); err == nil {
			t.Errorf("the empty %s was taken", kind)
		}
	}
}

// Every code that a member takes stands in its template with its label.
func TestTemplatesListTheCodes(t *testing.T) {
	for _, kind := range drafted {
		text, err := template(kind)
		if err != nil {
			t.Fatal(err)
		}
		typ := reflect.TypeOf(newSource(kind)).Elem()
		for i := range typ.NumField() {
			list := typ.Field(i).Tag.Get("codes")
			for _, term := range entry.Terms().Lists[list] {
				if !regexp.MustCompile(`(?m)^ *#   ` + term.Code + ` +` + regexp.QuoteMeta(term.Label) + `$`).MatchString(text) {
					t.Errorf("the template of %s lacks %s of %s", kind, term.Code, list)
				}
			}
		}
	}
}

// leftOut is filled in for a member that does not go with the others.
const leftOut = "left out"

var (
	emptyMember = regexp.MustCompile(`^#?( *)(- )?([a-zA-Z]+):( \|)?$`)
	placeholder = regexp.MustCompile(`^#? *-$`)
	prose       = regexp.MustCompile(`^(# \S.*|#|)$`)
	hidden      = regexp.MustCompile(`^#(\S.*)$`)    // a member in a comment
	hiddenPart  = regexp.MustCompile(`^#(  +\S.*)$`) // a part of one, or a code in a list
)

// uncomment fills in the members that are empty and takes those out of comments
// that are in them. The second member of a name is filled in from name/2.
func uncomment(text string, fill map[string]string) string {
	var out []string
	seen := make(map[string]int)
	inside := false // a member that was in a comment
	for _, line := range strings.Split(text, "\n") {
		if m := emptyMember.FindStringSubmatch(line); m != nil && fill[m[3]] != "" {
			seen[m[3]]++
			value := fill[m[3]]
			if n := seen[m[3]]; n > 1 {
				value = fill[fmt.Sprintf("%s/%d", m[3], n)]
			}
			if value != leftOut {
				out = append(out, m[1]+m[2]+m[3]+": "+value)
			}
			continue
		}
		part := hiddenPart.FindStringSubmatch(line)
		switch m := hidden.FindStringSubmatch(line); {
		case placeholder.MatchString(line):
		case prose.MatchString(line):
			inside = false
		case m != nil:
			inside = true
			out = append(out, m[1])
		case part != nil && (inside || strings.HasSuffix(line, ":")):
			inside = true
			out = append(out, part[1])
		case !strings.HasPrefix(strings.TrimSpace(line), "#"):
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// unset lists the members of a source that have no value.
func unset(path string, v reflect.Value) []string {
	var out []string
	names, _ := members(v.Type())
	for i, name := range names {
		f := v.Field(i)
		switch {
		case f.IsZero():
			out = append(out, join(path, name))
		case f.Kind() == reflect.Struct && f.Type().Field(0).Tag.Get("yaml") != "":
			out = append(out, unset(join(path, name), f)...)
		}
	}
	return out
}
