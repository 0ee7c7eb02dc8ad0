// Package hooks is webhooks over HTTP: the operations that the family's dialect and Rowan's own API have alike.
//
// It knows neither shapes around answers nor what happens to events: dialects mount its routes and shape what they give;
// package webhook, behind api.Webhooks, keeps and sends. Invariant: a webhook's secret is shown when it is made, and never
// again.
package hooks

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

// Handlers serve the operations.
type Handlers struct{ hooks api.Webhooks }

// New makes them.
func New(w api.Webhooks) *Handlers { return &Handlers{w} }

// Routes are the operations below a path. items says that lists are called so, whatever is in them. A database in the path
// is the one that requests are about.
func (h *Handlers) Routes(below string, items bool) []web.Route {
	route := func(r web.Route) web.Route {
		r.Path, r.Tag, r.Scope = below+"/webhooks"+r.Path, "Webhooks", web.Admin
		if r.Class = web.Writes; r.Method == http.MethodGet {
			r.Class = web.Reads
		}
		for i := range r.Examples {
			if below != "" {
				r.Examples[i].Path = map[string]string{"database": "postgres"}
			}
		}
		return r
	}
	var list, sent any = hookList{}, deliveryList{}
	if items {
		list, sent = hookItems{}, deliveryItems{}
	}
	return []web.Route{
		route(web.Route{Method: http.MethodGet, Name: "listWebhooks", Summary: "List webhooks", Answer: list, Examples: []web.Example{{}},
			Handler: web.Plain(func(c *web.Call) (any, error) { return h.list(c, items) })}),
		route(web.Route{Method: http.MethodPost, Name: "createWebhook", Summary: "Register a webhook",
			Doc: "Events arrive as POST requests signed as Standard Webhooks has it: webhook-id, webhook-timestamp, webhook-signature (v1). " +
				"What is answered with 2xx has arrived; all else is tried again for about three days. A message may arrive more than once, under one id.",
			Handler: web.Body(h.create), Status: http.StatusCreated, Answer: hook{},
			Examples: []web.Example{{Body: `{"url": "https://example.com/hooks/rowan", "events": ["branch.created", "branch.merged"], "branches": ["feature/*"], "description": "CI"}`}}}),
		route(web.Route{Method: http.MethodGet, Path: "/{id}", Name: "getWebhook", Summary: "Get a webhook", Handler: web.Plain(h.get), Answer: hook{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodPatch, Path: "/{id}", Name: "updateWebhook", Summary: "Update a webhook", Handler: web.Body(h.update), Answer: hook{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodDelete, Path: "/{id}", Name: "deleteWebhook", Summary: "Delete a webhook", Handler: web.Plain(h.remove), Answer: deletedHook{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodGet, Path: "/{id}/deliveries", Name: "listDeliveries", Summary: "List what was and will be sent, newest first", Answer: sent,
			Query: []web.Param{
				{Name: "status", Type: "string", Default: "all", Enum: []string{"all", "pending", "delivered", "failed"}, Doc: "only deliveries in that state"},
				{Name: "limit", Type: "integer", Default: "50", Min: 1, Max: 1000, Doc: "most results"},
			},
			Handler: web.Plain(func(c *web.Call) (any, error) { return h.deliveries(c, items) }), Errors: []int{404}}),
		route(web.Route{Method: http.MethodPost, Path: "/{id}/deliveries/{delivery}/replay", Name: "replayDelivery", Summary: "Send a delivery once more",
			Handler: web.Plain(h.replay), Answer: delivery{}, Errors: []int{404}}),
	}
}

// who asks, about the database that the path names.
func who(c *web.Call) api.Principal {
	p := c.Principal
	if name := c.Path("database"); name != "" {
		p.Database = name
	}
	return p
}

type hook struct {
	ID          string   `json:"id"`
	URL         string   `json:"url"`
	Events      []string `json:"events"`
	Branches    []string `json:"branches" doc:"patterns of names; empty: all branches"`
	Description string   `json:"description"`
	Active      bool     `json:"active"`
	Secret      string   `json:"secret,omitempty" doc:"key of the signatures; shown when the webhook is made, and never again"`
	CreatedAt   string   `json:"created_at" format:"date-time"`
	CreatedBy   string   `json:"created_by"`
}

type hookList struct {
	Webhooks []hook `json:"webhooks"`
}

type hookItems struct {
	Items []hook `json:"items"`
}

func showHook(w api.Webhook) hook {
	return hook{w.ID, w.URL, append([]string{}, w.Events...), append([]string{}, w.Branches...), w.Description, w.Active, w.Secret, web.Stamp(w.Created), w.CreatedBy}
}

func (h *Handlers) list(c *web.Call, items bool) (any, error) {
	list, err := h.hooks.Webhooks(c.Context(), who(c))
	out := []hook{}
	for _, w := range list {
		out = append(out, showHook(w))
	}
	if items {
		return hookItems{out}, err
	}
	return hookList{out}, err
}

type createHook struct {
	URL         string   `json:"url" required:"true" doc:"an https address; addresses of private networks are refused"`
	Events      []string `json:"events,omitempty" doc:"branch.created, branch.deleted, branch.merged, branch.protected, branch.data_changed; default: all"`
	Branches    []string `json:"branches,omitempty" doc:"patterns of names, such as feature/*; default: all branches"`
	Description string   `json:"description,omitempty"`
	Secret      string   `json:"secret,omitempty" doc:"whsec_ and 24 to 64 bytes in base64; default: one is made"`
}

func (h *Handlers) create(c *web.Call, in *createHook) (any, error) {
	w, err := h.hooks.CreateWebhook(c.Context(), who(c), api.Webhook{URL: in.URL, Events: in.Events, Branches: in.Branches, Description: in.Description, Secret: in.Secret})
	return showHook(w), err
}

func (h *Handlers) get(c *web.Call) (any, error) {
	w, err := h.hooks.Webhook(c.Context(), who(c), c.Path("id"))
	return showHook(w), err
}

type updateHook struct {
	URL         *string  `json:"url,omitempty"`
	Events      []string `json:"events,omitempty"`
	Branches    []string `json:"branches,omitempty" doc:"empty: all branches"`
	Description *string  `json:"description,omitempty"`
	Active      *bool    `json:"active,omitempty" doc:"one that is not active is sent nothing; what happens meanwhile it misses"`
}

func (h *Handlers) update(c *web.Call, in *updateHook) (any, error) {
	w, err := h.hooks.AlterWebhook(c.Context(), who(c), c.Path("id"), api.WebhookChange{URL: in.URL, Description: in.Description, Events: in.Events, Branches: in.Branches, Active: in.Active})
	return showHook(w), err
}

type deletedHook struct {
	Deleted bool   `json:"deleted"`
	ID      string `json:"id"`
}

func (h *Handlers) remove(c *web.Call) (any, error) {
	id := c.Path("id")
	return deletedHook{true, id}, h.hooks.DeleteWebhook(c.Context(), who(c), id)
}

type delivery struct {
	ID          string          `json:"id"`
	Event       string          `json:"event"`
	Status      string          `json:"status" enum:"pending,delivered,failed"`
	Attempts    int             `json:"attempts"`
	Answer      int             `json:"response_status" doc:"of the last attempt; 0: there was no answer"`
	Error       string          `json:"error,omitempty"`
	CreatedAt   string          `json:"created_at" format:"date-time"`
	NextAt      string          `json:"next_attempt_at,omitempty" format:"date-time"`
	DeliveredAt string          `json:"delivered_at,omitempty" format:"date-time"`
	Payload     json.RawMessage `json:"payload"`
}

type deliveryList struct {
	Deliveries []delivery `json:"deliveries"`
}

type deliveryItems struct {
	Items []delivery `json:"items"`
}

func showDelivery(x api.Delivery) delivery {
	out := delivery{ID: x.ID, Event: x.Event, Status: x.State, Attempts: x.Attempts, Answer: x.Status, Error: x.Error, CreatedAt: web.Stamp(x.Created), Payload: json.RawMessage(x.Payload)}
	for t, into := range map[time.Time]*string{x.Next: &out.NextAt, x.Delivered: &out.DeliveredAt} {
		if !t.IsZero() {
			*into = web.Stamp(t)
		}
	}
	if x.Payload == "" {
		out.Payload = json.RawMessage("null")
	}
	return out
}

func (h *Handlers) deliveries(c *web.Call, items bool) (any, error) {
	state := c.Text("status")
	if state == "all" {
		state = ""
	}
	list, err := h.hooks.Deliveries(c.Context(), who(c), c.Path("id"), state, c.Int("limit"))
	out := []delivery{}
	for _, x := range list {
		out = append(out, showDelivery(x))
	}
	if items {
		return deliveryItems{out}, err
	}
	return deliveryList{out}, err
}

func (h *Handlers) replay(c *web.Call) (any, error) {
	x, err := h.hooks.Replay(c.Context(), who(c), c.Path("id"), c.Path("delivery"))
	return showDelivery(x), err
}
