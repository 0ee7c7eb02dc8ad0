package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// candidate is a function that a name may mean.
type candidate struct {
	oid  types.OID
	args []types.OID
}

// functionsNamed lists the functions that a name means: those of the first schema of the path that has any with the
// same arguments come first.
func (s *Session) functionsNamed(ctx context.Context, name string) ([]candidate, error) {
	snap, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	q, err := s.qualified(ctx, name, otherNames)
	if err != nil {
		return nil, err
	}
	var out []candidate
	for _, n := range q.schemas {
		sc := snap.Schema(n)
		if sc == nil {
			if q.explicit {
				return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", n)
			}
			continue
		}
		for _, p := range builtin.ProcsByName(q.bare) {
			if p.Schema == sc.OID {
				out = append(out, candidate{p.OID, p.Args})
			}
		}
		for _, f := range snap.Functions(sc.OID, q.bare) {
			out = append(out, candidate{f.OID, inputTypes(f)})
		}
	}
	return out, nil
}

// inputTypes are the types of a function's input arguments.
func inputTypes(f *catalog.Function) []types.OID {
	var out []types.OID
	for i, t := range f.ArgTypes {
		if i >= len(f.ArgModes) || isInput(f.ArgModes[i]) {
			out = append(out, t)
		}
	}
	return out
}

// procOID finds a function by name, or by name and argument types in parentheses.
func (s *Session) procOID(ctx context.Context, name string, withArgs bool) (types.OID, error) {
	bare, args := name, ""
	if withArgs {
		var ok bool
		if bare, args, ok = strings.Cut(name, "("); !ok {
			return 0, pgerr.New(pgerrcode.InvalidTextRepresentation, "expected a left parenthesis")
		}
		if args, ok = strings.CutSuffix(strings.TrimSpace(args), ")"); !ok {
			return 0, pgerr.New(pgerrcode.InvalidTextRepresentation, "expected a right parenthesis")
		}
	}
	found, err := s.functionsNamed(ctx, bare)
	if err != nil {
		return 0, err
	}
	var match []types.OID
	for _, c := range found {
		if !withArgs || s.sameArgs(ctx, c.args, args) {
			match = append(match, c.oid)
		}
	}
	switch {
	case len(match) == 0:
		return 0, pgerr.New(pgerrcode.UndefinedFunction, "function \"%s\" does not exist", name)
	case len(match) > 1 && !withArgs:
		return 0, pgerr.New(pgerrcode.AmbiguousFunction, "more than one function named \"%s\"", name)
	}
	return match[0], nil
}

func (s *Session) sameArgs(ctx context.Context, args []types.OID, list string) bool {
	var want []types.OID
	for a := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(a) == "" {
			continue
		}
		id, err := s.typeOID(ctx, a)
		if err != nil {
			return false
		}
		want = append(want, id)
	}
	if len(want) != len(args) {
		return false
	}
	for i := range want {
		if want[i] != args[i] {
			return false
		}
	}
	return true
}

// operatorOID finds an operator by name, or by name and operand types in parentheses.
func (s *Session) operatorOID(ctx context.Context, name string, withArgs bool) (types.OID, error) {
	bare, args, _ := strings.Cut(name, "(")
	bare = strings.TrimPrefix(strings.TrimSpace(bare), "pg_catalog.")
	left, right, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(args), ")"), ",")
	var match []types.OID
	for _, o := range builtin.AllOperators() {
		if o.Name == bare && (!withArgs || s.sameType(ctx, o.Left, left) && s.sameType(ctx, o.Right, right)) {
			match = append(match, o.OID)
		}
	}
	switch {
	case len(match) == 0:
		return 0, pgerr.New(pgerrcode.UndefinedFunction, "operator does not exist: %s", name)
	case len(match) > 1:
		return 0, pgerr.New(pgerrcode.AmbiguousFunction, "more than one operator named %s", name)
	}
	return match[0], nil
}

func (s *Session) sameType(ctx context.Context, t types.OID, name string) bool {
	if strings.EqualFold(strings.TrimSpace(name), "none") {
		return t == 0
	}
	id, err := s.typeOID(ctx, strings.TrimSpace(name))
	return err == nil && id == t
}
