-- Takes back the other reasons of totals rows.
DELETE FROM problem WHERE rule <> 'row.total' AND _row IN (SELECT _row FROM problem WHERE rule = 'row.total')
