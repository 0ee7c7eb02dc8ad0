package merge

import "github.com/rowandb/rowan/catalog"

// keepDropped is a new version of a target's object in which columns that the merge takes away from a table are dropped ones, as
// after DROP COLUMN: rows have values in them that nobody has removed, and who compares the rows, or brings the columns back,
// must know.
func keepDropped(o, target catalog.Object) catalog.Object {
	nt, ok1 := o.(*catalog.Table)
	tt, ok2 := target.(*catalog.Table)
	if !ok1 || !ok2 {
		return o
	}
	var lost []catalog.Column
	for i := range tt.Columns {
		if c := tt.Columns[i]; c.Hidden == "" && nt.ColumnByID(c.ID) == nil {
			lost = append(lost, c)
		}
	}
	if lost == nil {
		return o
	}
	nt = nt.Clone()
	for _, c := range lost {
		c.Num = freeNumber(nt.Columns, c.Num)
		if !c.Dropped {
			c.Drop()
		}
		nt.Columns = append(nt.Columns, c)
	}
	return nt
}

// freeNumber is an attribute number that no column has, if it can be the given one.
func freeNumber(cols []catalog.Column, num int16) int16 {
	next, taken := int16(1), false
	for i := range cols {
		taken = taken || cols[i].Num == num
		next = max(next, cols[i].Num+1)
	}
	if taken {
		return next
	}
	return num
}
