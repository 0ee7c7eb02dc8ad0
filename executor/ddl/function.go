package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types"
)

func (s *stmt) createFunction(ctx context.Context, c *command.CreateFunction) error {
	f := *c.Function
	at, err := s.temporary(ctx, command.Target{Schema: f.Schema, Temp: c.Temp})
	if err != nil {
		return err
	}
	f.Schema = at.Schema
	if err := s.mayCreate(f.Schema); err != nil {
		return err
	}
	if old := s.sameFunction(&f); old != nil {
		if !c.Replace {
			return pgerr.New(pgerrcode.DuplicateFunction, "function \"%s\" already exists with same argument types", f.Name)
		}
		if err := s.mustOwn(old); err != nil {
			return err
		}
		if old.Kind != f.Kind {
			return pgerr.New(pgerrcode.WrongObjectType, "cannot change routine kind").WithDetail("\"%s\" is a %s.", f.Name, kindOf(old))
		}
		if err := s.replaceable(old, &f); err != nil {
			return err
		}
		if c.Invalid != nil {
			return c.Invalid
		}
		f.Header = old.Header
		return s.view.Put(ctx, &f)
	}
	if c.Invalid != nil {
		return c.Invalid
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	f.OID, f.Owner = id, s.Role
	s.applyDefaults('f', f.Schema, &f.Header, &f)
	return s.view.Put(ctx, &f)
}

// replaceable refuses a new definition that those who call the function by the old one would not expect.
func (s *stmt) replaceable(old, f *catalog.Function) error {
	refuse := func(format string, args ...any) *pgerr.Error {
		word := "FUNCTION"
		if old.Kind == 'p' {
			word = "PROCEDURE"
		}
		return pgerr.New(pgerrcode.InvalidFunctionDefinition, format, args...).WithHint("Use DROP %s %s first.", word, s.signature(old))
	}
	if old.Returns != f.Returns || old.ReturnsSet != f.ReturnsSet {
		return refuse("cannot change return type of existing %s", kindOf(old))
	}
	if f.Returns == types.OIDRecord && !slices.EqualFunc(outputs(old), outputs(f), func(x, y catalog.Column) bool { return x.Name == y.Name && x.TypeOID == y.TypeOID }) {
		return refuse("cannot change return type of existing %s", kindOf(old)).WithDetail("Row type defined by OUT parameters is different.")
	}
	was, is := inputNames(old), inputNames(f)
	for i, n := range was {
		if n != "" && (i >= len(is) || is[i] != n) {
			return refuse("cannot change name of input parameter \"%s\"", n)
		}
	}
	if len(f.Defaults) < len(old.Defaults) {
		return refuse("cannot remove parameter defaults from existing function")
	}
	return nil
}

// outputs are the names and types of what a function returns by its parameters.
func outputs(f *catalog.Function) []catalog.Column {
	var out []catalog.Column
	for i, m := range f.ArgModes {
		if m == 'o' || m == 'b' || m == 't' {
			c := catalog.Column{TypeOID: f.ArgTypes[i]}
			if i < len(f.ArgNames) {
				c.Name = f.ArgNames[i]
			}
			out = append(out, c)
		}
	}
	return out
}

func inputNames(f *catalog.Function) []string {
	var out []string
	for i, n := range f.ArgNames {
		if i >= len(f.ArgModes) || f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			out = append(out, n)
		}
	}
	return out
}

// sameFunction finds the function of that name with the same input arguments.
func (s *stmt) sameFunction(f *catalog.Function) *catalog.Function {
	for _, o := range s.cat().Functions(f.Schema, f.Name) {
		if slices.Equal(inputs(o), inputs(f)) {
			return o
		}
	}
	return nil
}

func inputs(f *catalog.Function) []catalog.OID {
	var out []catalog.OID
	for i, id := range f.ArgTypes {
		if i >= len(f.ArgModes) || f.ArgModes[i] != 'o' && f.ArgModes[i] != 't' {
			out = append(out, id)
		}
	}
	return out
}

func (s *stmt) alterFunction(ctx context.Context, c *command.AlterFunction) error {
	old, ok := s.cat().Object(c.Function).(*catalog.Function)
	if !ok {
		return pgerr.New(pgerrcode.UndefinedFunction, "function with OID %d does not exist", c.Function)
	}
	if err := s.mustOwn(old); err != nil {
		return err
	}
	f := catalog.CloneObject(old).(*catalog.Function)
	if c.Volatile != 0 {
		f.Volatile = c.Volatile
	}
	if c.Parallel != 0 {
		f.Parallel = c.Parallel
	}
	if c.Cost != 0 {
		f.Cost = c.Cost
	}
	if c.Rows != 0 {
		f.Rows = c.Rows
	}
	for _, x := range []struct {
		to *bool
		v  *bool
	}{{&f.Strict, c.Strict}, {&f.Security, c.Security}, {&f.Leakproof, c.Leakproof}} {
		if x.v != nil {
			*x.to = *x.v
		}
	}
	f.Config = mergeOptions(f.Config, c.Reset, true)
	if slices.Contains(c.Reset, "all") {
		f.Config = nil
	}
	f.Config = mergeOptions(f.Config, c.Set, false)
	return s.view.Put(ctx, f)
}

// domainCheckOver makes a format of a domain's check in which %s stands for VALUE.
func domainCheckOver(check string) string {
	var b strings.Builder
	for i := 0; i < len(check); {
		switch c := check[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(check[i+1:], c)
			if end < 0 {
				end = len(check) - i - 2
			}
			b.WriteString(strings.ReplaceAll(check[i:i+end+2], "%", "%%"))
			i += end + 2
		case strings.HasPrefix(check[i:], "VALUE") && !wordByte(check, i-1) && !wordByte(check, i+5):
			b.WriteString("%[1]s")
			i += 5
		case c == '%':
			b.WriteString("%%")
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

func wordByte(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
