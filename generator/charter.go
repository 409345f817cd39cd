package generator

// AccordName is the name of the invented accord that demos play.
const AccordName = "Lanternhall Accord"

// SecretariatName is the name of the invented group that keeps AccordName's
// charter.
const SecretariatName = "Secretariat of the Lanternhall Accord"

// Source names the real document that gave the idea. Clauses are written in
// our own words and bind nobody; nothing here is that accord's text, and its
// signatories have no part in this.
const Source = "Cybersecurity Tech Accord, April 2018 (cybertechaccord.org)"

// A Clause is one promise of the invented charter.
type Clause struct {
	ID   string // as the charter lists it
	Text string // English; the charter's tree holds its digest only
}

// Clauses are the invented charter's five promises. Their idea comes from the
// principles that some thirty companies published as the Cybersecurity Tech
// Accord in April 2018; the last one, to report, is this project's own.
var Clauses = []Clause{
	{"no-attack-help", "We do not help any government to attack people or undertakings that did no wrong, wherever they are. This holds for our staff, our products, our networks, our keys and what we know."},
	{"equal-protection", "We protect all who use what we make, alike, whatever country they live in, whatever they use it for, and whoever attacks them."},
	{"no-tampering", "We guard what we make against being altered or turned against the people who use it, while it is designed, built, shipped, updated and in use. We leave no hidden way in for anybody."},
	{"fix-and-tell", "We correct flaws as soon as we can, tell those who are at risk, and hold back neither for the sake of somebody who would rather use the flaw. We share what helps others to defend themselves."},
	{"report", "To our knowledge after reasonable inquiry, we log each request to help in an attack, and our answer to it, as far and as early as the law lets us, and state after each period how many there were."},
}
