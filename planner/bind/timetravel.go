package bind

import (
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// tableSample binds AS OF, which parse has written as a sampling method; there are no others.
func (q *query) tableSample(n *pg.RangeTableSample) (logical.Node, []*item, error) {
	method := nameText(n.Method)
	if method != parse.AsOf && method != parse.AsOfAll {
		if method == "system" || method == "bernoulli" {
			return nil, nil, pgerr.Unsupported("TABLESAMPLE").At(int(n.Location))
		}
		return nil, nil, pgerr.New(pgerrcode.UndefinedObject, "tablesample method %s does not exist", method).At(int(n.Location))
	}
	rv := n.Relation.GetRangeVar()
	if rv == nil {
		return nil, nil, pgerr.New(pgerrcode.SyntaxError, "AS OF can only be applied to tables and views").At(int(n.Location))
	}
	point, err := q.b.pointOf(n)
	if err != nil {
		return nil, nil, err
	}
	if rv.Schemaname == "" && rv.Catalogname == "" && q.findCTE(rv.Relname) != nil {
		return nil, nil, pgerr.New(pgerrcode.WrongObjectType, "AS OF cannot be applied to WITH query \"%s\"", rv.Relname).At(int(rv.Location))
	}
	return q.rangeVar(rv, point)
}

// pointOf evaluates the point of an AS OF. It must be constant: which catalog holds depends on it.
func (b *binder) pointOf(n *pg.RangeTableSample) (string, error) {
	p, late, err := b.pointText(n)
	if err == nil && p == "" && !late {
		err = pgerr.New(pgerrcode.InvalidParameterValue, "the point of AS OF must not be empty").At(int(n.Location))
	}
	return p, err
}

// pointText is pointOf; late: the point is a parameter whose value is not known yet.
func (b *binder) pointText(n *pg.RangeTableSample) (point string, late bool, err error) {
	pos := int(n.Location)
	if len(n.Args) != 1 {
		return "", false, pgerr.New(pgerrcode.SyntaxError, "AS OF takes one point").At(pos)
	}
	e, err := b.child(nil).in(kindOther, n.Args[0])
	if err != nil {
		if code := pgerr.Code(err); code == pgerrcode.UndefinedColumn || code == pgerrcode.UndefinedTable {
			err = pgerr.From(err).WithHint("The name of a branch, tag or other point stands in single quotes: AS OF 'dev'. A name without quotes is an argument or variable of the function.")
		}
		return "", false, err
	}
	params := hasParams(e)
	if params && !b.opts.Late {
		return "", false, pgerr.Unsupported("a parameter as the point of AS OF").At(pos)
	}
	if k, ok := e.(*expr.Const); ok && !k.Value.Null {
		switch k.T.ID() {
		case types.OIDUnknown, types.OIDText, types.OIDVarchar:
			return k.Value.S, false, nil
		case types.OIDInt4, types.OIDInt8:
			return numberPoint(k.Value.I, nameText(n.Method)), false, nil
		}
	}
	t := pointType(e.Type())
	if e, _, err = b.coerceTo(e, t, cast{explicit, expr.FormCast, pos}); err != nil {
		return "", false, err
	}
	if params {
		if e = b.withArgs(e); e == nil {
			return "", true, nil
		}
	}
	if b.opts.Fold == nil || !expr.IsConstant(e) {
		return "", false, pgerr.New(pgerrcode.FeatureNotSupported, "the point of AS OF must be a constant").At(pos)
	}
	b.out.Once = true
	d, err := b.opts.Fold(e)
	if err != nil {
		return "", false, pgerr.From(err).At(pos)
	}
	if d.Null {
		return "", false, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "the point of AS OF must not be null").At(pos)
	}
	return string(types.AppendText(nil, t, d, types.DefaultFormat())), false, nil
}

// pointType is the type that a point is read as: times are those of the session's zone, whatever its styles.
func pointType(t types.Type) types.Type {
	switch t.ID() {
	case types.OIDDate, types.OIDTimestamp, types.OIDTimestamptz:
		return builtinType(types.OIDTimestamptz)
	case types.OIDInterval:
		return builtinType(types.OIDInterval)
	}
	return typeText
}

// numberPoint reads a number: an SCN, or in AS OF SYSTEM TIME, when it is that large, nanoseconds since 1970.
func numberPoint(n int64, method string) string {
	const nanosInYear2001 = 1e18
	if method != parse.AsOf && n > nanosInYear2001 {
		return time.Unix(0, n).UTC().Format("2006-01-02 15:04:05.999999-07")
	}
	return strconv.FormatInt(n, 10)
}

// branchPoint reads branch[@point].
func branchPoint(s string) catalog.Ref {
	branch, point, _ := strings.Cut(s, "@")
	return catalog.Ref{Branch: branch, Point: point}
}

func hasParams(e expr.Expr) bool {
	return expr.Any(e, func(x expr.Expr) bool { _, ok := x.(*expr.Param); return ok })
}

// withArgs puts the values of parameters in their places, and notes that the plan depends on them; nil: they are not known yet.
func (b *binder) withArgs(e expr.Expr) expr.Expr {
	b.out.ByArgs, b.out.Once = true, true
	if b.opts.Args == nil {
		return nil
	}
	var put func(e expr.Expr) expr.Expr
	put = func(e expr.Expr) expr.Expr {
		if p, ok := e.(*expr.Param); ok && p.Index < len(b.opts.Args) {
			return &expr.Const{Value: b.opts.Args[p.Index], T: p.T}
		}
		return expr.MapChildren(e, put)
	}
	return put(e)
}
