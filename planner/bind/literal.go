package bind

import (
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// literal makes the constant of an untyped literal; its type is decided by where it stands.
func (b *binder) literal(s string, pos int) *expr.Const {
	c := &expr.Const{Value: types.String(s), T: typeUnknown}
	b.place(c, pos)
	return c
}

// place remembers where a literal stands, for the error should it not fit its type.
func (b *binder) place(c *expr.Const, pos int) {
	if b.places == nil {
		b.places = map[*expr.Const]int{}
	}
	b.places[c] = pos
}

// inputType is the type that a literal is read as: without its modifier, which is a conversion of its own, but for intervals,
// where it tells what '10' counts.
func inputType(t types.Type) types.Type {
	in := types.Of(t.Def)
	if t.OID == types.OIDInterval {
		in.Mod = t.Mod
	}
	return in
}

// coerceLiteral gives an untyped literal the type t by t's input function.
func (b *binder) coerceLiteral(c *expr.Const, t types.Type, k cast) (expr.Expr, error) {
	pos, ok := b.places[c]
	if !ok {
		pos = k.pos
	}
	if t.Kind != types.KindDomain {
		return b.takenLiteral(c.Value, inputType(t), pos)
	}
	base := baseTypeMod(types.Of(t.Def))
	e, err := b.takenLiteral(c.Value, inputType(base), pos)
	if err != nil {
		return nil, err
	}
	if base.Mod >= 0 {
		if e, err = b.applyMod(e, base, cast{k.context, expr.FormImplicitCast, pos}, true); err != nil {
			return nil, err
		}
	}
	return b.domain(e, t, k)
}

// takenLiteral is input, with what domains demand of the elements and fields of the value.
func (b *binder) takenLiteral(d types.Datum, t types.Type, pos int) (expr.Expr, error) {
	e, err := b.input(d, t, pos)
	if err != nil || d.Null {
		return e, err
	}
	checked, err := b.taken(e, t, cast{assignment, expr.FormImplicitCast, pos})
	if _, read := e.(*expr.Const); err != nil || checked == e || !read || b.opts.Fold == nil {
		return checked, err
	}
	if _, err := b.opts.Fold(checked); err != nil {
		return nil, pgerr.From(err).At(pos)
	}
	return e, nil
}

// input converts a literal's text to a value of type t. Those that mean another value each time stay conversions.
func (b *binder) input(d types.Datum, t types.Type, pos int) (expr.Expr, error) {
	if d.Null {
		return &expr.Const{Value: d, T: t}, nil
	}
	if v, ok := quickInput(d.S, t.OID); ok {
		return &expr.Const{Value: v, T: t}, nil
	}
	switch {
	case t.Kind == types.KindEnum:
		return b.enumInput(d.S, t, pos)
	case t.Kind == types.KindPseudo && t.OID != types.OIDRecord && t.OID != types.OIDCstring && t.OID != types.OIDVoid && t.OID != types.OIDUnknown:
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "cannot accept a value of type %s", b.formatType(t.Def)).At(pos)
	}
	if timeless(t.Def) {
		v, err := types.ParseText(t, d.S, defaultFormat)
		if err != nil {
			return nil, pgerr.From(err).At(pos)
		}
		return &expr.Const{Value: v, T: t}, nil
	}
	switch t.OID {
	case types.OIDRegclass:
		if e, err := b.relationLiteral(d.S, t, pos); e != nil || err != nil {
			return e, err
		}
	case types.OIDRegtype:
		if e, err := b.typeLiteral(d.S, t, pos); e != nil || err != nil {
			b.traceNamed(e)
			return e, err
		}
	}
	conv := &expr.IOCast{Arg: &expr.Const{Value: d, T: typeUnknown}, T: t, Form: expr.FormCast, Pos: pos}
	if b.opts.Fold == nil || isMoment(d.S, t.OID) {
		return conv, nil
	}
	v, err := b.opts.Fold(conv)
	if err != nil {
		return nil, pgerr.From(err).At(pos)
	}
	out := &expr.Const{Value: v, T: t}
	b.traceNamed(out)
	return out, nil
}

var defaultFormat = types.DefaultFormat()

// timeless reports whether a type's input depends on no setting, so that it can be read here and now.
func timeless(d *types.Def) bool {
	switch d.OID {
	case types.OIDBool, types.OIDBytea, types.OIDName, types.OIDInt2, types.OIDInt4, types.OIDInt8, types.OIDFloat4, types.OIDFloat8,
		types.OIDNumeric, types.OIDUUID, types.OIDJSON, types.OIDJSONB, types.OIDOid, types.OIDBit, types.OIDVarbit, types.OIDInet,
		types.OIDCidr, types.OIDMacaddr, types.OIDChar, types.OIDXid, types.OIDTid, types.OIDPgLSN, types.OIDInt2Vector, types.OIDOidVector:
		return true
	}
	return isTrueArray(d) && d.OID != types.OIDRecordArray && timeless(d.Elem) || isTrueArray(d) && collatable(d)
}

// quickInput knows the plain spellings of the commonest types; whatever else goes the long way, errors included.
func quickInput(s string, t types.OID) (types.Datum, bool) {
	switch t {
	case types.OIDText, types.OIDVarchar, types.OIDBpchar, types.OIDUnknown, types.OIDCstring:
		return types.String(s), true
	case types.OIDName:
		return types.String(s), len(s) < 64
	case types.OIDInt8:
		return quickInt(s, 64)
	case types.OIDInt4:
		return quickInt(s, 32)
	case types.OIDInt2:
		return quickInt(s, 16)
	case types.OIDOid:
		n, err := strconv.ParseUint(s, 10, 32)
		return types.Int(int64(n)), err == nil
	case types.OIDBool:
		switch s {
		case "t", "true":
			return types.Bool(true), true
		case "f", "false":
			return types.Bool(false), true
		}
	case types.OIDFloat8:
		return quickFloat(s)
	}
	return types.Datum{}, false
}

func quickInt(s string, bits int) (types.Datum, bool) {
	n, err := strconv.ParseInt(s, 10, bits)
	return types.Int(n), err == nil
}

// quickFloat takes plain decimal spellings only: Go knows more of them than PostgreSQL.
func quickFloat(s string) (types.Datum, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' {
			return types.Datum{}, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return types.Float(f), err == nil && !math.IsInf(f, 0)
}

// isMoment reports whether a literal of a date or time type means the time at which it is read.
func isMoment(s string, t types.OID) bool {
	switch t {
	case types.OIDDate, types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz:
	default:
		return false
	}
	s = strings.ToLower(s)
	for _, w := range []string{"now", "today", "tomorrow", "yesterday"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func (b *binder) enumInput(s string, t types.Type, pos int) (expr.Expr, error) {
	v, err := types.ParseEnum(t.Def, s, b.formatType)
	if err != nil {
		return nil, pgerr.From(err).At(pos)
	}
	return &expr.Const{Value: v, T: t}, nil
}

// param makes a reference to a parameter, whose type may still be open.
func (b *binder) param(n, pos int) (expr.Expr, error) {
	if b.opts.NoParams || b.params == nil || n < 1 || n > 65535 {
		return nil, pgerr.New(pgerrcode.UndefinedParameter, "there is no parameter $%d", n).At(pos)
	}
	if b.opts.Body != nil && n > len(*b.params) {
		return nil, pgerr.New(pgerrcode.UndefinedParameter, "there is no parameter $%d", n).At(pos)
	}
	for len(*b.params) < n {
		*b.params = append(*b.params, types.Type{})
	}
	t := (*b.params)[n-1]
	if !t.Known() {
		t = typeUnknown
	}
	p := &expr.Param{Index: n - 1, T: t}
	b.paramPlaces = append(b.paramPlaces, paramPlace{param: p, pos: pos, settled: t.ID() != types.OIDUnknown})
	return p, nil
}

// paramPlace is one reference to a parameter; settled says that its type was known, or has been decided, there.
type paramPlace struct {
	param   *expr.Param
	pos     int
	settled bool
}

// coerceParam decides the type of a parameter by its first use.
func (b *binder) coerceParam(p *expr.Param, t types.Type, k cast) (expr.Expr, error) {
	b.settle(p)
	slot := &(*b.params)[p.Index]
	if !slot.Known() || slot.ID() == types.OIDUnknown {
		*slot = types.Of(t.Def)
	}
	if slot.ID() == t.ID() {
		return &expr.Param{Index: p.Index, T: types.Of(t.Def)}, nil
	}
	known := &expr.Param{Index: p.Index, T: *slot}
	out, ok, err := b.coerceTo(known, types.Of(t.Def), cast{k.context, k.form, k.pos})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, pgerr.New(pgerrcode.AmbiguousParameter, "inconsistent types deduced for parameter $%d", p.Index+1).
			WithDetail("%s versus %s", b.formatType(slot.Def), b.formatType(t.Def)).At(b.paramPos(p.Index))
	}
	return out, nil
}

// settle notes that a reference to a parameter has a type now.
func (b *binder) settle(p *expr.Param) {
	for i := range b.paramPlaces {
		if b.paramPlaces[i].param == p {
			b.paramPlaces[i].settled = true
		}
	}
}

func (b *binder) paramPos(index int) int {
	for _, p := range b.paramPlaces {
		if p.param.Index == index {
			return p.pos
		}
	}
	return -1
}

// checkParams sees to it that every parameter has a type at the end.
func (b *binder) checkParams() error {
	if b.params == nil {
		return nil
	}
	for _, p := range b.paramPlaces {
		if t := (*b.params)[p.param.Index]; !t.Known() || t.ID() == types.OIDUnknown {
			continue
		}
		if !p.settled {
			return pgerr.New(pgerrcode.AmbiguousParameter, "could not determine data type of parameter $%d", p.param.Index+1).At(p.pos)
		}
	}
	for i, t := range *b.params {
		if !t.Known() || t.ID() == types.OIDUnknown {
			return pgerr.New(pgerrcode.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	return nil
}

// known gives an expression that is still untyped the type text, as in a select list.
func (b *binder) known(e expr.Expr) (expr.Expr, error) {
	if e.Type().ID() != types.OIDUnknown {
		return e, nil
	}
	return b.coerce(e, typeText, cast{implicit, expr.FormImplicitCast, -1})
}

// number makes the constant of a numeric literal: integer if it fits, bigint if it fits, else numeric.
func (b *binder) number(s string, pos int) (expr.Expr, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && !strings.Contains(s, "_") {
		return &expr.Const{Value: types.Int(n), T: typeInt8}, nil
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		if n == int64(int32(n)) {
			return &expr.Const{Value: types.Int(n), T: typeInt4}, nil
		}
		return &expr.Const{Value: types.Int(n), T: typeInt8}, nil
	}
	return b.input(types.String(s), typeNumeric, pos)
}
