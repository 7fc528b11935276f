package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var serialize = SQL("json_serialize_sql", `SELECT json_serialize_sql(list_extract($texts::VARCHAR[], nth::BIGINT))::VARCHAR
FROM generate_series(1, len($texts::VARCHAR[])) AS given(nth) ORDER BY nth`)

// Parsed is what DuckDB's own parser makes of one text.
type Parsed struct {
	Tree any   // decoded JSON, its numbers as json.Number
	Err  error // *SyntaxError for a text that does not parse
}

// ParseTrees gives the parse trees of SELECT statements, in the order of the texts. The texts are values and are never run; one that does
// not parse leaves the others alone. An error says that nothing was parsed.
func (db *DB) ParseTrees(ctx context.Context, texts ...string) ([]Parsed, error) {
	trees := make([]Parsed, 0, len(texts))
	err := db.View(ctx, func(tx *Tx) error {
		return tx.Each(ctx, serialize, Args{"texts": texts}, func(scan func(dest ...any) error) error {
			var tree string
			if err := scan(&tree); err != nil {
				return err
			}
			trees = append(trees, decodeTree(tree))
			return nil
		})
	})
	if err == nil && len(trees) != len(texts) {
		err = fmt.Errorf("read the parse trees: %d of %d came", len(trees), len(texts))
	}
	if err != nil {
		return nil, err
	}
	return trees, nil
}

func decodeTree(text string) Parsed {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return Parsed{Err: fmt.Errorf("read the parse tree: %w", err)}
	}
	if tree["error"] != true {
		return Parsed{Tree: tree}
	}
	message, _ := tree["error_message"].(string)
	if message == "" {
		return Parsed{Err: errors.New("read the parse tree: DuckDB gave an error without a message")}
	}
	place, _ := tree["position"].(string)
	position, err := strconv.Atoi(place)
	if err != nil {
		position = -1
	}
	return Parsed{Err: &SyntaxError{Message: message, Position: position}}
}
