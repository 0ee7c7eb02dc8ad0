package server

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/session"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// Run implements api.SQL. The statement is prepared, run and committed in a session of its own.
func (a *httpAPI) Run(ctx context.Context, p api.Principal, st api.Statement) (api.Result, error) {
	started := time.Now()
	settings := map[string]string{}
	if st.ReadOnly {
		settings["default_transaction_read_only"] = "on"
	}
	if st.Timeout > 0 {
		settings["statement_timeout"] = strconv.FormatInt(st.Timeout.Milliseconds(), 10)
	}
	sess, err := a.open(ctx, p, st.Branch, st.Point, terms{settings, st.Within})
	if err != nil {
		return api.Result{}, err
	}
	defer sess.Close()
	out := &collector{format: sess.Format()}
	if err := execute(ctx, sess, st.SQL, out, textParams(st.Params)); err != nil {
		return api.Result{}, err
	}
	res := out.result
	if err := lasting(res.Tag); err != nil {
		return api.Result{}, err
	}
	if st.Explain && res.Columns != nil {
		res.Plan = sess.PlanText("")
	}
	if err := sess.Sync(ctx); err != nil {
		return api.Result{}, err
	}
	res.Elapsed = time.Since(started)
	return res, nil
}

// lasting refuses statements that do nothing in a session of one statement: who sends BEGIN must not believe that what follows
// can be rolled back, nor who sends SET or USE BRANCH that it is in force then.
func lasting(tag string) error {
	if transactional[tag] {
		return pgerr.New(pgerrcode.FeatureNotSupported, "%s is not supported over HTTP: each request is a transaction of its own", tag)
	}
	if hint, ok := ofSession[tag]; ok {
		err := pgerr.New(pgerrcode.FeatureNotSupported, "%s is not supported over HTTP: each request is a session of its own", tag)
		if hint != "" {
			return err.WithHint(hint)
		}
		return err
	}
	return nil
}

var transactional = map[string]bool{"BEGIN": true, "START TRANSACTION": true, "COMMIT": true, "ROLLBACK": true, "SET CONSTRAINTS": true}

// ofSession are the tags of statements about the session, with what to do instead.
var ofSession = map[string]string{
	"SET":        settingsHint,
	"RESET":      settingsHint,
	"PREPARE":    "Values of $1, $2 and so on go into params.",
	"LISTEN":     "Webhooks tell of changes over HTTP.",
	"UNLISTEN":   "",
	"DEALLOCATE": "", "DEALLOCATE ALL": "",
	"DISCARD ALL": "", "DISCARD PLANS": "", "DISCARD SEQUENCES": "", "DISCARD TEMP": "",
}

const settingsHint = "The path names the branch, X-Database the database, timeout_ms the time limit. Other settings are a role's: ALTER ROLE ... SET."

// runStatement runs one statement with JSON values as its parameters, and ends the implicit transaction.
func runStatement(ctx context.Context, sess *session.Session, sql string, params []any) (api.Result, error) {
	out := &collector{format: sess.Format()}
	err := execute(ctx, sess, sql, out, textParams(params))
	if err == nil {
		err = sess.Sync(ctx)
	}
	return out.result, err
}

// execute runs one statement; encode gets the types of its parameters.
func execute(ctx context.Context, sess *session.Session, sql string, out vector.Sink, encode func([]types.OID) ([]types.Encoded, error)) error {
	if err := types.CheckUTF8(sql); err != nil {
		return err
	}
	if err := sess.Parse(ctx, "", sql, nil); errors.Is(err, session.ErrSeveral) {
		return pgerr.New(pgerrcode.SyntaxError, "the SQL has more than one statement; a request runs one")
	} else if err != nil {
		return err
	}
	oids, fields, err := sess.DescribeStatement(ctx, "")
	if err != nil {
		return err
	}
	params, err := encode(oids)
	if err != nil {
		return err
	}
	if len(params) != len(oids) {
		return pgerr.New(pgerrcode.ProtocolViolation, "params must have as many values as the statement has parameters: %d, not %d", len(oids), len(params))
	}
	if err := sess.Bind(ctx, "", "", params); err != nil {
		return err
	}
	if err := out.Fields(fields); err != nil {
		return err
	}
	_, err = sess.Execute(ctx, "", 0, out)
	return err
}
