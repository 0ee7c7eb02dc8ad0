package admin

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/rowandb/rowan/admin/api"
	"github.com/rowandb/rowan/admin/helios"
	"github.com/rowandb/rowan/admin/native"
	"github.com/rowandb/rowan/admin/web"
)

// health answers the probes. Its answer is the union of what the dialects' clients read.
type health struct{ status api.Status }

func (h health) health(w http.ResponseWriter, r *http.Request) {
	if err := h.status.Ready(r.Context()); err != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]any{"status": "unhealthy", "version": h.status.Version(), "connected": true, "message": err.Error()})
		return
	}
	web.WriteJSON(w, http.StatusOK, map[string]any{
		"status": "healthy", "version": h.status.Version(), "connected": true,
		"uptime_seconds": int64(time.Since(h.status.Started()).Seconds()), "namespaces": []string{},
	})
}

// index says where to go from here.
func (h health) index(w http.ResponseWriter, _ *http.Request) {
	web.WriteJSON(w, http.StatusOK, map[string]any{"name": "Rowan", "version": h.status.Version(), "openapi": helios.Prefix + "/openapi.json",
		"docs": helios.Prefix + "/docs", "apis": []string{helios.Prefix, native.Prefix}})
}

func (h health) ready(w http.ResponseWriter, r *http.Request) {
	if err := h.status.Ready(r.Context()); err != nil {
		web.WriteJSON(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "message": err.Error()})
		return
	}
	web.WriteJSON(w, http.StatusOK, map[string]any{"ready": true, "metadata_connected": true})
}

// probes are what the document says of the shared paths: they belong to no dialect, and no Mux serves them.
var probes = []web.Route{
	{Method: http.MethodGet, Path: "/health", Name: "health", Tag: "Health", Summary: "Whether the server works", Public: true, Errors: []int{http.StatusServiceUnavailable}, Examples: []web.Example{{}},
		Schema: shape(map[string]any{"status": kind("string"), "version": kind("string"), "connected": kind("boolean"), "uptime_seconds": kind("integer")})},
	{Method: http.MethodGet, Path: "/ready", Name: "ready", Tag: "Health", Summary: "Whether the server can take requests", Public: true, Errors: []int{http.StatusServiceUnavailable}, Examples: []web.Example{{}},
		Schema: shape(map[string]any{"ready": kind("boolean"), "metadata_connected": kind("boolean")})},
	{Method: http.MethodGet, Path: "/", Name: "index", Tag: "Health", Summary: "Where to go from here", Public: true, Examples: []web.Example{{}},
		Schema: shape(map[string]any{"name": kind("string"), "version": kind("string"), "openapi": kind("string"), "docs": kind("string"), "apis": map[string]any{"type": "array", "items": kind("string")}})},
}

// notReady is the schema of what probes answer when all is not well.
var notReady = shape(map[string]any{"message": kind("string")})

func kind(name string) map[string]any { return map[string]any{"type": name} }

// shape is the schema of an object with these fields.
func shape(fields map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": fields, "required": names(fields)}
}

func names(fields map[string]any) (out []any) {
	for _, n := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, n)
	}
	return out
}
