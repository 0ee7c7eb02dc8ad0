package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/vcs"
)

// ephemeralMark is the metadata of a branch that belongs to a connection.
const ephemeralMark = "ephemeral"

// fork gives the connection a branch of its own where rowan.ephemeral asks for one: of the branch and point that it names,
// or with "on" of those of the connection. It is dropped with the connection.
func (s *Session) fork(ctx context.Context) error {
	source, _ := s.settings.get("rowan.ephemeral")
	if source == "" || source == "off" {
		return nil
	}
	branch, point, _ := strings.Cut(source, "@")
	if source == "on" {
		branch = s.branch()
		point, _ = s.settings.get("rowan.as_of")
	}
	if branch == "" {
		branch = s.homeBranch()
	}
	if err := s.mayBranch(branch, catalog.BranchRead); err != nil {
		return pgerr.From(err).Fatal()
	}
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	b, err := s.engine.Store.Branches().Create(ctx, s.database.OID, storage.BranchOptions{
		Name: "ephemeral/" + hex.EncodeToString(id[:]), Source: branch, Point: point, User: s.user, Reads: vcs.Reads(s.engine.Store, s.database.OID, s.user),
		Description: "of a connection", Metadata: map[string]string{ephemeralMark: "true"},
	})
	if err != nil {
		return pgerr.From(err).Fatal()
	}
	s.ephemeral = b.Name
	s.settings.defaults["rowan.branch"], s.settings.defaults["rowan.as_of"] = b.Name, ""
	s.settings.refresh("")
	return nil
}

// dropFork drops the connection's own branch.
func (s *Session) dropFork() error {
	if s.ephemeral == "" {
		return nil
	}
	_, err := s.engine.Store.Branches().Drop(context.Background(), s.database.OID, s.ephemeral, true)
	return err
}

// DropEphemeral drops the branches of connections that a crash left behind. It is called before the first session.
func (e *Engine) DropEphemeral(ctx context.Context) error {
	for _, o := range e.Store.Global().Objects() {
		d, ok := o.(*catalog.Database)
		if !ok {
			continue
		}
		list, err := e.Store.Branches().List(ctx, d.OID, false)
		if err != nil {
			return err
		}
		for _, b := range list {
			if b.Metadata[ephemeralMark] != "true" {
				continue
			}
			if _, err := e.Store.Branches().Drop(ctx, d.OID, b.Name, true); err != nil {
				return err
			}
		}
	}
	return nil
}
