package verifier

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
)

// ChainFormat names the JSON form of a ChainReport, with the same promise as
// ReportFormat.
const ChainFormat = "pledgelog.chain.v1"

// MaxChain is the largest chain, in bytes.
const MaxChain = 256 << 20

// A chain is what a server answers under /api/v1/signatories/{id}/chain, and what
// may be kept as a file: docs/api.md, "A chain".
type chain struct {
	Log           string          `json:"log"`
	Author        string          `json:"author"`
	Size          uint64          `json:"size"`
	AsOf          string          `json:"asOf"`
	SimulatedTime bool            `json:"simulatedTime,omitzero"`
	Checkpoint    string          `json:"checkpoint"`
	Directory     *chainDirectory `json:"directory,omitzero"`
	Entries       []chainLink     `json:"entries"`
}

type chainLink struct {
	Index uint64   `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Path  [][]byte `json:"path"`
}

type chainDirectory struct {
	chainLink `json:",inline"`
	Next      *chainLink `json:"next,omitzero"` // the entry behind it
	Count     uint64     `json:"count"`
	Rows      []struct {
		Index uint64   `json:"index"`
		Row   []byte   `json:"row"`
		Path  [][]byte `json:"path"`
	} `json:"rows"`
}

// A ChainReport is what a chain proves: all that one author ever said that was
// accepted, up to the newest directory, without the rest of the log.
type ChainReport struct {
	Format        string           `json:"format"` // ChainFormat
	Result        Result           `json:"result"`
	SimulatedTime bool             `json:"simulatedTime"`
	Log           string           `json:"log,omitzero"`
	Author        string           `json:"author"`
	Size          uint64           `json:"size"` // entries that the checkpoint covers
	Root          string           `json:"root,omitzero"`
	AsOf          string           `json:"asOf,omitzero"`            // the moment that the chain is of: the checkpoint's quorum time or, without witnesses, the largest log time that the operator shows
	QuorumTime    string           `json:"quorumTime,omitzero"`      // when the checkpoint had its quorum of witnesses; absent where the policy asks for none, and AsOf is the operator's word
	CompleteTo    uint64           `json:"completeTo"`               // the chain is proved complete among the first so many entries
	DirectoryTime string           `json:"directoryLogged,omitzero"` // log time of the directory that says so
	Standing      string           `json:"standing,omitzero"`
	Steps         []Step           `json:"steps"`
	Undecided     *Undecided       `json:"undecided,omitzero"`
	Statements    []ChainStatement `json:"statements"` // of the author, in the log's order; those from completeTo on may have had no effect
	NotChecked    []string         `json:"notChecked"`
}

// A ChainStatement is one statement of the author.
type ChainStatement struct {
	Index  uint64     `json:"index"`
	Entry  string     `json:"entry"`
	Lane   string     `json:"lane"`
	Seq    uint64     `json:"seq"`
	Kind   entry.Kind `json:"kind"`
	Logged string     `json:"logged"`
	Text   string     `json:"text"` // what it says, in a sentence, from what stands in the tree
}

// Undecided codes of chains, beside those of audits.
const (
	UndecidedChain     entry.Code = "chain-malformed"
	UndecidedDirectory entry.Code = "directory-missing"
	UndecidedStale     entry.Code = "directory-too-old"
)

// CheckChain checks a chain of an author against the policy and the charter's
// entry id, which come from elsewhere, and reads nothing else (protocol section 4,
// `directory`).
func CheckChain(policy *log.Policy, charter entry.ID, author string, file []byte) (*ChainReport, error) {
	if policy == nil {
		return nil, errors.New("check chain: no policy")
	}
	r := &ChainReport{Format: ChainFormat, Result: CannotDecide, Author: author, Steps: []Step{}, Statements: []ChainStatement{}, NotChecked: []string{}}
	c := &chainCheck{report: r, policy: policy, charter: charter, author: author}
	switch err := c.run(file); {
	case r.Undecided != nil:
	case err != nil:
		r.Result = Differs
		r.step(c.doing, Failed, c.doing, lastPart(err))
	default:
		r.Result = Matches
	}
	r.notChecked()
	return r, nil
}

type chainCheck struct {
	report  *ChainReport
	policy  *log.Policy
	charter entry.ID
	author  string
	doing   string // step that is under way

	chain chain
	view  *log.View
	ring  *pledge.Keyring
	state *pledge.State
	tell  narrator

	asOf    int64 // the moment that the chain is of
	unknown bool  // the directory was compared, and the chain knew no author of that name by then
}

func (c *chainCheck) undecided(code entry.Code, text, hint string) error {
	c.report.Undecided = &Undecided{Code: code, Text: text, Hint: hint}
	return c.report.Undecided
}

func (c *chainCheck) run(file []byte) error {
	r := c.report
	if err := json.Unmarshal(file, &c.chain, json.RejectUnknownMembers(true)); err != nil {
		return c.undecided(UndecidedChain, "the chain is no JSON object of the form that docs/api.md has", "ask the log's server for it again")
	}
	if c.charter.IsZero() {
		return c.undecided(UndecidedCharter, "the entry id of the charter was not given, and a log can't vouch for its own", "give it with --charter, from somewhere other than the log's operator")
	}
	c.doing = "checkpoint"
	var err error
	if c.view, err = c.policy.Open([]byte(c.chain.Checkpoint)); err != nil {
		return err
	}
	cp := c.view.Checkpoint
	r.Log, r.Size, r.Root, r.SimulatedTime = cp.Origin, cp.Size, encodeHash(cp.Root), entry.IsDemonstration(cp.Origin)
	if c.chain.Author != c.author || c.chain.Log != cp.Origin || c.chain.Size != cp.Size {
		return fmt.Errorf("the chain is of %q in %q", c.chain.Author, c.chain.Log)
	}
	r.step("checkpoint", Passed, "checkpoint "+Commas(cp.Size)+" signed", "by the key of "+cp.Origin+" in the policy")
	c.doing = "inclusion"
	links, err := c.links()
	if err != nil {
		return err
	}
	r.step("inclusion", Passed, "in the log", Count(uint64(len(links)), "entry is", "entries are")+" under that checkpoint's root")
	if err := c.time(links); err != nil {
		return err
	}
	if err := c.replay(links); err != nil {
		return err
	}
	return c.reach(links)
}

// time says of which moment the chain is: by witnesses or, where the policy asks for
// none, by what the operator shows as the log's time.
func (c *chainCheck) time(links []chainLink) error {
	r := c.report
	c.doing = "witnesses"
	said, err := entry.ParseTime(c.chain.AsOf)
	if err != nil {
		return c.undecided(UndecidedChain, "the time that the chain says it is of can't be read", "ask the log's server for it again")
	}
	if c.view.HasQuorumTime {
		c.asOf = quorumTime(c.view)
		r.AsOf = entry.FormatTime(c.asOf)
		r.QuorumTime = r.AsOf
		title, text := witnessed(c.view, c.policy)
		r.step("witnesses", Passed, title, text)
		return nil
	}
	c.asOf = said
	if d := c.chain.Directory; d != nil && d.Next != nil {
		links = append(slices.Clone(links), *d.Next)
	}
	for _, l := range links {
		if leaf, err := entry.ParseLeaf(l.Leaf); err == nil {
			c.asOf = max(c.asOf, leaf.Logged)
		}
	}
	r.AsOf = entry.FormatTime(c.asOf)
	r.step("witnesses", Skipped, "no witnesses", "the policy asks for none: that the log is shown as it was on "+moment(c.asOf)+", and to everybody alike, is the operator's word")
	return nil
}

// reach holds the age of the directory to the moment that the chain is of: a directory
// stands two days after the log grew, at the latest (docs/spec.md, section 5), so that
// an older one may be shown to hide everything since. A log that did not grow since
// needs no other, nor does one that had ended.
func (c *chainCheck) reach(links []chainLink) error {
	r, d := c.report, c.chain.Directory
	if d == nil || d.Index+1 == r.Size {
		return nil
	}
	i, _ := slices.BinarySearchFunc(links, d.Index, func(l chainLink, index uint64) int { return compareIndex(l.Index, index) })
	listed, err := entry.ParseLeaf(links[i].Leaf)
	if err != nil {
		return err
	}
	if at, _, ends := c.state.Ends(); ends && at <= listed.Logged {
		return nil
	}
	// When the log grew again is known only of the entry behind the directory.
	behind := links[i+1:]
	if d.Next != nil {
		behind = append([]chainLink{*d.Next}, behind...)
	}
	from, first := listed.Logged, ""
	if len(behind) > 0 {
		if next, err := entry.ParseLeaf(behind[0].Leaf); err == nil {
			first = "; the first of them that is shown is logged " + moment(next.Logged)
			if behind[0].Index == d.Index+1 {
				from = next.Logged
			}
		}
	}
	// What is dated ahead of the moment is not dated.
	if age := c.asOf - from; age < pledge.DirectoryWithin && age >= -maxAfterWitnessed {
		return nil
	}
	return c.undecided(UndecidedStale, fmt.Sprintf("the newest directory that was given is logged %s, and the chain is as of %s: whether %s said something in the %s behind that directory, nothing shows%s",
		moment(listed.Logged), moment(c.asOf), c.author, Count(r.Size-1-d.Index, "entry", "entries"), first),
		"ask for a newer chain: a log's server logs a directory within a day after the log grew; if there is none two days after, audit the whole log")
}

// links checks that every entry, the directory's too, is in the log, and returns
// them by index.
func (c *chainCheck) links() ([]chainLink, error) {
	links := slices.Clone(c.chain.Entries)
	for i := 1; i < len(links); i++ {
		if links[i-1].Index >= links[i].Index {
			return nil, errors.New("the entries do not rise by index")
		}
	}
	if d := c.chain.Directory; d != nil {
		i, found := slices.BinarySearchFunc(links, d.Index, func(l chainLink, index uint64) int { return compareIndex(l.Index, index) })
		if !found {
			links = slices.Insert(links, i, d.chainLink)
		} else if string(links[i].Leaf) != string(d.Leaf) {
			return nil, errors.New("the directory and the entry at its index differ")
		}
	}
	proved := links
	if d := c.chain.Directory; d != nil && d.Next != nil {
		if d.Next.Index != d.Index+1 {
			return nil, errors.New("the entry behind the directory is another one")
		}
		proved = append(slices.Clone(links), *d.Next)
	}
	for _, l := range proved {
		path, err := hashes(l.Path)
		if err == nil {
			err = log.VerifyInclusion(l.Index, c.view.Checkpoint.Size, log.LeafHash(l.Leaf), c.view.Checkpoint.Root, path)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(links) == 0 || links[0].Index != 0 {
		return nil, errors.New("the chain lacks the charter, entry 0")
	}
	return links, nil
}

func compareIndex(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func hashes(path [][]byte) ([]log.Hash, error) {
	out := make([]log.Hash, len(path))
	for i, b := range path {
		if len(b) != log.HashSize {
			return nil, errors.New("a hash of a path has another length than 32 bytes")
		}
		out[i] = log.Hash(b)
	}
	return out, nil
}

// replay judges the entries, in order, and compares the rows of the directory when
// it comes to it.
func (c *chainCheck) replay(links []chainLink) error {
	r := c.report
	c.doing = "statements"
	c.ring, c.state = pledge.NewKeyring(), pledge.NewPartial(r.Log, c.author)
	c.tell = narrator{state: c.state, names: make(map[string]string)}
	for _, l := range links {
		it := pledge.Read(l.Index, l.Leaf)
		if l.Index == 0 {
			if it.Leaf == nil || it.Leaf.Statement.ID() != c.charter {
				return errors.New("entry 0 is not the charter that was given")
			}
			r.step("charter", Passed, "charter as given", "entry 0 is the one with the id that was given")
		}
		c.ring.Learn(it.Statement)
		c.ring.Try(it)
		isDirectory := c.chain.Directory != nil && l.Index == c.chain.Directory.Index
		if isDirectory {
			if err := c.compareRows(it); err != nil {
				c.doing = "directory"
				return err
			}
		}
		v, _ := c.state.Step(it)
		if v.Kind != pledge.Accepted {
			return fmt.Errorf("entry %s is %s: %s", Commas(l.Index), v.Kind, v.Detail)
		}
		c.tell.learn(it.Statement)
		if st := it.Statement; st.Author == c.author {
			r.Statements = append(r.Statements, ChainStatement{l.Index, st.ID.String(), st.Lane, st.Seq, st.Kind, entry.FormatTime(it.Leaf.Logged), c.tell.sentence(it, v)})
		}
	}
	text := Count(uint64(len(r.Statements)), "statement", "statements") + " by " + c.author + ", with every signature they need, one after the other without a gap"
	if n := r.beyond(); n > 0 {
		text += "; of which " + Commas(n) + " by what the chain shows since the newest directory, and it may leave something out"
	}
	r.step("statements", Passed, "statements judged", text)
	if st, ok := c.state.Status(c.author, c.state.Now()); ok {
		r.Standing = st.Standing
	}
	if c.unknown {
		return c.undecided(UndecidedDirectory, "by what the chain shows, "+c.author+" was not admitted yet when the newest directory was logged; it may as well leave everything out", "ask again when the operator has logged another directory, or audit the whole log")
	}
	if c.chain.Directory == nil {
		return c.undecided(UndecidedDirectory, "the log has no directory yet: nothing shows that the chain is complete", "ask again when the operator has logged one, or audit the whole log")
	}
	return nil
}

// compareRows holds the rows of a directory, which is the next entry, to what the
// chain comes to.
func (c *chainCheck) compareRows(it *pledge.Item) error {
	d := c.chain.Directory
	if it.Statement == nil {
		return errors.New("the directory can't be read")
	}
	body, ok := it.Statement.Body.(*entry.Directory)
	if !ok || it.Statement.Author != entry.AuthorOperator {
		return errors.New("the directory is none")
	}
	root, err := decodeDigest(body.Root)
	if err != nil {
		return err
	}
	own := c.state.Directory()
	seen := make(map[string]bool)
	for _, got := range d.Rows {
		path, err := hashes(got.Path)
		if err == nil {
			err = log.VerifyInclusion(got.Index, d.Count, log.LeafHash(got.Row), root, path)
		}
		if err != nil {
			return fmt.Errorf("a row of the directory: %w", err)
		}
		row, err := entry.ParseRow(got.Row)
		if err != nil {
			return fmt.Errorf("a row of the directory: %w", err)
		}
		i := slices.IndexFunc(own, func(o entry.Row) bool { return o.Author == row.Author && o.Lane == row.Lane })
		if i < 0 {
			return fmt.Errorf("the directory has a row of %s that the chain knows nothing of", row.Author)
		}
		want := own[i]
		// Keys of last resort may have come into force by then.
		if in, ok := c.state.KeysOf(row.Author, it.Leaf.Logged); ok && row.Keys == in.Author.Digest() {
			want.Keys = row.Keys
		}
		if row.Author != c.author {
			// Of others not all is given.
			want.Seq, want.Head, want.Standing = row.Seq, row.Head, row.Standing
		}
		if row != want {
			return fmt.Errorf("the directory says of %s in lane %s: %d statements, the last %s; the chain comes to %d and %s, or to other keys or another standing",
				row.Author, row.Lane, row.Seq, row.Head, want.Seq, want.Head)
		}
		seen[row.Author+" "+row.Lane] = true
	}
	for _, o := range own {
		if (o.Author == c.author || o.Author == entry.AuthorSecretariat || o.Author == entry.AuthorOperator && o.Lane == entry.LaneMain) && !seen[o.Author+" "+o.Lane] {
			return fmt.Errorf("the chain lacks the directory's row of %s in lane %s", o.Author, o.Lane)
		}
	}
	// That a directory has no row is not shown by leaving it out.
	if !slices.ContainsFunc(own, func(o entry.Row) bool { return o.Author == c.author }) {
		c.unknown = true
		return nil
	}
	c.report.CompleteTo, c.report.DirectoryTime = body.Size, entry.FormatTime(it.Leaf.Logged)
	text := "entry " + Commas(d.Index) + ", the operator's directory, logged " + moment(it.Leaf.Logged) + ", names the same last statements, keys and standing: when that is true, nothing is left out among the first " + Count(body.Size, "entry", "entries")
	if n := c.report.Size - 1 - d.Index; n > 0 {
		text += "; " + Count(n, "later entry is", "later entries are") + " not covered"
	}
	c.report.step("directory", Passed, "complete by the operator's word", text)
	return nil
}

func decodeDigest(s string) (log.Hash, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != log.HashSize {
		return log.Hash{}, errors.New("the directory's root is no digest")
	}
	return log.Hash(b), nil
}

func (r *ChainReport) step(name string, state StepState, title, text string) {
	r.Steps = append(r.Steps, Step{name, state, title, text})
}

// beyond counts the statements that no directory covers: the last ones, from
// CompleteTo on. Nothing shows what the chain leaves out before them.
func (r *ChainReport) beyond() uint64 {
	first := slices.IndexFunc(r.Statements, func(s ChainStatement) bool { return s.Index >= r.CompleteTo })
	if first < 0 {
		return 0
	}
	return uint64(len(r.Statements) - first)
}

func (r *ChainReport) notChecked() {
	r.NotChecked = append(r.NotChecked,
		"That the directory is true: it is the operator's word, which every audit of the whole log holds it to.",
		"The texts that the statements name.",
		"What others said of this author: challenges, for example.")
	if r.CompleteTo > 0 && r.CompleteTo+1 < r.Size {
		r.NotChecked = append(r.NotChecked, "Whether the author said more in the last "+Count(r.Size-1-r.CompleteTo, "entry", "entries")+", behind the directory: the next directory will tell.")
	}
	switch {
	case r.AsOf == "":
	case r.QuorumTime == "":
		r.NotChecked = append(r.NotChecked, "Time: no witness stands behind it. That this is the log as of "+readable(r.AsOf)+" is the operator's word, and what was said since may be hidden.")
	default:
		r.NotChecked = append(r.NotChecked, "What the author said since "+readable(r.AsOf)+", when the checkpoint had its quorum.")
	}
	if n := r.beyond(); n > 0 {
		r.NotChecked = append(r.NotChecked, "Whether "+Count(n, "statement that is", "statements that are")+" listed from entry "+Commas(r.CompleteTo)+" on had effect: a change of keys, or another statement in its place, may have been left out. The next directory will tell.")
	}
}

// JSON writes the report, indented.
func (r *ChainReport) JSON() ([]byte, error) {
	b, err := json.Marshal(r, json.Deterministic(true), jsontext.Multiline(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// WriteText writes the report for a person.
func (r *ChainReport) WriteText(w io.Writer) error {
	var b strings.Builder
	if r.SimulatedTime {
		b.WriteString(SimulatedNotice + "\n\n")
	}
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%s %s  %s\n", s.Title, marks[s.State], s.Text)
	}
	if len(r.Statements) > 0 {
		fmt.Fprintf(&b, "\nAll that %s said, as far as shown above\n", r.Author)
		for i, s := range r.Statements {
			if i == len(r.Statements)-int(r.beyond()) {
				b.WriteString("  No directory covers yet, so that these may have had no effect:\n")
			}
			fmt.Fprintf(&b, "  %8s  %s  %s.\n", Commas(s.Index), readable(s.Logged), s.Text)
		}
	}
	b.WriteString("\nNot checked\n")
	for _, s := range r.NotChecked {
		b.WriteString("  " + s + "\n")
	}
	_, err := io.WriteString(w, Printable(b.String()))
	return err
}
