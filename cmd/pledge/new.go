package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
)

// newFlags are the flags of `pledge new`.
type newFlags struct {
	from, author, policy, log, prev, clock, out string
	seq                                         uint64
}

func (a *app) newCommand() *cobra.Command {
	var f newFlags
	var kinds []string
	for _, k := range drafted {
		kinds = append(kinds, string(k))
	}
	cmd := &cobra.Command{
		Use:   "new KIND [--from FILE.yaml]",
		Short: "draft a statement",
		Long: `new drafts a statement of one KIND: ` + strings.Join(kinds, ", ") + `.

Without --from it prints a commented YAML template of that kind. With it, it
reads the YAML, asks the log what it can tell (the author's place in its chain,
the charter's terms, the counts of an attestation), shows what will become
public, and writes a draft file for pledge sign. Nothing is signed or sent.

A charter needs no log. For the others the log's address is --log, or stands in
the policy. With a policy the charter is taken only under a checkpoint that the
policy accepts. The author's place and the counts are the server's word: a wrong
place is refused at submission; look at the counts before you sign.

The draft holds what you wrote, and a random salt: keep it to yourself until it
is submitted.`,
		Example: `  pledge new request > request.yaml
  pledge new request --from request.yaml --author acme --policy policy.txt
  pledge new admit --from acme.yaml --policy policy.txt --out acme-admit.json
  pledge new charter --from charter.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return commandline.Usagef("for example: pledge new request > request.yaml", "new takes one kind of statement: %s", strings.Join(kinds, ", "))
			}
			return nil
		},
		ValidArgs: kinds,
		RunE: do(func(ctx context.Context, args []string) error {
			kind := entry.Kind(args[0])
			src := newSource(kind)
			if src == nil {
				if hint := elsewhere[kind]; hint != "" {
					return commandline.Usagef(hint, "new does not draft a statement of kind %s", kind)
				}
				return commandline.Usagef(cmp.Or(didYouMean(args[0], kinds), "the kinds are "+strings.Join(kinds, ", ")), "there is no kind of statement %q", args[0])
			}
			if f.from == "" {
				if f.out != "" || f.seq != 0 || f.prev != "" || f.author != "" || f.clock != "" {
					return commandline.Usagef(fmt.Sprintf("pledge new %s > %s.yaml gives a template to fill in", kind, kind), "there is nothing to draft from: --from is missing")
				}
				text, err := template(kind)
				if err != nil {
					return err
				}
				_, err = io.WriteString(a.out, text)
				return err
			}
			return a.draft(ctx, kind, src, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "draft from this YAML `FILE`; - reads standard input")
	flags.StringVar(&f.author, "author", "", "`ID` of who makes the statement, if the YAML does not say")
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log is held to")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.Uint64Var(&f.seq, "seq", 0, "the statement's place in its author's chain, `N`, instead of asking the log")
	flags.StringVar(&f.prev, "prev", "", "with --seq over 1: entry `ID` of the statement before it")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.StringVar(&f.out, "out", "", "draft `FILE` to write (default AUTHOR-KIND-SEQ.json)")
	return cmd
}

// draft makes a draft file from YAML.
func (a *app) draft(ctx context.Context, kind entry.Kind, src source, f newFlags) error {
	if f.out != "" && exists(f.out) {
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", f.out), "choose another name with --out, or move the file away")
	}
	text, name, err := a.readSource(f.from)
	if err != nil {
		return err
	}
	if err := decodeYAML(name, text, src); err != nil {
		// The author may stand in the YAML or not: it is said with the rest.
		var lacks *missing
		if errors.As(err, &lacks) && src.author() == "" && f.author == "" {
			lacks.members = slices.Insert(lacks.members, 0, "author")
		}
		return err
	}
	d := &drafting{st: &entry.Statement{Kind: kind, Lane: entry.LaneMain, Seq: f.seq}}
	if d.st.Author, err = pickAuthor(kind, src.author(), f.author); err != nil {
		return err
	}
	if (f.seq > 1) != (f.prev != "") {
		return commandline.Usagef("give --seq N and --prev ID together; the first statement has --seq 1 and no --prev", "--seq and --prev do not fit")
	}
	if f.prev != "" {
		if d.st.Prev, err = entry.ParseID(f.prev); err != nil {
			return commandline.Usagef("give the 64 hex digits that `pledge new` printed for the statement before", "--prev: %v", err)
		}
	}
	if charter, ok := src.(*charterYAML); ok {
		err = d.found(charter.origin(), f)
	} else {
		err = a.ask(ctx, d, src, f)
	}
	if err != nil {
		return err
	}
	made, err := a.clock(f.clock, d.st.Log)
	if err != nil {
		return err
	}
	d.st.Made = made.Unix()
	if err := src.draft(d); err != nil {
		return inFile(name, err)
	}
	sub, err := d.finish()
	if err != nil {
		return inFile(name, err)
	}
	out := f.out
	if out == "" {
		out = fmt.Sprintf("%s-%s-%d.json", d.st.Author, kind, d.st.Seq)
	}
	if err := createFile(out, sub.Marshal(), 0o600); err != nil {
		return fmt.Errorf("write draft: %w", err)
	}
	a.statement(sub)
	for _, n := range d.notes {
		a.note("%s", n)
	}
	a.simulated(d.st.Log)
	a.printf("draft       %s\n", out)
	return nil
}

// inFile puts the YAML file's name in front of what is wrong in it.
func inFile(name string, err error) error { return fmt.Errorf("%s: %w", name, err) }

func (a *app) readSource(from string) (text []byte, name string, err error) {
	if from == "-" {
		text, err = io.ReadAll(io.LimitReader(a.in, maxYAML+1))
		return text, "standard input", err
	}
	text, err = commandline.ReadInput(from, from, maxYAML, "pledge new KIND > "+from+" gives a template to fill in")
	return text, from, err
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
		yaml = flag
	}
	return yaml, entry.CheckAuthor(yaml)
}

// found makes the statement the first of a new log.
func (d *drafting) found(origin string, f newFlags) error {
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
	d.st.Log, d.st.Seq = origin, 1
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
func (a *app) ask(ctx context.Context, d *drafting, src source, f newFlags) error {
	var policy *log.Policy
	var err error
	if f.policy != "" {
		if policy, err = readPolicy(f.policy); err != nil {
			return err
		}
	}
	url, err := address(policy, f.log, "")
	if err != nil {
		return err
	}
	r, err := a.open(policy, url)
	if err != nil {
		return err
	}
	t, err := r.terms(ctx)
	if err != nil {
		return err
	}
	d.st.Log, d.charter, d.charterID = t.origin, t.charter, t.charterID
	// Refused before anything else is asked.
	if _, err := a.clock(f.clock, t.origin); err != nil {
		return err
	}
	if policy == nil {
		a.note("no --policy is given: that this is the log %s is the server's word", t.origin)
	}
	if f.seq == 0 || d.st.Kind == entry.KindAttestation {
		if d.signatory, err = r.signatory(ctx, d.st.Author, t.size); err != nil {
			return err
		}
	}
	if f.seq != 0 {
		return nil
	}
	d.st.Seq, d.st.Prev = d.signatory.Seq+1, d.signatory.Head
	if decision, ok := src.(*decisionYAML); ok {
		id, err := decision.request()
		if err != nil {
			return inFile(f.from, err)
		}
		return r.isRequest(ctx, id, d.st.Author)
	}
	return nil
}
