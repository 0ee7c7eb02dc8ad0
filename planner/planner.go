// Package planner makes plans of statements: it binds the parse tree to a logical plan or a command, optimizes the logical
// plan, and lowers it to a physical one.
//
// It reads no data and runs nothing: catalogs come from bind.Catalog, constants are folded and sizes known through Options.
// A Plan is immutable and may be run by many sessions at once. session is the caller.
package planner

import (
	"context"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/estimate"
	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/lower"
	"github.com/rowandb/rowan/planner/optimize"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/planner/physical"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Options are what planning needs from outside.
type Options struct {
	Fold      func(expr.Expr) (types.Datum, error)
	Supported func(*builtin.Proc) bool
	Stats     estimate.Stats
	// CountRows allows count(*) over a whole table to be answered from the counts that storage keeps.
	CountRows bool
	// NoParams makes parameters an error, as in a simple query.
	NoParams bool
	// NoBodyCheck lets functions be made whose bodies are not looked at.
	NoBodyCheck bool
	// Late and Args are bind's.
	Late bool
	Args []types.Datum
}

// Plan is a statement ready to run. Commands have no Root, but for COPY FROM, whose Root inserts what is fed in.
type Plan struct {
	Root     physical.Node
	Command  command.Command
	Tag      string // command tag without counts
	Params   []types.Type
	Fields   []vector.Field // nil: returns no rows
	Refs     []catalog.Ref  // branches and points that it names beside the session's own
	ReadOnly bool
	// Writes says what a read-only transaction refuses of the statement, where that is not its Tag.
	Writes  string
	Once    bool // it holds values of now: not to be kept
	ByArgs  bool // it depends on the values of parameters, and must be made again with them
	Notices []*pgerr.Error
	Access  []bind.Access // the privileges that running it takes
	Locks   []bind.RelationLock
}

// New plans a statement. known are the types of the parameters that the client declared; the plan has those inferred too.
// With an error of a name or type comes a plan with nothing but Locks, as from bind.Bind.
func New(_ context.Context, stmt parse.Statement, c bind.Catalog, known []types.Type, o Options) (*Plan, error) {
	params := append([]types.Type(nil), known...)
	b, err := bind.Bind(stmt, c, &params, bind.Options{Fold: o.Fold, Supported: o.Supported, NoParams: o.NoParams, NoBodyCheck: o.NoBodyCheck, Late: o.Late, Args: o.Args})
	if err != nil {
		return &Plan{Locks: b.Locks}, err
	}
	return finish(b, params, c, o)
}

// finish makes a plan of a bound statement.
func finish(b *bind.Bound, params []types.Type, c bind.Catalog, o Options) (*Plan, error) {
	p := &Plan{Command: b.Command, Tag: b.Tag, Params: params, Refs: b.Refs, ReadOnly: b.ReadOnly, Writes: b.Writes, Once: b.Once, ByArgs: b.ByArgs, Notices: b.Notices, Access: b.Access, Locks: b.Locks}
	if b.Fields != nil {
		p.Fields = make([]vector.Field, len(b.Fields))
		for i, f := range b.Fields {
			p.Fields[i] = vector.Field{Name: f.Name, Type: wireType(f.Type), TableOID: f.TableOID, Attribute: f.Attribute}
		}
	}
	if b.Node == nil {
		return p, nil
	}
	node := b.Node
	if b.Calls {
		in := bind.Inliner{Catalog: c, Options: bind.Options{Fold: o.Fold, Supported: o.Supported}, Bound: b}
		var err error
		if node, err = in.Plan(node); err != nil {
			return nil, err
		}
		p.Refs, p.Access, p.Locks, p.Once, p.ByArgs = b.Refs, b.Access, b.Locks, b.Once, b.ByArgs
	}
	node, err := optimize.Optimize(node, optimize.Options{Fold: o.Fold, Stats: o.Stats})
	if err != nil {
		return nil, err
	}
	p.Root, err = lower.Lower(node, lower.Options{Stats: o.Stats, CountRows: o.CountRows, IndexExpr: indexExpr(c, o)})
	return p, err
}

// indexExpr gives lower the expressions of indexes in the form that optimized conditions have.
func indexExpr(c bind.Catalog, o Options) func(*catalog.Table, catalog.ColumnID) (expr.Expr, error) {
	return func(t *catalog.Table, id catalog.ColumnID) (expr.Expr, error) {
		e, err := bind.IndexExpr(t, id, c, bind.Options{Fold: o.Fold, Supported: o.Supported})
		if e == nil || err != nil {
			return nil, err
		}
		in := bind.Inliner{Catalog: c, Options: bind.Options{Fold: o.Fold, Supported: o.Supported}}
		if e = in.Expr(e); in.Err != nil {
			return nil, in.Err
		}
		return optimize.Expression(e, o.Fold), nil
	}
}

// Row is the plan that computes a table's rows; see bind.Row.
type Row struct {
	Root    physical.Node
	Given   []catalog.ColumnID
	Checks  []string
	Domains []bind.DomainRule
}

// TableRow plans what must be computed of a table's rows when they do not come through INSERT or UPDATE.
func TableRow(t *catalog.Table, ref catalog.Ref, c bind.Catalog, o Options) (*Row, error) {
	b, err := bind.TableRow(t, ref, c, bind.Options{Fold: o.Fold, Supported: o.Supported})
	if err != nil {
		return nil, err
	}
	root, err := lower.Lower(b.Node, lower.Options{Stats: o.Stats})
	return &Row{Root: root, Given: b.Given, Checks: b.Checks, Domains: b.Domains}, err
}

// wireType is the type that clients are told: a domain's base.
func wireType(t types.Type) types.Type {
	for t.Def != nil && t.Kind == types.KindDomain && t.Base != nil {
		t = *t.Base
	}
	return t
}
