package storage

import (
	"errors"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/pgerr"
)

// violationKinds names the errors that say which constraint a row breaks.
var violationKinds = map[string]string{
	pgerrcode.CheckViolation: "check", pgerrcode.ForeignKeyViolation: "foreign_key", pgerrcode.UniqueViolation: "unique",
	pgerrcode.NotNullViolation: "not_null", pgerrcode.ExclusionViolation: "exclusion",
}

// ViolationOf describes what an error says of a row of a table; Kind is "" when it is about no constraint.
func ViolationOf(t *catalog.Table, err error) Violation {
	v := Violation{Table: t.Name, TableOID: t.OID, Owner: t.OID}
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return v
	}
	v.Code, v.Kind, v.Constraint, v.Message, v.Detail = e.Code, violationKinds[e.Code], e.Constraint, e.Message, e.Detail
	if v.Kind == "not_null" {
		v.Constraint = e.Column
	}
	return v
}
