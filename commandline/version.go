package commandline

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/pledgelog/pledgelog/entry"
)

// Version returns the version that this program was built as, such as v1.2.0, or
// "dev".
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return info.Main.Version
	}
	return "dev"
}

// About returns what the command version prints: three lines, on the program, the
// protocol and the vocabulary.
func About(program string) string {
	width := max(len(program), len("vocabulary")) + 2
	return fmt.Sprintf("%-*s%s (%s)\n%-*s1\n%-*s%d, %s\n",
		width, program, Version(), runtime.Version(),
		width, "protocol",
		width, "vocabulary", entry.Terms().Version, entry.Terms().Date)
}
