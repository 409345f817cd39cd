package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/pledge"
)

// statusFlags are the flags of `pledge status`.
type statusFlags struct {
	author, policy, log, clock string
	check, json                bool
}

func (a *app) statusCommand() *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:   "status --author ID --policy FILE",
		Short: "say how an author stands, and what is due when",
		Long: `status reads all that an author stated, proves each statement to be in the log,
replays them by the rules that everybody judges by, and says what the log waits for
and until when: attestations, the slot of the running period, decisions, texts that
are withheld and whose day to look again comes, keys that somebody wants to replace;
and replies to challenges, of which the list is the server's word.

With --check it exits with 1 when something is overdue that can still be done: for a timer
that sends mail when a command fails. Slot periods that passed without a slot are missed,
and stay displayed: they do not count, since pledge slot makes that of the running period
only. While that one has none either, it counts: the timer of pledge slot may stand still.

With --json it prints one object: log, author, size, asOf, standing, seq, head, and
due, a list, what is due first first, of kind (attestation, slot, slots, reply,
decision, review, rekey), from, due, overdue, which is what --check counts, and period or
entry and index; slots are those of periods that passed, missed, with their count, how many
were owed, and the first of the periods.`,
		Example: `  pledge status --author acme --policy policy.txt
  pledge status --author acme --policy policy.txt --check
  17 8 * * 1-5 cd /var/lib/pledge && pledge status --author acme --policy policy.txt --check`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context, _ []string) error {
			const example = "for example: pledge status --author acme --policy policy.txt"
			switch {
			case f.author == "":
				return commandline.Usagef(example, "--author is missing")
			case f.policy == "":
				return commandline.Usagef(example, "--policy is missing: without it nothing can be proved")
			}
			return a.status(ctx, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.author, "author", "", "`ID` of the author")
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log is held to")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.BoolVar(&f.check, "check", false, "exit with 1 when something is overdue that can still be done")
	flags.BoolVar(&f.json, "json", false, "print one JSON object")
	return cmd
}

// statusJSON is what `pledge status --json` prints.
type statusJSON struct {
	Log      string    `json:"log"`
	Author   string    `json:"author"`
	Size     uint64    `json:"size"` // entries that the answer covers
	AsOf     string    `json:"asOf"`
	Standing string    `json:"standing"`
	Seq      uint64    `json:"seq"`
	Head     string    `json:"head,omitzero"`
	Due      []dueJSON `json:"due"`
}

type dueJSON struct {
	Kind    pledge.DutyKind `json:"kind"`
	From    string          `json:"from,omitzero"`
	Due     string          `json:"due"` // before it is in time
	Overdue bool            `json:"overdue"`
	Period  string          `json:"period,omitzero"`
	Missed  bool            `json:"missed,omitzero"` // it stays displayed, and can't be done any more
	Count   uint64          `json:"count,omitzero"`  // of slots
	Owed    uint64          `json:"owed,omitzero"`   // of slots
	Entry   string          `json:"entry,omitzero"`
	Index   *uint64         `json:"index,omitzero"`
}

func (a *app) status(ctx context.Context, f statusFlags) error {
	st, err := a.standing(ctx, f)
	if err != nil {
		return err
	}
	if f.json {
		out := statusJSON{Log: st.origin, Author: f.author, Size: st.size, AsOf: entry.FormatTime(st.now), Standing: st.Standing, Seq: st.Seq}
		if err := a.statusJSON(out, st.Head, st.due); err != nil {
			return err
		}
	} else {
		a.printStatus(st.Status, st.size, st.now, st.due)
		a.simulated(st.origin)
	}
	if !f.check {
		return nil
	}
	n := 0
	for _, d := range st.due {
		if d.IsPressing() {
			n++
		}
	}
	if n > 0 {
		return commandline.Refused(errors.New(counted(n, "thing is overdue", "things are overdue")), "pledge status without --check says which")
	}
	return nil
}

// A standing is how an author stands in a log, and what is due.
type standing struct {
	pledge.Status
	origin string
	size   uint64
	now    int64
	due    []pledge.Duty // what is due first first
	state  *pledge.State
	items  []*pledge.Item // of its chain, in order
}

// standing asks a log how an author stands there, and proves what can be.
func (a *app) standing(ctx context.Context, f statusFlags) (*standing, error) {
	if err := entry.CheckAuthor(f.author); err != nil {
		return nil, commandline.Usagef("give the id that the author was admitted with", "--author: %w", err)
	}
	policy, err := readPolicy(f.policy)
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
	clock, err := a.clock(f.clock, t.origin)
	if err != nil {
		return nil, err
	}
	asked, err := r.signatory(ctx, f.author, t.size)
	if err != nil {
		return nil, err
	}
	s, items, size, err := r.replay(ctx, f.author, t.size)
	if err != nil {
		return nil, err
	}
	now := max(clock.Unix(), s.Now())
	st, ok := s.Status(f.author, now)
	if !ok {
		return nil, fmt.Errorf("the chain that the server gives of %s does not have it", f.author)
	}
	ends, _, _ := s.Ends()
	due := append(s.Duties(f.author, now), repliesOwed(asked, ends, now)...)
	slices.SortStableFunc(due, func(x, y pledge.Duty) int { return cmp.Compare(x.Due, y.Due) })
	return &standing{st, t.origin, size, now, due, s, items}, nil
}

// replay reads an author's chain, proves what is in it, and judges it.
func (r *remote) replay(ctx context.Context, author string, size uint64) (*pledge.State, []*pledge.Item, uint64, error) {
	c, err := r.wholeChain(ctx, author, size)
	if err != nil {
		return nil, nil, 0, err
	}
	items, err := r.linksOf(c, author)
	if err != nil {
		return nil, nil, 0, err
	}
	keys := pledge.NewKeyring()
	for _, it := range items {
		keys.Learn(it.Statement)
	}
	keys.TryAll(items)
	if len(items) == 0 {
		return nil, nil, 0, errors.New("the server gives no charter")
	}
	s := pledge.NewPartial(items[0].Statement.Log, author)
	for _, it := range items {
		if v, _ := s.Step(it); v.Kind != pledge.Accepted {
			return nil, nil, 0, fmt.Errorf("entry %d, which the server gives as accepted, is %s: %s: %s", it.Index, v.Kind, v.Code, v.Detail)
		}
	}
	return s, items, c.Size, nil
}

// repliesOwed are the challenges to which a signatory has not replied yet, by the
// server's word: they are not in the signatory's own chain. Ends is when the log ends, 0
// when it does not.
func repliesOwed(s *client.Signatory, ends, now int64) (out []pledge.Duty) {
	for _, c := range s.Challenges {
		as := pledge.Challenge{Void: c.Void, Replies: make([]pledge.Reply, len(c.Replies))}
		if c.Against == s.ID && as.IsOpen() && (ends == 0 || int64(c.Due) <= ends) {
			out = append(out, pledge.Duty{
				Kind: pledge.DutyReply, Author: s.ID, From: int64(c.Logged), Due: int64(c.Due), Overdue: now >= int64(c.Due),
				Mark: pledge.Mark{Index: c.Index, Entry: c.ID, Logged: int64(c.Logged)},
			})
		}
	}
	return out
}

func (a *app) statusJSON(out statusJSON, head entry.ID, due []pledge.Duty) error {
	if !head.IsZero() {
		out.Head = head.String()
	}
	out.Due = make([]dueJSON, 0, len(due))
	for _, d := range due {
		one := dueJSON{Kind: d.Kind, Due: entry.FormatTime(d.Due), Overdue: d.IsPressing(), Missed: d.Kind == pledge.DutySlots, Period: d.Period, Count: d.Count, Owed: d.Owed}
		if d.From != 0 {
			one.From = entry.FormatTime(d.From)
		}
		if d.Period == "" {
			one.Entry, one.Index = d.Mark.Entry.String(), &d.Mark.Index
		}
		out.Due = append(out.Due, one)
	}
	b, err := json.Marshal(out, jsontext.WithIndent("  "))
	if err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	a.printf("%s\n", b)
	return nil
}

func (a *app) printStatus(st pledge.Status, size uint64, now int64, due []pledge.Duty) {
	name := st.ID
	if st.Admit != nil {
		name = fmt.Sprintf("%s (%s)", st.Admit.Name, st.ID)
	}
	a.printf("author      %s\n", name)
	if st.Standing != "" {
		a.printf("standing    %s\n", st.Standing)
	}
	a.printf("statements  %d in lane main, %d slots; as of %d entries\n", st.Seq, st.SlotSeq, size)
	a.printf("moment      %s\n", entry.FormatTime(now))
	if len(due) == 0 {
		a.printf("due         nothing\n")
		return
	}
	for _, d := range due {
		when := "before " + entry.FormatTime(d.Due)
		switch {
		case d.Kind == pledge.DutySlots:
			a.printf("missed      no slot for %s; stays displayed\n", d.MissedPeriods())
			continue
		case d.Behind:
			when += "; OVERDUE: the period before it passed without one, and the timer may stand still"
		case d.Overdue:
			when = "OVERDUE: it was due before " + entry.FormatTime(d.Due)
		case d.From > now:
			when = "from " + entry.FormatTime(d.From) + ", " + when
		}
		a.printf("due         %s: %s\n", dutyText(d), when)
	}
}

// dutyText says what there is to do, and by which command.
func dutyText(d pledge.Duty) string {
	switch d.Kind {
	case pledge.DutyAttestation:
		return "the attestation for " + d.Period
	case pledge.DutySlot:
		return "the slot for " + d.Period + " (pledge slot, by timer)"
	case pledge.DutyReply:
		return fmt.Sprintf("a reply to the challenge in entry %d (%s)", d.Mark.Index, d.Mark.Entry)
	case pledge.DutyDecision:
		return fmt.Sprintf("a decision on the request in entry %d (%s)", d.Mark.Index, d.Mark.Entry)
	case pledge.DutyReview:
		return fmt.Sprintf("to open the withheld text of entry %d, or to set another day (%s)", d.Mark.Index, d.Mark.Entry)
	case pledge.DutyRekey:
		return fmt.Sprintf("entry %d gives you new keys by the secretariat's word; any statement by your own keys stops that (%s)", d.Mark.Index, d.Mark.Entry)
	}
	return string(d.Kind)
}
