package main

import (
	"cmp"
	"slices"
	"strings"
)

// near returns the words that s may have been meant to be, the nearest first,
// at most three.
func near(s string, words []string) []string {
	type match struct {
		word string
		far  int
	}
	var found []match
	low := strings.ToLower(s)
	limit := max(1, len(low)/3)
	for _, w := range words {
		lw := strings.ToLower(w)
		far := distance(low, lw)
		if far > limit && len(low) >= 3 && (strings.Contains(lw, low) || strings.Contains(low, lw)) {
			far = limit
		}
		if far <= limit {
			found = append(found, match{w, far})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, m := range found[:min(len(found), 3)] {
		out = append(out, m.word)
	}
	return out
}

// distance is the number of bytes to insert, delete, replace or swap with their
// neighbour to get from a to b.
func distance(a, b string) int {
	before, row, next := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, make([]int, len(b)+1)
	}
	return row[len(b)]
}

// didYouMean writes the hint for a word that is not among those that exist.
func didYouMean(s string, words []string) string {
	switch n := near(s, words); len(n) {
	case 0:
		return ""
	case 1:
		return "did you mean " + n[0] + "?"
	default:
		return "did you mean " + strings.Join(n[:len(n)-1], ", ") + " or " + n[len(n)-1] + "?"
	}
}
