// Package explain tells in words how a figure comes about, so that whoever is paid by it can check it with pencil and paper.
//
//  1. In come a metrics.Derivation of one person's score or a metrics.Receipt of one value, and the files that the records came from.
//  2. Out goes a page of plain text in one language, or the same as data for JSON.
//
// Every figure on the page follows from the others on it: a quotient is written with its two numbers, a later step takes the quotient up
// again and not its rounded result, and points are shown with as many decimals as their sum needs to come out. The package computes
// nothing that metrics has not computed; it never reads the books, and never the clock.
package explain
