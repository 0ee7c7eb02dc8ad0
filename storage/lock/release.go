package lock

// KeepLast makes the last grant the first: no mark reaches it any more. Marks taken before are one higher then.
func (o *Owner) KeepLast() {
	last := len(o.held) - 1
	g := o.held[last]
	copy(o.held[1:], o.held[:last])
	o.held[0] = g
}

// ReleaseIf releases the grants for which drop says so; it gets their places in the order of the owner's grants. Marks
// taken before are moved to where they belong in what is left. Fast locks stay.
func (o *Owner) ReleaseIf(drop func(at int, k Key, mode Mode) bool, marks []*int) {
	left, m := o.held[:0], 0
	for i, g := range o.held {
		for m < len(marks) && *marks[m] <= i {
			*marks[m] = len(left)
			m++
		}
		if g.entry != nil && drop(i, g.entry.key, g.mode) {
			o.release(g.entry, g.mode)
			continue
		}
		left = append(left, g)
	}
	for ; m < len(marks); m++ {
		*marks[m] = len(left)
	}
	clear(o.held[len(left):])
	if o.held = left; len(left) == 0 && cap(left) > 4096 {
		o.held = o.room[:0]
	}
}
