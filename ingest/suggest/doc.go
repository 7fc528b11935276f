// Package suggest drafts a mapping for a table of a file that no mapping fits yet.
//
// In come a table as package sheet found it, the file it lies in and the policy. Out comes a mapping file in which every guess is
// marked with its reason, and a list of what must be decided before it can be used.
//
//  1. The header is the row among the first ones whose words fit a dataset best; up to 10,000 rows below it are read.
//  2. Each column of the dataset looks for its header: by its name, its aliases, words that other tools use, likeness, and at last
//     by what the values look like. One that has several candidates of the same rank is left open.
//  3. Each column that was found is read by package cell to see how it is written: the order of day and month, the decimal sign,
//     units, words, what people are called. What the values prove is written down with its proof; what they leave open is asked.
//
// It never settles what is ambiguous: such a place is marked "# ??" and has no value, so that policy.CheckMapping refuses the draft
// there. It writes nothing, knows no records and needs no database.
package suggest
