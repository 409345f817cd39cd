package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
)

func (a *app) eraseCommand() *cobra.Command {
	var config string
	var o eraseOrder
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase --config FILE --basis BASIS --reference REFERENCE {ENTRY | DIGEST}",
		Short: "delete a text for ever, and say so in the log",
		Long: `erase logs the operator's statement that a text is erased, and deletes the text once
that is published: its file, its line in the bundle, its copy in the server's store.
The statement that the text belongs to stays in the log with its digest, and nobody
can publish the same text again. This can't be undone.

Give the entry id of a statement to erase all of its texts, those too that were
opened for it; or the digest of one text. A text that several statements published
is erased for all of them. Only what is public can be erased: a withheld text is not
here.

The log says why, for ever: BASIS is court-order, data-subject, safety or notice,
REFERENCE something like a docket number, of letters, digits and . / : - only. Never
put a name or the erased words there. DATE is when it was erased or ordered, today if
it is left out.

It works while the server runs, by its socket in the state folder, and while none
does. After a crash run the same command again: what is logged is not logged twice,
and what is not deleted yet is. Copies that others made are out of its reach: mirrors
delete theirs when they next follow the log, and backups are yours to look after. The
server's daily dumps are removed or made again; what "pledgelog dump" wrote is yours too.

Exit codes beside the usual: 3 the erasure is logged, and the texts are not deleted
yet; the server goes on with that.`,
		Example: `  pledgelog erase --config pledgelog.yaml --basis court-order --reference 3-O-112/26 yXw…
  pledgelog erase --config pledgelog.yaml --basis data-subject --reference DS-2026-17 --date 2026-08-14 --yes 9f2c…`,
		Args: commandline.OneArgument("give the entry id of a statement, or the digest of a text"),
	}
	configFlag(cmd, &config)
	cmd.Flags().StringVar(&o.Basis, "basis", "", "why: court-order, data-subject, safety or notice")
	cmd.Flags().StringVar(&o.Reference, "reference", "", "docket number or the like")
	cmd.Flags().StringVar(&o.Date, "date", "", "`DAY` on which it was ordered or done, YYYY-MM-DD (default today)")
	cmd.Flags().BoolVar(&yes, "yes", false, "erase without asking")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return do(func(ctx context.Context) error {
			if err := needConfig("erase", config); err != nil {
				return err
			}
			if err := o.complete(args[0]); err != nil {
				return err
			}
			s, err := loadConfig(config)
			if err != nil {
				return err
			}
			return a.erase(ctx, s, o, yes)
		})(cmd, args)
	}
	return cmd
}

// complete reads what is to be erased, and refuses what no server would take.
func (o *eraseOrder) complete(target string) error {
	id, err := entry.ParseID(target)
	switch {
	case err == nil:
		o.Entry = id
	case entry.IsDigest(target):
		o.Digest = target
	default:
		return commandline.Usagef("give the entry id, 64 hex digits, or the digest, 43 characters: both stand on the entry's page", "%q is neither an entry id nor a digest", target)
	}
	switch o.Basis {
	case entry.BasisCourtOrder, entry.BasisDataSubject, entry.BasisSafety, entry.BasisNotice:
	case "":
		return commandline.Usagef("give --basis court-order, data-subject, safety or notice", "--basis is missing")
	default:
		return commandline.Usagef("give court-order, data-subject, safety or notice", "--basis is %q", o.Basis)
	}
	if o.Reference == "" {
		return commandline.Usagef("give a docket number or the like: the log says why a text is gone", "--reference is missing")
	}
	if o.Date != "" {
		if _, err := entry.ParseDate(o.Date); err != nil {
			return commandline.Usagef("write it as YYYY-MM-DD", "--date is %q", o.Date)
		}
	}
	return nil
}

func (o *eraseOrder) String() string {
	what := "the text " + o.Digest
	if o.Digest == "" {
		what = "all texts of entry " + o.Entry.String()
	}
	return fmt.Sprintf("%s, on the basis of %s, %s", what, o.Basis, o.Reference)
}

func (a *app) erase(ctx context.Context, s *setup, o eraseOrder, yes bool) error {
	if len(s.operator) == 0 {
		return commandline.Refusedf("give the operator's key as operator_key: an erasure is the operator's statement", "the configuration names no operator key")
	}
	if !yes && !a.confirm("erase "+o.String()+", for ever?") {
		return commandline.Refusedf("say y, or give --yes", "nothing was erased")
	}
	answer, err := s.order(ctx, o)
	if err != nil {
		return err
	}
	if answer.Refused != "" {
		return commandline.Refusedf(answer.Hint, "%s", answer.Refused)
	}
	for _, t := range answer.Texts {
		when := "logged as"
		if t.Before {
			when = "logged before as"
		}
		a.Printf("erased  %s of entry %s\n        %s entry %d, %s\n", t.Digest, t.Of, when, t.Index, t.Erasure)
	}
	if !answer.Gone {
		return commandline.Undecided(errors.New("the erasure is logged, and the texts are not deleted yet"), "the server goes on with it, after a restart too; see its log, and run the same command again")
	}
	a.Printf("gone    from the log's folder and the server's store\n")
	a.Note("copies that others made, and your backups, may hold it still")
	return nil
}

// order has the running server carry out an order; without one it does so itself.
func (s *setup) order(ctx context.Context, o eraseOrder) (answer *eraseAnswer, err error) {
	logger := slog.New(slog.DiscardHandler)
	p, err := s.openParts(ctx, logger)
	if errors.Is(err, errRunning) {
		return askServer[eraseAnswer](ctx, s, "POST", "/erase", o)
	}
	if err != nil {
		return nil, err
	}
	// What has begun ends, also when somebody breaks it off: in this order.
	end := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, p.close(end)) }()
	config, err := s.intakeConfig(p, logger)
	if err != nil {
		return nil, err
	}
	in, err := intake.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(end, closeTime)
		defer cancel()
		err = errors.Join(err, in.Close(ctx))
	}()
	answer, err = carryOut(ctx, in, o)
	if err == nil && len(answer.Texts) > 0 {
		err = s.dumps().Forget() // a running server does that itself
	}
	return answer, err
}

// confirm puts a question and reports whether the answer was yes.
func (a *app) confirm(question string) bool {
	fmt.Fprintf(a.Err, "%s [y/N] ", daemon.OneLine(question))
	line := make([]byte, 100)
	n, _ := a.In.Read(line)
	answer, _, ended := strings.Cut(string(line[:n]), "\n")
	if !ended {
		fmt.Fprintln(a.Err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}
