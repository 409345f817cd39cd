package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
)

// docs/law-cards.md is that of the cards.
func TestPage(t *testing.T) {
	b, err := os.ReadFile("../../docs/law-cards.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, page(entry.LawCards())) {
		t.Error("docs/law-cards.md is not up to date: go generate ./entry")
	}
	// The notice stands at the top and with each card.
	if got, want := strings.Count(string(b), entry.LawCards().Notice), len(entry.LawCards().Cards)+1; got != want {
		t.Errorf("the notice stands there %d times, not %d", got, want)
	}
}
