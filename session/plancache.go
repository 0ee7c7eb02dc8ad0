package session

import (
	"container/list"
	"strconv"
	"strings"
	"sync"

	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/parse"
)

// planCacheSize is how many texts the server remembers parsed and planned.
const planCacheSize = 2048

// maxCachedText is the longest statement text worth remembering, in bytes.
const maxCachedText = 16 << 10

// planned is a statement with its plan and what the plan depends on.
type planned struct {
	stmt  parse.Statement
	plan  *planner.Plan
	names string // nameKey when it was planned
	epoch uint64 // catalog.Snapshot.Version when it was planned
	stats uint64 // Engine.analyzed then
	locks []lockGroup
}

// planCache remembers, over all sessions, how texts parse and how single statements are planned. Entries are immutable
// once made: a plan that no longer fits is replaced, not changed.
type planCache struct {
	mu    sync.Mutex
	max   int
	order *list.List // of *cacheEntry, most recent first
	byKey map[string]*list.Element
}

type cacheEntry struct {
	key   string
	stmts []parse.Statement
	plan  *planned

	routine *routinePlan
}

func newPlanCache(size int) *planCache {
	return &planCache{max: size, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *planCache) get(key string) (cacheEntry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.byKey[key]
	if el == nil {
		return cacheEntry{}, false
	}
	c.order.MoveToFront(el)
	return *el.Value.(*cacheEntry), true
}

func (c *planCache) put(e cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.byKey[e.key]; el != nil {
		*el.Value.(*cacheEntry) = e
		c.order.MoveToFront(el)
		return
	}
	c.byKey[e.key] = c.order.PushFront(&e)
	for c.order.Len() > c.max {
		last := c.order.Back()
		delete(c.byKey, last.Value.(*cacheEntry).key)
		c.order.Remove(last)
	}
}

// parse parses a text, or remembers how it parsed.
func (s *Session) parse(sql string) ([]parse.Statement, error) {
	if len(sql) > maxCachedText {
		return parse.Parse(sql)
	}
	if e, ok := s.engine.plans.get(sql); ok {
		return e.stmts, nil
	}
	stmts, err := parse.Parse(sql)
	if err == nil && len(stmts) > 0 {
		s.engine.plans.put(cacheEntry{key: sql, stmts: stmts})
	}
	return stmts, err
}

// nameKey is what name resolution depends on beside the catalog: two sessions with the same key and catalog get the same
// plan for the same text.
func (s *Session) nameKey() string {
	if s.catalogs.keyEpoch == s.settings.epoch && s.catalogs.key != "" && s.catalogs.keyUser == s.user {
		return s.catalogs.key
	}
	var b strings.Builder
	b.WriteString(strconv.FormatUint(uint64(s.database.OID), 10))
	for _, n := range []string{"search_path", "rowan.branch", "rowan.as_of", "timezone", "datestyle", "intervalstyle"} {
		v, _ := s.settings.get(n)
		b.WriteByte(0)
		b.WriteString(v)
	}
	b.WriteByte(0)
	b.WriteString(s.user)
	s.catalogs.key, s.catalogs.keyEpoch, s.catalogs.keyUser = b.String(), s.settings.epoch, s.user
	return s.catalogs.key
}
