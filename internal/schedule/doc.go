// Package schedule runs named jobs at times of the company's zone: every day, on a day of the week or month, some workdays before a date, or
// every few minutes.
//
//  1. A Rule gives the moments of a job, one for each of its periods.
//  2. Due compares them with how far each job has come; Run carries out what is due, one job after the other, never two at once.
//  3. What ran when, with what outcome, is kept in schedule.json.
//
// In come jobs as functions and a clock; out go their runs. It never starts a job that is still running, never makes up for more than one
// missed moment of a job, and knows nothing of what jobs do.
//
// The loop is our own and not a scheduler of others: those keep their plan in memory and start goroutines by timers of their own, so that a
// missed moment is lost and no test can say what runs when. Here all of it is a function of the clock and the file.
package schedule
