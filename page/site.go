package page

import (
	"strconv"

	"github.com/pledgelog/pledgelog/entry"
)

// A Site is what is the same for everything on one page: which log, as of which
// tree, and how links are written.
type Site struct {
	*Texts
	Origin string
	Accord string // the accord's name; "" in a log without a charter
	// Root leads from this page to the site's front page: "", "../" and so on.
	// With relative links only, the site works under any prefix.
	Root string
	// Base is the public address of the site, without a slash at its end: what
	// permalinks begin with.
	Base string
	// Preview says that nothing is logged yet: there are no links and no
	// addresses.
	Preview bool
	// Names gives the legal name of an author; "" when there is none.
	Names func(author string) string
	// Clauses are the texts of the clauses in force, by clause id; nil when they
	// are not known.
	Clauses map[string]string
	// Attested is how often the charter asks for attestations now; "" without a
	// charter.
	Attested entry.PeriodKind
	// Ends is when the log ends, Unix seconds; 0 when no end was announced.
	// Successor is the origin of the log that goes on, or "".
	Ends      int64
	Successor string

	Size       uint64 // of the tree
	Logged     int64  // the largest `logged` accepted in it, Unix seconds
	AsOf       int64  // the moment for which statuses hold, Unix seconds
	Witnesses  int    // that cosigned the tree
	QuorumTime int64  // Unix seconds; 0 without witnesses
}

// IsDemonstration reports whether everything shown is invented and time is
// simulated.
func (s *Site) IsDemonstration() bool { return entry.IsDemonstration(s.Origin) }

// EntryHref leads to an entry; "" in a preview.
func (s *Site) EntryHref(id entry.ID, index uint64) string {
	switch {
	case s.Preview:
		return ""
	case id.IsZero():
		return s.Root + "entries/" + strconv.FormatUint(index, 10)
	}
	return s.Root + "entries/" + id.String()
}

// SignatoryHref leads to an author; "" in a preview.
func (s *Site) SignatoryHref(author string) string {
	if s.Preview {
		return ""
	}
	return s.Root + "signatories/" + author
}

// FindingHref leads to what a finding's code means; "" in a preview.
func (s *Site) FindingHref(c entry.Code) string {
	if s.Preview {
		return ""
	}
	return s.Root + "about#" + string(c)
}

// Permalink is an entry's public address; "" in a preview.
func (s *Site) Permalink(id entry.ID) string {
	if s.Preview {
		return ""
	}
	return s.Base + "/entries/" + id.String()
}

// Who names an author within a sentence.
func (s *Site) Who(author string) Words {
	switch author {
	case entry.AuthorSecretariat:
		return s.Say("who.secretariat")
	case entry.AuthorOperator:
		return s.Say("who.operator")
	}
	if name := s.Names(author); name != "" {
		return Foreign(name)
	}
	return Code(author)
}

// WhoFirst names an author at the beginning of a sentence.
func (s *Site) WhoFirst(author string) Words {
	switch author {
	case entry.AuthorSecretariat:
		return s.Say("who.secretariat.first")
	case entry.AuthorOperator:
		return s.Say("who.operator.first")
	}
	return s.Who(author)
}

// Country writes a country's code with its name: XB (Federation of Borvania).
func (s *Site) Country(code string) Words {
	if name, ok := entry.CountryName(s.Origin, code); ok {
		return s.Say("country", "code", code, "name", name)
	}
	return Foreign(code)
}

// AccordName names the accord, or says that there is none.
func (s *Site) AccordName() Words {
	if s.Accord == "" {
		return s.Say("accord.none")
	}
	return Foreign(s.Accord)
}

// AttestationsNote says how often the charter asks for attestations; nothing
// without a charter.
func (s *Site) AttestationsNote() Words {
	if s.Attested == "" {
		return Words{}
	}
	return s.Say("charter.attestations", "each", s.Say("each."+string(s.Attested)))
}

// LoggedNote says whose word the time of an entry is.
func (s *Site) LoggedNote() Words {
	switch {
	case s.IsDemonstration():
		return s.Say("time.simulated")
	case s.QuorumTime == 0:
		return s.Say("time.operator")
	}
	return s.Count("time.witnessed", uint64(s.Witnesses), "time", s.Moment(s.QuorumTime))
}

// WitnessCount is Witnesses as a number for templates.
func (s *Site) WitnessCount() uint64 { return uint64(s.Witnesses) }

// Whole says as of which tree and time a page is.
func (s *Site) Whole() Words {
	if s.Size == 0 {
		return s.Say("asof.empty")
	}
	return s.Count("asof", s.Size, "time", s.Moment(s.Logged))
}

// EndNote says when the log ends or ended, and which one goes on; nothing when no
// end was announced.
func (s *Site) EndNote() Words {
	if s.Ends == 0 {
		return Words{}
	}
	key := "site.ends"
	if s.AsOf >= s.Ends {
		key = "site.ended"
	}
	w := s.Say(key, "date", s.Moment(s.Ends))
	if s.Successor != "" {
		w = s.sentences(w, s.Say("site.successor", "origin", Foreign(s.Successor)))
	}
	return w
}
