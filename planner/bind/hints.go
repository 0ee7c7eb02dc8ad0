package bind

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// fuzzyLimit is how far a name may be from the one written to be suggested.
const fuzzyLimit = 3

// nearest keeps the one or two columns whose names are nearest to a misspelt one, by PostgreSQL's rules.
type nearest struct {
	distance      int
	first, second *item
	name1, name2  string
	exact         bool
}

// missingColumn is the error for a column that is not there, with PostgreSQL's suggestion.
func (q *query) missingColumn(relation, column string, pos int) error {
	e := pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" does not exist", column)
	if relation != "" {
		e = pgerr.New(pgerrcode.UndefinedColumn, "column %s.%s does not exist", relation, column)
	}
	n := nearest{distance: fuzzyLimit + 1}
	q.searchColumn(&n, relation, column)
	switch {
	case n.exact:
		e.WithHint("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", column, n.first.name)
	case n.first != nil && n.second == nil:
		e.WithHint("Perhaps you meant to reference the column \"%s.%s\".", n.first.name, n.name1)
	case n.second != nil:
		e.WithHint("Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".", n.first.name, n.name1, n.second.name, n.name2)
	}
	return e.At(pos)
}

func (q *query) searchColumn(n *nearest, relation, column string) {
	for l := q; l != nil; l = l.parent {
		for _, it := range l.all {
			if it.join {
				continue
			}
			penalty := 0
			if relation != "" {
				penalty = levenshtein(relation, it.name)
			}
			for i := range it.cols {
				name := it.cols[i].name
				if name == column && penalty == 0 {
					*n = nearest{first: it, exact: true}
					return
				}
				n.consider(it, name, column, penalty)
			}
		}
	}
}

func (n *nearest) consider(it *item, actual, wanted string, penalty int) {
	if penalty > n.distance || actual == "" {
		return
	}
	d := levenshtein(actual, wanted)
	if d > len(wanted)/2 {
		return
	}
	d += penalty
	switch {
	case d < n.distance:
		n.distance, n.first, n.name1, n.second = d, it, actual, nil
	case d > n.distance:
	case n.second != nil:
		n.first, n.second, n.distance = nil, nil, d-1
	case n.first != nil:
		n.second, n.name2 = it, actual
	default:
		n.first, n.name1 = it, actual
	}
}

// levenshtein is the edit distance of two names.
func levenshtein(a, b string) int {
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		cur[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			cur[j+1] = min(prev[j+1]+1, cur[j]+1, prev[j]+cost)
		}
		prev, cur = cur, prev
	}
	return prev[len(b)]
}

// missingRelation is the error for a qualified name whose relation is not in FROM.
func (q *query) missingRelation(name string, pos int) error {
	for l := q; l != nil; l = l.parent {
		for _, it := range l.all {
			if it.join || it.name != name && (it.table == nil || it.table.Name != name) {
				continue
			}
			e := pgerr.New(pgerrcode.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name).At(pos)
			if it.aliased && it.name != name {
				if seen, _, err := q.relation("", it.name, -1); err == nil && seen == it {
					return e.WithHint("Perhaps you meant to reference the table alias \"%s\".", it.name)
				}
			}
			return e.WithHint("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", it.name)
		}
	}
	return pgerr.New(pgerrcode.UndefinedTable, "missing FROM-clause entry for table \"%s\"", name).At(pos)
}
