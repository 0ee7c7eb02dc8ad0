package vcs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

// The rows of conflicts are kept as JSON objects in which ids of columns stand for their names, so that values stay with their columns
// whatever these are called when the conflict is looked at. What they were called is kept beside the rows.

// keptColumn is a column of a conflict's rows when these were kept.
type keptColumn struct {
	ID     catalog.ColumnID `json:"id"`
	Name   string           `json:"name"`             // in the merged table
	Target string           `json:"target,omitempty"` // on the target; "": it had none
}

// keptColumns describes the columns of a conflict's rows; of a merge that is applied the target has all of them.
func keptColumns(columns []*catalog.Column, target *catalog.Table, applied bool) types.Datum {
	out := make([]keptColumn, len(columns))
	for i, c := range columns {
		out[i] = keptColumn{ID: c.ID, Name: c.Name}
		if applied {
			out[i].Target = c.Name
		} else if x := liveColumn(target, c.ID); x != nil {
			out[i].Target = x.Name
		}
	}
	b, _ := json.Marshal(out) // numbers and strings: it cannot fail
	return types.String(string(b))
}

func liveColumn(t *catalog.Table, id catalog.ColumnID) *catalog.Column {
	if t == nil {
		return nil
	}
	if c := t.ColumnByID(id); c != nil && !c.Dropped && c.Hidden == "" {
		return c
	}
	return nil
}

// columnKey is what stands for a column in kept rows.
func columnKey(id catalog.ColumnID) string { return strconv.FormatUint(uint64(id), 10) }

func columnKeyOf(c *catalog.Column) string { return columnKey(c.ID) }

// rowNames are names of columns by their keys in a conflict's rows. Those that are not there any more have none; nil: the keys are names.
type rowNames map[string]string

// columnsOf are the columns of a conflict's rows; nil: they were not kept.
func columnsOf(r systable.Row) (out []keptColumn, err error) {
	if r[conflictColumns].Null {
		return nil, nil
	}
	err = json.Unmarshal([]byte(r[conflictColumns].S), &out)
	return out, err
}

// namesNow are what the columns of a conflict are called: as in the merged table, or as on the target where that has renamed them since.
func namesNow(r systable.Row, target *catalog.Table) (rowNames, error) {
	columns, err := columnsOf(r)
	if columns == nil || err != nil {
		return nil, err
	}
	out, taken := rowNames{}, map[string]bool{}
	name := func(c keptColumn, s string) { out[columnKey(c.ID)], taken[s] = s, true }
	for pass := range 2 { // a new name counts before those that were kept
		for _, c := range columns {
			now := liveColumn(target, c.ID)
			switch renamed := now != nil && now.Name != c.Target; {
			case target != nil && now == nil && c.Target != "": // dropped since
			case pass == 0 && renamed:
				name(c, now.Name)
			case pass == 0 || renamed:
			case taken[c.Name] && now != nil:
				name(c, now.Name)
			default:
				name(c, c.Name)
			}
		}
	}
	return out, nil
}

// on is what a table of any branch calls the columns of a conflict: by their ids or, where it has made them itself, by their names.
func (n called) on(r systable.Row, t *catalog.Table) (rowNames, error) {
	columns, err := columnsOf(r)
	if columns == nil || err != nil {
		return nil, err
	}
	out := rowNames{}
	for _, c := range columns {
		if x := liveColumn(t, c.ID); x != nil {
			out[columnKey(c.ID)] = x.Name
			continue
		}
		if _, ok := n.names[columnKey(c.ID)]; !ok { // the target has dropped it
			continue
		}
		for _, name := range []string{c.Name, c.Target} {
			if x := t.Column(name); x != nil && !slices.ContainsFunc(columns, func(k keptColumn) bool { return k.ID == x.ID }) {
				out[columnKey(c.ID)] = name
				break
			}
		}
	}
	return out, nil
}

// row reads a kept row, with names in the place of keys.
func (n rowNames) row(kept types.Datum) (jsonb.Value, error) {
	v, err := jsonb.Parse(kept.S)
	if n == nil || err != nil || v.Kind != jsonb.Object {
		return v, err
	}
	pairs := make([]jsonb.Pair, 0, len(v.Pairs))
	for _, p := range v.Pairs {
		if name, ok := n[p.Key]; ok {
			p.Key = name
			pairs = append(pairs, p)
		}
	}
	return jsonb.MakeObject(pairs), nil
}

// text is row as canonical text; NULL: there is none.
func (n rowNames) text(kept types.Datum) (types.Datum, error) {
	if kept.Null {
		return kept, nil
	}
	v, err := n.row(kept)
	return canonical(v, len(kept.S)), err
}

// canonical writes a value of about a size.
func canonical(v jsonb.Value, size int) types.Datum {
	return types.String(string(v.Append(make([]byte, 0, size+size/8))))
}

// keys are the keys of kept rows by the names that a user gives: those of a conflict, and of columns that the target has got since.
func (n rowNames) keys(target *catalog.Table) map[string]string {
	out := map[string]string{}
	if target != nil {
		for _, c := range target.Live() {
			out[c.Name] = columnKeyOf(c)
		}
	}
	for key, name := range n {
		out[name] = key
	}
	return out
}

// keyed is a row that is given by names as it is kept.
func keyed(row types.Datum, keys map[string]string) (types.Datum, error) {
	v, err := jsonb.Parse(row.S)
	if err != nil || v.Kind != jsonb.Object {
		return row, err
	}
	for i := range v.Pairs {
		p := &v.Pairs[i]
		key, ok := keys[p.Key]
		if !ok {
			return row, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" does not exist", p.Key)
		}
		p.Key = key
	}
	return canonical(jsonb.MakeObject(v.Pairs), len(row.S)), nil
}

// called is what a conflict is called by at present: names of its table and columns may be others than when it was kept.
type called struct {
	target *catalog.Table // nil: there is none any more
	table  string
	column string // "": the whole row
	names  rowNames
}

// calledOn finds it in the catalog of the target, nil: that is not to be read.
func calledOn(snap *catalog.Snapshot, r systable.Row) (n called, err error) {
	n.table, n.column = r[conflictTableName].S, r[conflictColumn].S
	if snap != nil {
		n.target, _ = snap.Object(catalog.OID(r[conflictRelation].I)).(*catalog.Table)
	}
	if n.target != nil {
		n.table = snap.Shown(n.target.OID)
	}
	if n.names, err = namesNow(r, n.target); err != nil || n.column == "" {
		return n, err
	}
	if name, ok := n.names[columnKey(catalog.ColumnID(r[conflictColumnID].I))]; ok {
		n.column = name
	}
	return n, nil
}

// resolved is the value that a conflict was resolved to: of a whole row one by names.
func (n called) resolved(r systable.Row) (types.Datum, error) {
	if !wholeRow(r) {
		return r[conflictValue], nil
	}
	names := maps.Clone(n.names)
	for name, key := range n.names.keys(n.target) {
		if names != nil {
			names[key] = name
		}
	}
	return names.text(r[conflictValue])
}

// keep is the value that a conflict is resolved to as it is kept.
func (n called) keep(r systable.Row, value types.Datum) (types.Datum, error) {
	if value.Null || !wholeRow(r) || n.names == nil {
		return value, nil
	}
	return keyed(value, n.names.keys(n.target))
}

// wholeRow reports whether a conflict is about a row, and not about a cell or the schema.
func wholeRow(r systable.Row) bool {
	return r[conflictColumn].S == "" && r[conflictType].S != string(storage.SchemaBoth)
}
