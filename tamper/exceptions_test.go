package tamper_test

const (
	servers = "a server, or who makes a statement, meets it; no audit comes there"
)

// withoutCheck are the places that no check of the table stands for by itself.
var withoutCheck = []exception{
	// What is not about what a log holds.
	{file: "entry/submission.go", why: servers},
	{file: "entry/newslot.go", why: servers},
	{file: "entry/signers.go", why: servers},
	{file: "entry/statement.go", fn: "Payload", why: servers},
	{file: "entry/seal.go", fn: "SealMembers", why: servers},
	{file: "entry/disclosure.go", fn: "NewDisclosure", why: servers},
	{file: "entry/envelope.go", fn: "ParseEnvelope", why: servers},
	{file: "entry/key.go", fn: "UnmarshalText", why: servers},
	{file: "entry/key.go", fn: "NewP256Key", why: servers},
	{file: "entry/key.go", fn: "NewMLDSA44Key", why: servers},
	{file: "entry/detached.go", fn: "ParseDetached", why: "an audit computes the digest of a text itself, once: published text as signed"},
	{file: "pledge/item.go", fn: "TryStrict", why: servers},
	// What nothing can show.
	{file: "entry/detached.go", fn: "slowDetached", says: "has no detached body", why: "the statement that names one is rejected"},
	{file: "entry/detached.go", fn: "slowDetached", says: "lacks a member that it must have", why: "each is looked for by its name; it is there for one that is added and not looked for"},
	{file: "entry/disclosure.go", fn: "ParseDisclosure", says: "over %d", why: "no audit reads a text that is larger than that"},
	{file: "entry/detached.go", fn: "checkBodySize", why: "no audit reads a text that is larger than that"},
	{file: "entry/key.go", fn: "Parse", says: "a key is not of ML-DSA-44", why: "all bytes of that length are a key"},
	{file: "entry/key.go", fn: "parseEd25519", says: "does not expand", why: "the point was read before"},
	{file: "entry/directory.go", fn: "check", says: "seq is over 2", why: "canonical JSON has no such number"},
	{file: "pledge/members.go", fn: "judgeAdmit", says: "CodeAuthorsFull", why: "it takes 65,536 authors: a test of its own in pledge has them"},
	{file: "entry/seal.go", fn: "Unseal", says: "is not that of a sealed member", why: "without it the audit breaks down in a goroutine of its own"},
	{file: "verifier/chain.go", fn: "CheckChain", why: "a chain is checked against a policy, which who asks has"},
	{file: "verifier/chain.go", fn: "decodeDigest", why: "a directory whose root is no digest can't be read"},
	// What is told of all.
	{file: "pledge/state.go", fn: "Step", says: "FindLeafMalformed", why: "each thing for which a leaf is malformed has its check"},
	{file: "pledge/state.go", fn: "Step", says: "FindRejected", why: "each reason to reject has its check"},
	{file: "pledge/texts.go", fn: "acceptErasure", why: "every erasure that is accepted is told"},
	// What is found elsewhere and told here.
	{file: "pledge/state.go", fn: "Step", says: "FindDirectoryFalse", by: "directory: root"},
	{file: "pledge/state.go", fn: "Step", says: "FindDuplicate", by: "a statement that was logged before"},
	{file: "pledge/directory.go", fn: "directoryFinding", by: "directory: one within two days"},
	{file: "pledge/disclosures.go", fn: "JudgeDisclosure", says: "FindDisclosureGone", by: "opened texts there"},
	{file: "pledge/promises.go", fn: "promise", says: "FindAttestationMissed", by: "attested at all"},
	{file: "pledge/promises.go", fn: "promise", says: "FindAttestationLate", by: "attested in time"},
	{file: "pledge/promises.go", fn: "withheldOverdue", by: "withheld text looked at again"},
	{file: "pledge/texts.go", fn: "JudgeText", says: "FindBodyMissing", by: "texts there"},
	{file: "pledge/texts.go", fn: "WithheldServed", by: "withheld texts not served"},
	{file: "pledge/texts.go", fn: "ErasedServed", by: "erased texts gone"},
	{file: "verifier/checkpoints.go", fn: "openCode", says: "FindCheckpointOrigin", by: "origin of the checkpoint"},
	{file: "verifier/checkpoints.go", fn: "openCode", says: "FindCheckpointSignature", by: "signature of the checkpoint"},
	{file: "verifier/checkpoints.go", fn: "openCode", says: "FindCheckpointUnsigned", by: "signed by the log"},
	{file: "verifier/checkpoints.go", fn: "openCode", says: "FindCheckpointQuorum", by: "quorum"},
	{file: "verifier/checkpoints.go", fn: "openCode", says: "FindCheckpointMalformed", by: "form of a checkpoint"},
	{file: "verifier/checkpoints.go", fn: "behind", says: "FindCheckpointBehind", by: "checkpoint behind the archive"},
	{file: "verifier/checkpoints.go", fn: "openArchive", says: "FindArchiveMalformed", by: "archive in order"},
	{file: "verifier/earlier.go", fn: "finding", by: "files for other sizes"},
	{file: "verifier/settle.go", fn: "settleOff", by: "a bundle's texts are named"},
	{file: "verifier/settle.go", fn: "settleLacking", by: "a bundle's texts are all there"},
	{file: "verifier/settle.go", fn: "settleOdd", says: "FindBodyMismatch", by: "published text as signed"},
	{file: "verifier/settle.go", fn: "settleOdd", says: "FindDisclosureGone", by: "opened texts there"},
	{file: "verifier/settle.go", fn: "settleOdd", says: "FindDisclosureOff", by: "opened field as opened"},
	{file: "verifier/settle.go", fn: "settleFiles", by: "files of published texts"},
	{file: "verifier/tiles.go", fn: "finding", says: "FindTileMissing", by: "tiles there"},
	{file: "verifier/tiles.go", fn: "finding", says: "more than the", why: "without it the audit breaks down in a goroutine of its own"},
	{file: "verifier/tiles.go", fn: "finding", says: "where its hashes take", why: "without it the audit breaks down in a goroutine of its own"},
	{file: "verifier/tiles.go", fn: "finding", says: "differs from the entries", by: "tiles of hashes"},
}
