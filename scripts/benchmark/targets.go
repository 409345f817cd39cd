package main

import (
	"fmt"
	"io"
)

// asked is the last issue whose targets --check holds the figures to. Those of
// later ones are shown beside the figures.
const asked = 2

// A target is what an issue asks of two figures of one run.
type target struct {
	over, under string  // the ratio is over / under
	atLeast     float64 // 0: nothing is asked of it, it is only shown
	issue       int     // that asks for it
}

// targets is all that is asked of ratios.
var targets = []target{
	{over: "submit_per_s", under: "floor_verify_per_s"},
	{over: "audit_per_s", under: "floor_verify_per_s", atLeast: 2, issue: 3},
	{over: "root_per_s", under: "fsck_per_s", atLeast: 1, issue: 3},
}

func (t target) name() string { return t.over + "/" + t.under }

// A judgement is what became of a target.
type judgement struct {
	target
	ratio    float64
	measured bool // both figures were
	asked    bool // --check holds the figures to it
}

func (j judgement) missed() bool { return j.asked && j.measured && j.ratio < j.atLeast }

func (j judgement) String() string {
	switch {
	case j.atLeast == 0:
		return "nothing is asked of it"
	case !j.asked:
		return fmt.Sprintf("not asked yet (from issue %d: at least %g)", j.issue, j.atLeast)
	case !j.measured:
		return fmt.Sprintf("not measured (issue %d: at least %g)", j.issue, j.atLeast)
	case j.missed():
		return fmt.Sprintf("MISSED (issue %d: at least %g)", j.issue, j.atLeast)
	}
	return fmt.Sprintf("reached (issue %d: at least %g)", j.issue, j.atLeast)
}

// judge holds figures to targets, those of issues up to upTo.
func judge(targets []target, upTo int, figures map[string]float64) []judgement {
	var out []judgement
	for _, t := range targets {
		over, ok := figures[t.over]
		under, also := figures[t.under]
		j := judgement{target: t, measured: ok && also && under > 0, asked: t.atLeast > 0 && t.issue <= upTo}
		if j.measured {
			j.ratio = over / under
		}
		out = append(out, j)
	}
	return out
}

// verdict says what --check found, and how the program ends.
func verdict(w io.Writer, judged []judgement) int {
	missed, unknown, reached := 0, 0, 0
	for _, j := range judged {
		switch {
		case !j.asked:
			continue
		case !j.measured:
			unknown++
		case j.missed():
			missed++
		default:
			reached++
			continue
		}
		fmt.Fprintf(w, "error: %s: %s\n", j.name(), j)
	}
	switch {
	case missed > 0:
		return exitMissed
	case unknown > 0:
		return exitNotMeasured
	}
	fmt.Fprintf(w, "check: every ratio that is asked is reached (%d)\n", reached)
	return exitDone
}
