package session

import (
	"slices"
	"strings"

	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// show runs SHOW.
func (s *Session) show(name string, out *output) error {
	if strings.EqualFold(name, "all") {
		return s.showAll(out)
	}
	v, err := s.value(name)
	if err != nil {
		return err
	}
	if p := parameters()[strings.ToLower(name)]; p != nil {
		name = p.name
	}
	return textRows(out, []string{name}, [][]string{{v}})
}

// value is what SHOW and current_setting give for a setting.
func (s *Session) value(name string) (string, error) {
	switch strings.ToLower(name) {
	case "transaction_isolation":
		if s.txn != nil {
			return s.txn.isolation, nil
		}
	case "transaction_read_only":
		if s.txn != nil && s.txn.readOnly {
			return "on", nil
		}
		return "off", nil
	case "transaction_deferrable":
		if s.txn != nil && s.txn.deferrable {
			return "on", nil
		}
		return "off", nil
	case "rowan.branch":
		if v, _ := s.settings.get(name); v != "" {
			return v, nil
		}
		return s.homeBranch(), nil
	case "role":
		if v, _ := s.settings.get(name); v == "" {
			return "none", nil
		}
	}
	return s.settings.show(name)
}

func (s *Session) showAll(out *output) error {
	var rows [][]string
	for _, p := range sortedParameters() {
		v, err := s.value(p.name)
		if err != nil {
			return err
		}
		rows = append(rows, []string{p.name, v, p.desc})
	}
	return textRows(out, []string{"name", "setting", "description"}, rows)
}

func sortedParameters() []*parameter {
	var out []*parameter
	for _, p := range parameters() {
		if p.category != hidden {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *parameter) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	return out
}

// fields gives the result's fields of a planned statement, commands included; nil: it returns no rows.
func (s *Session) commandFields(c command.Command) []vector.Field {
	text := types.Of(types.Builtin(types.OIDText))
	switch c := c.(type) {
	case *command.Show:
		if strings.EqualFold(c.Name, "all") {
			return []vector.Field{{Name: "name", Type: text}, {Name: "setting", Type: text}, {Name: "description", Type: text}}
		}
		name := c.Name
		if p := parameters()[strings.ToLower(name)]; p != nil {
			name = p.name
		}
		return []vector.Field{{Name: name, Type: text}}
	case *command.Explain:
		t := text
		if c.Format == "json" {
			t = types.Of(types.Builtin(types.OIDJSON))
		}
		return []vector.Field{{Name: "QUERY PLAN", Type: t}}
	case *command.Execute:
		if ps := s.prepared[c.Name]; ps != nil {
			return ps.fields
		}
	case *command.Fetch:
		if p := s.portals[c.Cursor]; p != nil && !c.Move {
			return p.prepared.fields
		}
	}
	return nil
}
