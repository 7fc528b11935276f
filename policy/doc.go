// Package policy is the regulation as data: what records look like, what is measured, how people are judged.
//
// In come YAML files (Source), four and a calendar; out goes a Policy in which every name is resolved, every expression parsed and every
// weight adds up, or Errors, each with file, line, column, excerpt, what is wrong and the cure, in Chinese and English.
//
// The flow is:
//
//  1. Default, ReadDir or the ledger give a Source.
//  2. yaml.go cuts each file into nodes with their places and refuses what YAML would let pass in silence.
//  3. Check reads calendar, company, datasets, checks of data, KPIs and scorecards in this order, because each uses what stands in the ones
//     before.
//  4. expression.go takes every expression through DuckDB's own parser, an allow-list of tree nodes (tree.go, kinds.go) and
//     DuckDB's binder. The warehouse parses and describes only; any open one will do.
//  5. Adopt records a Source with the day from which it counts, and its Handler lays out the tables that it needs.
//
// Beside the regulation stand mappings, which say how exports of other tools become records: CheckMapping reads one YAML file of the
// folder mappings (mappings.go, fields.go) against a Policy, with the same care and the same Errors. Its expressions are checked like
// those of the policy, over the file's headers as columns of text. DefaultMappings are those of well-known tools.
//
// It never reads a number through floating point, never runs an expression, never reads a fact or the clock, and never
// corrects a file: what is wrong is named and left to a person.
package policy
