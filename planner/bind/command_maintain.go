package bind

import (
	"slices"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// maintenance binds VACUUM, ANALYZE, CHECKPOINT, CLUSTER and REINDEX; nil for other statements.
func (b *binder) maintenance(n *pg.Node) (command.Command, error) {
	switch s := n.Node.(type) {
	case *pg.Node_VacuumStmt:
		return b.vacuum(s.VacuumStmt)
	case *pg.Node_CheckPointStmt:
		return &command.Vacuum{Kind: "CHECKPOINT"}, nil
	case *pg.Node_ClusterStmt:
		c := &command.Vacuum{Kind: "CLUSTER"}
		if s.ClusterStmt.Relation == nil {
			c.Alone = "CLUSTER"
		}
		return c, b.maintain(c, s.ClusterStmt.Relation)
	case *pg.Node_ReindexStmt:
		return b.reindex(s.ReindexStmt)
	case *pg.Node_LoadStmt:
		return nil, pgerr.Unsupported("LOAD")
	}
	return nil, nil
}

func (b *binder) vacuum(s *pg.VacuumStmt) (command.Command, error) {
	c := &command.Vacuum{Kind: "VACUUM", Alone: "VACUUM"}
	if !s.IsVacuumcmd {
		c.Kind, c.Alone = "ANALYZE", ""
	}
	c.Analyze = !s.IsVacuumcmd
	for _, o := range s.Options {
		d := o.GetDefElem()
		var err error
		switch d.Defname {
		case "verbose":
			c.Verbose, err = boolOption(d)
		case "analyze":
			c.Analyze, err = boolOption(d)
		case "skip_locked":
			c.SkipLocked, err = boolOption(d)
		case "freeze", "full", "disable_page_skipping", "index_cleanup", "process_toast",
			"truncate", "parallel", "process_main", "buffer_usage_limit", "skip_database_stats", "only_database_stats":
		default:
			return nil, pgerr.New(pgerrcode.SyntaxError, "unrecognized %s option \"%s\"", c.Kind, d.Defname).At(int(d.Location))
		}
		if err != nil {
			return nil, err
		}
	}
	for _, r := range s.Rels {
		v := r.GetVacuumRelation()
		if len(v.VaCols) > 0 && !c.Analyze {
			return nil, pgerr.New(pgerrcode.FeatureNotSupported, "ANALYZE option must be specified when a column list is provided")
		}
		if err := b.maintain(c, v.Relation); err != nil {
			return nil, err
		}
		if err := b.analyzed(&c.Targets[len(c.Targets)-1], c.Ref, v.VaCols); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// analyzed notes the columns that ANALYZE names.
func (b *binder) analyzed(m *command.Maintained, ref catalog.Ref, cols []*pg.Node) error {
	snap, err := b.snapshot(ref)
	if err != nil {
		return err
	}
	t, ok := snap.Object(m.Relation).(*catalog.Table)
	if !ok {
		return nil
	}
	for _, n := range cols {
		name := n.GetString_().GetSval()
		c := t.Column(name)
		if c == nil {
			return pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, t.Name)
		}
		if slices.Contains(m.Columns, c.ID) {
			return pgerr.New(pgerrcode.DuplicateColumn, "column \"%s\" of relation \"%s\" appears more than once", name, t.Name)
		}
		m.Columns = append(m.Columns, c.ID)
	}
	return nil
}

// maintain adds a relation to a command of maintenance.
func (b *binder) maintain(c *command.Vacuum, rv *pg.RangeVar) error {
	if rv == nil {
		return nil
	}
	r, err := b.findRelation(rv)
	if err != nil {
		return pgerr.From(err).Relocate(-1)
	}
	c.Targets, c.Ref = append(c.Targets, command.Maintained{Relation: r.object.Head().OID}), r.ref
	return nil
}

func reindexAlone(s *pg.ReindexStmt) string {
	for _, p := range s.Params {
		if p.GetDefElem().GetDefname() == "concurrently" {
			return "REINDEX CONCURRENTLY"
		}
	}
	switch s.Kind {
	case pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA:
		return "REINDEX SCHEMA"
	case pg.ReindexObjectType_REINDEX_OBJECT_SYSTEM:
		return "REINDEX SYSTEM"
	case pg.ReindexObjectType_REINDEX_OBJECT_DATABASE:
		return "REINDEX DATABASE"
	}
	return ""
}

func (b *binder) reindex(s *pg.ReindexStmt) (command.Command, error) {
	c := &command.Vacuum{Kind: "REINDEX", Alone: reindexAlone(s)}
	if s.Kind == pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA {
		snap, err := b.session()
		if err != nil {
			return nil, err
		}
		if snap.Schema(s.Name) == nil {
			return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema \"%s\" does not exist", s.Name)
		}
	}
	return c, b.maintain(c, s.Relation)
}
