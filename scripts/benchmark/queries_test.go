package main

import (
	"slices"
	"testing"
)

func TestWordsOf(t *testing.T) {
	for text, want := range map[string][]string{
		"We refused, in 2025-08: l’été.": {"We", "refused", "in", "2025", "08", "l", "été"},
		"Hosting声明，收到请":                  {"Hosting", "声明", "收到"},
		"עוצאר של":                       {"עוצאר", "של"},
		"声明Hosting":                      {"声明", "Hosting"},
	} {
		if got := wordsOf(text); !slices.Equal(got, want) {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}

func TestSealedIsNoRequest(t *testing.T) {
	for line, want := range map[string]bool{
		`{"kind":"request","author":"a","narrative":{"en":"Some words."}}`:                                    true,
		`{"kind":"request","author":"a","narrative":{"reason":"secrecy-order","sealed":"gnxg9jWdvbfaMUfpi"}}`: false,
		`{"kind":"decision","author":"a","narrative":{"en":"Some words."}}`:                                   false,
		`{"kind":"request","author":"a"}`:                                                                     false,
		``:                                                                                                    false,
	} {
		if got := readRequest([]byte(line)) != nil; got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
