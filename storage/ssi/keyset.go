package ssi

import (
	"bytes"
	"slices"
)

// Range is an interval [Lo, Hi) of keys; nil: no bound.
type Range struct{ Lo, Hi []byte }

func (r Range) has(key string) bool {
	return (r.Lo == nil || key >= string(r.Lo)) && (r.Hi == nil || key < string(r.Hi))
}

func (r Range) meets(o Range) bool {
	return (r.Hi == nil || o.Lo == nil || bytes.Compare(o.Lo, r.Hi) < 0) && (o.Hi == nil || r.Lo == nil || bytes.Compare(r.Lo, o.Hi) < 0)
}

// The most that is kept of one transaction in one keyspace; more is taken for the whole.
const (
	maxPoints = 1024
	maxRanges = 64
)

// keySet is a set of keys that may be larger than it should.
type keySet struct {
	all    bool
	points map[string]struct{}
	ranges []Range
}

func (s *keySet) addAll() { s.all, s.points, s.ranges = true, nil, nil }

func (s *keySet) addPoint(key string) {
	if s.all {
		return
	}
	if len(s.points) >= maxPoints {
		s.addAll()
		return
	}
	if s.points == nil {
		s.points = map[string]struct{}{}
	}
	s.points[key] = struct{}{}
}

func (s *keySet) addRange(r Range) {
	switch {
	case s.all:
	case r.Lo == nil && r.Hi == nil:
		s.addAll()
	case len(s.ranges) > 0 && bytes.Equal(s.ranges[len(s.ranges)-1].Lo, r.Lo) && r.Lo != nil: // the scan goes on
		last := &s.ranges[len(s.ranges)-1]
		if last.Hi != nil && (r.Hi == nil || bytes.Compare(r.Hi, last.Hi) > 0) {
			last.Hi = slices.Clone(r.Hi)
		}
	case len(s.ranges) >= maxRanges:
		s.addAll()
	default:
		s.ranges = append(s.ranges, Range{slices.Clone(r.Lo), slices.Clone(r.Hi)})
	}
}

func (s *keySet) has(key string) bool {
	if s.all {
		return true
	}
	if _, ok := s.points[key]; ok {
		return true
	}
	for _, r := range s.ranges {
		if r.has(key) {
			return true
		}
	}
	return false
}

func (s *keySet) meets(r Range) bool {
	if s.all {
		return true
	}
	for _, o := range s.ranges {
		if o.meets(r) {
			return true
		}
	}
	for p := range s.points {
		if r.has(p) {
			return true
		}
	}
	return false
}
