package datetime

import "time"

// Style is the output half of DateStyle.
type Style uint8

// The date styles.
const (
	ISO Style = iota
	SQL
	Postgres
	German
)

// Order is the input half of DateStyle; it also orders output in styles SQL and Postgres.
type Order uint8

// The orders of day, month and year.
const (
	MDY Order = iota
	DMY
	YMD
)

// IntervalStyle is the setting of that name.
type IntervalStyle uint8

// The interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalVerbose
	IntervalSQL
	IntervalISO
)

// Settings are what reading and writing depend on.
type Settings struct {
	Style Style
	Order Order
	Loc   *time.Location
	Now   time.Time // what 'now' and 'today' mean
}
