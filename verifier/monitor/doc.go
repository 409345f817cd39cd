// Package monitor follows logs and tells of what it sees: it audits what is new in
// each, holds the log to the checkpoints that witnesses and mirrors show, keeps the
// proof where two of them can't both be true, and sends alarms (pledge-verify
// monitor).
//
// An [Alarm] is of one of three classes: misbehaviour of who runs the log, a statement
// of interest by the rules of the configuration, and infrastructure, which is whatever
// keeps the monitor from seeing. An alarm says no more than what stands behind it, and
// names that (Alarm.Proof).
//
// A [Monitor] has a follower for each log and queues for the sinks. A cycle of a
// follower gathers, compares, audits, hands its alarms to the queues, which are on disk,
// and writes its state last: after a crash an alarm comes again, with the same id, and
// none is lost.
//
// Whatever a log, witness or mirror sends is bounded in bytes and in time, and none of
// them keeps the others from being looked at.
package monitor
