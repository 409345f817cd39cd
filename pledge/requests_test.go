package pledge

import (
	"fmt"
	"testing"

	"github.com/pledgelog/pledgelog/entry"
)

// Requests are counted by the number of the period that they name, so that no two
// periods may share one: quarters and half-years of all years that there are.
func TestPeriodsHaveNumbersOfTheirOwn(t *testing.T) {
	if periodNo(entry.Period{}) != 0 {
		t.Error("no period has a number over 0")
	}
	whose := map[uint16]string{0: "none"}
	for year := 1970; year <= 9999; year++ {
		for _, n := range []string{"Q1", "Q2", "Q3", "Q4", "H1", "H2"} {
			name := fmt.Sprintf("%04d-%s", year, n)
			p, err := entry.ParsePeriod(name)
			if err != nil {
				t.Fatal(err)
			}
			no := periodNo(p)
			if other, taken := whose[no]; taken {
				t.Fatalf("%s and %s share number %d", name, other, no)
			}
			whose[no] = name
		}
	}
}
