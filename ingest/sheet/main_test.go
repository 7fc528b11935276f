package sheet_test

import (
	"os"
	"testing"

	"plumbline/ingest/sheet/columnar"
)

func TestMain(m *testing.M) {
	columnar.Main()
	os.Exit(m.Run())
}
