// Package web serves the pages that journalists quote. They are rendered on the
// server and need no script; everything that a page is about stands in its
// address.
//
// Each page is made from one snapshot of package index and says as of which tree
// size and time it is. Sentences, facts and the look come from package page;
// here are the routes, the headers and what is around an entry or a signatory.
// Links within the site are relative, so that it works under any prefix.
package web
