package parse

import "testing"

// TestClauses wants what is a clause to pass, and what would be more than one to fail, whatever the trick.
func TestClauses(t *testing.T) {
	tests := []struct {
		kind Clause
		text string
		ok   bool
	}{
		{Condition, "a = 1 AND (b OR c)", true},
		{Condition, "name = 'it''s; DROP TABLE x' -- end", true},
		{Condition, "id IN (SELECT id FROM other WHERE (x) = 2)", true},
		{Condition, "a /* ) ; */ = $$;)$$", true},
		{Condition, `";)" = 1`, true},
		{Condition, "E'\\'; DROP TABLE x' = a", true},
		{Condition, "", false},
		{Condition, "-- nothing", false},
		{Condition, "true; DROP TABLE users", false},
		{Condition, "true) UNION SELECT 1 FROM (SELECT 2", false},
		{Condition, "true) ORDER BY (1", false},
		{Condition, "true) AND (true", false},
		{Condition, "true ORDER BY 1", false},
		{Condition, "true GROUP BY a", false},
		{Condition, "true) --", false},
		{Condition, "true /*", false},
		{Condition, "'unterminated", false},
		{Condition, "$$ unterminated", false},
		{Condition, "a = $1", false},
		{Condition, "(a", false},
		{Condition, "a = 1 LIMIT 1", false},
		{Condition, "a; ", false},
		{Condition, "a \x00", false},
		{Ordering, "a, b DESC NULLS LAST, lower(c) USING <", true},
		{Ordering, "1", true},
		{Ordering, "a LIMIT 1", false},
		{Ordering, "a OFFSET 1", false},
		{Ordering, "a FOR UPDATE", false},
		{Ordering, "a FETCH FIRST ROW WITH TIES", false},
		{Ordering, "a; DELETE FROM x", false},
		{Ordering, "a) UNION SELECT (1", false},
		{Targets, "*", true},
		{Targets, "id, name AS n, upper(email)", true},
		{Targets, `"odd name"`, true},
		{Targets, "id FROM secrets", false},
		{Targets, "DISTINCT id", false},
		{Targets, "id INTO loot", false},
		{Targets, "id UNION SELECT 1", false},
		{Targets, "id WHERE true", false},
		{Targets, "1 GROUP BY 1", false},
		{Targets, "1 HAVING true", false},
		{Targets, "1 WINDOW w AS ()", false},
		{Targets, "1 LIMIT 0", false},
		{Targets, "1; SELECT 2", false},
		{Value, "now() + '1 day'", true},
		{Value, "nextval('s'::regclass)", true},
		{Value, "1) + (2", false},
		{Value, "1; SELECT 2", false},
		{Value, "1 FROM t", false},
		{TypeName, "numeric(10, 2)", true},
		{TypeName, "timestamp with time zone", true},
		{TypeName, "text[]", true},
		{TypeName, `myschema."My Type"`, true},
		{TypeName, "int PRIMARY KEY", false},
		{TypeName, "int DEFAULT 1", false},
		{TypeName, "int, b int", false},
		{TypeName, "int) , (b int", false},
		{TypeName, "int); DROP TABLE t", false},
		{TypeName, "int) --", false},
		{TypeName, "int AS x", false},
		{TypeName, "", false},
	}
	for _, tt := range tests {
		if err := CheckClause(tt.kind, tt.text); (err == nil) != tt.ok {
			t.Errorf("%d %q: %v", tt.kind, tt.text, err)
		}
	}
}
