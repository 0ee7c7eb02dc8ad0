package helios

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/web"
)

func (d *Dialect) webhookRoutes() []web.Route {
	route := func(r web.Route) web.Route {
		r.Tag, r.Scope = tagWebhooks, web.Admin
		if r.Class = web.Writes; r.Method == http.MethodGet {
			r.Class = web.Reads
		}
		return r
	}
	return []web.Route{
		route(web.Route{Method: http.MethodGet, Path: "/webhooks", Name: "listWebhooks", Summary: "List webhooks", Handler: web.Plain(d.listHooks), Answer: hookList{},
			Examples: []web.Example{{}}}),
		route(web.Route{Method: http.MethodPost, Path: "/webhooks", Name: "createWebhook", Summary: "Register a webhook",
			Doc: "Events arrive as POST requests signed as Standard Webhooks has it: webhook-id, webhook-timestamp, webhook-signature (v1). " +
				"What is answered with 2xx has arrived; all else is tried again for about three days. A message may arrive more than once, under one id.",
			Handler: web.Body(d.createHook), Status: http.StatusCreated, Answer: hook{},
			Examples: []web.Example{{Body: `{"url": "https://example.com/hooks/rowan", "events": ["branch.created", "branch.merged"], "branches": ["feature/*"], "description": "CI"}`}}}),
		route(web.Route{Method: http.MethodGet, Path: "/webhooks/{id}", Name: "getWebhook", Summary: "Get a webhook", Handler: web.Plain(d.getHook), Answer: hook{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodPatch, Path: "/webhooks/{id}", Name: "updateWebhook", Summary: "Update a webhook", Handler: web.Body(d.updateHook), Answer: hook{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodDelete, Path: "/webhooks/{id}", Name: "deleteWebhook", Summary: "Delete a webhook", Handler: web.Plain(d.deleteHook), Answer: deletedHook{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodGet, Path: "/webhooks/{id}/deliveries", Name: "listDeliveries", Summary: "List what was and will be sent, newest first",
			Query: []web.Param{
				{Name: "status", Type: "string", Default: "all", Enum: []string{"all", "pending", "delivered", "failed"}, Doc: "only deliveries in that state"},
				{Name: "limit", Type: "integer", Default: "50", Min: 1, Max: 1000, Doc: "most results"},
			},
			Handler: web.Plain(d.deliveries), Answer: deliveryList{}, Errors: []int{404}}),
		route(web.Route{Method: http.MethodPost, Path: "/webhooks/{id}/deliveries/{delivery}/replay", Name: "replayDelivery", Summary: "Send a delivery once more",
			Handler: web.Plain(d.replay), Answer: delivery{}, Errors: []int{404}}),
	}
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

func showHook(w api.Webhook) hook {
	return hook{w.ID, w.URL, append([]string{}, w.Events...), append([]string{}, w.Branches...), w.Description, w.Active, w.Secret, stamp(w.Created), w.CreatedBy}
}

func (d *Dialect) listHooks(c *web.Call) (any, error) {
	list, err := d.Webhooks.Webhooks(c.Context(), c.Principal)
	out := hookList{[]hook{}}
	for _, w := range list {
		out.Webhooks = append(out.Webhooks, showHook(w))
	}
	return out, err
}

type createHook struct {
	URL         string   `json:"url" required:"true" doc:"an https address; addresses of private networks are refused"`
	Events      []string `json:"events,omitempty" doc:"branch.created, branch.deleted, branch.merged, branch.protected, branch.data_changed; default: all"`
	Branches    []string `json:"branches,omitempty" doc:"patterns of names, such as feature/*; default: all branches"`
	Description string   `json:"description,omitempty"`
	Secret      string   `json:"secret,omitempty" doc:"whsec_ and 24 to 64 bytes in base64; default: one is made"`
}

func (d *Dialect) createHook(c *web.Call, in *createHook) (any, error) {
	w, err := d.Webhooks.CreateWebhook(c.Context(), c.Principal, api.Webhook{URL: in.URL, Events: in.Events, Branches: in.Branches, Description: in.Description, Secret: in.Secret})
	return showHook(w), err
}

func (d *Dialect) getHook(c *web.Call) (any, error) {
	w, err := d.Webhooks.Webhook(c.Context(), c.Principal, c.Path("id"))
	return showHook(w), err
}

type updateHook struct {
	URL         *string  `json:"url,omitempty"`
	Events      []string `json:"events,omitempty"`
	Branches    []string `json:"branches,omitempty" doc:"empty: all branches"`
	Description *string  `json:"description,omitempty"`
	Active      *bool    `json:"active,omitempty" doc:"one that is not active is sent nothing; what happens meanwhile it misses"`
}

func (d *Dialect) updateHook(c *web.Call, in *updateHook) (any, error) {
	w, err := d.Webhooks.AlterWebhook(c.Context(), c.Principal, c.Path("id"), api.WebhookChange{URL: in.URL, Description: in.Description, Events: in.Events, Branches: in.Branches, Active: in.Active})
	return showHook(w), err
}

type deletedHook struct {
	Deleted bool   `json:"deleted"`
	ID      string `json:"id"`
}

func (d *Dialect) deleteHook(c *web.Call) (any, error) {
	id := c.Path("id")
	return deletedHook{true, id}, d.Webhooks.DeleteWebhook(c.Context(), c.Principal, id)
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

func showDelivery(x api.Delivery) delivery {
	out := delivery{ID: x.ID, Event: x.Event, Status: x.State, Attempts: x.Attempts, Answer: x.Status, Error: x.Error, CreatedAt: stamp(x.Created), Payload: json.RawMessage(x.Payload)}
	for t, into := range map[time.Time]*string{x.Next: &out.NextAt, x.Delivered: &out.DeliveredAt} {
		if !t.IsZero() {
			*into = stamp(t)
		}
	}
	if x.Payload == "" {
		out.Payload = json.RawMessage("null")
	}
	return out
}

func (d *Dialect) deliveries(c *web.Call) (any, error) {
	state := c.Text("status")
	if state == "all" {
		state = ""
	}
	list, err := d.Webhooks.Deliveries(c.Context(), c.Principal, c.Path("id"), state, c.Int("limit"))
	out := deliveryList{[]delivery{}}
	for _, x := range list {
		out.Deliveries = append(out.Deliveries, showDelivery(x))
	}
	return out, err
}

func (d *Dialect) replay(c *web.Call) (any, error) {
	x, err := d.Webhooks.Replay(c.Context(), c.Principal, c.Path("id"), c.Path("delivery"))
	return showDelivery(x), err
}
