package server

import (
	"context"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/webhook"
)

// hooksOf returns the database of a request to webhooks. They tell of everything that happens in it, so they are for its
// owner, with credentials that are bound to no branches.
func (a *httpAPI) hooksOf(p api.Principal) (catalog.OID, error) {
	db, err := a.database(p)
	if err != nil {
		return 0, err
	}
	me := a.role(p.Role)
	if me == nil || !p.AllBranches() || !catalog.IsMember(a.store.Global(), me.OID, db.Owner) {
		return 0, pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of database %s", db.Name)
	}
	return db.OID, nil
}

// Webhooks implements api.Webhooks.
func (a *httpAPI) Webhooks(ctx context.Context, p api.Principal) ([]api.Webhook, error) {
	db, err := a.hooksOf(p)
	if err != nil {
		return nil, err
	}
	list, err := a.hooks.List(ctx, db)
	out := make([]api.Webhook, len(list))
	for i, h := range list {
		out[i] = toWebhook(h)
	}
	return out, err
}

// Webhook implements api.Webhooks.
func (a *httpAPI) Webhook(ctx context.Context, p api.Principal, id string) (api.Webhook, error) {
	db, err := a.hooksOf(p)
	if err != nil {
		return api.Webhook{}, err
	}
	h, err := a.hooks.Get(ctx, db, id)
	return toWebhook(h), err
}

// CreateWebhook implements api.Webhooks.
func (a *httpAPI) CreateWebhook(ctx context.Context, p api.Principal, w api.Webhook) (api.Webhook, error) {
	db, err := a.hooksOf(p)
	if err != nil {
		return api.Webhook{}, err
	}
	h, err := a.hooks.Create(ctx, webhook.Hook{Database: db, URL: w.URL, Events: w.Events, Branches: some(w.Branches), Description: w.Description, Secret: w.Secret, CreatedBy: p.Role})
	out := toWebhook(h)
	out.Secret = h.Secret
	return out, err
}

// some makes an empty list of patterns none.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// AlterWebhook implements api.Webhooks.
func (a *httpAPI) AlterWebhook(ctx context.Context, p api.Principal, id string, c api.WebhookChange) (api.Webhook, error) {
	db, err := a.hooksOf(p)
	if err != nil {
		return api.Webhook{}, err
	}
	h, err := a.hooks.Alter(ctx, db, id, func(h *webhook.Hook) {
		if c.URL != nil {
			h.URL = *c.URL
		}
		if c.Description != nil {
			h.Description = *c.Description
		}
		if c.Active != nil {
			h.Active = *c.Active
		}
		if c.Events != nil {
			h.Events = c.Events
		}
		if c.Branches != nil {
			h.Branches = some(c.Branches)
		}
	})
	return toWebhook(h), err
}

// DeleteWebhook implements api.Webhooks.
func (a *httpAPI) DeleteWebhook(ctx context.Context, p api.Principal, id string) error {
	db, err := a.hooksOf(p)
	if err != nil {
		return err
	}
	return a.hooks.Delete(ctx, db, id)
}

// Deliveries implements api.Webhooks.
func (a *httpAPI) Deliveries(ctx context.Context, p api.Principal, id, state string, limit int) ([]api.Delivery, error) {
	db, err := a.hooksOf(p)
	if err != nil {
		return nil, err
	}
	list, err := a.hooks.Deliveries(ctx, db, id)
	out := []api.Delivery{}
	for _, x := range list {
		if (state == "" || x.State == state) && len(out) < limit {
			out = append(out, toDelivery(x))
		}
	}
	return out, err
}

// Replay implements api.Webhooks.
func (a *httpAPI) Replay(ctx context.Context, p api.Principal, id, delivery string) (api.Delivery, error) {
	db, err := a.hooksOf(p)
	if err != nil {
		return api.Delivery{}, err
	}
	x, err := a.hooks.Replay(ctx, db, id, delivery)
	return toDelivery(x), err
}

func toWebhook(h webhook.Hook) api.Webhook {
	return api.Webhook{ID: h.ID, URL: h.URL, Description: h.Description, Events: h.Events, Branches: h.Branches, Active: h.Active, Created: h.Created, CreatedBy: h.CreatedBy}
}

func toDelivery(x webhook.Delivery) api.Delivery {
	return api.Delivery{ID: x.ID, Event: x.Event, State: x.State, Payload: x.Payload, Created: x.Created, Attempts: x.Attempts, Next: x.Next, Delivered: x.Delivered,
		Status: x.Status, Error: x.Error}
}
