package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/signer"
)

// slotFlags are the flags of `pledge slot`.
type slotFlags struct {
	author, key, passphrase, policy, log, dir, clock string
	timeout                                          time.Duration
}

func (a *app) slotCommand() *cobra.Command {
	var f slotFlags
	cmd := &cobra.Command{
		Use:   "slot --author ID --key KEYFILE --policy FILE [--dir DIR]",
		Short: "make, sign and submit the slot of the running period, by timer",
		Long: `slot makes the slot that the accord asks of every signatory in each day, week or
month, signs it with a key of use slot, and submits it. It has 64 places, and
nobody can tell how many of them hold anything: the work, the output, the files'
sizes and what is sent are always the same. So it is run by a timer, always, and
never because something happened.

What waits in DIR/commitments, put there by pledge new request --for-slot, gets a
place: the oldest 64; the rest waits for the next slot. When the law allows,
pledge new request --from-slot drafts an ordinary request that names the slot.

DIR/AUTHOR-slot-PERIOD.json gets the disclosures of the 64 places, mode 0600,
before anything is sent. It is the only copy, and the only way to show later what
was in the slot: losing it, or the commitment, loses the proof. Back DIR up, by a
timer too, and always, not only when something is in it:
pledge backup --out FILE --safe recovery.safe.pub DIR.

It can be run again at any time: a slot that was made and not logged yet is
submitted again, and one that is logged is not made twice. One that the log
refuses is set aside, and what was in it waits again. Exit code 3 says that the
outcome is not known yet: the next run finds out.

A systemd timer (the delay keeps all members from coming at once):

  # /etc/systemd/system/pledge-slot.timer
  [Timer]
  OnCalendar=*-*-* 03:00 UTC
  RandomizedDelaySec=2h
  Persistent=true
  [Install]
  WantedBy=timers.target

  # /etc/systemd/system/pledge-slot.service
  [Service]
  Type=oneshot
  User=pledge
  UMask=0077
  WorkingDirectory=/var/lib/pledge
  ExecStart=/usr/bin/pledge slot --author acme --key slot.key --policy policy.txt

Or cron: 17 3 * * * cd /var/lib/pledge && pledge slot --author acme --key slot.key --policy policy.txt

Once a day does for days, weeks and months.`,
		Example: `  pledge keygen --out slot.key --use slot --unencrypted
  pledge slot --author acme --key slot.key --policy policy.txt
  pledge slot list --author acme`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context, _ []string) error {
			const example = "for example: pledge slot --author acme --key slot.key --policy policy.txt"
			switch {
			case f.author == "":
				return commandline.Usagef(example, "--author is missing")
			case f.key == "":
				return commandline.Usagef(example, "--key is missing")
			case f.policy == "":
				return commandline.Usagef(example, "--policy is missing: without it no receipt can be verified")
			case f.timeout <= 0:
				return commandline.Usagef("for example: --timeout 2m", "--timeout has to be over 0")
			}
			ctx, cancel := context.WithTimeout(ctx, f.timeout)
			defer cancel()
			return a.slot(ctx, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.author, "author", "", "`ID` of the signatory")
	flags.StringVar(&f.key, "key", "", "secret key `FILE` of use slot, from pledge keygen --use slot, or "+references)
	passphraseFlag(cmd, &f.passphrase)
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log and the receipt are held to")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.StringVar(&f.dir, "dir", "slots", "`FOLDER` of slots and commitments")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Minute, "give up after this `time` in all")
	cmd.AddCommand(a.slotListCommand())
	return cmd
}

// A slotter makes slots of one author.
type slotter struct {
	*remote
	folder *slotFolder
	key    *signer.Signer
	head   *entry.Statement // its last slot in the log, nil before
	origin string
}

// slot is the whole run. Everything that depends on what waits is done before the
// first connection is opened, but for filling the places, which takes the same time
// full or empty.
func (a *app) slot(ctx context.Context, f slotFlags) error {
	if err := entry.CheckAuthor(f.author); err != nil {
		return commandline.Usagef("give the id that the signatory was admitted with", "--author: %w", err)
	}
	policy, err := readPolicy(f.policy)
	if err != nil {
		return err
	}
	s := new(slotter)
	if s.key, err = a.openKey(ctx, f.key, f.passphrase); err != nil {
		return err
	}
	defer s.key.Close()
	if s.folder, err = readSlots(f.dir, f.author); err != nil {
		return err
	}
	if s.remote, err = a.open(policy, f.log, ""); err != nil {
		return err
	}
	t, err := s.terms(ctx)
	if err != nil {
		return err
	}
	s.origin = t.origin
	now, err := a.clock(f.clock, t.origin)
	if err != nil {
		return err
	}
	acc, err := s.accord(ctx, "", t.size, everything)
	if err != nil {
		return err
	}
	if acc.state.Ended(now.Unix()) {
		return commandline.Refused(errors.New("the log has ended: no slot is owed"), "turn the timer off")
	}
	periods := running(acc.state, now.Unix())
	if len(periods) == 0 {
		return commandline.Refused(errors.New("the accord asks for no slots now"), "turn the timer off until it does")
	}
	if err := s.findHead(ctx); err != nil {
		return err
	}
	if err := s.resend(ctx); err != nil {
		return err
	}
	for _, p := range periods {
		if err := s.logPeriod(ctx, p, now.Unix()); err != nil {
			return err
		}
	}
	a.simulated(t.origin)
	a.note("what is in which slot, and what could not be read, is for a person to see: pledge slot list --author %s --dir %s", f.author, f.dir)
	return nil
}

// running returns the slot periods that run at a moment, the one that began first
// first. There may be two after the kind of period was changed: one that began by the
// old terms, and one by the new.
func running(s *pledge.State, at int64) []entry.SlotPeriod {
	var out []entry.SlotPeriod
	for _, kind := range []string{entry.SlotsMonth, entry.SlotsWeek, entry.SlotsDay} {
		if p := entry.SlotPeriodAt(kind, at); s.Terms(p.Start()).Slots == kind {
			out = append(out, p)
		}
	}
	return out
}

// findHead asks for the author's last slot in the log.
func (s *slotter) findHead(ctx context.Context) error {
	cursor := ""
	for range maxRejected {
		page, err := s.api.Entries(ctx, client.Query{Author: s.folder.author, Kind: entry.KindSlot, Cursor: cursor, Limit: 1})
		if err != nil {
			return askError("for the slots of "+s.folder.author, err)
		}
		for _, e := range page.Entries {
			if e.Verdict != pledge.Accepted {
				continue
			}
			st, err := statementOf(e.Leaf)
			if err != nil {
				return fmt.Errorf("read entry %d: %w", e.Index, err)
			}
			if st.Author != s.folder.author || st.Kind != entry.KindSlot {
				return fmt.Errorf("entry %d, which the server gives as a slot of %s, is another one", e.Index, s.folder.author)
			}
			s.head = st
			return nil
		}
		if page.Next == "" || page.Next == cursor {
			return nil
		}
		cursor = page.Next
	}
	return fmt.Errorf("the server gives more than %d slots of %s that were not accepted", maxRejected, s.folder.author)
}

// maxRejected is how many slots without effect are passed over.
const maxRejected = 1000

// resend submits what was made before and has no receipt.
func (s *slotter) resend(ctx context.Context) error {
	for _, old := range append([]*slotFile(nil), s.folder.slots...) {
		if old.logged || old.statement.Log != s.origin {
			continue
		}
		err := s.send(ctx, old)
		if refusal := refusalOf(err); refusal != nil {
			to, e := s.folder.setAside(old)
			if e != nil {
				return e
			}
			s.app.note("the log refuses the slot of %s: %s; it was set aside as %s, and what was in it waits for the next", old.period(), refusal.Code, to)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refusalOf returns the log's refusal of a statement, nil when an error is another.
func refusalOf(err error) *client.Problem {
	var p *client.Problem
	if errors.As(err, &p) && p.IsRefusal() {
		return p
	}
	return nil
}

// logPeriod makes the slot of a period, unless there is one, and submits it.
func (s *slotter) logPeriod(ctx context.Context, p entry.SlotPeriod, now int64) error {
	if made := s.folder.of(p); made != nil {
		s.app.printf("slot        %s is logged\nreceipt     %s\n", p, made.receipt())
		return nil
	}
	st := &entry.Statement{Log: s.origin, Author: s.folder.author, Lane: entry.LaneSlot, Seq: 1, Made: now, Kind: entry.KindSlot}
	if s.head != nil {
		if s.head.Body.(*entry.Slot).Period == p.String() {
			return commandline.Refused(fmt.Errorf("the slot of %s is logged, entry id %s, and it was not made in %s", p, s.head.ID, s.folder.dir), "see --dir: what is in that slot can only be shown with the file that pledge slot wrote when it was made")
		}
		st.Seq, st.Prev = s.head.Seq+1, s.head.ID
	}
	slot, disclosures, err := entry.NewSlot(rand.Reader, p, s.folder.waiting(s.origin))
	if err != nil {
		return fmt.Errorf("make slot: %w", err)
	}
	st.Body = slot
	payload, err := st.Payload()
	if err != nil {
		return fmt.Errorf("make slot: %w", err)
	}
	file := &slotFile{Envelope: &entry.Envelope{Payload: payload}, Disclosures: disclosures}
	if err := signEnvelope(ctx, file.Envelope, s.key); err != nil {
		return err
	}
	if file.statement, err = entry.ParseStatement(file.Envelope); err != nil {
		return fmt.Errorf("make slot: %w", err)
	}
	if err := s.folder.keep(file); err != nil {
		return err
	}
	err = s.send(ctx, file)
	refusal := refusalOf(err)
	if refusal == nil {
		return err
	}
	to, err := s.folder.setAside(file)
	if err != nil {
		return err
	}
	hint := cmp.Or(refusal.Hint, pledge.Hint(refusal.Code))
	if refusal.Code == pledge.CodeSignatureUncalled {
		hint = "see --key: it has to be a key of use slot that the author has in the log, by its admission or by a statement of kind keys"
	}
	return commandline.Refused(fmt.Errorf("the slot of %s, which was set aside as %s: %w", p, to, refusal), hint)
}

// send submits a slot and keeps its receipt.
func (s *slotter) send(ctx context.Context, file *slotFile) error {
	s.app.printf("slot        %s\nprivate     %s\n", file.period(), file.path)
	sub, err := entry.ParseSubmission(file.submission().Marshal())
	if err != nil {
		return err
	}
	if err := s.app.deliver(ctx, s.remote, sub, file.receipt()); err != nil {
		return err
	}
	file.logged = true
	if s.head == nil || s.head.Seq < file.statement.Seq {
		s.head = file.statement
	}
	return nil
}
