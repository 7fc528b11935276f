// Package charts draws what a report says: trends with forecasts, comparisons, bullets, heatmaps, funnels, counts by month, distributions and
// strips of scores, waterfalls, radars, control charts, causes, approvals, milestones and calendars.
//
// In come the values of a metrics.Report. A function per kind of chart turns them into a Chart: words in both languages, the
// exact figures as a table, and an ECharts option for a width and a theme. Out go option JSON, whole pages that open from disk
// with no network, and SVG pictures drawn without a browser.
//
// It never computes a KPI, reads a database or looks at the clock. Options are data: they hold no functions, and a name from the
// data is never read as a template, as markup or as code.
package charts
