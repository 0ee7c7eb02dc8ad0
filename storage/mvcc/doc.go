// Package mvcc is the store: versions of rows by SCN, the transactions that write them, and the branches that they are seen
// on, over an ordered byte store (storage/kv).
//
// A row's newest version in a layer is its head, older ones are history rows under keys of their own, so that reads of now
// never step over what was (reader.go, source.go). A transaction keeps its writes in memory (writes.go) until its commit
// makes one batch of them (commit.go), or writes ahead under a marker when they are too many (spill.go, large.go). A branch
// is a list of layers (branch.go, layer.go); a view is the chain of layers that a point shows (view.go).
//
// It knows rows, keys and descriptors; it knows neither SQL nor expressions. It enforces primary and unique keys and NOT
// NULL, and nothing else. Invariants: a head's SCN is above the ends of its history; an SCN is published after its whole
// batch is in the store; what a point shows never changes. Comparing and merging branches is UseDiffer's. server opens a
// Store, session uses it through package storage.
package mvcc
