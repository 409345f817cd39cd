package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/dump"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/log"
)

const (
	// dumpInterval is how often the server looks whether a dump is due, or has to go.
	dumpInterval = time.Second
	// dumpPause is for how long it waits after one that failed.
	dumpPause = time.Minute
)

func (s *setup) exports() api.Exports { return api.Exports{Origin: s.Origin, License: s.DataLicense} }

// dumps keeps the daily dumps.
func (s *setup) dumps() *dump.Keeper {
	return &dump.Keeper{Dir: s.Directory, Days: int(s.DumpKeep / oneDay), Exports: s.exports()}
}

// keepDumps makes daily dumps, and removes those that have to go, until ctx ends.
func (s *server) keepDumps(ctx context.Context) {
	keeper := s.dumps()
	seen, wait := uint64(0), dumpInterval
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		snapshot := s.index.Snapshot()
		if wait = dumpInterval; snapshot.View().Size == seen {
			continue
		}
		start := time.Now()
		made, err := keeper.Keep(ctx, snapshot)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("could not keep daily dumps", "error", commandline.PlainError(err).Error())
			wait = dumpPause
			continue
		case made != "":
			s.log.Info("daily dump made", "day", made, "size", snapshot.View().Size, "seconds", time.Since(start).Seconds())
		}
		seen = snapshot.View().Size
	}
}

func (a *app) dumpCommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "dump --config FILE DIR",
		Short: "write all that was logged into files",
		Long: `dump writes into DIR, which must not be there yet, what the published log holds:
the exports as CSV and JSON Lines, compressed, their description as a Frictionless
Data Package, the codebook, the checkpoint as of which they are, and SHA256SUMS.

It reads the log's directory and changes nothing there, and works while the server
runs. The server makes such a dump each day by itself (dump_keep). Unlike those, what
you wrote by hand is yours to look after when a text is erased.`,
		Example: `  pledgelog dump --config pledgelog.yaml dump-2026-08-14`,
		Args:    commandline.OneArgument("give the folder to write"),
	}
	configFlag(cmd, &config)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return do(func(ctx context.Context) error {
			if err := needConfig("dump", config); err != nil {
				return err
			}
			s, err := loadConfig(config)
			if err != nil {
				return err
			}
			return a.dump(ctx, s, args[0])
		})(cmd, args)
	}
	return cmd
}

func (a *app) dump(ctx context.Context, s *setup, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return commandline.Refusedf("name a folder that is not there yet", "%s is there already", dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	x, err := index.Open(ctx, index.Config{Origin: s.Origin, Source: log.DirSource(s.Directory), Policy: s.policy, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := x.CatchUp(ctx); err != nil {
		return err
	}
	if err := dump.Write(ctx, dir, s.exports(), x.Snapshot()); err != nil {
		return err
	}
	a.Printf("%s  as of %d entries\n", dir, x.View().Size)
	return nil
}
