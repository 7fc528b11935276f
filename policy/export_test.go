package policy

// What the tests compare with schema.json and with DuckDB.
var (
	Keys      = keys
	Reserved  = reserved
	Functions = functions
	Operators = operators
)
