package page

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// colours reads the custom properties of a block of the stylesheet.
func colours(t *testing.T, css string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

func TestContrast(t *testing.T) {
	css := string(Stylesheet)
	light, rest, ok := strings.Cut(css, "@media (prefers-color-scheme: dark)")
	dark, _, ok2 := strings.Cut(rest, "*, ::before")
	if !ok || !ok2 {
		t.Fatal("the stylesheet's beginning is not as this test expects it")
	}
	for theme, c := range map[string]map[string]string{"light": colours(t, light), "dark": colours(t, dark)} {
		if len(c) < 14 {
			t.Fatalf("%s: only %d colours", theme, len(c))
		}
		for _, pair := range []struct {
			ink, ground string
			least       float64
		}{
			{"ink", "paper", 7}, {"ink", "raised", 7}, {"muted", "paper", 4.5}, {"muted", "raised", 4.5}, {"link", "paper", 4.5}, {"link", "raised", 4.5},
			{"accent", "paper", 4.5}, {"accent", "raised", 4.5}, {"paper", "accent", 4.5}, {"mark-ink", "mark", 7},
			{"cell-ink", "cell", 4.5}, {"cell-ink", "hatch", 4.5}, {"bar", "raised", 3}, {"bar", "paper", 3}, {"focus", "paper", 3}, {"focus", "raised", 3},
		} {
			a, b := luminance(t, c[pair.ink]), luminance(t, c[pair.ground])
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < pair.least {
				t.Errorf("%s: %s on %s has a contrast of %.2f, under %.1f", theme, pair.ink, pair.ground, got, pair.least)
			}
		}
	}
	// Everything but these declarations takes its colours from them.
	_, body, _ := strings.Cut(css, "*, ::before")
	body, _, _ = strings.Cut(body, "@media print")
	if m := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(`).FindString(body); m != "" {
		t.Errorf("a colour outside the declarations: %s", m)
	}
	if strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the stylesheet loads something")
	}
}
