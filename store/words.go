package store

import (
	"context"
	"iter"
)

// Words is the full text of what a log publishes: which words stand in which entry, in
// which order. It is made from the log and can be made anew at any time. What is a word is
// for the caller to say: a document comes as tokens, and so does what is looked for, so that
// every implementation finds the same.
//
// What every implementation promises: Put is whole or not at all, and what it took away
// is in none of its files any more once it has returned. All methods are safe for concurrent
// use, by one process.
type Words interface {
	// Marks yields the index and the mark of every document that is held, in no order.
	// An error is the last.
	Marks(ctx context.Context) iter.Seq2[Marked, error]

	// Put takes documents in the place of what it held at their indexes; what it held with
	// the same mark is the same. One without tokens is taken away.
	Put(ctx context.Context, docs []Document) error

	// Match returns the indexes of the documents, from from to below to, in which a phrase
	// stands, rising.
	Match(ctx context.Context, p Phrase, from, to uint32) ([]uint32, error)

	Close() error
}

// A Document is the words of one entry.
type Document struct {
	Marked
	// Tokens has the words in their order, separated by single spaces: letters and digits
	// of ASCII, and any characters beyond ASCII. Fields that no phrase is to cross have a
	// token between them.
	Tokens string
}

// A Marked says what a document was made from.
type Marked struct {
	Index uint32 // of the entry
	Mark  int64  // whatever the caller tells two texts apart by
}

// A Phrase is tokens that follow each other. There is one at least, and of each what
// Document says of tokens.
type Phrase struct {
	Tokens []string
	Prefix bool // the last one may go on
}
