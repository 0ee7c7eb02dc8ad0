package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/rowandb/rowan/server"
)

const demoLong = `Run a short story of branches against a server, and print each statement with its result: load, branch, change,
compare, merge, look back.

It runs in a database of its own, rowan_demo, which is dropped at the end. The password is the one in ROWAN_PASSWORD. When
no server answers at the address, one is started there for the story, with its data in a temporary directory.`

const demoExample = `  rowan demo
  rowan demo --stay                        then keep the server, and the database, to look around
  ROWAN_PASSWORD=secret rowan demo --pg-addr db.example.com:5433`

// demoDatabase is made for the story.
const demoDatabase = "rowan_demo"

// demoPatience is how long a server may take to answer.
const demoPatience = 3 * time.Second

type demo struct {
	addr, user string
	stay       bool
	out        io.Writer
}

func newDemo() *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use: "demo", Short: "Show branches, merges and the past at work", Long: demoLong, Example: demoExample, Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.out = cmd.OutOrStdout()
			return failed(d.run(cmd.Context()))
		},
	}
	cmd.Flags().StringVar(&d.addr, "pg-addr", "127.0.0.1:5433", "address of the server")
	cmd.Flags().StringVar(&d.user, "user", "postgres", "role to connect as")
	cmd.Flags().BoolVar(&d.stay, "stay", false, "keep the database, and a server that was started for the story, until Ctrl-C")
	return cmd
}

// run tells the story on the server that answers, or on one of its own.
func (d *demo) run(ctx context.Context) (err error) {
	if d.answers(ctx) {
		return d.onServer(ctx)
	}
	dir, err := os.MkdirTemp("", "rowan-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what stays is in the temporary directory
	s, err := server.Start(ctx, server.Config{DataDir: dir, PGAddr: d.addr, Auth: server.AuthTrust, Memory: server.MemorySmall})
	if err != nil {
		return err
	}
	d.addr = s.PGAddr()
	_, _ = fmt.Fprintf(d.out, "No server answers at this address: one has been started for the demo, on %s.\n\n", d.addr)
	if err = d.onServer(ctx); err == nil && d.stay {
		return wait(ctx, s)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if serr := s.Stop(stopping); err == nil {
		err = serr
	}
	return err
}

// answers reports whether something at the address speaks the protocol, be it to refuse us.
func (d *demo) answers(ctx context.Context) bool {
	c, err := (&net.Dialer{Timeout: demoPatience}).DialContext(ctx, "tcp", d.addr)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }() // nothing was sent that could be lost
	_ = c.SetDeadline(time.Now().Add(demoPatience))
	if _, err := c.Write([]byte{0, 0, 0, 8, 4, 210, 22, 47}); err != nil { // SSLRequest
		return false
	}
	var yes [1]byte
	_, err = io.ReadFull(c, yes[:])
	return err == nil && (yes[0] == 'S' || yes[0] == 'N')
}

// onServer makes the database, tells the story there, and drops the database.
func (d *demo) onServer(ctx context.Context) (err error) {
	admin, err := d.connect(ctx, "postgres")
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }() // nothing is open in it
	if _, err = admin.Exec(ctx, "CREATE DATABASE "+demoDatabase).ReadAll(); err != nil {
		return fmt.Errorf("%w; the demo wants to make this database: drop it if it is left from an earlier one", err)
	}
	err = d.tell(ctx)
	if err == nil && d.stay {
		_, err = fmt.Fprintf(d.out, "To look around:\n    psql '%s'\n    psql '%s'\n", d.url(demoDatabase), d.url(demoDatabase+"/dev"))
		return err
	}
	if _, derr := admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+demoDatabase+" WITH (FORCE)").ReadAll(); err == nil {
		err = derr
	}
	return err
}

func (d *demo) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(d.user), Host: d.addr, Path: "/" + database}
	return u.String()
}

func (d *demo) connect(ctx context.Context, database string) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(d.url(database) + "?application_name=rowan+demo")
	if err != nil {
		return nil, err
	}
	cfg.ConnectTimeout = 2 * demoPatience
	if pw := superuserPassword(); pw != "" {
		cfg.Password = pw
	}
	return pgconn.ConnectConfig(ctx, cfg)
}
