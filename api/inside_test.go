package api

// ColumnTexts says of each column of an export what the catalogue does.
func ColumnTexts() (all []string) {
	for _, c := range columns {
		all = append(all, c.name+": "+c.description)
	}
	return all
}

// Patterns returns the addresses of the router.
func (a *API) Patterns() []string { return a.patterns }
