package numeric

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestFormatOracle runs the cases of testdata/format.tsv for to_char and to_number.
func TestFormatOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/format.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		got := evalFormat(f[0], f[1], f[2])
		if got != f[3] {
			t.Errorf("line %d: %s %s %s\n got %q\nwant %q", i+1, f[0], f[1], f[2], got, f[3])
		}
	}
}

func evalFormat(op, a, format string) string {
	switch op {
	case "tonum":
		return showNum(ToNumber(a, format))
	case "flt":
		f, _ := strconv.ParseFloat(a, 64)
		return show(ToCharFloat(f, format, 15))
	}
	n, err := Parse(a)
	if err != nil {
		return show("", err)
	}
	return show(ToChar(n, format))
}
