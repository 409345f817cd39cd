// Command readserver answers what people ask of a log that was written before: the pages,
// the API and the exports of `pledgelog serve`, by the same handlers, index and full text,
// without the way in. scripts/bench measures it: a log of a million statements is written in
// minutes, and would take much longer to submit.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/store/sqlite"
	"github.com/pledgelog/pledgelog/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// Ready is what it prints, as a line of JSON, once it answers.
type Ready struct {
	Address string
	Size    uint64  // of the log
	Seconds float64 // that the index took to build, full text included
}

func run(ctx context.Context) error {
	dir := flag.String("dir", "", "the log's directory")
	policy := flag.String("policy", "", "its policy file")
	state := flag.String("state", "", "where the full text is kept")
	flag.Parse()
	raw, err := os.ReadFile(*policy)
	if err != nil {
		return err
	}
	held, err := log.ParsePolicy(raw)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	origin, source := held.Logs[0].Key.Name, log.DirSource(*dir)

	start := time.Now()
	words, err := sqlite.OpenWords(ctx, filepath.Join(*state, "words.db"))
	if err != nil {
		return err
	}
	defer words.Close()
	x, err := index.Open(ctx, index.Config{Origin: origin, Source: source, Policy: held, Words: words, Logger: logger})
	if err != nil {
		return err
	}
	if err := x.CatchUp(ctx); err != nil {
		return err
	}
	took := time.Since(start)

	pages, err := web.New(web.Config{Index: x, Origin: origin, Logger: logger})
	if err != nil {
		return err
	}
	handler := api.New(api.Config{Origin: origin, Policy: held, Source: source, Files: os.DirFS(*dir), Intake: noWayIn{}, Index: x, Logger: slog.New(slog.DiscardHandler), Web: pages})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := api.NewServer(handler, api.Limits{}, logger)
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	ready := Ready{listener.Addr().String(), x.View().Size, took.Seconds()}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// noWayIn is an intake that takes nothing.
type noWayIn struct{}

func (noWayIn) Submit(context.Context, *entry.Submission) (*intake.Receipt, error) {
	return nil, intake.ErrStopped
}

func (noWayIn) SubmitAll(_ context.Context, subs []*entry.Submission) []*intake.Ticket {
	return make([]*intake.Ticket, len(subs))
}

func (noWayIn) Ready() error                         { return nil }
func (noWayIn) Status() intake.Status                { return intake.Status{} }
func (noWayIn) Erased(string) (intake.Erasure, bool) { return intake.Erasure{}, false }
func (noWayIn) IsErasing() bool                      { return false }
func (noWayIn) IsWaiting(string) bool                { return false }
