package ddl

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/command"
)

func (s *stmt) createFunction(ctx context.Context, c *command.CreateFunction) error {
	if err := s.mayCreate(c.Function.Schema); err != nil {
		return err
	}
	f := *c.Function
	if old := s.sameFunction(&f); old != nil {
		if !c.Replace {
			return pgerr.New(pgerrcode.DuplicateFunction, "function %q already exists with same argument types", f.Name)
		}
		if err := s.mustOwn(old); err != nil {
			return err
		}
		if old.Kind != f.Kind {
			return pgerr.New(pgerrcode.WrongObjectType, "cannot change routine kind").WithDetail("%q is a %s.", f.Name, kindOf(old))
		}
		if old.Returns != f.Returns || old.ReturnsSet != f.ReturnsSet {
			return pgerr.New(pgerrcode.InvalidFunctionDefinition, "cannot change return type of existing function").
				WithHint("Use DROP FUNCTION %s first.", s.signature(old))
		}
		f.Header = old.Header
		return s.view.Put(ctx, &f)
	}
	id, err := s.oid(ctx)
	if err != nil {
		return err
	}
	f.OID, f.Owner = id, s.Role
	s.applyDefaults('f', f.Schema, &f.Header, &f)
	return s.view.Put(ctx, &f)
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
