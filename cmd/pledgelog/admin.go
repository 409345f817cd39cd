package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/intake"
	"github.com/pledgelog/pledgelog/log/witnessing"
)

// A running server takes the operator's orders on a socket in its state folder,
// which only its own user can reach. The commands speak to it over HTTP in JSON:
//
//	GET  /status   what `pledgelog status` shows
//	POST /erase    an eraseOrder; the answer is erased texts
//
// It is no interface for others: it changes with the program.

const adminSocket = "admin.sock"

// eraseTime is how long an order to erase may take until the texts are gone: a
// checkpoint has to be published first.
const eraseTime = 60 * time.Second

type eraseOrder struct {
	Entry     entry.ID `json:"entry,omitzero"`
	Digest    string   `json:"digest,omitzero"`
	Basis     string   `json:"basis"`
	Reference string   `json:"reference"`
	Date      string   `json:"date,omitzero"`
}

type erasedText struct {
	Of      entry.ID `json:"of"`
	Digest  string   `json:"digest"`
	Index   uint64   `json:"index"` // of the erasure
	Erasure entry.ID `json:"erasure"`
	Before  bool     `json:"before"` // it was logged before
}

// eraseAnswer says what became of an order: the texts are gone, or the erasures are
// logged and the server is not done yet, or it was refused.
type eraseAnswer struct {
	Texts   []erasedText `json:"texts,omitzero"`
	Gone    bool         `json:"gone"`
	Refused string       `json:"refused,omitzero"` // why
	Hint    string       `json:"hint,omitzero"`
}

// carryOut logs erasures and waits until the texts are gone.
func carryOut(ctx context.Context, in *intake.Intake, o eraseOrder) (*eraseAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, eraseTime)
	defer cancel()
	texts, err := in.Erase(ctx, intake.EraseOrder{Entry: o.Entry, Digest: o.Digest, Basis: o.Basis, Reference: o.Reference, Date: o.Date})
	var refused *intake.Refusal
	switch {
	case errors.As(err, &refused):
		return &eraseAnswer{Refused: refused.Error(), Hint: intake.Hint(refused.Code)}, nil
	case errors.Is(err, intake.ErrNoOperator):
		return &eraseAnswer{Refused: err.Error(), Hint: "give the operator's key as operator_key, and start the server again: an erasure is the operator's statement"}, nil
	case err != nil:
		return nil, err
	}
	a := new(eraseAnswer)
	last := uint64(0)
	for _, t := range texts {
		a.Texts = append(a.Texts, erasedText{t.Of, t.Digest, t.Erasure.Index, t.Erasure.Entry, t.Before})
		last = max(last, t.Erasure.Index)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := in.IsErased(ctx, last); err == nil && done {
			a.Gone = true
			return a, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return a, nil // it goes on
		}
	}
}

// socketPath is a path to the socket that is short enough for the system, however
// long that of the state folder is. It is good until the file is closed.
func (s *setup) socketPath() (string, *os.File, error) {
	dir, err := os.Open(s.State)
	if err != nil {
		return "", nil, err
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(dir.Fd())), adminSocket), dir, nil
}

// adminHandler answers the operator's commands.
func adminHandler(in *intake.Intake, asking *witnessing.Client) http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any, err error) {
		b, merr := json.Marshal(v)
		if err = errors.Join(err, merr); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(b)
	}
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, statusOf(in, asking), nil)
	})
	mux.HandleFunc("POST /erase", func(w http.ResponseWriter, r *http.Request) {
		var o eraseOrder
		if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, 4<<10), &o, json.RejectUnknownMembers(true)); err != nil {
			http.Error(w, "the order can't be read: is the program of another version than the server?", http.StatusBadRequest)
			return
		}
		a, err := carryOut(r.Context(), in, o)
		answer(w, a, err)
	})
	return mux
}

// listenAdmin opens the socket. What an earlier server left there goes: the state is
// locked.
func (s *setup) listenAdmin() (net.Listener, error) {
	path, dir, err := s.socketPath()
	if err != nil {
		return nil, fmt.Errorf("open state: %w", commandline.PlainError(err))
	}
	defer dir.Close()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", commandline.PlainError(err))
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", filepath.Join(s.State, adminSocket), err)
	}
	// Its path is another when it is closed.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	return l, os.Chmod(path, 0o600)
}

func adminServer(in *intake.Intake, asking *witnessing.Client, logger *slog.Logger) *http.Server {
	return &http.Server{Handler: adminHandler(in, asking), ReadTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug)}
}

// askServer asks the running server.
func askServer[T any](ctx context.Context, s *setup, method, path string, body any) (*T, error) {
	socket, dir, err := s.socketPath()
	if err != nil {
		return nil, fmt.Errorf("open state: %w", commandline.PlainError(err))
	}
	defer dir.Close()
	client := &http.Client{Timeout: eraseTime + 10*time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://pledgelog"+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, commandline.Undecided(fmt.Errorf("ask the running server: %w", err), "wait until it has started, and run the same command again")
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(answer)))
	}
	if err != nil {
		return nil, commandline.Undecided(fmt.Errorf("ask the running server: %w", err), "look at the server's log, and run the same command again")
	}
	v := new(T)
	if err := json.Unmarshal(answer, v); err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	return v, nil
}
