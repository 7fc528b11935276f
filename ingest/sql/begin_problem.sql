-- Holds what is found wrong with the file at hand: _row, col (0-based cell or -1), rule, detail.
CREATE TEMP TABLE problem (_row BIGINT NOT NULL, col INTEGER NOT NULL, rule VARCHAR NOT NULL, detail VARCHAR NOT NULL DEFAULT '')
