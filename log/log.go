package log

import (
	"context"
	"errors"
	"fmt"
)

// Log is an engine as the rest of the server sees it: something that takes
// leaves in a given order, publishes signed checkpoints over them, and can be
// read like any other log. Engines are log/embedded and log/cluster.
type Log interface {
	// Append gives the leaves the indexes first, first+1 and so on. First must
	// be what Next returns. It returns nil once the leaves are durably
	// sequenced at exactly those indexes. After an error any number of them
	// may have been sequenced: ask Next. The error matches ErrMisplaced if an
	// index came back different, and ErrStopped if the engine takes no more.
	// It is for one caller at a time.
	Append(ctx context.Context, first uint64, leaves [][]byte) error
	// Next returns the first index that the engine has not durably sequenced.
	Next(ctx context.Context) (uint64, error)
	// Published returns the newest published signed checkpoint, a raw note;
	// an error that matches ErrNotFound when there is none yet.
	Published(ctx context.Context) ([]byte, error)
	// Await returns a published checkpoint whose size is over index, waiting
	// for one if need be.
	Await(ctx context.Context, index uint64) ([]byte, error)
	// Source reads the log's tiles, entry bundles and checkpoint.
	Source() Source
	// Close stops the engine. What was appended before is published first, if
	// ctx allows it.
	Close(ctx context.Context) error
}

var (
	// ErrMisplaced says that the engine put a leaf elsewhere than the order
	// of record has it. The log must stop. See [MisplacedError].
	ErrMisplaced = errors.New("leaf is not where the order of record has it")
	// ErrStopped says that an engine was closed, or stopped itself, and takes
	// no more leaves.
	ErrStopped = errors.New("log engine has stopped")
)

// MisplacedError is the evidence that the engine and the order of record
// differ at an index. It matches [ErrMisplaced].
type MisplacedError struct {
	Index    uint64 // the index in the order of record
	GotIndex uint64 // the index that the engine gave; equal to Index when the leaves differ
	Want     Hash   // leaf hash at Index by the order of record
	Got      Hash   // leaf hash that the engine has at Index; zero when not known
}

func (e *MisplacedError) Error() string {
	if e.GotIndex != e.Index {
		return fmt.Sprintf("leaf %d got index %d: %v", e.Index, e.GotIndex, ErrMisplaced)
	}
	return fmt.Sprintf("leaf hash at index %d is %x, want %x: %v", e.Index, e.Got, e.Want, ErrMisplaced)
}

// Is makes errors.Is(err, ErrMisplaced) true.
func (e *MisplacedError) Is(target error) bool { return target == ErrMisplaced }
