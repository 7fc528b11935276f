package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"plumbline/internal/backup"
	"plumbline/internal/books"
	"plumbline/internal/trail"
	"plumbline/reports/tabular"
)

func (a *app) backupCommand() *cobra.Command {
	var dir string
	keep := 0
	c := &cobra.Command{
		Use:   "backup -o DIR",
		Short: a.say("把数据目录备份成一个文件，先核对后写入", "back the data directory up into one file, verified before it is written"),
		Long: a.say("备份含账本、原件、访问日志、制度文件与定时任务的记录。数据库由账本重建，不入备份；accounts 目录存有密码等机密，也不入备份，请另行妥善保管。\n服务运行时，备份由服务自己做（定时任务，或管理员的运维页）。",
			"A backup holds the ledger, the originals, the log of reads and changes, the policy's files and the record of jobs. The warehouse is rebuilt from the ledger and left out; so is the\nfolder accounts, which holds secrets: keep it by other means. While the service runs, it makes the backups itself (as a job, or on the administrator's page of operation)."),
		Example: "  plumbline backup -o /srv/backups --keep 30\n  plumbline backup check /srv/backups/plumbline-20261121-020000.tar",
		Args:    a.nothing(), Annotations: alone,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := a.output(dir); err != nil {
				return err
			}
			if keep < 0 || c.Flags().Changed("keep") && keep == 0 {
				return useError{errors.New(a.say("--keep：至少保留 1 份", "--keep: keep 1 at least"))}
			}
			return a.with(c.Context(), func(b *books.Books) error { return a.backUp(c.Context(), b, dir, keep) })
		},
	}
	c.Flags().StringVarP(&dir, "output", "o", "", a.say("存放备份的目录", "folder for backups"))
	c.Flags().IntVar(&keep, "keep", 0, a.say("只留最新的几份，较旧的删除；默认都留", "keep this many of the newest and remove older ones; all are kept by default"))
	c.AddCommand(a.backupCheckCommand(), a.backupListCommand())
	return c
}

// backUp makes a backup, tells what is in it, and removes old ones.
func (a *app) backUp(ctx context.Context, b *books.Books, dir string, keep int) error {
	opt := backup.Options{Now: a.now(), Ledger: b.Ledger()}
	if !a.hasTrail() {
		return a.keepBackups(ctx, dir, keep, opt)
	}
	return a.withTrail(func(t *trail.Trail) error {
		opt.Trail = t
		return a.keepBackups(ctx, dir, keep, opt)
	})
}

func (a *app) keepBackups(ctx context.Context, dir string, keep int, opt backup.Options) error {
	report, finish := a.progress(a.say("备份", "backing up"))
	defer finish()
	opt.Progress = report
	made, removed, err := backup.Keep(ctx, a.data, dir, keep, opt)
	if made.Path != "" {
		fmt.Fprintln(a.out, made.Path)
		a.tell(a.say("已备份：%s", "backed up: %s"), a.backupText(made))
	}
	for _, path := range removed {
		a.tell(a.say("已删除旧备份 %s", "removed the old backup %s"), path)
	}
	return err
}

// usualKeep is how many backups the service keeps where service.yaml does not say.
const usualKeep = 14

// backUp is the job that makes a backup while the service runs.
func (j *jobs) backUp(ctx context.Context, at time.Time) (string, error) {
	keep := j.settings.Backup.Keep
	if keep <= 0 {
		keep = usualKeep
	}
	made, removed, err := backup.Keep(ctx, j.app.data, j.settings.Backup.Dir, keep, backup.Options{Now: at, Ledger: j.company.Books.Ledger(), Trail: j.trail})
	return fmt.Sprintf("%s：账本至 %d，删除旧备份 %d 份 (up to event %d, %d old ones removed)", filepath.Base(made.Path), made.Ledger.Seq, len(removed), made.Ledger.Seq, len(removed)), err
}

func (a *app) hasTrail() bool {
	_, err := os.Stat(filepath.Join(a.data, "trail", "journal"))
	return err == nil
}

// backupText says in a line what a backup holds.
func (a *app) backupText(b backup.Backup) string {
	log := a.say("没有访问日志", "no log of reads")
	if b.Trail != nil {
		log = fmt.Sprintf(a.say("访问日志至 %d", "the log of reads up to %d"), b.Trail.Seq)
	}
	return fmt.Sprintf(a.say("账本至事件 %d（%s），原件 %d 个，%s，共 %s", "the ledger up to event %d (%s), %d originals, %s, %s in all"), b.Ledger.Seq, b.Ledger.Hash, b.Originals(), log, sizeText(b.Size))
}

func sizeText(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

func (a *app) backupCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE",
		Short:   a.say("把备份从头读到尾，核对每个字节、两条链和每个原件", "read a backup to its end and verify every byte, both chains and every original"),
		Example: "  plumbline backup check /srv/backups/plumbline-20261121-020000.tar",
		Args:    a.exactly(1, a.say("一个备份文件", "one FILE")),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := backup.Check(c.Context(), args[0])
			if err != nil {
				return err
			}
			return a.done("备份完好，制于 %s：%s", "the backup of %s is sound: %s", b.Made.Format(time.RFC3339), a.backupText(b))
		},
	}
}

func (a *app) backupListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list DIR",
		Short:   a.say("一个目录中的备份，最新的在前", "the backups in a folder, the newest first"),
		Example: "  plumbline backup list /srv/backups",
		Args:    a.exactly(1, a.say("一个目录", "one DIR")),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := backup.List(args[0])
			if err != nil {
				return err
			}
			return a.backupTable(list).Write(a.out, a.format)
		},
	}
	a.formatFlag(c)
	return c
}

func (a *app) backupTable(list []backup.Backup) *tabular.Table {
	t := &tabular.Table{Columns: []tabular.Column{a.column("made", "时间", "made"), a.column("file", "文件", "file"), a.column("seq", "账序", "seq", tabular.Integer), a.column("hash", "末尾哈希", "head"),
		a.column("originals", "原件", "originals", tabular.Integer), a.column("bytes", "字节", "bytes", tabular.Integer), a.column("state", "状态", "state")}}
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	for _, b := range list {
		made, name := b.Made.Format(time.RFC3339), filepath.Base(b.Path)
		if b.Err != nil {
			t.Add(made, name, "", "", "", "", a.say("读不了，请运行 backup check", "cannot be read: run backup check"))
			continue
		}
		t.Add(made, name, n(b.Ledger.Seq), b.Ledger.Hash, strconv.Itoa(b.Originals()), n(b.Size), a.say("可读", "readable"))
	}
	return t
}

func (a *app) restoreCommand() *cobra.Command {
	var heads []string
	var consent backup.Consent
	c := &cobra.Command{
		Use:   "restore FILE --data DIR",
		Short: a.say("由备份恢复出一个新的数据目录，边写边核对", "make a new data directory of a backup, verified while it is written"),
		Long: a.say("只写入新的或空的目录，从不覆盖。给出另存的末尾（--head，见 doctor --write-head）时，比它旧的备份不予恢复；确需退回，须由第二个人同意并写明理由（--second、--because），\n此事成为恢复后账本的第一个新事件，doctor 与账本页都会显示。",
			"Writes into a new or empty directory only and never overwrites. With a head that was kept (--head, see doctor --write-head), an older backup is refused; if going back is meant, a\nsecond person agrees and a reason is given (--second, --because), which become the first new event of the restored ledger, shown by doctor and by the page of the ledger."),
		Example: "  plumbline restore plumbline-20261121-020000.tar --data ./restored --head head.json",
		Args:    a.exactly(1, a.say("一个备份文件", "one FILE")),
		RunE:    func(c *cobra.Command, args []string) error { return a.restore(c, args[0], heads, consent) },
	}
	f := c.Flags()
	f.StringArrayVar(&heads, "head", nil, a.say("另存的账本末尾，可重复", "a head that was kept; may be repeated"))
	f.StringVar(&consent.Second, "second", "", a.say("同意退回的第二个人", "the second person who agrees to going back"))
	f.StringVar(&consent.Reason, "because", "", a.say("为什么退回", "why to go back"))
	return c
}

// restore restores a backup and tells which state has come back.
func (a *app) restore(c *cobra.Command, file string, heads []string, consent backup.Consent) error {
	if !c.Flags().Changed("data") && a.getenv("PLUMBLINE_DATA") == "" {
		return useError{errors.New(a.say("--data：请写明恢复到哪个新目录", "--data: name the new directory to restore into"))}
	}
	known, err := a.readHeads(heads)
	if err != nil {
		return err
	}
	opt := backup.RestoreOptions{Now: a.now, Known: known}
	if consent.Second != "" || consent.Reason != "" {
		consent.By = a.actor()
		opt.Consent = &consent
	}
	b, err := backup.Restore(c.Context(), file, a.data, opt)
	if err != nil {
		return err
	}
	if err := a.done("已恢复到 %s，备份制于 %s：%s", "restored into %s from the backup of %s: %s", a.data, b.Made.Format(time.RFC3339), a.backupText(b)); err != nil {
		return err
	}
	if opt.Consent != nil {
		a.tell(a.say("退回一事已记为事件 %d：%s 与 %s，%s", "going back is event %d: %s and %s, %s"), b.Ledger.Seq+1, consent.By, consent.Second, consent.Reason)
	}
	if len(known) == 0 {
		a.tell(a.say("没有给出 --head，无从知道备份之后还记过什么；请用另存的末尾核对：plumbline doctor --data %s --head head.json", "without --head nobody can tell what was recorded after the backup; compare with a head that was kept: plumbline doctor --data %s --head head.json"), a.data)
	}
	a.tell(a.say("账号与密码不在备份中；数据库在首次打开时由账本重建。下一步：plumbline doctor --data %s", "accounts and passwords are not in backups; the warehouse is made from the ledger by the first opening. Next: plumbline doctor --data %s"), a.data)
	return nil
}

// backupWords gives errors of backups in the user's language.
func (a *app) backupWords(err error) (string, bool) {
	if e, ok := errors.AsType[*backup.OccupiedError](err); ok {
		if e.Data {
			return fmt.Sprintf(a.say("%s 已经是数据目录，从不覆盖；请恢复到新的目录", "%s is a data directory already and is never overwritten; restore into a new one"), e.Dir), true
		}
		return fmt.Sprintf(a.say("%s 不是空目录；请恢复到新的目录", "%s is not empty; restore into a new directory"), e.Dir), true
	}
	if e, ok := errors.AsType[*backup.BehindError](err); ok {
		return fmt.Sprintf(a.say("备份止于事件 %d，而事件 %d 早已记下：恢复它会丢失 %d 个事件；请用更晚的备份，确需退回则由第二个人同意：--second 姓名 --because 理由",
			"the backup ends at event %d, but event %d was written already, so events would be lost (%d); take a later backup, or have a second person agree: --second NAME --because TEXT"),
			e.Backup.Seq, e.Known.Seq, e.Known.Seq-e.Backup.Seq), true
	}
	if errors.Is(err, backup.ErrConsent) {
		return fmt.Sprintf(a.say("退回需要两个不同的人和理由：除 %s 外，--second 写另一个人，--because 写理由", "going back takes two different people and a reason: beside %s, --second names another person and --because says why"), a.actor()), true
	}
	if a.lang != "zh" {
		return "", false
	}
	if e, ok := errors.AsType[*backup.DamagedError](err); ok {
		where := e.Path
		if e.File != "" {
			where += "：" + e.File
		}
		return fmt.Sprintf("备份已损坏或被改动：%s：%s；其中任何内容都不可信，请换一份备份", where, e.Why(e.ZH)), true
	}
	if e, ok := errors.AsType[*backup.ForeignError](err); ok {
		return fmt.Sprintf("备份中的事件 %d 与另存的末尾不符：这是另一本账的备份，或者是伪造的", e.Known.Seq), true
	}
	return "", false
}

// backupMisuse tells errors that another way of calling cures.
func backupMisuse(err error) bool {
	_, occupied := errors.AsType[*backup.OccupiedError](err)
	_, behind := errors.AsType[*backup.BehindError](err)
	return occupied || behind || errors.Is(err, backup.ErrConsent)
}
