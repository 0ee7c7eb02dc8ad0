package parse

import (
	"sync"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// fragments keeps the trees of expressions and queries that descriptors hold as text: defaults, checks, views. They are
// few, since they are those of the schema, but a limit keeps generated schemas from growing it without bound.
var fragments = struct {
	sync.Mutex
	trees map[string]*pg.Node
}{trees: map[string]*pg.Node{}}

const maxFragments = 20000

// Expression parses an expression of a descriptor. The tree is shared: it must not be changed.
func Expression(text string) (*pg.Node, error) {
	stmt, err := fragment("SELECT " + text)
	if err != nil {
		return nil, err
	}
	targets := stmt.GetSelectStmt().GetTargetList()
	if len(targets) != 1 || targets[0].GetResTarget() == nil {
		return nil, pgerr.Internal("not an expression: %s", text)
	}
	return targets[0].GetResTarget().Val, nil
}

// Query parses a query of a descriptor, such as a view's. The tree is shared: it must not be changed.
func Query(text string) (*pg.Node, error) { return fragment(text) }

func fragment(text string) (*pg.Node, error) {
	fragments.Lock()
	n := fragments.trees[text]
	fragments.Unlock()
	if n != nil {
		return n, nil
	}
	stmts, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, pgerr.Internal("not one statement: %s", text)
	}
	fragments.Lock()
	defer fragments.Unlock()
	if len(fragments.trees) >= maxFragments {
		clear(fragments.trees)
	}
	fragments.trees[text] = stmts[0].Node
	return stmts[0].Node, nil
}
