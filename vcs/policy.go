package vcs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/datetime"
	"github.com/rowandb/rowan/types/jsonb"
	"github.com/rowandb/rowan/types/numeric"
	"github.com/rowandb/rowan/types/vector"
)

var (
	policyFuncs = map[string]Func{"rowan_set_merge_policy": setMergePolicy}
	policyRows  = map[string]RowsFunc{"rowan_merge_policies": listMergePolicies}
)

// MergeCell merges the values of a column by its policy; ref is the target. ok is false where the policy has no answer: such values
// conflict, and those on which the sides agree may, as when each has added what only one of them can.
func MergeCell(ctx context.Context, c Conn, ref catalog.Ref, t *catalog.Table, col *catalog.Column, base, source, target types.Datum) (d types.Datum, ok bool, err error) {
	if catalog.CheckMergePolicy(col.Merge, col.Type) != nil { // each side has changed one of the two
		return target, source == target, nil
	}
	switch col.Merge {
	case catalog.MergeTheirs:
		return source, true, nil
	case catalog.MergeOurs:
		return target, true, nil
	case catalog.MergeMax, catalog.MergeMin:
		return extreme(col, source, target), true, nil
	case catalog.MergeSum:
		d, ok = addChanges(col.Type, base, source, target)
		return d, ok, nil
	case catalog.MergeUnion:
		d, ok = unionArrays(types.Of(col.Type.Elem), base, source, target)
		return d, ok, nil
	case catalog.MergeJSON:
		d, ok = mergeJSON(col.Type, base, source, target)
		return d, ok, nil
	}
	d, ok, err = callPolicy(ctx, c, ref, col, base, source, target)
	if err != nil {
		e := pgerr.From(err).Anywhere()
		e.Where = strings.TrimPrefix(e.Where+"\n", "\n") + fmt.Sprintf("merge policy of column \"%s\" of relation \"%s\"", col.Name, t.Name)
		err = e
	}
	return d, ok, err
}

// extreme picks the greater or the smaller value; NULL is neither.
func extreme(col *catalog.Column, s, t types.Datum) types.Datum {
	switch {
	case s.Null:
		return t
	case t.Null:
		return s
	case (types.Compare(col.Type, s, t) > 0) == (col.Merge == catalog.MergeMax):
		return s
	}
	return t
}

// addChanges adds what both sides have added to the base; a NULL base is nothing. A result out of range is none.
func addChanges(t types.Type, base, source, target types.Datum) (types.Datum, bool) {
	if source.Null || target.Null {
		return target, source.Null && target.Null
	}
	switch t.OID {
	case types.OIDNumeric:
		return addNumeric(t, base, source, target)
	case types.OIDFloat4, types.OIDFloat8:
		return addFloats(t, base, source, target)
	case types.OIDInterval:
		return addIntervals(base, source, target)
	}
	b := int64(0)
	if !base.Null {
		b = base.I
	}
	delta, sum := source.I-b, target.I+(source.I-b)
	if (source.I < b) != (delta < 0) || (sum < target.I) != (delta < 0) {
		return target, false
	}
	if t.OID == types.OIDInt2 && sum != int64(int16(sum)) || t.OID == types.OIDInt4 && sum != int64(int32(sum)) {
		return target, false
	}
	return types.Int(sum), true
}

// addFloats is addChanges for floating point: numbers have no infinite sum.
func addFloats(t types.Type, base, source, target types.Datum) (types.Datum, bool) {
	b := 0.0
	if !base.Null {
		b = base.F()
	}
	sum := target.F() + (source.F() - b)
	if t.OID == types.OIDFloat4 {
		sum = float64(float32(sum))
	}
	overflow := math.IsInf(sum, 0) && !math.IsInf(b, 0) && !math.IsInf(source.F(), 0) && !math.IsInf(target.F(), 0)
	return types.Float(sum), !overflow
}

func addNumeric(t types.Type, base, source, target types.Datum) (types.Datum, bool) {
	sum, err := numeric.Add(source.S, target.S)
	if err == nil && !base.Null {
		sum, err = numeric.Sub(sum, base.S)
	}
	if err != nil {
		return target, false
	}
	f := types.DefaultFormat() // the column's scale holds
	d, err := types.ParseText(t, string(types.AppendText(nil, t, types.String(sum), f)), f)
	return d, err == nil
}

func addIntervals(base, source, target types.Datum) (types.Datum, bool) {
	sum, err := datetime.AddIntervals(datetime.Unpack(source.S), datetime.Unpack(target.S))
	if err == nil && !base.Null {
		b := datetime.Unpack(base.S)
		sum, err = datetime.AddIntervals(sum, datetime.Interval{Micros: -b.Micros, Days: -b.Days, Months: -b.Months})
	}
	return types.String(sum.Pack()), err == nil
}

// unionArrays takes the target's elements, without those that the source took away and with those that it added.
func unionArrays(elem types.Type, base, source, target types.Datum) (types.Datum, bool) {
	if source == target || source.Null || target.Null {
		return target, source == target
	}
	s, t := types.UnpackArray(source.S), types.UnpackArray(target.S)
	var b types.Array
	if !base.Null {
		b = types.UnpackArray(base.S)
	}
	if len(s.Dims) > 1 || len(t.Dims) > 1 {
		return target, false
	}
	has := func(a types.Array, x types.Datum) bool {
		return slices.ContainsFunc(a.Elems, func(y types.Datum) bool {
			if x.Null || y.Null {
				return x.Null == y.Null
			}
			return types.Compare(elem, x, y) == 0
		})
	}
	var out []types.Datum
	for _, x := range t.Elems {
		if has(s, x) || !has(b, x) {
			out = append(out, x)
		}
	}
	for _, x := range s.Elems {
		if !has(b, x) && !has(t, x) {
			out = append(out, x)
		}
	}
	return types.String(types.Vector1(out).Pack(elem.Def)), true
}

// mergeJSON merges objects member by member; where two members that are no objects differ, there is no answer.
func mergeJSON(t types.Type, base, source, target types.Datum) (types.Datum, bool) {
	f := types.DefaultFormat()
	parse := func(d types.Datum) *jsonb.Value {
		if d.Null {
			return nil
		}
		v, err := jsonb.Parse(string(types.AppendText(nil, t, d, f)))
		if err != nil {
			return nil
		}
		return &v
	}
	v, ok := mergeValues(parse(base), parse(source), parse(target))
	if !ok {
		return target, false
	}
	if v == nil {
		return types.Null, true
	}
	d, err := types.ParseText(t, v.Text(), f)
	return d, err == nil
}

// mergeValues merges JSON values; nil is one that is not there.
func mergeValues(b, s, t *jsonb.Value) (*jsonb.Value, bool) {
	switch {
	case sameValue(s, t), sameValue(b, s):
		return t, true
	case sameValue(b, t):
		return s, true
	case s == nil || t == nil || s.Kind != jsonb.Object || t.Kind != jsonb.Object:
		return nil, false
	}
	member := func(v *jsonb.Value, key string) *jsonb.Value {
		if v == nil {
			return nil
		}
		if x, ok := v.Get(key); ok {
			return &x
		}
		return nil
	}
	var out []jsonb.Pair
	for _, key := range memberNames(s, t) {
		v, ok := mergeValues(member(b, key), member(s, key), member(t, key))
		if !ok {
			return nil, false
		}
		if v != nil {
			out = append(out, jsonb.Pair{Key: key, Value: *v})
		}
	}
	merged, err := jsonb.Parse(objectText(out))
	return &merged, err == nil
}

func memberNames(s, t *jsonb.Value) []string {
	var out []string
	for _, v := range []*jsonb.Value{t, s} {
		for _, p := range v.Pairs {
			if !slices.Contains(out, p.Key) {
				out = append(out, p.Key)
			}
		}
	}
	return out
}

func objectText(pairs []jsonb.Pair) string {
	b := []byte{'{'}
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonb.AppendQuoted(b, p.Key)
		b = append(b, ':')
		b = p.Value.Append(b)
	}
	return string(append(b, '}'))
}

func sameValue(a, b *jsonb.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return jsonb.Compare(*a, *b) == 0
}

// callPolicy asks the function that the policy names.
func callPolicy(ctx context.Context, c Conn, ref catalog.Ref, col *catalog.Column, args ...types.Datum) (types.Datum, bool, error) {
	f := types.DefaultFormat()
	name := types.FormatType(col.Type, qualifiedIdent)
	list := make([]string, len(args))
	for i, d := range args {
		list[i] = "NULL::" + name
		if !d.Null {
			list[i] = types.QuoteLiteral(string(types.AppendText(nil, col.Type, d, f))) + "::" + name
		}
	}
	schema, fn, _ := catalog.MergeFunction(col.Merge)
	sql := "SELECT (" + qualifiedIdent(schema, fn) + "(" + strings.Join(list, ", ") + "))::" + name
	out := types.Null
	_, err := c.UserSQL(ctx, ref, sql, func(b *vector.Batch) error {
		if b.Live() > 0 {
			out = b.Cols[0].Datum(b.Row(0)).Clone()
		}
		return nil
	})
	return out, err == nil, err
}

func qualifiedIdent(schema, name string) string {
	return types.QuoteIdent(schema) + "." + types.QuoteIdent(name)
}

// setMergePolicy is rowan.set_merge_policy(table, column, policy[, branch]); a policy of NULL takes it away.
func setMergePolicy(ctx context.Context, c Conn, a []types.Datum) (types.Datum, error) {
	if err := c.RefuseReadOnly("rowan.set_merge_policy()"); err != nil {
		return types.Null, err
	}
	v, err := c.View(ctx, catalog.Ref{Branch: text(a[3])})
	if err != nil {
		return types.Null, err
	}
	t, err := ownTable(c, v.Catalog(), text(a[0]))
	if err != nil {
		return types.Null, err
	}
	t = t.Clone()
	col := t.Column(text(a[1]))
	if col == nil {
		return types.Null, pgerr.New(pgerrcode.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", text(a[1]), t.Name)
	}
	policy := text(a[2])
	if !strings.Contains(policy, ".") {
		policy = strings.ToLower(policy)
	}
	if err := catalog.MayHaveMergePolicy(t, col, policy); err != nil {
		return types.Null, err
	}
	if err := v.Catalog().CheckMergeFunction(policy); err != nil {
		return types.Null, err
	}
	col.Merge = policy
	return orNull(policy), v.Put(ctx, t)
}

// ownTable finds a table that the current user may alter.
func ownTable(c Conn, snap *catalog.Snapshot, name string) (*catalog.Table, error) {
	id, err := c.Relation(snap, name)
	if err != nil {
		return nil, err
	}
	t, ok := snap.Object(id).(*catalog.Table)
	if !ok {
		return nil, pgerr.New(pgerrcode.WrongObjectType, "\"%s\" is not a table", name)
	}
	return t, mustOwn(c, &t.Header, "table")
}

func mustOwn(c Conn, h *catalog.Header, kind string) error {
	r := c.Role()
	if r == nil || !r.Superuser && r.OID != h.Owner {
		return pgerr.New(pgerrcode.InsufficientPrivilege, "must be owner of %s %s", kind, h.Name)
	}
	return nil
}

func listMergePolicies(ctx context.Context, c Conn, a []types.Datum, yield func([]types.Datum) bool) error {
	v, err := c.View(ctx, branchPoint(text(a[0])))
	if err != nil {
		return err
	}
	for _, o := range v.Catalog().Objects() {
		t, ok := o.(*catalog.Table)
		if !ok {
			continue
		}
		for _, col := range t.Live() {
			if col.Merge != "" && !yield([]types.Datum{types.String(v.Catalog().Shown(t.OID)), types.String(col.Name), types.String(col.Merge)}) {
				return nil
			}
		}
	}
	return nil
}
