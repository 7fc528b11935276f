-- Writes the first state of a new warehouse: nothing applied.
INSERT INTO books.state VALUES (0, '', $layout)
