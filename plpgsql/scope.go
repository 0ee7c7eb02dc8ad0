package plpgsql

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// scope is the names that a block, a loop or the function itself declares.
type scope struct {
	outer *scope
	label string
	loop  bool
	names map[string]int
}

func (s *scope) declare(name string, v int) {
	if s.names == nil {
		s.names = map[string]int{}
	}
	s.names[name] = v
}

// find looks a name up, from the inside out; used is how many of the parts are the variable's, 0: there is none.
func (s *scope) find(names []string) (v, used int) {
	for ; s != nil; s = s.outer {
		if v, ok := s.names[names[0]]; ok {
			return v, 1
		}
		if len(names) > 1 && s.label == names[0] {
			if v, ok := s.names[names[1]]; ok {
				return v, 2
			}
		}
	}
	return 0, 0
}

// variable is what is known of a variable before it has a value.
type variable struct {
	name     string
	t        types.Type
	record   bool // of a composite type, or a record
	constant bool
	notNull  bool
	init     *Query
	line     int
	cursor   *cursorDecl
	cased    bool // it is CASE's, and has the type of its value
}

// cursorDecl is what a bound cursor is declared with.
type cursorDecl struct {
	scroll int
	query  *Query
	args   []int // variables
	names  []string
}

// target is what can be assigned to: a variable or a field of a record.
type target struct {
	v     int
	field string
}

// isRecord reports whether values of a type are kept by fields.
func isRecord(t types.Type) bool {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t.Def != nil && (t.Kind == types.KindComposite || t.ID() == types.OIDRecord)
}

func fieldsOf(t types.Type) []types.Field {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	if t.Def == nil {
		return nil
	}
	return t.Fields
}

func unknownVariable(n parse.PLName) error {
	return pgerr.New(pgerrcode.SyntaxError, "\"%s\" is not a known variable", n.Text).At(n.Offset)
}
