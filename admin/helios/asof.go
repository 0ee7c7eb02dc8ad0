package helios

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rowandb/rowan/admin/web"
)

// asOf is a point as the dialect writes it.
type asOf struct {
	Type  string `json:"type" enum:"now,timestamp,transaction,scn,snapshot" doc:"what value is"`
	Value any    `json:"value,omitempty" types:"string,integer" doc:"RFC 3339 time or milliseconds since 1970, number of a transaction, system change number, or id of a snapshot"`
}

// point turns it into a point as SQL has it; "" is now.
func (a *asOf) point() (string, error) {
	if a == nil {
		return "", nil
	}
	switch v := a.Value.(type) {
	case nil:
		return pointOf(inBody, a.Type, "")
	case string:
		return pointOf(inBody, a.Type, v)
	case json.Number:
		return pointOf(inBody, a.Type, v.String())
	}
	return "", web.Invalid("as_of.value", "as_of.value must be a string or a number")
}

// What the parts of a point are called: type and value behind it.
const (
	inBody  = "as_of."
	inQuery = "as_of_"
)

// points are the types of points.
var points = []string{"now", "timestamp", "transaction", "scn", "snapshot"}

// pointIn reads the point that a query string names.
func pointIn(c *web.Call) (string, error) {
	kind, value := c.Text("as_of_type"), c.Text("as_of_value")
	if value != "" && c.URL.Query().Get("as_of_type") == "" { // the present must not be taken for what was asked for
		return "", web.Invalid("as_of_type", "as_of_value needs an as_of_type")
	}
	return pointOf(inQuery, kind, value)
}

// pointOf reads a type and a value, called as at says.
func pointOf(at, kind, value string) (string, error) {
	kind = strings.ToLower(kind)
	switch {
	case kind != "" && !slices.Contains(points, kind):
		return "", web.Invalid(at+"type", "unknown as_of type %q; known types: %s", kind, strings.Join(points, ", "))
	case kind == "now" || kind == "" && value == "":
		return "", nil
	case value == "":
		return "", web.Invalid(at+"value", "as_of of type %q needs a value", kind)
	}
	switch kind {
	case "timestamp":
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil { // of some client libraries
			return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano), nil
		}
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return "", web.Invalid(at+"value", "%svalue is not an RFC 3339 timestamp: %q", at, value)
		}
		return value, nil
	case "transaction":
		n, err := number(at, "tx_", value)
		return "tx:" + n, err
	case "scn":
		return number(at, "scn_", value)
	case "snapshot":
		return snapshotPoint(value), nil
	}
	return "", web.Invalid(at+"type", "as_of needs a type")
}

// snapshotPoint reads the id of a snapshot as this API gives it out: a kept one's, or that of the point a branch was made
// at.
func snapshotPoint(id string) string {
	if scn, ok := strings.CutPrefix(id, "scn_"); ok {
		return scn
	}
	if tx, ok := strings.CutPrefix(id, "tx_"); ok {
		return "tx:" + tx
	}
	return id
}

// number reads a number, be it with the prefix that ids of histories have.
func number(at, prefix, value string) (string, error) {
	n := strings.TrimPrefix(value, prefix)
	if _, err := strconv.ParseUint(n, 10, 64); err != nil {
		return "", web.Invalid(at+"value", "%svalue is not a number: %q", at, value)
	}
	return n, nil
}
