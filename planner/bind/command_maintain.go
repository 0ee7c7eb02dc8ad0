package bind

import (
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
		return c, b.maintain(c, s.ClusterStmt.Relation)
	case *pg.Node_ReindexStmt:
		return b.reindex(s.ReindexStmt)
	case *pg.Node_LoadStmt:
		return nil, pgerr.Unsupported("LOAD")
	}
	return nil, nil
}

func (b *binder) vacuum(s *pg.VacuumStmt) (command.Command, error) {
	c := &command.Vacuum{Kind: "VACUUM"}
	if !s.IsVacuumcmd {
		c.Kind = "ANALYZE"
	}
	for _, o := range s.Options {
		d := o.GetDefElem()
		switch d.Defname {
		case "verbose", "analyze", "freeze", "full", "skip_locked", "disable_page_skipping", "index_cleanup", "process_toast",
			"truncate", "parallel", "process_main", "buffer_usage_limit", "skip_database_stats", "only_database_stats":
		default:
			return nil, pgerr.New(pgerrcode.SyntaxError, "unrecognized %s option %q", c.Kind, d.Defname).At(int(d.Location))
		}
	}
	for _, r := range s.Rels {
		v := r.GetVacuumRelation()
		if err := b.maintain(c, v.Relation); err != nil {
			return nil, err
		}
	}
	return c, nil
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
	if t, ok := r.object.(*catalog.Table); ok {
		c.Tables, c.Ref = append(c.Tables, t.OID), r.ref
	}
	return nil
}

func (b *binder) reindex(s *pg.ReindexStmt) (command.Command, error) {
	c := &command.Vacuum{Kind: "REINDEX"}
	if s.Kind == pg.ReindexObjectType_REINDEX_OBJECT_SCHEMA {
		snap, err := b.session()
		if err != nil {
			return nil, err
		}
		if snap.Schema(s.Name) == nil {
			return nil, pgerr.New(pgerrcode.InvalidSchemaName, "schema %q does not exist", s.Name)
		}
	}
	return c, b.maintain(c, s.Relation)
}
