package log

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pledgelog/pledgelog/docs/conformance"
)

// c2sp.org/tlog-policy at 5ba5ee8 of C2SP, which has no version.
func TestConformanceTlogPolicy(t *testing.T) {
	log, log2, pqLog := edHolder(sofa, 0x01, "log"), edHolder("other.example", 0x01, "other"), pqHolder(sofa, "pq log")
	witnesses := make(map[string]holder)
	for _, name := range []string{"X1", "X2", "X3", "Y1", "Y2", "Y3"} {
		witnesses[name] = edHolder(strings.ToLower(name)+".example", 0x04, name)
	}
	x1, x2 := witnesses["X1"], witnesses["X2"]
	pq := pqHolder("pq.example", "pq")
	logLine := "log " + log.vkey() + "\n"
	two := logLine + "witness X1 " + x1.vkey() + "\nwitness X2 " + x2.vkey() + "\n"
	three := two + "witness X3 " + witnesses["X3"].vkey() + "\n"
	head := sofaText + "\n" + log.sign(sofaText)
	cosigned := func(names ...string) string {
		note := head
		for _, n := range names {
			note += witnesses[n].cosign(sofaText, 5)
		}
		return note
	}
	// The example of the specification, with keys (CC BY 4.0).
	example := logLine + "\n"
	for _, group := range []string{"X", "Y"} {
		for n := 1; n <= 3; n++ {
			name := fmt.Sprint(group, n)
			example += "witness " + name + " " + witnesses[name].vkey() + "\n"
		}
		example += map[string]string{"X": "group X-witnesses 2 X1 X2 X3\n\n", "Y": "group Y-witnesses any Y1 Y2 Y3\n\n"}[group]
	}
	example += "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
	// policies has each text end in a quorum that needs nobody.
	none := func(texts ...string) (out []string) {
		for _, s := range texts {
			out = append(out, s+"quorum none\n")
		}
		return out
	}
	swap := func(s, old, new string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("no %q in %q", old, s)
		}
		return strings.Replace(s, old, new, 1)
	}
	policies := func(good, bad []string) func(*testing.T) { return parsed(ParsePolicy, said{good, bad}) }

	conformance.Run(t, []conformance.Row{
		conformance.Tested("What is a policy", "only the quorum is mandatory", "logs and witnesses may be missing, the quorum may not", policies(
			[]string{"quorum none\n", logLine + "quorum none\n", "witness X1 " + x1.vkey() + "\nquorum X1\n", two + "quorum none\n"}, []string{"", "\n", logLine, two, "# quorum none\n"})),
		conformance.Tested("What is a policy", "any log and the quorum", "a checkpoint is valid if one of the logs signed it and the witnesses that the quorum wants cosigned it", opens(
			logLine+"log "+log2.vkey()+"\nwitness X1 "+x1.vkey()+"\nquorum X1\n", opened{cosigned("X1"), nil}, opened{head, ErrQuorum}, opened{sofaText + "\n" + x1.cosign(sofaText, 5), ErrNoLogSignature})),
		conformance.Tested("What is a policy", "one name space", "witnesses and groups share their names", policies(
			[]string{two + "group g any X1 X2\nquorum g\n"},
			[]string{two + "group X1 any X2\nquorum X1\n", two + "group g any X1\ngroup g any X2\nquorum g\n", two + "witness X1 " + pq.vkey() + "\nquorum X1\n",
				two + "group g any X1\nwitness g " + pq.vkey() + "\nquorum g\n"})),
		conformance.Tested("What is a policy", "the name none", "none is predefined for the quorum, and is no member", policies(
			none(two), append(none("witness none "+x1.vkey()+"\n", two+"group none any X1\n"), two+"group g any X1 none\nquorum g\n", two+"group g any none\nquorum g\n"))),
		conformance.Tested("Example policy", "two of three and one of three", "the example wants two of X and one of Y", opens(example,
			opened{cosigned("X1", "X2", "Y1"), nil}, opened{cosigned("X1", "X3", "Y3"), nil}, opened{cosigned("X1", "X2", "X3", "Y1", "Y2", "Y3"), nil},
			opened{cosigned("X1", "Y1", "Y2", "Y3"), ErrQuorum}, opened{cosigned("X1", "X2", "X3"), ErrQuorum}, opened{cosigned("X1", "X1", "Y1"), ErrQuorum}, opened{cosigned(), ErrQuorum},
		), "From the specification, CC BY 4.0, with keys of our own. Every combination: `log.TestSatisfiedBy`."),

		conformance.Tested("Structure", "lines end in a line feed", "each line is ended by a line feed, the last too", policies(
			[]string{logLine + "quorum none\n"},
			[]string{logLine + "quorum none", strings.ReplaceAll(logLine+"quorum none\n", "\n", "\r\n"), strings.ReplaceAll(logLine+"quorum none\n", "\n", "\r"), logLine + "quorum none\n#", logLine + "quorum none\n "})),
		conformance.Tested("Structure", "spaces and tabs separate", "ASCII spaces and tabs, one or more, before, between and after; nothing else", policies(
			none(" \t"+swap(logLine, " ", "\t \t"), swap(logLine, "\n", " \t\n"), "witness\tX1\t"+x1.vkey()+"\t \n"),
			append(none(swap(logLine, " ", "\u00a0"), swap(logLine, " ", "\u2003"), swap(logLine, " ", "\v"), swap(logLine, " ", "\f"), swap(logLine, " ", "\x00"), swap(logLine, " ", ",")),
				logLine+"quorum\u00a0none\n", logLine+"quorum none\u3000\n", logLine+"quorum,none\n", logLine+"quorumnone\n"))),
		conformance.Tested("Structure", "empty lines and comments", "lines of white space, and those whose first character beyond it is #, say nothing", policies(
			none("\n\n"+logLine, " \t \n"+logLine, "#\n"+logLine, "# log x\n \t#quorum none\n"+logLine, "#é\xff\n"+logLine),
			append(none(swap(logLine, "\n", " # ours\n"), "// ours\n"+logLine, "; ours\n"+logLine, "\u00a0#\n"+logLine), logLine+"quorum none # nobody\n"))),
		conformance.Tested("Structure", "keywords", "a line is one of log, witness, group and quorum", policies(
			none(logLine), append(none("logs "+log.vkey()+"\n", "Log "+log.vkey()+"\n", "log: "+log.vkey()+"\n", "policy x\n", "log\n", "witness\n", "witness "+x1.vkey()+"\n", logLine+"log "+log2.vkey()+" https://a.example/ x\n",
				"witness X1 "+x1.vkey()+" https://a.example/ x\n"), logLine+"quorum\n", logLine+"quorum none none\n", logLine+"QUORUM none\n"))),
		conformance.Tested("Structure", "logs and witnesses in any order", "logs and witnesses stand in any order, which says nothing", all(
			policies([]string{"witness X1 " + x1.vkey() + "\n" + logLine + "witness X2 " + x2.vkey() + "\ngroup g all X2 X1\nquorum g\n", "quorum none\n" + two}, []string{two}),
			opens("witness X2 "+x2.vkey()+"\nwitness X1 "+x1.vkey()+"\n"+logLine+"group g 1 X1 X2\nquorum g\n", opened{cosigned("X1"), nil}, opened{cosigned("X2"), nil}, opened{cosigned("Y1"), ErrQuorum}))),
		conformance.Tested("Structure", "groups and quorum name what is above", "a group or quorum line names what a line above it defines", policies(
			[]string{two + "group g any X1\ngroup h any g X2\nquorum h\n"},
			[]string{logLine + "quorum X1\nwitness X1 " + x1.vkey() + "\n", logLine + "group g any X1\nwitness X1 " + x1.vkey() + "\nquorum g\n", two + "group h any g X2\ngroup g any X1\nquorum h\n",
				two + "quorum g\ngroup g any X1\n", two + "quorum X9\n", two + "group g any X9\nquorum g\n"})),

		conformance.Tested("Public key representation", "vkeys", "keys are vkeys of signed-note", policies(
			none(logLine, "witness X1 "+x1.vkey()+"\n"),
			none("log "+log.name+"\n", "log "+log.vkey()[len(log.name)+1:]+"\n", "log "+swap(log.vkey(), "+", "-")+"\n", "witness X1 "+x1.vkey()[:len(x1.vkey())-4]+"\n"))),
		conformance.Tested("Public key representation", "types for logs and for witnesses", "a log's key is of a type that signs checkpoints, a witness's of a type that cosigns them", policies(
			none(logLine, "log "+pqLog.vkey()+"\n", "witness X1 "+x1.vkey()+"\n", "witness pq "+pq.vkey()+"\n"),
			none("log "+x1.vkey()+"\n", "witness X1 "+log.vkey()+"\n", "log "+vkeyWith(0x02, log.public())+"\n", "witness X1 "+vkeyWith(0x05, log.public())+"\n"))),
		conformance.Tested("Public key representation", "duplicates are of public keys", "two vkeys of one public key are the same, whatever their names and IDs", policies(
			none(two), none(two+"witness X3 "+edHolder("another.example", 0x04, "X1").vkey()+"\n", two+"log "+edHolder("another.example", 0x01, "log").vkey()+"\n")),
			"Stricter: a log's key is no witness's either, and no two keys have one name and ID."),
		conformance.Tested("Defining a log", "vkey and address", "log, a vkey, and an address or none", policies(
			none(logLine, swap(logLine, "\n", " https://log.example/\n"), swap(logLine, "\n", " http://127.0.0.1:8080/a/b\n")), none("log\n", "log https://log.example/\n", "log "+log.vkey()+" https://a.example https://b.example\n", "log name "+log.vkey()+"\n")),
			"Stricter: an address is http or https."),
		conformance.Tested("Defining a log", "every log is accepted", "each of the logs is accepted", opens("log "+log2.vkey()+"\n"+logLine+"quorum none\n", opened{head, nil},
			opened{swap(sofaText, sofa, "other.example") + "\n" + log2.sign(swap(sofaText, sofa, "other.example")), nil},
			opened{swap(sofaText, sofa, "third.example") + "\n" + log.sign(swap(sofaText, sofa, "third.example")), ErrUnknownOrigin})),
		conformance.Tested("Defining a log", "the key name is the origin", "the name in the vkey is the log's origin", opens(logLine+"log "+log2.vkey()+"\nquorum none\n", opened{head, nil},
			opened{sofaText + "\n" + log2.sign(sofaText), ErrNoLogSignature}, opened{swap(sofaText, sofa, "x.example") + "\n" + log.sign(swap(sofaText, sofa, "x.example")), ErrUnknownOrigin})),
		conformance.Tested("Defining a log", "several keys of one log", "one origin may have several keys", opens(logLine+"log "+pqLog.vkey()+"\nlog "+edHolder(sofa, 0x01, "next").vkey()+"\nquorum none\n",
			opened{head, nil}, opened{sofaText + "\n" + pqLog.cosign(sofaText, 9), nil}, opened{sofaText + "\n" + edHolder(sofa, 0x01, "next").sign(sofaText), nil}, opened{sofaText + "\n" + log2.sign(sofaText), ErrNoLogSignature})),
		conformance.Tested("Defining a log", "no duplicate logs", "no public key is that of two log lines", policies(
			none(logLine+"log "+log2.vkey()+"\n"),
			none(logLine+logLine, logLine+swap(logLine, "\n", " https://log.example/\n"), logLine+"log "+edHolder("x.example", 0x01, "log").vkey()+"\n"))),
		conformance.Tested("Defining a witness", "name and vkey and address", "witness, a name, a vkey, and an address or none", policies(
			none("witness X1 "+x1.vkey()+"\n", "witness X1 "+x1.vkey()+" https://w.example/submit\n", "witness group "+x1.vkey()+"\n", "witness all "+x1.vkey()+"\n", "witness 2 "+x1.vkey()+"\n"),
			none("witness X1\n", "witness "+x1.vkey()+"\n", "witness "+x1.vkey()+" X1\n", "witness X1 "+x1.vkey()+" https://w.example/ https://w.example/\n", "witness X1 "+x1.vkey()+" ftp://w.example/\n")),
			"Stricter: an address is http or https."),
		conformance.Tested("Defining a witness", "no duplicate witnesses", "no public key is that of two witness lines", policies(
			none(two), none("witness X1 "+x1.vkey()+"\nwitness X2 "+x1.vkey()+"\n", "witness X1 "+x1.vkey()+"\nwitness X1 "+x1.vkey()+"\n", "witness X1 "+pq.vkey()+"\nwitness X2 "+pqHolder("x.example", "pq").vkey()+"\n"))),
		conformance.Tested("Defining the quorum", "one witness", "a witness's name asks for its cosignature", opens(two+"quorum X2\n", opened{cosigned("X2"), nil}, opened{cosigned("X1", "X2"), nil}, opened{cosigned("X1"), ErrQuorum}, opened{head, ErrQuorum})),
		conformance.Tested("Defining the quorum", "none", "none asks for no cosignature", opens(two+"quorum none\n", opened{head, nil}, opened{cosigned("X1"), nil}, opened{sofaText + "\n" + x1.cosign(sofaText, 5), ErrNoLogSignature})),
		conformance.Tested("Defining the quorum", "exactly one quorum line", "there is one quorum line, no more and no less", policies(
			[]string{two + "quorum X1\n"}, []string{two, two + "quorum X1\nquorum X1\n", two + "quorum X1\nquorum none\n", two + "quorum none\nquorum X1\n"})),

		conformance.Tested("Defining a witness group", "all", "all of the members", opens(three+"group g all X1 X2 X3\nquorum g\n", opened{cosigned("X1", "X2", "X3"), nil}, opened{cosigned("X1", "X3"), ErrQuorum})),
		conformance.Tested("Defining a witness group", "any", "one of the members", opens(three+"group g any X1 X2 X3\nquorum g\n", opened{cosigned("X3"), nil}, opened{head, ErrQuorum}, opened{cosigned("Y1"), ErrQuorum})),
		conformance.Tested("Defining a witness group", "k of n", "at least k of the members, each a witness or a group", all(
			opens(three+"group g 2 X1 X2 X3\nquorum g\n", opened{cosigned("X3", "X1"), nil}, opened{cosigned("X1", "X2", "X3"), nil}, opened{cosigned("X2"), ErrQuorum}, opened{cosigned("X2", "X2"), ErrQuorum}),
			opens(three+"group g all X1 X2\ngroup h 2 g X3\nquorum h\n", opened{cosigned("X1", "X2", "X3"), nil}, opened{cosigned("X1", "X3"), ErrQuorum}, opened{cosigned("X1", "X2"), ErrQuorum}))),
		conformance.Tested("Defining a witness group", "at least one member", "a group has a member", policies(
			[]string{two + "group g any X1\nquorum g\n", two + "group g all X1\nquorum g\n"}, []string{two + "group g any\nquorum g\n", two + "group g all\nquorum g\n", two + "group g 1\nquorum g\n", two + "group g 0\nquorum g\n", two + "group g\nquorum g\n", two + "group\nquorum X1\n"})),
		conformance.Tested("Defining a witness group", "k is 1 to n", "k is not 0 and not over the number of members", policies(
			[]string{two + "group g 1 X1 X2\nquorum g\n", two + "group g 2 X1 X2\nquorum g\n"},
			[]string{two + "group g 0 X1 X2\nquorum g\n", two + "group g 3 X1 X2\nquorum g\n", two + "group g -1 X1 X2\nquorum g\n", two + "group g 4294967297 X1 X2\nquorum g\n", two + "group g 18446744073709551617 X1 X2\nquorum g\n"})),
		conformance.Tested("Defining a witness group", "k is decimal", "k is written in decimal digits", policies(
			[]string{two + "group g 2 X1 X2\nquorum g\n"},
			[]string{two + "group g 0x2 X1 X2\nquorum g\n", two + "group g +2 X1 X2\nquorum g\n", two + "group g 2.0 X1 X2\nquorum g\n", two + "group g two X1 X2\nquorum g\n", two + "group g ٢ X1 X2\nquorum g\n",
				two + "group g 1e0 X1 X2\nquorum g\n", two + "group g ALL X1 X2\nquorum g\n", two + "group g Any X1 X2\nquorum g\n", two + "group g 02 X1 X2\nquorum g\n", two + "group g X1 X2\nquorum g\n"}), "Stricter: without leading zeroes."),
		conformance.Tested("Defining a witness group", "no circles", "a group is no member of itself, nor of what it holds", policies(
			[]string{two + "group g any X1\ngroup h any g\nquorum h\n"}, []string{two + "group g any X1 g\nquorum g\n", two + "group g any X1 h\ngroup h any g X2\nquorum h\n"})),
		conformance.Tested("Defining a witness group", "a member once", "each name is a member once, of all groups together", policies(
			[]string{three + "group g any X1 X2\ngroup h all g X3\nquorum h\n", three + "group g any X1 X2\ngroup h any X3\nquorum X1\n"},
			[]string{two + "group g 2 X1 X1\nquorum g\n", two + "group g 2 X1 X2 X1\nquorum g\n", two + "group g any X1\ngroup h all g X1\nquorum h\n", two + "group g any X1\ngroup h any X1\nquorum h\n",
				two + "group g any X1\ngroup h any g\ngroup i any g X2\nquorum i\n"})),

		conformance.Tested("Character set", "allowed octets", "tab, line feed, 0x20 to 0x7e and 0x80 to 0xff, in comments too", func(t *testing.T) {
			for c := range 0x100 {
				allowed := c == 0x09 || c == 0x0a || c >= 0x20 && c <= 0x7e || c >= 0x80
				_, err := ParsePolicy([]byte("# " + string([]byte{byte(c)}) + "\nquorum none\n"))
				if (err == nil) != allowed {
					t.Errorf("0x%02x in a comment: %v", c, err)
				}
				if c <= 0x20 || c == '#' {
					continue // separates, or see below
				}
				_, err = ParsePolicy([]byte("witness a" + string([]byte{byte(c)}) + " " + x1.vkey() + "\nquorum none\n"))
				if (err == nil) != allowed {
					t.Errorf("0x%02x in a name: %v", c, err)
				}
			}
			policies(none("witness a# "+x1.vkey()+"\n"), none("witness #a "+x1.vkey()+"\n", "\ufeff"+logLine))(t)
		}, "Stricter: a name does not begin with #, which would look like a comment."),
		conformance.Tested("Character set", "names are octets", "names are compared octet by octet, whatever they would mean", policies(
			[]string{"witness K " + x1.vkey() + "\nwitness \u212a " + x2.vkey() + "\ngroup k all K \u212a\nquorum k\n", "witness \xff\xfe " + x1.vkey() + "\nquorum \xff\xfe\n",
				"witness \u00e9 " + x1.vkey() + "\nwitness e\u0301 " + x2.vkey() + "\nquorum \u00e9\n", "witness a\u00a0b " + x1.vkey() + "\nquorum a\u00a0b\n", "witness \u2028 " + x1.vkey() + "\nquorum \u2028\n"},
			[]string{"witness K " + x1.vkey() + "\nquorum \u212a\n", "witness K " + x1.vkey() + "\nquorum k\n", "witness \u00e9 " + x1.vkey() + "\nquorum e\u0301\n", "witness \xff " + x1.vkey() + "\nquorum \u00ff\n"})),
		conformance.Tested("Character set", "beyond ASCII in names and addresses and comments", "any key name may name a witness, and an address may have letters beyond ASCII", policies(
			none("witness å.example/名 "+edHolder("å.example/名", 0x04, "å").vkey()+" https://bücher.example/prüfer\n", swap(logLine, "\n", " https://例え.example/\n"), "# 名 \xff\n"),
			none("witness å.example/名 "+edHolder("å.example/名", 0x04, "å").vkey()+" bücher.example\n"))),
		conformance.Tested("Implementation limits", "32 of each", "at least 32 logs, 32 witnesses and 32 groups", func(t *testing.T) {
			of := func(n int) string {
				var b strings.Builder
				for i := range n {
					fmt.Fprintf(&b, "log %s\nwitness w%d %s\n", edHolder(fmt.Sprintf("l%d.example", i), 0x01, fmt.Sprint("l", i)).vkey(), i, edHolder(fmt.Sprintf("w%d.example", i), 0x04, fmt.Sprint("w", i)).vkey())
				}
				b.WriteString("group g0 any w0\n")
				for i := 1; i < n; i++ {
					fmt.Fprintf(&b, "group g%d all g%d w%d\n", i, i-1, i)
				}
				return b.String() + fmt.Sprintf("quorum g%d\n", n-1)
			}
			policies([]string{of(32), of(128)}, []string{of(129)})(t)
		}, "128 of each here, and 1 MiB in all."),
	})
}
