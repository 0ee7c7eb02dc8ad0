package mvcc

import (
	"bytes"
	"context"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
)

// tenure is a time during which a table's rows were in one keyspace.
type tenure struct {
	start, end uint64
	table      *catalog.Table // as it was at the end

	before, after *tenure // those that it follows and that follow it at once
}

// Versions implements storage.Historian.
func (b branches) Versions(ctx context.Context, tx storage.Txn, r storage.VersionRequest, yield func(*storage.RowVersion) bool) error {
	t, ok := tx.(*Txn)
	if !ok {
		return pgerr.Internal("transaction %T is not the store's", tx)
	}
	v, err := t.own(r.View)
	if err != nil {
		return err
	}
	list, err := b.s.tenures(ctx, v, r.Table)
	if err != nil {
		return storeError(err)
	}
	if len(list) == 0 {
		return pgerr.New(pgerrcode.UndefinedTable, "relation with OID %d does not exist", r.Table)
	}
	last := list[len(list)-1].table
	for i, n := range list {
		if n.end <= r.From {
			continue
		}
		if i > 0 && list[i-1].end == n.start {
			n.before = &list[i-1]
		}
		if i+1 < len(list) && list[i+1].start == n.end {
			n.after = &list[i+1]
		}
		more, err := b.s.versionsIn(ctx, v, n, last, &r, yield)
		if err != nil || !more {
			return storeError(err)
		}
	}
	return nil
}

// tenures finds the keyspaces that a table's rows have had, oldest first.
func (s *Store) tenures(ctx context.Context, v *view, id catalog.OID) (out []tenure, err error) {
	key := objectKey(id)
	r := &reader{s: s}
	scan := r.scanVersions(ctx, v.chain, catalogSpace, span{lo: key, hi: append(key, 0)})
	defer scan.close()
	if ok, err := scan.next(); !ok || err != nil {
		return nil, err
	}
	for _, p := range scan.pieces {
		o, err := decodeObject(p.payload)
		if err != nil {
			return nil, err
		}
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		snap, err := s.catalogAt(ctx, v.branchLayer(p.start), p.start, s.viewDatabase(v))
		if err != nil {
			return nil, err
		}
		if x, ok := snap.Object(id).(*catalog.Table); ok { // with its types resolved
			t = x
		}
		if n := len(out); n > 0 && out[n-1].table.Rows == t.Rows && out[n-1].end == p.start {
			out[n-1].end, out[n-1].table = p.end, t
			continue
		}
		out = append(out, tenure{start: p.start, end: p.end, table: t})
	}
	return out, nil
}

// branchLayer returns the layer of the view's chain that was written to at an SCN.
func (v *view) branchLayer(scn uint64) *layer {
	l := v.chain[0].layer
	for l.parent != nil && scn <= l.fork {
		l = l.parent
	}
	return l
}

func (s *Store) viewDatabase(v *view) *catalog.Database {
	if v.branch == nil {
		return nil
	}
	return s.database(v.branch.Database)
}

// versionsIn passes on the versions of one tenure.
func (s *Store) versionsIn(ctx context.Context, v *view, n tenure, last *catalog.Table, req *storage.VersionRequest, yield func(*storage.RowVersion) bool) (bool, error) {
	d := newVersionDecoder(n.table, last)
	sp, asked, err := keysIn(n.table, last, req)
	if err != nil {
		return false, err
	}
	r := &reader{s: s}
	scan := r.scanVersions(ctx, v.chain, n.table.Rows, sp)
	defer scan.close()
	var out storage.RowVersion
	for {
		ok, err := scan.next()
		if !ok || err != nil {
			return err == nil, err
		}
		if err := ctx.Err(); err != nil {
			return false, context.Cause(ctx)
		}
		key := ""
		for i, p := range scan.pieces {
			p.end = min(p.end, n.end)
			if p.end <= req.From || p.start >= p.end {
				continue
			}
			if key == "" {
				key = string(scan.key)
			}
			out = storage.RowVersion{Key: key, Start: p.start, End: p.end, Cells: d.cells}
			out.Fresh = i == 0 || scan.pieces[i-1].end != p.start
			out.Replaced = i+1 < len(scan.pieces) && scan.pieces[i+1].start == p.end
			// A row that was carried over when the table was rewritten goes on.
			if out.Fresh && p.start == n.start && n.before != nil {
				if out.Fresh, err = r.lacks(ctx, v, n.before, scan.key, p.start-1); err != nil {
					return false, err
				}
			}
			if !out.Replaced && p.end == n.end && n.after != nil {
				gone, err := r.lacks(ctx, v, n.after, scan.key, p.end)
				if err != nil {
					return false, err
				}
				out.Replaced = !gone
			}
			if p.end == forever {
				out.End = 0
			}
			if err := d.decode(p.payload); err != nil {
				return false, err
			}
			if asked != nil && !asked(d.cells) {
				continue
			}
			if !yield(&out) {
				return false, nil
			}
		}
	}
}

// keysIn says which of a table's rows then are asked for. Where it had another primary key then, they are those whose cells would be in
// the range of the one that it has now.
func keysIn(then, now *catalog.Table, req *storage.VersionRequest) (sp span, asked func(cells []types.Datum) bool, err error) {
	r := req.Keys
	switch {
	case r == nil && req.Row == "":
		return span{}, nil, nil
	case r == nil && then.PrimaryIndex() == nil:
		return span{lo: []byte(req.Row), hi: append([]byte(req.Row), 0)}, nil, nil
	case r == nil: // its rows had other keys
		return span{}, func([]types.Datum) bool { return false }, nil
	}
	old, pk := newTableInfo(then).pk, newTableInfo(now).pk
	if pk == nil {
		return span{}, nil, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "table \"%s\" has no primary key", now.Name)
	}
	if sameKey(then, now) {
		sp, _ = old.span(r)
		return sp, nil, nil
	}
	want, _ := pk.span(r)
	at := make([]int, len(pk.Columns))
	for i, c := range pk.Columns {
		at[i] = slices.Index(now.Live(), now.ColumnByID(c.Column))
	}
	values := make([]types.Datum, len(at))
	return span{}, func(cells []types.Datum) bool {
		for i, p := range at {
			values[i] = cells[p]
		}
		key := pk.prefix(nil, values)
		return bytes.Compare(key, want.lo) >= 0 && (want.hi == nil || bytes.Compare(key, want.hi) < 0)
	}, nil
}

// sameKey reports whether two versions of a table have the same primary key, and so the same row keys.
func sameKey(then, now *catalog.Table) bool {
	x, y := then.PrimaryIndex(), now.PrimaryIndex()
	return x != nil && y != nil && slices.EqualFunc(x.Columns, y.Columns, func(a, b catalog.IndexColumn) bool {
		return a.Column == b.Column && then.ColumnByID(a.Column).TypeOID == now.ColumnByID(b.Column).TypeOID
	})
}

// lacks reports whether a table had no row with a key at an SCN.
func (r *reader) lacks(ctx context.Context, v *view, n *tenure, key []byte, at uint64) (bool, error) {
	row, _, ok, err := r.get(ctx, v.branchLayer(at).chain(at), n.table.Rows, key)
	return !ok || row.deleted, err
}

// versionDecoder reads rows as one descriptor has them, into the columns of another.
type versionDecoder struct {
	shape *scanShape
	batch *scanBatch
	from  []int // of each cell the position in the batch, -1: the column was not there
	conv  []types.Type
	cells []types.Datum
}

func newVersionDecoder(then, now *catalog.Table) *versionDecoder {
	d := &versionDecoder{}
	var columns []catalog.ColumnID
	for _, c := range now.Live() {
		old := then.ColumnByID(c.ID)
		d.conv = append(d.conv, c.Type)
		if old == nil {
			d.from = append(d.from, -1)
			continue
		}
		d.from = append(d.from, len(columns))
		columns = append(columns, c.ID)
	}
	d.cells = make([]types.Datum, len(d.from))
	d.shape = newShape(then, columns)
	d.batch = newScanBatch(d.shape)
	return d
}

func (d *versionDecoder) decode(payload []byte) error {
	d.batch.reset(d.shape)
	if err := d.batch.dec.Append(payload, d.batch.stored); err != nil {
		return err
	}
	for i, p := range d.from {
		d.cells[i] = types.Null
		if p < 0 {
			continue
		}
		v := d.batch.vecs[p].Datum(0)
		if t := d.shape.types[p]; t.Def != d.conv[i].Def && !v.Null {
			v = retype(t, d.conv[i], v)
		}
		d.cells[i] = v
	}
	return nil
}

// retype reads a value of a column that has been given another type since; what cannot be read is NULL.
func retype(from, to types.Type, d types.Datum) types.Datum {
	if from.ID() == to.ID() {
		return d
	}
	out, err := types.ParseText(to, string(types.AppendText(nil, from, d, types.DefaultFormat())), types.DefaultFormat())
	if err != nil {
		return types.Null
	}
	return out
}
