package web

import (
	"github.com/pledgelog/pledgelog/page"
	"github.com/pledgelog/pledgelog/pledge"
)

type aboutPage struct {
	*page.Site
	Clauses []page.Value
	Groups  []findingGroup
	Charter string // href
}

type findingGroup struct {
	Title    page.Words
	Note     page.Words
	Meanings []pledge.Meaning
}

func (s *site) about(q *request) error {
	p := &aboutPage{Site: q.site}
	charter, id, _ := q.log.Charter()
	if charter != nil {
		p.Charter = q.site.EntryHref(id, 0)
		texts := q.log.ClausesInForce()
		for _, c := range q.log.Terms().Clauses {
			v := page.Value{Value: page.Code(c.ID)}
			if text := texts[c.ID]; text != "" {
				v.Note = page.Clause(text, len(q.log.Terms().Clauses))
			}
			p.Clauses = append(p.Clauses, v)
		}
	}
	for _, role := range []pledge.Role{pledge.RoleOperator, pledge.RoleAuthor, pledge.RoleView} {
		g := findingGroup{Title: q.site.Say("about.findings." + string(role)), Note: q.site.Say("about.findings." + string(role) + ".note")}
		for _, m := range pledge.Catalogue {
			if m.Concerns == role {
				g.Meanings = append(g.Meanings, m)
			}
		}
		if len(g.Meanings) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return q.show("about", q.site.Say("about.title").Text, p)
}
