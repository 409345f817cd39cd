package main

import (
	"fmt"
	"io"
)

// asked is the step of development whose targets --check holds the figures to,
// with those of earlier steps. Those of later ones are shown beside the figures.
const asked = 2

// A target is the least that a ratio of two figures of one run has to be.
type target struct {
	over, under string  // the ratio is over / under
	atLeast     float64 // 0: nothing is asked of it, it is only shown
	step        int     // of development, from which on it is asked
}

// targets is all that is asked of ratios.
var targets = []target{
	{over: "submit_per_s", under: "floor_verify_per_s"},
	{over: "audit_per_s", under: "floor_verify_per_s", atLeast: 2, step: 3},
	{over: "root_per_s", under: "fsck_per_s", atLeast: 1, step: 3},
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
		return "no minimum"
	case !j.asked:
		return fmt.Sprintf("no minimum in this version; it is to reach %g", j.atLeast)
	case !j.measured:
		return fmt.Sprintf("not measured (minimum: %g)", j.atLeast)
	case j.missed():
		return fmt.Sprintf("MISSED (minimum: %g)", j.atLeast)
	}
	return fmt.Sprintf("reached (minimum: %g)", j.atLeast)
}

// judge holds figures to targets, those of steps up to upTo.
func judge(targets []target, upTo int, figures map[string]float64) []judgement {
	var out []judgement
	for _, t := range targets {
		over, ok := figures[t.over]
		under, also := figures[t.under]
		j := judgement{target: t, measured: ok && also && under > 0, asked: t.atLeast > 0 && t.step <= upTo}
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
	fmt.Fprintf(w, "check: every ratio with a minimum reaches it (%d)\n", reached)
	return exitDone
}
