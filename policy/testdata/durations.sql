-- workdays(done_on, seen_on)
workdays(31, 0, 0, '[]', '[]', 0, "done_on", "seen_on")
-- BIGINT; reads done_on, seen_on

-- WorkDays (done_on,coalesce( seen_on , report_day )) > limit_days
WorkDays (31, 0, 0, '[]', '[]', 0, "done_on",coalesce( "seen_on" , $report_day )) > 2
-- BOOLEAN; reads done_on, seen_on

-- workdays(done_on, seen_on) <= 3 AND workdays(seen_on, DATE '2026-10-08') > -limit_days OR note = 'workdays(done_on, seen_on)'
workdays(31, 0, 0, '[]', '[]', 0, "done_on", "seen_on") <= 3 AND workdays(31, 0, 0, '[]', '[]', 0, "seen_on", DATE '2026-10-08') > -2 OR "note" = 'workdays(done_on, seen_on)'
-- BOOLEAN; reads done_on, note, seen_on

-- hours_between(sent_at, coalesce(read_at, moment(report_day, 24)))
hours_between("sent_at", coalesce("read_at", moment($report_day, 24)))
-- DECIMAL(18,4); reads read_at, sent_at

-- sent_at <= moment(week_day(done_on, 5), 17.5) AND read_at <= moment(done_on, limit_days)
"sent_at" <= moment(week_day("done_on", 5), 17.5) AND "read_at" <= moment("done_on", 2)
-- BOOLEAN; reads done_on, read_at, sent_at

-- sent_at <= plus_hours(read_at, limit_days * 0.5) OR read_at <= plus_hours('2026-10-01 08:00:00', -shift)
"sent_at" <= plus_hours("read_at", 2 * 0.5) OR "read_at" <= plus_hours('2026-10-01 08:00:00', -(-3))
-- BOOLEAN; reads read_at, sent_at

-- seen_on <= month_day(done_on, limit_days) OR seen_on > month_day(done_on + 31, pieces)
"seen_on" <= month_day("done_on", 2) OR "seen_on" > month_day("done_on" + 31, "pieces")
-- BOOLEAN; reads done_on, pieces, seen_on

-- workdays(done_on, seen_on) >= 0
workdays(31, 0, 0, '[]', '[]', 0, "done_on", "seen_on") >= 0
-- BOOLEAN; reads done_on, seen_on

-- workdays(done_on, seen_on)
workdays(31, 24312, 12, '[14608, 14630, 14650, 14672, 14694, 14715, 14737, 14760, 14781, 14804, 14822, 14843]', '[1048377843, 131047230, 1741659966, 1023013863, 524188921, 870829983, 2096755687, 1335836284, 972810191, 1048378240, 667918142, 2046027727]', -3, "done_on", "seen_on")
-- BIGINT; reads done_on, seen_on

-- WorkDays (done_on,coalesce( seen_on , report_day )) > limit_days
WorkDays (31, 24312, 12, '[14608, 14630, 14650, 14672, 14694, 14715, 14737, 14760, 14781, 14804, 14822, 14843]', '[1048377843, 131047230, 1741659966, 1023013863, 524188921, 870829983, 2096755687, 1335836284, 972810191, 1048378240, 667918142, 2046027727]', -3, "done_on",coalesce( "seen_on" , $report_day )) > 2
-- BOOLEAN; reads done_on, seen_on

-- workdays(done_on, seen_on) <= 3 AND workdays(seen_on, DATE '2026-10-08') > -limit_days OR note = 'workdays(done_on, seen_on)'
workdays(31, 24312, 12, '[14608, 14630, 14650, 14672, 14694, 14715, 14737, 14760, 14781, 14804, 14822, 14843]', '[1048377843, 131047230, 1741659966, 1023013863, 524188921, 870829983, 2096755687, 1335836284, 972810191, 1048378240, 667918142, 2046027727]', -3, "done_on", "seen_on") <= 3 AND workdays(31, 24312, 12, '[14608, 14630, 14650, 14672, 14694, 14715, 14737, 14760, 14781, 14804, 14822, 14843]', '[1048377843, 131047230, 1741659966, 1023013863, 524188921, 870829983, 2096755687, 1335836284, 972810191, 1048378240, 667918142, 2046027727]', -3, "seen_on", DATE '2026-10-08') > -2 OR "note" = 'workdays(done_on, seen_on)'
-- BOOLEAN; reads done_on, note, seen_on

-- hours_between(sent_at, coalesce(read_at, moment(report_day, 24)))
hours_between("sent_at", coalesce("read_at", moment($report_day, 24)))
-- DECIMAL(18,4); reads read_at, sent_at

-- sent_at <= moment(week_day(done_on, 5), 17.5) AND read_at <= moment(done_on, limit_days)
"sent_at" <= moment(week_day("done_on", 5), 17.5) AND "read_at" <= moment("done_on", 2)
-- BOOLEAN; reads done_on, read_at, sent_at

-- sent_at <= plus_hours(read_at, limit_days * 0.5) OR read_at <= plus_hours('2026-10-01 08:00:00', -shift)
"sent_at" <= plus_hours("read_at", 2 * 0.5) OR "read_at" <= plus_hours('2026-10-01 08:00:00', -(-3))
-- BOOLEAN; reads read_at, sent_at

-- seen_on <= month_day(done_on, limit_days) OR seen_on > month_day(done_on + 31, pieces)
"seen_on" <= month_day("done_on", 2) OR "seen_on" > month_day("done_on" + 31, "pieces")
-- BOOLEAN; reads done_on, pieces, seen_on

-- workdays(done_on, seen_on) >= 0
workdays(31, 24312, 12, '[14608, 14630, 14650, 14672, 14694, 14715, 14737, 14760, 14781, 14804, 14822, 14843]', '[1048377843, 131047230, 1741659966, 1023013863, 524188921, 870829983, 2096755687, 1335836284, 972810191, 1048378240, 667918142, 2046027727]', -3, "done_on", "seen_on") >= 0
-- BOOLEAN; reads done_on, seen_on

