package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// windowCall is a window function of a query level. Its value is seen as column id.
type windowCall struct {
	id   expr.ColumnID
	name string
	fn   logical.WindowFunc
	spec *windowSpec
}

// windowSpec is a window: its partitions, order and frame.
type windowSpec struct {
	partition []expr.Expr
	order     []expr.SortKey
	frame     logical.Frame
	options   int32
}

// Bits of WindowDef.FrameOptions.
const (
	frameNonDefault       = 0x00001
	frameRange            = 0x00002
	frameRows             = 0x00004
	frameGroups           = 0x00008
	frameStartUnbounded   = 0x00020
	frameEndUnboundedPrec = 0x00040
	frameStartUnboundFoll = 0x00080
	frameEndUnbounded     = 0x00100
	frameStartCurrent     = 0x00200
	frameEndCurrent       = 0x00400
	frameStartPreceding   = 0x00800
	frameEndPreceding     = 0x01000
	frameStartFollowing   = 0x02000
	frameEndFollowing     = 0x04000
	frameExcludeRow       = 0x08000
	frameExcludeGroup     = 0x10000
	frameExcludeTies      = 0x20000
)

// window binds a call with OVER.
func (q *query) window(n *pg.FuncCall, c *call, r *resolved) (expr.Expr, error) {
	if err := q.windowForm(n, c, r); err != nil {
		return nil, err
	}
	if err := q.checkWindow(c.pos); err != nil {
		return nil, err
	}
	if err := q.b.callable(r.proc, c.pos); err != nil {
		return nil, err
	}
	for _, e := range r.args {
		if err := q.noNestedWindow(e); err != nil {
			return nil, err
		}
	}
	spec, err := q.windowSpec(n.Over)
	if err != nil {
		return nil, err
	}
	fn := logical.WindowFunc{Proc: r.proc, Args: r.args, Aggregate: r.proc.Kind == 'a', T: r.result}
	if fn.Filter, err = q.where(kindFilter, n.AggFilter, "FILTER"); err != nil {
		return nil, err
	}
	w := &windowCall{id: q.b.newColumn(q), name: r.proc.Name, fn: fn, spec: spec}
	q.b.info(w.id).kind = 'w'
	q.windows = append(q.windows, w)
	return &expr.Column{ID: w.id, T: r.result, Name: w.name, Pos: c.pos}, nil
}

func (q *query) windowForm(n *pg.FuncCall, c *call, r *resolved) error {
	fail := func(code, format string, args ...any) error { return pgerr.New(code, format, args...).At(c.pos) }
	switch {
	case n.Over == nil:
		return fail(pgerrcode.WrongObjectType, "window function %s requires an OVER clause", c.text())
	case n.AggWithinGroup:
		return fail(pgerrcode.WrongObjectType, "window function %s cannot have WITHIN GROUP", c.text())
	case n.AggDistinct:
		return fail(pgerrcode.FeatureNotSupported, "DISTINCT is not implemented for window functions")
	case r.proc.Kind == 'a' && len(c.args) == 0 && !n.AggStar:
		return fail(pgerrcode.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", c.text())
	case n.AggOrder != nil:
		return fail(pgerrcode.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions")
	case r.proc.Kind != 'a' && n.AggFilter != nil:
		return fail(pgerrcode.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions")
	}
	return nil
}

func (q *query) noNestedWindow(e expr.Expr) error {
	var bad error
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok {
			switch info := q.b.info(c.ID); {
			case info.kind == 'w' && info.owner == q:
				bad = pgerr.New(pgerrcode.WindowingError, "window function calls cannot be nested").At(c.Pos)
			case info.kind == 's' && info.owner == q:
				bad = pgerr.New(pgerrcode.FeatureNotSupported, "window function calls cannot contain set-returning function calls").
					WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(c.Pos)
			}
		}
		return bad == nil
	})
	return bad
}

// windowSpec binds OVER name and OVER (…).
func (q *query) windowSpec(d *pg.WindowDef) (*windowSpec, error) {
	if d.Name != "" {
		return q.namedWindow(d.Name, int(d.Location))
	}
	return q.defineWindow(d)
}

// namedWindow finds a window of the WINDOW clause; each is bound at its first use.
func (q *query) namedWindow(name string, pos int) (*windowSpec, error) {
	if s := q.named[name]; s != nil {
		return s, nil
	}
	for _, w := range q.windowDefs {
		d := w.GetWindowDef()
		if d.Name != name {
			continue
		}
		s, err := q.defineWindow(d)
		if err != nil {
			return nil, err
		}
		if q.named == nil {
			q.named = map[string]*windowSpec{}
		}
		q.named[name] = s
		return s, nil
	}
	return nil, pgerr.New(pgerrcode.UndefinedObject, "window \"%s\" does not exist", name).At(pos)
}

// bindWindows binds the windows of the WINDOW clause that nothing has used, for their errors.
func (q *query) bindWindows() error {
	seen := map[string]bool{}
	for _, w := range q.windowDefs {
		d := w.GetWindowDef()
		if seen[d.Name] {
			return pgerr.New(pgerrcode.WindowingError, "window \"%s\" is already defined", d.Name).At(int(d.Location))
		}
		seen[d.Name] = true
		if _, err := q.namedWindow(d.Name, int(d.Location)); err != nil {
			return err
		}
	}
	return nil
}

func (q *query) defineWindow(d *pg.WindowDef) (*windowSpec, error) {
	s := &windowSpec{options: d.FrameOptions}
	if d.Refname != "" {
		if err := q.inheritWindow(s, d); err != nil {
			return nil, err
		}
	}
	for _, p := range d.PartitionClause {
		e, err := q.in(kindPartition, p)
		if err != nil {
			return nil, err
		}
		if e, err = q.b.known(e); err != nil {
			return nil, err
		}
		if err := q.noNestedWindow(e); err != nil {
			return nil, err
		}
		if err := q.b.checkEquality(e.Type().Def, location(p)); err != nil {
			return nil, err
		}
		s.partition = append(s.partition, e)
	}
	for _, o := range d.OrderClause {
		sb := o.GetSortBy()
		e, err := q.in(kindWindowOrder, sb.Node)
		if err != nil {
			return nil, err
		}
		if err := q.noNestedWindow(e); err != nil {
			return nil, err
		}
		k, err := q.b.sortKey(e, sb)
		if err != nil {
			return nil, err
		}
		s.order = append(s.order, k)
	}
	return s, q.frame(s, d)
}

// inheritWindow copies the window that another refers to.
func (q *query) inheritWindow(s *windowSpec, d *pg.WindowDef) error {
	pos := int(d.Location)
	base, err := q.namedWindow(d.Refname, pos)
	if err != nil {
		return err
	}
	switch {
	case d.PartitionClause != nil:
		return pgerr.New(pgerrcode.WindowingError, "cannot override PARTITION BY clause of window \"%s\"", d.Refname).At(pos)
	case d.OrderClause != nil && base.order != nil:
		return pgerr.New(pgerrcode.WindowingError, "cannot override ORDER BY clause of window \"%s\"", d.Refname).At(pos)
	case base.options&frameNonDefault != 0:
		return pgerr.New(pgerrcode.WindowingError, "cannot copy window \"%s\" because it has a frame clause", d.Refname).At(pos)
	}
	s.partition, s.order = base.partition, base.order
	return nil
}

func (q *query) frame(s *windowSpec, d *pg.WindowDef) error {
	o := d.FrameOptions
	f := &s.frame
	kind, what := kindFrameRange, "RANGE"
	switch {
	case o&frameRows != 0:
		f.Mode, kind, what = 'r', kindFrameRows, "ROWS"
	case o&frameGroups != 0:
		f.Mode, kind, what = 'g', kindFrameGroups, "GROUPS"
		if len(s.order) == 0 {
			return pgerr.New(pgerrcode.WindowingError, "GROUPS mode requires an ORDER BY clause").At(int(d.Location))
		}
	default:
		f.Mode = 'v'
		if o&(frameStartPreceding|frameEndPreceding|frameStartFollowing|frameEndFollowing) != 0 && len(s.order) != 1 {
			return pgerr.New(pgerrcode.WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column").At(int(d.Location))
		}
	}
	switch {
	case o&frameExcludeRow != 0:
		f.Exclude = 'r'
	case o&frameExcludeGroup != 0:
		f.Exclude = 'g'
	case o&frameExcludeTies != 0:
		f.Exclude = 't'
	}
	f.Start.Kind = pickBound(o, frameStartUnbounded, frameStartPreceding, frameStartFollowing, frameStartUnboundFoll, 'U')
	f.End.Kind = pickBound(o, frameEndUnboundedPrec, frameEndPreceding, frameEndFollowing, frameEndUnbounded, 'c')
	if o&frameStartCurrent != 0 {
		f.Start.Kind = 'c'
	}
	var err error
	if f.Start.Offset, err = q.frameOffset(d.StartOffset, kind, what, s); err != nil {
		return err
	}
	f.End.Offset, err = q.frameOffset(d.EndOffset, kind, what, s)
	return err
}

func pickBound(o int32, unboundPrec, prec, foll, unboundFoll int32, other byte) byte {
	switch {
	case o&unboundPrec != 0:
		return 'U'
	case o&prec != 0:
		return 'p'
	case o&foll != 0:
		return 'f'
	case o&unboundFoll != 0:
		return 'u'
	}
	return other
}

// frameOffset binds the distance of a frame's end.
func (q *query) frameOffset(n *pg.Node, kind exprKind, what string, s *windowSpec) (expr.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := q.in(kind, n)
	if err != nil {
		return nil, err
	}
	want := typeInt8
	if kind == kindFrameRange {
		if want, err = q.b.rangeOffset(s.order[0].Expr.Type().Def, location(n)); err != nil {
			return nil, err
		}
	}
	if e, err = q.b.require(e, want, what, location(n)); err != nil {
		return nil, err
	}
	if expr.Any(e, func(x expr.Expr) bool { _, ok := x.(*expr.Column); return ok }) {
		return nil, pgerr.New(pgerrcode.InvalidColumnReference, "argument of %s must not contain variables", what).At(location(n))
	}
	return e, nil
}

// rangeOffset is the type of the distance between values of a type.
func (b *binder) rangeOffset(t *types.Def, pos int) (types.Type, error) {
	switch d := baseType(t); d.OID {
	case types.OIDInt2, types.OIDInt4, types.OIDInt8:
		return typeInt8, nil
	case types.OIDFloat4, types.OIDFloat8:
		return typeFloat8, nil
	case types.OIDNumeric:
		return typeNumeric, nil
	case types.OIDDate, types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz, types.OIDInterval:
		return typeInterval, nil
	}
	return types.Type{}, pgerr.New(pgerrcode.FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", b.formatType(t)).At(pos)
}

// same reports whether two windows are one.
func (s *windowSpec) same(t *windowSpec) bool {
	return s == t || expr.EqualAll(s.partition, t.partition) && sameKeys(s.order, t.order) && sameFrame(s.frame, t.frame)
}

func sameKeys(a, b []expr.SortKey) bool {
	return slices.EqualFunc(a, b, func(x, y expr.SortKey) bool {
		return x.Desc == y.Desc && x.NullsFirst == y.NullsFirst && expr.Equal(x.Expr, y.Expr)
	})
}

func sameFrame(a, b logical.Frame) bool {
	return a.Mode == b.Mode && a.Exclude == b.Exclude && sameBound(a.Start, b.Start) && sameBound(a.End, b.End)
}

func sameBound(a, b logical.FrameBound) bool {
	return a.Kind == b.Kind && (a.Offset == nil) == (b.Offset == nil) && (a.Offset == nil || expr.Equal(a.Offset, b.Offset))
}

// addWindows puts Window nodes over the input, one for each different window.
func (q *query) addWindows(in logical.Node) (logical.Node, error) {
	done := make([]bool, len(q.windows))
	for i, w := range q.windows {
		if done[i] {
			continue
		}
		spec, err := q.ungroupSpec(w.spec)
		if err != nil {
			return nil, err
		}
		node := &logical.Window{Input: in, Partition: spec.partition, Order: spec.order, Frame: spec.frame}
		for j := i; j < len(q.windows); j++ {
			v := q.windows[j]
			if done[j] || !v.spec.same(w.spec) {
				continue
			}
			done[j] = true
			fn := v.fn
			if fn.Args, err = q.ungroupAll(fn.Args); err != nil {
				return nil, err
			}
			if fn.Filter, err = q.ungroup(fn.Filter); err != nil {
				return nil, err
			}
			node.Funcs = append(node.Funcs, fn)
			node.Cols = append(node.Cols, logical.Column{ID: v.id, Name: v.name, Type: fn.T})
		}
		in = node
	}
	return in, nil
}

// ungroupSpec rewrites a window's expressions to the output of the grouping below it.
func (q *query) ungroupSpec(s *windowSpec) (*windowSpec, error) {
	out := *s
	var err error
	if out.partition, err = q.ungroupAll(s.partition); err != nil {
		return nil, err
	}
	out.order = slices.Clone(s.order)
	for i := range out.order {
		if out.order[i].Expr, err = q.ungroup(out.order[i].Expr); err != nil {
			return nil, err
		}
	}
	return &out, nil
}
