package kernel

// The loops of the comparison kernels. a > b is b < a and a >= b is b <= a, so four loops make six operators. Floats
// compare as PostgreSQL has them: NaN equals NaN and is above all else; for other types the compiler drops x != x.

type ordered interface{ int64 | float64 | string }

func equal[T ordered](x, y T) bool { return x == y || x != x && y != y }

func less[T ordered](x, y T) bool { return x < y || y != y && x == x }

func lessEqual[T ordered](x, y T) bool { return x <= y || y != y }

func vecEqual[T ordered](a, b []T, ma, mb int, sel []uint16, out []int64) {
	if sel == nil {
		for i := range out {
			out[i] = b2i(equal(a[i&ma], b[i&mb]))
		}
		return
	}
	for _, i := range sel {
		out[i] = b2i(equal(a[int(i)&ma], b[int(i)&mb]))
	}
}

func vecNotEqual[T ordered](a, b []T, ma, mb int, sel []uint16, out []int64) {
	if sel == nil {
		for i := range out {
			out[i] = b2i(!equal(a[i&ma], b[i&mb]))
		}
		return
	}
	for _, i := range sel {
		out[i] = b2i(!equal(a[int(i)&ma], b[int(i)&mb]))
	}
}

func vecLess[T ordered](a, b []T, ma, mb int, sel []uint16, out []int64) {
	if sel == nil {
		for i := range out {
			out[i] = b2i(less(a[i&ma], b[i&mb]))
		}
		return
	}
	for _, i := range sel {
		out[i] = b2i(less(a[int(i)&ma], b[int(i)&mb]))
	}
}

func vecLessEqual[T ordered](a, b []T, ma, mb int, sel []uint16, out []int64) {
	if sel == nil {
		for i := range out {
			out[i] = b2i(lessEqual(a[i&ma], b[i&mb]))
		}
		return
	}
	for _, i := range sel {
		out[i] = b2i(lessEqual(a[int(i)&ma], b[int(i)&mb]))
	}
}

// The selecting loops write every row's number and advance only when it qualifies: no branch to mispredict. out has room
// for all rows from position k; they return the position after the last.

func selEqual[T ordered](a, b []T, ma, mb int, n int, sel, out []uint16, k int) int {
	if sel == nil {
		for i := range n {
			out[k] = uint16(i)
			if equal(a[i&ma], b[i&mb]) {
				k++
			}
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		if equal(a[int(i)&ma], b[int(i)&mb]) {
			k++
		}
	}
	return k
}

func selNotEqual[T ordered](a, b []T, ma, mb int, n int, sel, out []uint16, k int) int {
	if sel == nil {
		for i := range n {
			out[k] = uint16(i)
			if !equal(a[i&ma], b[i&mb]) {
				k++
			}
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		if !equal(a[int(i)&ma], b[int(i)&mb]) {
			k++
		}
	}
	return k
}

func selLess[T ordered](a, b []T, ma, mb int, n int, sel, out []uint16, k int) int {
	if sel == nil {
		for i := range n {
			out[k] = uint16(i)
			if less(a[i&ma], b[i&mb]) {
				k++
			}
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		if less(a[int(i)&ma], b[int(i)&mb]) {
			k++
		}
	}
	return k
}

func selLessEqual[T ordered](a, b []T, ma, mb int, n int, sel, out []uint16, k int) int {
	if sel == nil {
		for i := range n {
			out[k] = uint16(i)
			if lessEqual(a[i&ma], b[i&mb]) {
				k++
			}
		}
		return k
	}
	for _, i := range sel {
		out[k] = i
		if lessEqual(a[int(i)&ma], b[int(i)&mb]) {
			k++
		}
	}
	return k
}
