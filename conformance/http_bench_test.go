package conformance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rowandb/rowan/server"
)

// BenchmarkHTTP reads one row by its key, over HTTP with an API key and over the PostgreSQL protocol of the same server,
// by one client and by eight.
func BenchmarkHTTP(b *testing.B) {
	ctx := context.Background()
	s, err := server.Start(ctx, server.Config{DataDir: b.TempDir(), PGAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Password: "secret", HTTP: server.HTTPConfig{Rates: "off"}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Stop(ctx) }()
	url := "postgres://postgres:secret@" + s.PGAddr() + "/postgres"
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range []string{"CREATE TABLE points (id int PRIMARY KEY, v int, name text)", "INSERT INTO points SELECT i, i, 'name ' || i FROM generate_series(1, 100000) i", "ANALYZE points"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			b.Fatal(err)
		}
	}
	var key string
	if err := conn.QueryRow(ctx, "SELECT rowan.create_api_key('bench')").Scan(&key); err != nil {
		b.Fatal(err)
	}
	ask := asker{base: "http://" + s.HTTPAddr() + "/v1/branches/main", key: key}
	for name, one := range map[string]func(*testing.B, int){
		"query": func(b *testing.B, i int) {
			ask.one(b, http.MethodPost, "/query", fmt.Sprintf(`{"sql": "SELECT * FROM points WHERE id = $1", "params": [%d]}`, i))
		},
		"data": func(b *testing.B, i int) {
			ask.one(b, http.MethodGet, fmt.Sprintf("/tables/points/data?filter=id%%3D%d", i), "")
		},
		"update": func(b *testing.B, i int) {
			ask.one(b, http.MethodPost, "/execute", fmt.Sprintf(`{"sql": "UPDATE points SET v = v + 1 WHERE id = $1", "params": [%d]}`, i))
		},
	} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", name, clients), func(b *testing.B) { spread(b, clients, func(i int) { one(b, i) }) })
		}
	}
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("postgresql/%d", clients), func(b *testing.B) { benchmarkProtocol(b, url, clients) })
	}
}

// benchmarkProtocol is the query over the PostgreSQL protocol.
func benchmarkProtocol(b *testing.B, url string, clients int) {
	ctx := context.Background()
	conns := make(chan *pgx.Conn, clients)
	for range clients {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		conns <- conn
	}
	spread(b, clients, func(i int) {
		conn := <-conns
		var id, v int
		var name string
		if err := conn.QueryRow(ctx, "SELECT * FROM points WHERE id = $1", i).Scan(&id, &v, &name); err != nil {
			b.Error(err)
		}
		conns <- conn
	})
}

// spread runs something b.N times by so many clients.
func spread(b *testing.B, clients int, one func(i int)) {
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := c; i < b.N; i += clients {
				one(i*7919%100_000 + 1)
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// asker sends requests with a key.
type asker struct{ base, key string }

func (a *asker) one(b *testing.B, method, path, body string) {
	req, err := http.NewRequestWithContext(b.Context(), method, a.base+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	req.Header.Set("X-API-Key", a.key)
	resp, err := benchClient.Do(req)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Errorf("%s %s: %s", method, path, resp.Status)
	}
}

var benchClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
