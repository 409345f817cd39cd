// Package commandline is what the programs of this project have in common at
// their edge: how a command fails, what is printed then, the exit codes, what is
// made of cobra's own errors, the version, and files that somebody named.
//
// It is for package main of a program in cmd. It knows no command and no flag of
// any of them, and decides nothing: a room under the programs returns plain errors,
// and the program says which exit code and which hint they come to. How a program
// makes hidden characters visible is its own affair too, as each prints other
// things.
package commandline
