package conformance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

// dumpsDir has real pg_dump files of public projects, which are not the project's to publish.
func dumpsDir() string { return os.Getenv("ROWAN_DUMPS") }

// dumps are the files that load as on PostgreSQL, statement by statement, and the databases that they make and connect to,
// where they do (and where the machine has the locale that they ask for).
var dumps = map[string]string{
	"riclolsen_json-scada.sql":                          "",
	"joaoporto27_Bora-Viajar-BackEnd.sql":               "",
	"the-benchmarker_web-frameworks.sql":                "",
	"amittannagit_World-Cup-database-project-files.sql": "worldcup",
	"by-zah_universityScheduleBot.sql":                  "d7tmbubts2qa9a",
	"TaraPadilla_MarketSpring.sql":                      "",
	"Boluwatife-AJB_backend-in-node.sql":                "",
	"Abhishek842000_DB-Performance-Comparator.sql":      "",
	"AliiAhmadi_PostScan.sql":                           "",
	"DRON12261_EduVault.sql":                            "",
	"Mistral-war2ru_PG-connect.sql":                     "",
	"RSNA_isn-edge-server-database.sql":                 "",
	"S0mbre_russtat.sql":                                "",
	"StronglogicSolutions_kserver.sql":                  "",
	"Timovski_Co-opMinesweeper.sql":                     "",
	"dennis-campos-11_xg90_app.sql":                     "",
	"openlawnz_openlawnz-data-processor.sql":            "",
}

// TestDumps loads real dumps with psql into Rowan and into PostgreSQL: psql must say the same, and all tables must hold
// the same rows.
func TestDumps(t *testing.T) {
	if dumpsDir() == "" {
		t.Skip("ROWAN_DUMPS does not say where real dumps are")
	}
	needTools(t, "psql")
	pg, rowan := startOracle(t), startRowan(t)
	for file, database := range dumps {
		t.Run(file, func(t *testing.T) {
			path := filepath.Join(dumpsDir(), file)
			if _, err := os.Stat(path); err != nil {
				t.Skip(file + " is not among the dumps here")
			}
			name := "dump_" + strings.ToLower(strings.Map(wordOnly, strings.TrimSuffix(file, ".sql")))
			want := load(t, pg, name, path)
			got := load(t, rowan, name, path)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("psql says otherwise (-PostgreSQL +Rowan):\n%s", clip(d))
			}
			if !slices.ContainsFunc(exec1(t, pg, "postgres", "SELECT datname FROM pg_database"), func(r []string) bool { return r[0] == database }) {
				database = name
			}
			if d := cmp.Diff(content(t, pg, database), content(t, rowan, database)); d != "" {
				t.Errorf("the tables differ (-PostgreSQL +Rowan):\n%s", clip(d))
			}
		})
	}
}

func wordOnly(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '_'
}

func clip(s string) string {
	if len(s) > 6000 {
		return s[:6000] + "\n…"
	}
	return s
}

// load runs a file with psql in a fresh database and returns what psql printed, line by line.
func load(t *testing.T, target endpoint, database, path string) []string {
	exec1(t, target, "postgres", "CREATE DATABASE "+database+" TEMPLATE template0")
	var out bytes.Buffer
	cmd := exec.Command("psql", "-X", "-d", target.url(database), "-f", path)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8")
	_ = cmd.Run() // psql's exit code says nothing about statements that failed
	text := portNumber.ReplaceAllString(strings.ReplaceAll(out.String(), filepath.Dir(path)+"/", ""), "port N")
	lines := strings.Split(text, "\n")
	return slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "You are now connected to database") })
}

var portNumber = regexp.MustCompile(`port \d+`)

func exec1(t *testing.T, target endpoint, database, sql string) [][]string {
	t.Helper()
	rows, err := query(target, database, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

func query(target endpoint, database, sql string) ([][]string, error) {
	conn, err := pgconn.Connect(context.Background(), target.url(database))
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	results, err := conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, r := range results {
		for _, row := range r.Rows {
			var cells []string
			for _, v := range row {
				if v == nil {
					cells = append(cells, "∅")
				} else {
					cells = append(cells, string(v))
				}
			}
			out = append(out, cells)
		}
	}
	return out, nil
}

// content reads all tables of a database: their rows as text, sorted.
func content(t *testing.T, target endpoint, database string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	tables := exec1(t, target, database, `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2`)
	for _, tab := range tables {
		name := fmt.Sprintf(`"%s"."%s"`, tab[0], tab[1])
		rows := exec1(t, target, database, "SELECT * FROM "+name)
		lines := make([]string, len(rows))
		for i, r := range rows {
			lines[i] = strings.Join(r, " | ")
		}
		slices.Sort(lines)
		out[name] = lines
	}
	return out
}
