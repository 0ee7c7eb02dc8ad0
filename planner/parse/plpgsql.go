package parse

import (
	"encoding/json"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// Block is a block of PL/pgSQL without variables: what the DO statements of migrations are made of.
type Block struct {
	Body     []BlockStep
	Handlers []BlockHandler
}

// BlockHandler is WHEN of EXCEPTION; Conditions are names and SQLSTATEs.
type BlockHandler struct {
	Conditions []string
	Body       []BlockStep
}

// BlockStep is a statement of a block: exactly one of the fields is set.
type BlockStep struct {
	Line    int
	SQL     string // a statement
	Perform string // a query whose rows are thrown away
	Execute string // an expression that gives a statement
	If      []BlockBranch
	Raise   *BlockRaise
	Block   *Block
	Return  bool
}

// BlockBranch is IF, ELSIF and, without a condition, ELSE.
type BlockBranch struct {
	Condition string
	Body      []BlockStep
}

// BlockRaise is RAISE.
type BlockRaise struct {
	Level     string // NOTICE, WARNING, EXCEPTION and so on
	Message   string
	Condition string
	Params    []string
	Options   map[string]string // expressions by ERRCODE, MESSAGE, DETAIL, HINT
}

// Again reports whether it raises the error that is being handled.
func (r *BlockRaise) Again() bool { return r.Message == "" && r.Condition == "" && len(r.Options) == 0 }

// Do reads the body of a DO statement in PL/pgSQL.
func Do(body string) (*Block, error) {
	tag := "rowan_do"
	for strings.Contains(body, "$"+tag+"$") {
		tag += "_"
	}
	text, err := pg.ParsePlPgSqlToJSON("DO $" + tag + "$" + body + "$" + tag + "$")
	if err != nil {
		return nil, syntaxError(err, "", "", nil)
	}
	var tree []struct {
		Function struct {
			Datums []map[string]struct {
				Name string `json:"refname"`
			} `json:"datums"`
			Action plNode `json:"action"`
		} `json:"PLpgSQL_function"`
	}
	if err := json.Unmarshal([]byte(text), &tree); err != nil || len(tree) != 1 {
		return nil, pgerr.Internal("tree of a DO block: %v", err)
	}
	for _, d := range tree[0].Function.Datums {
		for _, v := range d {
			switch v.Name {
			case "found", "sqlstate", "sqlerrm":
			default:
				return nil, pgerr.Unsupported("DO with variables")
			}
		}
	}
	return plBlock(tree[0].Function.Action["PLpgSQL_stmt_block"])
}

// plNode is a node of the tree: its kind and its fields.
type plNode map[string]*plFields

type plFields struct {
	Query     string   `json:"query_text"`
	Body      []plNode `json:"body"`
	Exception plNode   `json:"exceptions"`
	List      []plNode `json:"exc_list"`
	When      []plNode `json:"conditions"`
	Name      string   `json:"condname"`
	Action    []plNode `json:"action"`
	Cond      plNode   `json:"cond"`
	Then      []plNode `json:"then_body"`
	Elsif     []plNode `json:"elsif_list"`
	Stmts     []plNode `json:"stmts"`
	Else      []plNode `json:"else_body"`
	SQL       plNode   `json:"sqlstmt"`
	Into      bool     `json:"into"`
	Expr      plNode   `json:"expr"`
	Level     int      `json:"elog_level"`
	Message   string   `json:"message"`
	Params    []plNode `json:"params"`
	Options   []plNode `json:"options"`
	OptType   int      `json:"opt_type"`
	Line      int      `json:"lineno"`
	Dynamic   plNode   `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler: `query` is a text in an expression and an expression elsewhere.
func (f *plFields) UnmarshalJSON(b []byte) error {
	type plain plFields
	if err := json.Unmarshal(b, (*plain)(f)); err != nil {
		return err
	}
	var q struct {
		Query  json.RawMessage `json:"query"`
		Params json.RawMessage `json:"params"`
	}
	if err := json.Unmarshal(b, &q); err != nil || len(q.Query) == 0 {
		return err
	}
	if q.Query[0] == '"' {
		return json.Unmarshal(q.Query, &f.Query)
	}
	return json.Unmarshal(q.Query, &f.Dynamic)
}

// text is the text of an expression.
func (n plNode) text() string {
	if e := n["PLpgSQL_expr"]; e != nil {
		return e.Query
	}
	return ""
}

func plBlock(f *plFields) (*Block, error) {
	if f == nil {
		return &Block{}, nil
	}
	b := &Block{}
	var err error
	if b.Body, err = plSteps(f.Body); err != nil {
		return nil, err
	}
	if f.Exception == nil {
		return b, nil
	}
	for _, n := range f.Exception["PLpgSQL_exception_block"].List {
		x := n["PLpgSQL_exception"]
		h := BlockHandler{}
		for _, c := range x.When {
			h.Conditions = append(h.Conditions, c["PLpgSQL_condition"].Name)
		}
		if h.Body, err = plSteps(x.Action); err != nil {
			return nil, err
		}
		b.Handlers = append(b.Handlers, h)
	}
	return b, nil
}

func plSteps(list []plNode) ([]BlockStep, error) {
	var out []BlockStep
	for _, n := range list {
		for kind, f := range n {
			s, err := plStep(strings.TrimPrefix(kind, "PLpgSQL_stmt_"), f)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}

func plStep(kind string, f *plFields) (s BlockStep, err error) {
	switch kind {
	case "block":
		s.Block, err = plBlock(f)
	case "execsql":
		s.SQL = f.SQL.text()
	case "perform":
		s.Perform = f.Expr.text()
	case "dynexecute":
		s.Execute = f.Dynamic.text()
	case "return":
		s.Return = true
	case "if":
		s.If, err = plIf(f)
	case "raise":
		s.Raise = plRaise(f)
	default:
		err = pgerr.Unsupported("%s in DO", strings.ToUpper(kind))
	}
	if f != nil {
		s.Line = f.Line
	}
	if f != nil && (f.Into || kind == "dynexecute" && len(f.Params) > 0) {
		err = pgerr.Unsupported("INTO and USING in DO")
	}
	return s, err
}

func plIf(f *plFields) ([]BlockBranch, error) {
	body, err := plSteps(f.Then)
	if err != nil {
		return nil, err
	}
	out := []BlockBranch{{f.Cond.text(), body}}
	for _, n := range f.Elsif {
		e := n["PLpgSQL_if_elsif"]
		if body, err = plSteps(e.Stmts); err != nil {
			return nil, err
		}
		out = append(out, BlockBranch{e.Cond.text(), body})
	}
	if f.Else == nil {
		return out, nil
	}
	body, err = plSteps(f.Else)
	return append(out, BlockBranch{"", body}), err
}

var (
	raiseLevels  = map[int]string{10: "DEBUG", 11: "DEBUG", 12: "DEBUG", 13: "DEBUG", 14: "DEBUG", 15: "LOG", 17: "INFO", 18: "NOTICE", 19: "WARNING", 21: "EXCEPTION"}
	raiseOptions = []string{"ERRCODE", "MESSAGE", "DETAIL", "HINT", "COLUMN", "CONSTRAINT", "DATATYPE", "TABLE", "SCHEMA"}
)

func plRaise(f *plFields) *BlockRaise {
	r := &BlockRaise{Level: raiseLevels[f.Level], Message: f.Message, Condition: f.Name, Options: map[string]string{}}
	for _, p := range f.Params {
		r.Params = append(r.Params, p.text())
	}
	for _, o := range f.Options {
		if x := o["PLpgSQL_raise_option"]; x.OptType < len(raiseOptions) {
			r.Options[raiseOptions[x.OptType]] = x.Expr.text()
		}
	}
	return r
}
