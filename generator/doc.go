// Package generator makes logs out of invented names, of any size, good or
// broken, for demonstrations, tests and benches. No server is needed.
//
// A World plays every part: it has everybody's keys, drafts each kind of
// statement, signs and logs it. It asks no rule book, so that it can also play a
// dishonest operator: a Statement may be changed between its stages, signed by
// anybody or nobody, and LogVoid and LogLeaf log what a server would refuse.
// Story plays an accord for as long as one likes, EveryKind one in which every kind
// of statement occurs in all its forms; Demo is the story that scripts/demo shows.
//
//	w := generator.New(generator.Options{Seed: 1, Signatories: 20})
//	err := w.Story(1000)    // in w.Logged
//	err = w.WriteDir(dir)   // checkpoint, tiles, bundles, bodies, archive
//	site := w.Open(dir)     // and now to break it
//
// Everybody's keys and secrets are at hand: World.Signer and Witnesses sign any
// checkpoint, Author.Keys any statement, and World.Said keeps what its authors
// withheld.
//
// SearchOptions make a world of which people ask a lot: hundreds of signatories, of which
// few said most, and texts in nineteen languages, with as many words as real ones have.
//
// WriteStory writes as it goes, a million statements in a hundred megabytes of
// memory. The same options and calls give the same bytes.
//
// No name in it stands for anybody. Origins end in .example, countries are XA to
// XZ without XK, and the keys are nobody's secret.
package generator
