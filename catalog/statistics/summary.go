package statistics

import (
	"math"
	"slices"

	"github.com/rowandb/rowan/types"
)

// summary makes a column's statistics of a sample in the order of the rows. The rules for what is a most common value and
// how many distinct values there are, are PostgreSQL's (commands/analyze.c says where they come from).
type summary struct {
	t        types.Type
	vals     []types.Datum
	total    float64 // rows of the table
	whole    bool    // all rows were seen
	sketched float64 // distinct values of all rows, when they were seen

	sorted []ranked
	nulls  int
	wide   int
	groups []group // of equal values, in order
}

// ranked is a value with its place among the rows of the sample.
type ranked struct {
	d  types.Datum
	at int
}

// group is a run of equal values in sorted.
type group struct{ from, n int }

func (s *summary) column() *Column {
	c := &Column{Type: s.t}
	if len(s.vals) == 0 {
		return c
	}
	n := float64(len(s.vals))
	bytes := 0.0
	for i, d := range s.vals {
		switch {
		case d.Null:
			s.nulls++
		case tooWide(s.t, d):
			s.wide++
			bytes += float64(d.I + 4)
		default:
			bytes += width(s.t, d)
			s.sorted = append(s.sorted, ranked{d, i})
		}
	}
	c.NullFrac = float64(s.nulls) / n
	if k := len(s.vals) - s.nulls; k > 0 {
		c.Width = bytes / float64(k)
	}
	if len(s.sorted)+s.wide == 0 {
		return c
	}
	if !types.Comparable(s.t.Def) {
		return c
	}
	s.group()
	if c.Distinct = s.distinct(c.NullFrac); len(s.sorted) == 0 {
		return c
	}
	common := s.common(c)
	s.histogram(c, common)
	s.correlate(c)
	return c
}

// width is the number of bytes that PostgreSQL stores for a value.
func width(t types.Type, d types.Datum) float64 {
	switch {
	case t.Def != nil && t.Len > 0:
		return float64(t.Len)
	case len(d.S) < 127:
		return float64(len(d.S) + 1)
	}
	return float64(len(d.S) + 4)
}

// group sorts the values and finds runs of equal ones.
func (s *summary) group() {
	cmp := types.Comparer(s.t)
	slices.SortStableFunc(s.sorted, func(a, b ranked) int { return cmp(a.d, b.d) })
	for i := range s.sorted {
		if i > 0 && cmp(s.sorted[i-1].d, s.sorted[i].d) == 0 {
			s.groups[len(s.groups)-1].n++
			continue
		}
		s.groups = append(s.groups, group{i, 1})
	}
}

func (s *summary) repeated() (n int) {
	for _, g := range s.groups {
		if g.n > 1 {
			n++
		}
	}
	return n
}

// distinct estimates the number of distinct values of the table, or minus their share of its rows.
func (s *summary) distinct(nullFrac float64) float64 {
	d := float64(len(s.groups) + s.wide)
	several := s.repeated()
	nonNull := float64(len(s.sorted) + s.wide)
	rows := s.total * (1 - nullFrac)
	switch all := len(s.vals) == int(s.total); {
	case several == 0 && (all || s.sketched == 0 || s.sketched > 0.95*rows):
		return -(1 - nullFrac)
	case all || s.wide == 0 && several == len(s.groups) && s.sketched == 0:
	case s.sketched > 0:
		d = min(max(d, math.Round(s.sketched)), rows)
	default:
		// Haas and Stokes' Duj1.
		once := d - float64(several)
		d = math.Floor(min(max(nonNull*d/(nonNull-once+once*nonNull/rows), d), rows) + 0.5)
	}
	if d > 0.1*s.total {
		return -d / s.total
	}
	return d
}

// common fills in the most common values and returns which groups they are.
func (s *summary) common(c *Column) map[int]bool {
	type counted struct{ g, n int }
	var top []counted
	for i, g := range s.groups {
		if g.n > 1 {
			top = append(top, counted{i, g.n})
		}
	}
	slices.SortStableFunc(top, func(a, b counted) int { return b.n - a.n })
	complete := len(top) == len(s.groups) && s.wide == 0 && c.Distinct > 0 && len(top) <= Target
	top = top[:min(len(top), Target)]
	if !complete {
		counts := make([]int, len(top))
		for i, x := range top {
			counts[i] = x.n
		}
		top = top[:s.uncommon(c, counts)]
	}
	taken := map[int]bool{}
	for _, x := range top {
		taken[x.g] = true
		c.Common = append(c.Common, s.sorted[s.groups[x.g].from].d)
		c.Freqs = append(c.Freqs, float64(x.n)/float64(len(s.vals)))
	}
	return taken
}

// uncommon says how many of the values counted are more common than the others are thought to be on average, by more than
// chance explains.
func (s *summary) uncommon(c *Column, counts []int) int {
	k, n, rows := len(counts), float64(len(s.vals)), s.total
	if n == rows || rows <= 1 {
		return k
	}
	sum := 0.0
	for _, x := range counts[:max(0, k-1)] {
		sum += float64(x)
	}
	for k > 0 {
		share := min(max(1-sum/n-c.NullFrac, 0), 1)
		if others := c.Distincts(rows) - float64(k-1); others > 1 {
			share /= others
		}
		last := float64(counts[k-1])
		in := rows * last / n
		variance := n * in * (rows - in) * (rows - n) / (rows * rows * (rows - 1))
		if last > share*n+2*math.Sqrt(max(0, variance))+0.5 {
			break
		}
		if k--; k > 0 {
			sum -= float64(counts[k-1])
		}
	}
	return k
}

// histogram fills in bounds of as many rows each of the values that are not among the most common.
func (s *summary) histogram(c *Column, common map[int]bool) {
	rest := len(s.groups) - len(common)
	if rest < 2 {
		return
	}
	var vals []types.Datum
	for i, g := range s.groups {
		if common[i] {
			continue
		}
		for _, r := range s.sorted[g.from : g.from+g.n] {
			vals = append(vals, r.d)
		}
	}
	n := min(rest, Target+1)
	for i := range n {
		c.Bounds = append(c.Bounds, vals[i*(len(vals)-1)/(n-1)])
	}
}

func (s *summary) correlate(c *Column) {
	n := float64(len(s.sorted))
	if n < 2 {
		if n == 1 {
			c.Correlation, c.Correlated = 1, true
		}
		return
	}
	at := make([]int, len(s.sorted)) // places among the rows that have a value
	for i, r := range s.sorted {
		at[i] = r.at
	}
	slices.Sort(at)
	place := make(map[int]int, len(at))
	for i, a := range at {
		place[a] = i
	}
	xy := 0.0
	for i, r := range s.sorted {
		xy += float64(i) * float64(place[r.at])
	}
	sum := (n - 1) * n / 2
	squares := (n - 1) * n * (2*n - 1) / 6
	c.Correlation, c.Correlated = (n*xy-sum*sum)/(n*squares-sum*sum), true
}
