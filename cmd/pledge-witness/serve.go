package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/witness"
)

const (
	// closeTime is how long requests that are under way may take to end once the
	// witness was asked to.
	closeTime = 20 * time.Second
	// spareFiles are the file descriptors that connections leave to the state.
	spareFiles = 200
)

func (a *app) serveCommand() *cobra.Command {
	return a.configured(&cobra.Command{
		Use:   "serve --config FILE",
		Short: "run the witness",
		Long: `serve answers logs and monitors:

  POST <submission prefix>/add-checkpoint             cosigns a checkpoint
  GET  <monitoring prefix>/<origin hash>/checkpoint   the newest one that was cosigned
  GET  <monitoring prefix>/<origin hash>/audit.json   what its audits found, for a log that it audits
  GET  /healthz                                       200 when it can cosign

A log that is audited is cosigned once the audit of everything up to its checkpoint is
done; until then the answer is 503, and the audit goes on.

SIGTERM or SIGINT ends it gracefully: it answers what is under way, and exits with
0. A second signal ends it at once, which does no harm either. Two of them may run
on one state.

Its log goes to the error output, as JSON unless that is a terminal: one line a
request, with origin, sizes and status, and not who asked.`,
		Example: `  pledge-witness serve --config witness.yaml
  pledge-witness serve --config witness.yaml 2>> witness.log`,
		Args: commandline.NoArguments,
	}, func(ctx context.Context, s *setup, _ []string) error { return serve(ctx, s, a.Logger()) })
}

// serve runs the witness until ctx ends or it can't go on.
func serve(ctx context.Context, s *setup, logger *slog.Logger) error {
	state, err := s.openState()
	if err != nil {
		return err
	}
	// One log whose file is damaged is no reason to leave the others alone.
	logs, err := state.Logs()
	if err != nil {
		logger.Error("some logs can't be cosigned", "error", err.Error())
	}
	now, err := daemon.Clock(s.SimulatedClock, logger)
	if err != nil {
		return err
	}
	auditor := witness.NewAuditor(witness.AuditorConfig{State: state, Logger: logger, Clock: now})
	defer auditor.Close()
	w, err := witness.New(witness.Config{
		State: state, Cosigners: s.cosigners, Clock: now, Simulated: s.SimulatedClock != "", CosignInterval: s.CosignInterval, Check: auditor,
	})
	if err != nil {
		return err
	}
	metrics := witness.NewMetrics(w)
	handler := witness.NewHandler(witness.HandlerConfig{
		Witness: w, SubmissionPrefix: s.SubmissionPrefix, MonitoringPrefix: s.MonitoringPrefix, Logger: logger, Metrics: metrics,
	})
	listener, err := listen("listen", s.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	attrs := []any{"address", listener.Addr().String(), "logs", len(logs), "keys", vkeyIDs(s), "version", commandline.Version()}
	servers := []*http.Server{witness.NewServer(handler, logger)}
	listeners := []net.Listener{daemon.LimitConns(listener, maxConns())}
	if s.MetricsListen != "" {
		l, err := listen("metrics_listen", s.MetricsListen)
		if err != nil {
			return err
		}
		defer l.Close()
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", metrics.Handler())
		servers = append(servers, witness.NewServer(mux, logger))
		listeners = append(listeners, daemon.LimitConns(l, 16))
		attrs = append(attrs, "metrics", l.Addr().String())
	}
	if s.SimulatedClock != "" {
		attrs = append(attrs, "simulated_time", true)
	}
	failed := make(chan error, len(servers))
	var running sync.WaitGroup
	for i, server := range servers {
		running.Go(func() {
			if err := server.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve on %s: %w", listeners[i].Addr(), err)
			}
		})
	}
	logger.Info("serving", attrs...)
	select {
	case <-ctx.Done():
		logger.Info("ending")
	case err = <-failed:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	for _, server := range servers {
		if e := server.Shutdown(end); e != nil {
			logger.Warn("requests were cut off", "error", e.Error())
			server.Close()
		}
	}
	running.Wait()
	if err == nil {
		logger.Info("ended")
	}
	return err
}

func listen(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, commandline.Refusedf("choose another address with "+key+", or stop who has it", "listen on %s: %w", address, err)
	}
	return l, nil
}

// vkeyIDs names the keys in a log: what is public of them, and short.
func vkeyIDs(s *setup) string {
	var ids []string
	for _, c := range s.cosigners {
		ids = append(ids, fmt.Sprintf("%s+%08x", c.Key().Name, c.Key().ID))
	}
	return strings.Join(ids, " ")
}

// maxConns is how many connections there may be, so that they leave the state the
// file descriptors that it needs.
func maxConns() int {
	const most = 1024
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur >= most+spareFiles {
		return most
	}
	return max(int(l.Cur)-spareFiles, 32)
}
