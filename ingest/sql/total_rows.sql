-- Replaces all that is wrong with a totals row by the one reason that it is no record.
INSERT INTO problem (_row, col, rule)
SELECT _row, -1, 'row.total' FROM raw
WHERE regexp_full_match(regexp_replace(list_filter(_cells, x -> trim(coalesce(x, '')) <> '')[1], '[\s：:\x{3000}]', '', 'g'),
                        '合计|总计|小计|总数|汇总|(?i:total|subtotal|grandtotal|sum)')
