// Package apitest runs a whole server in the process, for tests and examples:
// store, engine, intake, index and API as `pledgelog serve` puts them together,
// on a port of its own and in a folder that Close removes. Nothing in it is
// played: what a client is told was logged is in a log.
//
// Every request that it answers, and every answer, is held to the document of the
// interface, openapi.json, made strict: Close says what was otherwise.
package apitest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pledgelog/pledgelog/api"
	"github.com/pledgelog/pledgelog/daemon"
	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/index"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/log/embedded"
	"github.com/pledgelog/pledgelog/store/sqlite"
)

// A Server is a server of an invented world's log. The log is empty: the first
// statement has to be the charter.
type Server struct {
	URL    string // without a slash at its end
	Addr   string // host:port
	Dir    string // the log's directory
	Policy *log.Policy
	API    *api.API

	root   string
	clock  atomic.Int64
	logged lockedBuffer
	http   *http.Server

	contract *contract
	intake   *intake.Intake
	engine   *embedded.Engine
	store    *sqlite.Store
	words    *sqlite.Words
}

// Start starts a server for the log of a world, with the checkpoint key and the
// clock of that world. Options change what the API is made of. It makes no
// directories: the world does.
func Start(ctx context.Context, w *generator.World, options ...func(*api.Config)) (*Server, error) {
	return start(ctx, w, nil, options)
}

// StartOperated is Start for a server that has the operator's keys and makes the
// directories. The world is to make none (generator.Options.NoDirectories).
func StartOperated(ctx context.Context, w *generator.World, options ...func(*api.Config)) (*Server, error) {
	var keys []intake.OperatorKey
	for _, k := range w.Operator {
		keys = append(keys, intake.OperatorKey{ID: k.ID, Sign: func(pae []byte) ([]byte, error) { return k.Sign(pae), nil }})
	}
	return start(ctx, w, keys, options)
}

func start(ctx context.Context, w *generator.World, operator []intake.OperatorKey, options []func(*api.Config)) (_ *Server, err error) {
	s := &Server{Policy: w.Policy}
	s.SetTime(w.Now())
	if s.root, err = os.MkdirTemp("", "apitest-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	s.Dir = filepath.Join(s.root, "log")
	logger := slog.New(slog.NewJSONHandler(&s.logged, nil))
	if s.store, err = sqlite.Create(ctx, filepath.Join(s.root, "store.db")); err != nil {
		return nil, err
	}
	engine := embedded.Config{Dir: s.Dir, Signer: w.Signer, Interval: embedded.MinInterval, Logger: logger}
	if err = embedded.Create(ctx, engine); err != nil {
		return nil, err
	}
	if s.engine, err = embedded.Open(ctx, engine); err != nil {
		return nil, err
	}
	origin := w.Options.Origin
	s.intake, err = intake.Open(ctx, intake.Config{
		Origin: origin, Policy: s.Policy, Store: s.store, Log: s.engine, Dir: s.Dir, Logger: logger, Operator: operator,
		Clock: func() time.Time { return time.Unix(s.clock.Load(), 0) },
	})
	if err != nil {
		return nil, err
	}
	if s.words, err = sqlite.OpenWords(ctx, filepath.Join(s.root, "words.db")); err != nil {
		return nil, err
	}
	idx, err := index.Open(ctx, index.Config{Origin: origin, Source: s.engine.Source(), Policy: s.Policy, Words: s.words, Logger: logger})
	if err != nil {
		return nil, err
	}
	config := api.Config{
		Origin: origin, Policy: s.Policy, Source: s.engine.Source(), Files: os.DirFS(s.Dir),
		Intake: s.intake, Index: idx, Logger: logger,
	}
	for _, o := range options {
		o(&config)
	}
	s.API = api.New(config)
	if s.contract, err = newContract(); err != nil {
		return nil, err
	}
	s.http = api.NewServer(s.contract.hold(s.API), config.Limits, logger)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.Addr = l.Addr().String()
	s.URL = "http://" + s.Addr
	go s.http.Serve(daemon.LimitConns(l, 512))
	return s, nil
}

// SetTime sets the server's clock, Unix seconds.
func (s *Server) SetTime(unix int64) { s.clock.Store(unix) }

// Log returns what the server wrote to its log, a JSON object a line.
func (s *Server) Log() string { return s.logged.String() }

// Close ends the server and removes its files. It fails when a request or an answer was
// not as openapi.json has it.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	if s.intake != nil {
		errs = append(errs, s.intake.Close(ctx))
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close(ctx))
	}
	if s.words != nil {
		errs = append(errs, s.words.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.contract != nil {
		errs = append(errs, s.contract.err())
	}
	return errors.Join(append(errs, os.RemoveAll(s.root))...)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
