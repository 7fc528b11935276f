package sample

import (
	"bytes"
	"encoding/json"
	"strings"
)

// jsonForm is how records stand in a JSON file.
type jsonForm uint8

const (
	notJSON   jsonForm = iota
	jsonArray          // one array of objects
	jsonLines          // one object a line
)

// objects writes the table as JSON: an object for each record, the headers as keys, every key in every record.
func (t *table) objects() ([]byte, error) {
	records := make([]string, len(t.lines))
	for i, l := range t.lines {
		record, err := object(t.format.header, l.cells)
		if err != nil {
			return nil, err
		}
		records[i] = record
	}
	if t.json == jsonLines {
		return []byte(strings.Join(records, "\n") + "\n"), nil
	}
	return []byte("[\n" + strings.Join(records, ",\n") + "\n]\n"), nil
}

func object(keys []string, cells []cell) (string, error) {
	var b strings.Builder
	for i, key := range keys {
		name, err := quoted(key)
		if err != nil {
			return "", err
		}
		value, err := cells[i].json()
		if err != nil {
			return "", err
		}
		b.WriteString("," + name + ":" + value)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}", nil
}

// json gives the cell as a JSON value; a blank one is null.
func (c cell) json() (string, error) {
	switch {
	case c.text == "":
		return "null", nil
	case c.kind == numberCell:
		return c.text, nil
	case c.kind == flagCell:
		return map[string]string{yes: "true", no: "false"}[c.text], nil
	}
	return quoted(c.text)
}

func quoted(text string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return strings.TrimSuffix(b.String(), "\n"), err
}
