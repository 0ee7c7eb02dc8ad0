package vcs

import (
	"context"

	"github.com/rowandb/rowan/types"
)

var branchRows = joined(tagRows, commitRows, historyRows, rightsRows, limitRows, map[string]RowsFunc{"rowan_branches": listBranches})

func listBranches(ctx context.Context, c Conn, _ []types.Datum, yield func([]types.Datum) bool) error {
	list, err := c.Store().Branches().List(ctx, c.Database().OID, false)
	for _, b := range list {
		status := "active"
		if b.Merged {
			status = "merged"
		}
		row := []types.Datum{types.String(branchID(b.ID)), types.String(b.Name), orNull(b.Parent), types.Int(int64(b.Fork)), types.Int(int64(b.Head)),
			types.Bool(b.Default), types.Bool(b.Protected), timestamp(b.Created), timestamp(b.Updated), orNull(b.Description), types.String(status)}
		if !yield(row) {
			break
		}
	}
	return err
}
