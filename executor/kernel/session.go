package kernel

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// Version is what version() says after "PostgreSQL 15.18".
const Version = "PostgreSQL 15.18 (Rowan)"

var sessionFunctions = map[string]Kernel{
	"now":                 row(func(e *Env, _ []datum) (datum, error) { return timestampOf(e.TxnTime), nil }),
	"statement_timestamp": row(func(e *Env, _ []datum) (datum, error) { return timestampOf(e.StmtTime), nil }),
	"clock_timestamp":     row(func(*Env, []datum) (datum, error) { return timestampNow(), nil }),
	"timeofday": row(func(e *Env, _ []datum) (datum, error) {
		return types.String(time.Now().In(e.Format.Location).Format("Mon Jan 02 15:04:05.000000 2006 MST")), nil
	}),
	"pgsql_version":    row(func(*Env, []datum) (datum, error) { return types.String(Version), nil }),
	"current_user":     row(func(e *Env, _ []datum) (datum, error) { return types.String(e.Session.CurrentUser()), nil }),
	"session_user":     row(func(e *Env, _ []datum) (datum, error) { return types.String(e.Session.SessionUser()), nil }),
	"current_database": row(func(e *Env, _ []datum) (datum, error) { return types.String(e.Session.Database()), nil }),
	"current_schema":   row(currentSchema),
	"pg_backend_pid":   row(func(e *Env, _ []datum) (datum, error) { return types.Int(int64(e.Session.BackendPID())), nil }),
	"show_config_by_name": row(func(e *Env, a []datum) (datum, error) {
		return stringOr(e.Session.Setting(a[0].S, false))
	}),
	"show_config_by_name_missing_ok": row(settingMissing),
	"set_config_by_name":             row(setConfig),
	"getdatabaseencoding":            row(func(*Env, []datum) (datum, error) { return types.String("UTF8"), nil }),
	"pg_client_encoding":             row(func(*Env, []datum) (datum, error) { return types.String("UTF8"), nil }),
	"PG_encoding_to_char": row(func(_ *Env, a []datum) (datum, error) {
		if name, ok := encodings[a[0].I]; ok {
			return types.String(name), nil
		}
		return types.String(""), nil
	}),
	"PG_char_to_encoding": row(func(_ *Env, a []datum) (datum, error) {
		for id, name := range encodings {
			if encodingName(name) == encodingName(a[0].S) {
				return types.Int(id), nil
			}
		}
		return types.Int(-1), nil
	}),
	"pg_encoding_max_length_sql": row(func(_ *Env, a []datum) (datum, error) {
		switch _, ok := encodings[a[0].I]; {
		case !ok:
			return types.Null, nil
		case a[0].I == 6:
			return types.Int(4), nil
		}
		return types.Int(1), nil
	}),
	"pg_is_in_recovery":                    row(func(*Env, []datum) (datum, error) { return types.Bool(false), nil }),
	"pg_is_wal_replay_paused":              row(func(*Env, []datum) (datum, error) { return types.Bool(false), nil }),
	"pg_jit_available":                     row(func(*Env, []datum) (datum, error) { return types.Bool(false), nil }),
	"pg_collation_actual_version":          row(func(*Env, []datum) (datum, error) { return types.Null, nil }),
	"pg_database_collation_actual_version": row(func(*Env, []datum) (datum, error) { return types.Null, nil }),
	"pg_last_xact_replay_timestamp":        row(func(*Env, []datum) (datum, error) { return types.Null, nil }),
	"pg_notification_queue_usage":          row(func(*Env, []datum) (datum, error) { return types.Float(0), nil }),
	"pg_column_compression":                row(func(*Env, []datum) (datum, error) { return types.Null, nil }),
	"pg_sleep":                             row(func(e *Env, a []datum) (datum, error) { return sleep(e.Ctx, a[0].F()) }),
	"drandom":                              row(func(*Env, []datum) (datum, error) { return types.Float(random.next()), nil }),
	"setseed":                              row(setSeed),
	"gen_random_uuid":                      row(randomUUID),
}

// encodings are the names of the encodings whose text Rowan converts.
var encodings = map[int64]string{0: "SQL_ASCII", 6: "UTF8", 8: "LATIN1"}

// epoch is where PostgreSQL's timestamps begin.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// timestampOf makes a timestamptz of a time. The difference is taken in seconds: a Duration holds only 292 years.
func timestampOf(t time.Time) datum {
	return types.Int((t.Unix()-epoch.Unix())*1_000_000 + int64(t.Nanosecond()/1000))
}

func timestampNow() datum { return timestampOf(time.Now()) }

func currentSchema(e *Env, _ []datum) (datum, error) {
	path := e.Session.SearchPath(false)
	if len(path) == 0 {
		return types.Null, nil
	}
	return types.String(path[0]), nil
}

// settingMissing is current_setting(name, missing_ok): NULL for a setting that does not exist.
func settingMissing(e *Env, a []datum) (datum, error) {
	v, err := e.Session.Setting(a[0].S, false)
	if err != nil && a[1].B() && pgerr.Code(err) == pgerrcode.UndefinedObject {
		return types.Null, nil
	}
	return types.String(v), err
}

func setConfig(e *Env, a []datum) (datum, error) {
	if a[0].Null {
		return datum{}, pgerr.New(pgerrcode.NullValueNotAllowedDataException, "SET requires parameter name")
	}
	if err := e.Session.SetSetting(a[0].S, a[1].S, a[2].B()); err != nil {
		return datum{}, err
	}
	return stringOr(e.Session.Setting(a[0].S, false))
}

// sleep waits, unless the statement is cancelled.
func sleep(ctx context.Context, seconds float64) (datum, error) {
	if !(seconds > 0) {
		return types.String(""), nil
	}
	d := time.Duration(math.MaxInt64)
	if seconds < d.Seconds() {
		d = time.Duration(seconds * float64(time.Second))
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return types.String(""), nil
	case <-ctx.Done():
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return datum{}, cause
		}
		return datum{}, pgerr.New(pgerrcode.QueryCanceled, "canceling statement due to user request")
	}
}

// generator is the source of random(). One serves all sessions; setseed makes its sequence repeatable.
type generator struct {
	sync.Mutex
	r *mathrand.Rand
}

var random = &generator{r: mathrand.New(mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64()))}

func (g *generator) next() float64 {
	g.Lock()
	defer g.Unlock()
	return g.r.Float64()
}

func setSeed(_ *Env, a []datum) (datum, error) {
	f := a[0].F()
	if !(f >= -1 && f <= 1) {
		return datum{}, pgerr.New(pgerrcode.InvalidParameterValue, "setseed parameter %v is out of allowed range [-1,1]", f)
	}
	random.Lock()
	defer random.Unlock()
	random.r = mathrand.New(mathrand.NewPCG(math.Float64bits(f), 0x526f77616e))
	return types.String(""), nil
}

// randomUUID makes a version 4 UUID.
func randomUUID(*Env, []datum) (datum, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return datum{}, pgerr.Wrap(pgerrcode.InternalError, err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return types.String(string(b[:])), nil
}
