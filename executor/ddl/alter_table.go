package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// alterTable runs the actions in PostgreSQL's order, whatever the order in which they are written.
func (s *stmt) alterTable(ctx context.Context, c *command.AlterTable) error {
	if o, ok := s.cat().Object(c.Table).(*catalog.Table); !ok {
		return s.alterOther(ctx, c)
	} else if err := s.mustOwn(o); err != nil {
		return err
	}
	t, err := s.lockTable(ctx, c.Table, alterLock(c.Actions))
	if err != nil {
		return err
	}
	if err := s.mustOwn(t); err != nil {
		return err
	}
	if err := s.notInUse(ctx, t, "ALTER TABLE"); err != nil {
		return err
	}
	b := &build{stmt: s, was: t, t: t.Clone(), values: map[catalog.ColumnID]string{}}
	for pass := range passes {
		for _, a := range c.Actions {
			if passOf(a) != pass {
				continue
			}
			if err := b.action(ctx, a); err != nil {
				return err
			}
		}
	}
	if err := b.policiesFit(t); err != nil {
		return err
	}
	return b.finish(ctx, t)
}

// policiesFit refuses a new type for a column whose merge policy does not go with it.
func (b *build) policiesFit(was *catalog.Table) error {
	for i := range b.t.Columns {
		c := &b.t.Columns[i]
		if old := was.ColumnByID(c.ID); c.Merge == "" || old == nil || old.TypeOID == c.TypeOID {
			continue
		}
		if err := catalog.CheckMergePolicy(c.Merge, c.Type); err != nil {
			return pgerr.From(err).WithHint("ALTER TABLE ... ALTER COLUMN %s RESET (merge_policy) takes the column's policy away.", types.QuoteIdent(c.Name))
		}
	}
	return nil
}

// The passes of ALTER TABLE, which are PostgreSQL's: what goes makes room for what comes, and what is added stands on what is
// there by then.
const (
	passDrop = iota
	passType
	passColumn
	passAttribute
	passAdopt
	passIndex
	passDefault
	passConstraint
	passRest
	passes
)

func passOf(a command.AlterAction) int {
	switch a := a.(type) {
	case *command.DropColumn, *command.DropConstraint, *command.DropExpression:
		return passDrop
	case *command.AlterType:
		return passType
	case *command.AddColumn:
		return passColumn
	case *command.SetNotNull:
		if a.Off {
			return passDrop
		}
		return passAttribute
	case *command.SetIdentity:
		switch {
		case a.Drop:
			return passDrop
		case a.Add:
			return passDefault
		}
		return passAttribute
	case *command.SetDefault:
		if a.Default == "" {
			return passDrop
		}
		return passDefault
	case *command.AddConstraint:
		return passOfConstraint(&a.Constraint)
	}
	return passRest
}

func passOfConstraint(c *command.ConstraintDef) int {
	switch {
	case c.UsingIndex != 0:
		return passAdopt
	case c.Kind == catalog.PrimaryKey || c.Kind == catalog.Unique:
		return passIndex
	}
	return passConstraint
}

func (b *build) action(ctx context.Context, a command.AlterAction) error {
	switch a := a.(type) {
	case *command.AddColumn:
		return b.addNewColumn(ctx, a)
	case *command.DropColumn:
		return b.dropColumn(ctx, a)
	case *command.AlterType:
		return b.alterType(ctx, a)
	case *command.SetDefault:
		return b.setDefault(a)
	case *command.SetNotNull:
		return b.setNotNull(a)
	case *command.SetIdentity:
		return b.setIdentity(ctx, a)
	case *command.DropExpression:
		return b.dropExpression(a)
	case *command.SetColumn:
		return b.setColumn(a)
	case *command.AddConstraint:
		return b.addConstraint(ctx, &a.Constraint)
	case *command.AlterConstraint:
		return b.alterConstraint(a)
	case *command.ValidateConstraint:
		return b.validateConstraint(a)
	case *command.DropConstraint:
		return b.dropConstraint(ctx, a)
	}
	return b.attribute(ctx, a)
}

// attribute runs the actions that change nothing but a field.
func (b *build) attribute(ctx context.Context, a command.AlterAction) error {
	switch a := a.(type) {
	case *command.SetOptions:
		b.t.Options = mergeOptions(b.t.Options, a.Options, a.Reset)
	case *command.ClusterOn:
		for _, ix := range b.t.Indexes {
			ix.Clustered = ix.OID == a.Index
		}
	case *command.ReplicaIdentity:
		b.t.Replident = a.Kind
	case *command.RowSecurity:
		if a.Force {
			b.t.ForceRLS = a.On
		} else {
			b.t.RowSecurity = a.On
		}
	case *command.SetLogged:
		b.t.Unlogged = a.Unlogged
	case *command.SetOwner:
		return b.setTableOwner(ctx, a.Role)
	case *command.SwitchTrigger:
		return b.switchTriggers(a)
	}
	return nil
}

// column finds a column that ALTER COLUMN names.
func (b *build) column(name string) (*catalog.Column, error) {
	if c := b.t.Column(name); c != nil {
		return c, nil
	}
	if isSystemColumn(name) {
		return nil, pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter system column \"%s\"", name)
	}
	return nil, b.noColumn(name)
}

func (b *build) noColumn(name string) error {
	return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, b.t.Name)
}

func isSystemColumn(name string) bool {
	return slices.Contains([]string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}, name)
}

func (b *build) addNewColumn(ctx context.Context, a *command.AddColumn) error {
	if a.IfNotExists && b.t.Column(a.Column.Name) != nil {
		b.notice(pgerrcode.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists, skipping", a.Column.Name, b.t.Name)
		return nil
	}
	if isSystemColumn(a.Column.Name) {
		return pgerr.New(pgerrcode.DuplicateColumn, "column name \"%s\" conflicts with a system column name", a.Column.Name)
	}
	if _, err := b.columnIDs(a.Column.Uses, `column "%s" does not exist`); err != nil {
		return err
	}
	c, err := b.addColumn(ctx, &a.Column)
	if err != nil {
		return err
	}
	b.generatedDeps(&a.Column)
	if err := b.fillColumn(ctx, c, &a.Column); err != nil {
		return err
	}
	return b.addConstraints(ctx, a.Constraints)
}

// fillColumn decides what existing rows have in a new column: nothing, one value for all, or a value each.
func (b *build) fillColumn(ctx context.Context, c *catalog.Column, d *command.ColumnDef) error {
	switch {
	case d.Serial || d.Identity != 0:
		b.rewrite = true
		seq := b.sequences[len(b.sequences)-1]
		b.values[c.ID] = fmt.Sprintf("CAST(nextval(%s::regclass) AS %s)", literal(quote(b.cat().SchemaName(seq.Schema))+"."+quote(seq.Name)), b.typeSQL(c))
	case d.Generated != "":
		b.rewrite = true
	case d.Default != "" && d.Volatile:
		b.rewrite = true
		b.values[c.ID] = d.Default
	case d.Default != "":
		return b.missing(ctx, c, d.Default)
	case c.NotNull || base(d.Type).Def != d.Type.Def:
		b.notNullIfRows(c)
	}
	return nil
}

// notNullIfRows notes that a NOT NULL column without default cannot be added to a table that has rows.
func (b *build) notNullIfRows(c *catalog.Column) {
	if c.NotNull {
		b.notNull = append(b.notNull, c.ID)
	}
}

// typeSQL spells a column's type, qualified.
func (b *build) typeSQL(c *catalog.Column) string {
	d := b.cat().TypeByOID(c.TypeOID)
	return quote(d.Schema) + "." + quote(d.Name)
}

func (b *build) setDefault(a *command.SetDefault) error {
	c, err := b.column(a.Name)
	if err != nil {
		return err
	}
	if c.Identity != 0 {
		e := pgerr.New(pgerrcode.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", c.Name, b.t.Name)
		if a.Default == "" {
			e = e.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
		}
		return e
	}
	if c.Generated != "" {
		e := pgerr.New(pgerrcode.SyntaxError, "column \"%s\" of relation \"%s\" is a generated column", c.Name, b.t.Name)
		if a.Default == "" {
			e = e.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")
		}
		return e
	}
	c.Default, c.Deps = a.Default, a.Deps
	return nil
}

func (b *build) setNotNull(a *command.SetNotNull) error {
	c, err := b.column(a.Name)
	if err != nil {
		return err
	}
	if !a.Off {
		if !c.NotNull {
			c.NotNull = true
			b.notNull = append(b.notNull, c.ID)
		}
		return nil
	}
	if c.Identity != 0 {
		return pgerr.New(pgerrcode.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", c.Name, b.t.Name)
	}
	if pk := b.t.PrimaryKey(); pk != nil && slices.Contains(pk.Columns, c.ID) {
		return pgerr.New(pgerrcode.InvalidTableDefinition, "column \"%s\" is in a primary key", c.Name)
	}
	c.NotNull = false
	return nil
}

func (b *build) setColumn(a *command.SetColumn) error {
	c, err := b.column(a.Name)
	if err != nil {
		return err
	}
	if a.Statistics != nil {
		c.Statistics = *a.Statistics
	}
	if a.Storage != 0 {
		c.Storage = a.Storage
	}
	for _, o := range a.Options {
		if err := b.setMergePolicy(c, o, a.Reset); err != nil {
			return err
		}
	}
	return nil
}

// setMergePolicy heeds the one option of columns that means something here: merge_policy=….
func (b *build) setMergePolicy(c *catalog.Column, option string, reset bool) error {
	name, policy, _ := strings.Cut(option, "=")
	switch {
	case name == "merge_policy":
	case reset, name == "n_distinct", name == "n_distinct_inherited":
		return nil
	default:
		return pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized parameter \"%s\"", name)
	}
	if reset {
		policy = ""
	} else if policy == "" {
		return catalog.UnknownMergePolicy(policy)
	}
	if err := catalog.MayHaveMergePolicy(b.t, c, policy); err != nil {
		return err
	}
	if err := b.cat().CheckMergeFunction(policy); err != nil {
		return err
	}
	c.Merge = policy
	return nil
}

func (b *build) dropExpression(a *command.DropExpression) error {
	c, err := b.column(a.Name)
	if err != nil {
		return err
	}
	if c.Generated == "" {
		if a.IfExists {
			b.notice(pgerrcode.SuccessfulCompletion, "column \"%s\" of relation \"%s\" is not a stored generated column, skipping", c.Name, b.t.Name)
			return nil
		}
		return pgerr.New(pgerrcode.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not a stored generated column", c.Name, b.t.Name)
	}
	c.Generated, c.Deps = "", nil
	return nil
}

func (b *build) findConstraint(name string) (*catalog.Constraint, error) {
	if k := b.t.Constraint(name); k != nil {
		return k, nil
	}
	return nil, pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", name, b.t.Name)
}

func (b *build) alterConstraint(a *command.AlterConstraint) error {
	k, err := b.findConstraint(a.Name)
	if err != nil {
		return err
	}
	if k.Kind != catalog.ForeignKey {
		return pgerr.New(pgerrcode.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key constraint", a.Name, b.t.Name)
	}
	k.Deferrable, k.Deferred = a.Deferrable, a.Deferred
	return nil
}

func (b *build) validateConstraint(a *command.ValidateConstraint) error {
	k, err := b.findConstraint(a.Name)
	if err != nil {
		return err
	}
	switch k.Kind {
	case catalog.Check:
		if k.NotValid {
			b.checks = append(b.checks, k)
		}
	case catalog.ForeignKey:
		if k.NotValid {
			b.keys = append(b.keys, k)
		}
	default:
		return pgerr.New(pgerrcode.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", a.Name, b.t.Name)
	}
	k.NotValid = false
	return nil
}
