package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLineBytes bounds a line, so that a damaged journal cannot fill the memory.
const maxLineBytes = 64 << 20

// timeLayout is RFC 3339 with milliseconds; times are UTC.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

const (
	sumKey    = `,"sum":"`
	sumSuffix = len(sumKey) + 2*sha256.Size + len(`"}`)
)

// start stands before the first event.
var start = Head{Hash: strings.Repeat("0", 2*sha256.Size)}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// formatLine gives the line of an event, without its newline. It refuses what parseLine would not read back.
func formatLine(ev Event, data any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Seq   int64  `json:"seq"`
		Time  string `json:"time"`
		Actor string `json:"actor"`
		Kind  string `json:"kind"`
		Prev  string `json:"prev"`
		Data  any    `json:"data"`
	}{ev.Seq, ev.Time.UTC().Format(timeLayout), ev.Actor, ev.Kind, ev.Prev, data})
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(ev.Actor) || !utf8.ValidString(ev.Kind) {
		return nil, errors.New("actor and kind must be UTF-8")
	}
	line := seal(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	if len(line) >= maxLineBytes {
		return nil, fmt.Errorf("an event takes at most %d bytes, this one has %d; store large content as an original", maxLineBytes-1, len(line))
	}
	return line, nil
}

// seal adds the sum to an event's JSON object.
func seal(event []byte) []byte {
	sum := hashOf(event)
	line := append(event[:len(event)-1:len(event)-1], sumKey...)
	line = append(line, sum...)
	return append(line, `"}`...)
}

// unseal gives the event's JSON object back, or says what is wrong with the sum.
func unseal(line []byte) ([]byte, error) {
	cut := len(line) - sumSuffix
	if cut < 1 || !bytes.HasPrefix(line[cut:], []byte(sumKey)) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return nil, errors.New("the line has no sum at its end")
	}
	event := append(line[:cut:cut], '}')
	if hashOf(event) != string(line[cut+len(sumKey):len(line)-len(`"}`)]) {
		return nil, errors.New("the line's sum does not fit its content")
	}
	return event, nil
}

// parseLine reads a line without its newline. The event shares no memory with it.
func parseLine(line []byte) (Event, error) {
	event, err := unseal(line)
	if err != nil {
		return Event{}, err
	}
	return parseEvent(event)
}

// parseEvent wants exactly the keys of an event, once each and in order: stricter than json.Unmarshal, for which
// "SEQ" is "seq", and the last of two equal keys wins.
func parseEvent(object []byte) (Event, error) {
	var ev Event
	var at string
	if !utf8.Valid(object) {
		return Event{}, errors.New("the line is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return Event{}, errors.New("the line is not a JSON object")
	}
	fields := []struct {
		key  string
		into any
	}{{"seq", &ev.Seq}, {"time", &at}, {"actor", &ev.Actor}, {"kind", &ev.Kind}, {"prev", &ev.Prev}, {"data", &ev.Data}}
	for _, f := range fields {
		if t, err := dec.Token(); err != nil || t != f.key {
			return Event{}, fmt.Errorf("the key %q is not in its place", f.key)
		}
		if err := decodeValue(dec, f.into); err != nil {
			return Event{}, fmt.Errorf("the value of %q: %w", f.key, err)
		}
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('}') || dec.InputOffset() != int64(len(object)) {
		return Event{}, errors.New("there is more in the line than an event")
	}
	var err error
	ev.Time, err = parseTime(at)
	return ev, err
}

// decodeValue refuses null, except as data: json would leave the target as it is.
func decodeValue(dec *json.Decoder, into any) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	if data, ok := into.(*json.RawMessage); ok {
		*data = raw
		return nil
	}
	if string(raw) == "null" {
		return errors.New("is missing")
	}
	return json.Unmarshal(raw, into)
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(timeLayout, s)
	if err != nil || t.UTC().Format(timeLayout) != s {
		return time.Time{}, fmt.Errorf("%q is not a UTC time with milliseconds", s)
	}
	return t.UTC(), nil
}
