package kernel

import (
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// anyFunctions take arguments of any type and look at them as text, or only at whether they are NULL.
var anyFunctions = map[string]Kernel{
	"text_concat":         {Bind: bindAny(func(e *Env, t []types.Type, a []datum) (datum, error) { return concat(e, t, a, 0, "") })},
	"text_concat_ws":      {Bind: bindAny(concatWith)},
	"text_format":         {Bind: bindAny(format)},
	"text_format_nv":      {Bind: bindAny(format)},
	"pg_num_nulls":        row(func(_ *Env, a []datum) (datum, error) { return types.Int(countNulls(a)), nil }),
	"pg_num_nonnulls":     row(func(_ *Env, a []datum) (datum, error) { return types.Int(int64(len(a)) - countNulls(a)), nil }),
	"pg_typeof":           {Bind: bindTypeof},
	"pg_column_size":      {Bind: bindColumnSize},
	"pg_collation_for":    {Bind: bindCollation},
	"sql_anytextcat_2004": {Bind: bindAny(joinAny)},
	"sql_textanycat_2003": {Bind: bindAny(joinAny)},
	"sql_quote_literal_1285": {Bind: bindAny(func(e *Env, t []types.Type, a []datum) (datum, error) {
		return types.String(quoteLiteral(castText(e, t[0], a[0]))), nil
	})},
	"sql_quote_nullable_1290": {Bind: bindAny(func(e *Env, t []types.Type, a []datum) (datum, error) {
		if a[0].Null {
			return types.String("NULL"), nil
		}
		return types.String(quoteLiteral(castText(e, t[0], a[0]))), nil
	})},
}

func bindAny(f func(e *Env, t []types.Type, a []datum) (datum, error)) func([]types.Type, types.Type) (Kernel, error) {
	return func(args []types.Type, _ types.Type) (Kernel, error) {
		return Kernel{Row: func(e *Env, a []datum) (datum, error) { return f(e, spreadTypes(args, len(a)), a) }}, nil
	}
}

// spreadTypes gives the types of n arguments. A call with VARIADIC brings an array's elements in place of its last argument:
// those after the last type have that one's element type.
func spreadTypes(t []types.Type, n int) []types.Type {
	last := len(t) - 1
	if n == len(t) || last < 0 || t[last].Def == nil || t[last].Elem == nil {
		return t
	}
	out := append([]types.Type(nil), t[:last]...)
	for len(out) < n {
		out = append(out, types.Of(t[last].Elem))
	}
	return out
}

func countNulls(a []datum) int64 {
	n := int64(0)
	for i := range a {
		n += b2i(a[i].Null)
	}
	return n
}

// appendAny appends the text that concat and format show; booleans as t and f.
func appendAny(b []byte, e *Env, t types.Type, d datum) []byte {
	return types.AppendText(b, t, d, e.Format)
}

func concat(e *Env, t []types.Type, a []datum, from int, sep string) (datum, error) {
	var b []byte
	first := true
	for i := from; i < len(a); i++ {
		if a[i].Null {
			continue
		}
		if !first {
			b = append(b, sep...)
		}
		first = false
		b = appendAny(b, e, t[i], a[i])
	}
	return types.String(view(b)), nil
}

// joinAny is the operator || of text and anything.
func joinAny(e *Env, t []types.Type, a []datum) (datum, error) {
	return types.String(castText(e, t[0], a[0]) + castText(e, t[1], a[1])), nil
}

// castText is a value cast to text, which is what it is shown as but for booleans.
func castText(e *Env, t types.Type, d datum) string {
	if t.OID == types.OIDBool {
		return strconv.FormatBool(d.B())
	}
	return types.Text(t, d, e.Format)
}

func concatWith(e *Env, t []types.Type, a []datum) (datum, error) {
	if a[0].Null {
		return types.Null, nil
	}
	return concat(e, t, a, 1, a[0].S)
}

func badFormat(msg string) error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "%s", msg)
}

// formatter runs format(): %[position$][flags][width]type.
type formatter struct {
	e    *Env
	t    []types.Type
	a    []datum
	out  []byte
	next int // the argument that the next specifier without position takes
}

func format(e *Env, t []types.Type, a []datum) (datum, error) {
	if a[0].Null {
		return types.Null, nil
	}
	f := &formatter{e: e, t: t, a: a, next: 1}
	s := a[0].S
	for s != "" {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			f.out = append(f.out, s...)
			break
		}
		f.out = append(f.out, s[:i]...)
		s = s[i+1:]
		if strings.HasPrefix(s, "%") {
			f.out = append(f.out, '%')
			s = s[1:]
			continue
		}
		n, err := f.specifier(s)
		if err != nil {
			return datum{}, err
		}
		s = s[n:]
	}
	return types.String(view(f.out)), nil
}

func unterminated() error {
	return pgerr.New(pgerrcode.InvalidParameterValue, "unterminated format() type specifier").WithHint(
		`For a single "%%" use "%%%%".`)
}

// number reads digits; n is their count.
func (f *formatter) number(s string) (v, n int, err error) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 {
		return 0, 0, nil
	}
	v64, err := strconv.ParseInt(s[:n], 10, 32)
	if err != nil {
		return 0, 0, pgerr.New(pgerrcode.NumericValueOutOfRange, "number is out of range")
	}
	return int(v64), n, nil
}

// specifier handles what follows a % and returns its length.
func (f *formatter) specifier(s string) (int, error) {
	position, width, left := -1, 0, false
	v, at, err := f.number(s)
	if err != nil {
		return 0, err
	}
	if at > 0 && at < len(s) && s[at] == '$' {
		if v == 0 {
			return 0, badFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		position = v
		at++
	} else if at > 0 {
		width = v
	}
	if width == 0 {
		for at < len(s) && s[at] == '-' {
			left = true
			at++
		}
		var n int
		if at < len(s) && s[at] == '*' {
			width, n, err = f.starWidth(s[at:])
		} else {
			width, n, err = f.number(s[at:])
		}
		if err != nil {
			return 0, err
		}
		at += n
	}
	if at >= len(s) {
		return 0, unterminated()
	}
	if width < 0 {
		width, left = -width, true
	}
	return at + 1, f.convert(s[at:], position, width, left)
}

// starWidth reads * or *n$: the width is an argument.
func (f *formatter) starWidth(s string) (width, n int, err error) {
	v, d, err := f.number(s[1:])
	if err != nil {
		return 0, 0, err
	}
	n = 1
	arg := f.next
	if d > 0 {
		if 1+d >= len(s) || s[1+d] != '$' {
			return 0, 0, badFormat("width argument position must be ended by \"$\"")
		}
		if v == 0 {
			return 0, 0, badFormat("format specifies argument 0, but arguments are numbered from 1")
		}
		arg = v
		n += d + 1
	} else {
		f.next++
	}
	if arg >= len(f.a) {
		return 0, 0, badFormat("too few arguments for format()")
	}
	f.next = arg + 1
	if f.a[arg].Null {
		return 0, n, nil
	}
	w, err := strconv.ParseInt(types.Text(f.t[arg], f.a[arg], f.e.Format), 10, 32)
	if err != nil {
		return 0, 0, pgerr.New(pgerrcode.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", "integer",
			types.Text(f.t[arg], f.a[arg], f.e.Format))
	}
	return int(w), n, nil
}

func (f *formatter) convert(s string, position, width int, left bool) error {
	c := s[0]
	if c != 's' && c != 'I' && c != 'L' {
		return pgerr.New(pgerrcode.InvalidParameterValue, "unrecognized format() type specifier \"%s\"", s[:charSize(s, false)]).
			WithHint(`For a single "%%" use "%%%%".`)
	}
	if position < 0 {
		position = f.next
	}
	if position >= len(f.a) {
		return badFormat("too few arguments for format()")
	}
	f.next = position + 1
	text, err := f.value(c, position)
	if err != nil {
		return err
	}
	pad := width - int(runeCount(text))
	if pad > 0 && !left {
		f.out = append(f.out, strings.Repeat(" ", pad)...)
	}
	f.out = append(f.out, text...)
	if pad > 0 && left {
		f.out = append(f.out, strings.Repeat(" ", pad)...)
	}
	return nil
}

func (f *formatter) value(c byte, i int) (string, error) {
	if f.a[i].Null {
		switch c {
		case 'I':
			return "", pgerr.New(pgerrcode.NullValueNotAllowedDataException, "null values cannot be formatted as an SQL identifier")
		case 'L':
			return "NULL", nil
		}
		return "", nil
	}
	text := types.Text(f.t[i], f.a[i], f.e.Format)
	switch c {
	case 'I':
		return QuoteIdent(text), nil
	case 'L':
		return quoteLiteral(text), nil
	}
	return text, nil
}

func bindTypeof(args []types.Type, _ types.Type) (Kernel, error) {
	id := types.Int(int64(args[0].ID()))
	return Kernel{Row: func(*Env, []datum) (datum, error) { return id, nil }}, nil
}

// bindColumnSize is pg_column_size: what PostgreSQL would store, without compression.
func bindColumnSize(args []types.Type, _ types.Type) (Kernel, error) {
	t := args[0]
	return Kernel{Row: func(e *Env, a []datum) (datum, error) {
		if t.Len > 0 {
			return types.Int(int64(t.Len)), nil
		}
		n := len(a[0].S)
		if n < 127 {
			return types.Int(int64(n) + 1), nil
		}
		return types.Int(int64(n) + 4), nil
	}}, nil
}

func bindCollation(args []types.Type, _ types.Type) (Kernel, error) {
	t := args[0]
	if t.Category != 'S' && t.ID() != types.OIDUnknown {
		return Kernel{}, pgerr.New(pgerrcode.DatatypeMismatch, "collations are not supported by type %s", types.TypeName(t, nil))
	}
	return Kernel{Row: func(_ *Env, _ []datum) (datum, error) {
		if t.ID() == types.OIDName {
			return types.String(`"C"`), nil
		}
		return types.String(`"default"`), nil
	}}, nil
}
