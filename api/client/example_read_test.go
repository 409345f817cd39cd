package client_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log"

	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	tlog "github.com/pledgelog/pledgelog/log"
)

// A search finds the entries whose texts have the words, and counts them by facets. Every
// answer is as of a tree size.
func ExampleClient_Entries() {
	server, world, done := accord()
	defer done()
	acme := world.Signatories[0]
	for _, country := range []string{"XB", "XC", "XB"} {
		st := world.Request(acme, "2024-12", &entry.RequestBody{Country: country, Assist: []string{"access"}, Narrative: map[string]string{"en": "They asked for a key that we do not have."}})
		world.Log(st)
		submit(server.URL, st.Submission())
	}

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	page, err := c.Entries(context.Background(), client.Query{Text: `"key that we"`, Filters: map[string][]string{"country": {"XB", "XD"}}, Facets: []string{"country"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d fit, as of %d entries\n", page.Total, page.Size)
	for _, f := range page.Facets["country"] {
		fmt.Println(f.Value, f.Count)
	}
	for _, a := range page.NotInLog {
		fmt.Println("nothing of", a.Parameter, a.Value)
	}
	// Output:
	// 2 fit, as of 6 entries
	// XB 2
	// XC 1
	// nothing of country XD
}

// All entries that fit are read page after page.
func ExampleClient_AllEntries() {
	server, world, done := accord()
	defer done()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for e, err := range c.AllEntries(context.Background(), client.Query{Author: world.Signatories[0].ID, Oldest: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Index, e.Verdict)
	}
	// Output: 2 accepted
}

// What was logged is counted: statements, and nothing beyond.
func ExampleClient_Countries() {
	server, world, done := accord()
	defer done()
	asked := world.Request(world.Signatories[0], "2024-12", &entry.RequestBody{Country: "XB", Assist: []string{"access"}})
	world.Log(asked)
	submit(server.URL, asked.Submission())

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	list, err := c.Countries(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, x := range list.Countries {
		fmt.Printf("%d logged by %d signatories, attributed to %s, as of %d entries\n", x.Requests, x.Signatories, x.Code, list.Size)
	}
	stats, err := c.Stats(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Statements.Accepted, "statements,", stats.Requests.Total, "request")
	// Output:
	// 1 logged by 1 signatories, attributed to XB, as of 4 entries
	// 4 statements, 1 request
}

// Who owes what by when: it says what is not logged, and not why.
func ExampleClient_Due() {
	server, world, done := accord()
	defer done()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := c.Due(context.Background(), client.DueQuery{Author: world.Signatories[0].ID})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range p.Due {
		fmt.Println(d.Name+":", d.Text)
	}
	// Output: Aldermoth Cloud: Attestation for 2025-Q1; due 30 April 2025.
}

// An export is read entry by entry. Its leaves add up to the root that the log has signed,
// so that whoever has the checkpoint of that size knows that nothing was left out.
func ExampleClient_ExportJSONLines() {
	server, _, done := accord()
	defer done()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	x, err := c.ExportJSONLines(context.Background(), 0)
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	tree := tlog.NewBuilder(nil)
	for e, err := range x.Entries() {
		if err != nil {
			log.Fatal(err)
		}
		if err := tree.Append(tlog.LeafHash(e.Leaf)); err != nil {
			log.Fatal(err)
		}
	}
	source, err := tlog.NewHTTPSource(server.URL, tlog.HTTPOptions{})
	if err != nil {
		log.Fatal(err)
	}
	raw, err := source.Get(context.Background(), tlog.CheckpointPath, tlog.MaxCheckpointFile)
	if err != nil {
		log.Fatal(err)
	}
	view, err := server.Policy.Open(raw) // the policy is from elsewhere
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Size, "entries; complete:", view.Checkpoint.Size == x.Size && view.Checkpoint.Root == tree.Root())
	// Output: 3 entries; complete: true
}

// The table is read by whatever reads CSV; its columns are described by the data package.
func ExampleClient_ExportCSV() {
	server, _, done := accord()
	defer done()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	p, err := c.DataPackage(context.Background(), 2)
	if err != nil {
		log.Fatal(err)
	}
	x, err := c.ExportCSV(context.Background(), p.TreeSize)
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	rows := csv.NewReader(x)
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row[0], row[6], row[7])
	}
	fmt.Println(p.Resources[0].Schema.Fields[6].Description)
	// Output:
	// index author kind
	// 0 secretariat charter
	// 1 secretariat admit
	// who stated it
}

func submit(url string, sub *entry.Submission) {
	c, err := client.New(url, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Submit(context.Background(), sub); err != nil {
		log.Fatal(err)
	}
}
