package mvcc

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/keys"
	"github.com/rowandb/rowan/storage/kv"
)

// keyVersions are all versions of one key in one layer.
type keyVersions struct {
	sp      keys.Space
	key     []byte
	head    uint64 // where the head begins; 0: no head, or one that does not count
	history []interval
}

type interval struct{ start, end uint64 }

// versions goes over heads and history side by side.
func (k *keyCheck) versions(ctx context.Context) error {
	h, v := keys.HeadPrefix(), keys.HistoryPrefix()
	heads := k.kv.Scan(ctx, kv.Range{Lo: h, Hi: kv.PrefixEnd(h)})
	defer heads.Close()
	past := k.kv.Scan(ctx, kv.Range{Lo: v, Hi: kv.PrefixEnd(v)})
	defer past.Close()
	moreHeads, morePast := heads.Next(), past.Next()
	var one keyVersions
	var id []byte
	for n := 0; moreHeads || morePast; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		id = smaller(id[:0], heads, moreHeads, past, morePast)
		one = keyVersions{history: one.history[:0]}
		for morePast && bytes.Equal(pastID(past.Key()), id) {
			k.past(past.Key(), past.Value(), &one)
			morePast = past.Next()
		}
		if moreHeads && bytes.Equal(heads.Key()[1:], id) {
			k.head(heads.Key(), heads.Value(), &one)
			moreHeads = heads.Next()
		}
		k.compare(&one)
	}
	if err := heads.Err(); err != nil {
		return err
	}
	return past.Err()
}

// pastID is what identifies the row of a history key: all but the tag and the end.
func pastID(key []byte) []byte { return key[1:max(1, len(key)-8)] }

func smaller(dst []byte, heads kv.Iterator, moreHeads bool, past kv.Iterator, morePast bool) []byte {
	if !moreHeads || morePast && bytes.Compare(pastID(past.Key()), heads.Key()[1:]) < 0 {
		return append(dst, pastID(past.Key())...)
	}
	return append(dst, heads.Key()[1:]...)
}

// begins returns the SCN at which a version begins; false for one that is not committed, or was after the check began.
func (k *keyCheck) begins(key []byte, ver uint64) (uint64, bool) {
	if ver&keys.Marker == 0 {
		return ver, ver <= k.scn
	}
	scn, ok := k.large[ver]
	if !ok && k.scn == latest {
		k.bad(storage.ProblemCommit, "", keys.Print(key), "it was written by transaction %d, of which there is no record", ver&^keys.Marker)
	}
	return scn, scn != 0 && scn <= k.scn
}

func (k *keyCheck) past(key, val []byte, one *keyVersions) {
	sp, row, end, ok := keys.DecodeHistory(key)
	v, err := parseVersion(val)
	if !ok || err != nil {
		k.bad(storage.ProblemValue, "", keys.Print(key), "a version that cannot be read")
		return
	}
	one.sp, one.key = sp, append(one.key[:0], row...)
	start, ok := k.begins(key, v.ver)
	if !ok {
		return
	}
	k.known(sp, key, start, true)
	if sp.Keyspace == catalogSpace {
		k.object(sp, row, &v, start)
	}
	if end, ok = k.begins(key, end); !ok {
		end = math.MaxUint64
	} else {
		k.known(sp, key, end, !k.layers[sp.Layer].Cut) // what replaced it may be gone, with its log entry
	}
	one.history = append(one.history, interval{start, end})
}

func (k *keyCheck) head(key, val []byte, one *keyVersions) {
	sp, row, ok := keys.DecodeHead(key)
	v, err := parseVersion(val)
	if !ok || err != nil {
		k.bad(storage.ProblemValue, "", keys.Print(key), "a version that cannot be read")
		return
	}
	one.sp, one.key = sp, append(one.key[:0], row...)
	if one.head, ok = k.begins(key, v.ver); !ok {
		one.head = 0
		return
	}
	if v.flags&(deleted|root) != deleted|root { // such a one may be what a transaction rolled back has left: it is of any SCN
		k.known(sp, key, one.head, true)
	}
	if sp.Keyspace == catalogSpace {
		k.object(sp, row, &v, one.head)
	}
}

// known wants the layer, keyspace, commit record and, if it has to be logged, log entry of a version.
func (k *keyCheck) known(sp keys.Space, key []byte, scn uint64, logged bool) {
	if !k.layer(sp.Layer, "a version", scn) {
		return
	}
	where := fmt.Sprintf("layer %d", sp.Layer)
	if !k.spaces[sp] {
		k.bad(storage.ProblemSpace, where, fmt.Sprintf("keyspace %d", sp.Keyspace), "there are versions in it, and the layer does not know of it")
		k.spaces[sp] = true // once is enough
	}
	if scn <= k.layers[sp.Layer].Trimmed || scn < k.gone || k.layers[sp.Layer].Flat {
		return // nobody has to know when that was
	}
	if !k.commits.has(scn) {
		k.bad(storage.ProblemCommit, where, keys.Print(key), "SCN %d has no commit record", scn)
		k.commits.add(scn)
	} else if logged && !k.logs[sp.Layer].has(scn) {
		k.bad(storage.ProblemLog, where, keys.Print(key), "SCN %d has no log entry in the layer", scn)
		setOf(k.logs, sp.Layer).add(scn)
	}
}

// compare looks at the intervals of a key's versions.
func (k *keyCheck) compare(one *keyVersions) {
	slices.SortFunc(one.history, func(a, b interval) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start)) })
	where := func() (string, string) {
		return fmt.Sprintf("layer %d", one.sp.Layer), fmt.Sprintf("%d/%x", one.sp.Keyspace, one.key)
	}
	last := uint64(0)
	for _, i := range one.history {
		layer, key := where()
		if i.start >= i.end {
			k.bad(storage.ProblemInterval, layer, key, "a version from %d ends at %d", i.start, i.end)
		} else if i.start < last {
			k.bad(storage.ProblemOverlap, layer, key, "a version begins at %d, before the one before it ends at %d", i.start, last)
		}
		if i.end != math.MaxUint64 {
			last = i.end
		}
	}
	if one.head != 0 && one.head < last {
		layer, key := where()
		k.bad(storage.ProblemHead, layer, key, "the head is of %d, and a version in history ends at %d", one.head, last)
	}
}
