package estimate

import (
	"math"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
)

func (m *Model) groups(n *logical.Aggregate) float64 {
	in := m.Rows(n.Input)
	if len(n.Sets) == 0 {
		return m.GroupRows(n.Groups, in)
	}
	sum := 0.0
	for _, set := range n.Sets {
		var keys []expr.Expr
		for _, i := range set {
			keys = append(keys, n.Groups[i])
		}
		sum += m.GroupRows(keys, in)
	}
	return sum
}

// relation gathers the keys of one table among those grouped by.
type relation struct {
	product, most float64
	keys          int
	rows          float64 // of the table
	left          float64 // rows that pass its scan's conditions
}

// GroupRows is the number of distinct combinations of keys among rows. Of columns of one table it is not the whole product
// that is taken: they tend to hang together. Conditions on the table leave fewer values.
func (m *Model) GroupRows(keys []expr.Expr, rows float64) float64 {
	n := 1.0
	var order []*logical.Scan
	tables := map[*logical.Scan]*relation{}
	for _, k := range keys {
		scan, values := m.keyValues(k)
		if scan == nil {
			n *= values
			continue
		}
		r := tables[scan]
		if r == nil {
			r = &relation{product: 1, rows: m.TableRows(scan.Ref, scan.Table), left: m.Rows(scan)}
			tables[scan] = r
			order = append(order, scan)
		}
		r.product *= values
		r.most = max(r.most, values)
		r.keys++
	}
	for _, scan := range order {
		n *= tables[scan].values()
	}
	return max(1, min(n, rows))
}

func (r *relation) values() float64 {
	n := r.product
	if r.keys > 1 {
		n = min(n, max(r.most, r.rows/10))
	}
	if r.left < r.rows && n > 0 && n < r.rows {
		n *= 1 - math.Pow(max(0, (r.rows-r.left)/r.rows), r.rows/n)
	}
	return max(1, min(n, r.rows))
}

// keyValues is the number of values of a key, and the table that it is computed from if that is one.
func (m *Model) keyValues(e expr.Expr) (*logical.Scan, float64) {
	if c := m.column(e); c != nil {
		n, _ := c.distincts()
		return m.origins[passed(e).(*expr.Column).ID].scan, n
	}
	var scan *logical.Scan
	n, several := 1.0, false
	for id := range logical.Used(e) {
		o, ok := m.origins[id]
		if !ok || scan != nil && o.scan != scan {
			several = true
			continue
		}
		scan = o.scan
		if c := m.column(&expr.Column{ID: id}); c != nil {
			k, _ := c.distincts()
			n *= k
		}
	}
	if scan == nil || several {
		if len(logical.Used(e)) == 0 {
			return nil, 1
		}
		return nil, defaultDistinct
	}
	if c, ok := e.(*expr.Call); ok && c.Op != nil && c.Op.Name == "%" && len(c.Args) == 2 {
		if k, ok := constInt(c.Args[1]); ok && k > 0 {
			n = min(n, float64(k))
		}
	}
	return scan, min(n, m.TableRows(scan.Ref, scan.Table))
}

func (m *Model) distinct(n *logical.Distinct) float64 {
	in := m.Rows(n.Input)
	keys := n.On
	if keys == nil {
		for _, c := range n.Columns() {
			keys = append(keys, &expr.Column{ID: c.ID, T: c.Type, Name: c.Name})
		}
	}
	return m.GroupRows(keys, in)
}

// GroupSize is the number of rows, out of rows, that share one value of key.
func (m *Model) GroupSize(key expr.Expr, rows float64) float64 {
	return rows / max(1, m.GroupRows([]expr.Expr{key}, rows))
}
