package charts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// libraryFile is the drawing library as pages load it and as pictures run it.
const libraryFile = "assets/echarts.min.js"

//go:embed assets
var assets embed.FS

// ErrNoLibrary says that this program was built without the drawing library.
var ErrNoLibrary = errors.New("the drawing library is not built in: run `make charts/assets/echarts.min.js` (npm ci in charts/) " +
	"and build again (程序未编入绘图库：请先执行 make charts/assets/echarts.min.js 再重新编译)")

// library gives the full ECharts; its smaller builds draw empty pictures without a word.
func library() ([]byte, error) { return libraryIn(assets) }

func libraryIn(files fs.FS) ([]byte, error) {
	text, err := fs.ReadFile(files, libraryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoLibrary
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", libraryFile, err)
	}
	return text, nil
}
