package pgcatalog

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/catalog/builtin"
	"github.com/rowandb/rowan/types"
)

var _ = register(map[string]maker{
	"pg_proc": pgProc, "pg_operator": pgOperator, "pg_cast": pgCast, "pg_aggregate": pgAggregate, "pg_am": pgAm, "pg_opclass": pgOpclass,
	"pg_opfamily": pgOpfamily, "pg_amop": pgAmop, "pg_amproc": pgAmproc, "pg_language": pgLanguage,
})

func pgProc(b *builder) error {
	for _, p := range builtin.AllProcs() {
		b.procRow(p)
	}
	for _, o := range b.Catalog.Objects() {
		if f, ok := o.(*catalog.Function); ok {
			b.userFunction(f)
		}
	}
	return nil
}

func (b *builder) procRow(p *builtin.Proc) {
	var all, modes, names any
	if p.AllArgs != nil {
		all = p.AllArgs
	}
	if p.ArgModes != nil {
		modes = letters(p.ArgModes)
	}
	if p.ArgNames != nil {
		names = p.ArgNames
	}
	lang := p.Language
	if lang == 0 {
		lang = 12
	}
	var defaults any
	if len(p.Defaults) > 0 {
		defaults = join(p.Defaults)
	}
	b.add(p.OID, p.Name, p.Schema, catalog.Superuser, lang, float64(p.Cost), float64(p.Rows), p.Variadic, p.Support, p.Kind, false, p.Leakproof, p.Strict, p.Set,
		p.Volatile, p.Parallel, len(p.Args), p.NDefaults, p.Returns, p.Args, all, modes, names, defaults, nil, p.Source, nil, nil, nil, nil)
}

func letters(b []byte) []string {
	out := []string{}
	for _, c := range b {
		out = append(out, string(rune(c)))
	}
	return out
}

func join(parts []string) string {
	s := ""
	for i, p := range parts {
		if i > 0 {
			s += ", "
		}
		s += p
	}
	return s
}

func (b *builder) userFunction(f *catalog.Function) {
	lang := catalog.OID(14)
	for _, l := range builtin.AllLanguages() {
		if l.Name == f.Language {
			lang = l.OID
		}
	}
	in, out := inputs(f)
	var all, modes, names, defaults any
	if out {
		all, modes = f.ArgTypes, letters(f.ArgModes)
	}
	for _, n := range f.ArgNames {
		if n != "" {
			names = f.ArgNames
		}
	}
	if len(f.Defaults) > 0 {
		defaults = join(f.Defaults)
	}
	cost, rows := float64(f.Cost), 0.0
	if cost == 0 {
		cost = 100
	}
	if f.ReturnsSet {
		rows = max(float64(f.Rows), 0)
		if rows == 0 {
			rows = 1000
		}
	}
	var body any
	if f.Standard() {
		body = join(f.Atomic)
	}
	b.add(f.OID, f.Name, f.Schema, f.Owner, lang, cost, rows, b.variadic(f), 0, f.Kind, f.Security, f.Leakproof, f.Strict, f.ReturnsSet, f.Volatile, f.Parallel, len(in),
		len(f.Defaults), f.Returns, in, all, modes, names, defaults, nil, f.Body, nil, body, f.Config, b.acl(f.Header))
}

// variadic is the type of the elements of a VARIADIC parameter; 0: there is none.
func (b *builder) variadic(f *catalog.Function) catalog.OID {
	for i, m := range f.ArgModes {
		if m != 'v' {
			continue
		}
		switch id := f.ArgTypes[i]; id {
		case types.OIDAny:
			return id
		case types.OIDAnyArray:
			return types.OIDAnyElement
		case types.OIDAnyCompatibleArray:
			return types.OIDAnyCompatible
		default:
			if d := b.Catalog.TypeByOID(id); d != nil && d.Elem != nil {
				return d.Elem.OID
			}
		}
	}
	return 0
}

// inputs returns a function's input argument types, and whether it has others.
func inputs(f *catalog.Function) (in []catalog.OID, out bool) {
	for i, t := range f.ArgTypes {
		mode := byte('i')
		if i < len(f.ArgModes) {
			mode = f.ArgModes[i]
		}
		if mode == 'o' || mode == 't' {
			out = true
			continue
		}
		out = out || mode != 'i'
		in = append(in, t)
	}
	return in, out
}

func pgOperator(b *builder) error {
	for _, o := range builtin.AllOperators() {
		b.add(o.OID, o.Name, catalog.PgCatalog, catalog.Superuser, o.Kind, o.CanMerge, o.CanHash, o.Left, o.Right, o.Result, o.Commutator, o.Negator, o.Proc, o.Restrict, o.Join)
	}
	return nil
}

func pgCast(b *builder) error {
	for _, c := range builtin.AllCasts() {
		b.add(c.OID, c.Source, c.Target, c.Proc, byte(c.Context), c.Method)
	}
	return nil
}

func pgAggregate(b *builder) error {
	for _, a := range builtin.AllAggregates() {
		b.add(a.Proc, a.Kind, a.NDirect, a.Trans, a.Final, a.Combine, a.Serial, a.Deserial, a.MTrans, a.MInvTrans, a.MFinal, a.FinalExtra, a.MFinalExtra,
			a.FinalModify, a.MFinalModify, a.SortOp, a.TransType, a.TransSpace, a.MTransType, a.MTransSpace, optional(a.Initial), optional(a.MInitial))
	}
	return nil
}

func pgAm(b *builder) error {
	for _, a := range builtin.AllAccessMethods() {
		b.add(a.OID, a.Name, a.Handler, a.Kind)
	}
	return nil
}

func pgOpclass(b *builder) error {
	for _, c := range builtin.AllOpClasses() {
		b.add(c.OID, c.Method, c.Name, catalog.PgCatalog, catalog.Superuser, c.Family, c.Input, c.Default, c.Key)
	}
	return nil
}

func pgOpfamily(b *builder) error {
	for _, f := range builtin.AllOpFamilies() {
		b.add(f.OID, f.Method, f.Name, catalog.PgCatalog, catalog.Superuser)
	}
	return nil
}

func pgAmop(b *builder) error {
	for _, a := range builtin.AllAmOps() {
		b.add(a.OID, a.Family, a.Left, a.Right, a.Strategy, a.Purpose, a.Operator, a.Method, a.Sort)
	}
	return nil
}

func pgAmproc(b *builder) error {
	for _, a := range builtin.AllAmProcs() {
		b.add(a.OID, a.Family, a.Left, a.Right, a.Number, a.Proc)
	}
	return nil
}

func pgLanguage(b *builder) error {
	for _, l := range builtin.AllLanguages() {
		b.add(l.OID, l.Name, catalog.Superuser, l.IsPL, l.Trusted, l.Handler, l.Inline, l.Validator, nil)
	}
	return nil
}

// optional is nil for no text.
func optional(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
