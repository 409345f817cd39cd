// Package vectors is the recipe of testdata/vectors: inputs good and bad, each
// with what the protocol says of it, for whoever implements the protocol in
// another language. The folder's README says what form each file has.
//
// What is expected is written here by hand, beside the input, from the protocol.
// The recipe may not ask the rule book: packages pledge and verifier are not among
// its imports, and of entry it uses how things are written, not how they are
// judged. The tests of this package then hold entry, pledge, log and verifier to
// the files, and the files to this recipe.
//
// The same recipe gives the same bytes. Nothing that ships imports it.
package vectors
