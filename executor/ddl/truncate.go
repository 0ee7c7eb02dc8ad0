package ddl

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// truncate is TRUNCATE: the tables named and, with CASCADE, those that refer to them.
func (s *stmt) truncate(ctx context.Context, c *command.Truncate) error {
	var list []*catalog.Table
	for _, id := range c.Tables {
		t, err := s.truncatable(ctx, id)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(x *catalog.Table) bool { return x.OID == id }) {
			list = append(list, t)
		}
	}
	for i := 0; i < len(list); i++ {
		for _, r := range s.cat().Referrers(list[i].OID) {
			if slices.ContainsFunc(list, func(x *catalog.Table) bool { return x.OID == r.OID }) {
				continue
			}
			if !c.Cascade {
				return pgerr.New(pgerrcode.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table \"%s\" references \"%s\".", r.Name, list[i].Name).
					WithHint("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", r.Name)
			}
			s.notice(pgerrcode.SuccessfulCompletion, "truncate cascades to table \"%s\"", r.Name)
			t, err := s.truncatable(ctx, r.OID)
			if err != nil {
				return err
			}
			list = append(list, t)
		}
	}
	if err := s.truncateTriggers(ctx, list, catalog.TriggerBefore); err != nil {
		return err
	}
	for _, t := range list {
		if err := s.Txn.Truncate(ctx, s.view, t); err != nil {
			return err
		}
		if c.Restart {
			if err := s.restartSequences(ctx, t); err != nil {
				return err
			}
		}
	}
	return s.truncateTriggers(ctx, list, catalog.TriggerAfter)
}

// truncatable locks a table and checks the right to empty it.
func (s *stmt) truncatable(ctx context.Context, id catalog.OID) (*catalog.Table, error) {
	if o, ok := s.cat().Object(id).(*catalog.Table); ok && !catalog.HasPrivilege(s.roles(), s.Role, o, catalog.PrivTruncate) {
		return nil, pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for table %s", o.Name)
	}
	t, err := s.lockTable(ctx, id, catalog.AccessExclusive)
	if err != nil {
		return nil, err
	}
	return t, s.notInUse(ctx, t, "TRUNCATE")
}

func (s *stmt) restartSequences(ctx context.Context, t *catalog.Table) error {
	for _, o := range s.cat().Objects() {
		if q, ok := o.(*catalog.Sequence); ok && q.OwnerTable == t.OID {
			q, err := s.lockSequence(ctx, q.OID, catalog.AccessExclusive)
			if err != nil {
				return err
			}
			if err := s.restart(ctx, q, q.Start, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillAs runs the query of CREATE TABLE AS into the new table.
func (s *stmt) fillAs(ctx context.Context, t *catalog.Table, c *command.CreateTable) (string, error) {
	if !c.WithData {
		return c.As, nil
	}
	s.flush()
	n, err := s.SQL(ctx, s.Ref, "INSERT INTO "+s.qualified(&t.Header)+" "+c.Query, nil, nil, nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %d", n), nil
}
