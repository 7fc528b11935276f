-- Holds what is found wrong with the file at hand: _row, col (0-based cell, -1 for the row, or the code of a field until it is placed),
-- rule, detail, and the dataset's column that is meant.
CREATE TEMP TABLE problem (_row BIGINT NOT NULL, col INTEGER NOT NULL, rule VARCHAR NOT NULL, detail VARCHAR NOT NULL DEFAULT '', field VARCHAR NOT NULL DEFAULT '')
