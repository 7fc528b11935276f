-- Yields the calls that were made, in order.
SELECT "key", employee_no, moment, actor, note FROM notices.calls ORDER BY seq
