package catalog

import "errors"

// What is behind the errors of points that a branch does not have: whoever asks for all between two points takes the present
// for one that is ahead, and the beginning for one that is before the history.
var (
	ErrPointAhead  = errors.New("the point is in the future")
	ErrPointBefore = errors.New("the point is before the history")
)
