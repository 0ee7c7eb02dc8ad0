package pgcatalog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/statistics"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/vector"
)

// Source is what rows are computed from.
type Source struct {
	Catalog *catalog.Snapshot // of the branch and point that is read
	Global  *catalog.Snapshot // databases and roles
	User    string
	Names   *Names // how definitions are written; nil: as under an empty search_path
	// View writes a view's query; nil: as it is stored.
	View     func(v *catalog.View) string
	Sequence func(s *catalog.Sequence) (last int64, called bool, err error)
	Rows     func(t *catalog.Table) int64 // live rows, estimated
	// Statistics are a table's as last analyzed, nil for none.
	Statistics func(t *catalog.Table) *statistics.Table
	Settings   func() []Setting
	Activity   func() []Activity
	Locks      func() []Lock
	Prepared   func() []Prepared
	Cursors    func() []Cursor
}

// Setting is a row of pg_settings.
type Setting struct {
	Name, Value, Unit, Category, Desc, Context, Type, Source, Min, Max string
	Values                                                             []string
	Boot, Reset                                                        string
}

// Activity is a row of pg_stat_activity.
type Activity struct {
	Database                                 catalog.OID
	DatabaseName, User, Application, Client  string
	PID                                      int32
	Started, Transaction, Query, StateChange time.Time
	State, Text                              string
	WaitType, Wait                           string // what it waits for; "": nothing
	Txn                                      uint64 // the transaction that writes; 0: none
	Horizon                                  uint64 // the first transaction that its snapshot may not see; 0: it has none
	Hidden                                   bool   // who asks may not see what it does
}

// Lock is a row of pg_locks.
type Lock struct {
	Type              string
	Database          catalog.OID
	Relation          catalog.OID
	PID               int32
	Mode              string
	Granted           bool
	ClassID, ObjectID uint32
	SubID             int16
	Page              uint32 // of tuples
	Tuple             uint16
	On                uint64 // the transaction that is the lock's object
	Txn               uint64 // the transaction that has or wants it
	Fast              bool
	Since             time.Time // of those who wait
}

// Prepared is a row of pg_prepared_statements.
type Prepared struct {
	Name, Statement string
	Types           []string
	FromSQL         bool
	Made            time.Time
}

// Cursor is a row of pg_cursors.
type Cursor struct {
	Name, Statement          string
	Hold, Binary, Scrollable bool
	Made                     time.Time
}

// maker computes a relation's rows.
type maker func(b *builder) error

// makers has a maker for every relation that has rows.
var makers = map[string]maker{}

func register(m map[string]maker) bool {
	for n, f := range m {
		makers[n] = f
	}
	return true
}

// static are the relations whose rows follow from the catalogs alone: not from counts of rows, sessions or settings.
var static = map[string]bool{"pg_proc": true, "pg_type": true, "pg_attribute": true, "pg_attrdef": true, "pg_index": true, "pg_constraint": true,
	"pg_namespace": true, "pg_operator": true, "pg_cast": true, "pg_aggregate": true, "pg_am": true, "pg_opclass": true, "pg_opfamily": true,
	"pg_amop": true, "pg_amproc": true, "pg_language": true, "pg_collation": true, "pg_enum": true, "pg_range": true, "pg_depend": true,
	"pg_description": true, "pg_shdescription": true, "pg_database": true, "pg_roles": true, "pg_authid": true, "pg_sequence": true,
	"pg_extension": true, "pg_trigger": true, "pg_init_privs": true, "pg_rewrite": true}

// Static reports whether a relation's rows are the same as long as the versions of Source.Catalog and Source.Global are.
func Static(t *catalog.Table) bool { return t.Schema == catalog.PgCatalog && static[t.Name] }

// Rows computes the rows of a relation as batches.
func Rows(ctx context.Context, t *catalog.Table, src *Source) ([]*vector.Batch, error) {
	b := &builder{Source: src, ctx: ctx, table: t}
	name := t.Name
	if t.Schema == catalog.InformationSchema {
		name = "information_schema." + name
	}
	if f := makers[name]; f != nil {
		if err := f(b); err != nil {
			return nil, err
		}
	}
	return b.batches, b.err
}

// builder collects rows.
type builder struct {
	*Source
	ctx     context.Context
	table   *catalog.Table
	batches []*vector.Batch
	err     error
}

// add appends a row: one value per column. Values may be nil, bool, any integer, string, byte ("char"), float64, time.Time
// (zero: NULL), []string, []catalog.OID, []int16, or a types.Datum.
func (b *builder) add(values ...any) {
	if b.err != nil {
		return
	}
	if len(values) != len(b.table.Columns) {
		b.err = pgerr.Internal("%s has %d columns, its row has %d", b.table.Name, len(b.table.Columns), len(values))
		return
	}
	batch := b.current()
	for i, v := range values {
		d, err := datum(b.table.Columns[i].Type, v)
		if err != nil {
			b.err = err
			return
		}
		batch.Cols[i].Append(d)
	}
	batch.N++
}

func (b *builder) current() *vector.Batch {
	if n := len(b.batches); n > 0 && b.batches[n-1].N < vector.Size {
		return b.batches[n-1]
	}
	batch := &vector.Batch{}
	for i := range b.table.Columns {
		v := &vector.Vector{}
		v.Reset(b.table.Columns[i].Type)
		batch.Cols = append(batch.Cols, v)
	}
	b.batches = append(b.batches, batch)
	return batch
}

var textFormat = types.DefaultFormat()

func datum(t types.Type, v any) (types.Datum, error) {
	switch v := v.(type) {
	case nil:
		return types.Null, nil
	case types.Datum:
		return v, nil
	case bool:
		if t.Class == types.ClassString {
			return types.String(map[bool]string{true: "YES", false: "NO"}[v]), nil
		}
		return types.Bool(v), nil
	case int:
		return number(t, int64(v)), nil
	case int16:
		return number(t, int64(v)), nil
	case int32:
		return number(t, int64(v)), nil
	case int64:
		return number(t, v), nil
	case uint32:
		return number(t, int64(v)), nil
	case byte:
		if t.Class == types.ClassString {
			return types.String(string(rune(v))), nil
		}
		return types.Int(int64(v)), nil
	case float64:
		return types.Float(v), nil
	case time.Time:
		if v.IsZero() {
			return types.Null, nil
		}
		return types.Int(datetime.FromTime(v)), nil
	case string:
		if t.Class == types.ClassString && t.Elem == nil && t.ID() != types.OIDUUID {
			return types.String(v), nil
		}
		return types.ParseText(t, v, textFormat)
	}
	return list(t, v)
}

func number(t types.Type, n int64) types.Datum {
	switch t.Class {
	case types.ClassFloat:
		return types.Float(float64(n))
	case types.ClassString:
		return types.String(strconv.FormatInt(n, 10))
	}
	return types.Int(n)
}

// list makes arrays, through their text form: int2vector and oidvector are written without braces.
func list(t types.Type, v any) (types.Datum, error) {
	var parts []string
	switch v := v.(type) {
	case []string:
		if v == nil {
			return types.Null, nil
		}
		for _, s := range v {
			parts = append(parts, strconv.Quote(s))
		}
	case []catalog.OID:
		for _, o := range v {
			parts = append(parts, strconv.FormatUint(uint64(o), 10))
		}
	case []int16:
		for _, n := range v {
			parts = append(parts, strconv.Itoa(int(n)))
		}
	default:
		return types.Null, fmt.Errorf("no datum of %T", v)
	}
	if t.Name == "int2vector" || t.Name == "oidvector" {
		return types.ParseText(t, strings.Join(parts, " "), textFormat)
	}
	return types.ParseText(t, "{"+strings.Join(parts, ",")+"}", textFormat)
}

// orNil is nil for "".
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
