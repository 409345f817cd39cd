package main

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
)

// The law cards at a draft (protocol section 5): a card that forbids telling blocks
// the way into the public log unless a permission is cited. What permits it is for
// the company's own file. It is neither logged nor sent, and no error quotes it.

// permissionYAML is what permits to tell of a request.
type permissionYAML struct {
	Reference string `yaml:"reference,needed"`
}

// maxReference is the length of a permission's reference, in bytes.
const maxReference = 500

// checkReference wants one line, which a person can look up again.
func checkReference(text string) error {
	if strings.TrimSpace(text) == "" || len(text) > maxReference || strings.ContainsAny(text, "\r\n") {
		return commandline.Refused(fmt.Errorf("permission: the reference has to be one line of at most %d bytes", maxReference), "cite the paper that permits telling, such as its date and file number; it is not logged")
	}
	return nil
}

// A teller is a source that the law cards are applied to, before anything is asked
// of a log: a request that is refused leaves no trace there.
type teller interface {
	tell(d *drafting) error
}

// applyCards applies the law cards to a request. Quiet says that something of it is
// kept back, so that no note may name it; instead and cite are what can be done about
// a card that forbids telling.
func (d *drafting) applyCards(b *entry.RequestBody, kept entry.KeptBack, quiet bool, instead, cite string) error {
	way := entry.RequestWay(b, kept, d.permission)
	if way.State == entry.WayBlocked {
		instrument := fmt.Sprintf("instrument %q", b.Instrument)
		if quiet || b.Instrument == "" {
			instrument = "the instrument"
		}
		return refuseByCard(&blocked{instrument, way.Reasons, false}, instead, cite)
	}
	for _, r := range way.Reasons {
		d.note("%s (%s)", r.Text, r.Code)
	}
	card, ok := entry.LawCard(b.Instrument)
	switch {
	case len(way.Reasons) == 0, !ok:
	case quiet:
		d.note("pledge law shows the cards. %s", entry.LawCards().Notice)
	default:
		d.note("%s", inShort(card))
	}
	return nil
}

// blocked says why the public may not be told of a request, unless something permits it. What
// is what the law card is of; the reasons name nothing of the request.
type blocked struct {
	what    string
	reasons []entry.WayReason
	opens   bool // something is opened: nothing more of it can be kept back
}

func (b *blocked) Error() string {
	var words []string
	for _, r := range b.reasons {
		words = append(words, fmt.Sprintf("%s (%s)", r.Text, r.Code))
	}
	return b.what + ": " + strings.Join(words, "; ")
}

// keepBack are the members which, kept back, leave nothing that is forbidden; nil where that
// would not do.
func (b *blocked) keepBack() []string {
	if b.opens {
		return nil
	}
	var members []string
	for _, r := range b.reasons {
		switch r.Code {
		case entry.ReasonExistenceForbidden, entry.ReasonGagForbids:
			return nil
		case entry.ReasonContentsForbidden:
			members = r.Members
		}
	}
	return members
}

// refuseByCard says what the card keeps from the public.
func refuseByCard(b *blocked, instead, cite string) error {
	if members := b.keepBack(); members != nil {
		instead = "withhold the text, or seal " + strings.Join(members, ", ")
	}
	return commandline.Refused(b, instead+"; or "+cite+". pledge law shows the card. "+entry.LawCards().Notice)
}

// inShort is a card in one note, with its sources.
func inShort(c *entry.Card) string {
	s := fmt.Sprintf("law card %s. Existence: %s. %s Contents: %s. %s", c.Code, c.Existence.Label(), c.Existence.Text, c.Contents.Label(), c.Contents.Text)
	var cited []string
	for _, src := range c.Sources {
		what := src.Citation
		if !src.Confirmed {
			what += " (not confirmed)"
		}
		cited = append(cited, what)
	}
	if len(cited) > 0 {
		s += " Sources: " + strings.Join(cited, "; ") + "."
	}
	return s + " " + entry.LawCards().Notice
}

// tell applies the cards to a request as it stands in the YAML.
func (y *requestYAML) tell(d *drafting) error {
	return y.tellBy(d, "keep it for the next slot, --for-slot DIR, where no card blocks", "cite in the YAML what permits it, permission: {reference: …}, which is not logged")
}

// tellBy is tell, with what can be done about a card that forbids telling.
func (y *requestYAML) tellBy(d *drafting, instead, cite string) error {
	kept := entry.KeptBack{All: y.Withhold != nil}
	for _, s := range y.Seal.list {
		kept.Members = append(kept.Members, s.Member)
	}
	if y.Permission != nil {
		d.permission = y.Permission.Reference
		if err := checkReference(d.permission); err != nil {
			return err
		}
	}
	return d.applyCards(y.members(), kept, kept.All || kept.Members != nil, instead, cite)
}

// tell applies the cards to a request that comes out of a slot: it becomes public
// now. Its sealed members stay sealed, and its commitment has their plain values.
func (y *slotRequest) tell(d *drafting) error {
	kept := entry.KeptBack{All: y.review != ""}
	for _, o := range y.commitment.Disclosures {
		kept.Members = append(kept.Members, o.Name)
	}
	d.permission = y.permission
	return d.applyCards(y.commitment.detached, kept, true,
		"leave it in its slot", "cite what permits it, --permission FILE, which is not logged")
}

// readPermission reads the reference that --permission names a file of, so that it
// does not stand among a process's arguments.
func readPermission(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := commandline.ReadInput("permission", path, 2*maxReference, "the file has one line: what permits telling")
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	return text, checkReference(text)
}

// The filing record stands beside a draft that cites a permission: FILE.json and
// FILE.filing.json. It is for the company's file, and nothing sends it.

const filingExt = ".filing.json"

// filingFormat names the format of the record (docs/schema).
const filingFormat = "pledgelog.filing.v1"

func filingPath(draft string) string { return strings.TrimSuffix(draft, ".json") + filingExt }

// A filing is what a company keeps of the ground on which a request was told of.
type filing struct {
	Format     string     `json:"format"`
	Entry      entry.ID   `json:"entry"` // id of the request
	Made       string     `json:"made"`
	LawCards   cardsOf    `json:"lawCards"` // the cards that were applied
	Permission permission `json:"permission"`
}

type cardsOf struct {
	Version int    `json:"version"`
	Date    string `json:"date"`
}

type permission struct {
	Reference string `json:"reference"`
}

// keepFiling writes the record, before the draft.
func keepFiling(draft string, st *entry.Statement, reference string) error {
	cards := entry.LawCards()
	b, err := json.Marshal(filing{
		Format: filingFormat, Entry: st.ID, Made: entry.FormatTime(st.Made),
		LawCards: cardsOf{cards.Version, cards.Date}, Permission: permission{reference},
	})
	if err != nil {
		return fmt.Errorf("encode filing record: %w", err)
	}
	if err := createFile(filingPath(draft), append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write filing record: %w", err)
	}
	return nil
}
