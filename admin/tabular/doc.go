// Package tabular reads and writes rows as files have them, CSV, JSON, JSON Lines and SQL, and finds out which columns a
// table for such rows would have.
//
// It knows neither HTTP nor tables: helios gives it readers and writers. Rows go through one after another, so that the
// memory it needs does not grow with their number, but for the keys that Infer holds to see whether they are unique.
// Invariant: what a Writer has written in a format, a reader of that format reads as the same rows; NULL and the empty text
// are different in all of them.
package tabular
