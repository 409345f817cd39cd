package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

func (a *app) lawCommand() *cobra.Command {
	var asJSON bool
	var codes []string
	for _, c := range entry.LawCards().Cards {
		codes = append(codes, c.Code)
	}
	cmd := &cobra.Command{
		Use:   "law [CODE]",
		Short: "show what the law says on telling of a request",
		Long: `law shows the law cards: for each instrument of the vocabulary whether the public may
be told that there is a request and what it says, to whom else it may be told, which
counts may be published, what can lift a duty of secrecy, and on which provisions the
card rests. Not confirmed means that a provision was not read in any source: look it
up before you rely on it. Cards are information, not advice.

With CODE it shows one card whole. pledge new request applies them.`,
		Example: `  pledge law
  pledge law gb-tcn
  pledge law us-nsl --json`,
		ValidArgs: codes,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return commandline.Usagef("for example: pledge law gb-tcn", "law takes one code of an instrument, or none")
			}
			return nil
		},
		RunE: do(func(_ context.Context, args []string) error {
			cards := entry.LawCards()
			var card *entry.Card
			if len(args) == 1 {
				var ok bool
				if card, ok = cards.Card(args[0]); !ok {
					return commandline.Usagef(cmp.Or(didYouMean(args[0], codes), "pledge law lists them"), "there is no instrument %q", args[0])
				}
			}
			switch {
			case asJSON:
				if card != nil {
					cards = cards.Only(card)
				}
				b, err := cards.JSON()
				if err != nil {
					return fmt.Errorf("encode law cards: %w", err)
				}
				a.printf("%s", b)
			case card != nil:
				a.lawCard(cards, card)
			default:
				a.lawCards(cards)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON (docs/schema/law-cards.v1.json)")
	return cmd
}

// lawCards lists the cards.
func (u *ui) lawCards(cards *entry.Cards) {
	u.printf("law cards, version %d of %s\n\n", cards.Version, cards.Date)
	u.printf("may the public be told that there is a request (existence), and what it says (contents)?\n\n%-26s %-10s contents\n", "instrument", "existence")
	for i := range cards.Cards {
		c := &cards.Cards[i]
		var more []string
		if c.GeneralDuty {
			more = append(more, "a general duty, for aggregates")
		}
		if c.General {
			more = append(more, "general card: read the paper")
		} else if !c.Confirmed() {
			more = append(more, "not all confirmed")
		}
		u.printf("%s\n", strings.TrimRight(fmt.Sprintf("%-26s %-10s %-10s %s", c.Code, c.Existence.Told, c.Contents.Told, strings.Join(more, "; ")), " "))
	}
	u.printf("\nno: unless it is permitted; limited: it depends on the paper, or in part; unclear: no source says\n\n%s\n", cards.Notice)
}

// lawCard shows one card whole.
func (u *ui) lawCard(cards *entry.Cards, c *entry.Card) {
	term, _ := entry.Terms().Term("instrument", c.Code)
	u.printf("%s: %s\n", c.Code, term.Label)
	u.paragraph("", term.Definition)
	if c.GeneralDuty {
		u.paragraph("general duty", "It is for aggregates, not for single entries.")
	}
	for _, t := range []struct {
		title string
		entry.Telling
	}{{"existence", c.Existence}, {"contents", c.Contents}} {
		u.paragraph(t.title, t.Label()+". "+t.Text)
		if len(t.To) > 0 {
			var who []string
			for _, code := range t.To {
				who = append(who, cards.Recipient(code))
			}
			u.paragraph("", "May be told: "+strings.Join(who, "; ")+".")
		}
	}
	if a := c.Aggregates; a != nil {
		u.paragraph("counts", a.Text)
		for _, b := range a.Bands {
			u.paragraph("", fmt.Sprintf("%s: each %s, in bands of %d that begin with 0-%d", b.What, b.Every, b.Width, b.Width-1))
		}
	}
	u.paragraph("what lifts it", c.Lifts)
	if c.Contested != "" {
		u.paragraph("contested", c.Contested)
	}
	if c.General {
		u.paragraph("sources", "None: this card stands for no one law. The paper and the law that it names have to be read.")
	}
	for i, s := range c.Sources {
		title := ""
		if i == 0 {
			title = "sources"
		}
		u.paragraph(title, s.Citation)
		u.printf("  %-14s %s\n", "", s.URL)
		if s.ReadAt != "" {
			u.paragraph("", "read in a copy ("+s.Edition+"), looked for on "+s.Looked+":")
			u.printf("  %-14s %s\n", "", s.ReadAt)
		}
		if !s.Confirmed {
			u.paragraph("", "NOT CONFIRMED, looked for on "+s.Looked+". "+s.Unconfirmed)
		}
	}
	u.printf("\nversion %d of %s. %s\n", cards.Version, cards.Date, cards.Notice)
}

// paragraph writes a title and words beside it, broken so that a terminal of 90
// columns holds them.
func (u *ui) paragraph(title, text string) {
	const width = 70
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			u.printf("  %-14s %s\n", title, line)
			title, line = "", ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	u.printf("  %-14s %s\n", title, line)
}
