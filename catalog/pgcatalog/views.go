package pgcatalog

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{
	"pg_tables": pgTables, "pg_indexes": pgIndexes, "pg_views": pgViews, "pg_sequences": pgSequences, "pg_settings": pgSettings,
	"pg_stat_activity": pgStatActivity, "pg_locks": pgLocks, "pg_prepared_statements": pgPreparedStatements, "pg_cursors": pgCursors,
	"pg_stat_user_tables": pgStatTables, "pg_stat_all_tables": pgStatTables, "pg_stat_database": pgStatDatabase,
})

// names writes definitions as the session sees them.
func (b *builder) names() *Names {
	if b.Names != nil {
		return b.Names
	}
	return &Names{Catalog: b.Catalog, Quote: quoteIdent, Visible: func(schema catalog.OID, _ string) bool { return schema == catalog.PgCatalog }}
}

func quoteIdent(s string) string {
	plain := s != "" && (s[0] < '0' || s[0] > '9')
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func pgTables(b *builder) error {
	for _, t := range b.tables() {
		if t.Virtual && kindOf(t.OID) == 'v' {
			continue
		}
		b.add(b.Catalog.SchemaName(t.Schema), t.Name, b.roleName(t.Owner), nil, len(t.Indexes) > 0, false, false, t.RowSecurity)
	}
	return nil
}

func pgIndexes(b *builder) error {
	n := b.names()
	for _, t := range b.tables() {
		for _, ix := range t.Indexes {
			b.add(b.Catalog.SchemaName(t.Schema), t.Name, ix.Name, nil, n.Index(t, ix))
		}
	}
	return nil
}

func pgViews(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		if v, ok := o.(*catalog.View); ok {
			b.add(b.Catalog.SchemaName(v.Schema), v.Name, b.roleName(v.Owner), b.viewText(v))
		}
	}
	return nil
}

// viewText writes a view's query.
func (b *builder) viewText(v *catalog.View) string {
	if b.View != nil {
		return b.View(v)
	}
	return ViewDefinition(v)
}

// stored writes a stored expression as the session sees it, nil for none.
func (b *builder) stored(text string, t *catalog.Table) any {
	if text == "" {
		return nil
	}
	return b.names().expr(text, t, nil)
}

// ViewDefinition is pg_get_viewdef: the query, ending with a semicolon.
func ViewDefinition(v *catalog.View) string { return " " + strings.TrimSuffix(v.SQL, ";") + ";" }

func (b *builder) sequences() []*catalog.Sequence {
	var out []*catalog.Sequence
	for _, o := range b.Catalog.Objects() {
		if s, ok := o.(*catalog.Sequence); ok {
			out = append(out, s)
		}
	}
	return out
}

func pgSequences(b *builder) error {
	for _, s := range b.sequences() {
		var last any
		if b.Sequence != nil {
			v, called, err := b.Sequence(s)
			if err != nil {
				return err
			}
			if called {
				last = v
			}
		}
		b.add(b.Catalog.SchemaName(s.Schema), s.Name, b.roleName(s.Owner), s.TypeOID, s.Start, s.Min, s.Max, s.Increment, s.Cycle, s.Cache, last)
	}
	return nil
}

func pgSettings(b *builder) error {
	if b.Settings == nil {
		return nil
	}
	for _, s := range b.Settings() {
		var values any
		if len(s.Values) > 0 {
			values = s.Values
		}
		b.add(s.Name, s.Value, orNil(s.Unit), s.Category, s.Desc, nil, s.Context, s.Type, s.Source, orNil(s.Min), orNil(s.Max), values, s.Boot, s.Reset, nil, nil, false)
	}
	return nil
}

func pgStatActivity(b *builder) error {
	if b.Activity == nil {
		return nil
	}
	for _, a := range b.Activity() {
		var user any
		if r := b.Global.RoleByName(a.User); r != nil {
			user = r.OID
		}
		if a.Hidden {
			b.add(a.Database, a.DatabaseName, a.PID, nil, user, a.User, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
				catalog.HiddenStatement, nil)
			continue
		}
		var wait, event, xid, xmin any
		if a.Txn != 0 {
			xid = uint32(a.Txn)
		}
		if a.Horizon != 0 {
			xmin = uint32(a.Horizon)
		}
		if a.State != "active" {
			wait, event = "Client", "ClientRead"
		} else if a.WaitType != "" {
			wait, event = a.WaitType, a.Wait
		}
		b.add(a.Database, a.DatabaseName, a.PID, nil, user, a.User, a.Application, inet(a.Client), nil, nil, a.Started, a.Transaction, a.Query, a.StateChange, wait, event,
			a.State, xid, xmin, nil, a.Text, "client backend")
	}
	return nil
}

// inet is a client's address without its port, NULL when the type cannot be read.
func inet(addr string) any {
	host := addr
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		host = strings.Trim(addr[:i], "[]")
	}
	d, err := types.ParseText(types.Of(types.Builtin(869)), host, textFormat)
	if err != nil || host == "" {
		return nil
	}
	return d
}

func pgLocks(b *builder) error {
	if b.Locks == nil {
		return nil
	}
	for _, l := range b.Locks() {
		var db, rel, page, tuple, vxid, xid, class, obj, sub, since any
		if l.Type != "transactionid" && l.Type != "virtualxid" {
			db = l.Database
		}
		if l.Relation != 0 {
			rel = l.Relation
		}
		switch l.Type {
		case "tuple":
			page, tuple = int32(l.Page), int16(l.Tuple)
		case "virtualxid":
			vxid = virtualTransaction(l.PID, l.On)
		case "transactionid":
			xid = uint32(l.On)
		case "advisory", "object":
			class, obj, sub = l.ClassID, l.ObjectID, l.SubID
		}
		if !l.Since.IsZero() {
			since = l.Since
		}
		b.add(l.Type, db, rel, page, tuple, vxid, xid, class, obj, sub, virtualTransaction(l.PID, l.Txn), l.PID, l.Mode, l.Granted, l.Fast, since)
	}
	return nil
}

// virtualTransaction names a transaction before it has written anything: by the backend and a number of its own.
func virtualTransaction(pid int32, txn uint64) string {
	return strconv.Itoa(int(pid)) + "/" + strconv.FormatUint(txn, 10)
}

func pgPreparedStatements(b *builder) error {
	if b.Prepared == nil {
		return nil
	}
	for _, p := range b.Prepared() {
		b.add(p.Name, p.Statement, p.Made, append([]string{}, p.Types...), p.FromSQL, 0, 0)
	}
	return nil
}

func pgCursors(b *builder) error {
	if b.Cursors == nil {
		return nil
	}
	for _, c := range b.Cursors() {
		b.add(c.Name, c.Statement, c.Hold, c.Binary, c.Scrollable, c.Made)
	}
	return nil
}

// pgStatTables shows the live rows of the user's tables; Rowan counts no scans.
func pgStatTables(b *builder) error {
	for _, t := range b.tables() {
		if t.Virtual {
			continue
		}
		row := make([]any, len(b.table.Columns))
		row[0], row[1], row[2] = t.OID, b.Catalog.SchemaName(t.Schema), t.Name
		for i, c := range b.table.Columns {
			switch {
			case c.Name == "n_live_tup":
				row[i] = b.estimate(t)
			case c.Name == "last_analyze" || c.Name == "last_autoanalyze":
				row[i] = b.analyzedAt(t, c.Name == "last_autoanalyze")
			case i > 2 && c.TypeOID == types.OIDInt8:
				row[i] = 0
			}
		}
		b.add(row...)
	}
	return nil
}

// analyzedAt is when a table's statistics were made, by the server itself or by somebody.
func (b *builder) analyzedAt(t *catalog.Table, auto bool) any {
	if b.Statistics == nil {
		return nil
	}
	if s := b.Statistics(t); s != nil && s.Auto == auto {
		return s.At
	}
	return nil
}

func pgStatDatabase(b *builder) error {
	row := make([]any, len(b.table.Columns))
	for i, c := range b.table.Columns {
		switch c.TypeOID {
		case types.OIDInt8, types.OIDInt4:
			row[i] = 0
		case types.OIDFloat8:
			row[i] = 0.0
		}
	}
	row[0], row[1] = b.Catalog.Database.OID, b.Catalog.Database.Name
	b.add(row...)
	return nil
}
