package main

import (
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"
)

// verdicts fills in the rows of a workbook with an audit sample: the day and the verdict, and a severity for what is not compliant.
func verdicts(book, day string, list []string) error {
	f, err := excelize.OpenFile(book)
	if err != nil {
		return err
	}
	defer f.Close()
	const sheet = "抽查表"
	rows, err := f.GetRows(sheet)
	if err != nil || len(rows) <= len(list) {
		return fmt.Errorf("%d rows of %s, %v", len(rows), book, err)
	}
	for i, verdict := range list {
		cells := map[string]string{"抽查日期": day, "是否合规": verdict}
		switch verdict {
		case "-":
			continue
		case "否":
			cells["问题程度"], cells["问题描述"] = "较重", "缺少签字"
		}
		for head, value := range cells {
			at, err := excelize.CoordinatesToCellName(slices.Index(rows[0], head)+1, i+2)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(sheet, at, value); err != nil {
				return err
			}
		}
	}
	return f.Save()
}
