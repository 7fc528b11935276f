package sheet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"plumbline/ingest/sheet/columnar"
	"plumbline/policy"
)

// columnar gives the one table of a Parquet or Arrow file.
func (c content) columnar(base Table) ([]Table, error) {
	f, _, err := c.file(spoolLimit(base.Format))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names := func(fields []columnar.Field) error {
		base.Fields = shownFields(fields)
		base.Head = []Row{{Cells: base.Fields}}
		base.Notices = append(base.Notices, int96Notices(fields)...)
		return nil
	}
	row := func(number int64, cells [][]byte) error {
		base.Head = append(base.Head, Row{Number: number, Cells: shownCells(cells, false)})
		return nil
	}
	if err := columnar.Read(c.ctx, columnar.Kind(base.Format), f, headRows-1, names, row); err != nil {
		return nil, columnarFault(err)
	}
	if len(base.Head) == 1 {
		return nil, emptyFile()
	}
	return []Table{base}, nil
}

func shownFields(fields []columnar.Field) []string {
	shown := make([]string, len(fields))
	for i, f := range fields {
		shown[i] = escape([]byte(f.Name), false)
	}
	return shown
}

// int96Notices tells of columns whose moments may be local time or UTC.
func int96Notices(fields []columnar.Field) []policy.Text {
	var names []string
	for _, f := range fields {
		if f.INT96 {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []policy.Text{textf("以 INT96 存储的时间（%[1]s）不说明是当地时间还是 UTC，按不带时区的时刻读取。若是 UTC，请在映射中为该列声明 zone: UTC，或以时间戳逻辑类型（TIMESTAMP）重新导出。",
		"Moments stored as INT96 (%[1]s) do not tell local time from UTC; they are read as moments without a zone. If they are UTC, declare zone: UTC for the column in a mapping, "+
			"or export them with the logical type TIMESTAMP.", shownNames(names))}
}

// stageColumnar stages the rows of a Parquet or Arrow file.
func stageColumnar(ctx context.Context, f *os.File, r Reading, w io.Writer) (Staged, error) {
	s := newFieldStager(w)
	names := func(fields []columnar.Field) error {
		if !slices.Equal(shownFields(fields), r.Fields) {
			return fmt.Errorf("stage %s: the file has the fields %q instead of %q", r.Format, shownFields(fields), r.Fields)
		}
		return nil
	}
	detail := func(column int, found fault) string { return faultDetail(found, r.Fields[column]) }
	row := func(number int64, cells [][]byte) error { return s.put(number, cells, detail) }
	if err := columnar.Read(ctx, columnar.Kind(r.Format), f, 0, names, row); err != nil {
		return s.Staged, columnarFault(err)
	}
	return s.end()
}

// columnarFault gives the refusal of the child's package the form of this one.
func columnarFault(err error) error {
	var r *columnar.Refusal
	if !errors.As(err, &r) {
		return err
	}
	switch {
	case r.Encrypted:
		return refuse(FileEncrypted, r.Say, r.Cure)
	case r.Limit:
		return refuse(FileLimit, r.Say, r.Cure)
	}
	return refuse(FileColumnar, r.Say, r.Cure)
}
