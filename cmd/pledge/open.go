package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
)

// openFlags are the flags of `pledge open`.
type openFlags struct {
	newFlags
	why    string
	fields []string
	cited  string // what permits telling, of which --permission names the file
}

func (a *app) openCommand() *cobra.Command {
	var f openFlags
	cmd := &cobra.Command{
		Use:   "open FILE... --why CODE --policy FILE",
		Short: "draft the opening of a text that was withheld or sealed",
		Long: `open drafts a statement that opens what another one kept back. FILE is that
other statement, as pledge new wrote it: it has the text that was withheld, and
FILE.sealed.json beside it what is under the seals. Several FILEs give as many
drafts, one after the other in the author's chain.

  a text that was withheld        is opened whole; what is sealed in it stays sealed
  --field MEMBER                  opens that sealed member; give it once for each
  --review DATE                   opens nothing: sets the day of the next review

The draft has the texts in it, in the safes that FILE has them in and in those that
--safe adds. They become public when it is submitted, and not
before: by then everybody has signed. What the log holds cannot be taken out.

A text that its law card forbids to tell, or that states a duty of secrecy by statute or
by order, is opened with --permission FILE alone: the line in it says what permits telling,
such as what lifted the order. It is kept in the draft's safe or beside it, and is never
logged. Who signs after you meets the card too.

--why is one of:
` + openReasons(),
		Example: `  pledge open acme-request-4.json --why order-lifted --policy policy.txt
  pledge open acme-request-6.json --why permission --field agency --policy policy.txt
  pledge open acme-request-4.json --why still-forbidden --review 2027-06-30 --policy policy.txt
  pledge sign acme-open-9.json --key acme-1.key
  pledge submit acme-open-9.json --policy policy.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return commandline.Usagef("for example: pledge open acme-request-4.json --why order-lifted --policy policy.txt", "open takes the files of statements that kept something back")
			}
			return nil
		},
		RunE: do(func(ctx context.Context, args []string) error {
			if err := f.checkOpen(args); err != nil {
				return err
			}
			var err error
			if f.cited, err = readPermission(f.permission); err != nil {
				return err
			}
			return a.openAll(ctx, args, f)
		}),
	}
	flags := cmd.Flags()
	a.keepFlags(cmd)
	a.openingFlags(cmd)
	flags.StringVar(&f.why, "why", "", "`CODE` that says why now")
	flags.StringArrayVar(&f.fields, "field", nil, "open the sealed `MEMBER`, such as country")
	flags.StringVar(&f.review, "review", "", "open nothing, and look at it again by `DATE`")
	flags.StringVar(&f.permission, "permission", "", "`FILE` with the reference of what permits telling, where a law card or a stated duty forbids it")
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log is held to")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.StringVar(&f.out, "out", "", "draft `FILE` to write (default AUTHOR-open-SEQ.json)")
	flags.BoolVar(&a.reveal, "show-withheld", false, showWithheld)
	return cmd
}

// openReasons lists the codes of --why.
func openReasons() string {
	text, err := codes("openWhy", "")
	if err != nil {
		panic(err) // the vocabulary is a part of the program
	}
	return strings.ReplaceAll(text, "#", " ")
}

func (f *openFlags) checkOpen(args []string) error {
	var words []string
	for _, t := range entry.Terms().Lists["openWhy"] {
		words = append(words, t.Code)
	}
	switch {
	case f.why == "":
		return commandline.Usagef("for example: --why order-lifted; the codes are "+strings.Join(words, ", "), "--why is missing")
	case !slices.Contains(words, f.why):
		return commandline.Usagef(cmp.Or(didYouMean(f.why, words), "the codes are "+strings.Join(words, ", ")), "--why is %q", f.why)
	case !isDate(f.review):
		return commandline.Usagef("for example: --review 2027-06-30", "--review: it is no date")
	case f.review != "" && f.fields != nil:
		return commandline.Usagef("open some now, and set the review of the rest in another statement", "--review opens nothing, and --field is given")
	case f.out != "" && len(args) > 1:
		return commandline.Usagef("leave --out out: each draft has a name of its own", "--out is one file, and %d are opened", len(args))
	}
	return nil
}

// An opening is a statement that kept something back, with all that opens it.
type opening struct {
	path        string
	sub         *entry.Submission
	disclosures []entry.Disclosure
	recipients  []*safe.Recipient // of the safes that it is kept in
	plain       bool              // it is kept in none
}

// readOpening reads a statement that kept something back. Its texts are wanted unless
// nothing is opened.
func (a *app) readOpening(ctx context.Context, path string, texts bool) (*opening, error) {
	sub, err := readDraft(path)
	if err != nil {
		return nil, err
	}
	o := &opening{path: path, sub: sub, plain: sub.Safe == nil}
	switch {
	case o.plain:
		if o.disclosures, err = readDisclosures(path, sub); err != nil {
			return nil, err
		}
	case texts && hidesText(sub):
		kept, err := a.openKept(ctx, "draft", path, sub.Safe)
		if err != nil {
			return nil, err
		}
		if o.sub, o.disclosures, err = opened(path, sub, kept); err != nil {
			return nil, err
		}
		o.recipients = kept.Recipients
	}
	if !sub.Statement.IsWithheld() && (sub.Detached == nil || len(sub.Detached.Seals()) == 0) {
		return nil, commandline.Refused(fmt.Errorf("%s keeps nothing back", path), "name the file of a statement whose text is withheld, or has sealed members")
	}
	return o, nil
}

// openAll drafts an open for each file.
func (a *app) openAll(ctx context.Context, paths []string, f openFlags) error {
	if f.out != "" && exists(f.out) {
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", f.out), "choose another name with --out, or move the file away")
	}
	return a.eachOpening(ctx, paths, f, func(d *drafting, sub *entry.Submission) error {
		return a.writeDraft(d, sub, cmp.Or(f.out, d.fileName()))
	})
}

// eachOpening drafts an open for each file, one after the other in the author's chain,
// and gives it to be written.
func (a *app) eachOpening(ctx context.Context, paths []string, f openFlags, write func(*drafting, *entry.Submission) error) error {
	var all []*opening
	for _, path := range paths {
		o, err := a.readOpening(ctx, path, f.review == "")
		if err != nil {
			return err
		}
		if len(all) > 0 && o.sub.Statement.Author != all[0].sub.Statement.Author {
			return commandline.Refused(fmt.Errorf("%s is by %s, and %s by %s", path, o.sub.Statement.Author, paths[0], all[0].sub.Statement.Author), "open those of one author at a time")
		}
		all = append(all, o)
	}
	place := &drafting{st: &entry.Statement{Kind: entry.KindOpen, Lane: entry.LaneMain, Author: all[0].sub.Statement.Author}}
	r, err := a.place(ctx, place, f.newFlags)
	if err != nil {
		return err
	}
	seq, prev := place.st.Seq, place.st.Prev
	for _, o := range all {
		st := *place.st
		st.Seq, st.Prev = seq, prev
		d := &drafting{st: &st, terms: place.terms, signers: place.signers, recipients: o.recipients, plain: o.plain}
		if o == all[0] {
			d.notes = place.notes
		}
		already, err := r.opened(ctx, o)
		if err != nil {
			return err
		}
		if err := o.draft(d, f, already); err != nil {
			return inFile(o.path, discreet(err))
		}
		if f.review == "" {
			if err := o.tell(d, f.cited); err != nil {
				return inFile(o.path, err)
			}
		}
		sub, err := d.finish()
		if err != nil {
			return inFile(o.path, discreet(err))
		}
		if err := write(d, sub); err != nil {
			return err
		}
		seq, prev = seq+1, sub.Statement.ID
	}
	return nil
}

// opened asks which digests were opened for a statement before. The statement has to
// be in the log.
func (r *remote) opened(ctx context.Context, o *opening) ([]string, error) {
	st := o.sub.Statement
	answer, err := r.api.Entry(ctx, st.ID)
	if isNotFound(err) {
		return nil, commandline.Refused(fmt.Errorf("%s is not in the log yet: it has no entry %s", o.path, st.ID), "submit it first")
	}
	if err != nil {
		return nil, askError("about "+o.path, err)
	}
	var digests []string
	for _, ref := range answer.ReferredBy {
		if ref.Kind != entry.KindOpen || ref.Author != st.Author {
			continue
		}
		by, err := r.api.Entry(ctx, ref.ID)
		if err != nil {
			return nil, askError("about what was opened", err)
		}
		opener, err := statementOf(by.Leaf)
		if err != nil {
			return nil, fmt.Errorf("read entry %s: %w", ref.ID, err)
		}
		if b, ok := opener.Body.(*entry.Open); ok && b.Entry == st.ID {
			digests = append(digests, b.Digests...)
		}
	}
	return digests, nil
}

// draft says what is opened.
func (o *opening) draft(d *drafting, f openFlags, already []string) error {
	st := o.sub.Statement
	hidden := st.IsWithheld() && !slices.Contains(already, st.BodyDigest)
	body := &entry.Open{Entry: st.ID, Why: f.why}
	d.st.Body = body
	if f.review != "" {
		if !hidden {
			return commandline.Refused(errors.New("its text is not withheld"), "--review is for a text that is not published; the review of a seal stands in the text and stays")
		}
		body.Review = f.review
		if err := d.checkReview(f.review); err != nil {
			return fmt.Errorf("--review: %w", err)
		}
		return nil
	}
	if hidden {
		body.Digests, d.body = []string{st.BodyDigest}, o.sub.Body
	}
	for _, field := range f.fields {
		opened, err := o.field(field)
		if err != nil {
			return err
		}
		if slices.Contains(already, opened.Digest()) {
			return commandline.Refused(fmt.Errorf("--field: %s is open already", field), "leave it out")
		}
		if !slices.ContainsFunc(d.disclosures, func(o entry.Disclosure) bool { return o.Name == field }) {
			body.Digests, d.disclosures = append(body.Digests, opened.Digest()), append(d.disclosures, opened)
		}
	}
	if body.Digests == nil {
		if seals := o.members(); seals != nil {
			return commandline.Usagef("name what to open: --field "+strings.Join(seals, ", --field "), "its text is published, and --field is not given")
		}
		return commandline.Refused(errors.New("its text is open already"), "there is nothing left to open")
	}
	slices.Sort(body.Digests)
	slices.SortFunc(d.disclosures, func(a, b entry.Disclosure) int { return strings.Compare(a.Digest(), b.Digest()) })
	return nil
}

// members are the sealed members of the text.
func (o *opening) members() []string {
	var out []string
	for _, s := range o.sub.Detached.Seals() {
		out = append(out, s.Member)
	}
	return out
}

// field returns what opens a sealed member.
func (o *opening) field(member string) (entry.Disclosure, error) {
	for _, d := range o.disclosures {
		if d.Name == member {
			return d, nil
		}
	}
	all := o.members()
	switch {
	case slices.Contains(all, member):
		return entry.Disclosure{}, commandline.Refused(fmt.Errorf("--field: what opens %s is not at hand", member), "put "+sealedPath(o.path)+" beside it, which pledge new wrote")
	case all == nil:
		return entry.Disclosure{}, commandline.Usagef("leave --field out", "--field: nothing is sealed in it")
	}
	return entry.Disclosure{}, commandline.Usagef("sealed are "+strings.Join(all, ", "), "--field: %s is not sealed in it", member)
}
