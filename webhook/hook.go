package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/storage"
	"github.com/rowandb/rowan/storage/systable"
	"github.com/rowandb/rowan/types"
)

// The events.
const (
	Created     = "branch.created"
	Deleted     = "branch.deleted"
	Merged      = "branch.merged"
	Protected   = "branch.protected"
	DataChanged = "branch.data_changed"
)

// Events lists them.
var Events = []string{Created, Deleted, Merged, Protected, DataChanged}

var hooks = systable.New(13, "webhooks", 1,
	systable.Column{Name: "id", Type: types.OIDText},
	systable.Column{Name: "database", Type: types.OIDInt8},
	systable.Column{Name: "url", Type: types.OIDText},
	systable.Column{Name: "events", Type: types.OIDText},
	systable.Column{Name: "branches", Type: types.OIDText},
	systable.Column{Name: "description", Type: types.OIDText},
	systable.Column{Name: "secret", Type: types.OIDText},
	systable.Column{Name: "active", Type: types.OIDBool},
	systable.Column{Name: "created_at", Type: types.OIDTimestamptz},
	systable.Column{Name: "created_by", Type: types.OIDText},
)

// Hook is a webhook.
type Hook struct {
	ID          string
	Database    catalog.OID
	URL         string
	Events      []string // never empty
	Branches    []string // patterns of names; nil: all
	Description string
	Secret      string // whsec_ and the key in base64
	Active      bool   // an inactive one is sent nothing, and what it misses is not kept for it
	Created     time.Time
	CreatedBy   string
}

// secretPrefix is how Standard Webhooks marks secrets.
const secretPrefix = "whsec_"

// newSecret makes a key of 32 random bytes.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

func newID(prefix string) string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return prefix + hex.EncodeToString(b)
}

// Check completes a hook and refuses what cannot be. private allows addresses of this machine and plain http.
func (h *Hook) Check(private bool) error {
	u, err := url.Parse(h.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		return invalid("url must be an https address without credentials, not %q", h.URL)
	case u.Scheme == "http" && !private:
		return invalid("url must be https, not %q", h.URL)
	case !private && !hostIsPublic(u.Hostname()):
		return invalid("url must be a public address, not %q", h.URL)
	case len(h.URL) > 2000:
		return invalid("url is too long")
	}
	if len(h.Events) == 0 {
		h.Events = Events
	}
	for _, e := range h.Events {
		if !slices.Contains(Events, e) {
			return invalid("unknown event %q; known events: %s", e, strings.Join(Events, ", "))
		}
	}
	for _, b := range h.Branches {
		if b == "" || strings.ContainsAny(b, "\n\x00") {
			return invalid("invalid branch pattern %q", b)
		}
	}
	if h.Secret == "" {
		h.Secret = newSecret()
	}
	if key, err := h.key(); err != nil || len(key) < 24 || len(key) > 64 {
		return invalid("secret must be whsec_ and 24 to 64 bytes in base64")
	}
	return nil
}

func invalid(format string, args ...any) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, format, args...)
}

func (h *Hook) key() ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(h.Secret, secretPrefix))
}

// wants reports whether a hook is for an event of a branch.
func (h *Hook) wants(event, branch string, matches func(pattern, name string) bool) bool {
	if !slices.Contains(h.Events, event) {
		return false
	}
	return h.Branches == nil || slices.ContainsFunc(h.Branches, func(p string) bool { return matches(p, branch) })
}

func (h *Hook) row() systable.Row {
	return systable.Row{types.String(h.ID), types.Int(int64(h.Database)), types.String(h.URL), systable.List(h.Events), systable.List(h.Branches), types.String(h.Description),
		types.String(h.Secret), types.Bool(h.Active), systable.Time(h.Created), types.String(h.CreatedBy)}
}

func hookOf(r systable.Row) Hook {
	return Hook{ID: r[0].S, Database: catalog.OID(r[1].I), URL: r[2].S, Events: systable.ListOf(r[3]), Branches: systable.ListOf(r[4]), Description: r[5].S, Secret: r[6].S,
		Active: r[7].B(), Created: systable.TimeOf(r[8]), CreatedBy: r[9].S}
}

// all returns the hooks of a database, 0 being all databases.
func all(ctx context.Context, tx storage.Txn, db catalog.OID) ([]Hook, error) {
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return nil, err
	}
	var out []Hook
	err = hooks.Scan(ctx, tx, v, nil, func(r systable.Row) bool {
		if h := hookOf(r); db == 0 || h.Database == db {
			out = append(out, h)
		}
		return true
	})
	slices.SortFunc(out, func(a, b Hook) int { return a.Created.Compare(b.Created) })
	return out, err
}

// get returns a hook of a database.
func get(ctx context.Context, tx storage.Txn, db catalog.OID, id string) (Hook, storage.View, error) {
	v, err := tx.GlobalView(ctx)
	if err != nil {
		return Hook{}, nil, err
	}
	r, err := hooks.Get(ctx, tx, v, types.String(id))
	if err == nil && (r == nil || hookOf(r).Database != db) {
		err = pgerr.New(pgerrcode.UndefinedObject, "webhook %q does not exist", id)
	}
	if err != nil {
		return Hook{}, nil, err
	}
	return hookOf(r), v, nil
}
