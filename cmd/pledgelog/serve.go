package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/web"
)

const (
	// followInterval is how often the index looks for a new checkpoint when
	// nobody asks.
	followInterval = time.Second
	// answerTime is how long requests that are under way may take to end once the
	// server was asked to. A receipt may take 30 seconds.
	answerTime = 40 * time.Second
	// closeTime is how long the log may take to publish what it has.
	closeTime = 30 * time.Second
	// spareFiles are the file descriptors that connections leave to the log.
	spareFiles = 256
)

func (a *app) serveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "run the server",
		Long: `serve takes statements in, logs them, and serves the log, the API and the pages.

SIGTERM or SIGINT ends it gracefully: it accepts nothing more, answers what is
under way, publishes what has its place, and exits with 0. What was queued and
has no place yet is kept, and gets one after the next start. A second signal ends
it at once, which does no harm either.

Its log goes to the error output, as JSON unless that is a terminal: one line a
request, with method, path, status and duration, and neither who asked nor what
was searched for.`,
		Example: `  pledgelog serve --config pledgelog.yaml
  pledgelog serve --config pledgelog.yaml 2>> serve.log`,
		Args: commandline.NoArguments,
		RunE: do(func(ctx context.Context) error {
			if err := needConfig("serve", path); err != nil {
				return err
			}
			s, err := loadConfig(path)
			if err != nil {
				return err
			}
			return serve(ctx, s, a.Logger())
		}),
	}
	configFlag(cmd, &path)
	return cmd
}

// A server is everything that runs.
type server struct {
	*setup
	log     *slog.Logger
	parts   *parts
	intake  *intake.Intake
	words   *sqlite.Words // nil when it could not be opened: texts are not searched
	index   *index.Index
	api     *api.API
	public  *http.Server
	metrics *http.Server
	admin   *http.Server
	failed  chan error // why a listener ended
	stop    context.CancelFunc
	running sync.WaitGroup
}

// serve runs the server until ctx ends or it can't go on.
func serve(ctx context.Context, s *setup, logger *slog.Logger) (err error) {
	// Everything runs until it is closed in order, not until ctx ends.
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	srv := &server{setup: s, log: logger, stop: stop, failed: make(chan error, 3)}
	defer func() { err = errors.Join(err, srv.close()) }()
	if err := srv.open(inner); err != nil {
		return err
	}
	if err := srv.listen(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		logger.Info("ending")
		return nil
	case err := <-srv.failed:
		return err
	}
}

func (s *server) open(ctx context.Context) error {
	var err error
	if s.parts, err = s.openParts(ctx, s.log); err != nil {
		return err
	}
	config, err := s.intakeConfig(s.parts, s.log)
	if err != nil {
		return err
	}
	if s.intake, err = intake.Open(ctx, config); err != nil {
		return err
	}
	source := s.parts.engine.Source()
	followed := index.Config{Origin: s.Origin, Source: source, Policy: s.policy, Logger: s.log}
	if s.words, err = sqlite.OpenWords(ctx, s.wordsPath()); err != nil {
		s.log.Error("texts can't be searched until the next start", "error", err.Error())
	} else {
		followed.Words = s.words
	}
	if s.index, err = index.Open(ctx, followed); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.Directory)
	if err != nil {
		return fmt.Errorf("open directory: %w", commandline.PlainError(err))
	}
	context.AfterFunc(ctx, func() { root.Close() })
	pages, err := web.New(web.Config{Index: s.index, Origin: s.Origin, Logger: s.log})
	if err != nil {
		return err
	}
	s.api = api.New(api.Config{
		Origin: s.Origin, Policy: s.policy, Source: source, Files: root.FS(),
		Intake: s.intake, Index: s.index, Logger: s.log, Web: pages,
		Collectors: s.collectors(), License: s.DataLicense,
	})
	s.running.Go(func() { s.keepDumps(ctx) })
	s.running.Go(func() {
		// An index that stops shows what it had verified; it says why itself.
		_ = s.index.Follow(ctx, followInterval)
	})
	return nil
}

// listen opens the listeners and serves on them.
func (s *server) listen() error {
	limits := api.Limits{Conns: maxConns()}
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return commandline.Refusedf("choose another address with listen, or stop who has it", "listen on %s: %w", s.Listen, err)
	}
	s.public = api.NewServer(s.api, limits, s.log)
	s.serveOn(s.public, daemon.LimitConns(listener, limits.Conns))
	var metrics net.Listener
	if s.MetricsListen != "" {
		if metrics, err = net.Listen("tcp", s.MetricsListen); err != nil {
			return commandline.Refusedf("choose another address with metrics_listen, or stop who has it", "listen on %s: %w", s.MetricsListen, err)
		}
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.api.Metrics())
		s.metrics = api.NewServer(mux, api.Limits{}, s.log)
		s.serveOn(s.metrics, daemon.LimitConns(metrics, 16))
	}
	attrs := []any{"origin", s.Origin, "address", listener.Addr().String(), "size", s.intake.Size(), "version", commandline.Version()}
	if metrics != nil {
		attrs = append(attrs, "metrics", metrics.Addr().String())
	}
	admin, err := s.listenAdmin()
	if err != nil {
		return err
	}
	s.admin = adminServer(s.intake, s.parts.asking, s.log)
	s.serveOn(s.admin, admin)
	if entry.IsDemonstration(s.Origin) {
		attrs = append(attrs, "simulated_time", s.SimulatedClock != "")
	}
	s.log.Info("serving", attrs...)
	s.warnOfOperator()
	return nil
}

// warnOfOperator says loudly that no directories will be made.
func (s *server) warnOfOperator() {
	switch have, need := s.intake.OperatorKeys(); {
	case len(s.operator) == 0:
		s.log.Error("no operator_key is configured: this server makes no directories, which every audit finds two days after the log grew")
	case have < need:
		s.log.Error("the keys in operator_key can't make directories: every audit finds that two days after the log grew", "in_force", have, "needed", need)
	}
}

func (s *server) serveOn(srv *http.Server, l net.Listener) {
	s.running.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}
	})
}

// close ends everything, front to back: no new request, the answers under way,
// the intake, the engine, the store.
func (s *server) close() error {
	var errs []error
	if s.public != nil {
		s.api.Drain()
		ctx, cancel := context.WithTimeout(context.Background(), answerTime)
		if err := s.public.Shutdown(ctx); err != nil {
			s.log.Warn("requests were cut off", "error", err.Error())
			s.public.Close()
		}
		cancel()
	}
	if s.metrics != nil {
		s.metrics.Close()
	}
	if s.admin != nil {
		s.admin.Close()
		os.Remove(filepath.Join(s.State, adminSocket)) // the next server would do so too
	}
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if s.intake != nil {
		errs = append(errs, s.intake.Close(ctx))
	}
	if s.parts != nil {
		errs = append(errs, s.parts.close(ctx))
	}
	s.running.Wait()
	if s.words != nil {
		errs = append(errs, s.words.Close())
	}
	err := errors.Join(errs...)
	if err == nil && s.public != nil {
		s.log.Info("ended")
	}
	return err
}

// maxConns is how many connections there may be, so that they leave the log the
// file descriptors that it needs.
func maxConns() int {
	const most = 8192
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur >= most+spareFiles {
		return most
	}
	return max(int(l.Cur)-spareFiles, 32)
}
