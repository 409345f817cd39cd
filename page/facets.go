package page

import "slices"

// facetLists are the vocabulary's lists of the facets whose values are codes.
var facetLists = map[string]string{
	"authority": "authority", "instrument": "instrument", "assist": "assist", "outcome": "outcome", "compulsion": "compulsion",
	"gag": "gag", "target": "targets", "product": "products", "corroboration": "corroboration",
}

// FacetName says what a facet is of.
func (s *Site) FacetName(facet string) Words { return s.Say("facet." + facet) }

// FacetValue names a value of a facet.
func (s *Site) FacetValue(facet, value string) Words {
	list := facetLists[facet]
	if (list != "" || facet == "country") && slices.Contains([]string{"withheld", "erased", "missing", "unstated"}, value) {
		return s.Say("facet.value." + value)
	}
	switch {
	case facet == "author":
		return s.WhoFirst(value)
	case facet == "kind":
		return s.Say("kind." + value)
	case facet == "country":
		return s.Country(value)
	case facet == "status":
		return s.Say("facet.status." + value)
	case list != "":
		return s.term(list, value)
	}
	return Plain(value)
}
