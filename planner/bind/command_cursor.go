package bind

import (
	"math"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// prepare binds PREPARE. The statement inside is bound when it is prepared, with the parameters' types.
func (b *binder) prepare(s *pg.PrepareStmt) (command.Command, error) {
	c := &command.Prepare{Name: s.Name, Types: []types.Type{}} // not nil: there may be parameters, whose types are open
	for _, a := range s.Argtypes {
		t, err := b.typeName(a.GetTypeName())
		if err != nil {
			return nil, err
		}
		if t.OID == types.OIDUnknown {
			t = types.Type{}
		}
		c.Types = append(c.Types, t)
	}
	c.Query, c.Offset = b.inner()
	return c, nil
}

// inner is the statement inside the one being bound, and its offset in the whole text.
func (b *binder) inner() (string, int) {
	text, at := parse.Inner(b.stmt.Text)
	return text, at + b.stmt.Offset
}

// execute binds EXECUTE; what is executed is known to the session only.
func (b *binder) execute(s *pg.ExecuteStmt) (command.Command, error) {
	c := &command.Execute{Name: s.Name}
	q := b.child(nil)
	for _, a := range s.Params {
		e, err := q.in(kindExecute, a)
		if err != nil {
			return nil, err
		}
		c.Args, c.At = append(c.Args, e), append(c.At, location(a))
	}
	return c, nil
}

// Bits of DeclareCursorStmt.Options.
const (
	cursorBinary      = 0x0001
	cursorScroll      = 0x0002
	cursorNoScroll    = 0x0004
	cursorInsensitive = 0x0008
	cursorHold        = 0x0020
)

// cursorLocks refuses to lock rows for a cursor that shows them when they may have changed.
func cursorLocks(s *pg.DeclareCursorStmt) error {
	locking := s.Query.GetSelectStmt().GetLockingClause()
	if len(locking) == 0 {
		return nil
	}
	what := lockNames[locking[0].GetLockingClause().Strength]
	switch {
	case s.Options&cursorHold != 0:
		return pgerr.New(pgerrcode.FeatureNotSupported, "DECLARE CURSOR WITH HOLD ... %s is not supported", what).WithDetail("Holdable cursors must be READ ONLY.")
	case s.Options&cursorScroll != 0:
		return pgerr.New(pgerrcode.FeatureNotSupported, "DECLARE SCROLL CURSOR ... %s is not supported", what).WithDetail("Scrollable cursors must be READ ONLY.")
	case s.Options&cursorInsensitive != 0:
		return pgerr.New(pgerrcode.InvalidCursorDefinition, "DECLARE INSENSITIVE CURSOR ... %s is not valid", what).WithDetail("Insensitive cursors must be READ ONLY.")
	}
	return nil
}

// declare binds DECLARE CURSOR.
func (b *binder) declare(s *pg.DeclareCursorStmt) (command.Command, error) {
	if s.Options&cursorScroll != 0 && s.Options&cursorNoScroll != 0 {
		return nil, pgerr.New(pgerrcode.InvalidCursorDefinition, "cannot specify both %s and %s", "SCROLL", "NO SCROLL")
	}
	if err := cursorLocks(s); err != nil {
		return nil, err
	}
	c := &command.DeclareCursor{
		Name: s.Portalname, Scroll: s.Options&cursorScroll != 0, Hold: s.Options&cursorHold != 0, Binary: s.Options&cursorBinary != 0,
	}
	c.Query, c.Offset = b.inner()
	return c, nil
}

var directions = map[pg.FetchDirection]string{
	pg.FetchDirection_FETCH_FORWARD: "forward", pg.FetchDirection_FETCH_BACKWARD: "backward",
	pg.FetchDirection_FETCH_ABSOLUTE: "absolute", pg.FetchDirection_FETCH_RELATIVE: "relative",
}

// fetch binds FETCH and MOVE. The grammar's largest number means ALL.
func fetch(s *pg.FetchStmt) command.Command {
	c := &command.Fetch{Cursor: s.Portalname, Direction: directions[s.Direction], Count: s.HowMany, Move: s.Ismove}
	c.All = s.HowMany == math.MaxInt64
	return c
}

// explain binds EXPLAIN. The statement inside is planned by the session from its text.
func (b *binder) explain(s *pg.ExplainStmt) (command.Command, error) {
	c := &command.Explain{Costs: true, Format: "text"}
	timing, summary := false, false
	for _, o := range s.Options {
		d := o.GetDefElem()
		var err error
		switch d.Defname {
		case "analyze":
			c.Analyze, err = boolOption(d)
		case "verbose":
			c.Verbose, err = boolOption(d)
		case "costs":
			c.Costs, err = boolOption(d)
		case "buffers":
			c.Buffers, err = boolOption(d)
		case "wal":
			_, err = boolOption(d)
		case "settings":
			c.Settings, err = boolOption(d)
		case "timing":
			timing = true
			c.Timing, err = boolOption(d)
		case "summary":
			summary = true
			c.Summary, err = boolOption(d)
		case "format":
			c.Format = strings.ToLower(constantText(d.Arg))
			err = explainFormat(d, c.Format)
		default:
			err = pgerr.New(pgerrcode.SyntaxError, "unrecognized EXPLAIN option \"%s\"", d.Defname).At(int(d.Location))
		}
		if err != nil {
			return nil, err
		}
	}
	if !timing {
		c.Timing = c.Analyze
	} else if c.Timing && !c.Analyze {
		return nil, pgerr.New(pgerrcode.InvalidParameterValue, "EXPLAIN option TIMING requires ANALYZE")
	}
	if !summary {
		c.Summary = c.Analyze
	}
	c.Query, c.Offset = b.inner()
	b.modify = c.Analyze && s.Query.GetSelectStmt() == nil
	b.explainFields(c)
	return c, b.explained(s.Query)
}

// explained binds the statement inside an EXPLAIN for the types of its parameters, if there can be any.
func (b *binder) explained(n *pg.Node) error {
	if b.opts.NoParams {
		return nil
	}
	switch n.Node.(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt:
	default:
		return nil
	}
	inner := &binder{cat: b.cat, opts: b.opts, params: b.params, stmt: b.stmt, out: &Bound{}}
	if err := inner.statement(n); err != nil {
		return err
	}
	return inner.checkParams()
}

func (b *binder) explainFields(c *command.Explain) {
	t := typeText
	switch c.Format {
	case "json":
		t = builtinType(types.OIDJSON)
	case "xml":
		t = builtinType(types.OIDXML)
	}
	b.out.Fields = []Field{{Name: "QUERY PLAN", Type: t}}
}

func explainFormat(d *pg.DefElem, f string) error {
	switch f {
	case "text", "json", "yaml", "xml":
		return nil
	}
	return pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized value for EXPLAIN option \"%s\": \"%s\"", d.Defname, constantText(d.Arg)).At(int(d.Location))
}

// boolOption reads an option that may stand without a value.
func boolOption(d *pg.DefElem) (bool, error) {
	if d.Arg == nil {
		return true, nil
	}
	switch strings.ToLower(constantText(d.Arg)) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, pgerr.New(pgerrcode.SyntaxError, "%s requires a Boolean value", d.Defname)
}
