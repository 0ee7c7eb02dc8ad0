package bind

import (
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/logical"
	"github.com/rowandb/rowan/types"
)

// TransitionLanguage is the language of the functions that transition tables are read by. Nobody can make one.
const TransitionLanguage = "transition table"

// transitionTable binds the name of a transition table in the body of a trigger function: a function that gives its rows.
func (q *query) transitionTable(rv *pg.RangeVar, t types.Type) (logical.Node, []*item, error) {
	f := &catalog.Function{Header: catalog.Header{Name: rv.Relname}, Kind: 'f', Language: TransitionLanguage, ReturnsSet: true, Volatile: 's'}
	p := &builtin.Proc{Name: rv.Relname, Kind: 'f', Set: true, User: true, Volatile: 's', Returns: t.ID(), Function: f, Cost: 1, Rows: 1000}
	call := &expr.Call{Proc: p, T: t, Pos: -1}
	return q.functionItem(&pg.RangeFunction{Alias: rv.Alias}, []*tableFunction{{call: call, label: rv.Relname, fields: t.Fields}})
}

// isTransitionTable reports whether a name means a transition table.
func (b *binder) isTransitionTable(rv *pg.RangeVar) bool {
	body := b.body()
	if body == nil || rv.Schemaname != "" || rv.Catalogname != "" {
		return false
	}
	_, ok := body.Tables[rv.Relname]
	return ok
}
