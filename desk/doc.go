// Package desk is the web side of `pledge desk`: a form in the browser of the person's
// own machine, for counsel and a CISO who are no cryptographers. It asks, shows and
// passes on; it has no rule of its own. What drafts, signs, keeps, submits and verifies is
// behind Tools, which cmd/pledge implements with the very code of its commands.
//
// It is for one person at one browser on one machine. It listens on a loopback address, an address
// with a secret opens it once, and everything that it was told stands in the memory of
// the process alone until a draft is written. See docs/decisions/0022.
//
// Nothing of what is filed may stand in an address or a title: a browser writes these down.
// So there is one address for all pages, and what is shown at it is what the person
// does.
package desk
