package bind

import (
	"github.com/jackc/pgerrcode"
	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// typmod reads a type's modifiers, as the input functions of modifiers do.
func (b *binder) typmod(d *types.Def, tn *pg.TypeName) (int32, error) {
	if len(tn.Typmods) == 0 {
		return -1, nil
	}
	args := make([]int32, len(tn.Typmods))
	for i, n := range tn.Typmods {
		c := n.GetAConst()
		if c == nil || c.GetIval() == nil && !isZeroInt(c) {
			if c.GetSval() == nil && n.GetColumnRef() == nil {
				return 0, pgerr.New(pgerrcode.SyntaxError, "type modifiers must be simple constants or identifiers").At(int(tn.Location))
			}
			return 0, b.noTypmod(d, tn)
		}
		args[i] = c.GetIval().GetIval()
	}
	mod, err := typmodIn(d, args)
	if err == errNoTypmod {
		return 0, b.noTypmod(d, tn)
	}
	if err != nil {
		return 0, pgerr.From(err).At(int(tn.Location))
	}
	return mod, nil
}

// isZeroInt: protobuf leaves out a zero Ival's contents but keeps the field's presence.
func isZeroInt(c *pg.A_Const) bool {
	_, ok := c.Val.(*pg.A_Const_Ival)
	return ok
}

var errNoTypmod = pgerr.New(pgerrcode.SyntaxError, "type modifier is not allowed")

func (b *binder) noTypmod(d *types.Def, tn *pg.TypeName) error {
	return pgerr.New(pgerrcode.SyntaxError, "type modifier is not allowed for type \"%s\"", b.formatType(d)).At(int(tn.Location))
}

func typmodIn(d *types.Def, args []int32) (int32, error) {
	switch d.OID {
	case types.OIDVarchar:
		return lengthMod("varchar", args, 10485760, 4)
	case types.OIDBpchar:
		return lengthMod("char", args, 10485760, 4)
	case types.OIDBit:
		return lengthMod("bit", args, 83886080, 0)
	case types.OIDVarbit:
		return lengthMod("varbit", args, 83886080, 0)
	case types.OIDNumeric:
		return numericMod(args)
	case types.OIDTime, types.OIDTimetz, types.OIDTimestamp, types.OIDTimestamptz:
		return timeMod(d, args)
	case types.OIDInterval:
		return intervalMod(args)
	}
	return 0, errNoTypmod
}

func lengthMod(name string, args []int32, limit, header int32) (int32, error) {
	switch {
	case len(args) != 1:
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "invalid type modifier")
	case args[0] < 1:
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "length for type %s must be at least 1", name)
	case args[0] > limit:
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "length for type %s cannot exceed %d", name, limit)
	}
	return args[0] + header, nil
}

func numericMod(args []int32) (int32, error) {
	if len(args) == 0 || len(args) > 2 {
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "invalid NUMERIC type modifier")
	}
	if args[0] < 1 || args[0] > 1000 {
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", args[0])
	}
	scale := int32(0)
	if len(args) == 2 {
		if scale = args[1]; scale < -1000 || scale > 1000 {
			return 0, pgerr.New(pgerrcode.InvalidParameterValue, "NUMERIC scale %d must be between -1000 and 1000", scale)
		}
	}
	return (args[0]<<16 | scale&0x7ff) + 4, nil
}

func timeMod(d *types.Def, args []int32) (int32, error) {
	if len(args) != 1 {
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "invalid type modifier")
	}
	if args[0] < 0 {
		word, zone := "TIMESTAMP", ""
		if d.OID == types.OIDTime || d.OID == types.OIDTimetz {
			word = "TIME"
		}
		if d.OID == types.OIDTimetz || d.OID == types.OIDTimestamptz {
			zone = " WITH TIME ZONE"
		}
		return 0, pgerr.New(pgerrcode.InvalidParameterValue, "%s(%d)%s precision must not be negative", word, args[0], zone)
	}
	return min(args[0], 6), nil
}

// intervalFull is the range mask of an interval without fields.
const intervalFull = 0x7fff

// intervalMod packs fields and precision: range in the upper half, precision (0xffff: full) in the lower.
func intervalMod(args []int32) (int32, error) {
	switch len(args) {
	case 1:
		if args[0] == intervalFull {
			return -1, nil
		}
		return args[0]<<16 | 0xffff, nil
	case 2:
		if args[1] < 0 {
			return 0, pgerr.New(pgerrcode.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", args[1])
		}
		return args[0]<<16 | min(args[1], 6), nil
	}
	return 0, pgerr.New(pgerrcode.InvalidParameterValue, "invalid INTERVAL type modifier")
}
