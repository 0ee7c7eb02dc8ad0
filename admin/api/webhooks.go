package api

import (
	"context"
	"time"
)

// Webhook is an address that is told of events.
type Webhook struct {
	ID, URL, Description string
	Events, Branches     []string
	Secret               string // shown when it is made only
	Active               bool
	Created              time.Time
	CreatedBy            string
}

// WebhookChange is what of a webhook changes; nil stays as it is.
type WebhookChange struct {
	URL, Description *string
	Events, Branches []string
	Active           *bool
}

// Delivery is a message to a webhook.
type Delivery struct {
	ID, Event, State string // pending, delivered, failed
	Payload          string // JSON
	Created          time.Time
	Attempts         int
	Next, Delivered  time.Time // zero: none
	Status           int       // of the last answer; 0: there was none
	Error            string
}

// Webhooks are the webhooks of a database. They are for its owner.
type Webhooks interface {
	Webhooks(ctx context.Context, p Principal) ([]Webhook, error)
	Webhook(ctx context.Context, p Principal, id string) (Webhook, error)
	CreateWebhook(ctx context.Context, p Principal, w Webhook) (Webhook, error)
	AlterWebhook(ctx context.Context, p Principal, id string, c WebhookChange) (Webhook, error)
	DeleteWebhook(ctx context.Context, p Principal, id string) error
	// Deliveries are the newest ones, of one state or ("") all.
	Deliveries(ctx context.Context, p Principal, id, state string, limit int) ([]Delivery, error)
	Replay(ctx context.Context, p Principal, id, delivery string) (Delivery, error)
}
