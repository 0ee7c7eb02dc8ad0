package session

import (
	"context"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner/parse"
)

// raiseAgain is RAISE without anything: the error that is being handled goes on.
func raiseAgain(handled *pgerr.Error, line int) error {
	if handled == nil {
		return at(pgerr.New(pgerrcode.StackedDiagnosticsAccessedWithoutActiveHandler, "RAISE without parameters cannot be used outside an exception handler"), line, "RAISE")
	}
	return handled
}

// raise is RAISE: a notice, or an error.
func (d *doBlock) raise(ctx context.Context, r *parse.BlockRaise) error {
	e := pgerr.New(pgerrcode.RaiseException, "%s", r.Condition)
	if r.Condition != "" {
		e.Code = conditionCode(r.Condition)
	}
	if r.Message != "" {
		text, err := d.message(ctx, r)
		if err != nil {
			return err
		}
		e.Message = text
	}
	if err := d.raiseOptions(ctx, r, e); err != nil {
		return err
	}
	if r.Level == "EXCEPTION" {
		return e
	}
	e.Severity = r.Level
	if e.Code == pgerrcode.RaiseException {
		e.Code = map[bool]string{true: pgerrcode.Warning, false: pgerrcode.SuccessfulCompletion}[r.Level == "WARNING"]
	}
	return d.out.Notice(e)
}

// conditionCode is the SQLSTATE of a condition's name, or what is one already.
func conditionCode(name string) string {
	if code, ok := conditionCodes()[strings.ToLower(name)]; ok {
		return code
	}
	return name
}

// message puts the parameters where the percent signs are.
func (d *doBlock) message(ctx context.Context, r *parse.BlockRaise) (string, error) {
	var b strings.Builder
	next := 0
	for i := 0; i < len(r.Message); i++ {
		switch {
		case r.Message[i] != '%':
			b.WriteByte(r.Message[i])
		case strings.HasPrefix(r.Message[i:], "%%"):
			b.WriteByte('%')
			i++
		case next == len(r.Params):
			return "", pgerr.New(pgerrcode.SyntaxError, "too few parameters specified for RAISE")
		default:
			v, err := d.value(ctx, r.Params[next])
			if err != nil {
				return "", err
			}
			if next++; v.Null {
				v.S = "<NULL>"
			}
			b.WriteString(v.S)
		}
	}
	if next < len(r.Params) {
		return "", pgerr.New(pgerrcode.SyntaxError, "too many parameters specified for RAISE")
	}
	return b.String(), nil
}

func (d *doBlock) raiseOptions(ctx context.Context, r *parse.BlockRaise, e *pgerr.Error) error {
	for name, expr := range r.Options {
		v, err := d.value(ctx, expr)
		if err != nil {
			return err
		}
		if v.Null {
			return pgerr.New(pgerrcode.NullValueNotAllowedDataException, "RAISE statement option cannot be null")
		}
		switch name {
		case "ERRCODE":
			e.Code = conditionCode(v.S)
			if e.Message == "" {
				e.Message = v.S
			}
		case "MESSAGE":
			e.Message = v.S
		case "DETAIL":
			e.Detail = v.S
		case "HINT":
			e.Hint = v.S
		case "COLUMN":
			e.Column = v.S
		case "CONSTRAINT":
			e.Constraint = v.S
		case "DATATYPE":
			e.DataType = v.S
		case "TABLE":
			e.Table = v.S
		case "SCHEMA":
			e.Schema = v.S
		}
	}
	return nil
}
