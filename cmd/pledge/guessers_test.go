package main

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Guessers guess of each slot in turn whether it is full, by what was seen of it and by
// all slots before it, of which they are told afterwards. Where nothing tells full slots
// from empty ones, each guess is right with probability 1/2 whatever the guesses before
// were, because which slots are full is drawn by throws of a coin: so the number right is
// binomial, exactly, for every way to guess.
type guessers struct {
	names []string // of features, sorted
	bound int      // over it no guesser comes by chance
}

// A run in which nothing can be told goes over the bound once in so many.
const mistaken = 10_000

// The guessers by all features together.
const (
	byNeighbours = "the most alike before it"
	byWeights    = "a weighing of everything"
)

func newGuessers(slots []observed) *guessers {
	g := &guessers{names: slices.Sorted(maps.Keys(slots[0].features))}
	// Bonferroni: each guesser may be mistaken its share of the times.
	g.bound = binomialBound(len(slots), 1/float64(mistaken)/float64(len(g.names)+2))
	return g
}

// binomialBound is the least k such that of n throws of a coin more than k are heads
// with probability p at the most.
func binomialBound(n int, p float64) int {
	tail, k := 0.0, n
	for ; k > 0; k-- {
		lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
		if tail += math.Exp(lg(n) - lg(k) - lg(n-k) - float64(n)*math.Ln2); tail > p {
			return k
		}
	}
	return 0
}

// guess says for each guesser how many of its guesses were right.
func (g *guessers) guess(slots []observed) map[string]int {
	right := make(map[string]int)
	note := func(name string, i int, full bool) {
		n := 0
		if full == slots[i].full {
			n = 1
		}
		right[name] += n
	}
	for i := range slots {
		before := slots[:i]
		for _, name := range g.names {
			over, at := threshold(before, name)
			note(name, i, (slots[i].features[name] > at) == over)
		}
		points, it := g.standard(before, slots[i])
		note(byNeighbours, i, neighbours(points, before, it))
		note(byWeights, i, weigh(points, before, it))
	}
	return right
}

// threshold finds the value that tells most of the slots apart, and whether full ones
// are over it.
func threshold(slots []observed, name string) (over bool, at float64) {
	best := -1
	for _, candidate := range slots {
		v := candidate.features[name]
		n := 0
		for _, s := range slots {
			if (s.features[name] > v) == s.full {
				n++
			}
		}
		if n > best {
			best, over, at = n, true, v
		}
		if len(slots)-n > best {
			best, over, at = len(slots)-n, false, v
		}
	}
	return over, at
}

// standard writes slots as points: each feature less its mean and by its deviation, both
// of the slots before. What never differed before counts as it is.
func (g *guessers) standard(before []observed, it observed) (points [][]float64, point []float64) {
	points, point = make([][]float64, len(before)), make([]float64, 0, len(g.names))
	for _, name := range g.names {
		mean, dev := 0.0, 0.0
		for _, s := range before {
			mean += s.features[name] / float64(len(before))
		}
		for _, s := range before {
			dev += (s.features[name] - mean) * (s.features[name] - mean) / float64(len(before))
		}
		dev = math.Sqrt(dev)
		if dev == 0 {
			dev = 1
		}
		for i, s := range before {
			points[i] = append(points[i], (s.features[name]-mean)/dev)
		}
		point = append(point, max(-5, min(5, (it.features[name]-mean)/dev)))
	}
	return points, point
}

// neighbours goes by the five nearest points before.
func neighbours(points [][]float64, before []observed, it []float64) bool {
	type near struct {
		distance float64
		full     bool
	}
	all := make([]near, len(points))
	for i, p := range points {
		for j := range p {
			all[i].distance += (p[j] - it[j]) * (p[j] - it[j])
		}
		all[i].full = before[i].full
	}
	slices.SortFunc(all, func(a, b near) int { return cmp.Compare(a.distance, b.distance) })
	votes := 0
	for _, n := range all[:min(5, len(all))] {
		if n.full {
			votes++
		} else {
			votes--
		}
	}
	return votes > 0
}

// weigh goes by a logistic regression on the points before, with weights kept small.
func weigh(points [][]float64, before []observed, it []float64) bool {
	weights := make([]float64, len(it)+1) // the last is what everything begins with
	at := func(p []float64) float64 {
		sum := weights[len(it)]
		for j, x := range p {
			sum += weights[j] * x
		}
		return 1 / (1 + math.Exp(-sum))
	}
	for range 60 {
		step := make([]float64, len(weights))
		for i, p := range points {
			miss := -at(p)
			if before[i].full {
				miss++
			}
			for j, x := range p {
				step[j] += miss * max(-5, min(5, x))
			}
			step[len(it)] += miss
		}
		for j := range weights {
			weights[j] += 0.5 * (step[j]/float64(max(1, len(points))) - 0.01*weights[j])
		}
	}
	return at(it) > 0.5
}

// TestGuessers: they tell what can be told, and where nothing can, they keep to the
// bound.
func TestGuessers(t *testing.T) {
	// By the normal approximation, of 200 throws over 131 are heads once in 200,000 times
	// (4.4 deviations of 7.07 over 100).
	if k := binomialBound(200, 1.0/200_000); k < 130 || k > 133 {
		t.Errorf("the bound is %d", k)
	}
	if k := binomialBound(1, 0.6); k != 0 {
		t.Errorf("of one throw over %d are heads with probability 0.6", k)
	}
	for _, c := range []struct {
		name string
		leak func(s observed, dice *rand.Rand)
		by   []string // who tells
	}{
		{"nothing", func(observed, *rand.Rand) {}, nil},
		{"a byte longer", func(s observed, _ *rand.Rand) { s.features["bytes"]++ }, []string{"bytes", byNeighbours, byWeights}},
		{"5 ms slower", func(s observed, _ *rand.Rand) { s.features["time"] += 0.005 }, []string{"time", byNeighbours, byWeights}},
		{"a little of everything", func(s observed, _ *rand.Rand) {
			for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				s.features[name] += 0.5
			}
		}, []string{byWeights}},
	} {
		dice := rand.New(rand.NewPCG(5, 6))
		slots := make([]observed, 200)
		for i := range slots {
			s := observed{full: dice.IntN(2) == 1, features: map[string]float64{"bytes": 7000, "time": 0.040 + 0.002*dice.NormFloat64()}}
			for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
				s.features[name] = dice.NormFloat64()
			}
			if s.full {
				c.leak(s, dice)
			}
			slots[i] = s
		}
		g := newGuessers(slots)
		for name, right := range g.guess(slots) {
			if (right > g.bound) != slices.Contains(c.by, name) {
				t.Errorf("%s: by %s %d are told rightly, the bound is %d", c.name, name, right, g.bound)
			}
		}
	}
}
