package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/atomicfile"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/log/guard"
	"github.com/pledgelog/pledgelog/log/witnessing"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

func (a *app) initCommand() *cobra.Command {
	var config, charter string
	cmd := &cobra.Command{
		Use:   "init --config FILE --charter FILE",
		Short: "make a new log whose first entry is a charter",
		Long: `init makes the log's directory and its state, and logs the charter as entry 0.
The charter comes signed by every key in it, from the secretariat: the operator
has no part in signing it. It names the checkpoint key among its log keys.

The charter's entry id goes to the output: auditors need it. When init was
interrupted, run it again; a log that has entries is never touched. The policy's
witnesses must know the log by then: nothing is published without their quorum.`,
		Example: `  pledgelog init --config pledgelog.yaml --charter charter.json
  pledgelog init --config pledgelog.yaml --charter charter.json > charter-id`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context) error {
			if err := needConfig("init --charter charter.json", config); err != nil {
				return err
			}
			if charter == "" {
				return commandline.Usagef("the secretariat makes it with `pledge new charter` and `pledge sign`", "--charter is missing")
			}
			s, err := loadConfig(config)
			if err != nil {
				return err
			}
			sub, err := s.readCharter(charter)
			if err != nil {
				return err
			}
			return a.init(ctx, s, sub)
		}),
	}
	configFlag(cmd, &config)
	cmd.Flags().StringVar(&charter, "charter", "", "the signed charter, a `FILE` of pledge's")
	return cmd
}

// readCharter reads a charter and checks all that can be checked before there is
// a log.
func (s *setup) readCharter(path string) (*entry.Submission, error) {
	b, err := readInput(path, entry.MaxSubmission, "see --charter: the secretariat makes it with `pledge new charter` and `pledge sign`")
	if err != nil {
		return nil, fmt.Errorf("read charter: %w", err)
	}
	sub, err := entry.ParseSubmission(b)
	if err != nil {
		return nil, commandline.Refusedf(pledge.Hint(entry.CodeOf(err)), "read charter %s: %w", path, err)
	}
	st := sub.Statement
	charter, ok := st.Body.(*entry.Charter)
	if !ok {
		return nil, commandline.Refusedf("give the charter that the secretariat signed", "%s is a statement of kind %s, not a charter", path, st.Kind)
	}
	if st.Log != s.Origin {
		return nil, commandline.Refusedf("the secretariat signs a charter for this log, or origin is mended", "the charter is for the log %s, and origin is %s", st.Log, s.Origin)
	}
	keys := []log.Key{s.signer.Key()}
	for _, f := range s.further {
		keys = append(keys, f.signer.Key())
	}
	for _, k := range keys {
		if vkey := k.String(); !slices.Contains(charter.LogKeys, vkey) {
			return nil, commandline.Refusedf("the secretariat puts this into logKeys of the charter and signs it again: "+vkey, "the charter does not name this log's checkpoint key")
		}
	}
	if err := s.checkOperator(charter); err != nil {
		return nil, err
	}
	it := pledge.Draft(0, time.Now().Unix(), sub)
	if err := pledge.NewKeyring().TryStrict(it); err != nil {
		return nil, commandline.Refusedf(pledge.Hint(entry.CodeOf(err)), "check charter: %w", err)
	}
	if v := pledge.New(s.Origin).Judge(it); v.Kind != pledge.Accepted {
		return nil, commandline.Refusedf(pledge.Hint(v.Code), "check charter: %s: %s", v.Code, v.Detail)
	}
	return sub, nil
}

// checkOperator refuses a charter by which the configured operator keys can't make a
// directory.
func (s *setup) checkOperator(charter *entry.Charter) error {
	if len(s.operator) == 0 {
		return nil
	}
	keys, err := charter.Operator.Parse()
	if err != nil {
		return commandline.Refused(err, pledge.Hint(entry.CodeOf(err)))
	}
	have := uint64(0)
	for _, k := range s.operator {
		if slices.ContainsFunc(keys, func(p *entry.PublicKey) bool { return p.ID == k.ID && p.Use == entry.UseStatement }) {
			have++
		}
	}
	if have < charter.Operator.Threshold {
		return commandline.Refusedf("name the file with the operator's keys as the charter has them, or give the secretariat your operator.key.pub", "%d of the keys in operator_key are among the charter's operator keys, of which %d must sign", have, charter.Operator.Threshold)
	}
	return nil
}

func (a *app) init(ctx context.Context, s *setup, charter *entry.Submission) (err error) {
	// What a server would tell its log is of interest here only when it is bad.
	logger := slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: slog.LevelError}))
	if err := os.MkdirAll(s.State, 0o700); err != nil {
		return fmt.Errorf("make state: %w", commandline.PlainError(err))
	}
	p := &parts{log: logger}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, p.close(end))
	}()
	if p.lock, err = s.lock(); err != nil {
		return err
	}
	if p.store, err = s.makeStore(ctx); err != nil {
		return err
	}
	size, _, err := p.store.Size(ctx)
	if err != nil {
		return err
	}
	if size > 0 {
		if err := sameCharter(ctx, p.store, charter); err != nil {
			return err
		}
	} else if err := s.makeLog(ctx, p, logger); err != nil {
		return err
	}
	if err := p.openEngine(ctx, s, logger); err != nil {
		return err
	}
	config, err := s.intakeConfig(p, logger)
	if err != nil {
		return err
	}
	receipt, err := intake.Init(ctx, config, charter)
	var pending *intake.Pending
	if errors.As(err, &pending) || errors.Is(err, intake.ErrWitnesses) {
		return commandline.Undecided(fmt.Errorf("log charter: %w", err), "too few witnesses answer: run init again when they do")
	}
	if err != nil {
		return fmt.Errorf("log charter: %w", err)
	}
	if receipt.Known {
		a.Note("the log begins with this charter already")
	}
	a.Printf("%s\n", receipt.Entry)
	return nil
}

// sameCharter refuses a log that begins with another charter.
func sameCharter(ctx context.Context, st *sqlite.Store, charter *entry.Submission) error {
	records, err := st.Records(ctx, 0, 1)
	if err != nil {
		return err
	}
	if len(records) == 1 && records[0].EntryID != charter.Statement.ID {
		return commandline.Refusedf("to make another log, give it another origin, directory and state", "the log has a charter already, with entry id %s", entry.ID(records[0].EntryID))
	}
	return nil
}

// makeStore opens the store, or makes it: under another name first, so that a
// store with the right name is whole.
func (s *setup) makeStore(ctx context.Context) (*sqlite.Store, error) {
	path := s.storePath()
	if _, err := os.Lstat(path); err == nil {
		return sqlite.Open(ctx, path)
	}
	if _, err := os.Lstat(s.guardPath()); err == nil {
		return nil, commandline.Refusedf("restore it: without the order of record the log cannot go on", "the state has a signed checkpoint in %s, but there is no %s", s.guardPath(), path)
	}
	next := path + ".new"
	left, err := filepath.Glob(next + "*")
	if err != nil {
		return nil, err
	}
	for _, f := range left {
		if err := os.Remove(f); err != nil {
			return nil, err
		}
	}
	st, err := sqlite.Create(ctx, next)
	if err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, fmt.Errorf("make store: %w", commandline.PlainError(err))
	}
	if err := atomicfile.SyncDir(s.State); err != nil {
		return nil, fmt.Errorf("make store: %w", commandline.PlainError(err))
	}
	return sqlite.Open(ctx, path)
}

// makeLog makes the guard's state and the empty log, as far as they are not there
// from an earlier attempt.
func (s *setup) makeLog(ctx context.Context, p *parts, logger *slog.Logger) error {
	if err := s.refuseFullLog(ctx); err != nil {
		return err
	}
	if _, err := guard.CreateFile(s.guardPath(), s.Origin); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	config, err := s.engineConfig(p, logger)
	if err != nil {
		return err
	}
	switch err := embedded.Create(ctx, config); {
	case err == nil, errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, witnessing.ErrAhead):
		return commandline.Refused(err, "give the log another origin: a witness has cosigned a log of this one, and a second one would be a fork")
	case errors.Is(err, log.ErrQuorum):
		return commandline.Refused(err, "ask the witnesses' operators to add this log, or wait until they are up, and run init again: "+s.signer.Key().String())
	default:
		return err
	}
}

// refuseFullLog refuses a directory that holds somebody's log with entries.
func (s *setup) refuseFullLog(ctx context.Context) error {
	raw, err := log.DirSource(s.Directory).Get(ctx, log.CheckpointPath, log.MaxCheckpointFile)
	if errors.Is(err, log.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	view, err := s.policy.Open(raw)
	if err == nil && view.Checkpoint.Size == 0 && view.Checkpoint.Origin == s.Origin {
		return nil // from an attempt of ours that was interrupted
	}
	what := "a log with entries"
	if err != nil {
		what = "a checkpoint that is not of this log (" + strings.TrimPrefix(err.Error(), "open checkpoint: ") + ")"
	}
	return commandline.Refusedf("choose another directory; a log is never made anew over another one", "%s holds %s", s.Directory, what)
}
