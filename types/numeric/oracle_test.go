package numeric

import (
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rowandb/rowan/pgerr"
)

// TestOracle runs the cases of testdata/oracle.tsv: operation, operands, and what PostgreSQL 15 answered.
func TestOracle(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		got := evalCase(f[0], f[1], f[2])
		if got != f[3] {
			t.Errorf("line %d: %s %s %s\n got %s\nwant %s", i+1, f[0], f[1], f[2], got, f[3])
		}
	}
}

func show(s string, err error) string {
	if err == nil {
		return s
	}
	e := pgerr.From(err)
	text := "ERR " + e.Code + " " + e.Message
	if e.Detail != "" {
		text += " DETAIL " + e.Detail
	}
	return text
}

func showNum(s string, err error) string {
	if err != nil {
		return show("", err)
	}
	return String(s)
}

func evalCase(op, at, bt string) string {
	if op == "fromfloat" {
		f, _ := strconv.ParseFloat(at, 64)
		return String(FromFloat(f))
	}
	a, err := Parse(at)
	if err != nil {
		return show("", err)
	}
	if f := unaryCases[op]; f != nil {
		return f(a)
	}
	if mod, ok := strings.CutPrefix(op, "mod_"); ok {
		var p, s int
		fmt.Sscanf(mod, "%d_%d", &p, &s)
		return showNum(Coerce(a, PackMod(p, s)))
	}
	if op == "round" || op == "trunc" {
		n, _ := strconv.Atoi(bt)
		if op == "round" {
			return showNum(Round(a, n))
		}
		return String(Trunc(a, n))
	}
	b, err := Parse(bt)
	if err != nil {
		return show("", err)
	}
	if op == "cmp" {
		return strconv.Itoa(sign(Compare(a, b)))
	}
	return showNum(binaryCases[op](a, b))
}

func sign(i int) int { return max(-1, min(1, i)) }

var unaryCases = map[string]func(a string) string{
	"neg":   func(a string) string { return String(Neg(a)) },
	"abs":   func(a string) string { return String(Abs(a)) },
	"ceil":  func(a string) string { return String(Ceil(a)) },
	"floor": func(a string) string { return String(Floor(a)) },
	"text":  String,
	"len":   func(a string) string { return strconv.Itoa(len(String(a))) },
	"sqrt":  func(a string) string { return showNum(Sqrt(a)) },
	"ln":    func(a string) string { return showNum(Ln(a)) },
	"log10": func(a string) string { return showNum(Log10(a)) },
	"exp":   func(a string) string { return showNum(Exp(a)) },
	"int8": func(a string) string {
		i, err := ToInt64(a)
		return show(strconv.FormatInt(i, 10), err)
	},
	"float8": func(a string) string {
		f, err := ToFloat(a)
		return show(showFloat(f), err)
	},
	"minscale": func(a string) string {
		if IsNaN(a) || IsInf(a) {
			return "NULL"
		}
		return strconv.Itoa(MinScale(a))
	},
	"trimscale": func(a string) string { return String(TrimScale(a)) },
	"send":      func(a string) string { return hex.EncodeToString(AppendBinary(nil, a)) },
}

func showFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if e := math.Abs(f); e < 1e15 && (e >= 1e-4 || e == 0) {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	return s
}

var binaryCases = map[string]func(a, b string) (string, error){
	"add": Add, "sub": Sub, "mul": Mul, "div": Div, "mod": Mod, "divt": DivTrunc, "log": Log, "power": Power, "lcm": LCM,
	"gcd": func(a, b string) (string, error) { return GCD(a, b), nil },
}
