package policy_test

import (
	"os"
	"strings"
	"testing"

	"plumbline/policy"
)

// TestReferenceTellsEveryKey: each form of mapping has a section of its own in docs/policy.md and its Chinese sister, which tells all its
// keys; and every function of expressions is told.
func TestReferenceTellsEveryKey(t *testing.T) {
	for _, name := range []string{"policy.md", "policy.zh-CN.md"} {
		raw, err := os.ReadFile("../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for form, keys := range policy.Keys {
			section := sectionOf(text, "### `"+form+"`\n")
			if section == "" {
				t.Errorf("%s has no section on %s", name, form)
			}
			for _, key := range keys {
				if !strings.Contains(section, "`"+key+"`") {
					t.Errorf("%s: the section on %s does not tell of %s", name, form, key)
				}
			}
		}
		for _, f := range policy.Functions {
			if !strings.Contains(text, "`"+f+"(") {
				t.Errorf("%s does not tell of the function %s", name, f)
			}
		}
	}
}

// sectionOf gives the text between a heading and the next one, "" without the heading.
func sectionOf(text, heading string) string {
	_, rest, ok := strings.Cut(text, "\n"+heading)
	if !ok {
		return ""
	}
	section, _, _ := strings.Cut(rest, "\n#")
	return section
}
