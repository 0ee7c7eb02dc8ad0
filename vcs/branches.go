package vcs

import (
	"context"
	"encoding/json"

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
		metadata, err := metadataOf(b.Metadata)
		if err != nil {
			return err
		}
		row := []types.Datum{types.String(branchID(b.ID)), types.String(b.Name), orNull(b.Parent), types.Int(int64(b.Fork)), types.Int(int64(b.Head)),
			types.Bool(b.Default), types.Bool(b.Protected), timestamp(b.Created), timestamp(b.Updated), orNull(b.Description), types.String(status),
			orNull(b.Maker(c.Store().Global())), timestamp(b.Expires), metadata}
		if !yield(row) {
			break
		}
	}
	return err
}

// metadataOf shows a branch's metadata as a JSON object; what is no JSON is a string.
func metadataOf(m map[string]string) (types.Datum, error) {
	if len(m) == 0 {
		return types.Null, nil
	}
	out := make(map[string]json.RawMessage, len(m))
	for k, v := range m {
		if out[k] = json.RawMessage(v); !json.Valid(out[k]) {
			quoted, err := json.Marshal(v)
			if err != nil {
				return types.Null, err
			}
			out[k] = quoted
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return types.Null, err
	}
	return types.ParseText(types.Of(types.BuiltinByName("jsonb")), string(text), types.DefaultFormat())
}
