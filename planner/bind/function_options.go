package bind

import (
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

// functionOptions are what the options of CREATE FUNCTION say beside what they set.
type functionOptions struct {
	language, body bool
	cost, rows     *float64
	items          int // of AS
}

// functionOptions applies the options of CREATE FUNCTION, each at most once.
func (b *definer) functionOptions(f *catalog.Function, s *pg.CreateFunctionStmt) (*functionOptions, error) {
	o := &functionOptions{}
	seen := map[string]bool{}
	for _, n := range s.Options {
		d := n.GetDefElem()
		if f.Kind == 'p' && !procedureOptions[d.Defname] {
			return nil, pgerr.New(pgerrcode.InvalidFunctionDefinition, "invalid attribute in procedure definition").At(int(d.Location))
		}
		if seen[d.Defname] && d.Defname != "set" {
			return nil, pgerr.New(pgerrcode.SyntaxError, "conflicting or redundant options").At(int(d.Location))
		}
		seen[d.Defname] = true
		if err := o.apply(f, d); err != nil {
			return nil, err
		}
	}
	if f.Language == "" && s.SqlBody != nil {
		f.Language = "sql"
	}
	if f.Language == "" {
		return nil, pgerr.New(pgerrcode.InvalidFunctionDefinition, "no language specified")
	}
	return o, checkLanguage(f)
}

// procedureOptions are those that procedures may have.
var procedureOptions = map[string]bool{"as": true, "language": true, "security": true, "set": true, "transform": true}

func (o *functionOptions) apply(f *catalog.Function, d *pg.DefElem) error {
	switch d.Defname {
	case "as":
		o.body = true
		list := stringList(d.Arg.GetList().GetItems())
		if s := d.Arg.GetString_(); s != nil {
			list = []string{s.Sval}
		}
		f.Body, o.items = strings.Join(list, "\n"), len(list)
	case "language":
		f.Language = defText(d)
	case "window":
		return pgerr.Unsupported("CREATE FUNCTION … WINDOW")
	case "transform":
		return pgerr.Unsupported("CREATE FUNCTION … TRANSFORM")
	default:
		return o.property(f, d)
	}
	return nil
}

// property applies an option that ALTER FUNCTION has too.
func (o *functionOptions) property(f *catalog.Function, d *pg.DefElem) error {
	var err error
	switch d.Defname {
	case "volatility":
		f.Volatile = volatility(defText(d))
	case "strict":
		f.Strict, err = defBool(d)
	case "security":
		f.Security, err = defBool(d)
	case "leakproof":
		f.Leakproof, err = defBool(d)
	case "parallel":
		if f.Parallel = parallel(defText(d)); f.Parallel == 0 {
			return pgerr.New(pgerrcode.SyntaxError, "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
		}
	case "cost":
		o.cost, err = positive(d, "COST")
		if err == nil {
			f.Cost = float32(*o.cost)
		}
	case "rows":
		o.rows, err = positive(d, "ROWS")
		if err == nil {
			f.Rows = float32(*o.rows)
		}
	case "support":
		return pgerr.Unsupported("CREATE FUNCTION … SUPPORT")
	case "set":
		if v := d.Arg.GetVariableSetStmt(); v != nil {
			var c command.AlterSetting
			if err := setting(&c, v); err != nil {
				return err
			}
			f.Config = append(f.Config, c.Setting+"="+c.Value)
		}
	}
	return err
}

func positive(d *pg.DefElem, what string) (*float64, error) {
	v, err := defNumber(d)
	if err == nil && v <= 0 {
		err = pgerr.New(pgerrcode.InvalidParameterValue, "%s must be positive", what)
	}
	return &v, err
}

// check is what can be said once the whole statement is known. standard: there is a body outside of the options.
func (o *functionOptions) check(f *catalog.Function, standard bool) error {
	switch {
	case standard && f.Language != "sql":
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "inline SQL function body only valid for language SQL")
	case standard && o.body:
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "duplicate function body specified")
	case !standard && !o.body:
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "no function body specified")
	case o.items > 1:
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, "only one AS item needed for language \"%s\"", f.Language)
	case o.rows != nil && !f.ReturnsSet:
		return pgerr.New(pgerrcode.InvalidParameterValue, "ROWS is not applicable when function does not return a set")
	}
	return nil
}
