package reviews

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"plumbline/internal/books"
	"plumbline/internal/fixed"
	"plumbline/internal/ledger"
	"plumbline/internal/warehouse"
	"plumbline/metrics"
	"plumbline/policy"
)

// resultHeader are the columns of sealed results: what, of whom, and the figures. Numbers are exact.
var resultHeader = []string{"what", "department", "employee_no", "kpi", "figure_1", "figure_2", "figure_3", "figure_4", "figure_5", "status"}

// Results writes everything that a report says of people's pay: the values of the company, each department and each person, the
// evaluations, and the scores. The rows come in a fixed order.
func Results(r *metrics.Report) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	row := func(cells ...string) { _ = w.Write(cells) } // a buffer takes everything
	row(resultHeader...)
	values := func(department, employee string, list []metrics.Value) {
		for _, v := range list {
			if v.Status == metrics.NoData {
				continue
			}
			row("value", department, employee, v.KPI.ID, v.Ratio.Num.String(), v.Ratio.Den.String(), v.N.String(), optional(v.Target), "", string(v.Status))
		}
	}
	values("", "", r.Company.Values)
	for _, d := range r.Departments {
		values(d.Department.ID, "", d.Values)
		row("department", d.Department.ID, "", "", optional(d.Score.KPIPoints), optional(d.Score.Total), bandOf(d.Score.Band), "", "", string(d.Score.Status))
	}
	lines := make([]*metrics.PersonLine, len(r.People))
	for i := range r.People {
		lines[i] = &r.People[i]
	}
	slices.SortStableFunc(lines, func(a, b *metrics.PersonLine) int {
		return strings.Compare(a.Person.No+" "+a.Department, b.Person.No+" "+b.Department)
	})
	for _, l := range lines {
		values(l.Department, l.Person.No, l.Values)
		if e := l.Score.Evaluation; e != nil {
			for _, s := range e.Superiors {
				points := ""
				if s.Given != nil {
					points = s.Given.Points.String()
				}
				row("evaluation", l.Department, l.Person.No, s.No, fmt.Sprint(s.Days), points, "", "", "", "")
			}
		}
		row("stay", l.Department, l.Person.No, "", l.Weight.String(), optional(l.Score.KPIPoints), optional(l.Score.Superior), optional(l.Score.BeforePenalties), "", string(l.Score.Status))
	}
	for i := range r.Scores {
		s := &r.Scores[i]
		row("score", s.Department, s.Person.No, "", optional(s.Total), bandOf(s.Band), s.PenaltyPoints.String(), fmt.Sprint(s.Rank), fmt.Sprint(s.RankOf), string(s.Status))
	}
	w.Flush()
	return b.Bytes()
}

func optional(n *fixed.Num) string {
	if n == nil {
		return ""
	}
	return n.String()
}

func bandOf(b *policy.Band) string {
	if b == nil {
		return ""
	}
	return b.ID
}

// SealedScore is what sealed results say of a person.
type SealedScore struct {
	Department, Employee string
	Total                *fixed.Num
	Band                 string
}

// SealedScores reads the scores out of sealed results.
func SealedScores(results []byte) ([]SealedScore, error) {
	rows, err := csv.NewReader(bytes.NewReader(results)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read sealed results: %w", err)
	}
	var list []SealedScore
	for _, row := range rows {
		if row[0] != "score" {
			continue
		}
		s := SealedScore{Department: row[1], Employee: row[2], Band: row[5]}
		if n, err := fixed.Parse(row[4]); err == nil {
			s.Total = &n
		}
		list = append(list, s)
	}
	return list, nil
}

// difference names the first row in which two results differ; blank for none.
func difference(sealed, now []byte) (none policy.Text) {
	if bytes.Equal(sealed, now) {
		return none
	}
	a, b := strings.Split(string(sealed), "\n"), strings.Split(string(now), "\n")
	for i := range max(len(a), len(b)) {
		x, y := "–", "–"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return say("封账 %s  ≠  重算 %s", "sealed %s  ≠  computed %s", x, y)
		}
	}
	return none
}

// keep stores bytes as an original of the ledger and gives their SHA-256.
func keep(l *ledger.Ledger, data []byte) (string, error) {
	w, err := l.NewOriginal()
	if err != nil {
		return "", err
	}
	if _, err := w.Write(data); err != nil {
		w.Abort()
		return "", err
	}
	o, err := w.Commit()
	return o.SHA256, err
}

// kept reads an original back.
func kept(l *ledger.Ledger, sha256 string) ([]byte, error) {
	r, err := l.OpenOriginal(sha256)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// Kept reads the original that a seal or a reward list names.
func Kept(b *books.Books, sha256 string) ([]byte, error) { return kept(b.Ledger(), sha256) }

// isOrganisation tells the datasets of the organisation from those of the facts.
func isOrganisation(id string) bool {
	return id == policy.Departments || id == policy.Employees || id == policy.Memberships || id == policy.DepartmentChanges
}

// digests gives the digests of the records known at asOf: of the facts, and of the organisation. A digest is SHA-256 over one line for
// each dataset: how many rows, and the sums of both halves of their MD5s, so that the order of rows does not matter.
func digests(ctx context.Context, tx *warehouse.Tx, p *policy.Policy, asOf int64) (facts, org string, err error) {
	var parts [2][]string
	for _, d := range p.Datasets {
		columns := []string{"CAST(_seq AS VARCHAR)", "CAST(_row AS VARCHAR)"}
		for _, c := range d.Columns {
			columns = append(columns, fmt.Sprintf("coalesce(CAST(%s AS VARCHAR), chr(30))", warehouse.Ident(c.ID)))
		}
		s := warehouse.SQL("digest "+d.ID, fmt.Sprintf(`SELECT count(*), CAST(coalesce(sum(CAST(md5_number_lower(t) AS HUGEINT)), 0) AS VARCHAR), CAST(coalesce(sum(CAST(md5_number_upper(t) AS HUGEINT)), 0) AS VARCHAR)
FROM (SELECT concat_ws(chr(31), %s) AS t FROM %s WHERE _seq <= $as_of AND _until > $as_of)`, strings.Join(columns, ", "), d.Table()))
		err = tx.Each(ctx, s, warehouse.Args{"as_of": asOf}, func(scan func(...any) error) error {
			var n int64
			var lower, upper string
			if err := scan(&n, &lower, &upper); err != nil {
				return err
			}
			i := 0
			if isOrganisation(d.ID) {
				i = 1
			}
			parts[i] = append(parts[i], fmt.Sprintf("%s %d %s %s\n", d.ID, n, lower, upper))
			return nil
		})
		if err != nil {
			return "", "", err
		}
	}
	return hashOf(parts[0]), hashOf(parts[1]), nil
}

func hashOf(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}
