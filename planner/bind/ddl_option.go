package bind

import (
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
)

// defText is an option's value as text.
func defText(d *pg.DefElem) string { return nodeText(d.Arg) }

func nodeText(n *pg.Node) string {
	switch x := n.GetNode().(type) {
	case *pg.Node_String_:
		return x.String_.Sval
	case *pg.Node_Integer:
		return strconv.Itoa(int(x.Integer.Ival))
	case *pg.Node_Float:
		return x.Float.Fval
	case *pg.Node_Boolean:
		return strconv.FormatBool(x.Boolean.Boolval)
	case *pg.Node_TypeName:
		return nameText(x.TypeName.Names)
	case *pg.Node_List:
		return nameText(x.List.Items)
	case *pg.Node_AConst:
		switch v := x.AConst.Val.(type) {
		case *pg.A_Const_Ival:
			return strconv.Itoa(int(v.Ival.Ival))
		case *pg.A_Const_Fval:
			return v.Fval.Fval
		case *pg.A_Const_Sval:
			return v.Sval.Sval
		case *pg.A_Const_Boolval:
			return strconv.FormatBool(v.Boolval.Boolval)
		}
	case *pg.Node_TypeCast:
		return nodeText(x.TypeCast.Arg)
	}
	return ""
}

// defInt is an option's value as an integer.
func defInt(d *pg.DefElem) (int64, error) {
	if d.Arg == nil {
		return 0, pgerr.New(pgerrcode.SyntaxError, "%s requires a numeric value", d.Defname).At(int(d.Location))
	}
	s := defText(d)
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		if strings.ContainsAny(s, ".eE") || s == "" {
			return 0, pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", "bigint", s)
		}
		return 0, pgerr.New(pgerrcode.NumericValueOutOfRange, "value \"%s\" is out of range for type %s", s, "bigint")
	}
	return v, nil
}

// defBool is an option's value as a boolean; none is true.
func defBool(d *pg.DefElem) (bool, error) {
	if d.Arg == nil {
		return true, nil
	}
	switch strings.ToLower(defText(d)) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, pgerr.New(pgerrcode.SyntaxError, "%s requires a Boolean value", d.Defname)
}

func redundant(d *pg.DefElem) error {
	return pgerr.New(pgerrcode.SyntaxError, "conflicting or redundant options").At(int(d.Location))
}

// defNumber is an option's value that may have a fraction.
func defNumber(d *pg.DefElem) (float64, error) {
	if d.Arg == nil {
		return 0, pgerr.New(pgerrcode.SyntaxError, "%s requires a numeric value", d.Defname).At(int(d.Location))
	}
	v, err := strconv.ParseFloat(defText(d), 64)
	if err != nil {
		return 0, pgerr.New(pgerrcode.SyntaxError, "%s requires a numeric value", d.Defname)
	}
	return v, nil
}
