package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"plumbline/internal/outbound"
	"plumbline/internal/schedule"
	"plumbline/internal/signin"
	"plumbline/notices"
)

// settingsFile says how a company's service is run; it lies in the data directory. It holds no secrets, only the names of files with them.
const settingsFile = "service.yaml"

// settings are what service.yaml says. Everything may be left out: then nothing is sent, saved or opened by itself.
type settings struct {
	Public  string              `yaml:"public"` // address under which browsers reach the service
	OIDC    []signin.OIDCConfig `yaml:"oidc"`
	WeCom   *signin.WeComConfig `yaml:"wecom"`
	Allow   []string            `yaml:"allow"` // hosts inside that may be reached: the identity provider, the mail server
	Reviews struct {
		As string `yaml:"as"` // employee number of human resources on whose behalf rounds are opened; "" opens none
		At string `yaml:"at"` // on the first day of a month; 09:00
	} `yaml:"reviews"`
	Notices struct {
		Robot string        `yaml:"robot_file"` // file with the address of a WeCom group robot
		Mail  *mailSettings `yaml:"mail"`
		Ahead int           `yaml:"ahead"` // workdays before a term; 2
		From  string        `yaml:"from"`  // what is due since before this day is not told
	} `yaml:"notices"`
	Reports struct {
		Dir     string `yaml:"dir"`     // where weekly and monthly reports are written; "" writes none
		Weekly  string `yaml:"weekly"`  // time on Mondays, for the week before; 08:00
		Monthly string `yaml:"monthly"` // time on the second day, for the month before; 08:00
	} `yaml:"reports"`
	Backup struct {
		Dir  string `yaml:"dir"`
		At   string `yaml:"at"`   // 02:00
		Keep int    `yaml:"keep"` // 14
	} `yaml:"backup"`
}

type mailSettings struct {
	Host         string `yaml:"host"`
	Port         int    `yaml:"port"`
	Encryption   string `yaml:"encryption"` // starttls, tls; plain for this machine alone
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	From         string `yaml:"from"`
}

// readSettings reads service.yaml; a company without it has none.
func (a *app) readSettings(dir string) (s settings, err error) {
	path := filepath.Join(dir, settingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil && len(bytes.TrimSpace(text)) > 0 {
		err = yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&s)
	}
	if err != nil {
		return s, useError{fmt.Errorf(a.say("%s 读不懂：%w", "%s cannot be read: %w"), path, err)}
	}
	for _, path := range []*string{&s.Notices.Robot, &s.Reports.Dir, &s.Backup.Dir} {
		if err := standing(path); err != nil {
			return s, err
		}
	}
	if s.Notices.Mail != nil {
		if err := standing(&s.Notices.Mail.PasswordFile); err != nil {
			return s, err
		}
	}
	return s, a.checkSettings(path, s)
}

// standing makes a path absolute, whatever folder the process stands in later; none stays none.
func standing(path *string) (err error) {
	if *path != "" {
		*path, err = filepath.Abs(*path)
	}
	return err
}

// checkSettings names what is wrong before anything is served.
func (a *app) checkSettings(path string, s settings) error {
	wrong := func(key, zh, en string) error {
		return useError{fmt.Errorf(a.say("%s：%s %s", "%s: %s %s"), path, key, a.say(zh, en))}
	}
	if s.Public != "" {
		if u, err := url.Parse(s.Public); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return wrong("public", "应是网址，如 https://kpi.example.com", "must be an address such as https://kpi.example.com")
		}
	} else if len(s.OIDC) > 0 || s.WeCom != nil {
		return wrong("public", "要写明，单点登录和扫码登录要回到这个网址", "must be given, since other ways to sign in come back to it")
	}
	for key, at := range map[string]string{"reviews.at": s.Reviews.At, "reports.weekly": s.Reports.Weekly, "reports.monthly": s.Reports.Monthly, "backup.at": s.Backup.At} {
		if _, err := schedule.ParseClock(at); at != "" && err != nil {
			return wrong(key, "应是时刻，如 09:00", "must be a time such as 09:00")
		}
	}
	if _, err := time.Parse(time.DateOnly, s.Notices.From); s.Notices.From != "" && err != nil {
		return wrong("notices.from", "应是日期，如 2026-10-01", "must be a date such as 2026-10-01")
	}
	return nil
}

// clockOr reads a time of day that was checked, or gives the usual one.
func clockOr(s, usual string) schedule.Clock {
	if s == "" {
		s = usual
	}
	c, _ := schedule.ParseClock(s)
	return c
}

// outside is the client for everything that leaves the machine.
func (s settings) outside() *http.Client { return outbound.Client(outbound.Options{Allow: s.Allow}) }

// doors are the other ways to sign in.
func (s settings) doors(now func() time.Time) (list []signin.Provider, err error) {
	for _, c := range s.OIDC {
		p, err := signin.NewOIDC(c, s.outside(), now)
		if err != nil {
			return nil, useError{fmt.Errorf("%s: oidc: %w", settingsFile, err)}
		}
		list = append(list, p)
	}
	if s.WeCom != nil {
		p, err := signin.NewWeCom(*s.WeCom, s.outside(), now)
		if err != nil {
			return nil, useError{fmt.Errorf("%s: wecom: %w", settingsFile, err)}
		}
		list = append(list, p)
	}
	return list, nil
}

// senders are the channels through which people are told; none where nothing is configured.
func (s settings) senders(now func() time.Time, address func(employee string) string) (list []notices.Sender, err error) {
	if s.Notices.Robot != "" {
		secret, err := notices.ReadSecret(s.Notices.Robot)
		if err != nil {
			return nil, useError{fmt.Errorf("%s: notices.robot_file: %w", settingsFile, err)}
		}
		r, err := notices.NewRobot(secret, s.outside(), notices.RobotOptions{Base: s.Public, Now: now})
		if err != nil {
			return nil, useError{fmt.Errorf("%s: notices.robot_file: %w", settingsFile, err)}
		}
		list = append(list, r)
	}
	if m := s.Notices.Mail; m != nil {
		o := notices.MailOptions{Host: m.Host, Port: m.Port, Encryption: notices.Encryption(m.Encryption), User: m.User, From: m.From, Base: s.Public, Address: address, Now: now}
		if m.PasswordFile != "" {
			if o.Password, err = notices.ReadSecret(m.PasswordFile); err != nil {
				return nil, useError{fmt.Errorf("%s: notices.mail.password_file: %w", settingsFile, err)}
			}
		}
		mailer, err := notices.NewMailer(o)
		if err != nil {
			return nil, useError{fmt.Errorf("%s: notices.mail: %w", settingsFile, err)}
		}
		list = append(list, mailer)
	}
	return list, nil
}
