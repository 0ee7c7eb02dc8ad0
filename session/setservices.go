package session

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/catalog/pgcatalog"
	"github.com/rowandb/rowan/types"
)

// catalogRows are the set-returning functions of the catalog.
var catalogRows = map[string]rowService{
	"aclexplode":                      aclExplode,
	"show_all_settings":               rowsOfRelation("pg_show_all_settings", "pg_settings"),
	"pg_lock_status":                  rowsOfRelation("pg_lock_status", "pg_locks"),
	"pg_prepared_statement":           rowsOfRelation("pg_prepared_statement", "pg_prepared_statements"),
	"pg_cursor":                       rowsOfRelation("pg_cursor", "pg_cursors"),
	"pg_stat_get_activity":            rowsOfRelation("pg_stat_get_activity", "pg_stat_activity"),
	"pg_available_extensions":         rowsOfRelation("pg_available_extensions", "pg_available_extensions"),
	"pg_available_extension_versions": rowsOfRelation("pg_available_extension_versions", "pg_available_extension_versions"),
	"pg_prepared_xact":                noRows,
	"pg_partition_ancestors":          noRows,
	"pg_partition_tree":               noRows,
	"pg_tablespace_databases":         tablespaceDatabases,
	"pg_listening_channels":           listeningChannels,
}

func noRows(*Session, context.Context, []types.Datum, func([]types.Datum) bool) error { return nil }

// rowsOfRelation serves a function by the relation that PostgreSQL defines over it: columns are matched by name, those
// that the relation lacks are NULL. An argument, where there is one, chooses the row of that pid.
func rowsOfRelation(function, relation string) rowService {
	return func(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
		v, err := s.txn.View(ctx, noRef)
		if err != nil {
			return err
		}
		o, _ := v.Catalog().Relation(catalog.PgCatalog, relation)
		t, ok := o.(*catalog.Table)
		if !ok {
			return nil
		}
		batches, err := pgcatalog.Rows(ctx, t, s.source(ctx, v))
		if err != nil {
			return err
		}
		at, pid := outputColumns(function, t), -1
		for i, c := range t.Columns {
			if c.Name == "pid" && len(a) == 1 && !a[0].Null {
				pid = i
			}
		}
		for _, b := range batches {
			for r := range b.N {
				if pid >= 0 && b.Cols[pid].Datum(r).I != a[0].I {
					continue
				}
				row := make([]types.Datum, len(at))
				for i, c := range at {
					row[i] = types.Null
					if c >= 0 {
						row[i] = b.Cols[c].Datum(r)
					}
				}
				if !yield(row) {
					return nil
				}
			}
		}
		return nil
	}
}

// outputColumns says for each output column of a function which column of a table it is, -1 for none.
func outputColumns(function string, t *catalog.Table) []int {
	var out []int
	p := builtin.ProcsByName(function)[0]
	for i, mode := range p.ArgModes {
		if mode != 'o' {
			continue
		}
		at := -1
		for j := range t.Columns {
			if t.Columns[j].Name == p.ArgNames[i] {
				at = j
			}
		}
		out = append(out, at)
	}
	return out
}

// tablespaceDatabases is pg_tablespace_databases(oid): all databases are in the one there is.
func tablespaceDatabases(s *Session, _ context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	if a[0].I != 1663 {
		return nil
	}
	for _, o := range s.global().Objects() {
		if d, ok := o.(*catalog.Database); ok && !yield([]types.Datum{types.Int(int64(d.OID))}) {
			return nil
		}
	}
	return nil
}

func listeningChannels(s *Session, _ context.Context, _ []types.Datum, yield func([]types.Datum) bool) error {
	for _, c := range s.listening() {
		if !yield([]types.Datum{types.String(c)}) {
			return nil
		}
	}
	return nil
}

// record packs the values of a function with several outputs.
func record(function string, values ...types.Datum) types.Datum {
	var fields []types.RecordField
	p := builtin.ProcsByName(function)[0]
	for i, mode := range p.ArgModes {
		if mode == 'o' && len(fields) < len(values) {
			fields = append(fields, types.RecordField{Type: types.Of(types.Builtin(p.AllArgs[i])), Value: values[len(fields)]})
		}
	}
	return types.String(types.PackRecord(fields))
}

func textArray(parts []string) types.Datum {
	elems := make([]types.Datum, len(parts))
	for i, p := range parts {
		elems[i] = types.String(p)
	}
	return types.String(types.Vector1(elems).Pack(types.Builtin(types.OIDText)))
}
