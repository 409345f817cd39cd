package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/log"
	"github.com/pledgelog/pledgelog/pledge"
	"github.com/pledgelog/pledgelog/store"
)

var (
	// ErrNotFound says that the tree shown has no such entry or author.
	ErrNotFound = errors.New("not in the log as of this size")
	// ErrMismatch says that the log is not what its checkpoint says, or that
	// two of its checkpoints contradict each other. The index stops.
	ErrMismatch = errors.New("log contradicts its checkpoint")
	// ErrDamaged says that a leaf which was verified before now reads
	// differently.
	ErrDamaged = errors.New("leaf is not the one that was verified")
	// ErrQuery says that a query makes no sense: what is wrong with it stands
	// in the error's text.
	ErrQuery = errors.New("query is malformed")
)

// A Config says which log an Index follows.
type Config struct {
	Origin string      // the log's name
	Source log.Source  // where its checkpoint, tiles, bundles and bodies are read from
	Policy *log.Policy // what its checkpoints are held to
	Words  store.Words // full text of what is published, for this index alone; nil: texts are not looked in
	Logger *slog.Logger
}

// An Index follows one log. Its methods are safe for concurrent use.
type Index struct {
	cfg     Config
	tiles   *log.TileReader
	bundles *bundles

	shown atomic.Pointer[Snapshot]
	due   atomic.Pointer[due] // nil until somebody asks

	// What follows is the replay's, under catching.
	catching  sync.Mutex
	stopped   error // wraps ErrMismatch; nothing is replayed any more
	state     *pledge.State
	keys      *pledge.Keyring
	tree      *log.Builder
	stepped   []pledge.Finding             // by Step, in index order
	bodies    map[uint64][]pledge.Finding  // about the texts that an entry committed to or opened, by its index
	unsettled []uint64                     // entries with a text that is missing, altered or not to be served: looked at again
	dirty     map[uint64]*entry.Statement  // entries whose texts stand otherwise than when they were looked at; nil for a statement that is to be read
	sealed    map[uint64]sealed            // statements whose published body has sealed fields
	clauses   map[uint64]map[string]string // texts of clauses by the index of the charter or amend that brought them
	withheld  []withheldText               // of statements that were logged without it
	waiting   map[uint64]bool              // which entries are in unsettled
	directory *Directory                   // the newest accepted one
	words     *fullText                    // nil without Config.Words
	restate   map[uint64]bool              // entries that stand otherwise than when their facets and words were kept
	outcomes  map[uint64]bool              // requests with new decisions
	spoken    map[uint64]bool              // challenges whose text is shown

	// rows and the lists over them are written by the replay, a bundle at a
	// time, and read by snapshots, which ignore what is at or beyond their size.
	mu       sync.RWMutex
	rows     []row
	authors  []string
	authorNo map[string]uint32
	byID     map[entry.ID]uint64
	again    map[entry.ID][]uint64 // further leaves of an id in byID
	lists    map[listKey][]uint64  // accepted statements, rising
	refs     map[uint64][]uint64   // index → accepted statements that refer to it, rising
	opened   map[uint64][]opening  // index → accepted opens that published a text of it, rising
	fixed    map[uint64]pledge.Correction
	instead  map[uint64]uint64 // index → index of the statement in whose place it was put
	erased   map[textKey]pledge.Erasure
	catalog  *catalog
	names    []name // of admissions, in the order of the log
}

// An opening is an accepted open that named digests.
type opening struct {
	index   uint64
	logged  int64 // now of it
	digests []string
}

// A textKey is a text of the statement at an index.
type textKey struct {
	index  uint64
	digest string
}

// row is what is kept of a leaf.
type row struct {
	leaf    log.Hash // its leaf hash
	id      entry.ID // zero when it is malformed
	logged  int64
	now     int64  // the largest logged accepted up to it
	author  uint32 // number in authors, when it has a statement
	kind    uint8  // number in entry.Kinds plus 1; 0 when it has no statement
	verdict uint8  // number in verdicts
	size    uint16 // of the leaf, in bytes
	at      uint32 // where it begins in its bundle
	code    entry.Code
}

// listKey names a list of accepted statements: those of an author, of a kind, or
// of both; or those by others that name an author.
type listKey struct {
	author string
	kind   entry.Kind
	about  bool
}

var verdicts = []pledge.VerdictKind{pledge.Accepted, pledge.Rejected, pledge.Duplicate, pledge.Malformed}

func number[T comparable](list []T, v T) uint8 {
	for i, o := range list {
		if o == v {
			return uint8(i)
		}
	}
	panic(fmt.Sprintf("index: %v is not among %v", v, list))
}

// Open returns an index of the log. It has read nothing yet: it shows an empty
// tree until CatchUp or Follow has replayed the published log for the first
// time.
func Open(ctx context.Context, cfg Config) (*Index, error) {
	switch {
	case cfg.Origin == "":
		return nil, errors.New("open index: no origin")
	case cfg.Source == nil:
		return nil, errors.New("open index: no source")
	case cfg.Policy == nil:
		return nil, errors.New("open index: no policy")
	}
	var err error
	if cfg.Policy, err = cfg.Policy.Checked(); err != nil {
		return nil, fmt.Errorf("open index: policy: %w", err)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	x := &Index{
		cfg:      cfg,
		tiles:    log.NewTileReader(cfg.Source),
		state:    pledge.New(cfg.Origin),
		keys:     pledge.NewKeyring(),
		tree:     log.NewBuilder(nil),
		bodies:   make(map[uint64][]pledge.Finding),
		authorNo: make(map[string]uint32),
		byID:     make(map[entry.ID]uint64),
		again:    make(map[entry.ID][]uint64),
		lists:    make(map[listKey][]uint64),
		refs:     make(map[uint64][]uint64),
		opened:   make(map[uint64][]opening),
		fixed:    make(map[uint64]pledge.Correction),
		instead:  make(map[uint64]uint64),
		erased:   make(map[textKey]pledge.Erasure),
		dirty:    make(map[uint64]*entry.Statement),
		waiting:  make(map[uint64]bool),
		sealed:   make(map[uint64]sealed),
		clauses:  make(map[uint64]map[string]string),
		restate:  make(map[uint64]bool),
		outcomes: make(map[uint64]bool),
		spoken:   make(map[uint64]bool),
		catalog:  newCatalog(),
	}
	if cfg.Words != nil {
		if x.words, err = openText(ctx, cfg.Words); err != nil {
			return nil, err
		}
	}
	x.bundles = newBundles(x.tiles)
	x.shown.Store(&Snapshot{x: x, view: View{Origin: cfg.Origin, Root: log.EmptyRoot(), Quorum: cfg.Policy.Quorum}})
	return x, nil
}

// A View says which tree an answer is about.
type View struct {
	Origin string
	Size   uint64   // number of entries
	Root   log.Hash // of the tree of that size
	// Logged is the largest `logged` accepted in the tree, Unix seconds; 0 when it is
	// empty.
	Logged int64
	// AsOf is the moment for which statuses and findings hold, Unix seconds:
	// the checkpoint's quorum time, and never before Logged. Without
	// witnesses it is Logged, the operator's word (protocol section 7, Time).
	AsOf          int64
	Checkpoint    []byte // the signed checkpoint; nil when there is none
	Cosignatures  []log.Cosignature
	Quorum        string // the policy's: log.QuorumNone, or who has to cosign
	QuorumTime    uint64 // Unix seconds, if HasQuorumTime
	HasQuorumTime bool
	// Published is the size of the newest checkpoint that was seen, which is
	// over Size while the index is behind.
	Published uint64
}

// Lag is how many published entries are not shown yet.
func (v View) Lag() uint64 { return v.Published - v.Size }

// View returns the newest view.
func (x *Index) View() View { return x.Snapshot().View() }

// Snapshot returns the newest view with everything in it. It stays as it is
// while the index goes on.
func (x *Index) Snapshot() *Snapshot { return x.shown.Load() }

// The questions below are asked of the newest snapshot.

// Entry is [Snapshot.Entry].
func (x *Index) Entry(ctx context.Context, id entry.ID) (*Entry, error) {
	return x.Snapshot().Entry(ctx, id)
}

// EntryAt is [Snapshot.EntryAt].
func (x *Index) EntryAt(ctx context.Context, index uint64) (*Entry, error) {
	return x.Snapshot().EntryAt(ctx, index)
}

// Entries is [Snapshot.Entries].
func (x *Index) Entries(ctx context.Context, q Query) (*Page, error) {
	return x.Snapshot().Entries(ctx, q)
}

// Signatories is [Snapshot.Signatories].
func (x *Index) Signatories(ctx context.Context) (*Roll, error) {
	return x.Snapshot().Signatories(ctx)
}

// Signatory is [Snapshot.Signatory].
func (x *Index) Signatory(ctx context.Context, id string) (*Signatory, error) {
	return x.Snapshot().Signatory(ctx, id)
}

// Chain is [Snapshot.Chain].
func (x *Index) Chain(ctx context.Context, id string) ([]uint64, error) {
	return x.Snapshot().Chain(ctx, id)
}

// Findings is [Snapshot.Findings].
func (x *Index) Findings(ctx context.Context) ([]pledge.Finding, error) {
	return x.Snapshot().Findings(ctx)
}

// Charter is [Snapshot.Charter].
func (x *Index) Charter() (*entry.Charter, entry.ID, map[string]string) {
	return x.Snapshot().Charter()
}
