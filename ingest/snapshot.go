package ingest

import (
	"context"
	"fmt"
	"strings"

	"plumbline/internal/warehouse"
	"plumbline/policy"
)

// retire ends the records that earlier files of the feed brought and this snapshot does not mention. A faulty row mentions its
// record too; when its key cannot be read, nothing is retired. People and departments that records refer to stay.
func (t *taking) retire(ctx context.Context) error {
	unnamed := "false"
	for _, k := range t.plan.dataset.Key {
		unnamed += " OR s." + warehouse.Ident(k) + " IS NULL"
	}
	untold, err := t.any(ctx, "SELECT 1 FROM stage s WHERE "+unnamed)
	if err != nil {
		return err
	}
	if untold || len(t.staged.Bad) > 0 {
		t.notice("有的行读不出编号，无法断定哪些记录已经消失，本次没有记录退场", "some rows have no readable key, so it cannot be told which records are gone; none was retired")
		return nil
	}
	table, d := t.plan.dataset.Table(), warehouse.Literal(t.plan.dataset.ID)
	feed := fmt.Sprintf("SELECT seq FROM ingest.files WHERE feed = %s AND withdrawn = 0", warehouse.Literal(t.decision.feed()))
	vanished := fmt.Sprintf("SELECT f._seq, f._row%s FROM %s f LEFT JOIN ingest.restored o ON o.dataset = %s AND o.seq = f._seq AND o.row_no = f._row\n"+
		"WHERE %s AND coalesce(o.of_seq, f._seq) IN (%s) AND NOT EXISTS (SELECT 1 FROM stage s WHERE %s)", t.needed(), table, d, standing, feed, t.sameKey())
	if _, err := t.run(ctx, "vanished records of", "CREATE TEMP TABLE vanished AS "+vanished); err != nil {
		return err
	}
	kept, err := warehouse.One[int64](ctx, t.tx, warehouse.SQL("records still referred to", "SELECT count(*) FROM vanished WHERE needed"), nil)
	if err != nil {
		return err
	}
	if kept > 0 {
		t.notice(fmt.Sprintf("有 %d 条%s不在本次全量中，但仍被其他记录引用，故保留；离职请填离职日期", kept, t.plan.dataset.Name.ZH),
			fmt.Sprintf("%d records of %s are not in this snapshot but others refer to them, so they stay; for people, enter a leaving date", kept, t.plan.dataset.Name.EN))
	}
	if _, err := t.run(ctx, "retire records of", fmt.Sprintf("INSERT INTO ingest.retired SELECT $seq, %s, _seq, _row FROM vanished WHERE NOT needed", d)); err != nil {
		return err
	}
	t.retired, err = t.run(ctx, "end vanished records of", fmt.Sprintf("UPDATE %s AS f SET _until = $seq FROM ingest.retired r WHERE r.seq = $seq AND r.of_seq = f._seq AND r.of_row = f._row AND f._until = %d", table, policy.Current))
	return err
}

// needed is the column that says whether standing records refer to the record.
func (t *taking) needed() string {
	typ := map[string]policy.Type{policy.Employees: policy.TypeEmployee, policy.Departments: policy.TypeDepartment}[t.plan.dataset.ID]
	if typ == "" {
		return ", false AS needed"
	}
	var parts []string
	for _, d := range t.policy.Datasets {
		for _, c := range d.Columns {
			if c.Type == typ {
				parts = append(parts, fmt.Sprintf("SELECT %s FROM %s WHERE _until = %d AND %[1]s IS NOT NULL", warehouse.Ident(c.ID), d.Table(), policy.Current))
			}
		}
	}
	if parts == nil {
		return ", false AS needed"
	}
	return fmt.Sprintf(", f.%s IN (%s) AS needed", warehouse.Ident(t.plan.dataset.Key[0]), strings.Join(parts, " UNION ALL "))
}
