package session

import (
	"math"
	"math/bits"
	"strings"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// plInteger computes an expression of nothing but integers, as counters, sums and their comparisons are, without a batch. Where
// the answer is not just a number (something is NULL, a result is out of range, a divisor is 0) it gives up: the program, which
// knows what then holds, computes the expression.
type plInteger struct {
	op   byte
	wide bool // the result is a bigint
	k    int64
	l, r *plInteger
}

// The operations that have no sign of their own.
const (
	opConst = 'k'
	opArg   = 'a'
	opCast  = 'c'
	opLE    = 'l'
	opGE    = 'g'
	opNE    = 'n'
)

var integerOperators = map[string]byte{
	"pl": '+', "mi": '-', "mul": '*', "div": '/', "mod": '%', "lt": '<', "gt": '>', "eq": '=', "le": opLE, "ge": opGE, "ne": opNE,
}

// integerExpression makes one of an expression over slots; nil: it is of more than integers.
func integerExpression(x expr.Expr) *plInteger {
	switch x := x.(type) {
	case *expr.Const:
		if isInteger(x.T) && !x.Value.Null {
			return &plInteger{op: opConst, k: x.Value.I}
		}
	case *expr.Slot:
		if isInteger(x.T) {
			return &plInteger{op: opArg, k: int64(x.Index)}
		}
	case *expr.Call:
		return integerCall(x)
	}
	return nil
}

func isInteger(t types.Type) bool { return t.ID() == types.OIDInt4 || t.ID() == types.OIDInt8 }

func integerCall(c *expr.Call) *plInteger {
	source := c.Proc.Source
	if c.Proc.User || !strings.HasPrefix(source, "int") {
		return nil
	}
	out := &plInteger{wide: c.T.ID() == types.OIDInt8}
	switch {
	case len(c.Args) == 1 && (source == "int48" || source == "int84"):
		out.op = opCast
	case len(c.Args) == 2 && isInteger(c.Args[0].Type()) && isInteger(c.Args[1].Type()):
		out.op = integerOperators[strings.TrimLeft(source[len("int"):], "48")]
		if out.r = integerExpression(c.Args[1]); out.r == nil {
			return nil
		}
	}
	if out.op == 0 {
		return nil
	}
	if out.l = integerExpression(c.Args[0]); out.l == nil {
		return nil
	}
	return out
}

// value computes the expression; false: it gives up.
func (e *plInteger) value(args []types.Datum) (int64, bool) {
	switch e.op {
	case opConst:
		return e.k, true
	case opArg:
		d := &args[e.k]
		return d.I, !d.Null
	case opCast:
		n, ok := e.l.value(args)
		return n, ok && (e.wide || n == int64(int32(n)))
	}
	l, ok := e.l.value(args)
	if !ok {
		return 0, false
	}
	r, ok := e.r.value(args)
	if !ok {
		return 0, false
	}
	return e.operate(l, r)
}

func (e *plInteger) operate(l, r int64) (int64, bool) {
	switch e.op {
	case '<':
		return truth(l < r), true
	case '>':
		return truth(l > r), true
	case '=':
		return truth(l == r), true
	case opLE:
		return truth(l <= r), true
	case opGE:
		return truth(l >= r), true
	case opNE:
		return truth(l != r), true
	}
	n, ok := e.calculate(l, r)
	return n, ok && (e.wide || n == int64(int32(n)))
}

// calculate is false where the result is no bigint.
func (e *plInteger) calculate(l, r int64) (int64, bool) {
	switch e.op {
	case '+':
		n := l + r
		return n, (l^n)&(r^n) >= 0
	case '-':
		n := l - r
		return n, (l^r)&(l^n) >= 0
	case '*':
		hi, lo := bits.Mul64(uint64(l), uint64(r))
		high := int64(hi) - l>>63&r - r>>63&l
		return int64(lo), high == int64(lo)>>63
	}
	if r == 0 || l == math.MinInt64 {
		return 0, false
	}
	if e.op == '/' {
		return l / r, true
	}
	return l % r, true
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
