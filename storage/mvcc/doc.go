// Package mvcc is the store.
package mvcc
