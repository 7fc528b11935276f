package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

var serialize = SQL("json_serialize_sql", "SELECT json_serialize_sql($text::VARCHAR)::VARCHAR")

// ParseTree gives the parse tree of a SELECT as DuckDB's own parser sees it, as JSON. The text is a value and is never run.
// A text that does not parse comes back as *SyntaxError.
func (db *DB) ParseTree(ctx context.Context, text string) (json.RawMessage, error) {
	var tree string
	err := db.View(ctx, func(tx *Tx) (err error) {
		tree, err = One[string](ctx, tx, serialize, Args{"text": text})
		return err
	})
	if err != nil {
		return nil, err
	}
	var head struct {
		Error    bool   `json:"error"`
		Message  string `json:"error_message"`
		Position string `json:"position"`
	}
	if err := json.Unmarshal([]byte(tree), &head); err != nil {
		return nil, fmt.Errorf("read the parse tree: %w", err)
	}
	if !head.Error {
		return json.RawMessage(tree), nil
	}
	if head.Message == "" {
		return nil, errors.New("read the parse tree: DuckDB gave an error without a message")
	}
	position, err := strconv.Atoi(head.Position)
	if err != nil {
		position = -1
	}
	return nil, &SyntaxError{Message: head.Message, Position: position}
}
