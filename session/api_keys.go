package session

import (
	"context"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/apikey"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
)

// apiKeyServices are the functions of schema rowan that make and revoke API keys. They are part of the transaction: a key
// is good from its commit on.
var apiKeyServices = map[string]service{
	"rowan_create_api_key": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		end, err := s.keyEnd(a[4])
		if err != nil {
			return types.Null, err
		}
		return createAPIKey(s, ctx, append(a[:1:1], end, a[1], a[2], a[3]))
	},
	"rowan_create_api_key_interval": func(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
		end, err := fromNow(a[1])
		if err != nil {
			return types.Null, err
		}
		return createAPIKey(s, ctx, append(a[:1:1], end, a[2], a[3], a[4]))
	},
	"rowan_create_api_key_timestamptz": createAPIKey,
	"rowan_revoke_api_key":             revokeAPIKey,
}

var apiKeyRows = map[string]rowService{"rowan_api_keys": listAPIKeys}

// keyEnd reads when a key ends: a time, or how long from now on.
func (s *Session) keyEnd(d types.Datum) (types.Datum, error) {
	if d.Null {
		return d, nil
	}
	if at, err := types.ParseText(types.Of(types.Builtin(types.OIDTimestamptz)), d.S, &s.settings.format); err == nil {
		return at, nil
	}
	v, err := types.ParseText(types.Of(types.Builtin(types.OIDInterval)), d.S, &s.settings.format)
	if err != nil {
		return types.Null, pgerr.New(pgerrcode.InvalidDatetimeFormat, "an API key cannot expire at \"%s\"", d.S).
			WithHint("expires is an interval from now on, such as '30 days', or a time, such as '2030-01-01T00:00:00Z'.")
	}
	return fromNow(v)
}

func fromNow(interval types.Datum) (types.Datum, error) {
	if interval.Null {
		return interval, nil
	}
	us, err := datetime.AddInterval(timestamp(time.Now()).I, datetime.Unpack(interval.S))
	return types.Int(us), err
}

// createAPIKey returns the key, which cannot be had again.
func createAPIKey(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	if err := s.mayManageKeys("rowan.create_api_key()"); err != nil {
		return types.Null, err
	}
	global := s.global()
	role := s.role(global)
	if name := text(a[2]); name != "" {
		role = roleByName(global, name)
		if role == nil {
			return types.Null, pgerr.New(pgerrcode.UndefinedObject, "role \"%s\" does not exist", name)
		}
	}
	if err := s.mayActFor(global, role.OID); err != nil {
		return types.Null, err
	}
	k := apikey.Key{Name: text(a[0]), Role: role.OID, Scopes: texts(a[3]), Branches: texts(a[4]), CreatedBy: s.user}
	if !a[1].Null && a[1].I != datetime.Inf {
		k.Expires = datetime.ToTime(a[1].I)
	}
	_, secret, err := apikey.Create(ctx, s.txn.Txn, k)
	return types.String(secret), err
}

// mayManageKeys refuses who cannot write, and credentials without the scope: keys must not make greater ones.
func (s *Session) mayManageKeys(what string) error {
	if err := s.refuseReadOnly(what); err != nil {
		return err
	}
	return s.needs("admin")
}

// mayActFor refuses keys of roles that the current role cannot become.
func (s *Session) mayActFor(global *catalog.Snapshot, role catalog.OID) error {
	if me := s.role(global); me != nil && catalog.IsMember(global, me.OID, role) {
		return nil
	}
	return pgerr.New(pgerrcode.InsufficientPrivilege, "permission denied for API keys of role \"%s\"", roleName(global, role))
}

func roleName(global *catalog.Snapshot, role catalog.OID) string {
	if r, ok := global.Object(role).(*catalog.Role); ok {
		return r.Name
	}
	return ""
}

func revokeAPIKey(s *Session, ctx context.Context, a []types.Datum) (types.Datum, error) {
	if err := s.mayManageKeys("rowan.revoke_api_key()"); err != nil {
		return types.Null, err
	}
	_, err := apikey.Revoke(ctx, s.txn.Txn, text(a[0]), func(k apikey.Key) error {
		return s.mayActFor(s.global(), k.Role)
	})
	return types.Bool(true), err
}

// listAPIKeys yields the keys of roles that the current role can become.
func listAPIKeys(s *Session, ctx context.Context, _ []types.Datum, yield func([]types.Datum) bool) error {
	if err := s.needs("admin"); err != nil {
		return err
	}
	keys, err := apikey.List(ctx, s.txn.Txn)
	if err != nil {
		return err
	}
	global := s.global()
	for _, k := range keys {
		if s.mayActFor(global, k.Role) != nil {
			continue
		}
		row := []types.Datum{types.String(k.ID), types.String(k.Name), orNull(roleName(global, k.Role)), textArray(k.Scopes), types.Null, timestamp(k.Created),
			types.String(k.CreatedBy), timestamp(k.Expires), timestamp(k.Revoked), types.Bool(k.Active(time.Now()))}
		if k.Branches != nil {
			row[4] = textArray(k.Branches)
		}
		if !yield(row) {
			return nil
		}
	}
	return nil
}

// texts is an optional text[] argument; nil for NULL.
func texts(d types.Datum) []string {
	if d.Null {
		return nil
	}
	out := []string{}
	for _, e := range types.UnpackArray(d.S).Elems {
		if !e.Null {
			out = append(out, string([]byte(e.S)))
		}
	}
	return out
}
