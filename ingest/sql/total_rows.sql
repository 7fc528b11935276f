-- Holds the faulty rows that are sums of others: grand for all rows, else of a part.
CREATE TEMP TABLE total AS
SELECT _row, regexp_full_match(word, '合计|总计|总数|汇总|(?i:total|grandtotal|sum)') AS grand
FROM (SELECT _row, regexp_replace(list_filter(_cells, x -> trim(coalesce(x, '')) <> '')[1], '[\s：:\x{3000}]', '', 'g') AS word FROM broken)
WHERE regexp_full_match(word, '合计|总计|小计|总数|汇总|(?i:total|subtotal|grandtotal|sum)')
