// Package cell reads the text of one cell as a value of a column: exactly, or not at all.
//
// In come a column's type and format, and texts as they stand in files. Out goes a Value: a canonical text that casts to the
// column's SQL type without loss, or Blank, or the rule that says why the text cannot be read.
//
//  1. The text is brought to NFKC and loses the white space and zero-width characters at its ends (a column of type text keeps
//     its text as it is but for the ends). Undecodable bytes and control characters end the reading.
//  2. A word that means blank gives Blank, never 0.
//  3. The type's own forms are tried. Each form has one reading; a text with two needs the column's Format to choose, and is
//     refused without it (03/04/2024, "1,5", a bare 0.125 as a percentage).
//
// It is the authority on what a text means: SQL reads only the plainest forms by itself, and in the same way. Nothing is
// rounded but durations of minutes and seconds that have no exact value in hours, and those say so. It knows no database and no
// file; what an employee is called is looked up by a function of the caller.
package cell
