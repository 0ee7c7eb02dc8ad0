package storage

import "context"

// RowKeys yields ascending row keys, each once, at a cost in memory that does not follow their number.
type RowKeys interface {
	// Next returns up to n keys; none means the end. The list holds until the next call, the keys themselves for ever.
	Next(ctx context.Context, n int) ([]string, error)
	// Len is how many are left, at most.
	Len() int
	Close() error
}
