package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// indirection binds x.field, x[i] and x[l:u], in any mixture.
func (q *query) indirection(n *pg.A_Indirection) (expr.Expr, error) {
	e, err := q.expr(n.Arg)
	if err != nil {
		return nil, err
	}
	pos := location(n.Arg)
	for i := 0; i < len(n.Indirection); {
		switch x := n.Indirection[i].GetNode().(type) {
		case *pg.Node_AIndices:
			last := i
			for last < len(n.Indirection) && n.Indirection[last].GetAIndices() != nil {
				last++
			}
			e, err = q.subscript(e, n.Indirection[i:last], pos)
			i = last
		case *pg.Node_String_:
			e, err = q.field(e, x.String_.GetSval(), pos)
			i++
		default:
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "row expansion via \"*\" is not supported here").At(pos)
		}
		if err != nil {
			return nil, err
		}
	}
	return e, nil
}

// field selects a field of a composite value, or calls a function of that name.
func (q *query) field(e expr.Expr, name string, pos int) (expr.Expr, error) {
	d := baseType(e.Type().Def)
	for i, f := range d.Fields {
		if f.Name == name {
			if row, ok := e.(*expr.Row); ok {
				return row.Fields[i], nil
			}
			return &expr.Field{Arg: e, Index: i, Name: name, T: f.Type}, nil
		}
	}
	c := &call{name: []string{name}, args: []expr.Expr{e}, pos: pos}
	if o, err := q.b.overload(c); err == nil && o.cand != nil && o.cand.proc.Kind == 'f' && isRow(d) {
		r, err := q.b.resolve(c, o.cand)
		if err != nil {
			return nil, err
		}
		return &expr.Call{Proc: r.proc, Args: r.args, T: r.result, Pos: pos}, nil
	}
	if row, ok := e.(*expr.Row); ok && catalog.RowTypeOf(d.OID) != 0 {
		if c, ok := row.Fields[0].(*expr.Column); ok && q.b.info(c.ID).item != nil {
			return nil, pgerr.New(pgerrcode.UndefinedColumn, "column %s.%s does not exist", q.b.info(c.ID).item.name, name).At(pos)
		}
	}
	switch {
	case d.OID == types.OIDRecord && d.Name != "record":
		return nil, pgerr.New(pgerrcode.UndefinedColumn, "column %s.%s does not exist", d.Name, name).At(pos)
	case d.OID == types.OIDRecord:
		return nil, pgerr.New(pgerrcode.UndefinedColumn, "could not identify column \"%s\" in record data type", name).At(pos)
	case isRow(d):
		return nil, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" not found in data type %s", name, q.b.formatType(d)).At(pos)
	}
	return nil, pgerr.New(pgerrcode.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, q.b.formatType(e.Type().Def)).At(pos)
}

// subscript binds the subscripts that follow one another.
func (q *query) subscript(e expr.Expr, nodes []*pg.Node, pos int) (expr.Expr, error) {
	t := baseTypeMod(e.Type())
	if t.OID == types.OIDJSONB {
		return q.jsonSubscript(e, nodes)
	}
	if t.OID == types.OIDName && len(nodes) == 1 && !nodes[0].GetAIndices().GetIsSlice() {
		return q.nameSubscript(e, nodes[0].GetAIndices().GetUidx(), pos)
	}
	if !isArrayLike(t.Def) {
		return nil, pgerr.New(pgerrcode.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", q.b.formatType(e.Type().Def)).At(pos)
	}
	if t.OID != e.Type().OID {
		e = &expr.Relabel{Arg: e, T: types.Of(t.Def), Form: expr.FormImplicitCast}
	}
	s := &expr.Subscript{Arg: e, T: types.Type{Def: t.Elem, Mod: t.Mod}}
	for _, n := range nodes {
		s.Slice = s.Slice || n.GetAIndices().IsSlice
	}
	if s.Slice {
		s.T = types.Of(t.Def)
	}
	for _, n := range nodes {
		ix := n.GetAIndices()
		var bound expr.SubscriptBound
		var err error
		if bound.Lower, err = q.bound(ix.Lidx); err != nil {
			return nil, err
		}
		if bound.Upper, err = q.bound(ix.Uidx); err != nil {
			return nil, err
		}
		if s.Slice && !ix.IsSlice {
			bound.Lower = &expr.Const{Value: types.Int(1), T: typeInt4}
		}
		s.Index = append(s.Index, bound)
	}
	return s, nil
}

func (q *query) bound(n *pg.Node) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := q.expr(n)
	if err != nil {
		return nil, err
	}
	out, ok, err := q.b.coerceTo(e, typeInt4, cast{assignment, expr.FormImplicitCast, location(n)})
	if err == nil && !ok {
		err = pgerr.New(pgerrcode.DatatypeMismatch, "array subscript must have type integer").At(location(n))
	}
	return out, err
}

// jsonSubscript is jsonb[key]: the same as jsonb_extract_path.
func (q *query) jsonSubscript(e expr.Expr, nodes []*pg.Node) (expr.Expr, error) {
	path := &expr.Array{T: typeTextArray}
	for _, n := range nodes {
		ix := n.GetAIndices()
		if ix.IsSlice {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "jsonb subscript does not support slices").At(location(ix.Uidx))
		}
		k, err := q.expr(ix.Uidx)
		if err != nil {
			return nil, err
		}
		if k.Type().ID() != types.OIDUnknown && k.Type().ID() != types.OIDText && k.Type().ID() != types.OIDInt4 {
			return nil, pgerr.New(pgerrcode.DatatypeMismatch, "subscript type %s is not supported", q.b.formatType(k.Type().Def)).
				WithHint("jsonb subscript must be coercible to either integer or text.").At(location(ix.Uidx))
		}
		k, _, err = q.b.coerceTo(k, typeText, cast{explicit, expr.FormImplicitCast, location(ix.Uidx)})
		if err != nil {
			return nil, err
		}
		path.Elems = append(path.Elems, k)
	}
	for _, p := range builtin.ProcsByName("jsonb_extract_path") {
		if err := q.b.supported(p, location(nodes[0])); err != nil {
			return nil, err
		}
		return &expr.Call{Proc: p, Args: []expr.Expr{e, path}, T: builtinType(types.OIDJSONB), Variadic: true, Pos: -1}, nil
	}
	return nil, pgerr.Unsupported("subscripting jsonb")
}

// nameSubscript is name[i], the character at i counted from 0: pg_dump asks for it.
func (q *query) nameSubscript(e expr.Expr, index *pg.Node, pos int) (expr.Expr, error) {
	at, err := q.expr(index)
	if err != nil {
		return nil, err
	}
	if at, err = q.b.require(at, typeInt4, "array subscript", pos); err != nil {
		return nil, err
	}
	next := &expr.Call{Proc: builtin.ProcByOID(procInt4Plus), Args: []expr.Expr{at, &expr.Const{Value: types.Int(1), T: typeInt4}}, T: typeInt4, Pos: pos}
	text := &expr.Relabel{Arg: e, T: typeText, Form: expr.FormImplicitCast}
	one := &expr.Call{Proc: builtin.ProcByOID(procSubstr), Args: []expr.Expr{text, next, &expr.Const{Value: types.Int(1), T: typeInt4}}, T: typeText, Pos: pos}
	return &expr.Call{Proc: builtin.ProcByOID(procTextChar), Args: []expr.Expr{one}, T: types.Of(types.Builtin(types.OIDChar)), Pos: pos}, nil
}

// OIDs of the functions that a subscript of a name is made of.
const (
	procInt4Plus types.OID = 177
	procSubstr   types.OID = 877
	procTextChar types.OID = 944
)
