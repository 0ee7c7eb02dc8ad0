package parse

// PL is the body of a function in PL/pgSQL, or of DO. Offsets are those in its text, lines count from 1.
type PL struct {
	Block    *PLBlock
	Conflict string // of #variable_conflict: error, use_variable, use_column; "": as the setting says
	Text     string
}

// PLPlace is where something stands in a body.
type PLPlace struct{ Offset, Line int }

// At is the place itself.
func (p PLPlace) At() PLPlace { return p }

// PLExpr is an expression or a statement of SQL within a body; nil where there is none.
type PLExpr struct {
	PLPlace
	Text string
}

// PLName is a name as the body has it, of one or several parts.
type PLName struct {
	PLPlace
	Parts []string
	Text  string
}

// PLType is the name of a type. Of, if it is set, are the parts of a name of which the type is copied: %TYPE, or %ROWTYPE with
// Row.
type PLType struct {
	PLPlace
	Text string
	Of   []string
	Row  bool
}

// PLStmt is a statement.
type PLStmt interface{ At() PLPlace }

// PLBlock is DECLARE … BEGIN … EXCEPTION … END.
type PLBlock struct {
	PLPlace
	Label    string
	Decls    []PLDecl
	Body     []PLStmt
	Catches  bool // EXCEPTION is there
	Handlers []PLHandler
}

// PLDecl declares a variable, an alias or a cursor.
type PLDecl struct {
	PLPlace
	Name     string
	Type     PLType
	Constant bool
	NotNull  bool
	Default  *PLExpr
	Alias    *PLName
	Cursor   *PLCursor
}

// PLCursor is CURSOR (arguments) FOR query.
type PLCursor struct {
	Scroll int // 1: SCROLL, -1: NO SCROLL
	Args   []PLDecl
	Query  *PLExpr
}

// PLHandler is WHEN of EXCEPTION.
type PLHandler struct {
	PLPlace
	Conditions []PLCondition
	Body       []PLStmt
}

// PLCondition is the name of a condition, or a SQLSTATE.
type PLCondition struct {
	PLPlace
	Name  string
	State bool
}

// PLAssign is target := value. Path is what follows the target's name.
type PLAssign struct {
	PLPlace
	Target PLName
	Path   []PLStep
	Value  *PLExpr
	Text   string // all of it
}

// PLStep is .field, [index] or [lower:upper] of what is assigned to.
type PLStep struct {
	Field        string
	Slice        bool
	Lower, Upper *PLExpr // Upper alone for an index
}

// PLIf is IF; the last branch has no condition where there is ELSE.
type PLIf struct {
	PLPlace
	Branches []PLBranch
}

// PLBranch is a condition and what it guards.
type PLBranch struct {
	PLPlace
	Cond *PLExpr
	Body []PLStmt
}

// PLCase is CASE; in one without Value the lists are conditions.
type PLCase struct {
	PLPlace
	Value    *PLExpr
	Branches []PLBranch
	Else     []PLStmt
	HasElse  bool
}

// PLLoop is LOOP, and WHILE with Cond.
type PLLoop struct {
	PLPlace
	Label string
	Cond  *PLExpr
	Body  []PLStmt
}

// PLForInt is FOR over integers.
type PLForInt struct {
	PLPlace
	Label        string
	Var          PLName
	Lower, Upper *PLExpr
	By           *PLExpr
	Reverse      bool
	Body         []PLStmt
}

// PLFor is FOR over rows: of Query, of the text Execute, or of a cursor if Query begins with the name of one.
type PLFor struct {
	PLPlace
	Label   string
	Targets []PLName
	Query   *PLExpr
	Cursor  *PLName
	Args    []PLArg
	Execute *PLExpr
	Using   []*PLExpr
	Body    []PLStmt
}

// PLArg is an argument, by name where it has one.
type PLArg struct {
	Name  string
	Value *PLExpr
}

// PLForEach is FOREACH.
type PLForEach struct {
	PLPlace
	Label   string
	Targets []PLName
	Slice   int
	Array   *PLExpr
	Body    []PLStmt
}

// PLExit is EXIT and CONTINUE.
type PLExit struct {
	PLPlace
	Continue bool
	Label    string
	LabelAt  int
	When     *PLExpr
}

// PLReturn is RETURN.
type PLReturn struct {
	PLPlace
	Value *PLExpr
}

// PLReturnNext is RETURN NEXT.
type PLReturnNext struct {
	PLPlace
	Value *PLExpr
}

// PLReturnQuery is RETURN QUERY.
type PLReturnQuery struct {
	PLPlace
	Query   *PLExpr
	Execute *PLExpr
	Using   []*PLExpr
}

// PLRaise is RAISE.
type PLRaise struct {
	PLPlace
	Level     string // of the error; EXCEPTION is ERROR
	Message   string
	HasText   bool
	Condition string // name or SQLSTATE
	State     bool
	Args      []*PLExpr
	Options   []PLOption
}

// PLOption is an option of USING.
type PLOption struct {
	Name  string
	Value *PLExpr
}

// PLAssert is ASSERT.
type PLAssert struct {
	PLPlace
	Cond, Message *PLExpr
}

// PLInto is INTO.
type PLInto struct {
	Strict  bool
	Targets []PLName
}

// PLSQL is a statement of SQL. Query is its text without INTO.
type PLSQL struct {
	PLPlace
	Query  *PLExpr
	Into   *PLInto
	Call   bool
	Branch string // create, drop or merge, of a statement about a branch
}

// PLPerform is PERFORM; Query is the SELECT that it is.
type PLPerform struct {
	PLPlace
	Query *PLExpr
}

// PLExecute is EXECUTE.
type PLExecute struct {
	PLPlace
	Query *PLExpr
	Into  *PLInto
	Using []*PLExpr
}

// PLDiagnostics is GET DIAGNOSTICS.
type PLDiagnostics struct {
	PLPlace
	Stacked bool
	Items   []PLItem
}

// PLItem is target := kind.
type PLItem struct {
	Target PLName
	Kind   string
}

// PLOpen is OPEN.
type PLOpen struct {
	PLPlace
	Cursor  PLName
	Scroll  int
	Query   *PLExpr
	Execute *PLExpr
	Using   []*PLExpr
	Args    []PLArg
}

// PLFetch is FETCH and MOVE.
type PLFetch struct {
	PLPlace
	Cursor    PLName
	Move      bool
	Direction string // forward, backward, absolute, relative
	All       bool
	Count     int64
	CountExpr *PLExpr
	Into      *PLInto
}

// PLClose is CLOSE.
type PLClose struct {
	PLPlace
	Cursor PLName
}

// PLNull is NULL.
type PLNull struct{ PLPlace }

// PLTransaction is COMMIT and ROLLBACK.
type PLTransaction struct {
	PLPlace
	Rollback bool
	Chain    bool
}
