package bind

import (
	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// exprKind is the clause in which an expression stands: it decides what may be in it.
type exprKind uint8

// The clauses.
const (
	kindOther exprKind = iota
	kindJoinOn
	kindJoinUsing
	kindFromSubquery
	kindFromFunction
	kindWhere
	kindHaving
	kindFilter
	kindPartition
	kindWindowOrder
	kindFrameRange
	kindFrameRows
	kindFrameGroups
	kindSelectTarget
	kindInsertTarget
	kindUpdateSource
	kindUpdateTarget
	kindGroupBy
	kindOrderBy
	kindDistinctOn
	kindLimit
	kindOffset
	kindReturning
	kindValues
	kindValuesSingle
	kindCheck
	kindDomainCheck
	kindDefault
	kindFunctionDefault
	kindIndexExpr
	kindIndexPredicate
	kindAlterTransform
	kindExecute
	kindTrigger
	kindPolicy
	kindPartitionBound
	kindPartitionExpr
	kindCall
	kindCopyWhere
	kindGenerated
)

// allowance says what a clause may contain; text names it in messages.
type allowance struct {
	text               string
	agg, window, set   bool
	subquery           bool
	aggText, queryText string // where the messages differ from text
}

var allowances = map[exprKind]allowance{
	kindOther:           {agg: true, window: true, set: true, subquery: true},
	kindJoinOn:          {text: "JOIN conditions", subquery: true},
	kindJoinUsing:       {text: "JOIN conditions", subquery: true},
	kindFromSubquery:    {text: "FROM clause of their own query level", subquery: true, set: true},
	kindFromFunction:    {text: "functions in FROM", subquery: true, set: true},
	kindWhere:           {text: "WHERE", subquery: true},
	kindHaving:          {text: "HAVING", agg: true, subquery: true},
	kindFilter:          {text: "FILTER", subquery: true},
	kindPartition:       {text: "window definitions", agg: true, subquery: true, set: true},
	kindWindowOrder:     {text: "window definitions", agg: true, subquery: true, set: true},
	kindFrameRange:      {text: "window RANGE", subquery: true},
	kindFrameRows:       {text: "window ROWS", subquery: true},
	kindFrameGroups:     {text: "window GROUPS", subquery: true},
	kindSelectTarget:    {text: "SELECT", agg: true, window: true, set: true, subquery: true},
	kindInsertTarget:    {text: "INSERT", subquery: true},
	kindUpdateSource:    {text: "UPDATE", subquery: true},
	kindUpdateTarget:    {text: "UPDATE", subquery: true},
	kindGroupBy:         {text: "GROUP BY", set: true, subquery: true},
	kindOrderBy:         {text: "ORDER BY", agg: true, window: true, set: true, subquery: true},
	kindDistinctOn:      {text: "DISTINCT ON", agg: true, window: true, set: true, subquery: true},
	kindLimit:           {text: "LIMIT", subquery: true},
	kindOffset:          {text: "OFFSET", subquery: true},
	kindReturning:       {text: "RETURNING", subquery: true},
	kindValues:          {text: "VALUES", subquery: true},
	kindValuesSingle:    {text: "VALUES", subquery: true, set: true},
	kindCheck:           {text: "check constraints", queryText: "check constraint"},
	kindDomainCheck:     {text: "check constraints", queryText: "check constraint"},
	kindDefault:         {text: "DEFAULT expressions", queryText: "DEFAULT expression"},
	kindFunctionDefault: {text: "DEFAULT expressions", queryText: "DEFAULT expression"},
	kindIndexExpr:       {text: "index expressions", queryText: "index expression"},
	kindIndexPredicate:  {text: "index predicates", queryText: "index predicate"},
	kindAlterTransform:  {text: "transform expressions", queryText: "transform expression"},
	kindExecute:         {text: "EXECUTE parameters", queryText: "EXECUTE parameter"},
	kindTrigger:         {text: "trigger WHEN conditions", queryText: "trigger WHEN condition"},
	kindPolicy:          {text: "policy expressions", subquery: true},
	kindPartitionBound:  {text: "partition bound", queryText: "partition bound"},
	kindPartitionExpr:   {text: "partition key expressions", queryText: "partition key expression"},
	kindCall:            {text: "CALL arguments", queryText: "CALL argument"},
	kindCopyWhere:       {text: "COPY FROM WHERE conditions", queryText: "COPY FROM WHERE condition"},
	kindGenerated:       {text: "column generation expressions", queryText: "column generation expression"},
}

func (q *query) checkAggregate(pos int) error {
	if a := allowances[q.kind]; !a.agg {
		return pgerr.New(pgerrcode.GroupingError, "aggregate functions are not allowed in %s", a.text).At(pos)
	}
	return nil
}

func (q *query) checkWindow(pos int) error {
	if a := allowances[q.kind]; !a.window {
		return pgerr.New(pgerrcode.WindowingError, "window functions are not allowed in %s", a.text).At(pos)
	}
	return nil
}

func (q *query) checkSet(pos int) error {
	if q.noSet != "" {
		return pgerr.New(pgerrcode.FeatureNotSupported, "set-returning functions are not allowed in %s", q.noSet).
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item.").At(pos)
	}
	if a := allowances[q.kind]; !a.set {
		return pgerr.New(pgerrcode.FeatureNotSupported, "set-returning functions are not allowed in %s", a.text).At(pos)
	}
	return nil
}

func (q *query) checkSubquery(pos int) error {
	if a := allowances[q.kind]; !a.subquery {
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot use subquery in %s", a.queryText).At(pos)
	}
	return nil
}

// columns reports whether a clause may refer to columns at all.
func (q *query) checkColumn(pos int) error {
	switch q.kind {
	case kindDefault:
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot use column reference in DEFAULT expression").At(pos)
	case kindPartitionBound:
		return pgerr.New(pgerrcode.FeatureNotSupported, "cannot use column reference in partition bound expression").At(pos)
	}
	return nil
}
