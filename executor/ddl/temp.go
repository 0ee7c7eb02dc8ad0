package ddl

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// temporary gives a target that is temporary its schema, which is made when it is first needed.
func (s *stmt) temporary(ctx context.Context, at command.Target) (command.Target, error) {
	if !at.Temp {
		return at, nil
	}
	if s.Temp == nil {
		return at, pgerr.Unsupported("temporary objects")
	}
	id, name, err := s.Temp(ctx)
	if err != nil {
		return at, err
	}
	if s.view, err = s.Txn.View(ctx, s.Ref); err != nil { // one that shows what is temporary
		return at, err
	}
	at.Schema = id
	if s.cat().Schema(name) != nil {
		return at, nil
	}
	return at, s.view.Put(ctx, &catalog.Schema{Header: catalog.Header{OID: id, Name: name, Owner: s.Role}})
}

// viewTarget makes a view temporary when it is over something temporary.
func (s *stmt) viewTarget(ctx context.Context, c *command.CreateView) (command.Target, error) {
	at := c.Target
	for _, d := range c.Deps {
		if o := s.cat().Object(d.Object); o != nil && s.isTemp(o.Head().Schema) && !at.Temp {
			at.Temp = true
			s.notice(pgerrcode.SuccessfulCompletion, "view \"%s\" will be a temporary view", at.Name)
		}
	}
	return s.temporary(ctx, at)
}

func (s *stmt) isTemp(schema catalog.OID) bool {
	return strings.HasPrefix(s.cat().SchemaName(schema), catalog.TempPrefix)
}
