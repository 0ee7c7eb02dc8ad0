package wire

import (
	"context"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types"
)

// parse serves Parse: it prepares a statement.
func (c *conn) parse(m *pgproto3.Parse) {
	for _, s := range []string{m.Name, m.Query} {
		if err := checkText(s); err != nil {
			c.failUnseen(err)
			return
		}
	}
	ctx := c.intr.begin()
	if c.done(ctx, c.sess.Parse(ctx, m.Name, m.Query, m.ParameterOIDs)) {
		c.out.empty('1')
	}
}

// bind serves Bind: it makes a portal, and keeps the formats in which the portal's rows are to be sent.
func (c *conn) bind(m *pgproto3.Bind) {
	params, err := c.params(m)
	if err == nil {
		err = checkFormats(m.ResultFormatCodes)
	}
	if err != nil {
		c.failUnseen(err)
		return
	}
	ctx := c.intr.begin()
	err = c.sess.Bind(ctx, m.DestinationPortal, m.PreparedStatement, params)
	if err == nil && len(m.ResultFormatCodes) > 1 {
		if err = c.checkFormatCount(ctx, m); err != nil {
			c.sess.ClosePortal(m.DestinationPortal)
			c.sess.Failed()
		}
	}
	if c.done(ctx, err) {
		c.setFormats(m.DestinationPortal, m.ResultFormatCodes)
		c.out.empty('2')
	}
}

// params gathers the parameters of Bind in memory that is used again by the next Bind.
func (c *conn) params(m *pgproto3.Bind) ([]Param, error) {
	codes := m.ParameterFormatCodes
	if len(codes) > 1 && len(codes) != len(m.Parameters) {
		return nil, protocolError("bind message has %d parameter formats but %d parameters", len(codes), len(m.Parameters))
	}
	if err := checkFormats(codes); err != nil {
		return nil, err
	}
	if err := checkText(m.DestinationPortal); err != nil {
		return nil, err
	}
	if err := checkText(m.PreparedStatement); err != nil {
		return nil, err
	}
	params := c.sink.params[:0]
	for i, value := range m.Parameters {
		p := Param{Null: value == nil, Binary: formatOf(codes, i) == 1, Value: value}
		if !p.Binary {
			if err := checkText(value); err != nil {
				return nil, err
			}
		}
		params = append(params, p)
	}
	c.sink.params = params
	return params, nil
}

func checkFormats(codes []int16) error {
	for _, code := range codes {
		if code != 0 && code != 1 {
			return pgerr.New(pgerrcode.InvalidParameterValue, "unsupported format code: %d", code)
		}
	}
	return nil
}

func (c *conn) checkFormatCount(ctx context.Context, m *pgproto3.Bind) error {
	out, err := c.sess.DescribePortal(ctx, m.DestinationPortal)
	if err == nil && len(out) != len(m.ResultFormatCodes) {
		err = protocolError("bind message has %d result formats but query has %d columns", len(m.ResultFormatCodes), len(out))
	}
	return err
}

// formatOf is the format code of the i-th column or parameter: none given is text, one is for all.
func formatOf(codes []int16, i int) int16 {
	switch len(codes) {
	case 0:
		return 0
	case 1:
		return codes[0]
	default:
		return codes[min(i, len(codes)-1)]
	}
}

func (c *conn) setFormats(portal string, codes []int16) {
	if portal == "" {
		c.unnamed = codes
		return
	}
	if c.formats == nil {
		c.formats = map[string][]int16{}
	}
	c.formats[portal] = codes
}

func (c *conn) portalFormats(portal string) []int16 {
	if portal == "" {
		return c.unnamed
	}
	return c.formats[portal]
}

// describe serves Describe of a statement or a portal.
func (c *conn) describe(m *pgproto3.Describe) {
	switch m.ObjectType {
	case 'S':
		c.describeStatement(m.Name)
	case 'P':
		c.describePortal(m.Name)
	default:
		c.failUnseen(protocolError("invalid DESCRIBE message subtype %d", m.ObjectType))
	}
}

func (c *conn) describeStatement(name string) {
	ctx := c.intr.begin()
	params, columns, err := c.sess.DescribeStatement(ctx, name)
	if !c.done(ctx, err) {
		return
	}
	c.parameterDescription(params)
	if columns == nil {
		c.out.empty('n')
		return
	}
	c.rowDescription(columns, nil)
}

func (c *conn) parameterDescription(params []types.OID) {
	start := c.out.begin('t')
	c.out.int16(int16(len(params)))
	for _, oid := range params {
		c.out.int32(int32(oid))
	}
	c.out.end(start)
}

func (c *conn) describePortal(name string) {
	ctx := c.intr.begin()
	columns, err := c.sess.DescribePortal(ctx, name)
	if !c.done(ctx, err) {
		return
	}
	if columns == nil {
		c.out.empty('n')
		return
	}
	c.rowDescription(columns, c.portalFormats(name))
}

// execute serves Execute: it runs a portal or goes on with it.
func (c *conn) execute(m *pgproto3.Execute) {
	ctx := c.intr.begin()
	c.sink.reset(false, c.portalFormats(m.Portal))
	maxRows := max(0, int(int32(m.MaxRows)))
	suspended, err := c.sess.Execute(ctx, m.Portal, maxRows, &c.sink)
	c.endCopy()
	if c.done(ctx, err) && suspended {
		c.out.empty('s')
	}
}

// closeObject serves Close of a statement or a portal. One that does not exist is no error.
func (c *conn) closeObject(m *pgproto3.Close) {
	switch m.ObjectType {
	case 'S':
		c.sess.CloseStatement(m.Name)
	case 'P':
		c.sess.ClosePortal(m.Name)
		delete(c.formats, m.Name)
	default:
		c.failUnseen(protocolError("invalid CLOSE message subtype %d", m.ObjectType))
		return
	}
	c.step(evExtended)
	c.out.empty('3')
}
