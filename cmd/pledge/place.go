package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// place says which statement it is: whose, in which log, which number, after which
// other. What the log can tell is asked for.
func (a *app) place(ctx context.Context, d *drafting, f newFlags) (*remote, error) {
	if err := f.checkPlace(); err != nil {
		return nil, err
	}
	d.st.Seq = f.seq
	if f.prev != "" {
		d.st.Prev, _ = entry.ParseID(f.prev)
	}
	if d.founds != "" {
		return nil, a.found(d, d.founds, f)
	}
	return a.ask(ctx, d, f)
}

// checkPlace wants a place in a chain that can be one.
func (f *newFlags) checkPlace() error {
	if (f.seq > 1) != (f.prev != "") {
		return commandline.Usagef("give --seq N and --prev ID together; the first statement has --seq 1 and no --prev", "--seq and --prev do not fit")
	}
	if f.prev != "" {
		if _, err := entry.ParseID(f.prev); err != nil {
			return commandline.Usagef("give the 64 hex digits that `pledge new` printed for the statement before", "--prev: %v", err)
		}
	}
	return nil
}

// policyIn reads the policy that --policy names, nil when it is not given.
func policyIn(file string) (*log.Policy, error) {
	if file == "" {
		return nil, nil
	}
	return readPolicy(file)
}

// pickAuthor returns who makes the statement, by the YAML or by --author.
func pickAuthor(kind entry.Kind, yaml, flag string) (string, error) {
	switch {
	case yaml == entry.AuthorSecretariat && flag != "" && flag != yaml:
		return "", commandline.Usagef("leave --author out", "--author is %q, and a statement of kind %s is the secretariat's", flag, kind)
	case yaml == "" && flag == "":
		return "", commandline.Usagef("give --author ID, or author in the YAML", "it is not said who makes the statement")
	case yaml != "" && flag != "" && yaml != flag:
		return "", commandline.Usagef("leave one of them out", "--author is %q and the YAML's author is %q", flag, yaml)
	case yaml == "":
		if err := entry.CheckAuthor(flag); err != nil {
			return "", commandline.Usagef("give the id that the author was admitted with", "--author: %w", err)
		}
		yaml = flag
	}
	return yaml, entry.CheckAuthor(yaml)
}

// found makes the statement the first of a new log.
func (a *app) found(d *drafting, origin string, f newFlags) error {
	if f.seq > 1 || f.log != "" {
		return commandline.Usagef("leave --seq, --prev and --log out", "a charter is the first statement of a log that has none yet")
	}
	if f.policy != "" {
		policy, err := readPolicy(f.policy)
		if err != nil {
			return err
		}
		if !names(policy, origin) {
			return commandline.Refused(fmt.Errorf("the charter's log keys are those of %s, which is not in the policy", origin), "see logKeys and --policy")
		}
	}
	made, err := a.clock(f.clock, origin)
	if err != nil {
		return err
	}
	d.st.Log, d.st.Seq, d.st.Made = origin, 1, made.Unix()
	return nil
}

// names reports whether a policy knows a log.
func names(p *log.Policy, origin string) bool {
	for _, l := range p.Logs {
		if l.Key.Name == origin {
			return true
		}
	}
	return false
}

// ask fills in what the log can tell.
func (a *app) ask(ctx context.Context, d *drafting, f newFlags) (*remote, error) {
	policy, err := policyIn(f.policy)
	if err != nil {
		return nil, err
	}
	r, err := a.open(policy, f.log, "")
	if err != nil {
		return nil, err
	}
	t, err := r.terms(ctx)
	if err != nil {
		return nil, err
	}
	// Refused before anything else is asked.
	made, err := a.clock(f.clock, t.origin)
	if err != nil {
		return nil, err
	}
	d.st.Log, d.st.Made = t.origin, made.Unix()
	if policy == nil {
		a.note("no --policy is given: that this is the log %s is the server's word", t.origin)
	}
	acc, err := r.accord(ctx, d.st.Author, t.size, everything)
	if err != nil {
		return nil, err
	}
	if _, id := acc.state.Charter(); id != t.charterID {
		return nil, errors.New("the server gives two charters")
	}
	d.take(acc)
	if f.seq == 0 || d.st.Kind == entry.KindAttestation {
		if d.signatory, err = r.signatory(ctx, d.st.Author, t.size); err != nil {
			return nil, err
		}
	}
	if f.seq == 0 {
		d.st.Seq, d.st.Prev = d.signatory.Seq+1, d.signatory.Head
	}
	return r, nil
}

// take takes in what the accord says of the statement in the making.
func (d *drafting) take(a *accord) {
	d.terms = a.state.Terms(d.st.Made)
	var later entry.ID
	if d.clauses, later = a.clauses(d.st.Made); !later.IsZero() && d.st.Kind == entry.KindPledge {
		d.note("an amend has announced other clauses, entry id %s: pledge again when they are in force", later)
	}
	if at, successor, ok := a.state.Ends(); ok {
		next := ""
		if successor != "" {
			next = "; the log that goes on is " + successor
		}
		d.note("the log ends at %s%s", entry.FormatTime(at), next)
	}
	if in, ok := a.state.KeysOf(d.st.Author, d.st.Made); ok {
		d.signers = signersHint(in)
	}
}
