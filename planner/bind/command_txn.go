package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

var transactionKinds = map[pg.TransactionStmtKind]string{
	pg.TransactionStmtKind_TRANS_STMT_BEGIN: "BEGIN", pg.TransactionStmtKind_TRANS_STMT_START: "START",
	pg.TransactionStmtKind_TRANS_STMT_COMMIT: "COMMIT", pg.TransactionStmtKind_TRANS_STMT_ROLLBACK: "ROLLBACK",
	pg.TransactionStmtKind_TRANS_STMT_SAVEPOINT: "SAVEPOINT", pg.TransactionStmtKind_TRANS_STMT_RELEASE: "RELEASE",
	pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO: "ROLLBACK_TO", pg.TransactionStmtKind_TRANS_STMT_PREPARE: "PREPARE",
	pg.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:   "COMMIT_PREPARED",
	pg.TransactionStmtKind_TRANS_STMT_ROLLBACK_PREPARED: "ROLLBACK_PREPARED",
}

// transaction binds BEGIN, COMMIT, SAVEPOINT and their kin.
func (b *binder) transaction(s *pg.TransactionStmt) (command.Command, error) {
	c := &command.Transaction{Kind: transactionKinds[s.Kind], Savepoint: s.SavepointName, Chain: s.Chain}
	if s.Gid != "" {
		c.Savepoint = s.Gid
	}
	var err error
	c.Modes, err = transactionModes(s.Options)
	return c, err
}

// transactionModes reads the modes of BEGIN and SET TRANSACTION.
func transactionModes(options []*pg.Node) (command.TxnModes, error) {
	var m command.TxnModes
	for _, o := range options {
		d := o.GetDefElem()
		switch d.Defname {
		case "transaction_isolation":
			m.Isolation = constantText(d.Arg)
		case "transaction_read_only":
			m.ReadOnly = boolPointer(d.Arg)
		case "transaction_deferrable":
			m.Deferrable = boolPointer(d.Arg)
		default:
			return m, pgerr.Unsupported("transaction mode \"%s\"", d.Defname)
		}
	}
	return m, nil
}

func boolPointer(n *pg.Node) *bool {
	v := n.GetAConst().GetIval().GetIval() != 0 || n.GetAConst().GetBoolval().GetBoolval() || n.GetInteger().GetIval() != 0
	return &v
}

// constantText is the text of a constant in the places where the grammar allows names, strings and numbers.
func constantText(n *pg.Node) string {
	switch x := n.GetNode().(type) {
	case *pg.Node_String_:
		return x.String_.Sval
	case *pg.Node_Integer:
		return itoa(int(x.Integer.Ival))
	case *pg.Node_Float:
		return x.Float.Fval
	case *pg.Node_Boolean:
		if x.Boolean.Boolval {
			return "true"
		}
		return "false"
	case *pg.Node_TypeName:
		return nameText(x.TypeName.Names)
	case *pg.Node_TypeCast:
		return constantText(x.TypeCast.Arg)
	case *pg.Node_AConst:
		switch v := x.AConst.Val.(type) {
		case *pg.A_Const_Sval:
			return v.Sval.GetSval()
		case *pg.A_Const_Ival:
			return itoa(int(v.Ival.GetIval()))
		case *pg.A_Const_Fval:
			return v.Fval.GetFval()
		case *pg.A_Const_Boolval:
			if v.Boolval.GetBoolval() {
				return "true"
			}
			return "false"
		}
	case *pg.Node_ColumnRef:
		return nameText(x.ColumnRef.Fields)
	}
	return ""
}

// set binds SET and RESET.
func (b *binder) set(s *pg.VariableSetStmt) (command.Command, error) {
	switch s.Kind {
	case pg.VariableSetKind_VAR_SET_MULTI:
		return setMulti(s)
	case pg.VariableSetKind_VAR_RESET_ALL:
		return &command.Set{Reset: true, All: true}, nil
	case pg.VariableSetKind_VAR_RESET, pg.VariableSetKind_VAR_SET_DEFAULT:
		return &command.Set{Name: s.Name, Reset: true, Local: s.IsLocal}, nil
	case pg.VariableSetKind_VAR_SET_CURRENT:
		return nil, pgerr.New(pgerrcode.SyntaxError, "SET FROM CURRENT is not allowed here")
	}
	c := &command.Set{Name: s.Name, Local: s.IsLocal, IsList: len(s.Args) > 1}
	for _, a := range s.Args {
		v, err := b.settingValue(a)
		if err != nil {
			return nil, err
		}
		c.Values = append(c.Values, v)
	}
	return c, nil
}

// settingValue is the text of a value of SET; an interval, in SET TIME ZONE, keeps its word.
func (b *binder) settingValue(n *pg.Node) (string, error) {
	c := n.GetTypeCast()
	if c == nil {
		return constantText(n), nil
	}
	t, err := b.typeName(c.TypeName)
	if err != nil || t.ID() != types.OIDInterval {
		return constantText(n), err
	}
	text := constantText(c.Arg)
	d, err := types.ParseText(t, text, defaultFormat)
	if err != nil {
		return "", pgerr.From(err).At(int(c.Arg.GetAConst().GetLocation()))
	}
	return "INTERVAL '" + types.Text(t, d, defaultFormat) + "'", nil
}

// setMulti binds SET TRANSACTION and SET SESSION CHARACTERISTICS.
func setMulti(s *pg.VariableSetStmt) (command.Command, error) {
	c := &command.SetTransaction{Session: s.Name == "SESSION CHARACTERISTICS"}
	if s.Name == "TRANSACTION SNAPSHOT" {
		c.Modes.Snapshot = constantText(s.Args[0])
		return c, nil
	}
	var err error
	c.Modes, err = transactionModes(s.Args)
	return c, err
}

// show binds SHOW.
func (b *binder) show(s *pg.VariableShowStmt) (command.Command, error) {
	b.out.Fields = []Field{{Name: s.Name, Type: typeText}}
	if s.Name == "all" {
		b.out.Fields = []Field{{Name: "name", Type: typeText}, {Name: "setting", Type: typeText}, {Name: "description", Type: typeText}}
	}
	return &command.Show{Name: s.Name}, nil
}

// lockTable binds LOCK TABLE.
func (b *binder) lockTable(s *pg.LockStmt) (command.Command, error) {
	b.modify = s.Mode > int32(catalog.RowShare)
	c := &command.LockTable{Mode: catalog.TableLock(s.Mode), NoWait: s.Nowait}
	for _, n := range s.Relations {
		rv := n.GetRangeVar()
		r, err := b.findRelation(rv)
		if err != nil {
			return nil, err
		}
		kind := ""
		if _, ok := r.object.(*catalog.Sequence); ok {
			kind = "sequences"
		} else if r.index != nil {
			kind = "indexes"
		}
		if kind != "" {
			return nil, pgerr.New(pgerrcode.WrongObjectType, "cannot lock relation \"%s\"", rv.Relname).
				WithDetail("This operation is not supported for %s.", kind)
		}
		c.Named = append(c.Named, r.object.Head().OID)
		c.Tables, c.Ref = lockedBy(c.Tables, r.snap, r.object.Head().OID), r.ref
	}
	return c, nil
}

// lockedBy adds a relation and, of a view, what it reads.
func lockedBy(list []catalog.OID, snap *catalog.Snapshot, id catalog.OID) []catalog.OID {
	if slices.Contains(list, id) {
		return list
	}
	switch o := snap.Object(id).(type) {
	case *catalog.Table:
		list = append(list, id)
	case *catalog.View:
		list = append(list, id)
		for _, d := range o.Deps {
			list = lockedBy(list, snap, d.Object)
		}
	}
	return list
}

// setConstraints binds SET CONSTRAINTS.
func (b *binder) setConstraints(s *pg.ConstraintsSetStmt) (command.Command, error) {
	c := &command.Constraints{Deferred: s.Deferred}
	snap, err := b.session()
	if err != nil {
		return nil, err
	}
	if len(s.Constraints) > 0 {
		c.Names = []catalog.OID{}
	}
	for _, n := range s.Constraints {
		rv := n.GetRangeVar()
		found := false
		for _, schema := range b.schemasOf(rv) {
			for _, o := range snap.Objects() {
				t, ok := o.(*catalog.Table)
				if !ok || snap.SchemaName(t.Schema) != schema {
					continue
				}
				for _, k := range t.Constraints {
					if k.Name != rv.Relname {
						continue
					}
					if found = true; !k.Deferrable && !s.Deferred {
						continue // it is checked at once as it is
					}
					if !k.Deferrable {
						return nil, pgerr.New(pgerrcode.WrongObjectType, "constraint \"%s\" is not deferrable", k.Name)
					}
					c.Names = append(c.Names, k.OID)
				}
				for _, tr := range t.Triggers {
					if tr.Constraint == 0 || tr.Name != rv.Relname {
						continue
					}
					if found = true; !tr.Deferrable && !s.Deferred {
						continue // it is checked at once as it is
					}
					if !tr.Deferrable {
						return nil, pgerr.New(pgerrcode.WrongObjectType, "constraint \"%s\" is not deferrable", tr.Name)
					}
					c.Names = append(c.Names, tr.Constraint)
				}
			}
			if found {
				break
			}
		}
		if !found {
			return nil, pgerr.New(pgerrcode.UndefinedObject, "constraint \"%s\" does not exist", rv.Relname)
		}
	}
	return c, nil
}

func (b *binder) schemasOf(rv *pg.RangeVar) []string {
	if rv.Schemaname != "" {
		return []string{rv.Schemaname}
	}
	return b.searchPath()
}
