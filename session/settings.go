package session

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// settings are one session's values of parameters. SET is undone by ROLLBACK, SET LOCAL ends with the transaction; both
// are kept as an undo log, so that savepoints cost nothing.
type settings struct {
	defaults map[string]string // by lower-case name: what RESET returns to, where not the parameter's own default
	values   map[string]string
	display  map[string]string // custom settings' names as first written
	undo     []undoSetting

	format  types.Format
	changed map[string]bool // reported settings changed since Changed was last called
	users   func()          // called when role or session_authorization was taken back; nil: nobody cares
	waits   func()          // called when lock_timeout or synchronous_commit is another; nil: nobody cares
	epoch   uint64          // counts changes: plans made under another epoch of name resolution are not used
}

type undoSetting struct {
	name  string
	value string
	had   bool
	local bool
}

func newSettings() *settings {
	s := &settings{defaults: map[string]string{}, values: map[string]string{}, display: map[string]string{}, changed: map[string]bool{}}
	for _, n := range reported {
		s.changed[n] = true
	}
	s.refresh("")
	return s
}

// get returns the value in base units.
func (s *settings) get(name string) (string, bool) {
	key := strings.ToLower(name)
	if v, ok := s.values[key]; ok {
		return v, true
	}
	return s.reset(key)
}

// reset returns the value that RESET gives.
func (s *settings) reset(key string) (string, bool) {
	if v, ok := s.defaults[key]; ok {
		return v, true
	}
	if p := parameters()[key]; p != nil {
		return p.boot, true
	}
	return "", false
}

// show returns the value as SHOW prints it.
func (s *settings) show(name string) (string, error) {
	v, ok := s.get(name)
	if !ok {
		return "", unrecognized(name)
	}
	if p := parameters()[strings.ToLower(name)]; p != nil {
		return p.show(v), nil
	}
	return v, nil
}

func unrecognized(name string) error {
	return pgerr.New(pgerrcode.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

// integer returns an integer setting, 0 when it is not one.
func (s *settings) integer(name string) int64 {
	v, _ := s.get(name)
	n, _ := strconv.ParseInt(v, 10, 64)
	return n
}

// on reports whether a boolean setting is on.
func (s *settings) on(name string) bool {
	v, _ := s.get(name)
	return v == "on"
}

// duration returns a setting in milliseconds as a Duration.
func (s *settings) duration(name string) time.Duration {
	return time.Duration(s.integer(name)) * time.Millisecond
}

// check parses a value and returns its canonical form; internal allows settings that users cannot change.
func (s *settings) check(name, value string, internal bool) (string, error) {
	key := strings.ToLower(name)
	p := parameters()[key]
	if p == nil {
		if !strings.Contains(name, ".") {
			return "", unrecognized(name)
		}
		return value, nil
	}
	if !internal {
		switch p.context {
		case "internal":
			return "", pgerr.New(pgerrcode.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed", p.name)
		case "postmaster":
			return "", pgerr.New(pgerrcode.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed without restarting the server", p.name)
		case "sighup":
			return "", pgerr.New(pgerrcode.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed now", p.name)
		}
	}
	if key == "datestyle" {
		if _, err := p.parse(value); err != nil {
			return "", err
		}
		old, _ := s.get(key)
		value = old + ", " + value
	}
	return p.parse(value)
}

// set changes a setting whose value has been checked.
func (s *settings) set(name, value string, local bool) {
	key := strings.ToLower(name)
	old, had := s.values[key]
	s.undo = append(s.undo, undoSetting{key, old, had, local})
	s.values[key] = value
	if s.display[key] == "" {
		s.display[key] = name
	}
	s.refresh(key)
}

// unset is RESET: back to the default.
func (s *settings) unset(name string, local bool) {
	key := strings.ToLower(name)
	if v, ok := s.reset(key); ok {
		s.set(name, v, local)
		return
	}
	old, had := s.values[key]
	s.undo = append(s.undo, undoSetting{key, old, had, local})
	delete(s.values, key)
	s.refresh(key)
}

// mark is a place to which rollback can return.
func (s *settings) mark() int { return len(s.undo) }

// rollback undoes what was set since mark.
func (s *settings) rollback(mark int) {
	for _, u := range slices.Backward(s.undo[mark:]) {
		s.restore(u)
	}
	s.undo = s.undo[:mark]
}

// commit ends the transaction: SET LOCAL values give way to what the session had, or SET meanwhile.
func (s *settings) commit() {
	for i, u := range slices.Backward(s.undo) {
		if !u.local {
			continue
		}
		if j := slices.IndexFunc(s.undo[i+1:], func(v undoSetting) bool { return v.name == u.name && !v.local }); j < 0 {
			s.restore(u)
		}
	}
	s.undo = s.undo[:0]
}

func (s *settings) restore(u undoSetting) {
	if u.had {
		s.values[u.name] = u.value
	} else {
		delete(s.values, u.name)
	}
	s.refresh(u.name)
	if s.users != nil && (u.name == "role" || u.name == "session_authorization") {
		s.users()
	}
}

// refresh brings what depends on a setting up to date; "" is all.
func (s *settings) refresh(key string) {
	s.epoch++
	for _, n := range reported {
		if strings.EqualFold(n, key) {
			s.changed[n] = true
		}
	}
	switch key {
	case "", "datestyle", "timezone", "intervalstyle", "extra_float_digits", "bytea_output":
		s.refreshFormat()
	case "lock_timeout", "synchronous_commit":
		if s.waits != nil {
			s.waits()
		}
	}
}

func (s *settings) refreshFormat() {
	f := &s.format
	style, _ := s.get("datestyle")
	name, order, _ := strings.Cut(style, ", ")
	f.DateStyle = map[string]types.DateStyle{"SQL": types.DateSQL, "Postgres": types.DatePostgres, "German": types.DateGerman}[name]
	f.DateOrder = map[string]types.DateOrder{"DMY": types.OrderDMY, "YMD": types.OrderYMD}[order]
	iv, _ := s.get("intervalstyle")
	f.Interval = map[string]types.IntervalStyle{"postgres_verbose": types.IntervalPostgresVerbose, "sql_standard": types.IntervalSQL, "iso_8601": types.IntervalISO}[iv]
	zone, _ := s.get("timezone")
	f.Location = location(zone)
	f.ExtraDigits = int(s.integer("extra_float_digits"))
	out, _ := s.get("bytea_output")
	f.ByteaEscape = out == "escape"
}

// takeChanged returns the reported settings that changed, with their values.
func (s *settings) takeChanged() [][2]string {
	if len(s.changed) == 0 {
		return nil
	}
	var out [][2]string
	for _, n := range reported {
		if s.changed[n] {
			v, _ := s.show(n)
			out = append(out, [2]string{n, v})
		}
	}
	clear(s.changed)
	return out
}

// splitList splits a list setting such as search_path into names, unquoted and folded.
func splitList(value string) []string {
	var out []string
	var cur strings.Builder
	quoted, had := false, false
	flush := func() {
		if s := cur.String(); had || strings.TrimSpace(s) != "" {
			out = append(out, strings.TrimSpace(s))
		}
		cur.Reset()
		had = false
	}
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '"' && quoted && i+1 < len(value) && value[i+1] == '"':
			cur.WriteByte('"')
			i++
		case c == '"':
			quoted, had = !quoted, true
		case c == ',' && !quoted:
			flush()
		case !quoted && c >= 'A' && c <= 'Z':
			cur.WriteByte(c + 32)
		default:
			cur.WriteByte(c)
		}
	}
	flush()
	return out
}
