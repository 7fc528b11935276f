// Package tabular writes one table in the form its reader needs: aligned text for a terminal, CSV, JSON, Parquet or Arrow.
//
// In come columns with their kinds and rows of values; out go bytes with the columns in their order and the rows in theirs.
// Numbers are handed over as exact decimal text, so that every form says the same to the last digit; text that a spreadsheet
// would run as a formula is made inert in CSV. It never computes and never sorts.
package tabular
