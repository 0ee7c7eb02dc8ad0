package pgcatalog

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{
	"information_schema.information_schema_catalog_name": func(b *builder) error { b.add(b.database()); return nil },
	"information_schema.schemata":                        infoSchemata,
	"information_schema.tables":                          infoTables,
	"information_schema.columns":                         infoColumns,
	"information_schema.views":                           infoViews,
	"information_schema.sequences":                       infoSequences,
	"information_schema.table_constraints":               infoTableConstraints,
	"information_schema.key_column_usage":                infoKeyColumnUsage,
	"information_schema.constraint_column_usage":         infoConstraintColumnUsage,
	"information_schema.constraint_table_usage":          infoConstraintTableUsage,
	"information_schema.referential_constraints":         infoReferentialConstraints,
	"information_schema.check_constraints":               infoCheckConstraints,
	"information_schema.routines":                        infoRoutines,
	"information_schema.parameters":                      infoParameters,
	"information_schema.routine_privileges":              infoRoutinePrivileges,
	"information_schema.domains":                         infoDomains,
	"information_schema.enabled_roles":                   infoEnabledRoles,
	"information_schema.table_privileges":                infoTablePrivileges,
	"information_schema.role_table_grants":               infoTablePrivileges,
})

func (b *builder) database() string { return b.Catalog.Database.Name }

func (b *builder) schema(id catalog.OID) string { return b.Catalog.SchemaName(id) }

// row adds a row by column names; the others are NULL.
func (b *builder) row(values map[string]any) {
	row := make([]any, len(b.table.Columns))
	for i, c := range b.table.Columns {
		row[i] = values[c.Name]
	}
	b.add(row...)
}

func infoSchemata(b *builder) error {
	add := func(h catalog.Header) {
		b.row(map[string]any{"catalog_name": b.database(), "schema_name": h.Name, "schema_owner": b.roleName(h.Owner)})
	}
	for _, s := range catalog.BuiltinSchemas() {
		add(s.Header)
	}
	for _, o := range b.Catalog.Objects() {
		if s, ok := o.(*catalog.Schema); ok {
			add(s.Header)
		}
	}
	return nil
}

// relation is a table or view, as information_schema sees them alike.
type infoRelation struct {
	h         catalog.Header
	columns   []catalog.Column
	view      *catalog.View
	table     *catalog.Table
	isVirtual bool
}

func (b *builder) infoRelations() []infoRelation {
	var out []infoRelation
	for _, t := range b.tables() {
		out = append(out, infoRelation{h: t.Header, columns: t.Columns, table: t, isVirtual: t.Virtual && kindOf(t.OID) == 'v'})
	}
	for _, o := range b.Catalog.Objects() {
		if v, ok := o.(*catalog.View); ok {
			out = append(out, infoRelation{h: v.Header, columns: v.Columns, view: v})
		}
	}
	return out
}

func infoTables(b *builder) error {
	for _, r := range b.infoRelations() {
		kind, insertable := "BASE TABLE", true
		if r.view != nil || r.isVirtual {
			kind, insertable = "VIEW", false
		}
		b.row(map[string]any{"table_catalog": b.database(), "table_schema": b.schema(r.h.Schema), "table_name": r.h.Name, "table_type": kind,
			"is_insertable_into": insertable, "is_typed": false})
	}
	return nil
}

func infoColumns(b *builder) error {
	for _, r := range b.infoRelations() {
		for i := range r.columns {
			c := &r.columns[i]
			if c.Dropped || c.Hidden != "" {
				continue
			}
			n := int(c.Num)
			if n == 0 {
				n = i + 1
			}
			b.infoColumn(r, c, n)
		}
	}
	return nil
}

func (b *builder) infoColumn(r infoRelation, c *catalog.Column, n int) {
	v := map[string]any{"table_catalog": b.database(), "table_schema": b.schema(r.h.Schema), "table_name": r.h.Name, "column_name": c.Name, "ordinal_position": n,
		"column_default": b.stored(c.Default, r.table), "is_nullable": !c.NotNull, "is_self_referencing": false, "is_identity": c.Identity != 0, "is_generated": "NEVER",
		"is_updatable": r.view == nil && !r.isVirtual, "dtd_identifier": decimal(catalog.OID(n)), "udt_catalog": b.database(), "identity_cycle": false}
	if c.Identity != 0 {
		v["identity_generation"] = map[byte]string{'a': "ALWAYS", 'd': "BY DEFAULT"}[c.Identity]
		if s, ok := b.Catalog.Object(c.Sequence).(*catalog.Sequence); ok {
			v["identity_start"], v["identity_increment"], v["identity_maximum"], v["identity_minimum"], v["identity_cycle"] = s.Start, s.Increment, s.Max, s.Min, s.Cycle
		}
	}
	if c.Generated != "" {
		v["is_generated"], v["generation_expression"], v["column_default"] = "ALWAYS", b.stored(c.Generated, r.table), nil
	}
	b.infoType(v, c.TypeOID, c.Mod)
	b.row(v)
}

// infoType fills in what information_schema says of a type, for columns and domains alike.
func (b *builder) infoType(v map[string]any, id catalog.OID, mod int32) {
	d := b.Catalog.TypeByOID(id)
	if d == nil {
		return
	}
	v["udt_schema"], v["udt_name"] = d.Schema, d.Name
	if d.Base != nil {
		v["domain_catalog"], v["domain_schema"], v["domain_name"] = b.database(), d.Schema, d.Name
		id, mod, d = d.Base.ID(), d.Base.Mod, d.Base.Def
		v["udt_schema"], v["udt_name"] = d.Schema, d.Name
	}
	switch {
	case d.Elem != nil && d.Category == 'A':
		v["data_type"] = "ARRAY"
	case id >= catalog.FirstUserOID:
		v["data_type"] = "USER-DEFINED"
	default:
		v["data_type"] = b.names().FormatType(id, -1, false)
	}
	infoLengths(v, id, mod)
}

func infoLengths(v map[string]any, id catalog.OID, mod int32) {
	const octets = 1 << 30
	switch id {
	case types.OIDText:
		v["character_octet_length"] = octets
	case types.OIDVarchar, types.OIDBpchar:
		v["character_octet_length"] = octets
		if mod > 4 {
			v["character_maximum_length"], v["character_octet_length"] = int(mod-4), int(mod-4)*4
		}
	case types.OIDInt2:
		v["numeric_precision"], v["numeric_precision_radix"], v["numeric_scale"] = 16, 2, 0
	case types.OIDInt4:
		v["numeric_precision"], v["numeric_precision_radix"], v["numeric_scale"] = 32, 2, 0
	case types.OIDInt8:
		v["numeric_precision"], v["numeric_precision_radix"], v["numeric_scale"] = 64, 2, 0
	case types.OIDFloat4:
		v["numeric_precision"], v["numeric_precision_radix"] = 24, 2
	case types.OIDFloat8:
		v["numeric_precision"], v["numeric_precision_radix"] = 53, 2
	case types.OIDNumeric:
		v["numeric_precision_radix"] = 10
		if mod >= 4 {
			v["numeric_precision"], v["numeric_scale"] = int((mod-4)>>16&0xffff), int((mod-4)&0x7ff)
		}
	case types.OIDDate:
		v["datetime_precision"] = 0
	case types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz, types.OIDInterval:
		v["datetime_precision"] = 6
		if mod >= 0 && mod&0xffff <= 6 {
			v["datetime_precision"] = int(mod & 0xffff)
		}
	}
}

func infoViews(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		if v, ok := o.(*catalog.View); ok {
			fires := v.InsteadEvents()
			b.row(map[string]any{"table_catalog": b.database(), "table_schema": b.schema(v.Schema), "table_name": v.Name, "view_definition": b.viewText(v),
				"check_option": "NONE", "is_updatable": false, "is_insertable_into": false, "is_trigger_updatable": fires&catalog.TriggerUpdate != 0,
				"is_trigger_deletable": fires&catalog.TriggerDelete != 0, "is_trigger_insertable_into": fires&catalog.TriggerInsert != 0})
		}
	}
	return nil
}

func (b *builder) ofIdentity(s *catalog.Sequence) bool {
	t, _ := b.Catalog.RelationByOID(s.OwnerTable)
	table, ok := t.(*catalog.Table)
	if !ok {
		return false
	}
	c := table.ColumnByID(s.OwnerColumn)
	return c != nil && c.Identity != 0
}

// infoSequences leaves out those of identity columns, which belong to their columns alone.
func infoSequences(b *builder) error {
	for _, s := range b.sequences() {
		if b.ofIdentity(s) {
			continue
		}
		v := map[string]any{"sequence_catalog": b.database(), "sequence_schema": b.schema(s.Schema), "sequence_name": s.Name, "start_value": s.Start,
			"minimum_value": s.Min, "maximum_value": s.Max, "increment": s.Increment, "cycle_option": s.Cycle}
		b.infoType(v, s.TypeOID, -1)
		b.row(v)
	}
	return nil
}

var constraintWords = map[catalog.ConstraintKind]string{catalog.Check: "CHECK", catalog.ForeignKey: "FOREIGN KEY", catalog.PrimaryKey: "PRIMARY KEY", catalog.Unique: "UNIQUE"}

// eachConstraint calls f for the constraints of all user tables.
func (b *builder) eachConstraint(f func(t *catalog.Table, c *catalog.Constraint)) {
	for _, o := range b.Catalog.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			for _, c := range t.Constraints {
				f(t, c)
			}
		}
	}
}

func (b *builder) constraintNames(t *catalog.Table, c *catalog.Constraint) map[string]any {
	return map[string]any{"constraint_catalog": b.database(), "constraint_schema": b.schema(t.Schema), "constraint_name": c.Name}
}

func infoTableConstraints(b *builder) error {
	b.eachConstraint(func(t *catalog.Table, c *catalog.Constraint) {
		v := b.constraintNames(t, c)
		v["table_catalog"], v["table_schema"], v["table_name"], v["constraint_type"] = b.database(), b.schema(t.Schema), t.Name, constraintWords[c.Kind]
		v["is_deferrable"], v["initially_deferred"], v["enforced"] = c.Deferrable, c.Deferred, true
		if c.Kind == catalog.Unique {
			ix := t.Index(c.Index)
			v["nulls_distinct"] = ix == nil || !ix.NullsNotDistinct
		}
		b.row(v)
	})
	for _, o := range b.Catalog.Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		for _, c := range t.Live() {
			if c.NotNull {
				b.row(map[string]any{"constraint_catalog": b.database(), "constraint_schema": b.schema(t.Schema), "constraint_name": notNullName(t, c),
					"table_catalog": b.database(), "table_schema": b.schema(t.Schema), "table_name": t.Name, "constraint_type": "CHECK",
					"is_deferrable": false, "initially_deferred": false, "enforced": true})
			}
		}
	}
	return nil
}

// notNullName is the made-up name of a NOT NULL constraint: schema, table and column numbers.
func notNullName(t *catalog.Table, c *catalog.Column) string {
	return decimal(t.Schema) + "_" + decimal(t.OID) + "_" + decimal(catalog.OID(c.Num)) + "_not_null"
}

func infoKeyColumnUsage(b *builder) error {
	b.eachConstraint(func(t *catalog.Table, c *catalog.Constraint) {
		if c.Kind == catalog.Check {
			return
		}
		for i, id := range c.Columns {
			col := t.ColumnByID(id)
			if col == nil {
				continue
			}
			v := b.constraintNames(t, c)
			v["table_catalog"], v["table_schema"], v["table_name"], v["column_name"], v["ordinal_position"] = b.database(), b.schema(t.Schema), t.Name, col.Name, i+1
			if c.Kind == catalog.ForeignKey {
				v["position_in_unique_constraint"] = b.positionInKey(c, i)
			}
			b.row(v)
		}
	})
	return nil
}

// positionInKey is where the i-th referenced column stands in the key that the foreign key refers to.
func (b *builder) positionInKey(c *catalog.Constraint, i int) int {
	if ref, ok := b.Catalog.Object(c.RefTable).(*catalog.Table); ok && i < len(c.RefColumns) {
		if ix := ref.Index(c.Index); ix != nil {
			for p, k := range ix.Columns {
				if k.Column == c.RefColumns[i] {
					return p + 1
				}
			}
		}
	}
	return i + 1
}

// usage says which table and columns a constraint uses: a foreign key those that it refers to.
func (b *builder) usage(t *catalog.Table, c *catalog.Constraint) (*catalog.Table, []catalog.ColumnID) {
	if c.Kind != catalog.ForeignKey {
		return t, c.Columns
	}
	ref, _ := b.Catalog.Object(c.RefTable).(*catalog.Table)
	return ref, c.RefColumns
}

func infoConstraintColumnUsage(b *builder) error {
	b.eachConstraint(func(t *catalog.Table, c *catalog.Constraint) {
		used, ids := b.usage(t, c)
		if used == nil {
			return
		}
		for _, id := range ids {
			if col := used.ColumnByID(id); col != nil {
				v := b.constraintNames(t, c)
				v["table_catalog"], v["table_schema"], v["table_name"], v["column_name"] = b.database(), b.schema(used.Schema), used.Name, col.Name
				b.row(v)
			}
		}
	})
	return nil
}

func infoConstraintTableUsage(b *builder) error {
	b.eachConstraint(func(t *catalog.Table, c *catalog.Constraint) {
		if used, _ := b.usage(t, c); used != nil && c.Kind != catalog.Check {
			v := b.constraintNames(t, c)
			v["table_catalog"], v["table_schema"], v["table_name"] = b.database(), b.schema(used.Schema), used.Name
			b.row(v)
		}
	})
	return nil
}

var rules = map[byte]string{0: "NO ACTION", 'a': "NO ACTION", 'r': "RESTRICT", 'c': "CASCADE", 'n': "SET NULL", 'd': "SET DEFAULT"}

func infoReferentialConstraints(b *builder) error {
	b.eachConstraint(func(t *catalog.Table, c *catalog.Constraint) {
		if c.Kind != catalog.ForeignKey {
			return
		}
		v := b.constraintNames(t, c)
		v["match_option"], v["update_rule"], v["delete_rule"] = "NONE", rules[c.OnUpdate], rules[c.OnDelete]
		if c.Match == 'f' {
			v["match_option"] = "FULL"
		}
		if ref, ok := b.Catalog.Object(c.RefTable).(*catalog.Table); ok {
			v["unique_constraint_catalog"], v["unique_constraint_schema"] = b.database(), b.schema(ref.Schema)
			for _, k := range ref.Constraints {
				if k.Index == c.Index && k.Kind != catalog.ForeignKey {
					v["unique_constraint_name"] = k.Name
				}
			}
		}
		b.row(v)
	})
	return nil
}

func infoCheckConstraints(b *builder) error {
	b.eachConstraint(func(t *catalog.Table, c *catalog.Constraint) {
		if c.Kind == catalog.Check {
			v := b.constraintNames(t, c)
			v["check_clause"] = b.stored(c.Expr, t)
			b.row(v)
		}
	})
	for _, o := range b.Catalog.Objects() {
		if t, ok := o.(*catalog.Table); ok {
			for _, c := range t.Live() {
				if c.NotNull {
					b.row(map[string]any{"constraint_catalog": b.database(), "constraint_schema": b.schema(t.Schema), "constraint_name": notNullName(t, c),
						"check_clause": c.Name + " IS NOT NULL"})
				}
			}
		}
	}
	return nil
}

func infoDomains(b *builder) error {
	for _, o := range b.Catalog.Objects() {
		u, ok := o.(*catalog.UserType)
		if !ok || u.Kind != types.KindDomain {
			continue
		}
		v := map[string]any{"domain_default": b.stored(u.Default, nil), "dtd_identifier": "1", "udt_catalog": b.database()}
		b.infoType(v, u.Base, u.Mod)
		v["domain_catalog"], v["domain_schema"], v["domain_name"] = b.database(), b.schema(u.Schema), u.Name
		b.row(v)
	}
	return nil
}

func infoEnabledRoles(b *builder) error {
	for _, r := range b.roles() {
		b.add(r.Name)
	}
	return nil
}

var privilegeWords = []struct {
	letter rune
	word   string
}{{'a', "INSERT"}, {'r', "SELECT"}, {'w', "UPDATE"}, {'d', "DELETE"}, {'D', "TRUNCATE"}, {'x', "REFERENCES"}, {'t', "TRIGGER"}}

func infoTablePrivileges(b *builder) error {
	for _, r := range b.infoRelations() {
		var o catalog.Object = r.table
		if r.view != nil {
			o = r.view
		}
		for _, g := range catalog.ACLOf(o) {
			grantee := "PUBLIC"
			if g.Grantee != 0 {
				grantee = b.roleName(g.Grantee)
			}
			for _, p := range privilegeWords {
				if containsRune(g.Privileges, p.letter) {
					b.row(map[string]any{"grantor": b.roleName(g.Grantor), "grantee": grantee, "table_catalog": b.database(), "table_schema": b.schema(r.h.Schema),
						"table_name": r.h.Name, "privilege_type": p.word, "is_grantable": g.Grantee == r.h.Owner || containsRune(g.Grantable, p.letter),
						"with_hierarchy": p.word == "SELECT"})
				}
			}
		}
	}
	return nil
}

func containsRune(s string, r rune) bool {
	for _, c := range s {
		if c == r {
			return true
		}
	}
	return false
}
