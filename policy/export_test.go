package policy

// What the tests compare with schema.json, with DuckDB and with other tables of characters.
var (
	Keys        = keys
	Reserved    = reserved
	Functions   = functions
	Operators   = operators
	Traditional = traditional
)
