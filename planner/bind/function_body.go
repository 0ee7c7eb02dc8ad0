package bind

import (
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// BodyStatements are the statements of a function in SQL.
func BodyStatements(f *catalog.Function) ([]parse.Statement, error) {
	if !f.Standard() {
		return parse.Parse(f.Body)
	}
	var out []parse.Statement
	for _, text := range f.Atomic {
		stmts, err := parse.Parse(text)
		if err != nil {
			return nil, err
		}
		out = append(out, stmts...)
	}
	return out, nil
}

// BodyOf is what the statements of a function's body see when it is called with arguments of these types.
func BodyOf(f *catalog.Function, args []types.Type, result types.Type) *Body {
	return &Body{Name: f.Name, Args: inputNamesOf(f), Types: args, Result: result, ReadOnly: f.Volatile != 'v', Procedure: f.Kind == 'p'}
}

// checkBody binds the body of a function that is being made, as a call of it will. What is wrong is told at its place in the
// statement that makes the function, where that can be found.
func (b *definer) checkBody(f *catalog.Function) error {
	stmts, err := BodyStatements(f)
	if err == nil && !b.polymorphic(f) {
		err = b.bindBody(f, stmts)
	}
	if err == nil {
		return nil
	}
	e := pgerr.From(err)
	if at := e.ByteOffset(); at >= 0 {
		return e.Relocate(bodyPlace(b.stmt, f.Body, at))
	}
	e.Where = "SQL function \"" + f.Name + "\""
	return e
}

func (b *definer) polymorphic(f *catalog.Function) bool {
	return slices.ContainsFunc(f.ArgTypes, isPolymorphic)
}

func (b *definer) bindBody(f *catalog.Function, stmts []parse.Statement) error {
	args := make([]types.Type, 0, len(f.ArgTypes))
	for i, id := range f.ArgTypes {
		if i < len(f.ArgModes) && (f.ArgModes[i] == 'o' || f.ArgModes[i] == 't') {
			continue
		}
		args = append(args, types.Of(b.def(id)))
	}
	result := types.Of(b.def(f.Returns))
	snap, err := b.session()
	if err != nil {
		return err
	}
	itself := *f
	itself.OID, itself.Owner = unmade, 0
	if f.Returns == types.OIDRecord {
		result = b.recordResult(Callee(f, snap, catalog.Ref{}), result, nil)
	}
	body := BodyOf(f, args, result)
	body.Check = true
	if len(stmts) == 0 && f.Returns != types.OIDVoid {
		return b.mismatch(body, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	c := &withFunction{present: b.cat, snap: snap.Edit([]catalog.Object{&itself}, nil), path: b.searchPath()}
	for _, s := range f.Config {
		if list, ok := strings.CutPrefix(s, "search_path="); ok {
			c.path = c.listed(list)
		}
	}
	for i, st := range stmts {
		body.Last = i == len(stmts)-1
		params := slices.Clone(args)
		if IsUtility(st) {
			if err := CheckUtility(&Body{Result: result, Last: body.Last}); err != nil {
				return err
			}
			continue
		}
		if _, err := Bind(st, c, &params, Options{Fold: b.opts.Fold, Body: body, Late: true}); err != nil {
			return err
		}
	}
	return nil
}

// unmade is the OID of a function that is being made, while its body is looked at. No object has it.
const unmade catalog.OID = 1

// withFunction is a session's catalog with a function that is being made: its body may call it.
type withFunction struct {
	present
	snap *catalog.Snapshot
	path []string
}

// present is the catalog without it.
type present interface{ Catalog }

// Catalog implements Catalog.
func (w *withFunction) Catalog(r catalog.Ref) (*catalog.Snapshot, error) {
	if r == (catalog.Ref{}) {
		return w.snap, nil
	}
	return w.present.Catalog(r)
}

// SearchPath implements Catalog: the function's own, if it sets one.
func (w *withFunction) SearchPath() []string { return w.path }

// listed is the search path of a value of the setting.
func (w *withFunction) listed(value string) []string {
	var out []string
	for n := range strings.SplitSeq(value, ",") {
		n = strings.Trim(strings.TrimSpace(n), `"`)
		if n == "$user" {
			n = w.User()
		}
		if w.snap.Schema(n) != nil && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	if !slices.Contains(out, "pg_catalog") {
		out = append([]string{"pg_catalog"}, out...)
	}
	return out
}

// bodyPlace finds where in a statement's text the place at of a function's body is; -1 when that is not certain. A body
// between quotes may have quotes doubled.
func bodyPlace(st *parse.Statement, body string, at int) int {
	text, found := st.Text, -1
	for i := range len(text) {
		place := -1
		switch {
		case strings.HasPrefix(text[i:], body) && i > 0 && text[i-1] == '$' && strings.HasPrefix(text[i+len(body):], "$"):
			place = i + at
		case text[i] == '\'':
			if n := quotedPlace(text[i+1:], body, at); n >= 0 {
				place = i + 1 + n
			}
		}
		if place >= 0 && found >= 0 {
			return -1
		}
		found = max(found, place)
	}
	if found < 0 {
		return -1
	}
	return st.Offset + found
}

// quotedPlace is where the place at of a body is in its quoted form, which begins text; -1 when that is another text.
func quotedPlace(text, body string, at int) int {
	place, i := -1, 0
	for k := 0; k <= len(body); k++ {
		if k == at {
			place = i
		}
		if k == len(body) {
			break
		}
		if i >= len(text) || text[i] != body[k] {
			return -1
		}
		i++
		if body[k] == '\'' {
			if i >= len(text) || text[i] != '\'' {
				return -1
			}
			i++
		}
	}
	if i >= len(text) || text[i] != '\'' {
		return -1
	}
	return place
}

// IsUtility reports whether a statement of a function's body is bound only when it is its turn.
func IsUtility(st parse.Statement) bool {
	switch n := st.Node.Node.(type) {
	case *pg.Node_SelectStmt:
		return n.SelectStmt.IntoClause != nil
	case *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt, *pg.Node_CallStmt, *pg.Node_TransactionStmt, *pg.Node_CopyStmt:
		return false
	}
	return true
}

// CheckUtility refuses such a statement where it cannot be.
func CheckUtility(body *Body) error {
	if body.Last && body.Result.ID() != types.OIDVoid {
		var b binder
		return b.mismatch(body, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.")
	}
	return nil
}
