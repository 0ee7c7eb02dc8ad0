// Package executor turns physical plans into operators and runs them.
//
// Build is the only place that knows all families of operators; Run pumps a plan's rows into a sink. The session calls
// both. What operators promise each other is in package op.
package executor

import (
	"github.com/rowandb/rowan/executor/agg"
	"github.com/rowandb/rowan/executor/dml"
	"github.com/rowandb/rowan/executor/join"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/executor/scan"
	"github.com/rowandb/rowan/executor/sort"
	"github.com/rowandb/rowan/executor/stream"
	"github.com/rowandb/rowan/executor/window"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/physical"
)

// Build makes the operators of a plan. With env.Counts each is wrapped in a counter.
func Build(n physical.Node, env *op.Env) (op.Operator, error) {
	if env.Build == nil {
		env.Build = Build
	}
	if env.Once == nil {
		env.Once = map[*expr.Subquery]any{}
	}
	if env.CTEs == nil {
		env.CTEs = map[int]any{}
	}
	o, err := build(n, env)
	if err != nil {
		return nil, err
	}
	if env.Counts != nil {
		return count(n, o, env.Counts), nil
	}
	return o, nil
}

func build(n physical.Node, env *op.Env) (op.Operator, error) {
	switch n := n.(type) {
	case *physical.TableScan:
		return scan.NewTable(n, env)
	case *physical.CountRows:
		return scan.NewCount(n, env)
	case *physical.LookupJoin:
		return join.NewLookup(n, env)
	case *physical.HashJoin:
		return join.NewHash(n, env)
	case *physical.NestedLoop:
		return join.NewNestedLoop(n, env)
	case *physical.Values:
		return stream.NewValues(n, env)
	case *physical.Feed:
		return stream.NewFeed(n, env)
	case *physical.FunctionScan:
		return stream.NewFunctionScan(n, env)
	case *physical.Filter:
		return stream.NewFilter(n, env)
	case *physical.Project:
		return stream.NewProject(n, env)
	case *physical.ProjectSet:
		return stream.NewProjectSet(n, env)
	case *physical.Limit:
		return stream.NewLimit(n, env)
	case *physical.Append:
		return stream.NewAppend(n, env)
	case *physical.With:
		return stream.NewWith(n, env)
	case *physical.CTEScan:
		return stream.NewCTEScan(n, env)
	case *physical.HashAggregate:
		return agg.NewHash(n, env)
	case *physical.Distinct:
		return agg.NewDistinct(n, env)
	case *physical.SetOp:
		return agg.NewSetOp(n, env)
	case *physical.Sort:
		return sort.New(n, env)
	case *physical.Window:
		return window.New(n, env)
	case *physical.Lock:
		return dml.NewLock(n, env)
	case *physical.Insert:
		return dml.NewInsert(n, env)
	case *physical.Update:
		return dml.NewUpdate(n, env)
	case *physical.Delete:
		return dml.NewDelete(n, env)
	}
	return nil, pgerr.Internal("no operator for %T", n)
}
