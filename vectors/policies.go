package vectors

import (
	"strings"
)

const aboutPolicies = "Trust policies (C2SP tlog-policy), taken to the letter: each leniency is a way round the quorum."

// policyText writes a policy in which $log is the log's vkey, $w1 to $w4 and $ml are
// witnesses' and $other another log's; $next is another key of the same log.
func (c *checkpoints) policyText(s string) string {
	pairs := []string{"$log", c.vkey("log"), "$next", c.vkey("next"), "$other", c.vkey("other")}
	for _, w := range []string{"w1", "w2", "w3", "w4", "ml"} {
		pairs = append(pairs, "$"+w, c.vkey(w))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

const (
	policyNone    = "log $log\nquorum none\n"
	policyThree   = "log $log https://log.lanternhall.example/\nwitness first $w1 https://first.example/\nwitness second $w2\nwitness third $w3\ngroup three 2 first second third\nquorum three\n"
	policyNested  = "log $log\nwitness a $w1\nwitness b $w2\nwitness c $w3\nwitness d $w4\ngroup inner any c d\ngroup outer all a inner\nquorum outer\n"
	policyMLDSA   = "log $log\nwitness a $w1\nwitness m $ml\ngroup both all a m\nquorum both\n"
	policyTwoLogs = "log $log\nlog $other\nquorum none\n"
)

func (c *checkpoints) policies() []Policy {
	var all []Policy
	add := func(name, why, err, text string) {
		all = append(all, Policy{Name: name, Why: why, Error: err, Policy: Octets(c.policyText(text))})
	}
	add("none", "no witness is needed", "", policyNone)
	add("three", "two of three, with addresses", "", policyThree)
	add("nested", "a group within a group", "", policyNested)
	add("ml-dsa", "witnesses of two algorithms", "", policyMLDSA)
	add("two-logs", "a policy for more than one log", "", policyTwoLogs)
	add("one-witness", "a quorum may be a single witness", "", "log $log\nwitness a $w1\nquorum a\n")
	add("comments", "comment lines, empty lines, spaces and tabs", "", "# trust\n\n  log\t$log \nwitness  a\t\t$w1\n   # more\nquorum\ta\n")
	add("unused", "a group that no quorum uses", "", "log $log\nwitness a $w1\nwitness b $w2\ngroup g any a b\nquorum none\n")
	add("quorum-none-with-witnesses", "known and not needed", "", "log $log\nwitness a $w1\nquorum none\n")

	bad := func(name, why, text string) { add(name, why, Malformed, text) }
	bad("empty", "exactly one quorum line", "")
	bad("no-quorum", "exactly one quorum line", "log $log\n")
	bad("two-quorums", "exactly one quorum line", "log $log\nquorum none\nquorum none\n")
	bad("quorum-unknown", "defined before it is used", "log $log\nquorum a\n")
	bad("quorum-before-witness", "defined before it is used", "log $log\nquorum a\nwitness a $w1\n")
	bad("group-0", "k is from 1", "log $log\nwitness a $w1\ngroup g 0 a\nquorum g\n")
	bad("group-too-many", "k is at most the number of members", "log $log\nwitness a $w1\ngroup g 2 a\nquorum g\n")
	bad("group-leading-zero", "a number in its one form", "log $log\nwitness a $w1\ngroup g 01 a\nquorum g\n")
	bad("group-sign", "a number in its one form", "log $log\nwitness a $w1\ngroup g +1 a\nquorum g\n")
	bad("group-empty", "members are needed", "log $log\ngroup g any\nquorum g\n")
	bad("group-of-unknown", "defined before it is used", "log $log\ngroup g any a\nwitness a $w1\nquorum g\n")
	bad("member-twice", "a name is a member at most once: else one witness counts as two", "log $log\nwitness a $w1\nwitness b $w2\ngroup g 2 a a\nquorum g\n")
	bad("member-of-two-groups", "a name is a member at most once", "log $log\nwitness a $w1\nwitness b $w2\ngroup g any a\ngroup h all a b\nquorum h\n")
	bad("key-under-two-names", "a key stands there once: else one witness counts as two", "log $log\nwitness a $w1\nwitness b $w1\ngroup g all a b\nquorum g\n")
	bad("key-under-two-key-names", "a public key stands there once, whatever its names", "log $log\nwitness a $w1\nwitness b $w1AsAnother\nquorum a\n")
	bad("log-twice", "a key stands there once", "log $log\nlog $log\nquorum none\n")
	bad("log-as-witness", "a witness is not the log", "log $log\nwitness a $logAsWitness\nquorum a\n")
	bad("name-twice", "a name is defined once", "log $log\nwitness a $w1\nwitness a $w2\nquorum a\n")
	bad("name-none", "none is taken", "log $log\nwitness none $w1\nquorum none\n")
	bad("name-comment", "it would look like a comment", "log $log\nwitness #a $w1\nquorum none\n")
	bad("comment-trailing", "no trailing comments", "log $log # ours\nquorum none\n")
	bad("line-feed-missing", "the last line may have lost its end", "log $log\nquorum none")
	bad("carriage-return", "only spaces and tabs separate", "log $log\r\nquorum none\r\n")
	bad("no-break-space", "only ASCII spaces separate", "log\u00a0$log\nquorum none\n")
	bad("keyword-unknown", "log, witness, group or quorum", "logs $log\nquorum none\n")
	bad("keyword-upper-case", "keywords are lower case", "Log $log\nquorum none\n")
	bad("log-without-key", "a key is needed", "log\nquorum none\n")
	bad("log-three-items", "a key and an address", "log $log https://a.example/ https://b.example/\nquorum none\n")
	bad("log-of-witness-type", "a log's key has no cosignature type", "log $w1\nquorum none\n")
	bad("witness-of-log-type", "a witness's key has a cosignature type", "log $log\nwitness a $other\nquorum a\n")
	bad("key-id-wrong", "the id is the one of its name and key", "log $logWrongID\nquorum none\n")
	bad("key-small-order", "such a key proves nothing", "log $logWeak\nquorum none\n")
	bad("url-scheme", "http or https", "log $log ftp://log.example/\nquorum none\n")
	for i := range all {
		all[i].Policy = Octets(strings.NewReplacer(
			c.vkey("w1")+"AsAnother", c.odd("w1-as-another"), c.vkey("log")+"AsWitness", c.odd("log-as-witness"),
			c.vkey("log")+"WrongID", c.odd("wrong-id"), c.vkey("log")+"Weak", c.odd("weak")).Replace(string(all[i].Policy)))
	}
	return all
}
