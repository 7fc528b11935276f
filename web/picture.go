package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"plumbline/charts"
)

// picture is a chart on a page: its words and figures, and where the script fetches what to draw.
type picture struct {
	charts.Shown
	Source string
	Words  string
}

// pictures writes the charts whose options are found below base.
func (q *request) pictures(base string, list []charts.Chart) (template.HTML, error) {
	var b strings.Builder
	for _, c := range list {
		if err := parts().ExecuteTemplate(&b, "chart", picture{c.Show(q.lang), base + "/charts/" + c.ID, q.say("查看数据", "Figures")}); err != nil {
			return "", fmt.Errorf("render chart %s: %w", c.ID, err)
		}
	}
	return template.HTML(b.String()), nil
}

// picturesOf writes the charts of a department, a person or the company, once for figures: they are the same for all who may see them. of names whose
// they are, which base need not: everybody's own page is at the same address.
func (q *request) picturesOf(s *sheet, of, base string, draw func() []charts.Chart) (template.HTML, error) {
	key := fmt.Sprintf("%s pictures of %s at %s", q.lang, of, base)
	if x, ok := s.contents.get(key); ok {
		return template.HTML(x.content), nil
	}
	text, err := q.pictures(base, s.set(of, draw))
	if err == nil {
		s.contents.put(key, prepared{content: []byte(text)})
	}
	return text, err
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
