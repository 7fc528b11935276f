// Package metrics is where numbers are born.
//
//  1. The organisation of a day is read: who belonged where with which share, who was on leave, how departments lay. Memberships become
//     stays (attribution.go), and every scan joins them, so that a record counts where its owner was on its day.
//  2. RollUp scans each fact table once per date that KPIs count on, and gives sums per KPI × stay × month (rollup.go): numerators,
//     denominators and row counts, all additive; and for what is not, the sets and values from which it can be joined (sums.go). What is
//     expected of people is worked out from the calendar, not scanned (expected.go).
//  3. Report, Values and Cache form everything else out of these sums: periods from months, subtrees from departments, values,
//     intervals, targets, attainment, scores, bands, ranks and readings. A coarser value is formed from the sums of its parts, never
//     from their values.
//  4. Evidence lists the rows behind one value, those left out with the reason, and the days on which a record is missing; Receipts and
//     Derive tell how a value and a score come about.
//  5. Compare sets two states of the books side by side, Simulate two policies. Examine runs the policy's checks of the data, which warn
//     beside the values, and QualityRows lists what one check found.
//
// Values of anonymous KPIs pass one gate more: what could give away the answers of few is withheld, whatever is asked for (anonymous.go).
//
// In come facts, a checked policy and a period; out go plain values. A ratio is formed last, from exact integers, and rounded once; only
// what statistics say beside a value is floating point (internal/stat). No data is never zero. The package never reads the clock and
// never writes a fact.
package metrics
