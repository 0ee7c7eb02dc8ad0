package conformance

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// outcome is all that a server answers to a statement.
type outcome struct {
	fields []string
	rows   []string
	tag    string
	code   string // SQLSTATE
	err    string // all of the error that a user sees
	lost   bool   // the connection ended
}

// pair is a session on Rowan and one on PostgreSQL.
type pair struct {
	rowan, oracle *pgconn.PgConn
}

func (p *pair) close() {
	_ = p.rowan.Close(context.Background())
	_ = p.oracle.Close(context.Background())
}

// ask sends a statement to one server, by the simple protocol or, for results in binary, by the extended one.
func ask(conn *pgconn.PgConn, sql string, binary bool) outcome {
	var rr *pgconn.ResultReader
	var all *pgconn.MultiResultReader
	if binary {
		rr = conn.ExecParams(context.Background(), sql, nil, nil, nil, []int16{1})
	} else {
		all = conn.Exec(context.Background(), sql)
		if !all.NextResult() {
			return failed(conn, all.Close())
		}
		rr = all.ResultReader()
	}
	out := read(rr)
	tag, err := rr.Close()
	out.tag = tag.String()
	if all != nil {
		err = errors.Join(err, all.Close())
	}
	if err != nil {
		return failed(conn, err)
	}
	return out
}

func failed(conn *pgconn.PgConn, err error) outcome {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return outcome{err: fmt.Sprint(err), lost: conn.IsClosed()}
	}
	return outcome{code: e.Code, err: fmt.Sprintf("%s %s / %s / %s @%d", e.Code, e.Message, e.Detail, e.Hint, e.Position)}
}

func read(rr *pgconn.ResultReader) (out outcome) {
	for _, f := range rr.FieldDescriptions() {
		oid := f.DataTypeOID
		if oid >= 16384 {
			oid = 1 // a type of the user's: not the same number everywhere
		}
		out.fields = append(out.fields, fmt.Sprintf("%s %d %d %d", f.Name, oid, f.DataTypeSize, f.TypeModifier))
	}
	for rr.NextRow() {
		var cells []string
		for i, v := range rr.Values() {
			switch {
			case v == nil:
				cells = append(cells, "NULL")
			case rr.FieldDescriptions()[i].Format == 1:
				cells = append(cells, userOID.ReplaceAllString(hex.EncodeToString(v), "${1}00000001"))
			default:
				cells = append(cells, string(v))
			}
		}
		out.rows = append(out.rows, strings.Join(cells, " | "))
	}
	return out
}

// userOID is the element's type in an array of a type of the user's, in binary.
var userOID = regexp.MustCompile(`^(0000000[0-6]0000000[01])(0000[4-9a-f][0-9a-f]{3}|000[1-9][0-9a-f]{4})`)

// severity of a difference.
const (
	same   = iota
	unsure // what a plan may decide: which of two errors comes first, or whether one comes at all
	wrong
)

// compare tells what differs. Rows are compared as a list when the statement orders them.
func compare(rowan, oracle outcome, isOrdered bool) (severity int, what string) {
	switch {
	case rowan.lost:
		return wrong, "connection lost: " + rowan.err
	case rowan.code == "57014" || oracle.code == "57014":
		return unsure, "timeout: " + rowan.err + oracle.err
	case rowan.code == "0A000" && oracle.code != "0A000":
		return unsure, "unsupported: " + rowan.err
	case rowan.err != oracle.err:
		if mayDepend(rowan) && mayDepend(oracle) {
			return unsure, "error: " + rowan.err + " / PostgreSQL: " + oracle.err
		}
		return wrong, "error: " + rowan.err + " / PostgreSQL: " + oracle.err
	case !slices.Equal(rowan.fields, oracle.fields):
		return wrong, fmt.Sprintf("columns: %q / PostgreSQL: %q", rowan.fields, oracle.fields)
	case rowan.tag != oracle.tag:
		return wrong, "tag: " + rowan.tag + " / PostgreSQL: " + oracle.tag
	}
	if slices.Equal(rowan.rows, oracle.rows) {
		return same, ""
	}
	a, b := slices.Sorted(slices.Values(rowan.rows)), slices.Sorted(slices.Values(oracle.rows))
	if slices.Equal(a, b) {
		if !isOrdered {
			return same, ""
		}
		return wrong, fmt.Sprintf("order: %q / PostgreSQL: %q", rowan.rows, oracle.rows)
	}
	return wrong, fmt.Sprintf("rows: %q / PostgreSQL: %q", rowan.rows, oracle.rows)
}

// mayDepend reports whether whether and which of several errors is raised depends on the plan: those that values raise.
func mayDepend(o outcome) bool {
	return o.err == "" || o.code == "0A000" || slices.Contains([]string{"21", "22", "23"}, o.code[:2])
}

var zeros = regexp.MustCompile(`(\.\d*?)0+\b|\.\b`)

// equalNumbers makes 1.50 and 1.5 the same: which of two equal rows is kept, or comes first, is open.
func equalNumbers(o outcome) outcome {
	rows := make([]string, len(o.rows))
	for i, r := range o.rows {
		rows[i] = strings.TrimSuffix(zeros.ReplaceAllString(r, "$1"), ".")
	}
	o.rows = rows
	return o
}
