package ddl

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

// labelStep is the distance between the keys of neighbouring labels: room for values added between them.
const labelStep = 1 << 32

func (s *stmt) createType(ctx context.Context, c *command.CreateType) error {
	u, err := s.newType(ctx, c.Target, c.Kind)
	if err != nil {
		return err
	}
	if len(c.Labels) > 0 {
		first, err := s.Store.AllocateOIDs(ctx, len(c.Labels))
		if err != nil {
			return err
		}
		for i, n := range c.Labels {
			if err := checkLabel(n); err != nil {
				return err
			}
			if slices.Contains(c.Labels[:i], n) {
				return pgerr.New(pgerrcode.UniqueViolation, "duplicate key value violates unique constraint \"%s\"", "pg_enum_typid_label_index").
					WithDetail("Key (enumtypid, enumlabel)=(%d, %s) already exists.", u.OID, n)
			}
			u.Labels = append(u.Labels, types.Label{Key: int64(i+1) * labelStep, OID: first + catalog.OID(i), Name: n})
		}
	}
	for i := range c.Fields {
		if err := s.addField(ctx, u, &c.Fields[i]); err != nil {
			return err
		}
	}
	return s.view.Put(ctx, u)
}

func checkLabel(n string) error {
	if len(n) > maxName {
		return pgerr.New(pgerrcode.InvalidName, "invalid enum label \"%s\"", n).WithDetail("Labels must be %d bytes or less.", maxName)
	}
	return nil
}

// newType starts a type with its array type.
func (s *stmt) newType(ctx context.Context, at command.Target, kind types.Kind) (*catalog.UserType, error) {
	at, err := s.temporary(ctx, at)
	if err != nil {
		return nil, err
	}
	if err := s.mayCreate(at.Schema); err != nil {
		return nil, err
	}
	if s.cat().Type(at.Schema, at.Name) != nil {
		return nil, pgerr.New(pgerrcode.DuplicateObject, "type \"%s\" already exists", at.Name)
	}
	if o, _ := s.cat().Relation(at.Schema, at.Name); o != nil && kind == types.KindComposite {
		return nil, pgerr.New(pgerrcode.DuplicateTable, "relation \"%s\" already exists", at.Name)
	}
	id, err := s.Store.AllocateOIDs(ctx, 2)
	if err != nil {
		return nil, err
	}
	array := clip("_"+at.Name, maxName)
	for s.cat().Type(at.Schema, array) != nil {
		array = clip("_"+array, maxName)
	}
	u := &catalog.UserType{Header: catalog.Header{OID: id, Schema: at.Schema, Name: at.Name, Owner: s.Role}, Kind: kind, Array: id + 1, ArrayName: array, Mod: -1}
	s.applyDefaults('T', at.Schema, &u.Header, u)
	return u, nil
}

func (s *stmt) addField(ctx context.Context, u *catalog.UserType, d *command.ColumnDef) error {
	num := int16(1)
	for i := range u.Fields {
		num = max(num, u.Fields[i].Num+1)
		if u.Fields[i].Name == d.Name && !u.Fields[i].Dropped {
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" specified more than once", d.Name)
		}
	}
	id, err := s.Store.AllocateColumns(ctx, 1)
	if err != nil {
		return err
	}
	u.Fields = append(u.Fields, catalog.Column{ID: id, Num: num, Name: d.Name, TypeOID: d.Type.ID(), Mod: d.Type.Mod, Collation: d.Collation, Type: d.Type})
	return nil
}

// userType finds a type to change, and checks its owner.
func (s *stmt) userType(id catalog.OID) (*catalog.UserType, error) {
	u, ok := s.cat().Object(id).(*catalog.UserType)
	if !ok {
		return nil, pgerr.New(pgerrcode.UndefinedObject, "type with OID %d does not exist", id)
	}
	if err := s.mustOwn(u); err != nil {
		return nil, err
	}
	return u.Clone(), nil
}

func (s *stmt) alterEnum(ctx context.Context, c *command.AlterEnum) error {
	u, err := s.userType(c.Type)
	if err != nil {
		return err
	}
	if u.Kind != types.KindEnum {
		return pgerr.New(pgerrcode.WrongObjectType, "%s is not an enum", s.shownType(&u.Header))
	}
	if c.Rename != "" {
		return s.renameLabel(ctx, u, c)
	}
	if err := checkLabel(c.Add); err != nil {
		return err
	}
	if labelIndex(u, c.Add) >= 0 {
		if c.IfNotExists {
			s.notice(pgerrcode.DuplicateObject, "enum label \"%s\" already exists, skipping", c.Add)
			return nil
		}
		return pgerr.New(pgerrcode.DuplicateObject, "enum label \"%s\" already exists", c.Add)
	}
	at := len(u.Labels)
	if near := c.Before + c.After; near != "" {
		if at = labelIndex(u, near); at < 0 {
			return pgerr.New(pgerrcode.InvalidParameterValue, "\"%s\" is not an existing enum label", near)
		}
		if c.After != "" {
			at++
		}
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	key, err := keyBetween(u.Labels, at, id)
	if err != nil {
		return err
	}
	u.Labels = slices.Insert(u.Labels, at, types.Label{Key: key, OID: id, Name: c.Add, New: true})
	return s.view.Put(ctx, u)
}

func labelIndex(u *catalog.UserType, name string) int {
	return slices.IndexFunc(u.Labels, func(l types.Label) bool { return l.Name == name })
}

// keyBetween is a key for a label put at position at. Keys never change, for rows hold them. The label's OID makes it
// another than that of a label which another branch puts there: a merge has both, and far enough apart that others fit in between.
func keyBetween(labels []types.Label, at int, id catalog.OID) (int64, error) {
	scattered := int64(uint64(id) * 0x9e3779b97f4a7c15 >> 32) // neighbouring OIDs are not neighbours any more
	aside := scattered % (labelStep / 4)
	switch {
	case len(labels) == 0:
		return labelStep, nil
	case at == len(labels):
		return labels[at-1].Key + labelStep + aside, nil
	case at == 0:
		return labels[0].Key - labelStep - aside, nil
	}
	lo := labels[at-1].Key + 1
	room := labels[at].Key - lo
	if room < 1 {
		return 0, pgerr.New(pgerrcode.ProgramLimitExceeded, "no room for another enum label between \"%s\" and \"%s\"", labels[at-1].Name, labels[at].Name)
	}
	return lo + room/4 + scattered%max(room/2, 1), nil
}

func (s *stmt) renameLabel(ctx context.Context, u *catalog.UserType, c *command.AlterEnum) error {
	i := labelIndex(u, c.Rename)
	if i < 0 {
		return pgerr.New(pgerrcode.InvalidParameterValue, "\"%s\" is not an existing enum label", c.Rename)
	}
	if labelIndex(u, c.To) >= 0 {
		return pgerr.New(pgerrcode.DuplicateObject, "enum label \"%s\" already exists", c.To)
	}
	u.Labels[i].Name = c.To
	return s.view.Put(ctx, u)
}

func (s *stmt) alterComposite(ctx context.Context, c *command.AlterComposite) error {
	u, err := s.userType(c.Type)
	if err != nil {
		return err
	}
	if u.Kind != types.KindComposite {
		return pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a composite type", u.Name)
	}
	var uses []dependent
	for _, array := range []bool{false, true} {
		s.onType(address{object: u.OID, array: array}, func(a address, _ bool) { uses = append(uses, dependent{address: a}) })
	}
	if len(uses) > 0 {
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter type \"%s\" because %s uses it", u.Name, s.describeAddress(uses[0].address))
	}
	for _, a := range c.Actions {
		if err := s.alterField(ctx, u, a); err != nil {
			return err
		}
	}
	return s.view.Put(ctx, u)
}

func (s *stmt) alterField(ctx context.Context, u *catalog.UserType, a command.AlterAction) error {
	find := func(name string) int {
		return slices.IndexFunc(u.Fields, func(f catalog.Column) bool { return f.Name == name && !f.Dropped })
	}
	missing := func(name string) error {
		return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, u.Name)
	}
	switch a := a.(type) {
	case *command.AddColumn:
		return s.addField(ctx, u, &a.Column)
	case *command.DropColumn:
		i := find(a.Name)
		if i < 0 && a.IfExists {
			s.notice(pgerrcode.SuccessfulCompletion, "column \"%s\" of relation \"%s\" does not exist, skipping", a.Name, u.Name)
			return nil
		}
		if i < 0 {
			return missing(a.Name)
		}
		u.Fields = slices.Delete(u.Fields, i, i+1)
	case *command.AlterType:
		i := find(a.Name)
		if i < 0 {
			return missing(a.Name)
		}
		u.Fields[i].TypeOID, u.Fields[i].Mod, u.Fields[i].Type = a.Type.ID(), a.Type.Mod, a.Type
	default:
		return pgerr.Unsupported("ALTER TYPE action")
	}
	return nil
}

func (s *stmt) createDomain(ctx context.Context, c *command.CreateDomain) error {
	u, err := s.newType(ctx, c.Target, types.KindDomain)
	if err != nil {
		return err
	}
	u.Base, u.Mod, u.NotNull, u.Default, u.Deps = c.Base.ID(), c.Base.Mod, c.NotNull, c.Default, c.Deps
	for i := range c.Checks {
		if err := s.addDomainCheck(ctx, u, &c.Checks[i]); err != nil {
			return err
		}
	}
	return s.view.Put(ctx, u)
}

func (s *stmt) addDomainCheck(ctx context.Context, u *catalog.UserType, d *command.DomainCheck) error {
	var names []string
	for _, k := range u.Checks {
		names = append(names, k.Name)
	}
	name := d.Name
	if name == "" {
		name = s.constraintName(u.Name, "", "check", u.Schema, names)
	} else if slices.Contains(names, name) {
		return pgerr.New(pgerrcode.DuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", name, u.Name)
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	u.Checks = append(u.Checks, &catalog.Constraint{OID: id, Name: name, Kind: catalog.Check, Expr: d.Expr, Deps: d.Deps, NotValid: d.NotValid})
	return nil
}

func (s *stmt) alterDomain(ctx context.Context, c *command.AlterDomain) error {
	u, err := s.userType(c.Domain)
	if err != nil {
		return err
	}
	if u.Kind != types.KindDomain {
		return pgerr.New(pgerrcode.WrongObjectType, "%s is not a domain", s.shownType(&u.Header))
	}
	var columns []address
	if c.Verifies() {
		if u, columns, err = s.lockDomain(ctx, c.Domain); err != nil {
			return err
		}
	}
	switch c.Op {
	case "default":
		u.Default, u.Deps = c.Default, c.Deps
	case "notnull":
		u.NotNull = true
		if err := s.verifyDomain(ctx, columns, "%s IS NULL", pgerrcode.NotNullViolation, "column \"%s\" of table \"%s\" contains null values"); err != nil {
			return err
		}
	case "nullable":
		u.NotNull = false
	default:
		if err := s.alterDomainCheck(ctx, u, columns, c); err != nil {
			return err
		}
	}
	return s.view.Put(ctx, u)
}

func (s *stmt) alterDomainCheck(ctx context.Context, u *catalog.UserType, columns []address, c *command.AlterDomain) error {
	const violates = "column \"%s\" of table \"%s\" contains values that violate the new constraint"
	switch c.Op {
	case "add":
		if err := s.addDomainCheck(ctx, u, &c.Check); err != nil || c.Check.NotValid {
			return err
		}
		return s.verifyDomain(ctx, columns, "NOT ("+domainCheckOver(c.Check.Expr)+")", pgerrcode.CheckViolation, violates)
	}
	i := slices.IndexFunc(u.Checks, func(k *catalog.Constraint) bool { return k.Name == c.Name })
	if i < 0 {
		if c.IfExists {
			s.notice(pgerrcode.SuccessfulCompletion, "constraint \"%s\" of domain \"%s\" does not exist, skipping", c.Name, u.Name)
			return nil
		}
		return pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" of domain \"%s\" does not exist", c.Name, u.Name)
	}
	if c.Op == "drop" {
		u.Checks = slices.Delete(u.Checks, i, i+1)
		return nil
	}
	u.Checks[i].NotValid = false
	return s.verifyDomain(ctx, columns, "NOT ("+domainCheckOver(u.Checks[i].Expr)+")", pgerrcode.CheckViolation, violates)
}

// verifyDomain looks in the columns of a domain for a value with a condition, in which %s is the column.
func (s *stmt) verifyDomain(ctx context.Context, columns []address, cond, code, message string) error {
	for _, a := range columns {
		t, err := s.table(a.object)
		if err != nil {
			return err
		}
		c := t.ColumnByID(a.column)
		bad, err := s.any(ctx, "SELECT 1 FROM ONLY "+s.qualified(&t.Header)+" WHERE "+fmt.Sprintf(cond, quote(c.Name))+" LIMIT 1")
		if err != nil {
			return err
		}
		if bad {
			return pgerr.New(code, message, c.Name, t.Name).WithTable(s.cat().SchemaName(t.Schema), t.Name, c.Name, "")
		}
	}
	return nil
}
