// Package page writes an entry or a signatory as HTML, and holds what every page
// is made of: the interface texts, the attributed sentences, dates and names,
// the stylesheet. It is pure: no I/O and no clock. The site uses it (package
// web), and a preview before signing can.
//
// Every sentence says who states what. Nothing here claims more than the log
// shows: see "Words" in the design's product.md. All interface texts stand in
// english.go, and nowhere else; texts that others wrote reach a page only
// through Foreign, which escapes and isolates them.
package page
