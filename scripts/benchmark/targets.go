package main

import (
	"fmt"
	"io"
)

// asked is the step of development whose targets --check holds the figures to,
// with those of earlier steps. Those of later ones are shown beside the figures.
const asked = 5

// A target is what a ratio of two figures of one run has to reach, or one figure
// has to stay within.
type target struct {
	over, under string // the ratio is over / under; without under it is the figure over itself
	bound       float64
	most        bool // the bound is the most, not the least
	step        int  // of development, from which on it is asked
}

// targets is all that is asked. A bound of 0 asks nothing: the ratio is only shown.
var targets = []target{
	{over: "submit_per_s", under: "floor_verify_per_s"},
	{over: "audit_per_s", under: "floor_verify_per_s", bound: 2, step: 3},
	{over: "audit_served_per_s", under: "floor_verify_per_s"},
	{over: "audit_served_signatures_per_s", under: "floor_verify_per_s"},
	{over: "root_per_s", under: "fsck_per_s", bound: 1, step: 3},
	{over: "audit_peak_mb", bound: 1024, most: true, step: 3},
	{over: "audit_bytes_each", bound: 100, most: true, step: 3},
	{over: "index_per_s", bound: 10_000, step: 5},
	{over: "index_per_s", under: "floor_verify_per_s"},
	{over: "search_p99_ms", bound: 150, most: true, step: 5},
	{over: "entry_p99_ms", bound: 20, most: true, step: 5},
	{over: "home_p99_ms", bound: 50, most: true, step: 5},
	{over: "search_p99_ms", under: "http_p99_ms"},
	{over: "export_csv_per_s", bound: 50_000, step: 5},
	{over: "export_jsonl_per_s", bound: 50_000, step: 5},
	{over: "export_jsonl_per_s", under: "floor_read_per_s"},
	{over: "export_mb", bound: 128, most: true, step: 5},
}

func (t target) name() string {
	if t.under == "" {
		return t.over
	}
	return t.over + "/" + t.under
}

// A judgement is what became of a target.
type judgement struct {
	target
	ratio    float64
	measured bool // the figures were
	asked    bool // --check holds the figures to it
}

func (j judgement) missed() bool {
	short := j.ratio < j.bound
	if j.most {
		short = j.ratio > j.bound
	}
	return j.asked && j.measured && short
}

func (j judgement) String() string {
	bound := "minimum"
	if j.most {
		bound = "maximum"
	}
	switch {
	case j.bound == 0:
		return "no minimum"
	case !j.asked:
		return fmt.Sprintf("no %s in this version; it is to be %g", bound, j.bound)
	case !j.measured:
		return fmt.Sprintf("not measured (%s: %g)", bound, j.bound)
	case j.missed():
		return fmt.Sprintf("MISSED (%s: %g)", bound, j.bound)
	}
	return fmt.Sprintf("reached (%s: %g)", bound, j.bound)
}

// judge holds figures to targets, those of steps up to upTo.
func judge(targets []target, upTo int, figures map[string]float64) []judgement {
	var out []judgement
	for _, t := range targets {
		over, ok := figures[t.over]
		under, also := figures[t.under]
		if t.under == "" {
			under, also = 1, true
		}
		j := judgement{target: t, measured: ok && also && under > 0, asked: t.bound > 0 && t.step <= upTo}
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
	fmt.Fprintf(w, "check: everything that has a bound keeps to it (%d)\n", reached)
	return exitDone
}
