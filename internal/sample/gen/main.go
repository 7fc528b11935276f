// Gen makes the sample company of sample_data again.
//
// In comes a folder; out go its company/, refused/, faults.csv and README.md, taking the place of the old ones. It never
// touches another file of the folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"plumbline/internal/sample"
)

func main() {
	dir := flag.String("o", ".", "folder to write to")
	flag.Parse()
	if err := run(context.Background(), *dir); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes everything beside dir first, so that a failure leaves the old files.
func run(ctx context.Context, dir string) (err error) {
	fresh, err := os.MkdirTemp(dir, ".sample-")
	if err != nil {
		return err
	}
	defer func() {
		if removing := os.RemoveAll(fresh); err == nil {
			err = removing
		}
	}()
	if _, err := sample.Write(ctx, fresh, sample.Small(), nil); err != nil {
		return err
	}
	for _, name := range []string{"company", "refused", "faults.csv", "README.md"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(fresh, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
