package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plumbline/reports/tabular"
)

// speak gives the help of all commands the user's language, and wrong use an answer that says where to read on.
func (a *app) speak(root *cobra.Command) {
	root.SetUsageTemplate(strings.NewReplacer(
		"Usage:", a.say("用法：", "Usage:"), "Examples:", a.say("示例：", "Examples:"), "Available Commands:", a.say("命令：", "Commands:"),
		"Global Flags:", a.say("通用选项：", "Global flags:"), "Flags:", a.say("选项：", "Flags:"),
		"[command]", a.say("[命令]", "[command]"), "[flags]", a.say("[选项]", "[flags]"),
		"MORE", a.say("各命令的用法与示例：", "Use and examples of a command: "),
	).Replace(usage))
	root.PersistentFlags().BoolP("help", "h", false, a.say("显示用法与示例", "show use and examples"))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return a.misuse(c, err.Error()) })
	root.InitDefaultHelpCmd()
	useLine(root)
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Use, c.Short, c.Long = a.say("help [命令]", "help [command]"), a.say("显示命令的用法与示例", "show use and examples of a command"), ""
		}
	}
}

// useLine leaves the word for flags to the template.
func useLine(c *cobra.Command) {
	c.DisableFlagsInUseLine = true
	for _, below := range c.Commands() {
		useLine(below)
	}
}

const usage = `Usage:{{if and .Runnable (or (not .HasAvailableSubCommands) (index .Annotations "alone"))}}
  {{.UseLine}} [flags]{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

Available Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Global Flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

MORE{{.CommandPath}} [command] --help{{end}}
`

// alone marks a command that does something of its own although it holds others.
var alone = map[string]string{"alone": "yes"}

// misuse says what is wrong with a command line and where its use is told.
func (a *app) misuse(c *cobra.Command, what string) error {
	return useError{fmt.Errorf(a.say("%s；用法见 %s --help", "%s; see %s --help"), what, c.CommandPath())}
}

// family makes c a command that only holds others: alone it shows its help, and it refuses what it does not hold.
func (a *app) family(c *cobra.Command) *cobra.Command {
	c.SuggestionsMinimumDistance = 2
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		what := fmt.Sprintf(a.say("没有命令 %q", "there is no command %q"), args[0])
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			what += fmt.Sprintf(a.say("，是否指 %s", ", did you mean %s"), strings.Join(near, a.say("、", ", ")))
		}
		return a.misuse(c, what)
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}

// exactly refuses another number of arguments, in the user's words.
func (a *app) exactly(n int, what string) cobra.PositionalArgs { return a.between(n, n, what) }

// nothing refuses every argument.
func (a *app) nothing() cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return a.misuse(c, fmt.Sprintf(a.say("此命令不带参数，多了 %q", "the command takes no arguments, but was given %q"), args[0]))
		}
		return nil
	}
}

// between refuses fewer than low or more than high arguments.
func (a *app) between(low, high int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return a.misuse(c, fmt.Sprintf(a.say("应给出%s", "expected %s"), what))
		}
		return nil
	}
}

// checkFlags refuses values that no command can use, before anything is opened.
func (a *app) checkFlags() error {
	if a.language != "zh" && a.language != "en" && !strings.HasPrefix(a.language, "zh-") && !strings.HasPrefix(a.language, "en-") {
		return useError{fmt.Errorf("--lang %q: zh or en (语言只有 zh 与 en)", a.language)}
	}
	if !slices.Contains(strings.Split(tabular.Formats, ", "), a.format) {
		return useError{fmt.Errorf(a.say("--format %q：格式应为其中之一：%s", "--format %q: use one of %s"), a.format, tabular.Formats)}
	}
	if !memoryForm.MatchString(a.memory) {
		return useError{fmt.Errorf(a.say("--memory %q：请写作 512MiB 或 2GiB", "--memory %q: write it like 512MiB or 2GiB"), a.memory)}
	}
	return nil
}

var memoryForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([KMGT]i?B)$`)

// output is the directory of a command that must be told where to write.
func (a *app) output(dir string) error {
	if dir == "" {
		return useError{errors.New(a.say("-o：请写明写入的目录", "-o: name the directory to write to"))}
	}
	return nil
}
