package builtin

import (
	"strconv"
	"strings"

	"github.com/rowandb/rowan/types"
)

// reader walks the fields of a .tsv file as COPY TO wrote it. Strings are slices of the embedded file unless they hold
// escapes. The files are part of the binary and checked by tests, so the reader trusts them.
type reader struct {
	rest string
	oids []types.OID // slab that oidvectors are cut from
}

// more reports whether there is another line.
func (r *reader) more() bool { return r.rest != "" }

// raw takes the next field of the line.
func (r *reader) raw() string {
	for i := 0; i < len(r.rest); i++ {
		if c := r.rest[i]; c == '\t' || c == '\n' {
			f := r.rest[:i]
			r.rest = r.rest[i+1:]
			return f
		}
	}
	f := r.rest
	r.rest = ""
	return f
}

// str takes a field as text; NULL is "".
func (r *reader) str() string {
	f := r.raw()
	if strings.IndexByte(f, '\\') < 0 {
		return f
	}
	if f == `\N` {
		return ""
	}
	return unescape.Replace(f)
}

var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r")

// opt takes a field as text; NULL is nil.
func (r *reader) opt() *string {
	if strings.HasPrefix(r.rest, `\N`) {
		r.raw()
		return nil
	}
	s := r.str()
	return &s
}

func (r *reader) oid() types.OID {
	n := types.OID(0)
	for _, c := range []byte(r.raw()) {
		n = n*10 + types.OID(c-'0')
	}
	return n
}

func (r *reader) int() int {
	n, _ := strconv.Atoi(r.raw())
	return n
}

func (r *reader) float() float32 {
	f, _ := strconv.ParseFloat(r.raw(), 32)
	return float32(f)
}

func (r *reader) bool() bool { return r.raw() == "t" }

// byte takes a field of one character; NULL and the empty one are 0.
func (r *reader) byte() byte {
	if f := r.raw(); len(f) == 1 {
		return f[0]
	}
	return 0
}

// list takes a list of OIDs; nil when empty or NULL.
func (r *reader) list() []types.OID {
	f := r.raw()
	if f == "" || f == `\N` {
		return nil
	}
	start := len(r.oids)
	n := types.OID(0)
	for i := 0; i < len(f); i++ {
		if f[i] == ' ' {
			r.oids = append(r.oids, n)
			n = 0
			continue
		}
		n = n*10 + types.OID(f[i]-'0')
	}
	r.oids = append(r.oids, n)
	return r.oids[start:len(r.oids):len(r.oids)]
}

// strings takes a list of texts parted by sep; nil when NULL.
func (r *reader) strings(sep string) []string {
	f := r.str()
	if f == "" {
		return nil
	}
	return strings.Split(f, sep)
}

// table reads all lines of a file, one value each.
func table[T any](file string, read func(r *reader, row *T)) []*T {
	n := strings.Count(file, "\n")
	rows := make([]T, n)
	out := make([]*T, 0, n)
	r := &reader{rest: file, oids: make([]types.OID, 0, 64)}
	for r.more() {
		row := &rows[len(out)]
		read(r, row)
		out = append(out, row)
	}
	return out
}
