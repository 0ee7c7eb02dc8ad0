package lower

import (
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/planner/physical"
)

func (c *coster) hashJoin(n *logical.Join, l, r physical.Node) physical.Cost {
	lc, rc := l.Cost(), r.Cost()
	rows := c.Rows(n)
	build := rc.Total + rc.Rows*(cpuOperator+cpuTuple)
	return physical.Cost{Startup: build + lc.Startup, Total: build + lc.Total + lc.Rows*cpuOperator + rows*cpuTuple, Rows: rows,
		Width: joinWidth(n, lc, rc)}
}

func (c *coster) nestedLoop(n *logical.Join, l, r physical.Node, rerun bool) physical.Cost {
	lc, rc := l.Cost(), r.Cost()
	rows := c.Rows(n)
	inner := rc.Rows * cpuOperator // a row kept in memory
	total := lc.Total + rc.Total + lc.Rows*inner
	if rerun {
		total = lc.Total + lc.Rows*rc.Total
	}
	total += lc.Rows*rc.Rows*evalCost(n.Conds) + rows*cpuTuple
	return physical.Cost{Startup: lc.Startup, Total: total, Rows: rows, Width: joinWidth(n, lc, rc)}
}

func joinWidth(n *logical.Join, l, r physical.Cost) int {
	if n.Kind == logical.Semi || n.Kind == logical.Anti {
		return l.Width
	}
	return l.Width + r.Width
}
