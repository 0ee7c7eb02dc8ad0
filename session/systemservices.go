package session

import (
	"context"
	"net"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// systemServices are the functions about the server, the connection and the transaction.
var systemServices = map[string]service{
	"pg_postmaster_start_time": started,
	"pg_conf_load_time":        started,
	"current_query":            currentQuery,
	"inet_client_addr":         clientAddress,
	"inet_client_port":         clientPort,
	"inet_server_addr":         nullService,
	"inet_server_port":         nullService,

	"row_security_active": constant(types.Bool(false)),
	"row_security_active_name": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		_, err := s.relation(ctx, a[0].S)
		return types.Bool(false), err
	},
	"acldefault_sql": aclDefault,

	"pg_current_xact_id":             transactionID,
	"pg_current_xact_id_if_assigned": transactionIDIfAssigned,
	"pg_xact_status":                 transactionStatus,
	"pg_xact_commit_timestamp":       nullService,
	"xid_age":                        xidAge,
	"mxid_age":                       xidAge,

	"pg_blocking_pids":                     blockingPIDs,
	"pg_safe_snapshot_blocking_pids":       constant(types.String(types.Vector1(nil).Pack(types.Builtin(types.OIDInt4)))),
	"pg_isolation_test_session_is_blocked": isBlocked,
	"pg_notify":                            notify,
	"pg_reload_conf":                       constant(types.Bool(true)),
	"pg_stat_clear_snapshot":               constant(types.String("")),
	"pg_stat_force_next_flush":             constant(types.String("")),
	"pg_trigger_depth":                     triggerDepth,
}

func started(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	return timestamp(s.engine.Started), nil
}

// currentQuery is current_query(): the text that the client sent.
func currentQuery(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	s.activity.mu.Lock()
	defer s.activity.mu.Unlock()
	return types.String(s.activity.query), nil
}

func clientAddress(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	host, _, err := net.SplitHostPort(s.opts.RemoteAddr)
	if err != nil {
		return types.Null, nil
	}
	return types.ParseText(types.Of(types.Builtin(types.OIDInet)), host, s.Format())
}

func clientPort(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	_, port, err := net.SplitHostPort(s.opts.RemoteAddr)
	if err != nil {
		return types.Null, nil
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return types.Null, nil
	}
	return types.Int(int64(n)), nil
}

// transactionID is pg_current_xact_id and txid_current, whose results are a text (xid8) and a number: it returns both. Every
// transaction has an id from its start.
func transactionID(s *Session, _ context.Context, _ []types.Datum) (types.Datum, error) {
	s.txn.named = true
	d := types.Int(int64(s.txn.ID()))
	d.S = strconv.FormatUint(s.txn.ID(), 10)
	return d, nil
}

// transactionIDIfAssigned shows the id of a transaction that has written, or has been asked for it.
func transactionIDIfAssigned(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	if !s.txn.named && !s.txn.wrote {
		return types.Null, nil
	}
	return transactionID(s, ctx, a)
}

// transactionNumber reads an argument that is an xid or xid8, both kept as text, or a number.
func transactionNumber(d types.Datum) uint64 {
	if n, err := strconv.ParseUint(d.S, 10, 64); err == nil {
		return n
	}
	return uint64(d.I)
}

// transactionStatus is pg_xact_status: only the session's own transaction is known to run.
func transactionStatus(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	switch id := transactionNumber(a[0]); {
	case id == s.txn.ID():
		return types.String("in progress"), nil
	case id > s.txn.ID():
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "transaction ID %d is in the future", id)
	}
	return types.Null, nil
}

// xidAge is age(xid): how many transactions ago, and the most there can be for the special ones.
func xidAge(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	id := uint32(transactionNumber(a[0]))
	if id < 3 {
		return types.Int(1<<31 - 1), nil
	}
	return types.Int(int64(int32(uint32(s.txn.ID()) - id))), nil
}

// notify is pg_notify(channel, payload).
func notify(s *Session, _ context.Context, a []types.Datum) (types.Datum, error) {
	channel, payload := a[0].S, ""
	if !a[1].Null {
		payload = a[1].S
	}
	switch {
	case a[0].Null || channel == "":
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "channel name cannot be empty")
	case len(channel) > 63:
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "channel name too long")
	case len(payload) >= 8000:
		return types.Null, pgerr.New(pgerrcode.InvalidParameterValue, "payload string too long")
	}
	s.txn.notify(channel, payload)
	return types.String(""), nil
}
