package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pledgelog/pledgelog/api/apitest"
	"github.com/pledgelog/pledgelog/api/client"
	"github.com/pledgelog/pledgelog/entry"
	"github.com/pledgelog/pledgelog/generator"
	tlog "github.com/pledgelog/pledgelog/log"
)

// accord starts a server for an invented accord with one signatory, which has
// pledged.
func accord() (s *apitest.Server, w *generator.World, done func()) {
	w = generator.New(generator.Options{Seed: 1})
	s, err := apitest.Start(context.Background(), w)
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(s.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	acme := w.Signatories[0]
	for _, draft := range []func() *generator.Statement{
		w.Found, func() *generator.Statement { return w.Admit(acme) }, func() *generator.Statement { return w.Pledge(acme) },
	} {
		st := draft()
		w.Log(st)
		if _, err := c.Submit(context.Background(), st.Submission()); err != nil {
			log.Fatal(err)
		}
	}
	return s, w, func() {
		if err := s.Close(); err != nil {
			log.Fatal(err)
		}
	}
}

// A statement is submitted, and nothing that the server says is believed before
// its proof was verified under a policy that came from elsewhere.
func ExampleClient_Submit() {
	server, world, done := accord()
	defer done()
	acme := world.Signatories[0]
	sub := world.Request(acme, "2024-12", nil).Submission() // as `pledge sign` leaves it
	policy := server.Policy                                 // from a file: log.ParsePolicy

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	reply, err := c.Submit(context.Background(), sub)
	if err != nil {
		log.Fatal(err)
	}
	if reply.Pending() {
		fmt.Println("logged, the proof comes later at", reply.Proof)
		return
	}
	proof, err := tlog.ParseProof([]byte(reply.Proof))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := policy.VerifyProof(proof, tlog.LeafHash(reply.Leaf)); err != nil {
		log.Fatal(err)
	}
	leaf, err := entry.ParseLeaf(reply.Leaf)
	if err != nil || leaf.Statement.ID() != sub.Statement.ID {
		log.Fatal("the server proved another leaf")
	}
	fmt.Println("proved at index", proof.Index)
	// Output: proved at index 3
}

// A refusal is a *Problem: it has a stable code, a sentence on what to do and,
// where the author's place is wrong, the head after which to draft again.
func ExampleProblem() {
	server, world, done := accord()
	defer done()
	late := world.Request(world.Signatories[0], "2024-12", nil)
	late.Seq += 5

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Submit(context.Background(), late.Submission())
	var p *client.Problem
	if !errors.As(err, &p) {
		log.Fatal(err)
	}
	fmt.Println(p.Status, p.Code)
	fmt.Println("hint:", p.Hint)
	fmt.Println("the head has seq", p.Head.Seq)
	// Output:
	// 409 seq-gap
	// hint: log the statements before it first, or draft it again after the head that is given here
	// the head has seq 1
}

// Many statements go in one request; each is answered in its turn.
func ExampleClient_SubmitAll() {
	server, world, done := accord()
	defer done()
	var subs []*entry.Submission
	for range 3 {
		st := world.Request(world.Signatories[0], "2024-12", nil)
		world.Log(st) // the next is drafted after it
		subs = append(subs, st.Submission())
	}

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = c.SubmitAll(context.Background(), subs, func(i int, r *client.Reply, err error) error {
		if err != nil {
			return err
		}
		fmt.Println("statement", i, "has index", r.Index)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// statement 0 has index 3
	// statement 1 has index 4
	// statement 2 has index 5
}

// To draft an author's next statement, ask where the author stands.
func ExampleClient_Signatory() {
	server, world, done := accord()
	defer done()

	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	a, err := c.Signatory(context.Background(), world.Signatories[0].ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s is %s as of size %d; the next statement has seq %d\n", a.Signatory.Name, a.Signatory.Standing, a.Size, a.Signatory.Seq+1)
	// Output: Aldermoth Cloud is in-standing as of size 3; the next statement has seq 2
}
