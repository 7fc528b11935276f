package warehouse

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// plainWeeks and october are calendars as the macros read them. October 2026 begins on a Thursday; Thursday 1 to Wednesday 7 are off and
// Saturday 10 is a workday, so that its workdays are 8, 9, 10, 12 to 16, 19 to 23 and 26 to 30. From Monday 1970-01-05 to 2026-09-30, a
// Wednesday, there are 2960 weeks and three days with 14803 workdays. Of the 22 weekdays of October 18 are left, so 4 fewer from then on.
const (
	plainWeeks = `31, 0, 0, '[]', '[]', 0`
	october    = `31, 24321, 1, '[14803]', '[1048378240]', -4`
)

// value gives the text of the one value that an expression yields over a source of rows, "NULL" for none.
func value(t *testing.T, db *DB, expression, from string) (text string) {
	t.Helper()
	err := db.View(t.Context(), func(tx *Tx) (err error) {
		text, err = One[string](t.Context(), tx, SQL("value", "SELECT coalesce(CAST("+expression+" AS VARCHAR), 'NULL') "+from), nil)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return text
}

func TestMacrosByHand(t *testing.T) {
	db := open(t, Options{})
	for expression, want := range map[string]string{
		"workdays(" + plainWeeks + ", DATE '2026-11-27', DATE '2026-11-30')": "1", // Friday to Monday
		"workdays(" + plainWeeks + ", DATE '2026-11-30', DATE '2026-11-27')": "-1",
		"workdays(" + plainWeeks + ", DATE '2026-11-28', DATE '2026-11-29')": "0",
		"workdays(" + plainWeeks + ", DATE '1969-12-28', DATE '1970-01-05')": "6", // a Sunday to the Monday a week and a day later
		"workdays(" + plainWeeks + ", '2026-11-27', '2026-11-30')":           "1",
		"workdays(" + plainWeeks + ", NULL, DATE '2026-11-30')":              "NULL",
		"workdays(" + plainWeeks + ", DATE '2026-11-30', NULL)":              "NULL",
		"workdays(" + october + ", DATE '2026-09-30', DATE '2026-10-31')":    "18",
		"workdays(" + october + ", DATE '2026-09-30', DATE '2026-10-08')":    "1",
		"workdays(" + october + ", DATE '2026-10-09', DATE '2026-10-12')":    "2",
		"workdays(" + october + ", DATE '2026-09-29', DATE '2026-11-02')":    "20", // Wednesday 30, October, Monday 2
		"workdays(" + october + ", DATE '2026-11-02', DATE '2026-09-29')":    "-20",
		"typeof(workdays(" + october + ", '2026-09-30', '2026-10-31'))":      "BIGINT",

		"hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-07 10:30:00')": "25.5000",
		"hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-06 09:00:01')": "0.0003",  // 1/3600 = 0.000277…
		"hours_between(TIMESTAMP '2026-03-06 09:00:01', TIMESTAMP '2026-03-06 09:00:00')": "-0.0003", // as far the other way
		"hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-06 09:00:09')": "0.0025",
		"hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-06 09:07:39')": "0.1275",
		// 0.18 s are exactly half of 0.0001 hours
		"hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-06 09:00:00.18')":      "0.0001",
		"hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-06 09:00:00.179999')":  "0.0000",
		"hours_between(TIMESTAMP '2026-03-06 09:00:00.18', TIMESTAMP '2026-03-06 09:00:00')":      "-0.0001",
		"hours_between(TIMESTAMP '1900-01-01 00:00:00', TIMESTAMP '2999-12-31 23:59:59')":         "9642407.9997", // 401767 days less a second
		"hours_between(NULL, TIMESTAMP '2026-03-07 10:30:00')":                                    "NULL",
		"hours_between(TIMESTAMP '2026-03-07 10:30:00', NULL)":                                    "NULL",
		"typeof(hours_between(TIMESTAMP '2026-03-06 09:00:00', TIMESTAMP '2026-03-06 09:00:01'))": "DECIMAL(18,4)",

		"moment(DATE '2026-03-06', 17)":           "2026-03-06 17:00:00",
		"moment(DATE '2026-03-06', 17.5)":         "2026-03-06 17:30:00",
		"moment(DATE '2026-03-06', 17.3333)":      "2026-03-06 17:20:00", // 17:19:59.88, to the second
		"moment(DATE '2026-03-06', 24)":           "2026-03-07 00:00:00",
		"moment(DATE '2026-03-06', 0)":            "2026-03-06 00:00:00",
		"moment(NULL, 17)":                        "NULL",
		"moment(DATE '2026-03-06', NULL)":         "NULL",
		"typeof(moment(DATE '2026-03-06', 17.5))": "TIMESTAMP",

		"plus_hours(TIMESTAMP '2026-02-28 20:00:00', 24)":           "2026-03-01 20:00:00",
		"plus_hours(TIMESTAMP '2026-02-28 20:00:00', 0.25)":         "2026-02-28 20:15:00",
		"plus_hours(TIMESTAMP '2026-02-28 20:00:00', -20.5)":        "2026-02-27 23:30:00",
		"plus_hours(NULL, 24)":                                      "NULL",
		"plus_hours(TIMESTAMP '2026-02-28 20:00:00', NULL)":         "NULL",
		"typeof(plus_hours(TIMESTAMP '2026-02-28 20:00:00', 0.25))": "TIMESTAMP",

		"week_day(DATE '2026-11-28', 5)":         "2026-11-27", // the Friday of the week of a Saturday
		"week_day(DATE '2026-11-29', 1)":         "2026-11-23", // the Monday of the week of a Sunday
		"week_day(DATE '2026-11-30', 7)":         "2026-12-06",
		"week_day(DATE '2027-01-01', 1)":         "2026-12-28",
		"week_day(DATE '2026-11-30', 8)":         "NULL",
		"week_day(DATE '2026-11-30', 0)":         "NULL",
		"week_day(NULL, 5)":                      "NULL",
		"week_day(DATE '2026-11-28', NULL)":      "NULL",
		"typeof(week_day(DATE '2026-11-28', 5))": "DATE",

		"month_day(DATE '2026-02-10', 5)":         "2026-02-05",
		"month_day(DATE '2026-02-10', 31)":        "2026-02-28",
		"month_day(DATE '2024-02-29', 30)":        "2024-02-29",
		"month_day(DATE '2026-04-30', 31)":        "2026-04-30",
		"month_day(DATE '2026-12-31', 31)":        "2026-12-31",
		"month_day(DATE '1999-11-30', 31)":        "1999-11-30", // before the month that the macro starts from
		"month_day(DATE '2026-02-10', 99)":        "2026-02-28",
		"month_day(DATE '2026-02-10', 0)":         "NULL",
		"month_day(NULL, 5)":                      "NULL",
		"month_day(DATE '2026-02-10', NULL)":      "NULL",
		"typeof(month_day(DATE '2026-02-10', 5))": "DATE",
	} {
		if got := value(t, db, expression, ""); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}

// A macro puts its arguments into its text. Columns that are named like its own words must not be taken for them.
func TestMacrosOverColumnsWithTheirOwnNames(t *testing.T) {
	db := open(t, Options{})
	execute(t, db, `CREATE TABLE t AS SELECT DATE '2026-11-27' AS on_day, DATE '2026-11-30' AS after_day, DATE '2026-12-01' AS up_to,
		TIMESTAMP '2026-11-27 09:00:00' AS since, 5::BIGINT AS n, 2.5::DECIMAL(9,4) AS hours, 8 AS at_hour, 1 AS week, 1 AS months, 2 AS first_month, 3 AS more_after, DATE '2026-11-27' AS day, 3 AS month, 3 AS year`)
	for expression, want := range map[string]string{
		"workdays(" + plainWeeks + ", on_day, after_day)":                     "1",
		"workdays(" + plainWeeks + ", up_to, day)":                            "-2",
		"workdays(" + october + ", week_day(up_to, n), month_day(on_day, n))": "-21", // Friday 4 December back to Thursday 5 November: 5 + 15 + 1
		"hours_between(moment(on_day, at_hour), plus_hours(since, hours))":    "3.5000",
		"month_day(week_day(up_to, week), n)":                                 "2026-11-05",
	} {
		if got := value(t, db, expression, "FROM t"); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
}

// The file does not hold the macros, so that it cannot hold those of another version, and every connection has them.
func TestMacrosBelongToConnections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.duckdb")
	for range 2 { // a new file, and one made before
		db, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		inFile := "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'workdays' AND database_name <> 'temp'"
		if n := number(t, db, inFile); n != 0 {
			t.Errorf("the file holds %d macros", n)
		}
		execute(t, db, "CREATE TEMP TABLE gone (a INTEGER)") // its connection is discarded
		var views sync.WaitGroup
		for range 12 {
			views.Go(func() {
				_ = db.View(t.Context(), func(tx *Tx) error {
					n, err := One[int64](t.Context(), tx, SQL("many", "SELECT workdays("+plainWeeks+", DATE '2026-11-27', DATE '2026-11-30')"), nil)
					if err != nil || n != 1 {
						t.Errorf("%d, %v", n, err)
					}
					return err
				})
			})
		}
		views.Wait()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMacrosTakeParameters(t *testing.T) {
	db := open(t, Options{})
	err := db.View(t.Context(), func(tx *Tx) error {
		s := SQL("parameter", "SELECT workdays("+october+", DATE '2026-09-30', $report_day)")
		n, err := One[int64](t.Context(), tx, s, Args{"report_day": day(2026, 10, 31)})
		if n != 18 {
			t.Errorf("%d workdays, want 18", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each file is one macro of its name, and each is made.
func TestMacroFiles(t *testing.T) {
	if len(macros) != len(macroOrder) {
		t.Errorf("%d files, %d macros", len(macros), len(macroOrder))
	}
	for _, name := range macroOrder {
		if text := macros.Get(name).SQL(); !strings.Contains(text, "\nCREATE TEMP MACRO "+name+"(") {
			t.Errorf("%s.sql makes another macro:\n%s", name, text)
		}
	}
}
