// Package access says who may do what to whose data: one table of role × action × scope, which pages, exports, charts and the API ask alike.
//
// In come a viewer with his roles, an action, and what it is about: a person, a department, a period; out comes yes or no. Who leads whom on which
// days is asked of an Org. What the table does not allow is refused: there is no default, no inheritance between roles, and nobody who may do all.
//
// The table decides what somebody gets to see and try. Whether a decision is lawful (not for himself, in order, in time) is asked again by reviews,
// which holds for commands too. The package reads no data and knows no page.
package access
