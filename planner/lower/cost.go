package lower

import (
	"math"

	"github.com/rowandb/rowan/planner/estimate"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
)

// PostgreSQL's cost constants, in units of one sequential page. The page of Rowan is imagined: rowsPerPage rows.
const (
	cpuTuple    = 0.01
	cpuIndex    = 0.005
	cpuOperator = 0.0025
	seqPage     = 1.0
	randomPage  = 4.0
	seekCost    = 0.25 // to begin reading a key range; rows are in memory more often than not
	rowsPerPage = 100
)

// coster estimates the cost of physical nodes.
type coster struct {
	*estimate.Model
	ctes map[int]physical.Cost
}

func newCoster(stats estimate.Stats) *coster {
	return &coster{estimate.New(stats), map[int]physical.Cost{}}
}

// width is the assumed number of bytes of a row.
func (c *coster) width(cols []logical.Column) int {
	w := 0
	for _, col := range cols {
		if known, ok := c.Width(col.ID); ok {
			w += int(math.Round(known))
		} else {
			w += typeWidth(col.Type)
		}
	}
	return w
}

func typeWidth(t types.Type) int {
	switch {
	case t.Def == nil:
		return 4
	case t.Len > 0:
		return int(t.Len)
	case t.Mod > 4 && t.ID() != types.OIDNumeric:
		return min(int(t.Mod-4), 64)
	}
	return 32
}

// over is the cost of a node that handles its input's rows one by one.
func over(in physical.Cost, rows, perRow float64) physical.Cost {
	return physical.Cost{Startup: in.Startup, Total: in.Total + in.Rows*perRow, Rows: rows, Width: in.Width}
}

// after is the cost of a node that reads its whole input before the first row.
func after(in physical.Cost, rows, perRow float64) physical.Cost {
	all := in.Total + in.Rows*perRow
	return physical.Cost{Startup: all, Total: all + rows*cpuTuple, Rows: rows, Width: in.Width}
}

func (c *coster) values(n *logical.Values) physical.Cost {
	rows := float64(len(n.Rows))
	return physical.Cost{Total: rows * cpuTuple, Rows: rows, Width: c.width(n.Cols)}
}

func (c *coster) functionScan(n *logical.FunctionScan) physical.Cost {
	rows := c.Rows(n)
	return physical.Cost{Startup: cpuTuple, Total: cpuTuple + rows*cpuTuple, Rows: rows, Width: c.width(n.Cols)}
}

func (c *coster) filter(n *logical.Filter, in physical.Node) physical.Cost {
	return over(in.Cost(), c.Rows(n), evalCost(n.Conds))
}

func (c *coster) project(n *logical.Project, in physical.Node) physical.Cost {
	est := over(in.Cost(), in.Cost().Rows, evalCost(n.Exprs))
	est.Width = c.width(n.Cols)
	return est
}

func (c *coster) projectSet(n *logical.ProjectSet, in physical.Node) physical.Cost {
	est := over(in.Cost(), c.Rows(n), evalCost(n.Exprs))
	est.Total += est.Rows * cpuTuple
	est.Width = c.width(n.Cols)
	return est
}

// evalCost is the cost of evaluating expressions for one row.
func evalCost(es []expr.Expr) float64 {
	ops := 0.0
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			switch x := x.(type) {
			case *expr.Call:
				ops += math.Max(1, float64(x.Proc.Cost))
			case *expr.Subquery:
				ops += subqueryOps(x)
			case *expr.Const, *expr.Column, *expr.Slot, *expr.Param, *expr.Relabel:
			default:
				ops++
			}
			return true
		})
	}
	return ops * cpuOperator
}

// subqueryOps counts a correlated subquery as what it costs to run it; an uncorrelated one runs once.
func subqueryOps(q *expr.Subquery) float64 {
	n := nodeOf(q)
	if n == nil || len(q.Args) == 0 {
		return 1
	}
	return n.Cost().Total / cpuOperator
}

func (c *coster) limit(n *logical.Limit, in physical.Node) physical.Cost {
	est := in.Cost()
	rows := min(c.Rows(n), max(est.Rows, 1))
	share := min(1, rows/max(est.Rows, 1))
	return physical.Cost{Startup: est.Startup, Total: est.Startup + (est.Total-est.Startup)*share, Rows: rows, Width: est.Width}
}

func (c *coster) distinct(n *logical.Distinct, in physical.Node) physical.Cost {
	return over(in.Cost(), min(c.Rows(n), in.Cost().Rows), cpuOperator*float64(max(1, len(n.Columns()))))
}

func (c *coster) distinctOf(in physical.Cost) physical.Cost { return over(in, in.Rows, cpuOperator) }

func (c *coster) aggregate(n *logical.Aggregate, in physical.Node) physical.Cost {
	rows := c.Rows(n)
	est := after(in.Cost(), rows, cpuOperator*float64(len(n.Groups)+len(n.Aggs)))
	est.Width = c.width(n.Cols)
	return est
}

func (c *coster) window(n *logical.Window, in physical.Node) physical.Cost {
	est := over(in.Cost(), in.Cost().Rows, cpuTuple+cpuOperator*float64(len(n.Funcs)))
	est.Width += c.width(n.Cols)
	return est
}

func (c *coster) setOp(n *logical.SetOp, l, r physical.Node) physical.Cost {
	lc, rc := l.Cost(), r.Cost()
	both := physical.Cost{Total: lc.Total + rc.Total, Rows: lc.Rows + rc.Rows, Width: lc.Width}
	return after(both, c.Rows(n), cpuOperator)
}

func (c *coster) appended(in []physical.Node) physical.Cost {
	var sum physical.Cost
	for i, n := range in {
		est := n.Cost()
		if i == 0 {
			sum.Startup, sum.Width = est.Startup, est.Width
		}
		sum.Total += est.Total
		sum.Rows += est.Rows
	}
	sum.Total += sum.Rows * cpuTuple / 2
	return sum
}

func (c *coster) with(ctes []*physical.CTE, body physical.Node) physical.Cost {
	est := body.Cost()
	for _, d := range ctes {
		total := d.Root.Cost().Total
		if d.Recursive != nil {
			total += 10 * d.Recursive.Cost().Total
		}
		est.Startup += total
		est.Total += total
	}
	return est
}

func (c *coster) cteScan(n *logical.CTEScan) physical.Cost {
	rows := c.Rows(n)
	if est, ok := c.ctes[n.CTE.ID]; ok {
		rows = est.Rows
	}
	return physical.Cost{Total: rows * cpuTuple, Rows: rows, Width: c.width(n.Cols)}
}

func (c *coster) modify(in physical.Node, returning bool) physical.Cost {
	est := in.Cost()
	if !returning {
		est.Rows, est.Width = 0, 0
	}
	return est
}

// sorted is the cost of sorting; with limit only that many rows are kept.
func (c *coster) sorted(in physical.Cost, limit float64) physical.Cost {
	keep := in.Rows
	if limit > 0 {
		keep = min(keep, limit)
	}
	compares := in.Rows * math.Log2(max(2, min(in.Rows, 2*keep)))
	all := in.Total + 2*cpuOperator*compares
	return physical.Cost{Startup: all, Total: all + cpuOperator*keep, Rows: keep, Width: in.Width}
}
