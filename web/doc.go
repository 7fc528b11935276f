// Package web is the browser's door: pages for employees, managers, executives, human resources, auditors, finance and administrators.
//
//  1. A request comes in by one table of routes (routes.go). Each names its action, and how what it is about is found; access.May is asked before
//     the handler runs. A route without an action cannot be registered, and what somebody may not see answers as if it did not exist.
//  2. Figures come from reports that are kept in memory and made anew when the books have moved (figures.go); rounds of reviews are kept current
//     (reviews.Current). Only evidence reads facts, by key.
//  3. A handler fills one struct and renders one template (pages/*.html); everything works without scripts but charts, which are drawn from
//     options fetched under the same rules.
//  4. Programs come by /api/v1 (api.go) with a token: operations are routes of the same table with the same rights, described by OpenAPI 3.1. Records that they
//     push are handed to ingest as a file is.
//  5. Handlers return errors; one place turns a kind of error into a status and a page (fault.go).
//
// Decisions are made by reviews, files are taken in by ingest; this package computes no figure and decides nothing. It never reads the clock but
// through the company's, and loads nothing from another host.
package web
