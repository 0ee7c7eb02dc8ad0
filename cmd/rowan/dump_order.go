package main

import (
	"context"
	"fmt"
	"strings"
)

// dumpObject is an object of the script, with what must be made before it.
type dumpObject struct {
	kind, sql string
	needs     []string // OIDs
	late      bool     // made when rows and keys are there: views, and what needs them
	begun     bool     // it is written, or what it needs is
}

// dumpGraph is all objects by OID, and their OIDs in the order in which they were made.
type dumpGraph struct {
	objects map[string]*dumpObject
	oids    []string
}

// early writes what tables and their rows need.
func (d *dump) early(ctx context.Context) error {
	g, err := d.graph(ctx)
	if err != nil {
		return err
	}
	d.objects = g
	d.inOrder(false)
	return nil
}

// late writes views and what needs them. A query may need a table's primary key, which is made after its rows.
func (d *dump) late(context.Context) error {
	d.inOrder(true)
	return nil
}

func (d *dump) inOrder(late bool) {
	for _, oid := range d.objects.oids {
		d.make(d.objects.objects[oid], late)
	}
}

// make writes an object after what it needs. Where objects need each other the older one comes first.
func (d *dump) make(o *dumpObject, late bool) {
	if o.begun || o.late != late {
		return
	}
	o.begun = true
	for _, oid := range o.needs {
		d.make(d.objects.objects[oid], late)
	}
	_, _ = fmt.Fprintf(d.w, "\n%s;\n", strings.TrimRight(o.sql, "; \n")) // Flush tells
}

func (d *dump) graph(ctx context.Context) (*dumpGraph, error) {
	rows, err := d.query(ctx, dumpObjects)
	if err != nil {
		return nil, err
	}
	g := &dumpGraph{objects: map[string]*dumpObject{}}
	for _, r := range rows {
		g.objects[string(r[0])] = &dumpObject{kind: string(r[1]), sql: string(r[2])}
		g.oids = append(g.oids, string(r[0]))
	}
	parents, err := d.pairs(ctx, dumpParents)
	if err != nil {
		return nil, err
	}
	of := map[string]string{}
	for _, p := range parents {
		of[p[0]] = p[1]
	}
	edges, err := d.pairs(ctx, dumpEdges)
	if err != nil {
		return nil, err
	}
	for _, e := range edges {
		g.connect(g.whole(of, e[0]), g.whole(of, e[1]))
	}
	g.postpone()
	return g, nil
}

func (d *dump) pairs(ctx context.Context, sql string) ([][2]string, error) {
	rows, err := d.query(ctx, sql)
	out := make([][2]string, len(rows))
	for i, r := range rows {
		out[i] = [2]string{string(r[0]), string(r[1])}
	}
	return out, err
}

// whole is the object that something is part of. An array of a row type is so at two removes.
func (g *dumpGraph) whole(of map[string]string, oid string) string {
	for range 2 {
		if up, ok := of[oid]; ok && g.objects[oid] == nil {
			oid = up
		}
	}
	return oid
}

func (g *dumpGraph) connect(oid, needs string) {
	if o := g.objects[oid]; o != nil && g.objects[needs] != nil && oid != needs {
		o.needs = append(o.needs, needs)
	}
}

// postpone marks views, and functions and types that need views, as late, unless a table needs them.
func (g *dumpGraph) postpone() {
	for changed := true; changed; {
		changed = false
		for _, o := range g.objects {
			if !o.late && (o.kind == "view" || g.needsLate(o)) {
				o.late, changed = true, true
			}
		}
	}
	seen := map[*dumpObject]bool{}
	for _, o := range g.objects {
		if o.kind == "table" {
			g.hasten(o, seen)
		}
	}
}

func (g *dumpGraph) needsLate(o *dumpObject) bool {
	for _, oid := range o.needs {
		if g.objects[oid].late {
			return true
		}
	}
	return false
}

// hasten makes an object early, and all that it needs.
func (g *dumpGraph) hasten(o *dumpObject, seen map[*dumpObject]bool) {
	if seen[o] {
		return
	}
	seen[o], o.late = true, false
	for _, oid := range o.needs {
		g.hasten(g.objects[oid], seen)
	}
}
