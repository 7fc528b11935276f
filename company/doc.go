// Package company opens one company's books and asks them what every door asks: commands and pages alike.
//
// In come a data directory and a clock; out go questions with the policy and the seal that count for a period, desks at which somebody decides,
// and the gathered values that workbooks, packs and pages show. So that a figure on a page is the figure of the command, both ask here.
//
// It computes nothing and decides nothing: numbers are born in metrics, decisions in reviews. It writes to no terminal and knows no page.
package company
