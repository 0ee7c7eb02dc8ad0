package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor/ddl"
	"github.com/rowandb/rowan/executor/eval"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/bind"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

var noRef catalog.Ref

// command carries out a statement without a plan and returns its tag.
func (s *Session) command(ctx context.Context, p *planned, params []types.Datum, out *output) (string, error) {
	s.txn.ran = s.txn.ran || !readsNothing(p.plan.Command)
	switch c := p.plan.Command.(type) {
	case *command.Transaction:
		return s.transaction(ctx, c, out)
	case *command.Set:
		return c.Tag(), s.setCommand(ctx, c, out)
	case *command.SetTransaction:
		return c.Tag(), s.setTransaction(ctx, c, out)
	case *command.Show:
		return c.Tag(), s.show(c.Name, out)
	case *command.Discard:
		return c.Tag(), s.discard(ctx, c)
	case *command.Prepare:
		return c.Tag(), s.prepareCommand(ctx, c)
	case *command.Execute:
		return s.executeCommand(ctx, c, params, out)
	case *command.Deallocate:
		return c.Tag(), s.deallocate(c.Name)
	case *command.DeclareCursor:
		return c.Tag(), s.declare(ctx, c)
	case *command.Fetch:
		return s.fetchCursor(ctx, c, out)
	case *command.CloseCursor:
		return c.Tag(), s.closeCursor(c.Name)
	case *command.Explain:
		return c.Tag(), s.explain(ctx, p, c, params, out)
	case *command.Copy:
		return s.copy(ctx, p, c, out)
	case *command.Listen:
		s.listen(c)
		return c.Tag(), nil
	case *command.LockTable:
		return c.Tag(), s.lockTable(ctx, c)
	case *command.Constraints:
		return c.Tag(), s.setConstraints(ctx, c, out)
	case *command.Vacuum:
		return c.Tag(), s.maintain(ctx, c, out)
	case *command.Do:
		return c.Tag(), s.do(ctx, c, out)
	}
	return s.define(ctx, p, out)
}

// define runs DDL.
func (s *Session) define(ctx context.Context, p *planned, out *output) (string, error) {
	if err := s.checkWritable(ctx, p.plan); err != nil {
		return "", err
	}
	if err := s.mayCommand(p.plan.Command); err != nil {
		return "", err
	}
	if c, ok := p.plan.Command.(*command.CreateFunction); ok && c.Place != nil {
		c.Invalid = s.invalidPL(ctx, c)
	}
	s.txn.ddl = true
	env := s.ddlEnv(ctx, out)
	env.InUse = s.inUse
	tag, err := ddl.Run(ctx, env, p.plan.Command)
	if err != nil {
		return "", err
	}
	return tag, s.endStatement(ctx, tag)
}

func (s *Session) setCommand(ctx context.Context, c *command.Set, out *output) error {
	if c.Local && !s.inBlock() && len(s.pl.contexts) == 0 {
		if err := out.Notice(warning(pgerrcode.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")); err != nil {
			return err
		}
	}
	if c.All {
		for key := range s.settings.values {
			s.settings.unset(key, c.Local)
		}
		return nil
	}
	if c.Reset {
		return s.resetSetting(ctx, c.Name, c.Local)
	}
	return s.assign(ctx, c.Name, joinValues(c.Name, c.Values), c.Local)
}

func (s *Session) resetSetting(ctx context.Context, name string, local bool) error {
	if _, ok := s.settings.get(name); !ok {
		return unrecognized(name)
	}
	switch name {
	case "role":
		return s.assign(ctx, name, "none", local)
	case "session_authorization":
		return s.assign(ctx, name, s.opts.User, local)
	}
	s.settings.unset(name, local)
	return nil
}

// assign is SET name = value with the effects that some settings have.
func (s *Session) assign(ctx context.Context, name, value string, local bool) error {
	switch name {
	case "rowan.branch":
		return s.setBranch(ctx, value, "", true, local)
	case "rowan.as_of":
		branch, _ := s.settings.get("rowan.branch")
		return s.setBranch(ctx, branch, value, false, local)
	case "rowan.ephemeral":
		return pgerr.New(pgerrcode.CantChangeRuntimeParam, "parameter \"%s\" cannot be set after connection start", name)
	case "role", "session_authorization":
		if err := s.mayChangeUser(name); err != nil {
			return err
		}
		if name == "role" {
			return s.setRole(value, local)
		}
		return s.setSessionUser(value, local)
	case "transaction_isolation":
		return s.setModes(command.TxnModes{Isolation: value})
	case "transaction_read_only":
		b, _ := parseBool(value)
		return s.setModes(command.TxnModes{ReadOnly: &b})
	case "transaction_deferrable":
		b, _ := parseBool(value)
		return s.setModes(command.TxnModes{Deferrable: &b})
	}
	v, err := s.settings.check(name, value, false)
	if err != nil {
		return err
	}
	s.settings.set(name, v, local)
	return nil
}

// settleWaits tells the transaction how long it waits for a lock, and whether its commit waits for the disk.
func (t *txn) settleWaits() {
	settings := t.session.settings
	t.SetLockTimeout(settings.duration("lock_timeout"))
	sync, _ := settings.get("synchronous_commit")
	t.SetAsync(sync == "off")
}

// setBranch chooses the branch and point that unqualified names mean, if they exist.
func (s *Session) setBranch(ctx context.Context, branch, point string, isBranch, local bool) error {
	if err := s.checkPoint(ctx, branch, point); err != nil {
		return err
	}
	if isBranch {
		s.settings.set("rowan.branch", branch, local)
		return nil
	}
	s.settings.set("rowan.as_of", point, local)
	return nil
}

func (s *Session) setTransaction(ctx context.Context, c *command.SetTransaction, out *output) error {
	if c.Session {
		if c.Modes.Isolation != "" {
			s.settings.set("default_transaction_isolation", c.Modes.Isolation, false)
		}
		if c.Modes.ReadOnly != nil {
			s.settings.set("default_transaction_read_only", map[bool]string{true: "on", false: "off"}[*c.Modes.ReadOnly], false)
		}
		if c.Modes.Deferrable != nil {
			s.settings.set("default_transaction_deferrable", map[bool]string{true: "on", false: "off"}[*c.Modes.Deferrable], false)
		}
		return nil
	}
	if !s.inBlock() && len(s.pl.contexts) == 0 {
		if err := out.Notice(warning(pgerrcode.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")); err != nil {
			return err
		}
	}
	return s.setModes(c.Modes)
}

// settleRole makes the session's users those that the settings name, after these were taken back.
func (s *Session) settleRole() {
	s.sessionUser = s.opts.User
	if name, ok := s.settings.values["session_authorization"]; ok && name != "" && name != "default" {
		s.sessionUser = name
	}
	s.user = s.sessionUser
	if name, ok := s.settings.values["role"]; ok && name != "" && name != "none" {
		s.user = name
	}
}

func (s *Session) setRole(name string, local bool) error {
	if name == "none" {
		s.user = s.sessionUser
		s.settings.set("role", name, local)
		return nil
	}
	global := s.global()
	r := roleByName(global, name)
	if r == nil {
		return pgerr.New(pgerrcode.InvalidParameterValue, "role \"%s\" does not exist", name)
	}
	if !mayBecome(global, s.sessionUser, r) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to set role \"%s\"", name)
	}
	s.user = name
	s.settings.set("role", name, local)
	return nil
}

func (s *Session) setSessionUser(name string, local bool) error {
	global := s.global()
	if name == "default" {
		name = s.opts.User
	}
	if roleByName(global, name) == nil {
		return pgerr.New(pgerrcode.InvalidParameterValue, "role \"%s\" does not exist", name)
	}
	if me := roleByName(global, s.opts.User); name != s.opts.User && (me == nil || !me.Superuser) {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied to set session authorization")
	}
	s.sessionUser, s.user = name, name
	s.settings.set("session_authorization", name, local)
	s.settings.set("role", "none", local)
	return nil
}

func (s *Session) discard(ctx context.Context, c *command.Discard) error {
	switch c.What {
	case "TEMP":
		return s.discardTemp(ctx)
	case "SEQUENCES":
		s.sequences = sequenceState{}
		return nil
	case "PLANS":
		return nil // plans of all sessions are kept together, and never outlive what they were made for
	}
	if s.inBlock() {
		return pgerr.New(pgerrcode.ActiveSQLTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	s.closePortals(true)
	clear(s.prepared)
	for key := range s.settings.values {
		s.settings.unset(key, false)
	}
	s.user, s.sessionUser = s.opts.User, s.opts.User
	s.engine.notify.remove(s)
	s.sequences = sequenceState{}
	s.locks().UnlockAll()
	return s.discardTemp(ctx)
}

func (s *Session) prepareCommand(ctx context.Context, c *command.Prepare) error {
	stmts, err := s.parse(c.Query)
	if err != nil {
		return err
	}
	ps, err := s.prepare(ctx, c.Name, stmts[0], c.Types)
	if err != nil {
		return shifted(err, c.Offset)
	}
	if s.prepared[c.Name] != nil {
		return pgerr.New(pgerrcode.DuplicatePreparedStatement, "prepared statement \"%s\" already exists", c.Name)
	}
	ps.sql, ps.fromSQL = c.Query, true
	s.prepared[c.Name] = ps
	return nil
}

func (s *Session) executeCommand(ctx context.Context, c *command.Execute, params []types.Datum, out *output) (string, error) {
	p, values, err := s.executed(ctx, c, params)
	if err != nil {
		return "", err
	}
	return s.run(ctx, p, values, out)
}

// executed is the plan that an EXECUTE runs, with its parameters.
func (s *Session) executed(ctx context.Context, c *command.Execute, params []types.Datum) (*planned, []types.Datum, error) {
	ps, err := s.statement(c.Name)
	if err != nil {
		return nil, nil, err
	}
	if len(c.Args) != len(ps.params) {
		return nil, nil, pgerr.New(pgerrcode.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", c.Name).
			WithDetail("Expected %d parameters but got %d.", len(ps.params), len(c.Args))
	}
	if err := s.renewParams(ctx, ps); err != nil {
		return nil, nil, err
	}
	args, err := bind.Arguments(c, ps.params, &s.catalogs, bind.Options{Fold: s.catalogs.Fold, Supported: supported})
	if err != nil {
		return nil, nil, err
	}
	values := make([]types.Datum, len(args))
	for i, a := range args {
		if values[i], err = eval.Value(a, s.env(ctx, params)); err != nil {
			return nil, nil, err
		}
	}
	p, err := s.current(ctx, ps, values)
	if err != nil && ps.plan.plan.ByArgs {
		err = pgerr.From(err).Relocate(-1) // the position is one in the prepared text
	}
	return p, values, err
}

func (s *Session) deallocate(name string) error {
	if name == "" {
		clear(s.prepared)
		return nil
	}
	if s.prepared[name] == nil {
		return pgerr.New(pgerrcode.InvalidSQLStatementName, "prepared statement \"%s\" does not exist", name)
	}
	delete(s.prepared, name)
	return nil
}

func (s *Session) lockTable(ctx context.Context, c *command.LockTable) error {
	v, err := s.txn.View(ctx, c.Ref)
	if err != nil {
		return err
	}
	wait := catalog.Wait
	if c.NoWait {
		wait = catalog.NoWait
	}
	for _, t := range c.Tables {
		if err := s.txn.LockTable(ctx, v, t, c.Mode, wait); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) setConstraints(ctx context.Context, c *command.Constraints, out *output) error {
	if !s.inBlock() && len(s.pl.contexts) == 0 {
		if err := out.Notice(warning(pgerrcode.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks")); err != nil {
			return err
		}
	}
	t := s.txn
	if c.Names == nil {
		t.deferAll, t.allDefer = &c.Deferred, nil
	}
	for _, id := range c.Names {
		if t.allDefer == nil {
			t.allDefer = map[catalog.OID]bool{}
		}
		t.allDefer[id] = c.Deferred
	}
	return t.runDeferred(ctx, false)
}

func mayBecome(global *catalog.Snapshot, user string, r *catalog.Role) bool {
	me := global.RoleByName(user)
	return me != nil && (me.Superuser || me.OID == r.OID || catalog.IsMember(global, me.OID, r.OID))
}

// joinValues makes one text of the values of SET: those of list settings are quoted where they must be.
func joinValues(name string, values []string) string {
	if len(values) == 1 && !lists[strings.ToLower(name)] {
		return values[0]
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v
		if lists[strings.ToLower(name)] {
			out[i] = quoteIdent(v)
		}
	}
	return strings.Join(out, ", ")
}

// lists are the settings whose values are lists of names.
var lists = map[string]bool{"search_path": true, "temp_tablespaces": true, "session_preload_libraries": true}

// textRows sends rows of text columns.
func textRows(out *output, names []string, rows [][]string) error {
	text := types.Of(types.Builtin(types.OIDText))
	fields := make([]vector.Field, len(names))
	for i, n := range names {
		fields[i] = vector.Field{Name: n, Type: text}
	}
	if err := out.Fields(fields); err != nil {
		return err
	}
	for len(rows) > 0 {
		n := min(len(rows), vector.Size)
		b := &vector.Batch{N: n, Cols: make([]*vector.Vector, len(names))}
		for c := range names {
			b.Cols[c] = &vector.Vector{}
			b.Cols[c].Reset(text)
			for _, r := range rows[:n] {
				b.Cols[c].AppendString(r[c])
			}
		}
		if err := out.Rows(b); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
