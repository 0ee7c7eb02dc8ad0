package openapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// YAML writes a document of JSON values as YAML in block style. Texts are quoted as JSON, of which YAML is a superset.
func YAML(doc any) ([]byte, error) {
	var b bytes.Buffer
	err := writeYAML(&b, doc, 0)
	return b.Bytes(), err
}

func writeYAML(b *bytes.Buffer, v any, depth int) error {
	indent := strings.Repeat("  ", depth)
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(indent)
			writeScalar(b, k)
			b.WriteByte(':')
			if err := writeNested(b, v[k], depth+1); err != nil {
				return err
			}
		}
		return nil
	case []any:
		for _, e := range v {
			b.WriteString(indent + "-")
			if err := writeNested(b, e, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return writeScalar(b, v)
}

// writeNested writes what stands behind a key or a dash.
func writeNested(b *bytes.Buffer, v any, depth int) error {
	nested := false
	switch v := v.(type) {
	case map[string]any:
		nested = len(v) > 0
	case []any:
		nested = len(v) > 0
	}
	if nested {
		b.WriteByte('\n')
		return writeYAML(b, v, depth)
	}
	b.WriteByte(' ')
	err := writeScalar(b, v)
	b.WriteByte('\n')
	return err
}

func writeScalar(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	b.Truncate(len(bytes.TrimRight(b.Bytes(), "\n")))
	return err
}
