package ddl_test

import (
	"context"
	"errors"
	"strings"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/op"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// fake is a store, transaction and view in one, with a catalog and without rows.
type fake struct {
	storage.Store
	storage.Txn
	global, local *catalog.Snapshot
	next          uint64
	states        map[catalog.OID]int64
	sql           []string
}

func newFake() *fake {
	db := &catalog.Database{Header: catalog.Header{OID: 5, Name: "test", Owner: 10}, AllowConn: true, Default: "main"}
	su := &catalog.Role{Header: catalog.Header{OID: 10, Name: "postgres"}, Superuser: true, Inherit: true, Login: true}
	public := &catalog.Schema{Header: catalog.Header{OID: catalog.Public, Name: "public", Owner: 10, ACL: []catalog.Grant{
		{Grantee: 10, Grantor: 10, Privileges: "UC"}, {Grantor: 10, Privileges: "U"}}}}
	return &fake{
		global: catalog.NewSnapshot(nil, []catalog.Object{db, su}),
		local:  catalog.NewSnapshot(db, []catalog.Object{public}),
		next:   uint64(catalog.FirstUserOID),
		states: map[catalog.OID]int64{},
	}
}

type fakeView struct {
	f      *fake
	global bool
}

func (v fakeView) Branch() storage.Branch { return storage.Branch{Name: "main"} }
func (v fakeView) At() storage.SCN        { return 0 }
func (v fakeView) ReadOnly() bool         { return false }

func (v fakeView) at() **catalog.Snapshot {
	if v.global {
		return &v.f.global
	}
	return &v.f.local
}

func (v fakeView) Catalog() *catalog.Snapshot { return *v.at() }

func (v fakeView) Put(_ context.Context, o catalog.Object) error {
	*v.at() = v.Catalog().Edit([]catalog.Object{o}, nil)
	return nil
}

func (v fakeView) Drop(_ context.Context, id catalog.OID) error {
	*v.at() = v.Catalog().Edit(nil, []catalog.OID{id})
	return nil
}

func (f *fake) View(context.Context, catalog.Ref) (storage.View, error) {
	return fakeView{f, false}, nil
}
func (f *fake) GlobalView(context.Context) (storage.View, error) { return fakeView{f, true}, nil }
func (f *fake) Statement()                                       {}
func (f *fake) Global() *catalog.Snapshot                        { return f.global }
func (f *fake) Sequences() storage.Sequences                     { return fakeSequences{f} }

func (f *fake) LockTable(context.Context, storage.View, catalog.OID, catalog.TableLock, catalog.LockWait) error {
	return nil
}

func (f *fake) Truncate(context.Context, storage.View, *catalog.Table) error { return nil }

func (f *fake) Scan(context.Context, storage.ScanRequest) (storage.Scanner, error) {
	return noRows{}, nil
}

func (f *fake) AllocateOIDs(_ context.Context, n int) (catalog.OID, error) {
	first := f.next
	f.next += uint64(n)
	return catalog.OID(first), nil
}

func (f *fake) AllocateKeyspace(context.Context) (catalog.Keyspace, error) {
	f.next++
	return f.next, nil
}

func (f *fake) AllocateColumns(_ context.Context, n int) (catalog.ColumnID, error) {
	id, err := f.AllocateOIDs(context.Background(), n)
	return id, err
}

// run is Env.SQL: nothing is there, so that nothing is found.
func (f *fake) run(_ context.Context, _ catalog.Ref, sql string, _ []types.Datum, _ []types.Type, _ func(*vector.Batch) error) (int64, error) {
	f.sql = append(f.sql, sql)
	if strings.HasPrefix(sql, "INSERT") {
		return 1, nil
	}
	return 0, nil
}

func noPlan(physical.Node, *op.Env) (op.Operator, error) { return noRows{}, nil }

type noRows struct{}

func (noRows) Next(context.Context) (*vector.Batch, error) { return nil, nil }
func (noRows) Close() error                                { return nil }

type fakeSequences struct{ f *fake }

func (s fakeSequences) Next(context.Context, *catalog.Sequence) (int64, error) {
	return 0, errors.New("not here")
}

func (fakeSequences) Moves(context.Context, *catalog.Sequence) (uint64, error) { return 0, nil }

func (fakeSequences) Redefine(context.Context, *catalog.Sequence) error { return nil }

func (s fakeSequences) Set(_ context.Context, q *catalog.Sequence, v int64, _ bool) error {
	s.f.states[q.OID] = v
	return nil
}

func (s fakeSequences) Get(_ context.Context, q *catalog.Sequence) (int64, bool, error) {
	v, ok := s.f.states[q.OID]
	if !ok {
		return q.Start, false, nil
	}
	return v, false, nil
}
