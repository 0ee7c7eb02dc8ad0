package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/types"
)

// columnDef is a column definition being bound: names and types first, then, when all columns of the table are known, the
// expressions.
type columnDef struct {
	out         command.ColumnDef
	def         *pg.Node
	generated   *pg.Node
	constraints []*pg.Constraint // those that become constraints of the table
	at          int              // where its last default, identity or generation clause stands
}

var serialTypes = map[string]types.OID{
	"smallserial": types.OIDInt2, "serial2": types.OIDInt2, "serial": types.OIDInt4, "serial4": types.OIDInt4,
	"bigserial": types.OIDInt8, "serial8": types.OIDInt8,
}

// columnType resolves a column's type, and whether it is one of the serial types.
func (b *definer) columnType(tn *pg.TypeName) (types.Type, bool, error) {
	if len(tn.Names) == 1 && !tn.PctType {
		if id, ok := serialTypes[tn.Names[0].GetString_().GetSval()]; ok {
			if len(tn.ArrayBounds) > 0 {
				return types.Type{}, false, pgerr.New(pgerrcode.FeatureNotSupported, "array of serial is not implemented").At(int(tn.Location))
			}
			return builtinType(id), true, nil
		}
	}
	t, err := b.typeName(tn)
	if err == nil && tn.Setof {
		err = pgerr.New(pgerrcode.InvalidTableDefinition, "column cannot be declared SETOF")
	}
	return t, false, err
}

// column binds the parts of a column definition that need no other column.
func (b *definer) column(table string, d *pg.ColumnDef) (*columnDef, error) {
	c := &columnDef{out: command.ColumnDef{Name: clipName(d.Colname), Storage: storageLetter(d.StorageName)}}
	if _, ok := systemColumns[c.out.Name]; ok || c.out.Name == "cmin" || c.out.Name == "cmax" || c.out.Name == "xmax" {
		return nil, pgerr.New(pgerrcode.DuplicateColumn, "column name \"%s\" conflicts with a system column name", c.out.Name)
	}
	var err error
	if c.out.Type, c.out.Serial, err = b.columnType(d.TypeName); err != nil {
		return nil, err
	}
	if err := b.columnOf(c.out.Name, c.out.Type); err != nil {
		return nil, err
	}
	if d.CollClause != nil {
		if err := b.collationOf(c.out.Type, d.CollClause); err != nil {
			return nil, err
		}
		c.out.Collation = collationName(d.CollClause.Collname)
	}
	c.def = d.RawDefault
	return c, b.columnConstraints(table, c, d)
}

func storageLetter(name string) byte {
	switch strings.ToLower(name) {
	case "plain":
		return 'p'
	case "external":
		return 'e'
	case "extended":
		return 'x'
	case "main":
		return 'm'
	}
	return 0
}

// columnConstraints sorts the constraints of a column into what belongs to it and what becomes the table's.
func (b *definer) columnConstraints(table string, c *columnDef, d *pg.ColumnDef) error {
	sawNull := false
	conflict := func(k *pg.Constraint) error {
		return pgerr.New(pgerrcode.SyntaxError, "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", c.out.Name, table).At(int(k.Location))
	}
	for _, n := range d.Constraints {
		k := n.GetConstraint()
		switch k.Contype {
		case pg.ConstrType_CONSTR_DEFAULT, pg.ConstrType_CONSTR_IDENTITY, pg.ConstrType_CONSTR_GENERATED:
			c.at = int(k.Location)
		}
		switch k.Contype {
		case pg.ConstrType_CONSTR_NULL:
			if c.out.NotNull {
				return conflict(k)
			}
			sawNull = true
		case pg.ConstrType_CONSTR_NOTNULL:
			if sawNull {
				return conflict(k)
			}
			c.out.NotNull = true
		case pg.ConstrType_CONSTR_DEFAULT:
			if c.def != nil {
				return pgerr.New(pgerrcode.SyntaxError, "multiple default values specified for column \"%s\" of table \"%s\"", c.out.Name, table).At(int(k.Location))
			}
			c.def = k.RawExpr
		case pg.ConstrType_CONSTR_GENERATED:
			if c.generated != nil {
				return pgerr.New(pgerrcode.SyntaxError, "multiple generation clauses specified for column \"%s\" of table \"%s\"", c.out.Name, table).At(int(k.Location))
			}
			c.generated = k.RawExpr
		case pg.ConstrType_CONSTR_IDENTITY:
			if err := b.identity(table, c, k); err != nil {
				return err
			}
			if sawNull {
				return conflict(k)
			}
		default:
			c.constraints = append(c.constraints, k)
		}
	}
	return b.oneValue(table, c)
}

// identity applies GENERATED … AS IDENTITY.
func (b *definer) identity(table string, c *columnDef, k *pg.Constraint) error {
	if c.out.Identity != 0 {
		return pgerr.New(pgerrcode.SyntaxError, "multiple identity specifications for column \"%s\" of table \"%s\"", c.out.Name, table).At(int(k.Location))
	}
	if !isIntegerType(baseType(c.out.Type.Def).OID) {
		return pgerr.New(pgerrcode.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	def, err := b.sequenceOptions(k.Options, true)
	if err != nil {
		return err
	}
	c.out.Identity, c.out.Sequence, c.out.NotNull = identityKind(k.GeneratedWhen), &def, true
	return nil
}

func isIntegerType(id types.OID) bool {
	return id == types.OIDInt2 || id == types.OIDInt4 || id == types.OIDInt8
}

func identityKind(when string) byte {
	if when == "a" {
		return 'a'
	}
	return 'd'
}

// oneValue refuses a column that has several of default, identity, generation and serial.
func (b *definer) oneValue(table string, c *columnDef) error {
	both := ""
	switch {
	case c.out.Serial && c.def != nil:
		return pgerr.New(pgerrcode.SyntaxError, "multiple default values specified for column \"%s\" of table \"%s\"", c.out.Name, table)
	case c.def != nil && c.out.Identity != 0:
		both = "default and identity"
	case c.def != nil && c.generated != nil:
		both = "default and generation expression"
	case c.out.Identity != 0 && c.generated != nil:
		both = "identity and generation expression"
	}
	if both != "" {
		return pgerr.New(pgerrcode.SyntaxError, "both %s specified for column \"%s\" of table \"%s\"", both, c.out.Name, table).At(c.at)
	}
	return nil
}

// columnExprs binds a column's default or generation expression; t has all columns of the table.
func (b *definer) columnExprs(t *catalog.Table, c *columnDef) error {
	switch {
	case c.def != nil:
		s, err := b.defaultExpr(c.out.Name, c.out.Type, c.def)
		if err != nil {
			return err
		}
		c.out.Default, c.out.Deps = s.sql, s.deps
		c.out.Volatile = s.bound != nil && expr.ContainsVolatile(s.bound)
	case c.generated != nil:
		s, err := b.generatedExpr(t, c.out.Name, c.out.Type, c.generated)
		if err != nil {
			return err
		}
		c.out.Generated, c.out.Uses, c.out.Deps = s.sql, s.uses, s.deps
	}
	return nil
}

// draft adds the column to the table that expressions are bound over.
func (c *columnDef) draft(t *catalog.Table) {
	d := catalog.Column{ID: catalog.ColumnID(len(t.Columns) + 1<<20), Num: int16(len(t.Columns) + 1), Name: c.out.Name, TypeOID: c.out.Type.ID(), Mod: c.out.Type.Mod,
		Type: c.out.Type, NotNull: c.out.NotNull, Identity: c.out.Identity}
	if c.generated != nil {
		d.Generated = "?"
	}
	t.Columns = append(t.Columns, d)
}

// columnOf refuses a column of a type that columns cannot have.
func (b *definer) columnOf(name string, t types.Type) error {
	switch {
	case t.Kind == types.KindPseudo:
		return pgerr.New(pgerrcode.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", name, b.formatType(t.Def))
	case catalog.RowTypeOf(t.ID()) != 0:
		return pgerr.Unsupported("a column of a relation's row type")
	}
	return nil
}

// collationOf refuses a COLLATE that the type does not go with.
func (b *definer) collationOf(t types.Type, c *pg.CollateClause) error {
	if err := b.checkCollation(c, int(c.Location)); err != nil {
		return err
	}
	if !collatable(baseType(t.Def)) {
		return pgerr.New(pgerrcode.DatatypeMismatch, "collations are not supported by type %s", b.formatType(t.Def)).At(int(c.Location))
	}
	return nil
}

// collationName is the name that descriptors keep of a collation: all are in pg_catalog.
func collationName(parts []*pg.Node) string { return parts[len(parts)-1].GetString_().GetSval() }
