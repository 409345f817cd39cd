package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

func (a *app) initCommand() *cobra.Command {
	return a.configured(&cobra.Command{
		Use:   "init --config FILE",
		Short: "make the state of a new witness",
		Long: `init makes the folder in which the witness keeps what it cosigned. It never touches
one that is there.

Make new keys with a new state: with keys that have cosigned before, a witness that
does not know what it cosigned can cosign another history.`,
		Example: `  pledge-witness init --config witness.yaml`,
		Args:    commandline.NoArguments,
	}, func(_ context.Context, s *setup, _ []string) error {
		err := witness.CreateState(s.State)
		if errors.Is(err, fs.ErrExist) {
			return commandline.Refusedf("go on with `pledge-witness add-log` and `serve`", "there is a witness's state in %s already", s.State)
		}
		if err != nil {
			return err
		}
		for _, c := range s.cosigners {
			a.Printf("%s\n", c.Key())
		}
		a.Note("tell it of logs with `pledge-witness add-log`")
		return nil
	})
}

func (a *app) addLogCommand() *cobra.Command {
	var origin string
	var addKey, sharedKey bool
	var audit auditFlags
	cmd := a.configured(&cobra.Command{
		Use:   "add-log --config FILE VKEY...",
		Short: "tell the witness of a log, also while it runs",
		Long: `add-log tells the witness which log to cosign, by the log's vkeys: a signature of any
of them will do. The log's origin is the name of the keys, unless --origin says another.

A log that is there keeps what was cosigned. It gets further keys with --add-key
alone; a key is never taken away, and signs no further checkpoint after retire-key. A
witness that runs knows at once: it reads what it has on a log anew at each request.

A key that is there under another origin is refused: two logs with one key are unusual,
and --origin may be mistyped. Where they are meant, say --shared-key.

With --audit the log is cosigned only after an audit of everything up to each
checkpoint found no error that concerns the operator or the copy that is read, but for
what was accepted (accept-finding). It needs the log's policy file and the charter's
entry id. Give all of it again to change the policy or the address. A log that is
audited stays so, with its charter; disable-log ends that it is cosigned.`,
		Example: `  pledge-witness add-log --config witness.yaml log.accord.example/2026+01234567+AQ...
  pledge-witness add-log --config witness.yaml --add-key log.accord.example/2026+89abcdef+Bg...
  pledge-witness add-log --config witness.yaml --audit https://log.accord.example/2026 --policy policy.txt --charter "$(cat charter-id)" log.accord.example/2026+01234567+AQ...
  pledge-witness add-log --config witness.yaml --origin "go.sum database tree" sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return commandline.Usagef("give the log's vkey, such as log.accord.example/2026+01234567+AQ...", "there is no vkey")
			}
			return nil
		},
	}, func(ctx context.Context, s *setup, vkeys []string) error {
		of, err := audit.read()
		if err != nil {
			return err
		}
		return a.addLog(ctx, s, origin, vkeys, addKey, sharedKey, of)
	})
	cmd.Flags().StringVar(&origin, "origin", "", "the log's `ORIGIN`, the first line of its checkpoints (default: the name of its keys)")
	cmd.Flags().BoolVar(&addKey, "add-key", false, "add keys to a log that is there")
	cmd.Flags().BoolVar(&sharedKey, "shared-key", false, "the key is that of a log of another origin too")
	audit.declare(cmd)
	return cmd
}

func (a *app) addLog(ctx context.Context, s *setup, origin string, vkeys []string, addKey, sharedKey bool, audit *witness.AuditOf) error {
	var keys []log.Key
	named := origin != ""
	for _, vkey := range vkeys {
		k, err := log.ParseKey(vkey)
		if err != nil {
			return commandline.Usagef("give the vkey as the log's operator publishes it: name+8 hex digits+base64", "%q: %w", vkey, err)
		}
		if s.isOwn(k) {
			return commandline.Usagef("give the key of a log", "%s+%08x is this witness's own key", k.Name, k.ID)
		}
		if origin == "" {
			origin = k.Name
		}
		if !named && k.Name != origin {
			return commandline.Usagef("add one log after the other, or say with --origin which log these are keys of", "the keys are of %s and of %s", origin, k.Name)
		}
		keys = append(keys, k)
	}
	if s.SimulatedClock != "" && !entry.IsDemonstration(origin) {
		return commandline.Refusedf("take simulated_clock out of the configuration: a witness of real logs has real time", "time is simulated only for origins whose host ends in .example, and this one is %s", origin)
	}
	state, err := s.openState()
	if err != nil {
		return err
	}
	if !sharedKey {
		if err := unshared(state, origin, keys); err != nil {
			return err
		}
	}
	added, changed, err := state.AddAudited(ctx, origin, keys, addKey, audit)
	switch {
	case errors.Is(err, witness.ErrOtherCharter):
		return commandline.Refusedf("give that charter's id; a log that begins with another one is another log, and has another origin", "%w", err)
	case errors.Is(err, witness.ErrOtherKeys):
		return commandline.Refusedf("see `pledge-witness list --json`; if the log has got a further key, give --add-key", "add log %q: it is there, with other keys", origin)
	case errors.Is(err, witness.ErrRetired):
		return commandline.Refusedf("nothing brings back a key that was retired: its operator makes another one", "%w", err)
	case errors.Is(err, witness.ErrInvalid):
		return &commandline.Failure{Code: commandline.ExitUsage, Err: err, Hint: "give the log's origin, keys and policy as its operator publishes them, and the charter's entry id"}
	case err != nil:
		return stateFailure(err)
	case len(added) == 0 && !changed:
		a.Note("%s is there with this already", origin)
	}
	l, err := state.Load(origin)
	if err != nil {
		return stateFailure(err)
	}
	if !l.Enabled {
		a.Note("%s is disabled: see `pledge-witness enable-log`", origin)
	}
	a.noteAudit(l)
	a.Printf("origin  %s\nkeys    %d\nsize    %d\nhash    %s\n", origin, len(l.Signing()), l.Head.Size, witness.OriginHash(origin))
	if l.Audit != nil {
		a.Printf("audits  %s\n", l.Audit.Source)
	}
	return nil
}

// listed are logs as `list --json` prints them.
type listed struct {
	Logs []listedLog `json:"logs"`
}

type listedLog struct {
	Origin     string       `json:"origin"`
	OriginHash string       `json:"originHash"` // in the monitoring interface
	Keys       []string     `json:"keys"`       // that may sign a further checkpoint
	Retired    []retiredKey `json:"retired,omitzero"`
	Enabled    bool         `json:"enabled"`
	Size       uint64       `json:"size"`              // of the checkpoint that was cosigned last
	Root       string       `json:"root,omitzero"`     // its root in base64; absent when there is none
	Cosigned   string       `json:"cosigned,omitzero"` // when it was cosigned last
	Audit      *listedAudit `json:"audit,omitzero"`    // absent when it is not audited
}

// listedAudit is what `list` says of a log's audit.
type listedAudit struct {
	Source   string         `json:"source"`
	Charter  string         `json:"charter"`
	Verdict  string         `json:"verdict"` // as in audit.json
	Text     string         `json:"text,omitzero"`
	Size     uint64         `json:"size"` // that was audited last
	Open     uint64         `json:"open"` // findings
	Accepted []shownFinding `json:"accepted"`
}

func listAudit(state *witness.State, l *witness.Log) (*listedAudit, error) {
	if l.Audit == nil {
		return nil, nil
	}
	k, err := lookAt(state, l)
	if err != nil {
		return nil, err
	}
	out := &listedAudit{Source: l.Audit.Source, Charter: l.Audit.Charter, Accepted: []shownFinding{}}
	out.Verdict, out.Text = witness.Summary(l, k.audit, k.Verdict)
	if k.audit != nil {
		out.Size, out.Open = k.audit.Size, uint64(len(k.Open))+k.audit.More
	}
	for _, f := range k.findings() {
		if f.State == "accepted" {
			out.Accepted = append(out.Accepted, f)
		}
	}
	return out, nil
}

// String is it in a table.
func (a *listedAudit) String() string {
	switch {
	case a == nil:
		return "no"
	case len(a.Accepted) > 0:
		return fmt.Sprintf("%s, %d open, %d accepted", a.Verdict, a.Open, len(a.Accepted))
	case a.Open > 0:
		return fmt.Sprintf("%s, %d open", a.Verdict, a.Open)
	}
	return a.Verdict
}

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	cmd := a.configured(&cobra.Command{
		Use:   "list --config FILE",
		Short: "list the logs, and what was cosigned last",
		Long: `list prints the logs that the witness knows, sorted by origin: the size and root of
the checkpoint that was cosigned last, when that was, whether the log is enabled, and
what its audit says, if it is audited: with the findings that were accepted, and the
keys that were retired.

With --json it is one object, {"logs": [...]}, each log with the members origin,
originHash, keys (vkeys), enabled, size, root (base64) and cosigned
(YYYY-MM-DDThh:mm:ssZ); the last two are absent when nothing was cosigned. One that
is audited has audit, with source, charter, verdict, text, size, open and accepted. Keys
are those that may sign; retired, if there are any, those that may not: key and when.`,
		Example: `  pledge-witness list --config witness.yaml
  pledge-witness list --config witness.yaml --json`,
		Args: commandline.NoArguments,
	}, func(_ context.Context, s *setup, _ []string) error {
		state, err := s.openState()
		if err != nil {
			return err
		}
		logs, err := state.Logs()
		if e := a.list(state, logs, asJSON); err == nil {
			err = e
		}
		if err == nil && len(logs) == 0 {
			a.Note("it knows no log: see `pledge-witness add-log`")
		}
		return stateFailure(err)
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) list(state *witness.State, logs []*witness.Log, asJSON bool) error {
	out := listed{Logs: []listedLog{}}
	var failed error
	for _, l := range logs {
		audit, err := listAudit(state, l)
		if err != nil {
			audit = &listedAudit{Verdict: "unreadable", Accepted: []shownFinding{}}
			failed = errors.Join(failed, err)
		}
		one := listedLog{Origin: l.Origin, OriginHash: witness.OriginHash(l.Origin), Enabled: l.Enabled, Size: l.Head.Size, Audit: audit}
		for _, r := range l.Retired {
			one.Retired = append(one.Retired, retiredKey(r))
		}
		for _, k := range l.Signing() {
			one.Keys = append(one.Keys, k.String())
		}
		if l.Note != nil {
			one.Root, one.Cosigned = base64.StdEncoding.EncodeToString(l.Head.Root[:]), time.Unix(int64(l.Time), 0).UTC().Format("2006-01-02T15:04:05Z")
		}
		out.Logs = append(out.Logs, one)
	}
	if asJSON {
		b, err := json.Marshal(out, jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		a.Printf("%s\n", b)
		return failed
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ORIGIN\tSIZE\tROOT\tCOSIGNED\tENABLED\tAUDIT")
	for _, l := range out.Logs {
		enabled := "yes"
		if !l.Enabled {
			enabled = "no"
		}
		// A tab would be a column of its own; an origin may hold none.
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n", daemon.Visible(l.Origin), l.Size, or(l.Root, "-"), or(l.Cosigned, "never"), enabled, l.Audit)
	}
	w.Flush()
	a.Printf("%s", table.String())
	for _, l := range out.Logs {
		for _, r := range l.Retired {
			a.Printf("retired of %s: %s, %s\n", l.Origin, shortKey(r.Key), r.When)
		}
		if l.Audit == nil {
			continue
		}
		for _, f := range l.Audit.Accepted {
			a.Printf("accepted of %s: %s, by %s, %s: %s\n", l.Origin, f.Name, f.Who, f.When, f.Why)
		}
	}
	return failed
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// enableCommand is disable-log or enable-log.
func (a *app) enableCommand(enabled bool) *cobra.Command {
	verb, short, long := "disable-log", "cosign no further checkpoint of a log, also while the witness runs",
		`disable-log makes the witness answer a log as if it did not know it. What was
cosigned stays, and monitors can go on reading it; enable-log goes on from there.
A log is never deleted: the witness would have forgotten what it cosigned.

A witness that runs knows at once.`
	if enabled {
		verb, short, long = "enable-log", "cosign a log again that was disabled", `enable-log goes on where disable-log has stopped. A witness that runs knows at once.`
	}
	return a.configured(&cobra.Command{
		Use:     verb + " --config FILE ORIGIN",
		Short:   short,
		Long:    long,
		Example: `  pledge-witness ` + verb + ` --config witness.yaml log.accord.example/2026`,
		Args:    commandline.OneArgument("name the log by its origin"),
	}, func(ctx context.Context, s *setup, args []string) error {
		state, err := s.openState()
		if err != nil {
			return err
		}
		changed, err := state.SetEnabled(ctx, args[0], enabled)
		switch {
		case errors.Is(err, witness.ErrUnknownLog):
			return commandline.Refusedf("see `pledge-witness list`", "there is no log %q", args[0])
		case err != nil:
			return stateFailure(err)
		case !changed:
			a.Note("%s was so already", args[0])
		}
		return nil
	})
}
