package monitor_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/pledgelog/pledgelog/generator"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/witness"
)

// A witness of ours cosigned the log that others are shown: the monitor, who is shown
// another, finds it where a witness shows what it has.
func TestOurWitnessShowsAFork(t *testing.T) {
	p := newPlace(t, 601, generator.Options{Seed: 44})
	p.log("log", 600)
	theirs := p.other("theirs", 300, 420)
	if err := witness.CreateState(p.path("witness")); err != nil {
		t.Fatal(err)
	}
	state, err := witness.OpenState(p.path("witness"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := state.Add(t.Context(), p.world.Options.Origin, []log.Key{p.world.Signer.Key()}, false); err != nil {
		t.Fatal(err)
	}
	cosigner, err := log.NewCosigner("north.witness.example", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.New(witness.Config{State: state, Cosigners: []*log.Cosigner{cosigner}})
	if err != nil {
		t.Fatal(err)
	}
	url := p.server(witness.NewHandler(witness.HandlerConfig{Witness: w, SubmissionPrefix: "/add", MonitoringPrefix: "/monitoring", Logger: slog.New(slog.DiscardHandler)}))
	cfg := p.config(p.serve("log"), "    witnesses:", "      - {name: north, url: \""+url+"/monitoring\"}")
	list, _ := p.once(cfg)
	want(t, "before it saw one", list, "raised/infrastructure/copy-unread")

	raw, err := theirs.Read(log.CheckpointPath)
	if err != nil {
		t.Fatal(err)
	}
	note, err := log.ParseNote(raw)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/add/add-checkpoint", "text/plain", bytes.NewReader((&log.AddCheckpoint{Note: note}).Marshal()))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the witness answers with %s", resp.Status)
	}
	if err := os.RemoveAll(p.path("theirs")); err != nil {
		t.Fatal(err)
	}
	list, out := p.once(cfg)
	if !slices.Contains(codes(list), "raised/misbehaviour/log-forked") || !out.Proved {
		t.Errorf("it was not found: %q, %+v", codes(list), out)
	}
}
