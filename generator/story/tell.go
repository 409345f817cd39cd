package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
)

// A teller writes scenes as files.
type teller struct {
	dir          string
	keys, logKey string // as seen from the YAML files
	world        *generator.World
	scenes       []generator.Scene
}

func (t *teller) tell() error {
	var plan, keys strings.Builder
	seen := make(map[string]bool)
	for i, s := range t.scenes {
		st := s.Statement
		// The subject of an admission says more than its author does.
		who := st.Author
		if b, ok := st.Statement.Body.(*entry.Admit); ok {
			who = b.ID
		}
		file := fmt.Sprintf("%s-%s-%s.yaml", number(i), st.Kind, who)
		if err := t.write(file, t.yaml(s)); err != nil {
			return err
		}
		var names []string
		for _, k := range st.Signers {
			name := keyName(k)
			names = append(names, name)
			if !seen[name] && name != operatorKey {
				seen[name] = true
				keys.WriteString(name + "\n")
			}
		}
		answers := "-"
		if s.Answers >= 0 {
			answers = number(s.Answers)
		}
		fmt.Fprintf(&plan, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", number(i), entry.FormatTime(s.At), st.Kind, st.Author, file, strings.Join(names, ","), answers)
	}
	for name, text := range map[string]string{
		"plan.tsv": plan.String(), "keys.txt": keys.String(),
		"origin": t.world.Options.Origin + "\n", "end": entry.FormatTime(generator.DemoEnd.Unix()) + "\n",
	} {
		if err := t.write(name, text); err != nil {
			return err
		}
	}
	return nil
}

// operatorKey is the one key that `pledgelog keygen` makes.
const operatorKey = "operator"

// keyName is the name of a key's file, without .key.
func keyName(k *generator.Key) string {
	if k.Name == operatorKey+"-1" {
		return operatorKey
	}
	return k.Name
}

// number counts scenes from 1.
func number(i int) string { return fmt.Sprintf("%03d", i+1) }

func (t *teller) write(name, text string) error {
	if err := os.WriteFile(filepath.Join(t.dir, name), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write story: %w", err)
	}
	return nil
}

// yaml writes what `pledge new` reads. What the log can tell, seq, prev and
// counts, is left out, and so is what the tool makes, such as salts.
func (t *teller) yaml(s generator.Scene) string {
	var y yaml
	st := s.Statement
	fmt.Fprintf(&y.Builder, "# %s, %s\n", st.Kind, entry.FormatTime(s.At))
	if st.Author != entry.AuthorSecretariat {
		y.text(0, "author", st.Author)
	}
	switch b := st.Statement.Body.(type) {
	case *entry.Charter:
		t.charter(&y, b, st.Detached.(*entry.CharterBody))
	case *entry.Admit:
		t.admit(&y, b)
	case *entry.Pledge:
		y.list(0, "clauses", b.Clauses)
	case *entry.Request:
		request(&y, b, st.Detached.(*entry.RequestBody))
	case *entry.Decision:
		y.text(0, "request", "@"+number(s.Answers))
		decision(&y, b, st.Detached.(*entry.DecisionBody))
	case *entry.Attestation:
		attestation(&y, b, st.Detached.(*entry.AttestationBody))
	}
	return y.String()
}

func (t *teller) charter(y *yaml, c *entry.Charter, body *entry.CharterBody) {
	y.text(0, "accord", c.Accord)
	y.list(0, "logKeys", []string{t.logKey})
	y.member(0, "clauses")
	for _, cl := range c.Clauses {
		y.text(1, "- id", cl.ID)
		y.text(2, "text", body.Clauses[cl.ID])
	}
	y.text(0, "attestation", string(c.Attestation))
	for _, d := range []struct {
		name string
		days uint64
	}{{"graceDays", c.GraceDays}, {"fileDays", c.FileDays}, {"decisionDays", c.DecisionDays}, {"replyDays", c.ReplyDays}, {"reviewDays", c.ReviewDays}} {
		y.number(0, d.name, d.days)
	}
	y.text(0, "slots", c.Slots)
	w := t.world
	for _, set := range []struct {
		name string
		keys []*generator.Key
		of   entry.KeySet
	}{{"secretariat", w.Secretariat.Keys, c.Secretariat}, {"recovery", w.Recovery, c.Recovery}, {"operator", w.Operator, c.Operator}} {
		y.member(0, set.name)
		y.number(1, "threshold", set.of.Threshold)
		y.list(1, "keys", t.files(set.keys))
	}
}

func (t *teller) admit(y *yaml, a *entry.Admit) {
	y.text(0, "id", a.ID)
	y.text(0, "name", a.Name)
	y.text(0, "role", a.Role)
	y.text(0, "country", a.Country)
	y.text(0, "website", a.Website)
	y.list(0, "entities", a.Entities)
	y.number(0, "threshold", a.Threshold)
	i := slices.IndexFunc(t.world.Signatories, func(s *generator.Author) bool { return s.ID == a.ID })
	y.list(0, "keys", t.files(t.world.Signatories[i].Keys))
}

// files names the public halves of keys.
func (t *teller) files(keys []*generator.Key) []string {
	var names []string
	for _, k := range keys {
		names = append(names, path.Join(t.keys, keyName(k)+".key.pub"))
	}
	return names
}

func request(y *yaml, r *entry.Request, b *entry.RequestBody) {
	y.text(0, "received", b.Received)
	if r.Received == entry.Withheld {
		y.text(0, "period", entry.Withheld)
	}
	y.text(0, "country", b.Country)
	y.text(0, "authority", b.Authority)
	y.text(0, "agency", b.Agency)
	y.list(0, "assist", b.Assist)
	y.texts("other", b.Other)
	y.text(0, "instrument", b.Instrument)
	y.text(0, "statute", b.Statute)
	y.text(0, "compulsion", b.Compulsion)
	y.text(0, "gag", b.Gag)
	y.text(0, "gagReview", b.GagReview)
	y.list(0, "targets", b.Targets)
	y.list(0, "products", b.Products)
	y.text(0, "corroboration", b.Corroboration)
	y.texts("narrative", b.Narrative)
	y.documents(b.Documents)
}

func decision(y *yaml, d *entry.Decision, b *entry.DecisionBody) {
	y.text(0, "outcome", d.Outcome)
	y.text(0, "date", d.Date)
	y.list(0, "grounds", d.Grounds)
	y.text(0, "scope", d.Scope)
	y.texts("narrative", b.Narrative)
	y.text(0, "court", b.Court)
	y.documents(b.Documents)
}

func attestation(y *yaml, a *entry.Attestation, b *entry.AttestationBody) {
	y.text(0, "period", a.Period.String())
	y.text(0, "covers", a.Covers)
	y.member(0, "received")
	switch n := a.Received.Total; {
	case n.CannotSay:
		y.text(1, "total", "cannot-say")
	case n.IsBand():
		y.member(1, "total")
		y.number(2, "min", n.Min)
		y.number(2, "max", n.Max)
	default:
		y.number(1, "total", n.Max)
	}
	y.list(0, "clauses", a.Clauses)
	y.text(0, "lateReason", a.LateReason)
	y.texts("narrative", b.Narrative)
}
