package order

// radixFrom is the number of entries from which a radix sort is faster than one by comparison.
const radixFrom = 1024

// radix sorts entries by rank and prefix, stably, a byte at a time from the lowest. Bytes that are the same in all entries
// are skipped, which for small integers leaves two or three of nine. spare is as long as es.
func radix(es, spare []entry) {
	var counts [9][256]uint32
	for i := range es {
		p := es[i].prefix
		counts[0][byte(p)]++
		counts[1][byte(p>>8)]++
		counts[2][byte(p>>16)]++
		counts[3][byte(p>>24)]++
		counts[4][byte(p>>32)]++
		counts[5][byte(p>>40)]++
		counts[6][byte(p>>48)]++
		counts[7][byte(p>>56)]++
		counts[8][byte(es[i].rank)]++
	}
	from, to := es, spare
	for digit := range counts {
		c := &counts[digit]
		if c[digitOf(&from[0], digit)] == uint32(len(es)) {
			continue
		}
		sum := uint32(0)
		for b, n := range c {
			c[b] = sum
			sum += n
		}
		scatter(from, to, digit, c)
		from, to = to, from
	}
	if &from[0] != &es[0] {
		copy(es, from)
	}
}

func digitOf(e *entry, digit int) byte {
	if digit == 8 {
		return byte(e.rank)
	}
	return byte(e.prefix >> (8 * digit))
}

func scatter(from, to []entry, digit int, at *[256]uint32) {
	if digit == 8 {
		for i := range from {
			b := byte(from[i].rank)
			to[at[b]] = from[i]
			at[b]++
		}
		return
	}
	shift := 8 * digit
	for i := range from {
		b := byte(from[i].prefix >> shift)
		to[at[b]] = from[i]
		at[b]++
	}
}
