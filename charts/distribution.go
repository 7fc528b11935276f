package charts

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	echarts "github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"plumbline/internal/fixed"
	"plumbline/metrics"
	"plumbline/policy"
)

// fewestScores is how many people a distribution needs; below it the bars would tell whose score is whose.
const fewestScores = 5

// binPoints is the width of a bar of the distribution, in points.
const binPoints = 5

// Distribution draws how the scores of people spread over the rating bands. Below five people it is withheld.
func Distribution(r *metrics.Report, who policy.Text, scores []metrics.PersonScore) Chart {
	totals, provisional := totalsOf(scores)
	bands := bandsOf(r.Policy, totals)
	c := Chart{ID: "distribution-scores"}
	c.Title = both(func(l policy.Lang) string {
		return nameOf(who, l) + " · " + pick(l, "员工得分分布（人数）", "Distribution of scores (people)") + " · " + periodWords(r, l) + pick(l, "，按等级", ", by rating band")
	})
	c.draw = func(f frame) sketch { return drawDistribution(f, totals, bands) }
	if len(totals) < fewestScores {
		c.Empty = fewScores(len(totals))
		return c.At(wideWidth)
	}
	moved := movedBands(scores)
	c.Headline = both(func(l policy.Lang) string {
		return distributionHeadline(totals, bands, provisional, l) + movedWords(moved, l)
	})
	c.Description = both(func(l policy.Lang) string { return listBands(bands, l) })
	c.Figures = bandFigures(bands, len(totals))
	return c.At(wideWidth)
}

// totalsOf gives the totals in ascending order, and how many of them still wait for the superior.
func totalsOf(scores []metrics.PersonScore) (totals []fixed.Num, provisional int) {
	for _, s := range scores {
		if s.Total == nil {
			continue
		}
		totals = append(totals, *s.Total)
		if s.Status == metrics.Provisional {
			provisional++
		}
	}
	slices.Sort(totals)
	return totals, provisional
}

// movedBands counts those whom a limit or a forced distribution gives another band than the score earns, by which the chart counts.
func movedBands(scores []metrics.PersonScore) (n int) {
	for _, s := range scores {
		if s.Total == nil {
			continue
		}
		if s.Forced || s.Band != nil && s.Earned != nil && s.Band.ID != s.Earned.ID {
			n++
		}
	}
	return n
}

func movedWords(n int, l policy.Lang) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(pick(l, "；图中按得分计等级，%d 人的等级因等级上限或强制分布另有调整", "; bands here go by the score, %d people have another one by a limit or the forced distribution"), n)
}

// bandCount is a band with its people; high is the next better band's limit, nil at the top.
type bandCount struct {
	name   policy.Text
	low    *fixed.Num // nil: below the lowest band
	high   *fixed.Num
	people int
}

// bandsOf counts people by band, lowest first.
func bandsOf(p *policy.Policy, totals []fixed.Num) []bandCount {
	var bands []bandCount
	if p == nil || len(p.Bands) == 0 {
		return nil
	}
	below := bandCount{name: word("未入等级", "below the bands"), high: &p.Bands[len(p.Bands)-1].From}
	for i := len(p.Bands) - 1; i >= 0; i-- {
		b := bandCount{name: p.Bands[i].Name, low: &p.Bands[i].From}
		if i > 0 {
			b.high = &p.Bands[i-1].From
		}
		bands = append(bands, b)
	}
	for _, t := range totals {
		i := len(bands) - 1
		for i >= 0 && t < *bands[i].low {
			i--
		}
		if i < 0 {
			below.people++
			continue
		}
		bands[i].people++
	}
	if below.people > 0 {
		bands = append([]bandCount{below}, bands...)
	}
	return bands
}

func distributionHeadline(totals []fixed.Num, bands []bandCount, provisional int, l policy.Lang) string {
	text := fmt.Sprintf(pick(l, "%d 人有得分，中位数 %s 分", "%d people have a score, the median is %s"), len(totals), fixed.Text(median(totals), 2))
	if i := fullest(bands); i >= 0 {
		text += fmt.Sprintf(pick(l, "，%s最多（%d 人，%s）", ", most are %s (%d, %s)"),
			nameOf(bands[i].name, l), bands[i].people, percent(int64(bands[i].people), int64(len(totals))))
	}
	if provisional > 0 {
		text += fmt.Sprintf(pick(l, "；其中 %d 人为暂定分，待上级评分", "; %d of the scores are provisional"), provisional)
	}
	return text
}

func median(sorted []fixed.Num) *big.Rat {
	n := len(sorted)
	sum := sorted[n/2].Rat()
	if n%2 == 1 {
		return sum
	}
	return sum.Quo(sum.Add(sum, sorted[n/2-1].Rat()), big.NewRat(2, 1))
}

// fullest gives the band with most people; -1 without bands.
func fullest(bands []bandCount) int {
	most := -1
	for i, b := range bands {
		if most < 0 || b.people >= bands[most].people {
			most = i
		}
	}
	return most
}

func (b bandCount) limits(l policy.Lang) string {
	switch {
	case b.low == nil:
		return fmt.Sprintf(pick(l, "低于 %s", "below %s"), b.high)
	case b.high == nil:
		return fmt.Sprintf(pick(l, "%s 及以上", "%s and above"), b.low)
	}
	return fmt.Sprintf(pick(l, "%s 至不足 %s", "%s to below %s"), b.low, b.high)
}

func listBands(bands []bandCount, l policy.Lang) string {
	parts := make([]string, len(bands))
	for i, b := range bands {
		parts[i] = fmt.Sprintf(pick(l, "%s（%s）%d 人", "%s (%s) %d"), nameOf(b.name, l), b.limits(l), b.people)
	}
	slices.Reverse(parts)
	return strings.Join(parts, pick(l, "；", "; "))
}

func bandFigures(bands []bandCount, whole int) Figures {
	figures := Figures{Head: []policy.Text{word("等级", "Band"), word("分数", "Score"), word("人数", "People"), word("占比（%）", "Share (%)")}}
	for _, b := range slices.Backward(bands) {
		figures.Rows = append(figures.Rows, []Cell{
			{Text: both(func(l policy.Lang) string { return nameOf(b.name, l) })},
			{Text: both(b.limits)},
			number(count(int64(b.people))),
			number(strings.TrimSuffix(percent(int64(b.people), int64(whole)), "%")),
		})
	}
	return figures
}

// bins counts scores in steps of binPoints from low; a score on a limit belongs to the bar above it.
func bins(totals []fixed.Num) (low int, counts []int) {
	first, last := binOf(totals[0]), binOf(totals[len(totals)-1])
	counts = make([]int, last-first+1)
	for _, t := range totals {
		counts[binOf(t)-first]++
	}
	return first * binPoints, counts
}

func binOf(n fixed.Num) int {
	width := fixed.Int(binPoints)
	q := n / width
	if n%width < 0 {
		q--
	}
	return int(q)
}

func drawDistribution(f frame, totals []fixed.Num, bands []bandCount) sketch {
	low, counts := bins(totals)
	low, counts = low-binPoints, append(append([]int{0}, counts...), 0) // room on both sides, and a width for a single bar
	high := low + len(counts)*binPoints
	data, items := make([]opts.BarData, len(counts)), make(list, len(counts))
	most := 0
	for i, n := range counts {
		from := low + i*binPoints
		data[i].Value = []float64{float64(from) + binPoints/2.0, float64(n)}
		items[i] = object{
			"label":   object{"show": n > 0, "position": "top", "distance": 3, "formatter": fmt.Sprint(n), "color": f.ink.Text, "fontSize": 12, "fontFamily": fontFamily},
			"tooltip": object{"formatter": fmt.Sprintf(pick(f.lang, "%d 至不足 %d 分：%d 人", "%d to below %d points: %d people"), from, from+binPoints, n)},
		}
		most = max(most, n)
	}
	bar := echarts.NewBar()
	bar.SetGlobalOptions(common(f)...)
	bar.AddSeries("people", data, echarts.WithItemStyleOpts(opts.ItemStyle{Color: f.ink.Actual}))
	ceiling := float64(most) * 1.15
	labels, lines := bandLabels(f, bands, low, high, ceiling)
	head := 16*lines + 8
	return sketch{base: bar, height: f.top + head + f.tall(210), add: dress(f, nil, object{
		"grid": list{object{"left": 16, "right": 16, "top": f.top + head, "bottom": 30, "containLabel": false}},
		"xAxis": list{object{"type": "value", "min": low, "max": high, "interval": tickEvery(f, len(counts)),
			"axisLabel": object{"show": true, "showMaxLabel": (high-low)%tickEvery(f, len(counts)) == 0, "color": f.ink.Muted, "fontSize": 11, "fontFamily": fontFamily},
			"splitLine": object{"show": false}, "axisTick": object{"show": true}, "axisLine": object{"show": true, "onZero": true, "lineStyle": object{"color": f.ink.Muted}}}},
		"yAxis": list{object{"type": "value", "show": false, "min": 0, "max": ceiling, "axisLabel": object{"show": false}}},
		"series": list{
			still(object{"barWidth": "88%", "data": items, "label": object{"show": true}, "markLine": bandLimits(f, bands, low, high)}),
			still(object{"type": "scatter", "name": "bands", "symbolSize": 1, "silent": true, "data": labels, "itemStyle": object{"color": "transparent"}}),
		},
	})}
}

// tickEvery gives the distance of labelled scores so that they do not touch.
func tickEvery(f frame, bars int) int {
	every := binPoints
	for float64(f.width-32)/float64(bars)*float64(every)/binPoints < 34 {
		every += binPoints
	}
	return every
}

func bandLimits(f frame, bands []bandCount, low, high int) any {
	data := list{}
	for _, b := range bands {
		if b.low != nil && b.low.Float() > float64(low) && b.low.Float() < float64(high) {
			data = append(data, object{"xAxis": b.low.Float()})
		}
	}
	if len(data) == 0 {
		return nil
	}
	return object{"silent": true, "symbol": "none", "animation": false, "label": object{"show": false}, "data": data,
		"lineStyle": object{"color": f.ink.Muted, "type": "dashed", "width": 1}}
}

// bandLabels writes name and number of people over each band that the axis shows; lines is the height of the tallest label. A
// band without people whose name has no room stays unnamed.
func bandLabels(f frame, bands []bandCount, low, high int, top float64) (labels list, lines int) {
	perPoint := float64(f.width-32) / float64(high-low)
	for _, b := range bands {
		from, to := float64(low), float64(high)
		if b.low != nil {
			from = max(from, b.low.Float())
		}
		if b.high != nil {
			to = min(to, b.high.Float())
		}
		room := (to-from)*perPoint - 6
		name := nameOf(b.name, f.lang)
		if to <= from || b.people == 0 && longestWord(name, 12) > room {
			continue
		}
		text := wrap(name, 12, max(room, 26)) + "\n" + fmt.Sprintf(pick(f.lang, "%d 人", "%d"), b.people)
		lines = max(lines, countLines(text))
		labels = append(labels, object{"value": list{(from + to) / 2, top}, "label": object{"show": true, "position": "top", "distance": 2,
			"formatter": literal(text), "color": f.ink.Muted, "fontSize": 12, "lineHeight": 16, "align": "center", "fontFamily": fontFamily}})
	}
	return labels, lines
}
