package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// constraintsOf binds the constraints written at a column: DEFERRABLE and its kin belong to the one before them.
func (b *definer) constraintsOf(t *catalog.Table, column string, list []*pg.Constraint) ([]command.ConstraintDef, error) {
	var out []command.ConstraintDef
	for _, k := range list {
		if attribute(k.Contype) {
			if len(out) == 0 {
				return nil, misplaced(k)
			}
			if err := deferral(&out[len(out)-1], k); err != nil {
				return nil, err
			}
			continue
		}
		d, err := b.constraint(t, column, k)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func attribute(t pg.ConstrType) bool {
	switch t {
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE, pg.ConstrType_CONSTR_ATTR_DEFERRED, pg.ConstrType_CONSTR_ATTR_IMMEDIATE:
		return true
	}
	return false
}

func misplaced(k *pg.Constraint) error {
	words := map[pg.ConstrType]string{
		pg.ConstrType_CONSTR_ATTR_DEFERRABLE: "DEFERRABLE", pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE: "NOT DEFERRABLE",
		pg.ConstrType_CONSTR_ATTR_DEFERRED: "INITIALLY DEFERRED", pg.ConstrType_CONSTR_ATTR_IMMEDIATE: "INITIALLY IMMEDIATE",
	}
	return pgerr.New(pgerrcode.SyntaxError, "misplaced %s clause", words[k.Contype]).At(int(k.Location))
}

func deferral(d *command.ConstraintDef, k *pg.Constraint) error {
	if d.Kind == catalog.Check {
		return misplaced(k)
	}
	switch k.Contype {
	case pg.ConstrType_CONSTR_ATTR_DEFERRABLE:
		d.Deferrable = true
	case pg.ConstrType_CONSTR_ATTR_DEFERRED:
		d.Deferrable, d.Deferred = true, true
	case pg.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE:
		if d.Deferred {
			return pgerr.New(pgerrcode.SyntaxError, "constraint declared INITIALLY DEFERRED must be DEFERRABLE").At(int(k.Location))
		}
	}
	return nil
}

// constraint binds one constraint of a table; column is where it was written, "" for a table constraint.
func (b *definer) constraint(t *catalog.Table, column string, k *pg.Constraint) (command.ConstraintDef, error) {
	d := command.ConstraintDef{Name: clipName(k.Conname), Deferrable: k.Deferrable || k.Initdeferred, Deferred: k.Initdeferred, NoInherit: k.IsNoInherit,
		NotValid: k.SkipValidation}
	switch k.Contype {
	case pg.ConstrType_CONSTR_CHECK:
		s, err := b.checkExpr(t, k.RawExpr)
		if err != nil {
			return d, placed(t, err)
		}
		d.Kind, d.Expr, d.Columns, d.Deps = catalog.Check, s.sql, s.uses, s.deps
		return d, nil
	case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_UNIQUE:
		return b.keyConstraint(t, column, k, d)
	case pg.ConstrType_CONSTR_FOREIGN:
		return b.foreignKey(t, column, k, d)
	case pg.ConstrType_CONSTR_EXCLUSION:
		return d, pgerr.Unsupported("EXCLUDE constraint").At(int(k.Location))
	}
	return d, pgerr.Unsupported("this kind of constraint").At(int(k.Location))
}

// placed is an error as CREATE TABLE has it, or as ALTER TABLE does for a table that is there.
func placed(t *catalog.Table, err error) error {
	if t.OID != 0 {
		return nowhere(err)
	}
	return err
}

func (b *definer) keyConstraint(t *catalog.Table, column string, k *pg.Constraint, d command.ConstraintDef) (command.ConstraintDef, error) {
	d.Kind = catalog.Unique
	if k.Contype == pg.ConstrType_CONSTR_PRIMARY {
		d.Kind = catalog.PrimaryKey
	}
	d.NullsNotDistinct = k.NullsNotDistinct
	d.Columns, d.Include = stringList(k.Keys), stringList(k.Including)
	if column != "" && len(d.Columns) == 0 {
		d.Columns = []string{column}
	}
	word := "unique"
	if d.Kind == catalog.PrimaryKey {
		word = "primary key"
	}
	for i, n := range d.Columns {
		if t.Column(n) == nil {
			return d, placed(t, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" named in key does not exist", n).At(int(k.Location)))
		}
		if slices.Contains(d.Columns[:i], n) {
			return d, pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" appears twice in %s constraint", n, word).At(int(k.Location))
		}
	}
	d.Options = optionList(k.Options)
	if k.Indexname == "" {
		return d, nil
	}
	ix := indexByName(t, k.Indexname)
	if ix == nil {
		o, other, _, err := b.lookup([]string{b.schemaOf(t), k.Indexname})
		switch {
		case err != nil:
			return d, err
		case o != nil && other != nil:
			return d, pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "index \"%s\" does not belong to table \"%s\"", k.Indexname, t.Name).At(int(k.Location))
		}
		return d, pgerr.New(pgerrcode.UndefinedObject, "index \"%s\" does not exist", k.Indexname).At(int(k.Location))
	}
	d.UsingIndex = ix.OID
	if !ix.Unique {
		return d, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a unique index", ix.Name).
			WithDetail("Cannot create a primary key or unique constraint using such an index.").At(int(k.Location))
	}
	return d, nil
}

func (b *definer) schemaOf(t *catalog.Table) string {
	snap, err := b.session()
	if err != nil {
		return ""
	}
	return snap.SchemaName(t.Schema)
}

func indexByName(t *catalog.Table, name string) *catalog.Index {
	for _, ix := range t.Indexes {
		if ix.Name == name {
			return ix
		}
	}
	return nil
}

// foreignKey binds REFERENCES and FOREIGN KEY.
func (b *definer) foreignKey(t *catalog.Table, column string, k *pg.Constraint, d command.ConstraintDef) (command.ConstraintDef, error) {
	d.Kind = catalog.ForeignKey
	d.Columns, d.RefColumns = stringList(k.FkAttrs), stringList(k.PkAttrs)
	if column != "" && len(d.Columns) == 0 {
		d.Columns = []string{column}
	}
	d.OnUpdate, d.OnDelete, d.SetColumns = action(k.FkUpdAction), action(k.FkDelAction), stringList(k.FkDelSetCols)
	d.Match = 's'
	switch k.FkMatchtype {
	case "f":
		d.Match = 'f'
	case "p":
		return d, pgerr.New(pgerrcode.FeatureNotSupported, "MATCH PARTIAL not yet implemented").At(int(k.Location))
	}
	if b.isSelf(t, k.Pktable) {
		return d, nil
	}
	ref, ix, err := b.relation(k.Pktable)
	if err != nil {
		return d, err
	}
	rt, ok := ref.(*catalog.Table)
	if !ok || ix != nil {
		return d, pgerr.New(pgerrcode.WrongObjectType, "referenced relation \"%s\" is not a table", k.Pktable.Relname)
	}
	d.RefTable = rt.OID
	return d, nil
}

// isSelf reports whether a table that is being made refers to itself.
func (b *definer) isSelf(t *catalog.Table, r *pg.RangeVar) bool {
	if t.OID != 0 || r.Relname != t.Name {
		return false
	}
	if r.Schemaname != "" {
		return r.Schemaname == b.schemaOf(t)
	}
	o, _, _, err := b.lookup([]string{r.Relname})
	return err == nil && o == nil
}

func action(s string) byte {
	if s == "" {
		return 'a'
	}
	return s[0]
}

// optionList turns WITH (…) into name=value.
func optionList(nodes []*pg.Node) []string {
	var out []string
	for _, n := range nodes {
		d := n.GetDefElem()
		name := d.Defname
		if d.Defnamespace != "" {
			name = d.Defnamespace + "." + name
		}
		value := "true"
		if d.Arg != nil {
			value = defText(d)
		}
		out = append(out, name+"="+value)
	}
	return out
}
