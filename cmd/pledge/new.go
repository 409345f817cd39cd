package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
)

// newFlags are the flags of `pledge new`.
type newFlags struct {
	from, author, policy, log, prev, clock, out string
	seq                                         uint64
	affirmAll                                   bool   // an attestation affirms all that its author pledged
	text                                        []byte // instead of from: what flags of another command say, as YAML
	edit, onDisk                                bool   // write it in an editor, if need be on a disk
	forSlot, fromSlot, review, permission       string // of requests
}

// check wants the flags that go with slots where they belong.
func (f *newFlags) check(kind entry.Kind) error {
	switch {
	case kind != entry.KindRequest && (f.forSlot != "" || f.fromSlot != ""):
		return commandline.Usagef("pledge new request --for-slot DIR, or --from-slot FILE", "slots hold requests, and this is a statement of kind %s", kind)
	case f.onDisk && !f.edit:
		return commandline.Usagef("add --edit", "--edit-on-disk goes with --edit")
	case f.edit && (f.from != "" || f.fromSlot != ""):
		return commandline.Usagef("leave one of them out", "--edit does not go with --from or --from-slot")
	case f.fromSlot != "" && (f.from != "" || f.forSlot != "" || f.author != ""):
		return commandline.Usagef("leave --from, --for-slot and --author out: what is requested stands in the commitment", "--from-slot does not go with them")
	case f.forSlot != "" && (f.seq != 0 || f.prev != "" || f.out != "" || f.log != ""):
		return commandline.Usagef("leave --seq, --prev, --out and --log out: nothing is drafted for the log yet, and it is not asked", "--for-slot does not go with them")
	case f.review != "" && f.fromSlot == "":
		return commandline.Usagef("write withhold: {review: DATE} in the YAML", "--review goes with --from-slot")
	case !isDate(f.review):
		return commandline.Usagef("for example: --review 2027-06-30", "--review: it is no date")
	case f.permission != "" && f.fromSlot == "":
		return commandline.Usagef("write permission: {reference: …} in the YAML", "--permission goes with --from-slot")
	}
	return nil
}

// isDate reports whether a flag has a date, or is not given.
func isDate(s string) bool {
	_, err := entry.ParseDate(s)
	return s == "" || err == nil
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
the terms in force, who has to sign, the counts of an attestation), shows what
will become public, and writes a draft file for pledge sign. Nothing is signed or
sent.

With --edit that template is opened in $VISUAL or $EDITOR instead. The file lies in a
private folder in memory, under XDG_RUNTIME_DIR or /dev/shm, and is removed with all
that the editor left beside it. After an error you can edit it again; what is unchanged
or empty drafts nothing. Give --safe if something may be kept back. What an editor keeps
elsewhere, such as a history, is its own (for vim: EDITOR="vim -i NONE"), and memory
may be swapped out to a disk: see docs/keys.md. Where no folder is in memory, on Windows
and macOS too, --edit-on-disk has it in TMPDIR while you edit: it is removed afterwards,
but who examines the disk may find it. What a run that was killed left the next removes;
on Windows you do, in TEMP.

A text need not be published with its statement. In the YAML of a request,
decision, attestation or reply, withhold: {review: DATE} commits to the text and
keeps it back; in that of any statement with a text, seal: {MEMBER: {reason: CODE,
review: DATE}} does so with single members. What is kept back is in the draft,
encrypted for your own safe and for those of all who sign: --safe FILE.pub (pledge
safe new). With --unencrypted it is in plain text, what opens seals in
FILE.sealed.json beside the draft. These are the only copies: pledge open opens
them. A request of which not even the existence may be told goes into the next slot:
--for-slot DIR asks nothing, sends nothing and leaves one file, which later
--from-slot drafts from.

The law card of the instrument is applied (pledge law): one that forbids telling of
a request refuses it, unless permission: {reference: …} in the YAML cites what
permits it. That reference is kept back too, and is never logged or sent; with
--unencrypted it stands in FILE.filing.json beside the draft. With --for-slot no card blocks. Cards are information, not advice.

A charter needs no log. For the others the log's address is --log, or stands in
the policy. With a policy the charter is taken only under a checkpoint that the
policy accepts. The author's place and the counts are the server's word: a wrong
place is refused at submission; look at the counts before you sign.

The draft holds what you wrote, and a random salt: keep it to yourself until it
is submitted. What is withheld or sealed is shown on a terminal only, unless
--show-withheld is given, and no error quotes it.`,
		Example: `  pledge new request > request.yaml
  pledge new request --from request.yaml --author acme --policy policy.txt
  pledge new admit --from acme.yaml --policy policy.txt --out acme-admit.json
  pledge new keys --from new-keys.yaml --author acme --policy policy.txt
  pledge new request --from withheld.yaml --policy policy.txt --safe counsel.safe.pub --safe ciso.safe.pub
  pledge new request --from request.yaml --policy policy.txt --for-slot slots --safe counsel.safe.pub
  pledge new request --from-slot slots/commitments/20260814T090000Z-1tR0n6aB.json --policy policy.txt --safe-key counsel.safe
  pledge new request --edit --author acme --policy policy.txt --safe counsel.safe.pub
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
			if err := f.check(kind); err != nil {
				return err
			}
			if f.fromSlot != "" {
				return a.outOfSlot(ctx, f)
			}
			if f.edit {
				return a.edit(ctx, kind, f)
			}
			if f.from == "" {
				if f.forSlot != "" || f.out != "" || f.seq != 0 || f.prev != "" || f.author != "" || f.clock != "" {
					return commandline.Usagef(fmt.Sprintf("pledge new %s > %s.yaml gives a template to fill in", kind, kind), "there is nothing to draft from: --from is missing")
				}
				text, err := template(kind)
				if err != nil {
					return err
				}
				_, err = io.WriteString(a.out, text)
				return err
			}
			if f.forSlot != "" {
				return a.commit(src.(*requestYAML), f)
			}
			return a.draft(ctx, kind, src, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "draft from this YAML `FILE`; - reads standard input")
	flags.BoolVar(&f.edit, "edit", false, "write the YAML in $VISUAL or $EDITOR, in a folder in memory that is removed afterwards")
	flags.BoolVar(&f.onDisk, "edit-on-disk", false, "with --edit: where there is no folder in memory, write it on the disk")
	flags.StringVar(&f.author, "author", "", "`ID` of who makes the statement, if the YAML does not say")
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log is held to")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.Uint64Var(&f.seq, "seq", 0, "the statement's place in its author's chain, `N`, instead of asking the log")
	flags.StringVar(&f.prev, "prev", "", "with --seq over 1: entry `ID` of the statement before it")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.StringVar(&f.forSlot, "for-slot", "", "keep a request, of which nobody may know, in `DIR` for the next slot; asks nothing and sends nothing")
	flags.StringVar(&f.fromSlot, "from-slot", "", "draft the request of a commitment `FILE` that was in a slot")
	flags.StringVar(&f.review, "review", "", "with --from-slot: withhold the text, review by `DATE`")
	flags.StringVar(&f.permission, "permission", "", "with --from-slot: `FILE` with the reference of what permits telling, where a law card forbids it")
	a.keepFlags(cmd)
	a.openingFlags(cmd)
	flags.BoolVar(&a.reveal, "show-withheld", false, showWithheld)
	flags.StringVar(&f.out, "out", "", "draft `FILE` to write (default AUTHOR-KIND-SEQ.json)")
	return cmd
}

// draft makes a draft file from YAML.
func (a *app) draft(ctx context.Context, kind entry.Kind, src source, f newFlags) error {
	if f.out != "" && exists(f.out) {
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", f.out), "choose another name with --out, or move the file away")
	}
	name, quiet, err := a.read(src, f)
	if err != nil {
		return err
	}
	d := &drafting{st: &entry.Statement{Kind: kind, Lane: entry.LaneOf(kind)}, affirmAll: f.affirmAll}
	if d.st.Author, err = pickAuthor(kind, src.author(), f.author); err != nil {
		return err
	}
	if keepsBack(src) {
		if _, err := a.keepers(nil, false); err != nil {
			return err
		}
	}
	if t, ok := src.(teller); ok {
		if err := t.tell(d); err != nil {
			if quiet {
				err = discreet(err)
			}
			return inFile(name, err)
		}
	}
	if charter, ok := src.(*charterYAML); ok {
		d.founds = charter.origin()
	}
	if err := a.settleIn(ctx, d, src, f); err != nil {
		return err
	}
	sub, err := d.compose(src)
	if err != nil {
		if quiet {
			err = discreet(err)
		}
		return inFile(name, err)
	}
	return a.writeDraft(d, sub, cmp.Or(f.out, d.fileName()))
}

// settleIn gives a statement its place, and wants the log to have what it names.
func (a *app) settleIn(ctx context.Context, d *drafting, src source, f newFlags) error {
	r, err := a.place(ctx, d, f)
	if err != nil {
		return err
	}
	named, ok := src.(referrer)
	if !ok || f.seq != 0 {
		return nil
	}
	for _, ref := range named.references() {
		if ref.id.IsZero() {
			continue
		}
		if err := r.check(ctx, d.st.Author, ref); err != nil {
			return err
		}
	}
	return nil
}

// fileName is what a draft is called when nobody says otherwise.
func (d *drafting) fileName() string {
	return fmt.Sprintf("%s-%s-%d.json", d.st.Author, d.st.Kind, d.st.Seq)
}

// compose makes the statement of a source, which has its place.
func (d *drafting) compose(src source) (*entry.Submission, error) {
	if err := src.draft(d); err != nil {
		return nil, err
	}
	if err := d.keepBack(src); err != nil {
		return nil, err
	}
	return d.finish()
}

// read reads the YAML that --from names into a source. Quiet says that something in
// it is kept back, so that no error may quote it.
func (a *app) read(src source, f newFlags) (name string, quiet bool, err error) {
	text, name := f.text, theFlags
	if f.edit {
		name = "what you wrote"
	}
	if text == nil {
		if text, name, err = a.readSource(f.from); err != nil {
			return "", false, err
		}
	}
	quiet = f.forSlot != "" || keepsAnything(text)
	if err := decodeYAML(name, text, src, quiet); err != nil {
		if name == theFlags {
			err = badUse(err)
		}
		// The author may stand in the YAML or not: it is said with the rest.
		var lacks *missing
		if errors.As(err, &lacks) && src.author() == "" && f.author == "" && !slices.Contains(lacks.members, "author") {
			lacks.members = slices.Insert(lacks.members, 0, "author")
		}
		if quiet {
			err = discreet(err)
		}
		return "", false, err
	}
	return name, quiet, nil
}

// badUse makes an error about what flags gave one of the command line.
func badUse(err error) error {
	f := &commandline.Failure{Err: err}
	errors.As(err, &f)
	return &commandline.Failure{Code: commandline.ExitUsage, Err: f.Err, Hint: f.Hint}
}

// writeDraft writes a draft and what stands beside it, and shows both.
func (a *app) writeDraft(d *drafting, sub *entry.Submission, out string) error {
	if err := a.keep(d, sub, out); err != nil {
		return err
	}
	a.statement(sub, d.disclosures)
	for _, n := range d.notes {
		a.note("%s", n)
	}
	a.pointAt(a.doubts(sub, d.disclosures))
	if sub.Statement.IsWithheld() {
		a.note("%s has the only copy of the text: keep it, also after it is submitted; without it the text can never be opened", out)
	}
	a.simulated(sub.Statement.Log)
	a.printf("draft       %s\n", out)
	if sub.Safe != nil {
		a.printf("kept back   in the draft, for the safes that were given\n")
		return nil
	}
	if d.seals != nil {
		a.note("%s has the only copy of what is under the seals: keep it; it is not needed to sign or submit", sealedPath(out))
		a.printf("sealed      %s\n", sealedPath(out))
	}
	if d.permission != "" {
		a.note("%s has the reference of the permission, for the company's own file: it is not needed to sign or submit", filingPath(out))
		a.printf("filing      %s\n", filingPath(out))
	}
	return nil
}

// keep writes a draft. What it keeps back goes into the safes of this run, as the
// draft's own; where it may be plain, what opens seals and what permits go beside it.
func (a *app) keep(d *drafting, sub *entry.Submission, out string) error {
	kept := d.kept(sub)
	if kept != nil {
		var err error
		if kept.Recipients, err = a.keepers(d.recipients, d.plain); err != nil {
			return err
		}
		if kept.Recipients != nil {
			if sub.Safe, err = kept.Seal(); err != nil {
				return err
			}
		}
	}
	// What stands beside a draft is written first: a draft without it could be signed
	// and submitted.
	var beside []string
	undo := func(err error) error {
		for _, path := range beside {
			err = errors.Join(err, os.Remove(path))
		}
		return err
	}
	if d.seals != nil && sub.Safe == nil {
		if err := keepDisclosures(out, sub.Statement.ID, d.disclosures); err != nil {
			return err
		}
		beside = append(beside, sealedPath(out))
	}
	if d.permission != "" && sub.Safe == nil {
		if err := keepFiling(out, sub.Statement, d.permission); err != nil {
			return undo(err)
		}
		beside = append(beside, filingPath(out))
	}
	if err := createFile(out, closed(sub).Marshal(), 0o600); err != nil {
		return undo(fmt.Errorf("write draft: %w", err))
	}
	return nil
}

// keepsBack reports whether what is drafted from a source keeps something back.
func keepsBack(src source) bool {
	if y, ok := src.(*requestYAML); ok && y.Permission != nil {
		return true
	}
	b, ok := src.(backkeeper)
	if !ok {
		return false
	}
	withhold, seals := b.keepsBack()
	return withhold != nil || seals.list != nil
}

// kept is what a draft keeps back, nil for nothing.
func (d *drafting) kept(sub *entry.Submission) *safe.Kept {
	k := &safe.Kept{BodyDigest: sub.Statement.BodyDigest}
	if sub.Statement.IsWithheld() || sub.Statement.Kind == entry.KindOpen {
		k.Body = sub.Body
	}
	for _, o := range d.disclosures {
		k.Disclosures = append(k.Disclosures, o.Text())
	}
	if d.permission != "" {
		cards := entry.LawCards()
		k.Filing = &safe.Filing{Made: entry.FormatTime(sub.Statement.Made), Version: cards.Version, Date: cards.Date, Reference: d.permission}
	}
	if k.Body == nil && k.Disclosures == nil && k.Filing == nil {
		return nil
	}
	return k
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
