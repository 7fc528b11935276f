package web

import (
	"encoding/json"
	"net/http"

	"plumbline/charts"
)

// picture is a chart on a page: its words and figures, and where the script fetches what to draw.
type picture struct {
	charts.Shown
	Source string
	Words  string
}

// pictures shows charts whose options are found below base.
func (q *request) pictures(base string, list []charts.Chart) (shown []picture) {
	for _, c := range list {
		shown = append(shown, picture{c.Show(q.lang), base + "/charts/" + c.ID, q.say("查看数据", "Figures")})
	}
	return shown
}

// drawing answers with one chart of a list, laid out for the room and the light that the page asks for.
func (q *request) drawing(list []charts.Chart) error {
	id := q.r.PathValue("chart")
	for _, c := range list {
		if c.ID != id {
			continue
		}
		light := charts.Light
		switch q.r.URL.Query().Get("light") {
		case "dark":
			light = charts.Dark
		case "print":
			light = charts.Print
		}
		laid, err := c.LayOut(q.lang, light, q.r.URL.Query().Get("room") == "narrow")
		if err != nil {
			return err
		}
		return q.json(http.StatusOK, laid)
	}
	return errNotFound
}

// json answers with a value.
func (q *request) json(status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	q.w.WriteHeader(status)
	_, err = q.w.Write(text)
	return err
}
