package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// An auditFlags is how add-log is told to audit.
type auditFlags struct{ source, policy, charter string }

func (f *auditFlags) declare(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.source, "audit", "", "audit the log, which is read at this `URL|DIR`, before each cosignature")
	cmd.Flags().StringVar(&f.policy, "policy", "", "with --audit: `FILE` with the log's trust policy (c2sp.org/tlog-policy)")
	cmd.Flags().StringVar(&f.charter, "charter", "", "with --audit: entry `ID` of the charter, from somewhere other than the log")
}

// read returns how to audit; nil when not at all.
func (f *auditFlags) read() (*witness.AuditOf, error) {
	if f.source == "" {
		if f.policy != "" || f.charter != "" {
			return nil, commandline.Usagef("say with --audit where the log is read", "--policy and --charter are for an audit, and --audit is missing")
		}
		return nil, nil
	}
	if f.policy == "" || f.charter == "" {
		return nil, commandline.Usagef("give the log's policy file, and the charter's entry id from somewhere other than the log", "--audit needs --policy and --charter")
	}
	policy, err := commandline.ReadInput("policy", f.policy, witness.MaxAuditPolicy, "give the log's policy file with --policy")
	if err != nil {
		return nil, err
	}
	source := f.source
	if !strings.Contains(source, "://") {
		// The witness may run in another folder.
		if source, err = filepath.Abs(source); err != nil {
			return nil, err
		}
	}
	if _, err := log.OpenSource(source); err != nil {
		return nil, commandline.Usagef("give the log's address, or a directory that holds it", "%w", commandline.PlainError(err))
	}
	return &witness.AuditOf{Policy: string(policy), Charter: f.charter, Source: source}, nil
}

// A looked is what an audit of a log says now.
type looked struct {
	log       *witness.Log
	audit     *witness.Audited // the last; nil: none
	decisions []witness.Decision
	witness.Verdict
}

func look(state *witness.State, origin string) (*looked, error) {
	l, err := state.Load(origin)
	if errors.Is(err, witness.ErrUnknownLog) {
		return nil, commandline.Refusedf("see `pledge-witness list`", "there is no log %q", origin)
	}
	if err != nil {
		return nil, stateFailure(err)
	}
	if l.Audit == nil {
		return nil, commandline.Refusedf("have it audited with `pledge-witness add-log --audit`", "%s is not audited", origin)
	}
	return lookAt(state, l)
}

func lookAt(state *witness.State, l *witness.Log) (*looked, error) {
	o, err := state.LastAudit(l.Origin)
	if err != nil {
		return nil, stateFailure(err)
	}
	decisions, err := state.Decisions(l.Origin)
	if err != nil {
		return nil, stateFailure(err)
	}
	k := &looked{log: l, audit: o, decisions: decisions}
	if o != nil {
		k.Verdict = o.Weigh(decisions)
	}
	return k, nil
}

// A shownFinding is a finding as `findings --json` prints it.
type shownFinding struct {
	State  string         `json:"state"` // open, accepted, or waits
	Name   string         `json:"name"`  // as accept-finding takes it
	Code   entry.Code     `json:"code"`
	Index  *uint64        `json:"index,omitzero"`
	Entry  string         `json:"entry,omitzero"`
	Reason entry.Code     `json:"reason,omitzero"`
	Text   string         `json:"text"`
	Who    string         `json:"who,omitzero"` // accepted it
	Why    string         `json:"why,omitzero"`
	When   string         `json:"when,omitzero"`
	named  *witness.Named // nil: it can't be decided on
}

func shown(state string, n witness.Named) shownFinding {
	return shownFinding{State: state, Name: n.String(), Code: n.Code, Index: n.Index, Entry: n.Entry, Reason: n.Reason, Text: n.Text, named: &n}
}

// findings lists what the last audit counts.
func (k *looked) findings() []shownFinding {
	list := []shownFinding{}
	for _, f := range k.Open {
		list = append(list, shown("open", witness.NamedOf(f)))
	}
	for _, a := range k.Accepted {
		f := shown("accepted", witness.NamedOf(a.Finding))
		f.Who, f.Why, f.When = a.Who, a.Why, a.When
		list = append(list, f)
	}
	if k.audit != nil {
		for _, f := range k.audit.Waiting {
			list = append(list, shown("waits", witness.NamedOf(f)))
		}
		for _, f := range k.audit.Soon {
			list = append(list, shown("waits", witness.NamedOf(f)))
		}
	}
	return list
}

func (a *app) findingsCommand() *cobra.Command {
	var asJSON bool
	cmd := a.configured(&cobra.Command{
		Use:   "findings --config FILE ORIGIN",
		Short: "list what the audit of a log found against its operator or its copy",
		Long: `findings lists what the last audit of a log found that concerns its operator, or the
copy that is read, and that is an error: what is open keeps the log from being
cosigned, what was accepted does not. "waits" are texts that are not served, of
entries that were not published, or only a moment before. Findings on authors are
none of this witness's matter, and stand in audit.json.

With --json it is one object with the members origin, verdict, text, size and
findings, a list of objects with state, name, code, index, entry, reason, text, and
who, why and when for one that was accepted.

It ends with 0 when nothing is open, with 1 when the log is refused, and with 3 when
there is no audit, or none that came to a result.`,
		Example: `  pledge-witness findings --config witness.yaml log.accord.example/2026
  pledge-witness findings --config witness.yaml --json log.accord.example/2026`,
		Args: commandline.OneArgument("name the log by its origin"),
	}, func(_ context.Context, s *setup, args []string) error {
		state, err := s.openState()
		if err != nil {
			return err
		}
		k, err := look(state, args[0])
		if err != nil {
			return err
		}
		if err := a.showFindings(k, asJSON); err != nil {
			return err
		}
		switch {
		case k.audit == nil:
			return commandline.Undecided(fmt.Errorf("%s was not audited yet", k.log.Origin), "wait until the log asks for a cosignature")
		case errors.Is(k.Err, witness.ErrRefused):
			return commandline.Refused(k.Err, "look at it, and if it may pass: pledge-witness accept-finding")
		case k.Err != nil && len(k.log.AuditLacks()) > 0:
			return commandline.Undecided(k.Err, "if the log has changed its key, give its new policy: "+setPolicy(k.log))
		case k.Err != nil:
			return commandline.Undecided(k.Err, "the audit is made again when the log asks; see the witness's log")
		}
		return nil
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) showFindings(k *looked, asJSON bool) error {
	list := k.findings()
	if asJSON {
		verdict, text := witness.Summary(k.log, k.audit, k.Verdict)
		var size uint64
		if k.audit != nil {
			size = k.audit.Size
		}
		b, err := json.Marshal(struct {
			Origin   string         `json:"origin"`
			Verdict  string         `json:"verdict"`
			Text     string         `json:"text,omitzero"`
			Size     uint64         `json:"size"` // that was audited
			Findings []shownFinding `json:"findings"`
		}{k.log.Origin, verdict, text, size, list}, jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		a.Printf("%s\n", b)
		return nil
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tFINDING\tTEXT")
	for _, f := range list {
		text := f.Text
		if f.Who != "" {
			text += fmt.Sprintf(" (accepted by %s, %s: %s)", f.Who, f.When, f.Why)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Name, daemon.OneLine(text))
	}
	w.Flush()
	a.Printf("%s", table.String())
	if k.audit != nil && k.audit.More > 0 {
		a.Note("%d more are open that are not listed", k.audit.More)
	}
	return nil
}

// decideCommand is accept-finding or refuse-finding.
func (a *app) decideCommand(action string) *cobra.Command {
	var who, why string
	verb, state, short, long := "accept-finding", "open", "have a log cosigned in spite of one finding of its audit",
		`accept-finding records that a person looked at one open finding of a log's audit and
accepts it: the log is cosigned again when it asks, unless something else is open.
That finding alone is accepted; another of the same code is not, and neither is the
same entry under another code.

Who and why are published in audit.json with the finding, and stay there. Nothing
takes a decision off the record; refuse-finding ends it from then on.`
	if action == witness.ActionRefuse {
		verb, state, short, long = "refuse-finding", "accepted", "end the acceptance of a finding",
			`refuse-finding ends what accept-finding began: the finding is open again, and the log
is not cosigned. Both stay on record and are published in audit.json.`
	}
	cmd := a.configured(&cobra.Command{
		Use:   verb + " --config FILE --who NAME --why TEXT ORIGIN INDEX|CODE|CODE@INDEX",
		Short: short,
		Long:  long,
		Example: `  pledge-witness ` + verb + ` --config witness.yaml --who "A. Person" --why "looked at entry 17, ticket 12" log.accord.example/2026 17
  pledge-witness ` + verb + ` --config witness.yaml --who "A. Person" --why "see ticket 12" log.accord.example/2026 statement-rejected@17`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return commandline.Usagef("name the log by its origin, and the finding by its entry's index, its code or both, as `pledge-witness findings` shows them", "there are %d arguments and not 2", len(args))
			}
			return nil
		},
	}, func(ctx context.Context, s *setup, args []string) error {
		if who == "" || why == "" {
			return commandline.Usagef("both are published with the finding", "--who or --why is missing")
		}
		st, err := s.openState()
		if err != nil {
			return err
		}
		k, err := look(st, args[0])
		if err != nil {
			return err
		}
		f, err := k.pick(state, args[1])
		if err != nil {
			return err
		}
		now, err := daemon.Clock(s.SimulatedClock, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		err = st.Decide(ctx, args[0], witness.Decision{Action: action, Finding: *f.named, Who: who, Why: why, When: entry.FormatTime(now().Unix())})
		switch {
		case errors.Is(err, witness.ErrInvalid):
			return &commandline.Failure{Code: commandline.ExitUsage, Err: err, Hint: "write one line each, of text that everybody may read"}
		case errors.Is(err, witness.ErrNoFinding):
			return commandline.Undecided(fmt.Errorf("the log was audited meanwhile, and %s is not %s any more", f.Name, state), "see `pledge-witness findings`")
		case err != nil:
			return stateFailure(err)
		}
		a.Printf("%s  %s\n%s\n", action, f.Name, f.Text)
		return nil
	})
	cmd.Flags().StringVar(&who, "who", "", "`NAME` of the person who decides, which is published")
	cmd.Flags().StringVar(&why, "why", "", "`TEXT` that says why, which is published")
	return cmd
}

// pick finds the one finding of a state that an argument names.
func (k *looked) pick(state, arg string) (shownFinding, error) {
	var fit []shownFinding
	index, indexErr := strconv.ParseUint(arg, 10, 64)
	names := func(f shownFinding) bool {
		return f.Name == arg || string(f.Code) == arg || indexErr == nil && f.Index != nil && *f.Index == index
	}
	for _, f := range k.findings() {
		if f.State == state && names(f) {
			fit = append(fit, f)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		if state == "open" && slices.ContainsFunc(k.findings(), func(f shownFinding) bool { return f.State == "waits" && names(f) }) {
			return shownFinding{}, commandline.Refusedf("it keeps nothing from being cosigned while its entry is not published; a minute after that, when the log asks again, it is open and can be accepted",
				"%q waits: that text may still come", arg)
		}
		return shownFinding{}, commandline.Refusedf("see `pledge-witness findings`; what keeps an audit from its end can't be accepted", "no finding that is %s is named %q", state, arg)
	}
	var all []string
	for _, f := range fit[:min(len(fit), 10)] {
		all = append(all, f.Name)
	}
	return shownFinding{}, commandline.Refusedf("name one: "+strings.Join(all, ", "), "%d findings that are %s are named %q", len(fit), state, arg)
}
