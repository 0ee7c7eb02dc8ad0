package catalog

import "slices"

// Sight is what a role may see of a table's rows, for errors that tell of them. The zero Sight sees nothing.
type Sight struct {
	// Rows says that row-level security hides none.
	Rows bool
	// All says that every column may be read.
	All     bool
	columns []ColumnID
}

// FullSight sees all.
var FullSight = Sight{Rows: true, All: true}

// SightOf is what a role sees of a table's rows.
func SightOf(roles *Snapshot, role OID, t *Table) Sight {
	s := Sight{Rows: !t.RowSecurity || BypassesRowSecurity(roles, role, t)}
	if !s.Rows {
		return s
	}
	s.All = HasPrivilege(roles, role, t, PrivSelect)
	for _, c := range t.Live() {
		if s.All || granted(roles, role, c.ACL, PrivSelect) {
			s.columns = append(s.columns, c.ID)
		}
	}
	return s
}

// Columns reports whether all of these columns may be read. Those that an index computes are of the whole table.
func (s Sight) Columns(ids ...ColumnID) bool {
	return s.All || s.Rows && !slices.ContainsFunc(ids, func(id ColumnID) bool { return !slices.Contains(s.columns, id) })
}

// Any reports whether there is a column that may be read.
func (s Sight) Any() bool { return s.All || len(s.columns) > 0 }

// BypassesRowSecurity reports whether row-level security does not concern a role: Rowan has no policies, so all others are
// refused.
func BypassesRowSecurity(roles *Snapshot, role OID, t *Table) bool {
	r, ok := roles.Object(role).(*Role)
	return ok && (r.Superuser || r.BypassRLS || !t.ForceRLS && IsOwner(roles, role, t))
}
