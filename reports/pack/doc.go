// Package pack makes the pack of the quarterly strategy meeting (季度战略会): what senior management reads on a projector or on paper.
//
// In come a metrics.Report and plain values around it: what became of resolutions, rewards, adjustments, the quality of the data. Build turns them
// into a Deck, which is words, tables and charts in both languages and knows no file format; html.go writes it as one page that needs no network,
// internal/headless prints that page, and workbook.go writes the figures of every page as a workbook.
//
// Every sentence is made of numbers that stand on the same page, and says no more than their intervals allow. Nothing about fewer than five people
// is told of people, and nobody is named but those who have a resolution to carry out. It never computes a KPI, reads a database or looks at the clock.
package pack
