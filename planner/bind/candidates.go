package bind

import "github.com/rowandb/rowan/types"

// candidate is a function or operator that a call may mean: its argument types as they apply to this call.
type candidate interface{ argTypes() []*types.Def }

// matching keeps the candidates that the actual types can be coerced to implicitly.
func matching[C candidate](b *binder, actual []*types.Def, all []C) []C {
	var out []C
	for _, c := range all {
		if b.canCoerce(actual, c.argTypes(), implicit) {
			out = append(out, c)
		}
	}
	return out
}

// choose applies PostgreSQL's rules to more than one matching candidate; ok is false when they do not decide.
func choose[C candidate](b *binder, actual []*types.Def, cands []C) (best C, ok bool) {
	base := make([]*types.Def, len(actual))
	unknowns := 0
	for i, t := range actual {
		if base[i] = baseType(t); t.OID == types.OIDUnknown {
			unknowns++
		}
	}
	cands = mostMatches(cands, func(args []*types.Def) int { return exactMatches(base, args) })
	if len(cands) == 1 {
		return cands[0], true
	}
	cands = mostMatches(cands, func(args []*types.Def) int { return preferredMatches(base, args) })
	if len(cands) == 1 {
		return cands[0], true
	}
	if unknowns == 0 {
		return best, false
	}
	cands = byCategory(base, cands)
	if len(cands) == 1 {
		return cands[0], true
	}
	if unknowns < len(actual) {
		return assumeKnown(b, base, cands)
	}
	return best, false
}

// mostMatches keeps the candidates with the highest score.
func mostMatches[C candidate](cands []C, score func([]*types.Def) int) []C {
	var out []C
	top := -1
	for _, c := range cands {
		switch n := score(c.argTypes()); {
		case n > top:
			top, out = n, append(out[:0:0], c)
		case n == top:
			out = append(out, c)
		}
	}
	return out
}

func exactMatches(actual, args []*types.Def) int {
	n := 0
	for i, a := range actual {
		if a.OID != types.OIDUnknown && args[i].OID == a.OID {
			n++
		}
	}
	return n
}

func preferredMatches(actual, args []*types.Def) int {
	n := 0
	for i, a := range actual {
		if a.OID == types.OIDUnknown {
			continue
		}
		if args[i].OID == a.OID || args[i].Category == a.Category && args[i].Preferred {
			n++
		}
	}
	return n
}

// byCategory decides by the type categories that the candidates want for untyped literals, strings first. If that leaves
// none, all stay.
func byCategory[C candidate](actual []*types.Def, cands []C) []C {
	category := make([]byte, len(actual))
	preferred := make([]bool, len(actual))
	for i, a := range actual {
		if a.OID != types.OIDUnknown {
			continue
		}
		conflict := false
		for _, c := range cands {
			t := c.argTypes()[i]
			switch {
			case category[i] == 0:
				category[i], preferred[i] = t.Category, t.Preferred
			case t.Category == category[i]:
				preferred[i] = preferred[i] || t.Preferred
			case t.Category == 'S':
				category[i], preferred[i] = 'S', t.Preferred
			default:
				conflict = true
			}
		}
		if conflict && category[i] != 'S' {
			return cands
		}
	}
	var out []C
	for _, c := range cands {
		keep := true
		for i, a := range actual {
			t := c.argTypes()[i]
			if a.OID == types.OIDUnknown && (t.Category != category[i] || preferred[i] && !t.Preferred) {
				keep = false
			}
		}
		if keep {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return cands
	}
	return out
}

// assumeKnown takes untyped literals for the type that all other arguments have.
func assumeKnown[C candidate](b *binder, actual []*types.Def, cands []C) (best C, ok bool) {
	var known *types.Def
	for _, a := range actual {
		switch {
		case a.OID == types.OIDUnknown:
		case known == nil:
			known = a
		case known.OID != a.OID:
			return best, false
		}
	}
	if known == nil {
		return best, false
	}
	same := make([]*types.Def, len(actual))
	for i := range same {
		same[i] = known
	}
	for _, c := range cands {
		if !b.canCoerce(same, c.argTypes(), implicit) {
			continue
		}
		if ok {
			return best, false
		}
		best, ok = c, true
	}
	return best, ok
}
