package charts

// fontFamily names fonts with Chinese, in the order of the systems people use. Its quotes are single: the SVG writer of the
// drawing library puts it into a double-quoted attribute as it stands.
const fontFamily = `'Microsoft YaHei', 'PingFang SC', 'Noto Sans CJK SC', sans-serif`

// palette gives one meaning one colour. Good and Bad differ in hue and in lightness against each other's ground, so that
// colour-blind readers tell them apart; words stand beside them everywhere.
type palette struct {
	Paper, Text, Muted, Faint string
	Actual                    string // solid and dark: what happened
	Before                    string // solid and light: the period before
	Target                    string // outline or tick
	Band                      string // pale: the 95 % interval
	Whisker                   string // thin: the 95 % interval over a bar
	Good, Bad                 string
	GoodPale, BadPale         string // the ground under a number that is good or bad
	Cells                     []any  // calendar, from few to many
}

func paletteOf(t Theme) palette {
	switch t {
	case Dark:
		return palette{
			Paper: "#151b22", Text: "#e6ebf1", Muted: "#a3afbc", Faint: "#35404c",
			Actual: "#aebdcd", Before: "#4d5a68", Target: "#ffffff", Band: "#2b3743", Whisker: "#76879a",
			Good: "#45c4d0", Bad: "#ff8f62", GoodPale: "#17454c", BadPale: "#5e3322", Cells: []any{"#223039", "#2f5a66", "#3f8b98", "#6cc5d1"},
		}
	case Print:
		return palette{
			Paper: "#ffffff", Text: "#000000", Muted: "#444444", Faint: "#cccccc",
			Actual: "#262626", Before: "#bdbdbd", Target: "#000000", Band: "#e4e4e4", Whisker: "#8c8c8c",
			Good: "#005f6b", Bad: "#a83a08", GoodPale: "#cfe6e9", BadPale: "#f6d3c0", Cells: []any{"#ececec", "#c4c4c4", "#979797", "#5f5f5f"},
		}
	}
	return palette{
		Paper: "#ffffff", Text: "#1b2430", Muted: "#566272", Faint: "#dde2e8",
		Actual: "#33475b", Before: "#c5ccd5", Target: "#101820", Band: "#e3e9f0", Whisker: "#8f9dad",
		Good: "#0a7485", Bad: "#c24a12", GoodPale: "#d3ebee", BadPale: "#fbdccb", Cells: []any{"#e2f0f2", "#a9d3d9", "#5fa8b3", "#1f7482"},
	}
}
