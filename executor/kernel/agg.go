package kernel

import (
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/vector"
)

// aggregates has the constructors by pg_proc.proname. The ones of ordered-set aggregates get the direct arguments' columns
// before the aggregated ones, as pg_proc.proargtypes has them, and rows in the order that WITHIN GROUP asks for.
var aggregates = map[string]NewAggregate{
	"count": newCount,
	"sum":   newSum, "avg": newAvg,
	"min": newExtreme(-1), "max": newExtreme(1),
	"bool_and": newBoolAgg(true), "every": newBoolAgg(true), "bool_or": newBoolAgg(false),
	"bit_and": newBitAgg('&'), "bit_or": newBitAgg('|'), "bit_xor": newBitAgg('^'),
	"string_agg": newStringAgg, "array_agg": newArrayAgg,
	"json_agg": newJSONAgg(false, false), "jsonb_agg": newJSONAgg(false, true),
	"json_object_agg": newJSONAgg(true, false), "jsonb_object_agg": newJSONAgg(true, true),
	"percentile_cont": newPercentile(true), "percentile_disc": newPercentile(false), "mode": newMode,
	"variance": newVariance(sampleVariance), "var_samp": newVariance(sampleVariance), "var_pop": newVariance(populationVariance),
	"stddev": newVariance(sampleDeviation), "stddev_samp": newVariance(sampleDeviation), "stddev_pop": newVariance(populationDeviation),
	"corr": newRegression("corr"), "covar_pop": newRegression("covar_pop"), "covar_samp": newRegression("covar_samp"),
	"regr_avgx": newRegression("regr_avgx"), "regr_avgy": newRegression("regr_avgy"), "regr_count": newRegression("regr_count"), "regr_intercept": newRegression("regr_intercept"),
	"regr_r2": newRegression("regr_r2"), "regr_slope": newRegression("regr_slope"), "regr_sxx": newRegression("regr_sxx"), "regr_sxy": newRegression("regr_sxy"),
	"regr_syy": newRegression("regr_syy"),
}

// aggregateSupported reports whether there is a constructor that takes the argument types of p.
func aggregateSupported(p *builtin.Proc) bool {
	if a := builtin.AggregateFor(p.OID); a == nil || a.Kind == 'h' {
		return false
	}
	make, ok := aggregates[p.Name]
	if !ok {
		return false
	}
	args := make0(p.Args)
	if args == nil {
		return len(p.Args) == 0
	}
	_, err := make(&Env{}, args, types.Of(types.Builtin(p.Returns)))
	return err == nil
}

// make0 turns OIDs into types; nil when one is not built in.
func make0(ids []types.OID) []types.Type {
	var out []types.Type
	for _, id := range ids {
		d := types.Builtin(id)
		if d == nil {
			return nil
		}
		out = append(out, types.Of(d))
	}
	return out
}

func unsupportedAggregate(name string, args []types.Type) error {
	return pgerr.Unsupported("aggregate %s over type %s", name, args[len(args)-1].Name)
}

// maxGroup returns the number of groups that the numbers imply.
func maxGroup(groups []uint32) int {
	top := uint32(0)
	for _, g := range groups {
		top = max(top, g)
	}
	return int(top) + 1
}

// extend makes s at least n long with zero values at its end.
func extend[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		return s[:n]
	}
	grown := make([]T, n, max(n, 2*cap(s)))
	copy(grown, s)
	return grown
}

// count is count(*) and count(x).
type count struct{ n []int64 }

func newCount(*Env, []types.Type, types.Type) (Aggregate, error) { return &count{}, nil }

func (c *count) Add(groups []uint32, args []*vector.Vector, _ int, sel []uint16) error {
	if len(groups) == 0 {
		return nil
	}
	c.n = extend(c.n, maxGroup(groups))
	if len(args) == 0 || len(args[0].Nulls) == 0 {
		if len(c.n) == 1 {
			c.n[0] += int64(len(groups))
			return nil
		}
		for _, g := range groups {
			c.n[g]++
		}
		return nil
	}
	a, idx := args[0], rows(len(groups), sel)
	for k, g := range groups {
		if !a.IsNull(int(idx[k])) {
			c.n[g]++
		}
	}
	return nil
}

func (c *count) Result(n int, out *vector.Vector) error {
	c.n = extend(c.n, n)
	for _, v := range c.n[:n] {
		out.Append(types.Int(v))
	}
	return nil
}

func (c *count) Bytes() int64 { return int64(8 * cap(c.n)) }
