package company

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"plumbline/policy"
)

// Begin makes a data directory and adopts the default policy, which counts from the beginning. Its files are left in policy/, to be edited.
func Begin(ctx context.Context, dir string, opt Options, note, actor string) error {
	c, err := Make(ctx, dir, opt)
	if err != nil {
		return err
	}
	s := policy.Default()
	first := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	err = s.WriteDir(filepath.Join(dir, "policy"))
	if err == nil {
		err = policy.WriteMappings(filepath.Join(dir, "policy"), policy.DefaultMappings())
	}
	if err == nil {
		err = policy.Adopt(ctx, c.Books, s, first, note, actor)
	}
	return errors.Join(err, c.Close())
}
