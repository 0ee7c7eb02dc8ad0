package vector

import "github.com/rowandb/rowan/types"

// Field describes one column of a result, as RowDescription has it.
type Field struct {
	Name      string
	Type      types.Type
	TableOID  types.OID // 0: not a plain column
	Attribute int16     // pg_attribute.attnum, 0: not a plain column
}

// Sink takes one statement's result while the statement runs. The calls come in this order:
// Fields? Rows* then Complete or Empty; Notice at any time. A batch given to Rows holds only during the call.
type Sink interface {
	Fields(f []Field) error
	Rows(b *Batch) error
	Complete(tag string) error
	Empty() error
	Notice(err error) error
	// CopyIn begins COPY FROM STDIN: the reader yields the client's CopyData bytes and ends with io.EOF at CopyDone or
	// with the client's error at CopyFail.
	CopyIn(format CopyFormat) (CopyReader, error)
	// CopyOut begins COPY TO STDOUT.
	CopyOut(format CopyFormat) (CopyWriter, error)
}

// CopyFormat is what CopyInResponse and CopyOutResponse announce.
type CopyFormat struct {
	Binary  bool
	Columns int
}

// CopyReader yields the chunks that the client sends. A chunk holds until the next call; chunks are not aligned to rows.
type CopyReader interface {
	Next() ([]byte, error)
}

// CopyWriter takes the bytes of one or more whole rows a call.
type CopyWriter interface {
	Write(rows []byte) error
	Close() error
}
