package keys

import "unsafe"

// bytesString views b as a string; b must not change while it is in use.
func bytesString(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
