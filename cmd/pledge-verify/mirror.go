package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/verifier"
	"github.com/pledgelog/pledgelog/verifier/mirror"
)

func mirrorCommand(stderr io.Writer) *cobra.Command {
	var from trust
	var evidenceDir string
	var keys []string
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "mirror --policy FILE --charter ID DIR URL",
		Short: "keep a verified copy of a log that any file server can serve",
		Long: `mirror brings the copy of a log in DIR up to the log's checkpoint, and audits what it
fetches before it becomes part of the copy. The files have the paths that they have
in the log's address: any server of static files makes DIR a mirror, and an audit
of it finds what an audit of the log does. The checkpoint is written last, so that
readers see the copy as it was or the whole of the new one.

A text that the operator logged to be erased is taken off the copy too. What was
fetched and is not the signed log stays out of it, and the copy is as it was; a log
that breaks its own rules is copied, as evidence, and the exit code says so. Run it
from a timer: what is there is not fetched again, nor after a run that was cut short.`,
		Example: `  pledge-verify mirror --policy policy.txt --charter "$(cat charter-id)" /srv/mirror https://log.accord.example/2026
  pledge-verify mirror --policy policy.txt /srv/mirror https://log.accord.example/2026
  pledge-verify audit --policy policy.txt --charter "$(cat charter-id)" /srv/mirror`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return commandline.Usagef("name the directory of the copy, and the log's address", "%d arguments, want 2", len(args))
			}
			return nil
		},
	}
	from.flags(cmd, "; a copy keeps it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the audit's report as JSON")
	cmd.Flags().StringVar(&evidenceDir, "evidence", ".", "`DIR` for a proof of misbehaviour, if there is one")
	cmd.Flags().StringArrayVar(&keys, "cosign", nil, "add the mirror's cosignature (c2sp.org/tlog-mirror) by the secret key in `FILE`, which `pledge-witness keygen` makes; may be given again")
	timeoutFlag(cmd, &timeout)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg := mirror.Config{Dir: args[0], Now: time.Now}
		var err error
		if cfg.Policy, cfg.Charter, err = from.read(); err != nil {
			return err
		}
		for _, path := range keys {
			c, err := readCosigner(path)
			if err != nil {
				return err
			}
			cfg.Cosigners = append(cfg.Cosigners, c)
		}
		if cfg.Source, err = openLog(args[1]); err != nil {
			return err
		}
		ctx, cancel, err := limited(cmd.Context(), timeout)
		if err != nil {
			return err
		}
		defer cancel()
		defer boundGarbage()()
		bar := commandline.NewProgress(stderr, "entries")
		cfg.Progress = bar.Show
		result, err := mirror.Run(ctx, cfg)
		bar.Clear()
		if err != nil {
			return mirrorFailure(cfg.Dir, err)
		}
		if err := writeMirrored(cmd.OutOrStdout(), cfg, result, asJSON); err != nil {
			return commandline.Undecided(fmt.Errorf("write report: %w", err), "")
		}
		if err := auditExit(result.Report, "", evidenceDir); err != nil || result.Copied {
			return err
		}
		return commandline.Refused(errors.New("the log could not be copied"), "see the report: the copy is as it was")
	}
	return cmd
}

// readCosigner reads the key of a mirror.
func readCosigner(path string) (*log.Cosigner, error) {
	b, failed := commandline.ReadPrivate(path, log.MaxSecretFile, "see --cosign: make one for this mirror with `pledge-witness keygen`")
	if failed != nil {
		return nil, failed
	}
	s, err := log.ParseSecret(b)
	if err != nil {
		return nil, commandline.Usagef("give a file that `pledge-witness keygen` wrote", "read key %s: %w", path, err)
	}
	c, err := s.Cosigner()
	if err != nil {
		return nil, commandline.Usagef("give a file that `pledge-witness keygen` wrote", "read key %s: %w", path, err)
	}
	return c, nil
}

// mirrorFailure says what to do about a directory that can't be used.
func mirrorFailure(dir string, err error) error {
	refused := (*verifier.StateError)(nil)
	switch {
	case errors.Is(err, mirror.ErrBusy):
		return commandline.Usagef("wait until it has ended", "%s: %w", dir, err)
	case errors.Is(err, mirror.ErrNoMirror):
		return commandline.Usagef("name an empty folder, one that is not there yet, or one that this command made", "%w", err)
	case errors.Is(err, mirror.ErrPolicy):
		return commandline.Usagef("keep the line of the key that signed it in the policy, or mirror into another folder", "%s: %w", dir, err)
	case errors.Is(err, mirror.ErrCosigner):
		return commandline.Usagef("make a key of its own for this mirror, under a name of its own, with `pledge-witness keygen`", "%w", err)
	case errors.As(err, &refused):
		return commandline.Usagef("check --policy and --charter; if they are right, delete "+filepath.Join(dir, mirror.StateDir, "audit")+" and give --charter: the whole copy is audited again", "%w", err)
	}
	return commandline.Usagef("see that there is room in "+dir+" and that it can be written; the copy is as it was, or a whole one", "update mirror: %w", err)
}

func writeMirrored(w io.Writer, cfg mirror.Config, r *mirror.Result, asJSON bool) error {
	if err := writeReport(w, r.Report, asJSON); err != nil || asJSON {
		return err
	}
	if !r.Copied {
		_, err := fmt.Fprintf(w, "\n%s is as it was: a copy of %s.\n", cfg.Dir, verifier.Count(r.Before, "entry", "entries"))
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s holds %s of this log, %s of them new; %s written, %d erased.\n", cfg.Dir,
		verifier.Count(r.Report.Size, "entry", "entries"), verifier.Commas(r.Report.Size-r.Before), verifier.Count(uint64(r.Texts), "text", "texts"), r.Erased)
	return err
}
