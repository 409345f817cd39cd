package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/commandline"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/safe"
)

// A commitment is a request of which nobody may know, not even that there is one
// (protocol section 3, Slot). It is the detached body that the request will have one
// day, in a file of its own, mode 0600, encrypted for safes. The next slot commits to
// its digest, which stands there in plain: a timer needs no safe. Nothing of it leaves
// the machine before.
type commitment struct {
	Made        int64
	Safe        []byte             // the rest, encrypted; nil when it stands there in plain text
	Period      string             // withheld, or "" when the period in the tree follows from the body
	Body        []byte             // of the request to come, exact bytes
	Disclosures []entry.Disclosure // what opens its sealed members

	path        string
	log, author string // of the body
	bodyDigest  string // what a slot commits to
	detached    *entry.RequestBody
	recipients  []*safe.Recipient // once opened
}

// commitmentJSON is the form of the file, and a line feed behind it.
type commitmentJSON struct {
	Made        string         `json:"made"`
	Period      string         `json:"period,omitzero"`
	Body        jsontext.Value `json:"body"`
	Disclosures []string       `json:"disclosures,omitzero"`
}

// keptCommitmentJSON is the form of one in safes, of which Period, Body and Disclosures
// are what package safe has.
type keptCommitmentJSON struct {
	Made       string `json:"made"`
	Log        string `json:"log"`
	Author     string `json:"author"`
	BodyDigest string `json:"bodyDigest"`
	Safe       []byte `json:"safe"`
}

// marshal writes what parseCommitment reads.
func (c *commitment) marshal() ([]byte, error) {
	if c.Safe != nil {
		b, err := json.Marshal(keptCommitmentJSON{entry.FormatTime(c.Made), c.log, c.author, c.bodyDigest, c.Safe})
		return append(b, '\n'), err
	}
	w := commitmentJSON{Made: entry.FormatTime(c.Made), Period: c.Period, Body: c.Body}
	for _, d := range c.Disclosures {
		w.Disclosures = append(w.Disclosures, d.Text())
	}
	b, err := json.Marshal(w)
	return append(b, '\n'), err
}

// parseCommitment reads a commitment, and wants a body that a request can have. Its
// errors quote nothing.
func parseCommitment(b []byte) (*commitment, error) {
	if c, err := parseKeptCommitment(b); c != nil || err != nil {
		return c, err
	}
	var w commitmentJSON
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.Body == nil {
		return nil, errors.New(`it is not {"made":…,"body":{…}} or {"made":…,"log":…,"author":…,"bodyDigest":…,"safe":…}`)
	}
	c := &commitment{Period: w.Period, Body: bytes.Clone(w.Body)}
	var err error
	if c.Made, err = entry.ParseTime(w.Made); err != nil {
		return nil, errors.New("made is no time")
	}
	if c.Period != "" && c.Period != entry.Withheld {
		return nil, errors.New("period is not withheld")
	}
	for _, text := range w.Disclosures {
		d, err := entry.ParseDisclosure(text)
		if err != nil {
			return nil, discreet(err)
		}
		c.Disclosures = append(c.Disclosures, d)
	}
	if err := c.read(); err != nil {
		return nil, err
	}
	if again, err := c.marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not as `pledge new request --for-slot` wrote it")
	}
	return c, nil
}

// parseKeptCommitment reads a commitment that is in safes, and returns nil for anything
// that does not look like one. What is in the safe is not looked at.
func parseKeptCommitment(b []byte) (*commitment, error) {
	var w keptCommitmentJSON
	if err := json.Unmarshal(b, &w, json.RejectUnknownMembers(true)); err != nil || w.Safe == nil {
		return nil, nil
	}
	c := &commitment{Safe: w.Safe, log: w.Log, author: w.Author, bodyDigest: w.BodyDigest}
	var err error
	if c.Made, err = entry.ParseTime(w.Made); err != nil {
		return nil, errors.New("made is no time")
	}
	digest, err := base64.RawURLEncoding.Strict().DecodeString(w.BodyDigest)
	if err != nil || len(digest) != sha256.Size || entry.CheckAuthor(w.Author) != nil {
		return nil, errors.New("its bodyDigest or its author is none")
	}
	if again, err := c.marshal(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not as `pledge new request --for-slot` wrote it")
	}
	return c, nil
}

// read reads the body, sealed members opened. Its errors quote nothing.
func (c *commitment) read() error {
	var head struct {
		Author string `json:"author"`
		Log    string `json:"log"`
	}
	if err := json.Unmarshal(c.Body, &head); err != nil {
		return errors.New("its body has no author and log")
	}
	if entry.CheckAuthor(head.Author) != nil {
		return errors.New("its body's author is none")
	}
	c.log, c.author, c.bodyDigest = head.Log, head.Author, entry.Digest(c.Body)
	whole, err := entry.Unseal(c.statement(), c.Body, c.Disclosures)
	if err != nil {
		return discreet(err)
	}
	c.detached = whole.(*entry.RequestBody)
	if len(c.detached.Seals()) > 0 {
		return errors.New("something in it is sealed and what opens it is missing")
	}
	return nil
}

// keep puts what a commitment says into safes.
func (c *commitment) keep(to []*safe.Recipient) error {
	k := &safe.Kept{BodyDigest: c.digest(), Body: c.Body, Period: c.Period, Recipients: to}
	for _, d := range c.Disclosures {
		k.Disclosures = append(k.Disclosures, d.Text())
	}
	var err error
	c.Safe, err = k.Seal()
	return err
}

// open reads what is in the safes of a commitment. It has to be what its digest says.
func (a *app) openCommitment(ctx context.Context, c *commitment) error {
	if c.Safe == nil {
		return nil
	}
	kept, err := a.openKept(ctx, "commitment", c.path, c.Safe)
	if err != nil {
		return err
	}
	wrong := func(err error) error {
		return commandline.Refused(fmt.Errorf("read commitment %s: what is in its safe is not what it commits to: %w", c.path, err), "take the file from a backup")
	}
	o := &commitment{Made: c.Made, Period: kept.Period, Body: kept.Body}
	for _, text := range kept.Disclosures {
		d, err := entry.ParseDisclosure(text)
		if err != nil {
			return wrong(discreet(err))
		}
		o.Disclosures = append(o.Disclosures, d)
	}
	if err := o.read(); err != nil {
		return wrong(err)
	}
	if o.digest() != c.digest() || o.log != c.log || o.author != c.author || o.Period != "" && o.Period != entry.Withheld || kept.BodyDigest != c.digest() {
		return wrong(errors.New("it is another's"))
	}
	c.Period, c.Body, c.Disclosures, c.detached, c.recipients = o.Period, o.Body, o.Disclosures, o.detached, kept.Recipients
	return nil
}

// statement is a request as far as it can be known before it is made: it has the
// members that its body is held to.
func (c *commitment) statement() *entry.Statement {
	return &entry.Statement{
		Log: c.log, Author: c.author, Kind: entry.KindRequest, Lane: entry.LaneMain,
		Body: &entry.Request{Received: entry.Withheld}, BodyDigest: c.digest(),
	}
}

// digest is what a slot commits to.
func (c *commitment) digest() string { return c.bodyDigest }

func readCommitment(path string) (*commitment, error) {
	const hint = "it is what pledge new request --for-slot wrote"
	b, err := commandline.ReadInput("commitment", path, entry.MaxDraft, hint)
	if err != nil {
		return nil, err
	}
	c, err := parseCommitment(b)
	if err != nil {
		return nil, commandline.Usagef(hint, "read commitment %s: %w", path, err)
	}
	c.path = path
	return c, nil
}

// commitmentsIn is the folder of commitments in a folder of slots.
const commitmentsIn = "commitments"

// commit keeps a request for the next slot. It opens no connection: that something
// was looked up on the day on which a request came would tell of it.
func (a *app) commit(src *requestYAML, f newFlags) error {
	name, _, err := a.read(src, f)
	if err != nil {
		return err
	}
	c, err := a.keepCommitment(name, src, f)
	if err != nil {
		return err
	}
	a.simulated(c.origin())
	a.printf("commitment  %s\ndigest      %s\n", c.path, c.digest())
	a.note("nothing was sent. It goes into the next slot: pledge slot --dir %s", f.forSlot)
	a.note("%s has the only copy of the text: keep it, and let nobody else read it; losing it loses the proof", c.path)
	if c.Safe != nil {
		a.note("it is encrypted for the safes that were given: losing them loses it too")
	}
	return nil
}

// keepCommitment makes the commitment of a request and writes it into the folder of
// commitments. Name is where the request was written down. Its errors quote nothing of it.
func (a *app) keepCommitment(name string, src *requestYAML, f newFlags) (*commitment, error) {
	to, err := a.keepers(nil, false)
	if err != nil {
		return nil, err
	}
	if src.Withhold != nil {
		return nil, commandline.Refused(inFile(name, errors.New("withhold: nothing of this is published now, and whether its text is when it comes out of the slot is said then")), "leave withhold out; pledge new request --from-slot FILE --review DATE withholds")
	}
	if src.Permission != nil {
		return nil, commandline.Refused(inFile(name, errors.New("permission: nothing of this is told now, and no law card blocks it")), "leave permission out; pledge new request --from-slot FILE --permission FILE cites it when it comes out of the slot")
	}
	origin, err := originFor(f.policy)
	if err != nil {
		return nil, err
	}
	made, err := a.clock(f.clock, origin)
	if err != nil {
		return nil, err
	}
	d := &drafting{st: &entry.Statement{Log: origin, Kind: entry.KindRequest, Lane: entry.LaneMain, Made: made.Unix()}}
	if d.st.Author, err = pickAuthor(d.st.Kind, src.author(), f.author); err != nil {
		return nil, err
	}
	c, err := src.commitment(d)
	if err != nil {
		return nil, inFile(name, discreet(err))
	}
	if to != nil {
		if err := c.keep(to); err != nil {
			return nil, err
		}
	}
	b, err := c.marshal()
	if err != nil {
		return nil, fmt.Errorf("encode commitment: %w", err)
	}
	if c, err = parseCommitment(b); err != nil {
		return nil, inFile(name, fmt.Errorf("encode commitment: %w", err))
	}
	dir := filepath.Join(f.forSlot, commitmentsIn)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, commandline.Usagef("choose with --for-slot a folder that you may write to", "%w", err)
	}
	stamp := strings.NewReplacer("-", "", ":", "").Replace(entry.FormatTime(c.Made))
	c.path = filepath.Join(dir, stamp+"-"+c.digest()[:8]+".json")
	if err := createFile(c.path, b, 0o600); err != nil {
		return nil, fmt.Errorf("write commitment: %w", err)
	}
	return c, nil
}

// originFor is the log that a policy is of, without asking any.
func originFor(policyFile string) (string, error) {
	if policyFile == "" {
		return "", commandline.Usagef("for example: --policy policy.txt", "--policy is missing: it names the log that the commitment is for")
	}
	policy, err := readPolicy(policyFile)
	if err != nil {
		return "", err
	}
	if len(policy.Logs) != 1 {
		return "", commandline.Usagef("give one with the log that the commitment is for, and no other", "the policy has %d logs", len(policy.Logs))
	}
	return policy.Logs[0].Key.Name, nil
}

// origin is the log that a commitment is for.
func (c *commitment) origin() string { return c.log }

// commitment makes the detached body of a request to come.
func (y *requestYAML) commitment(d *drafting) (*commitment, error) {
	if y.Period != "" && y.Period != entry.Withheld {
		return nil, errors.New("period: it is withheld, or it is left out")
	}
	if _, _, err := entry.ParseSpan(y.Received); err != nil {
		return nil, fmt.Errorf("received: %w", err)
	}
	if err := y.body(d); err != nil {
		return nil, err
	}
	if err := refuseAhead(d.st, d.detached); err != nil {
		return nil, err
	}
	if err := d.keepBack(y); err != nil {
		return nil, err
	}
	body, err := d.text()
	if err != nil {
		return nil, err
	}
	c := &commitment{Made: d.st.Made, Period: y.Period, Body: body, Disclosures: d.disclosures}
	if err := c.read(); err != nil {
		return nil, err
	}
	// The codes are looked at as if it were submitted now.
	st := c.statement()
	detached, err := entry.ParseDetached(st, body)
	if err != nil {
		return nil, err
	}
	return c, checkVocabulary(&entry.Submission{Statement: st, Body: body, Detached: detached})
}

// A slotRequest is the source of a request that was in a slot. All of it is known.
type slotRequest struct {
	commitment *commitment
	place      entry.Disclosure
	slot       entry.ID
	review     string
	permission string
}

func (y *slotRequest) author() string { return "" }

func (y *slotRequest) keepsBack() (*withholdYAML, sealsYAML) {
	if y.review == "" {
		return nil, sealsYAML{}
	}
	return &withholdYAML{Review: y.review}, sealsYAML{}
}

func (y *slotRequest) draft(d *drafting) error {
	c := y.commitment
	// The words of the YAML: the period in the tree follows in the same way.
	period, err := (&requestYAML{Received: c.detached.Received, Period: c.Period}).period(d.terms.Attestation)
	if err != nil {
		return err
	}
	d.st.Body = &entry.Request{Disclosure: y.place.Text(), Received: period, Slot: y.slot}
	d.body = c.Body
	return nil
}

// outOfSlot drafts the request of a commitment that was in a slot: an ordinary
// request, which names the slot and shows the place in it.
func (a *app) outOfSlot(ctx context.Context, f newFlags) error {
	if f.out != "" && exists(f.out) {
		return commandline.Refused(fmt.Errorf("%s is there already and is not overwritten", f.out), "choose another name with --out, or move the file away")
	}
	permission, err := readPermission(f.permission)
	if err != nil {
		return err
	}
	d, sub, err := a.drawFromSlot(ctx, f, permission)
	if err != nil {
		return err
	}
	return a.writeDraft(d, sub, cmp.Or(f.out, d.fileName()))
}

// drawFromSlot drafts what outOfSlot writes. Permission is what permits telling, where a
// card forbids it.
func (a *app) drawFromSlot(ctx context.Context, f newFlags, permission string) (*drafting, *entry.Submission, error) {
	c, err := readCommitment(f.fromSlot)
	if err != nil {
		return nil, nil, err
	}
	st := c.statement()
	folder, err := readSlots(filepath.Dir(filepath.Dir(filepath.Clean(f.fromSlot))), st.Author)
	if err != nil {
		return nil, nil, err
	}
	slot, place, ok := folder.find(c.digest())
	if !ok {
		return nil, nil, commandline.Refused(fmt.Errorf("%s is in no slot yet", f.fromSlot), "pledge slot puts it into the next one; a request that may be told of now is drafted with --from instead")
	}
	if !slot.logged {
		return nil, nil, commandline.Refused(fmt.Errorf("%s is in the slot of %s, which is not submitted yet", f.fromSlot, slot.period()), "pledge slot submits it")
	}
	if err := a.openCommitment(ctx, c); err != nil {
		return nil, nil, err
	}
	src := &slotRequest{commitment: c, place: place, slot: slot.statement.ID, review: f.review, permission: permission}
	d := &drafting{st: &entry.Statement{Kind: entry.KindRequest, Lane: entry.LaneMain, Author: st.Author}, recipients: c.recipients, plain: c.Safe == nil}
	if err := src.tell(d); err != nil {
		return nil, nil, inFile(f.fromSlot, discreet(err))
	}
	r, err := a.place(ctx, d, f)
	if err != nil {
		return nil, nil, err
	}
	if d.st.Log != st.Log {
		return nil, nil, commandline.Refused(fmt.Errorf("%s is for the log %s, and this is %s", f.fromSlot, st.Log, d.st.Log), "see --policy and --log")
	}
	if err := r.check(ctx, d.st.Author, reference{member: "the slot", id: src.slot, kinds: []entry.Kind{entry.KindSlot}, own: true}); err != nil {
		return nil, nil, err
	}
	sub, err := d.compose(src)
	if err != nil {
		return nil, nil, inFile(f.fromSlot, discreet(err))
	}
	d.seals = sub.Detached.Seals()
	d.disclosures = c.Disclosures
	return d, sub, nil
}
