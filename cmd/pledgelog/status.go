package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

// A status is how a running server stands: what `pledgelog status --json` prints.
type status struct {
	Ready     bool             `json:"ready"`
	NotReady  string           `json:"notReady,omitzero"` // why
	Size      uint64           `json:"size"`              // entries in the order of record
	Published uint64           `json:"published"`         // entries that the published checkpoint covers
	Directory *statusDirectory `json:"directory"`
	Witnesses *statusWitnesses `json:"witnesses,omitzero"` // absent when the policy has none
	Erasing   string           `json:"erasing,omitzero"`   // why an erased text is not deleted yet
	End       *statusEnd       `json:"end,omitzero"`       // of the log, once it is announced
}

type statusDirectory struct {
	Index    *uint64 `json:"index,omitzero"`  // of the newest one; absent when there is none
	Logged   string  `json:"logged,omitzero"` // when it was logged
	Due      string  `json:"due,omitzero"`    // when the next one is due; absent when the newest covers everything
	Operator bool    `json:"operator"`        // the server has the keys to make it
	Trouble  string  `json:"trouble,omitzero"`
}

type statusWitnesses struct {
	Quorum string          `json:"quorum"`        // the policy's
	Time   string          `json:"time,omitzero"` // that a quorum gave last; absent when none has since the start
	Each   []statusWitness `json:"each"`
}

type statusWitness struct {
	Name      string `json:"name"`
	URL       string `json:"url,omitzero"`       // absent: it is not asked
	Size      uint64 `json:"size"`               // of the largest checkpoint that it is known to have cosigned
	Cosigned  uint64 `json:"cosigned"`           // how many cosignatures of its were taken since the start
	Last      string `json:"last,omitzero"`      // when the last one came
	Failures  uint64 `json:"failures"`           // how often it did not cosign since the start
	Trouble   string `json:"trouble,omitzero"`   // why it did not the last time; absent when it did
	NotBefore string `json:"notBefore,omitzero"` // it is not asked before that
}

// witnessesOf says how the witnesses do.
func witnessesOf(s intake.Status, asking *witnessing.Client) *statusWitnesses {
	if asking == nil {
		return nil
	}
	out := &statusWitnesses{Quorum: asking.Policy().Quorum}
	if s.QuorumTime != 0 {
		out.Time = entry.FormatTime(s.QuorumTime)
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return entry.FormatTime(t.Unix())
	}
	for _, f := range asking.Figures() {
		w := statusWitness{Name: f.Witness, URL: f.URL, Size: f.Size, Cosigned: f.Cosigned, Last: at(f.LastSuccess), Failures: f.Failures, NotBefore: at(f.NotBefore)}
		if f.LastError != nil {
			w.Trouble = f.LastError.Error()
		}
		out.Each = append(out.Each, w)
	}
	return out
}

type statusEnd struct {
	At        string `json:"at"`
	Ended     bool   `json:"ended"`
	Successor string `json:"successor,omitzero"` // origin of the log that goes on
}

func statusOf(in *intake.Intake, asking *witnessing.Client) *status {
	s := in.Status()
	out := &status{Size: s.Size, Published: s.Published, Directory: &statusDirectory{Operator: s.Operator}, Witnesses: witnessesOf(s, asking)}
	if err := in.Ready(); err != nil {
		out.NotReady = err.Error()
	}
	out.Ready = out.NotReady == ""
	if d := s.Directory; d != nil {
		out.Directory.Index, out.Directory.Logged = &d.Index, entry.FormatTime(d.Logged)
	}
	if s.DirectoryDue != 0 {
		out.Directory.Due = entry.FormatTime(s.DirectoryDue)
	}
	if s.DirectoryTrouble != nil {
		out.Directory.Trouble = s.DirectoryTrouble.Error()
	}
	if s.EraseTrouble != nil {
		out.Erasing = s.EraseTrouble.Error()
	}
	if s.Ends != 0 {
		out.End = &statusEnd{entry.FormatTime(s.Ends), s.Ended, s.Successor}
	}
	return out
}

func (a *app) statusCommand() *cobra.Command {
	var path string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status --config FILE",
		Short: "say how the running server stands",
		Long: `status asks the running server how it stands: whether statements are logged, how far
the log is published, when its last directory was made and by when the next is due,
how the witnesses do, whether an erased text is still to be deleted, and whether the log has ended. It ends
with 0 when the server is ready, with 1 when it is not, and with 3 when none runs.`,
		Example: `  pledgelog status --config pledgelog.yaml
  pledgelog status --config pledgelog.yaml --json`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context) error {
			if err := needConfig("status", path); err != nil {
				return err
			}
			s, err := loadConfig(path)
			if err != nil {
				return err
			}
			lock, err := s.lock()
			if err == nil {
				return errors.Join(commandline.Undecided(fmt.Errorf("no server is running on %s", s.State), "start it with `pledgelog serve`"), lock.Close())
			}
			if !errors.Is(err, errRunning) {
				return err
			}
			st, err := askServer[status](ctx, s, "GET", "/status", nil)
			if err != nil {
				return err
			}
			return a.showStatus(st, asJSON)
		}),
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) showStatus(st *status, asJSON bool) error {
	if asJSON {
		b, err := json.Marshal(st, json.Deterministic(true), jsontext.WithIndent("  "))
		if err != nil {
			return err
		}
		a.Printf("%s\n", b)
	} else {
		a.describeStatus(st)
	}
	if !st.Ready {
		return commandline.Refusedf("see the server's log", "the server is not ready: %s", st.NotReady)
	}
	return nil
}

func (a *app) describeStatus(st *status) {
	ready := "ready"
	if !st.Ready {
		ready = "not ready"
	}
	a.Printf("server      %s\nentries     %d, published %d\n", ready, st.Size, st.Published)
	d := st.Directory
	made := "none yet"
	if d.Index != nil {
		made = fmt.Sprintf("entry %d, %s", *d.Index, d.Logged)
	}
	if d.Due != "" {
		made += "; the next is due by " + d.Due
	}
	a.Printf("directory   %s\n", made)
	if !d.Operator {
		a.Note("the server has no operator key and makes no directories: give it as operator_key")
	}
	if w := st.Witnesses; w != nil {
		given := "gave no time yet"
		if w.Time != "" {
			given = "gave the time " + w.Time
		}
		a.Printf("witnesses   quorum %s %s\n", w.Quorum, given)
		for _, each := range w.Each {
			a.Printf("            %s: size %d, %d cosignatures, %d failures\n", each.Name, each.Size, each.Cosigned, each.Failures)
			if each.Trouble != "" {
				a.Note("%s does not cosign: %s", each.Name, each.Trouble)
			}
		}
	}
	if d.Trouble != "" {
		a.Note("the directory that is due is not made: %s", d.Trouble)
	}
	if st.Erasing != "" {
		a.Note("an erased text is not deleted yet: %s", st.Erasing)
	}
	if e := st.End; e != nil {
		verb := "ends"
		if e.Ended {
			verb = "ended"
		}
		a.Printf("log         %s %s", verb, e.At)
		if e.Successor != "" {
			a.Printf(", %s goes on", e.Successor)
		}
		a.Printf("\n")
	}
}
