package ddl

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// lockDomain finds the columns of a domain and keeps writers away from their tables: values that are not committed yet cannot
// be looked at. Who had to be waited for may have made more of them.
func (s *stmt) lockDomain(ctx context.Context, id catalog.OID) (*catalog.UserType, []address, error) {
	for {
		seen := s.cat()
		u, err := s.userType(id)
		if err != nil {
			return nil, nil, err
		}
		columns, err := s.domainColumns(u)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range columns {
			if _, err := s.lockTable(ctx, c.object, catalog.Share); err != nil {
				return nil, nil, err
			}
		}
		if s.cat() == seen {
			return u, columns, nil
		}
	}
}

// domainColumns finds the columns of a domain and of domains over it. Values inside others, as in arrays, are not looked into:
// there must be no column of such a type.
func (s *stmt) domainColumns(u *catalog.UserType) ([]address, error) {
	if err := s.noColumn(u, u.Array); err != nil {
		return nil, err
	}
	var out []address
	var err error
	s.usersOfType(func(id catalog.OID) bool { return id == u.OID }, func(a address, _ bool) {
		switch o := s.cat().Object(a.object).(type) {
		case *catalog.Table:
			out = append(out, a)
		case *catalog.UserType:
			if err != nil {
				return
			}
			if o.Kind != types.KindDomain {
				err = s.noColumnOf(u, o)
				return
			}
			var more []address
			more, err = s.domainColumns(o)
			out = append(out, more...)
		}
	})
	return out, err
}

// noColumnOf refuses to change u where a table has a column of a type that u is a part of, or of arrays of that.
func (s *stmt) noColumnOf(u, of *catalog.UserType) error {
	if err := s.noColumn(u, of.OID); err != nil {
		return err
	}
	return s.noColumn(u, of.Array)
}

func (s *stmt) noColumn(u *catalog.UserType, of catalog.OID) (err error) {
	if of == 0 {
		return nil
	}
	s.usersOfType(func(id catalog.OID) bool { return id == of }, func(a address, _ bool) {
		if err != nil {
			return
		}
		switch o := s.cat().Object(a.object).(type) {
		case *catalog.Table:
			err = pgerr.New(pgerrcode.FeatureNotSupported, "cannot alter type \"%s\" because column \"%s.%s\" uses it", s.formatType(u.OID, -1), o.Name, o.ColumnByID(a.column).Name)
		case *catalog.UserType:
			err = s.noColumnOf(u, o)
		}
	})
	return err
}
