// Package metrics is where numbers are born.
//
//  1. Rollup scans each fact table once per date that KPIs count on, and gives sums per KPI × department × employee × month:
//     numerators, denominators and row counts, all additive.
//  2. Report forms everything else out of these sums: periods from months, subtrees from departments, values, intervals, targets,
//     attainment, scores, bands and ranks. A coarser value is formed from the sums of its parts, never from their values.
//  3. Evidence lists the rows behind one value, and those left out with the reason.
//
// In come facts, a checked policy and a period; out go plain values. A ratio is formed last, from exact integers, and rounded once.
// No data is never zero. The package never reads the clock and never writes a fact.
package metrics
