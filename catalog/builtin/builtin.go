// Package builtin holds PostgreSQL 15's built-in functions, operators, casts and aggregates as data, with PostgreSQL's
// OIDs: the one source for overload resolution in planner/bind and for the rows of pg_proc, pg_operator, pg_cast and
// pg_aggregate. The data are the .tsv files, embedded and parsed once on first use.
//
// It holds no code of functions: executor/kernel has that, keyed by Proc.Source. A Proc without a kernel can be looked up
// but not called; bind answers 0A000 for it. Rowan's own functions (schema rowan) are rows here too.
package builtin

import (
	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/types"
)

// Proc is a row of pg_proc.
type Proc struct {
	OID       types.OID
	Schema    types.OID
	Name      string
	Args      []types.OID // input arguments
	ArgNames  []string    // of all arguments, or nil
	ArgModes  []byte      // of all arguments, or nil when all are input
	AllArgs   []types.OID // of all arguments, or nil when all are input
	Returns   types.OID
	Set       bool // returns a set
	Kind      byte // f function, p procedure, a aggregate, w window
	Strict    bool
	Volatile  byte // i immutable, s stable, v volatile
	Variadic  types.OID
	NDefaults int
	Defaults  []string // SQL of the last NDefaults arguments
	Source    string   // pg_proc.prosrc: the key of the kernel
	Leakproof bool
	Parallel  byte
	Language  types.OID // 12 internal, 13 c, 14 sql; a function in SQL has its own Source, not prosrc
	Cost      float32
	Rows      float32
	Support   types.OID
	Comment   string
	User      bool // made by a user with CREATE FUNCTION (not built in)

	Function *catalog.Function // of a user's function
	Ref      catalog.Ref       // what unqualified relations mean in its body: a view at a point calls the functions of then
}

// Operator is a row of pg_operator.
type Operator struct {
	OID         types.OID
	Name        string
	Kind        byte // b binary, l prefix
	Left, Right types.OID
	Result      types.OID
	Commutator  types.OID
	Negator     types.OID
	Proc        types.OID
	CanMerge    bool
	CanHash     bool
	Restrict    types.OID // oprrest, oprjoin: shown in pg_operator only
	Join        types.OID
	Comment     string
}

// CastContext is pg_cast.castcontext.
type CastContext byte

// When a cast may be applied.
const (
	CastImplicit   CastContext = 'i'
	CastAssignment CastContext = 'a'
	CastExplicit   CastContext = 'e'
)

// Cast is a row of pg_cast. Method is f (function Proc), i (input and output functions) or b (binary coercible).
type Cast struct {
	OID            types.OID
	Source, Target types.OID
	Proc           types.OID
	Context        CastContext
	Method         byte
}

// Aggregate is a row of pg_aggregate. The fields from Trans on are only shown: executor/kernel has aggregates of its own.
type Aggregate struct {
	Proc      types.OID
	Kind      byte // n normal, o ordered set, h hypothetical set
	NDirect   int
	SortOp    types.OID // of min and max
	TransType types.OID
	Initial   *string // nil: NULL

	Trans, Final, Combine, Serial, Deserial, MTrans, MInvTrans, MFinal types.OID

	FinalExtra, MFinalExtra   bool
	FinalModify, MFinalModify byte
	TransSpace                int
	MTransType                types.OID
	MTransSpace               int
	MInitial                  *string
}
