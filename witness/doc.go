// Package witness is a C2SP witness: it cosigns the checkpoints of logs that it
// knows, as long as each is consistent with the one before it
// (c2sp.org/tlog-witness).
//
// A [State] is a folder with a file a log: its keys, and the newest checkpoint
// that was cosigned. It is on disk before a cosignature leaves, and compared and
// replaced under a lock, so that several processes may share it. A [Witness]
// judges requests against it and cosigns, and [NewHandler] speaks HTTP for it.
//
// What a cosignature says is that this witness has seen no other history of the
// log. It says nothing on what is in the log's entries; [Config.Check] is where
// such a judgement goes. An [Auditor] is one: of logs that were added with
// [State.AddAudited] it lets only those checkpoints pass of which an audit of
// everything up to them found no error of the operator's that nobody has accepted.
package witness
