package mvcc_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
	"github.com/rowandb/rowan/storage/kv/memkv"
	"github.com/rowandb/rowan/storage/mvcc"
)

// injury is a store in memory on which a test does damage.
type injury struct {
	*memkv.Engine
	t    *testing.T
	tab  *catalog.Table
	fork uint64 // layer of the branch dev
}

// kept makes a store with history, branches, a large transaction, a snapshot and a reset.
func kept(t *testing.T) injury {
	e := memkv.New()
	s, err := mvcc.Open(e, mvcc.Options{SpillBytes: 20000, CleanEvery: -1})
	must(t, err)
	must(t, mvcc.Bootstrap(ctx, s, mvcc.BootstrapOptions{}))
	x := begin(t, s, "", storage.ReadCommitted)
	tab := createTable(t, s, x, "t", true, true)
	for i := range int64(20) {
		must(t, x.insert(tab, [3]int64{i, 100 + i, i % 3}))
	}
	x.commit()
	for round := range int64(3) {
		x = begin(t, s, "", storage.ReadCommitted)
		must(t, x.update(tab, x.where(tab, 1, 2, 3), func(r [3]int64) [3]int64 { return [3]int64{r[0], r[1] + 50, round} }))
		must(t, x.delete(tab, x.where(tab, 10+round)))
		x.commit()
	}
	x = begin(t, s, "", storage.ReadCommitted)
	for i := range int64(200) {
		must(t, x.insert(tab, [3]int64{1000 + i, 2000 + i, i % 3}))
	}
	x.commit()
	b := s.Branches()
	_, err = b.Create(ctx, mvcc.FirstDatabase, storage.BranchOptions{Name: "dev"})
	must(t, err)
	x = begin(t, s, "dev", storage.ReadCommitted)
	must(t, x.update(tab, x.where(tab, 4, 5), func(r [3]int64) [3]int64 { return [3]int64{r[0], r[1] + 50, 7} }))
	must(t, x.insert(tab, [3]int64{500, 501, 502}))
	x.commit()
	_, err = b.Snapshot(ctx, mvcc.FirstDatabase, "dev", "", "", "")
	must(t, err)
	x = begin(t, s, "", storage.ReadCommitted)
	tab = x.table("t")
	must(t, x.Rollback())
	found, err := s.Verify(ctx, storage.CheckOptions{Points: 5})
	must(t, err)
	for _, p := range found {
		t.Error("before any damage:", p)
	}
	e = e.Clone()
	must(t, s.Close())
	return injury{Engine: e, t: t, tab: tab}
}

func (e injury) put(key, val []byte) {
	var b kv.Batch
	b.Put(key, val)
	must(e.t, e.Apply(ctx, &b))
}

func (e injury) remove(key []byte) {
	var b kv.Batch
	b.Delete(key)
	must(e.t, e.Apply(ctx, &b))
}

// find returns the n-th key with a prefix that is no tombstone, and its value; n < 0 counts from the end.
func (e injury) find(prefix []byte, n int) (key, val []byte) {
	it := e.Scan(ctx, kv.Range{Lo: prefix, Hi: kv.PrefixEnd(prefix), Reverse: n < 0})
	defer it.Close()
	if n < 0 {
		n = -n - 1
	}
	for it.Next() {
		if prefix[0] == 'h' && it.Value()[0]&1 != 0 {
			continue // a tombstone
		}
		if n--; n < 0 {
			return bytes.Clone(it.Key()), bytes.Clone(it.Value())
		}
	}
	e.t.Fatalf("no key with prefix %x", prefix)
	return nil, nil
}

const (
	layerOfMain     = 2       // of the first branch
	catalogKeyspace = 1 << 40 // see catalogSpace
)

func (e injury) rows() []byte {
	return keys.Space{Layer: layerOfMain, Keyspace: e.tab.Rows}.AppendHead(nil, nil)
}

func (e injury) index(i int) []byte {
	return keys.Space{Layer: layerOfMain, Keyspace: e.tab.Indexes[i].Keyspace}.AppendHead(nil, nil)
}

func (e injury) past() []byte {
	return keys.Space{Layer: layerOfMain, Keyspace: e.tab.Rows}.AppendHistory(nil, nil)
}

// TestCheckFindsDamage does one kind of damage at a time, and wants the check to name it.
func TestCheckFindsDamage(t *testing.T) {
	base := kept(t)
	tests := []struct {
		want string
		do   func(e injury)
	}{
		{storage.ProblemKey, func(e injury) { e.put([]byte("zzz"), []byte("x")) }},
		{storage.ProblemKey, func(e injury) { e.put([]byte("a"), nil) }},
		{storage.ProblemKey, func(e injury) { e.put([]byte("m!"), nil) }},
		{storage.ProblemKey, func(e injury) { e.put([]byte("lx"), nil) }},
		{storage.ProblemKey, func(e injury) { e.put([]byte("c123"), nil) }},
		{storage.ProblemValue, func(e injury) { k, _ := e.find(e.rows(), 3); e.put(k, []byte{0}) }},
		{storage.ProblemValue, func(e injury) { k, _ := e.find(e.past(), 3); e.put(k, []byte{0}) }},
		{storage.ProblemValue, func(e injury) { k, _ := e.find(keys.AppendCommit(nil, 0)[:1], 3); e.put(k, []byte{0x80}) }},
		{storage.ProblemValue, func(e injury) { k, v := e.find([]byte("l"), 3); e.put(k, v[:len(v)-1]) }},
		{storage.ProblemValue, func(e injury) { k, _ := e.find(keys.MetaBranch.Append(nil), 0); e.put(k, []byte("{")) }},
		{storage.ProblemLayer, func(e injury) { k, _ := e.find(keys.MetaLayer.Append(nil), -1); e.remove(k) }},
		{storage.ProblemLayer, func(e injury) {
			k, _ := e.find(keys.MetaLayer.Append(nil), -1)
			e.put(k, []byte(`{"Parent":77,"Fork":3}`))
		}},
		{storage.ProblemSpace, func(e injury) { e.remove(keys.MetaSpace.Append(nil, layerOfMain, e.tab.Rows)) }},
		{storage.ProblemBranch, func(e injury) {
			k, v := e.find(keys.MetaBranch.Append(nil), -1)
			e.put(k, bytes.Replace(v, []byte(`"Name":"dev"`), []byte(`"Name":"main"`), 1))
		}},
		{storage.ProblemSnapshot, func(e injury) { k, _ := e.find(keys.MetaBranch.Append(nil), -1); e.remove(k) }},
		{storage.ProblemCatalog, func(e injury) {
			k, v := e.find(keys.Space{Layer: layerOfMain, Keyspace: catalogKeyspace}.AppendHead(nil, nil), -1)
			e.put(k, v[:len(v)-1])
		}},
		{storage.ProblemCatalog, func(e injury) {
			k, v := e.find(keys.Space{Layer: layerOfMain, Keyspace: catalogKeyspace}.AppendHead(nil, nil), -1)
			k[len(k)-1]++
			e.put(k, v)
		}},
		{storage.ProblemMark, func(e injury) { k, _ := e.find(keys.MetaCatalog.Append(nil, layerOfMain), -1); e.remove(k) }},
		{storage.ProblemCounter, func(e injury) { e.put(keys.MetaCounter.Append(nil, 0), binary.AppendUvarint(nil, 16384)) }},
		{storage.ProblemCounter, func(e injury) { e.put(keys.MetaCounter.Append(nil, 3), binary.AppendUvarint(nil, 2)) }},
		{storage.ProblemCommit, func(e injury) { k, _ := e.find(keys.AppendCommit(nil, 0)[:1], 2); e.remove(k) }},
		{storage.ProblemCommit, func(e injury) { k, _ := e.find(keys.MetaLarge.Append(nil), 0); e.remove(k) }},
		{storage.ProblemLog, func(e injury) { k, _ := e.find(keys.AppendLogPrefix(nil, layerOfMain), 2); e.remove(k) }},
		{storage.ProblemLogged, func(e injury) { k, _ := e.find(e.rows(), 7); e.remove(k) }},
		{storage.ProblemLogged, func(e injury) { k, _ := e.find(e.past(), 0); e.remove(k) }},
		{storage.ProblemInterval, func(e injury) { k, v := e.find(e.past(), 0); v[1] = 100; e.put(k, v) }},
		{storage.ProblemOverlap, func(e injury) { k, v := e.find(e.past(), 1); v[1] = 1; e.put(k, v) }},
		{storage.ProblemHead, func(e injury) { k, v := e.find(e.rows(), 1); v[1] = 2; e.put(k, v) }},
		{storage.ProblemRow, func(e injury) { k, v := e.find(e.rows(), 5); e.put(k, append(v[:3], 0xff, 0xff, 0xff, 0xff)) }},
		{storage.ProblemRowKey, func(e injury) { k, v := e.find(e.rows(), 5); k[len(k)-1] += 77; e.put(k, v) }},
		{storage.ProblemNoRow, func(e injury) { k, _ := e.find(e.rows(), 5); e.remove(k) }},
		{storage.ProblemNoEntry, func(e injury) { k, _ := e.find(e.index(1), 5); e.remove(k) }},
		{storage.ProblemNoEntry, func(e injury) { k, _ := e.find(e.index(2), 5); e.remove(k) }},
		{storage.ProblemNoEntry, func(e injury) {
			k, v := e.find(e.index(2), 5)
			e.remove(k)
			k[len(e.index(2))+3]++
			e.put(k, v)
		}},
		{storage.ProblemDuplicate, func(e injury) {
			k, _ := e.find(e.index(1), 5)
			_, v := e.find(e.index(1), 6)
			e.put(k, v)
		}},
		{storage.ProblemCount, func(e injury) {
			k := keys.MetaRows.Append(nil, layerOfMain, e.tab.Rows)
			e.put(keys.MetaRows.Append(nil), binary.AppendUvarint(nil, 1<<20))
			e.put(k, []byte{2, 2, 2, 2})
		}},
		{storage.ProblemNoEntry, func(e injury) { // of the other branch
			k, _ := e.find(keys.Space{Layer: layerOfMain + 1, Keyspace: e.tab.Indexes[1].Keyspace}.AppendHead(nil, nil), 0)
			e.remove(k)
		}},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.want), func(t *testing.T) {
			e := base
			e.Engine, e.t = base.Clone(), t
			tt.do(e)
			found, err := mvcc.CheckKeys(ctx, e.Clone(), nil)
			must(t, err)
			if s, err := mvcc.Open(e.Clone(), mvcc.Options{CleanEvery: -1}); err == nil {
				more, err := s.Verify(ctx, storage.CheckOptions{})
				must(t, err)
				found = append(found, more...)
				must(t, s.Close())
			}
			if !slices.ContainsFunc(found, func(p storage.Problem) bool { return p.Kind == tt.want }) {
				t.Errorf("found %v", found)
			}
		})
	}
}

// TestCheckOfPast finds an entry that is missing at a point of the past alone.
func TestCheckOfPast(t *testing.T) {
	e := kept(t)
	k, _ := e.find(keys.Space{Layer: layerOfMain, Keyspace: e.tab.Indexes[1].Keyspace}.AppendHistory(nil, nil), 0)
	e.remove(k)
	s, err := mvcc.Open(e.Engine, mvcc.Options{CleanEvery: -1})
	must(t, err)
	for points, want := range map[int]bool{0: false, 20: true} {
		found, err := s.Verify(ctx, storage.CheckOptions{Points: points})
		must(t, err)
		if slices.ContainsFunc(found, func(p storage.Problem) bool { return p.Kind == storage.ProblemNoEntry }) != want {
			t.Errorf("with %d points: %v", points, found)
		}
	}
	must(t, s.Close())
}
