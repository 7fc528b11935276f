// Package policy is the regulation as data: what records look like, what is measured, how people are judged.
//
// In come four YAML files (Source); out goes a Policy in which every name is resolved, every expression parsed and every
// weight adds up, or Errors, each with file, line, column, excerpt, what is wrong and the cure, in Chinese and English.
//
// The flow is: Default, ReadDir or the ledger give a Source; Check cuts each file into tokens and nodes with their places
// (yaml.go), reads company, datasets, KPIs and scorecards in this order, because each names what stands in the one before,
// and passes every expression through DuckDB's own parser, an allow-list of tree nodes, and DuckDB's binder
// (expression.go). The warehouse is used to parse and describe only; any open one will do.
//
// It never reads a number through floating point, never runs an expression, never looks at facts or at the clock, and
// never corrects a file: what is wrong is named and left to a person.
package policy
