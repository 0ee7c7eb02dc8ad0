package api

import (
	"context"
	"iter"
	"time"
)

// Table is a table or view of a branch.
type Table struct {
	Name, Schema string
	Kind         string // table, view
	Rows, Size   int64  // bytes
	Columns      []Column
	Key          []string // columns of the primary key
	Indexes      []Index  // but for the primary key's
	Created      time.Time
}

// Column is a column of a table.
type Column struct {
	Name, Type string
	Nullable   bool
	PrimaryKey bool
	Generated  bool
	Default    string
}

// Index is an index of a table. An expression has no name among its columns.
type Index struct {
	Name, Method string
	Columns      []string
	Unique       bool
}

// NewTable is a table to be made. Types and defaults are SQL, as they stand in CREATE TABLE.
type NewTable struct {
	Name    string
	Columns []NewColumn
	Key     []string
}

// NewColumn is a column of a NewTable.
type NewColumn struct {
	Name, Type, Default string
	NotNull             bool
}

// Selection asks for rows of a table. Columns, Filter and OrderBy are SQL as clients write it behind SELECT, WHERE and
// ORDER BY; "" are all columns, all rows, and the order of the primary key.
type Selection struct {
	Branch, Table, Point     string
	Columns, Filter, OrderBy string
	Limit, Offset            int
}

// Page is a part of a table's rows. Total counts all that the filter lets through.
type Page struct {
	Columns, Types []string
	Rows           *Rows
	Total          int64
}

// Insertion adds rows, given as JSON objects: all or none.
type Insertion struct {
	Branch, Table string
	Rows          iter.Seq2[map[string]any, error]
	OnConflict    string // error, ignore, update
	// Create says what table to make where there is none; nil: none is made.
	Create func() (NewTable, error)
	IDs    bool // are wanted
	Text   bool // strings are PostgreSQL's texts of values, also for columns of JSON
}

// Inserted says what an Insertion did. IDs are the values of the primary key: arrays where it has several columns.
type Inserted struct {
	Rows    int64
	IDs     []any
	Created bool // the table was made
}

// RowSink takes a table's rows one after another: values as texts, nil being NULL. An error ends them. Values hold until the
// next call.
type RowSink interface {
	Begin(Table) error
	Row(values [][]byte) error
}

// Tables are the tables of a branch, and their rows.
type Tables interface {
	Tables(ctx context.Context, p Principal, branch string) ([]Table, error)
	Table(ctx context.Context, p Principal, branch, table string) (Table, error)
	Select(ctx context.Context, p Principal, s Selection) (Page, error)
	// Export gives all rows of a selection to a sink as they are read; its Columns, Limit and Offset do not count. Values are
	// JSON, or for text PostgreSQL's texts.
	Export(ctx context.Context, p Principal, s Selection, text bool, to RowSink) error
	// Definition is the statement that makes a table.
	Definition(t NewTable) (string, error)
	CreateTable(ctx context.Context, p Principal, branch string, t NewTable) (Table, error)
	DropTable(ctx context.Context, p Principal, branch, table string, cascade bool) error
	// Timeline is the newest transactions that changed a table's rows.
	Timeline(ctx context.Context, p Principal, branch, table string, limit int) ([]Change, error)
	Insert(ctx context.Context, p Principal, in Insertion) (Inserted, error)
	Update(ctx context.Context, p Principal, branch, table, filter string, values map[string]any) (int64, error)
	Delete(ctx context.Context, p Principal, branch, table, filter string) (int64, error)
}
