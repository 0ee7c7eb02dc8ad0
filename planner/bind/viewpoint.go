package bind

import (
	"regexp"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/planner/expr"
	"github.com/rowandb/rowan/planner/parse"
	"github.com/rowandb/rowan/types"
)

// asOfText writes the AS OF clause that parse has made a sampling method of, as people write it.
func asOfText(n *pg.RangeTableSample) string {
	word := " AS OF "
	if nameText(n.Method) == parse.AsOfAll {
		word += "SYSTEM TIME "
	}
	if len(n.Args) != 1 {
		return ""
	}
	if c := n.Args[0].GetAConst(); c.GetSval() != nil && word == " AS OF " {
		return word + pointWords(c.GetSval().Sval)
	}
	text, err := deparse(&pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: &pg.SelectStmt{TargetList: []*pg.Node{resTarget("", n.Args[0])}}}})
	if err != nil {
		return ""
	}
	text = strings.TrimPrefix(text, "SELECT ")
	if word == " AS OF " && n.Args[0].GetAConst() == nil {
		return word + "TIMESTAMP (" + text + ")" // the word is one that any expression may follow
	}
	return word + text
}

var looksLikeTime = regexp.MustCompile(`^\d{4}-\d\d?-\d\d?([ T]|$)`)

// pointWords writes a constant point with the word that says what kind it is.
func pointWords(p string) string {
	kind, rest, found := strings.Cut(p, ":")
	digits := found && rest != "" && strings.Trim(rest, "0123456789") == ""
	switch {
	case p == "~0":
		return "NOW"
	case digits && kind == "scn":
		return "SCN " + rest
	case digits && kind == "tx":
		return "TRANSACTION " + rest
	case found && (kind == "tag" || kind == "commit" || kind == "snapshot" || kind == "branch"):
		return strings.ToUpper(kind) + " " + types.QuoteLiteral(rest)
	case looksLikeTime.MatchString(p):
		return "TIMESTAMP " + types.QuoteLiteral(p)
	}
	return types.QuoteLiteral(p)
}

// qualifyShaped puts the schema into the constants that name tables.
func (t *trace) qualifyShaped() {
	for n, r := range t.shaped {
		h := r.object.Head()
		n.GetAConst().GetSval().Sval = expr.QuoteIdent(r.snap.SchemaName(h.Schema)) + "." + expr.QuoteIdent(h.Name)
	}
}

// traceShaped notes the table that an argument of a call names, where it is a constant.
func (b *binder) traceShaped(n *pg.FuncCall, at int, words []string) {
	if !b.tracing() || at < 0 {
		return
	}
	for i, a := range n.Args {
		named := a.GetNamedArgExpr()
		if named.GetName() != "table_name" && (named != nil || i != at) {
			continue
		}
		if named != nil {
			a = named.Arg
		}
		rv, err := b.tableName(words[at], 0, b.ref)
		if err != nil {
			return
		}
		if r, err := b.lookupRelation(rv); err == nil && r.object != nil && a.GetAConst().GetSval() != nil {
			b.trace.shaped[a] = r
			b.traceRelation(rv, r)
		}
	}
}
