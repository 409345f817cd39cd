package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// A verb drafts a statement of one kind from flags instead of YAML. What it makes is
// that YAML, and from there on it goes the way of `pledge new`.
type verb struct {
	use, short, long, example string
	kind                      entry.Kind
	arguments                 []string // members that come as arguments, in order
	members                   []flagged
	words                     bool // it has a narrative: --narrative FILE
}

// A flagged is one flag, for the YAML member of that name.
type flagged struct {
	name, usage string
	needed      bool
}

var verbs = []verb{
	{
		use: "correct ENTRY --void | --by ENTRY", kind: entry.KindCorrect, arguments: []string{"entry"}, words: true,
		short: "draft the correction of a statement of your own",
		long: `correct takes back one of your own requests, decisions, attestations, replies or
challenges, once each: --void, or --by the entry id of an earlier-logged one of the
same kind that stands in its place. What was corrected stays displayed.`,
		example: `  pledge correct 9f2c… --void --author acme --policy policy.txt
  pledge correct 9f2c… --by 71ab… --narrative why.txt --author acme --policy policy.txt`,
		members: []flagged{{name: "by", usage: "entry `ID` of what stands in its place"}},
	},
	{
		use: "reply CHALLENGE --answer CODE", kind: entry.KindReply, arguments: []string{"challenge"}, words: true,
		short: "draft the reply to a challenge",
		long: `reply answers a challenge that was filed against you: accepted, disputed or
cannot-comment, with your words beside it. It is shown beside the challenge at equal
size. For a reply to a finding use pledge new reply.`,
		example: `  pledge reply 5d01… --answer disputed --narrative answer.txt --author acme --policy policy.txt`,
		members: []flagged{{name: "answer", usage: "`CODE`: accepted, disputed or cannot-comment", needed: true}},
	},
	{
		use: "withdraw", kind: entry.KindWithdraw, words: true,
		short: "draft your withdrawal from the accord",
		long: `withdraw ends your part in the accord from the moment at which it is logged. It can't
be undone: only the secretariat can admit you again. The running period stays due,
and what you opened late, corrected or were asked can still be logged.`,
		example: `  pledge withdraw --author acme --policy policy.txt --narrative why.txt`,
	},
	{
		use: "rotate KEY.pub... --threshold N", kind: entry.KindKeys,
		short: "draft a change of your keys",
		long: `rotate draws up the whole new set of your keys, those that stay and those that come:
their .pub files. The old threshold signs it, and every key of the new set; a key in
both counts for both. With --compromised the old keys' signatures since --doubtful are
shown as doubtful.`,
		example: `  pledge rotate acme-2.key.pub acme-3.key.pub slot.key.pub --threshold 2 --author acme --policy policy.txt
  pledge rotate acme-3.key.pub --threshold 1 --compromised --doubtful 9f2c… --author acme --policy policy.txt`,
		members: []flagged{
			{name: "threshold", usage: "how many of its statement keys sign from then on, `N`", needed: true},
			{name: "doubtful", usage: "with --compromised: entry `ID` of the first one that may not be yours"},
		},
	},
	{
		use: "standing WHO --standing CODE --reason CODE", kind: entry.KindStanding, arguments: []string{"who"},
		short: "draft a change of a member's standing (secretariat)",
		long: `standing suspends, reinstates, proposes to remove or removes a member. A suspension and
a proposal are labels: everything may still be logged, and what is owed stays owed.`,
		example: `  pledge standing acme --standing suspended --reason attestation-missed --policy policy.txt`,
		members: []flagged{
			{name: "standing", usage: "`CODE`: suspended, reinstated, proposed-removal or removed", needed: true},
			{name: "reason", usage: "reason `CODE`", needed: true},
		},
	},
	{
		use: "succeed FROM TO", kind: entry.KindSucceed, arguments: []string{"from", "to"},
		short:   "draft a succession: a merger or a new name (secretariat)",
		long:    `succeed says that TO takes the place of FROM. Periods that have ended stay FROM's.`,
		example: `  pledge succeed acme acme-nimbus --policy policy.txt`,
	},
	{
		use: "challenge WHO", kind: entry.KindChallenge, arguments: []string{"against"}, words: true,
		short: "draft a challenge to a signatory (challengers)",
		long: `challenge states a case against a signatory: about one of its entries, or about a finding
as an audit prints it. One at a time may be open. The case needs words, or documents:
for these use pledge new challenge.`,
		example: `  pledge challenge acme --entry 9f2c… --narrative case.txt --author watch --policy policy.txt
  pledge challenge acme --finding contradicted --period 2026-Q1 --narrative case.txt --author watch --policy policy.txt`,
		members: []flagged{
			{name: "entry", usage: "entry `ID` that it is about"},
			{name: "finding", usage: "finding `CODE` that it is about"},
			{name: "period", usage: "`PERIOD` of the finding, such as 2026-Q1"},
		},
	},
}

// verbCommands are the commands of all verbs, and those for the kinds that are too
// large for flags.
func (a *app) verbCommands() []*cobra.Command {
	var out []*cobra.Command
	for _, v := range verbs {
		out = append(out, a.verbCommand(v))
	}
	for _, kind := range []entry.Kind{entry.KindAdmit, entry.KindAmend} {
		out = append(out, a.fromCommand(kind))
	}
	return append(out, a.attestCommand())
}

// fromCommand is `pledge new KIND` under the kind's own name.
func (a *app) fromCommand(kind entry.Kind) *cobra.Command {
	cmd := a.newCommand()
	run := cmd.RunE
	cmd.Use = string(kind) + " [--from FILE.yaml]"
	cmd.Short = fmt.Sprintf("the same as pledge new %s (secretariat)", kind)
	cmd.Long = cmd.Short + ".\n\nWithout --from it prints a commented YAML template; with it, it drafts the statement."
	cmd.Example = fmt.Sprintf("  pledge %s > %s.yaml\n  pledge %s --from %s.yaml --policy policy.txt", kind, kind, kind, kind)
	cmd.Args, cmd.ValidArgs = commandline.NoArguments, nil
	cmd.RunE = func(c *cobra.Command, _ []string) error { return run(c, []string{string(kind)}) }
	for _, f := range []string{"for-slot", "from-slot", "review", "permission", "author"} {
		cmd.Flags().Lookup(f).Hidden = true
	}
	return cmd
}

// placeFlags are the flags that say where a drafted statement goes.
func placeFlags(cmd *cobra.Command, f *newFlags, author bool) {
	flags := cmd.Flags()
	if author {
		flags.StringVar(&f.author, "author", "", "`ID` of who makes the statement")
	}
	flags.StringVar(&f.policy, "policy", "", "policy `FILE` (C2SP tlog-policy) that the log is held to")
	flags.StringVar(&f.log, "log", "", "the log's address, if not the policy's `URL`")
	flags.StringVar(&f.clock, "simulated-clock", "", "read the time from `FILE`; for logs under .example only")
	flags.StringVar(&f.out, "out", "", "draft `FILE` to write (default AUTHOR-KIND-SEQ.json)")
}

func (a *app) verbCommand(v verb) *cobra.Command {
	var f newFlags
	var words narrative
	var void, compromised bool
	values := make([]string, len(v.members))
	cmd := &cobra.Command{Use: v.use, Short: v.short, Long: v.long, Example: v.example}
	first, _, _ := strings.Cut(strings.TrimSpace(v.example), "\n")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if v.kind == entry.KindKeys && len(args) > 0 || v.kind != entry.KindKeys && len(args) == len(v.arguments) {
			return nil
		}
		what := strings.Join(v.arguments, " and ")
		switch {
		case v.kind == entry.KindKeys:
			what = "the .pub files of all keys"
		case what == "":
			what = "no arguments"
		}
		return commandline.Usagef("for example: "+first, "%s takes %s", cmd.Name(), what)
	}
	cmd.RunE = do(func(ctx context.Context, args []string) error {
		y := yaml.MapSlice{}
		put := func(name string, value any) { y = append(y, yaml.MapItem{Key: name, Value: value}) }
		for i, name := range v.arguments {
			put(name, args[i])
		}
		for i, m := range v.members {
			switch {
			case values[i] != "":
				put(m.name, number(values[i]))
			case m.needed:
				return commandline.Usagef("for example: "+first, "--%s is missing", m.name)
			}
		}
		switch v.kind {
		case entry.KindCorrect:
			if void == (values[0] != "") {
				return commandline.Usagef("for example: "+first, "give --void or --by, one of them")
			}
			how := entry.CorrectSuperseded
			if void {
				how = entry.CorrectVoid
			}
			put("how", how)
		case entry.KindKeys:
			reason := entry.KeysRotation
			if compromised {
				reason = entry.KeysCompromise
			}
			put("reason", reason)
			put("keys", args)
		case entry.KindWithdraw:
			if f.author == "" {
				return commandline.Usagef("for example: "+first, "--author is missing")
			}
			put("author", f.author)
		}
		y, err := words.add(y)
		if err != nil {
			return err
		}
		return a.draftFlags(ctx, v.kind, y, f)
	})
	flags := cmd.Flags()
	for i, m := range v.members {
		flags.StringVar(&values[i], m.name, "", m.usage)
	}
	switch v.kind {
	case entry.KindCorrect:
		flags.BoolVar(&void, "void", false, "nothing stands in its place")
	case entry.KindKeys:
		flags.BoolVar(&compromised, "compromised", false, "an old key was compromised")
	}
	if v.words {
		words.flags(cmd)
	}
	placeFlags(cmd, &f, v.kind != entry.KindStanding && v.kind != entry.KindSucceed)
	return cmd
}

// A narrative is a text file with the author's words, and their language.
type narrative struct{ file, language string }

func (n *narrative) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.file, "narrative", "", "`FILE` with your words, published beside the tree")
	cmd.Flags().StringVar(&n.language, "language", "en", "language `TAG` of the narrative (BCP 47)")
}

// add reads the words, if there are any, into the YAML of a statement.
func (n *narrative) add(y yaml.MapSlice) (yaml.MapSlice, error) {
	if n.file == "" {
		return y, nil
	}
	b, err := commandline.ReadInput("narrative", n.file, entry.MaxBody, "name a text file with your words")
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(b) {
		return nil, commandline.Usagef("save it as UTF-8", "read narrative %s: it is not UTF-8", n.file)
	}
	words := strings.TrimRight(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n")
	return append(y, yaml.MapItem{Key: "narrative", Value: yaml.MapSlice{{Key: n.language, Value: words}}}), nil
}

// draftFlags drafts from what flags gave, by the YAML that a person would have
// written.
func (a *app) draftFlags(ctx context.Context, kind entry.Kind, y yaml.MapSlice, f newFlags) error {
	text, err := yaml.Marshal(y)
	if err != nil {
		return fmt.Errorf("write down what the flags say: %w", err)
	}
	f.text = text
	return ofFlags(kind, a.draft(ctx, kind, newSource(kind), f))
}

// theFlags is the name of the YAML that is made of flags.
const theFlags = "the flags"

// inFlags is where something is wrong in that YAML: a line that nobody wrote, and a member.
var inFlags = regexp.MustCompile(`^the flags:(?:\d+:)? (?:([a-zA-Z]+)((?:[.\[][^: ]*)*):)?`)

// ofFlags names the option, instead of the member, in an error about what flags gave. A value
// that can't be read, or is no code of its list, is bad use of the command line.
func ofFlags(kind entry.Kind, err error) error {
	if err == nil {
		return nil
	}
	var lacks *missing
	if errors.As(err, &lacks) {
		var options []string
		for _, m := range lacks.members {
			options = append(options, optionOf(kind, m, ""))
		}
		return commandline.Usagef("see --help", "missing: %s", strings.Join(options, ", "))
	}
	m := inFlags.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	var f *commandline.Failure
	if !errors.As(err, &f) {
		code := entry.CodeOf(err)
		f = &commandline.Failure{Code: commandline.ExitRefused, Hint: entry.Hint(code)}
		if strings.HasSuffix(string(code), "-malformed") || code == entry.CodeNumberRange {
			f.Code = commandline.ExitUsage
		}
	}
	text := strings.TrimPrefix(err.Error(), m[0])
	if option := optionOf(kind, m[1], m[2]); option != "" {
		text = option + ":" + text
	} else {
		text = strings.TrimSpace(text)
	}
	return &commandline.Failure{Code: f.Code, Err: errors.New(text), Hint: f.Hint}
}

// optionOf is the option, or the argument, that gives a member of a kind of statement; "" for
// no member.
func optionOf(kind entry.Kind, member, below string) string {
	for _, v := range verbs {
		if i := slices.Index(v.arguments, member); v.kind == kind && i >= 0 {
			return strings.Fields(v.use)[1+i]
		}
	}
	switch {
	case member == "":
		return ""
	case member == "received" && strings.HasPrefix(below, ".outcomes"):
		return "--outcome"
	case member == "keys" && kind == entry.KindKeys:
		return "KEY.pub"
	case member == "lateReason":
		return "--late-reason"
	case member == "narrative" && below != "":
		return "--language, --narrative"
	}
	return "--" + member
}

func (a *app) attestCommand() *cobra.Command {
	var f newFlags
	var words narrative
	var period, covers, received, lateReason string
	var outcomes, clauses []string
	cmd := &cobra.Command{
		Use:   "attest --period PERIOD",
		Short: "draft the attestation for a period",
		Long: `attest draws up the attestation for a period that has ended. The counts of what you
logged come from the log. What you received in all, logged or not, only you can say:
--received is a number, a band that the law allows (0-249), or cannot-say; without it
attest asks on a terminal. So it does for what that count covers: all requests, or
those that may be disclosed.

It affirms every clause that you have pledged, unless --clauses says which.`,
		Example: `  pledge attest --period 2026-Q3 --received 3 --covers all --author acme --policy policy.txt
  pledge attest --period 2026-Q3 --received 0-249 --covers disclosable --author acme --policy policy.txt
  pledge attest --period 2026-Q3 --received 3 --outcome refused=2 --outcome pending=1 --covers all --author acme --policy policy.txt`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context, _ []string) error {
			const example = "for example: pledge attest --period 2026-Q3 --received 3 --covers all --author acme --policy policy.txt"
			if period == "" {
				return commandline.Usagef(example, "--period is missing")
			}
			var err error
			if received, err = a.answer(received, "--received", "how many requests did you receive in "+period+", logged or not? A number, a band such as 0-249, or cannot-say:", example); err != nil {
				return err
			}
			if covers, err = a.answer(covers, "--covers", "does that count cover all requests, or those that may be disclosed? all or disclosable:", example); err != nil {
				return err
			}
			claims, err := claimsOf(received, outcomes)
			if err != nil {
				return err
			}
			y := yaml.MapSlice{{Key: "period", Value: period}, {Key: "covers", Value: covers}, {Key: "received", Value: claims}}
			if len(clauses) > 0 {
				y = append(y, yaml.MapItem{Key: "clauses", Value: clauses})
			}
			if lateReason != "" {
				y = append(y, yaml.MapItem{Key: "lateReason", Value: lateReason})
			}
			if y, err = words.add(y); err != nil {
				return err
			}
			f.affirmAll = len(clauses) == 0
			return a.draftFlags(ctx, entry.KindAttestation, y, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&period, "period", "", "`PERIOD` that has ended, such as 2026-Q3 or 2026-H2")
	flags.StringVar(&received, "received", "", "`CLAIM` of all requests received, logged or not: N, MIN-MAX or cannot-say")
	flags.StringArrayVar(&outcomes, "outcome", nil, "of these with one outcome, `CODE=CLAIM`; may be given again")
	flags.StringVar(&covers, "covers", "", "`CODE`: all, or disclosable")
	flags.StringSliceVar(&clauses, "clauses", nil, "`IDS` of the clauses that are affirmed (default: all that you pledged)")
	flags.StringVar(&lateReason, "late-reason", "", "`CODE` of why it is late")
	words.flags(cmd)
	placeFlags(cmd, &f, true)
	return cmd
}

// claimsOf writes the claims of an attestation as the YAML has them: of all requests, and
// of those with one outcome, CODE=CLAIM.
func claimsOf(received string, outcomes []string) (yaml.MapSlice, error) {
	claims := yaml.MapSlice{{Key: "total", Value: claimOf(received)}}
	if len(outcomes) == 0 {
		return claims, nil
	}
	by := yaml.MapSlice{}
	for _, o := range outcomes {
		code, n, ok := strings.Cut(o, "=")
		if !ok {
			return nil, commandline.Usagef("for example: --outcome refused=2", "--outcome is %q, not CODE=NUMBER", o)
		}
		by = append(by, yaml.MapItem{Key: code, Value: claimOf(n)})
	}
	return append(claims, yaml.MapItem{Key: "outcomes", Value: by}), nil
}

// claimOf writes a claim as the YAML has it: 3, {min: 0, max: 249}, cannot-say.
func claimOf(s string) any {
	s = strings.TrimSpace(s)
	if min, max, ok := strings.Cut(s, "-"); ok && s != "cannot-say" {
		return yaml.MapSlice{{Key: "min", Value: number(min)}, {Key: "max", Value: number(max)}}
	}
	return number(s)
}

// number writes what looks like one as a number, so that the YAML's reader judges it.
func number(s string) any {
	var n uint64
	if _, err := fmt.Sscanf(s, "%d", &n); err == nil && fmt.Sprint(n) == s {
		return n
	}
	return s
}

// answer is what a flag says, or what a person at the terminal answers instead.
func (a *app) answer(given, flag, question, example string) (string, error) {
	if given != "" {
		return given, nil
	}
	if !a.isTerminal() {
		return "", commandline.Usagef(example, "%s is missing", flag)
	}
	line, err := a.question(question)
	if err != nil || line == "" {
		return "", commandline.Usagef(example, "%s is missing", flag)
	}
	return line, nil
}

// affirmed are the clauses of an attestation: those that were named, or all that its
// author pledged and that are in force.
func (y *attestationYAML) affirmed(d *drafting) []string {
	if !d.affirmAll {
		return y.Clauses
	}
	var out []string
	for _, c := range d.signatory.Pledged {
		if slices.ContainsFunc(d.terms.Clauses, func(k entry.Clause) bool { return k.ID == c }) {
			out = append(out, c)
		}
	}
	return out
}
