package session

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// operationRows are the functions by which administrators look after a running server.
var operationRows map[string]rowService

func init() { // check runs statements, and they may call all functions
	operationRows = map[string]rowService{"rowan_check": check, "rowan_backup": takeBackup}
}

// check is rowan.check(points, constraints, scope): each row is a violation of what must always hold.
func check(s *Session, ctx context.Context, a []types.Datum, yield func([]types.Datum) bool) error {
	if !s.isSuperuser() {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser to check the storage")
	}
	o := storage.CheckOptions{Complete: s.completeRows}
	if !a[0].Null {
		o.Points = int(max(a[0].I, 0))
	}
	switch scope := text(a[2]); scope {
	case "all":
	case "database":
		o.Database = s.database.OID
	default:
		return pgerr.New(pgerrcode.InvalidParameterValue, "unknown scope \"%s\"", scope).WithHint("Known scopes: all, database.")
	}
	found, err := s.engine.Store.Verify(ctx, o)
	if err == nil && !a[1].Null && a[1].B() {
		var more []storage.Problem
		more, err = s.checkConstraints(ctx)
		found = append(found, more...)
	}
	for _, p := range found {
		if !yield([]types.Datum{types.String(p.Kind), nullIfEmpty(p.Where), nullIfEmpty(p.Key), types.String(p.Text)}) {
			break
		}
	}
	return err
}

func nullIfEmpty(s string) types.Datum {
	if s == "" {
		return types.Null
	}
	return types.String(s)
}

// completeRows computes the hidden columns of rows of this session's database.
func (s *Session) completeRows(ctx context.Context, v storage.View, t *catalog.Table, rows *vector.Batch) (bool, error) {
	b := v.Branch()
	if b.Database != s.database.OID {
		return false, nil
	}
	ref := catalog.Ref{Branch: b.Name, Point: strconv.FormatUint(v.At(), 10)}
	plain := mergeCheck{session: s, target: ref}
	if err := plain.complete(ctx, t, rows, false); err != nil {
		return false, nil // what cannot be computed any more cannot be compared
	}
	return true, nil
}

// checkConstraints holds the rows of all branches of the database against their CHECK constraints and foreign keys.
func (s *Session) checkConstraints(ctx context.Context) ([]storage.Problem, error) {
	list, err := s.engine.Store.Branches().List(ctx, s.database.OID, false)
	if err != nil {
		return nil, err
	}
	var out []storage.Problem
	for _, b := range list {
		ref := catalog.Ref{Branch: b.Name}
		v, err := s.txn.View(ctx, ref)
		if err != nil {
			return out, err
		}
		snap := v.Catalog()
		for _, o := range snap.Objects() {
			t, ok := o.(*catalog.Table)
			if !ok {
				continue
			}
			found, err := s.checkTable(ctx, ref, snap, t)
			if out = append(out, found...); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// checkTable looks at the constraints of one table. One that cannot be evaluated any more is a finding too.
func (s *Session) checkTable(ctx context.Context, ref catalog.Ref, snap *catalog.Snapshot, t *catalog.Table) (out []storage.Problem, err error) {
	for i := range t.Constraints {
		k := t.Constraints[i]
		var kind, sql string
		switch {
		case k.NotValid:
			continue
		case k.Kind == catalog.Check:
			kind, sql = storage.ProblemCheck, "SELECT count(*) FROM ONLY "+fullName(snap, &t.Header)+" WHERE NOT ("+k.Expr+")"
		case k.Kind == catalog.ForeignKey:
			kind, sql = storage.ProblemForeignKey, orphans(snap, t, k)
		}
		if sql == "" {
			continue
		}
		n, where := int64(0), ref.Branch+"/"+t.Name+"/"+k.Name
		_, err := s.internalSQL(ctx, ref, sql, nil, nil, func(b *vector.Batch) error {
			if b.Live() > 0 {
				n = b.Cols[0].Datum(b.Row(0)).I
			}
			return nil
		})
		switch {
		case ctx.Err() != nil:
			return out, context.Cause(ctx)
		case err != nil:
			out = append(out, storage.Problem{Kind: kind, Where: where, Text: "it cannot be evaluated: " + pgerr.From(err).Message})
		case n > 0:
			out = append(out, storage.Problem{Kind: kind, Where: where, Text: strconv.FormatInt(n, 10) + " rows violate it"})
		}
	}
	return out, nil
}

func fullName(snap *catalog.Snapshot, h *catalog.Header) string {
	return quoteIdent(snap.SchemaName(h.Schema)) + "." + quoteIdent(h.Name)
}

// orphans is a query that counts the rows which a foreign key does not allow; "" where the referenced table is gone.
func orphans(snap *catalog.Snapshot, t *catalog.Table, k *catalog.Constraint) string {
	o, _ := snap.RelationByOID(k.RefTable)
	ref, ok := o.(*catalog.Table)
	if !ok {
		return ""
	}
	var on, set []string
	for i, id := range k.Columns {
		c, p := t.ColumnByID(id), ref.ColumnByID(k.RefColumns[i])
		if c == nil || p == nil {
			return ""
		}
		on = append(on, "pk."+quoteIdent(p.Name)+" = fk."+quoteIdent(c.Name))
		set = append(set, "fk."+quoteIdent(c.Name)+" IS NOT NULL")
	}
	join := " AND "
	if k.Match == 'f' {
		join = " OR "
	}
	return "SELECT count(*) FROM ONLY " + fullName(snap, &t.Header) + " fk WHERE (" + strings.Join(set, join) + ") AND NOT EXISTS (SELECT FROM " +
		fullName(snap, &ref.Header) + " pk WHERE " + strings.Join(on, " AND ") + ")"
}
