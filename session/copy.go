package session

import (
	"context"
	"os"
	"strconv"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/catalog"
	"github.com/rowandb/rowan/executor"
	"github.com/rowandb/rowan/executor/copy"
	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/planner"
	"github.com/rowandb/rowan/planner/command"
	"github.com/rowandb/rowan/types/vector"
)

// copy runs COPY.
func (s *Session) copy(ctx context.Context, p *planned, c *command.Copy, out *output) (string, error) {
	if c.Program {
		return "", pgerr.Unsupported("COPY with PROGRAM")
	}
	if c.File != "" && !s.isSuperuser() {
		return "", pgerr.New(pgerrcode.InsufficientPrivilege, "must be superuser or have privileges of the pg_read_server_files role to COPY from a file").
			WithHint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.")
	}
	if c.File != "" {
		if err := s.needs("admin"); err != nil { // the server's files are no data of a branch
			return "", err
		}
	}
	run := s.copyTo
	if c.From {
		run = s.copyFrom
	}
	n, err := run(ctx, p.plan, c, out)
	if err != nil {
		return "", err
	}
	return "COPY " + strconv.FormatInt(n, 10), s.endStatement(ctx, map[bool]string{true: "COPY", false: ""}[c.From])
}

func (s *Session) isSuperuser() bool {
	r := s.global().RoleByName(s.user)
	return r != nil && r.Superuser
}

// copyFrom feeds the client's rows, or a file's, to the plan that inserts them.
func (s *Session) copyFrom(ctx context.Context, plan *planner.Plan, c *command.Copy, out *output) (int64, error) {
	if err := s.checkWritable(ctx, plan); err != nil {
		return 0, err
	}
	if err := s.checkAccess(plan); err != nil {
		return 0, err
	}
	cfg := copy.Config{Options: c.Options, Table: c.Table.Name, Format: &s.settings.format}
	for _, id := range c.Columns {
		col := c.Table.ColumnByID(id)
		taken, err := s.takenAt(ctx, col.Type, c.Ref)
		if err != nil {
			return 0, err
		}
		cfg.Names, cfg.Types, cfg.Taken = append(cfg.Names, col.Name), append(cfg.Types, col.Type), append(cfg.Taken, taken)
	}
	next, done, err := s.copySource(c, len(cfg.Names), out)
	if err != nil {
		return 0, err
	}
	defer done()
	r := copy.NewReader(cfg, next)
	env := s.env(ctx, nil)
	env.Feed, env.Places = r.Next, r
	return executor.Run(ctx, plan.Root, env, nil)
}

// copySource yields the chunks to be parsed.
func (s *Session) copySource(c *command.Copy, columns int, out *output) (next func() ([]byte, error), done func(), err error) {
	if c.File == "" {
		r, err := out.sink.CopyIn(vector.CopyFormat{Binary: c.Options.Format == "binary", Columns: columns})
		if err != nil {
			return nil, nil, err
		}
		return r.Next, func() { drain(r) }, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, nil, pgerr.New(fileCode(err), "could not open file \"%s\" for reading: %s", c.File, fileReason(err))
	}
	buf := make([]byte, 256<<10)
	next = func() ([]byte, error) {
		n, err := f.Read(buf)
		if n > 0 {
			return buf[:n], nil
		}
		return nil, err
	}
	return next, func() { _ = f.Close() }, nil
}

// drain reads what the client still sends after an error, so that the protocol stays in step.
func drain(r vector.CopyReader) {
	for {
		if _, err := r.Next(); err != nil {
			return
		}
	}
}

func fileCode(err error) string {
	if os.IsNotExist(err) {
		return pgerrcode.UndefinedFile
	}
	if os.IsPermission(err) {
		return pgerrcode.InsufficientPrivilege
	}
	return pgerrcode.IOError
}

func fileReason(err error) string {
	switch {
	case os.IsNotExist(err):
		return "No such file or directory"
	case os.IsPermission(err):
		return "Permission denied"
	}
	return err.Error()
}

// copyTo sends the rows of a table or query.
func (s *Session) copyTo(ctx context.Context, _ *planner.Plan, c *command.Copy, out *output) (int64, error) {
	p, err := s.copyQuery(ctx, c)
	if err != nil {
		return 0, err
	}
	cfg := copy.Config{Options: c.Options, Format: &s.settings.format}
	for _, f := range p.plan.Fields {
		cfg.Names, cfg.Types = append(cfg.Names, f.Name), append(cfg.Types, f.Type)
	}
	sink, err := s.copyTarget(c, len(cfg.Names), out)
	if err != nil {
		return 0, err
	}
	x, err := s.start(ctx, p.plan, nil)
	if err != nil {
		return 0, err
	}
	defer x.close()
	w := copy.NewWriter(cfg)
	buf := w.Begin(nil)
	if c.Options.Format != "binary" && len(buf) > 0 { // the binary format's head goes with the first row: clients count on it
		if err := sink.Write(buf); err != nil {
			return 0, err
		}
		buf = buf[:0]
	}
	_, err = x.fetch(ctx, 0, func(b *vector.Batch) error {
		one := vector.Batch{Cols: b.Cols, N: b.N}
		for k := range b.Live() {
			one.Sel = []uint16{uint16(b.Row(k))}
			buf = w.Rows(buf, &one)
			if err := sink.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if buf = w.End(buf); len(buf) > 0 {
		if err := sink.Write(buf); err != nil {
			return 0, err
		}
	}
	return x.rows, sink.Close()
}

// copyQuery plans what COPY TO sends: its query, or a SELECT of the columns of its table.
func (s *Session) copyQuery(ctx context.Context, c *command.Copy) (*planned, error) {
	sql := c.Query
	if c.Table != nil {
		sql = s.selectColumns(c)
	}
	stmts, err := s.parse(sql)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 {
		return nil, pgerr.New(pgerrcode.SyntaxError, "COPY takes one query")
	}
	p, err := s.plan(ctx, stmts[0], nil)
	if err != nil {
		return nil, shifted(err, c.Offset)
	}
	return p, nil
}

func (s *Session) selectColumns(c *command.Copy) string {
	list := ""
	for i, id := range c.Columns {
		if i > 0 {
			list += ", "
		}
		list += quoteIdent(c.Table.ColumnByID(id).Name)
	}
	schema := "pg_temp"
	if v, err := s.txn.View(s.catalogs.ctx, c.Ref); err == nil {
		schema = v.Catalog().SchemaName(c.Table.Schema)
	}
	return "SELECT " + list + " FROM " + s.placeOf(c.Ref) + quoteIdent(schema) + "." + quoteIdent(c.Table.Name)
}

// placeOf is what stands before the schema in the name of a relation on another branch, or at a point.
func (s *Session) placeOf(ref catalog.Ref) string {
	if ref == noRef {
		return ""
	}
	place := s.catalogs.Database()
	if ref.Branch != "" {
		place += "/" + ref.Branch
	}
	if ref.Point != "" {
		place += "@" + ref.Point
	}
	return quoteIdent(place) + "."
}

// copyTarget opens where the bytes go.
func (s *Session) copyTarget(c *command.Copy, columns int, out *output) (vector.CopyWriter, error) {
	if c.File == "" {
		return out.sink.CopyOut(vector.CopyFormat{Binary: c.Options.Format == "binary", Columns: columns})
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, pgerr.New(fileCode(err), "could not open file \"%s\" for writing: %s", c.File, fileReason(err))
	}
	return fileWriter{f}, nil
}

// fileWriter is COPY TO a file on the server.
type fileWriter struct{ f *os.File }

// Write implements vector.CopyWriter.
func (w fileWriter) Write(rows []byte) error {
	_, err := w.f.Write(rows)
	return err
}

// Close implements vector.CopyWriter.
func (w fileWriter) Close() error { return w.f.Close() }
