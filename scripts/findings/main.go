// Command findings writes the page that says what each finding means:
//
//	go run ./scripts/findings docs/findings.md
package main

import (
	"fmt"
	"os"

	"github.com/pledgelog/pledgelog/verifier"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "error: name the file to write")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], verifier.FindingsPage(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
