package builtin

import (
	_ "embed"
	"sync"

	"github.com/rowandb/rowan/types"
)

//go:embed casts.tsv
var castsFile string

type castTable struct {
	all    []*Cast
	byPair map[[2]types.OID]*Cast
	from   map[types.OID][]*Cast
}

var casts = sync.OnceValue(func() *castTable {
	all := table(castsFile, func(r *reader, c *Cast) {
		c.OID, c.Source, c.Target, c.Proc = r.oid(), r.oid(), r.oid(), r.oid()
		c.Context, c.Method = CastContext(r.byte()), r.byte()
	})
	t := &castTable{
		all:    all,
		byPair: make(map[[2]types.OID]*Cast, len(all)),
		from:   make(map[types.OID][]*Cast),
	}
	for _, c := range all {
		t.byPair[[2]types.OID{c.Source, c.Target}] = c
		t.from[c.Source] = append(t.from[c.Source], c)
	}
	return t
})

// CastFor returns the cast between two types, or nil. A type's cast to itself, where there is one, applies its modifier.
func CastFor(source, target types.OID) *Cast { return casts().byPair[[2]types.OID{source, target}] }

// CastsFrom returns the casts of a type to others.
func CastsFrom(source types.OID) []*Cast { return casts().from[source] }

// AllCasts returns every cast, by OID. The slice is shared and must not be changed.
func AllCasts() []*Cast { return casts().all }
