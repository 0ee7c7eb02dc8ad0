package session

import (
	"reflect"
	"slices"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/plpgsql"
	"github.com/rowandb/rowan/types"
)

// plReads finds what expressions read of variables: of an array, often but an element or its size. Its value need not be made
// of what the variable holds, then.
type plReads struct {
	list  []plpgsql.Read
	types []types.Type
}

// partial reports whether an expression reads no more than part of a variable somewhere.
func partial(x expr.Expr) bool {
	return expr.Any(x, func(x expr.Expr) bool {
		_, ok := partOf(x)
		return ok
	})
}

// rewrite puts slots in the place of what is read.
func (r *plReads) rewrite(list []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, x := range list {
		out[i] = r.one(x)
	}
	return out
}

func (r *plReads) one(x expr.Expr) expr.Expr {
	if k, ok := x.(*expr.Param); ok {
		return r.slot(plpgsql.Read{Param: k.Index}, k.T)
	}
	if read, ok := partOf(x); ok {
		return r.slot(read, x.Type())
	}
	return expr.MapChildren(x, r.one)
}

// slot is the column of a read.
func (r *plReads) slot(read plpgsql.Read, t types.Type) expr.Expr {
	for i := range r.list {
		if reflect.DeepEqual(r.list[i], read) {
			return &expr.Slot{Index: i, T: t}
		}
	}
	r.list, r.types = append(r.list, read), append(r.types, t)
	return &expr.Slot{Index: len(r.list) - 1, T: t}
}

// sizes are the functions that want no more of an array than its dimensions.
var sizes = map[string]plpgsql.Part{
	"array_length": plpgsql.PartLength, "array_lower": plpgsql.PartLower, "array_upper": plpgsql.PartUpper, "array_cardinality": plpgsql.PartCount,
}

// partOf makes a read of an expression that wants but an element or a size of a variable's array. What it computes cannot
// fail, except where the run finds that it does.
func partOf(x expr.Expr) (plpgsql.Read, bool) {
	switch x := x.(type) {
	case *expr.Subscript:
		if x.Slice {
			return plpgsql.Read{}, false
		}
		index := make([]expr.Expr, len(x.Index))
		for i, b := range x.Index {
			if index[i] = b.Upper; b.Upper == nil {
				index[i] = b.Lower
			}
		}
		return partRead(plpgsql.PartElement, x.Arg, index)
	case *expr.Call:
		if part, ok := sizes[x.Proc.Source]; ok && !x.Proc.User && len(x.Args) > 0 {
			return partRead(part, x.Args[0], x.Args[1:])
		}
	}
	return plpgsql.Read{}, false
}

func partRead(part plpgsql.Part, of expr.Expr, index []expr.Expr) (plpgsql.Read, bool) {
	k, ok := of.(*expr.Param)
	if !ok || !k.T.IsArray() {
		return plpgsql.Read{}, false
	}
	r := plpgsql.Read{Param: k.Index, Part: part}
	for _, x := range index {
		i, ok := indexOf(x)
		if !ok {
			return r, false
		}
		r.Index = append(r.Index, i)
	}
	return r, true
}

// integerOps are the functions that a subscript may be computed by.
var integerOps = map[string]byte{"int4pl": '+', "int4mi": '-', "int4mul": '*'}

func indexOf(x expr.Expr) (*plpgsql.Index, bool) {
	switch x := x.(type) {
	case *expr.Const:
		return &plpgsql.Index{Op: 'c', Const: x.Value}, x.T.ID() == types.OIDInt4
	case *expr.Param:
		id := x.T.ID()
		return &plpgsql.Index{Op: 'p', Param: x.Index}, id == types.OIDInt4 || id == types.OIDInt2
	case *expr.Relabel:
		return indexOf(x.Arg)
	case *expr.Call:
		if x.Proc.User {
			return nil, false
		}
		if x.Proc.Source == "int84" {
			k, ok := x.Args[0].(*expr.Param)
			if !ok || k.T.ID() != types.OIDInt8 {
				return nil, false
			}
			return &plpgsql.Index{Op: 'n', Param: k.Index}, true
		}
		if op := integerOps[x.Proc.Source]; op != 0 {
			l, ok1 := indexOf(x.Args[0])
			r, ok2 := indexOf(x.Args[1])
			return &plpgsql.Index{Op: op, Left: l, Right: r}, ok1 && ok2
		}
	}
	return nil, false
}

// growth tells of an expression that adds to the end of a variable's value what that is and what is added; nil: it is another.
func (st *plStatement) growth(x expr.Expr) (*plpgsql.Growth, error) {
	var pieces []expr.Expr
	kind := plpgsql.GrowText
	for {
		c, ok := x.(*expr.Call)
		if !ok || c.Proc.User || len(c.Args) != 2 {
			break
		}
		switch c.Proc.Source {
		case "textcat":
			pieces = append(pieces, c.Args[1])
		case "array_append":
			kind, pieces = plpgsql.GrowElement, append(pieces, c.Args[1])
		case "array_cat":
			kind, pieces = plpgsql.GrowArray, append(pieces, c.Args[1])
		default:
			if c.Proc.OID != textAnyCat {
				return nil, nil
			}
			one := *c
			one.Args = []expr.Expr{&expr.Const{T: c.Args[0].Type()}, c.Args[1]}
			pieces = append(pieces, &one)
		}
		x = c.Args[0]
		if kind != plpgsql.GrowText {
			break
		}
	}
	k, ok := x.(*expr.Param)
	switch {
	case !ok || len(pieces) == 0 || kind != plpgsql.GrowText && len(pieces) > 1 || k.T.Mod >= 0 || k.T.Kind == types.KindDomain:
		return nil, nil
	case kind == plpgsql.GrowText && k.T.ID() != types.OIDText, kind != plpgsql.GrowText && !k.T.IsArray():
		return nil, nil
	}
	slices.Reverse(pieces)
	p, err := st.compute(pieces, true)
	if err != nil {
		return nil, err
	}
	again := !anyOf(pieces, func(x expr.Expr) bool {
		c, ok := x.(*expr.Call)
		return ok && c.Proc.Volatile == 'v'
	})
	if kind == plpgsql.GrowArray && !again {
		return nil, nil // arrays of other shapes are left to array_cat, which computes the piece anew
	}
	return &plpgsql.Growth{Param: k.Index, Kind: kind, Pieces: p}, nil
}

// textAnyCat is text || anynonarray.
const textAnyCat = 2003

func anyOf(list []expr.Expr, f func(expr.Expr) bool) bool {
	return slices.ContainsFunc(list, func(x expr.Expr) bool { return expr.Any(x, f) })
}
