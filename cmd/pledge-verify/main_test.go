package main

import (
	"io"
	"testing"

	"github.com/pledgelog/pledgelog/commandline/commandtest"
)

func TestEveryCommandHasExamples(t *testing.T) {
	commandtest.HaveExamples(t, command(io.Discard))
}
