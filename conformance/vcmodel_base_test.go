package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// vcOdd begins a cell that two bases have differently: it is like nothing else.
const vcOdd = "odd"

var vcOdds int

// vcVirtual is the merge of two states that a merge begins from.
func vcVirtual(base, left, right *vcState) (*vcState, string) {
	out := &vcState{tables: map[string]*vcTable{}}
	all := maps.Clone(left.tables)
	maps.Copy(all, right.tables)
	for id := range all {
		b, l, r := base.tables[id], left.tables[id], right.tables[id]
		var into *vcTable
		switch {
		case sameTable(l, r), sameTable(b, r):
			into = l
		case sameTable(b, l):
			into = r
		case l == nil:
			into = r
		case r == nil:
			into = l
		case b == nil:
			return nil, "two bases made one table"
		default:
			var p vcPicker
			if into = p.table(b, l, r); len(p.clashes) > 0 {
				return nil, "the bases contradict each other"
			}
		}
		if into == nil {
			continue
		}
		if l != nil && r != nil && (l.space != r.space || b != nil && b.space != l.space) {
			return nil, "rows were rewritten between the bases"
		}
		into = into.clone()
		into.rows = vcVirtualRows(into, b, l, r)
		out.tables[id] = into
	}
	return out, ""
}

func vcVirtualRows(into, base, left, right *vcTable) map[int]vcRow {
	b, l, r := vcView{base, into}, vcView{left, into}, vcView{right, into}
	keys := map[int]bool{}
	for _, t := range []*vcTable{left, right} {
		if t != nil {
			for k := range t.rows {
				keys[k] = true
			}
		}
	}
	unclear := func(k int) bool {
		return slices.ContainsFunc([]*vcTable{base, left, right}, func(t *vcTable) bool { return t != nil && t.rows[k][vcUnclear] != "" })
	}
	if base != nil {
		for k := range base.rows {
			keys[k] = keys[k] || unclear(k)
		}
	}
	out := map[int]vcRow{}
	for k := range keys {
		p, inBase := b.row(k)
		x, inLeft := l.row(k)
		y, inRight := r.row(k)
		if unclear(k) {
			out[k] = vcRow{vcUnclear: "yes"}
			continue
		}
		switch {
		case !inLeft && !inRight:
		case inLeft != inRight:
			one := x
			if inRight {
				one = y
			}
			switch {
			case !inBase:
				out[k] = one
			case !maps.Equal(p, one):
				out[k] = vcRow{vcUnclear: "yes"}
			}
		default:
			row := vcRow{}
			for id := range x {
				switch {
				case x[id] == y[id], inBase && p[id] == y[id]:
					row[id] = x[id]
				case inBase && p[id] == x[id]:
					row[id] = y[id]
				default:
					vcOdds++
					row[id] = vcOdd + strconv.Itoa(vcOdds)
				}
			}
			out[k] = row
		}
	}
	return out
}

// vcPolicy merges two values as a column's policy says.
func vcPolicy(policy, b, s, t string) (string, bool) {
	switch policy {
	case "max", "min":
		x, err1 := strconv.Atoi(s)
		y, err2 := strconv.Atoi(t)
		switch {
		case err1 != nil:
			return t, true
		case err2 != nil:
			return s, true
		case (x > y) == (policy == "max"):
			return s, true
		}
		return t, true
	case "sum":
		x, err1 := strconv.Atoi(s)
		y, err2 := strconv.Atoi(t)
		z, _ := strconv.Atoi(b)
		return strconv.Itoa(x + y - z), err1 == nil && err2 == nil
	case "union":
		return vcUnion(b, s, t)
	case "json":
		return vcJSON(b, s, t)
	}
	return "", false
}

func vcUnion(b, s, t string) (string, bool) {
	if s == vcNull || t == vcNull {
		return "", false
	}
	list := func(v string) (out []string) {
		if v = strings.Trim(v, "[]"); v != "" && v != vcNull {
			out = strings.Split(v, ", ")
		}
		return out
	}
	var out []string
	for _, x := range list(t) {
		if slices.Contains(list(s), x) || !slices.Contains(list(b), x) {
			out = append(out, x)
		}
	}
	for _, x := range list(s) {
		if !slices.Contains(list(b), x) && !slices.Contains(list(t), x) {
			out = append(out, x)
		}
	}
	return "[" + strings.Join(out, ", ") + "]", true
}

// vcJSON merges objects member by member; a value that is not there is "".
func vcJSON(b, s, t string) (string, bool) {
	gone := func(v string) string {
		if v == vcNull {
			return ""
		}
		return v
	}
	v, ok := vcMember(gone(b), gone(s), gone(t))
	if v == "" {
		v = vcNull
	}
	return v, ok
}

func vcMember(b, s, t string) (string, bool) {
	switch {
	case s == t, b == s:
		return t, true
	case b == t:
		return s, true
	case !strings.HasPrefix(s, "{") || !strings.HasPrefix(t, "{"):
		return "", false
	}
	members := func(v string) map[string]json.RawMessage {
		out := map[string]json.RawMessage{}
		_ = json.Unmarshal([]byte(v), &out) // what is no object has no members
		return out
	}
	x, y, z := members(b), members(s), members(t)
	var out []string
	for k := range joined(y, z) {
		v, ok := vcMember(string(x[k]), string(y[k]), string(z[k]))
		if !ok {
			return "", false
		}
		if v != "" {
			out = append(out, fmt.Sprintf("%q: %s", k, v))
		}
	}
	sort.Strings(out)
	return "{" + strings.Join(out, ", ") + "}", true
}

func joined(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
