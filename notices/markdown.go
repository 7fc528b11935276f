package notices

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"plumbline/policy"
)

// longestMarkdown is how many bytes a group robot takes.
const longestMarkdown = 4096

// wide takes the place of signs that mean something in Markdown, in the robot's tags or as a mention. Backslashes are not enough, since the
// robot's Markdown knows only some of them.
var wide = strings.NewReplacer("<", "＜", ">", "＞", "[", "［", "]", "］", "*", "＊", "_", "＿", "`", "｀", "#", "＃", "@", "＠", "\\", "＼", "|", "｜", "~", "～", "&", "＆", "://", "：／／")

// inert gives a text as one line that no reader of Markdown takes for anything but text.
func inert(s string) string { return wide.Replace(visible(s)) }

// longestFoot is how many bytes a link may take; a longer one is left out.
const longestFoot = 1024

// href gives a path that neither ends a link before its end nor holds anything but plain signs.
func href(path string) string {
	var b strings.Builder
	for _, c := range []byte(path) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-.~%?=&_", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// markdown writes a message in one language. What is too long is cut at a line, and the last line tells how many there are.
func markdown(m Message, lang policy.Lang, base string) string {
	head := "**" + inert(m.Title.In(lang)) + "**"
	if m.Urgent {
		head = policy.Text{ZH: "【紧急】", EN: "[Urgent] "}.In(lang) + head
	}
	foot := ""
	if m.Link != "" && base != "" {
		foot = "\n[" + policy.Text{ZH: "查看", EN: "open"}.In(lang) + "](" + base + href(m.Link) + ")"
	}
	if len(foot) > longestFoot {
		foot = ""
	}
	head = clipBytes(head, longestMarkdown/4)
	total := say("\n…共 %d 项", "\n…%d in all", len(m.Lines)).In(lang)
	room := longestMarkdown - len(head) - len(foot)
	var b strings.Builder
	for i, l := range m.Lines {
		line := "\n- " + inert(l.In(lang))
		last := i == len(m.Lines)-1
		if b.Len()+len(line) > room || !last && b.Len()+len(line)+len(total) > room {
			b.WriteString(total)
			break
		}
		b.WriteString(line)
	}
	return head + b.String() + foot
}

// clipBytes cuts a text to so many bytes at most, between characters.
func clipBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
