package helios

// Wrap is the schema of an answer's envelope, around that of its data.
func Wrap(data map[string]any) map[string]any {
	return map[string]any{"type": "object", "required": []any{"success", "data", "meta"}, "properties": map[string]any{
		"success": map[string]any{"type": "boolean", "enum": []any{true}},
		"data":    data,
		"meta": map[string]any{"type": "object", "required": []any{"request_id", "execution_time_ms"}, "properties": map[string]any{
			"request_id": map[string]any{"type": "string"}, "execution_time_ms": map[string]any{"type": "integer"},
		}},
	}}
}

// codes are those of failures.
var codes = []any{
	"BRANCH_NOT_FOUND", "BRANCH_EXISTS", "BRANCH_PROTECTED", "BRANCH_IN_USE", "MERGE_CONFLICT", "INVALID_SQL", "UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED",
	"INTERNAL_ERROR", "INVALID_REQUEST", "NOT_FOUND", "TABLE_NOT_FOUND", "TABLE_EXISTS", "METHOD_NOT_ALLOWED", "CONSTRAINT_VIOLATION", "CONFLICT", "DEPENDENT_OBJECTS", "QUERY_TIMEOUT", "QUERY_CANCELED", "UNAVAILABLE",
	"RESULT_TOO_LARGE", "NOT_SUPPORTED",
}

// Failure is the schema of a failure.
func Failure() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{"type": "object", "required": []any{"success", "error", "meta"}, "properties": map[string]any{
		"success": map[string]any{"type": "boolean", "enum": []any{false}},
		"error": map[string]any{"type": "object", "required": []any{"code", "message", "details"}, "properties": map[string]any{
			"code": map[string]any{"type": "string", "enum": codes}, "message": text,
			"details": map[string]any{"type": "object", "description": "sqlstate, detail, hint, position, field and the like; of MERGE_CONFLICT the conflicts"},
		}},
		"meta": map[string]any{"type": "object", "properties": map[string]any{"request_id": text}},
	}}
}
