// Command lawcards writes the page of the law cards:
//
//	go run ./scripts/lawcards docs/law-cards.md
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "error: name the file to write")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], page(entry.LawCards()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// page returns docs/law-cards.md.
func page(cards *entry.Cards) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Law cards

**%s** A card says, for one instrument of the vocabulary, whether the public may be told that
there is a request, and what it says; to whom else it may be told; which counts the law itself lets be published; and what
can lift a duty of secrecy. It is written for counsel, who reads the law and the paper at hand.

Version %d of %s. This page is made of `+"`entry/lawcards.json`"+` (`+"`go generate ./entry`"+`), which
`+"`pledge law`"+` shows too and `+"`GET /api/v1/vocabulary`"+` has as `+"`lawCards`"+`. `+"`pledge new request`"+` applies it. No server and no
verifier judges by it.

Each source has the address of the official text, which was not opened for these cards, and, where it was read, the copy
that was read and its state. **Not confirmed** means that what the card takes from that provision was not read in any
source: it has to be looked up before it is relied on.

| instrument | may its existence be told | may its contents be told | all confirmed |
|---|---|---|---|
`, cards.Notice, cards.Version, cards.Date)
	for i := range cards.Cards {
		c := &cards.Cards[i]
		confirmed := "yes"
		switch {
		case c.General:
			confirmed = "general card"
		case !c.Confirmed():
			confirmed = "no"
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", c.Code, c.Code, c.Existence.Label(), c.Contents.Label(), confirmed)
	}
	b.WriteString(drafter)
	for i := range cards.Cards {
		writeCard(&b, cards, &cards.Cards[i])
	}
	return b.Bytes()
}

const drafter = `
## What the drafter does with it

- A card that forbids telling the existence refuses a request that would be logged, with exit code 1. It goes into the
  next slot instead (` + "`--for-slot`" + `, where no card blocks), or the YAML names what permits telling:
  ` + "`permission: {reference: …}`" + `.
- A card that forbids telling the contents wants them withheld or sealed, or that permission.
- Where ` + "`gag`" + ` states a duty of secrecy by statute or by order, telling takes that permission whatever the instrument is, and
  where none is named.
- Where it depends on the paper, or no source says, and where a duty applies to everybody, the drafter shows the card and
  goes on. It is silent where ` + "`gag`" + ` states that there is no duty of secrecy, or none any more, and the card forbids nothing.
- Sealing or withholding the instrument changes nothing of that. Where the instrument is left out, not published or not
  known, no card can be applied, and the drafter says so.
- The permission's reference is never logged or sent. It stays in the YAML and in the draft's safe, or in ` + "`FILE.filing.json`" + ` beside the draft.
- Who signs gets the file alone: ` + "`pledge sign`" + `, ` + "`preview`" + `, ` + "`lint`" + ` and the desk apply the cards to it again, and show the
  permission if its safe is open. Where none was read, the doubt ` + "`law-forbids`" + ` has to be confirmed.
`

func writeCard(b *bytes.Buffer, cards *entry.Cards, c *entry.Card) {
	term, _ := entry.Terms().Term("instrument", c.Code)
	fmt.Fprintf(b, "\n## `%s`\n\n%s. %s\n\n", c.Code, term.Label, term.Definition)
	if c.GeneralDuty {
		b.WriteString("**A general duty: for aggregates, not for single entries.**\n\n")
	}
	for _, t := range []struct {
		title string
		entry.Telling
	}{{"Existence", c.Existence}, {"Contents", c.Contents}} {
		fmt.Fprintf(b, "- **%s: %s.** %s", t.title, t.Label(), t.Text)
		if len(t.To) > 0 {
			var who []string
			for _, code := range t.To {
				who = append(who, cards.Recipient(code))
			}
			fmt.Fprintf(b, " May be told: %s.", strings.Join(who, "; "))
		}
		b.WriteString("\n")
	}
	if a := c.Aggregates; a != nil {
		fmt.Fprintf(b, "- **Counts.** %s\n", a.Text)
		for _, band := range a.Bands {
			fmt.Fprintf(b, "  - %s: each %s, in bands of %d that begin with 0–%d\n", band.What, band.Every, band.Width, band.Width-1)
		}
	}
	fmt.Fprintf(b, "- **What can lift it.** %s\n", c.Lifts)
	if c.Contested != "" {
		fmt.Fprintf(b, "- **Contested.** %s\n", c.Contested)
	}
	if c.General {
		b.WriteString("- **Sources.** None: this card stands for no one law. The paper and the law that it names have to be read.\n")
	} else {
		b.WriteString("- **Sources.**\n")
	}
	for _, s := range c.Sources {
		fmt.Fprintf(b, "  - [%s](%s)", s.Citation, s.URL)
		if s.ReadAt != "" {
			fmt.Fprintf(b, ", read in [a copy](%s) (%s)", s.ReadAt, s.Edition)
		}
		fmt.Fprintf(b, ", looked for on %s.", s.Looked)
		if !s.Confirmed {
			fmt.Fprintf(b, " **Not confirmed:** %s", s.Unconfirmed)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "\n%s\n", cards.Notice)
}
