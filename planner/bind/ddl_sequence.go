package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

func (b *definer) createSequence(s *pg.CreateSeqStmt) (command.Command, error) {
	at, err := b.target(s.Sequence)
	if err != nil {
		return nil, err
	}
	def, err := b.sequenceOptions(s.Options, s.ForIdentity)
	if err != nil {
		return nil, err
	}
	return &command.CreateSequence{Target: at, IfNotExists: s.IfNotExists, Def: def}, nil
}

func (b *definer) alterSequence(s *pg.AlterSeqStmt) (command.Command, error) {
	o, ix, noSchema, err := b.lookup(rangeNames(s.Sequence))
	if err != nil {
		return nil, err
	}
	if o == nil {
		return b.absent("ALTER SEQUENCE", s.Sequence, s.MissingOk, noSchema)
	}
	q, ok := o.(*catalog.Sequence)
	if !ok || ix != nil {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a sequence", s.Sequence.Relname)
	}
	def, err := b.sequenceOptions(s.Options, s.ForIdentity)
	if err != nil {
		return nil, err
	}
	return &command.AlterSequence{Sequence: q.OID, Def: def}, nil
}

// absent is the answer when the relation to alter is not there.
func (b *definer) absent(tag string, r *pg.RangeVar, ok bool, noSchema string) (command.Command, error) {
	name := strings.Join(rangeNames(r), ".")
	if ok {
		return &command.Nothing{Name: tag, Notices: []*pgerr.Error{skipNotice("relation \"%s\" does not exist, skipping", r.Relname)}}, nil
	}
	if noSchema != "" {
		return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", noSchema)
	}
	return nil, pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", name)
}

// sequenceOptions binds the options of CREATE and ALTER SEQUENCE.
func (b *definer) sequenceOptions(nodes []*pg.Node, identity bool) (command.SequenceDef, error) {
	var s command.SequenceDef
	seen := map[string]bool{}
	for _, n := range nodes {
		d := n.GetDefElem()
		if seen[d.Defname] {
			return s, redundant(d)
		}
		seen[d.Defname] = true
		if err := b.sequenceOption(&s, d, identity); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (b *definer) sequenceOption(s *command.SequenceDef, d *pg.DefElem, identity bool) error {
	number := func(to **int64) error {
		v, err := defInt(d)
		*to = &v
		return err
	}
	switch d.Defname {
	case "as":
		if identity {
			return pgerr.New(pgerrcode.SyntaxError, "identity column type must be smallint, integer, or bigint")
		}
		t, err := b.typeName(d.Arg.GetTypeName())
		if err != nil {
			return err
		}
		if !isIntegerType(t.ID()) {
			return pgerr.New(pgerrcode.InvalidParameterValue, "sequence type must be smallint, integer, or bigint")
		}
		s.Type = t.ID()
	case "increment":
		return number(&s.Increment)
	case "start":
		return number(&s.Start)
	case "cache":
		return number(&s.Cache)
	case "maxvalue":
		if d.Arg == nil {
			s.NoMax = true
			return nil
		}
		return number(&s.Max)
	case "minvalue":
		if d.Arg == nil {
			s.NoMin = true
			return nil
		}
		return number(&s.Min)
	case "cycle":
		v, err := defBool(d)
		s.Cycle = &v
		return err
	case "restart":
		s.Restart = true
		if d.Arg != nil {
			return number(&s.RestartWith)
		}
	case "owned_by":
		return b.ownedBy(s, d)
	case "sequence_name":
		at, err := b.newName(stringList(d.Arg.GetList().GetItems()))
		s.Name = &at
		return err
	case "logged", "unlogged":
	}
	return nil
}

// ownedBy binds OWNED BY table.column or NONE.
func (b *definer) ownedBy(s *command.SequenceDef, d *pg.DefElem) error {
	names := stringList(d.Arg.GetList().GetItems())
	if len(names) == 1 {
		if names[0] != "none" {
			return pgerr.New(pgerrcode.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
		}
		s.OwnedBy = &catalog.Dep{}
		return nil
	}
	table, column := names[:len(names)-1], names[len(names)-1]
	o, ix, noSchema, err := b.lookup(table)
	switch {
	case err != nil:
		return err
	case noSchema != "":
		return pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", noSchema)
	case o == nil:
		return pgerr.New(pgerrcode.UndefinedTable, "relation \"%s\" does not exist", strings.Join(table, "."))
	}
	t, ok := o.(*catalog.Table)
	if !ok || ix != nil {
		return pgerr.New(pgerrcode.WrongObjectType, "sequence cannot be owned by relation \"%s\"", table[len(table)-1]).
			WithDetail("This operation is not supported for %s.", plural(relationWord(o, ix)))
	}
	c := t.Column(column)
	if c == nil {
		return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", column, t.Name)
	}
	s.OwnedBy = &catalog.Dep{Object: t.OID, Column: c.ID}
	return nil
}
