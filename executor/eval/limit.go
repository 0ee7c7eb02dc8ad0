package eval

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
)

// LimitOffset computes LIMIT and OFFSET, either of which may be nil: a count of -1 is no limit.
func LimitOffset(limit, offset expr.Expr, env *op.Env) (count, skip int64, err error) {
	count = -1
	if offset != nil {
		d, err := Value(offset, env)
		if err != nil {
			return 0, 0, err
		}
		if d.I < 0 && !d.Null {
			return 0, 0, pgerr.New(pgerrcode.InvalidRowCountInResultOffsetClause, "OFFSET must not be negative")
		}
		if !d.Null {
			skip = d.I
		}
	}
	if limit != nil {
		d, err := Value(limit, env)
		if err != nil {
			return 0, 0, err
		}
		if d.I < 0 && !d.Null {
			return 0, 0, pgerr.New(pgerrcode.InvalidRowCountInLimitClause, "LIMIT must not be negative")
		}
		if !d.Null {
			count = d.I
		}
	}
	return count, skip, nil
}
