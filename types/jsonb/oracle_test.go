package jsonb

import (
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
	unescape := strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n")
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		for k := range f {
			f[k] = unescape.Replace(f[k])
		}
		got, err := evalCase(f[0], f[1], f[2])
		if err != nil {
			e := pgerr.From(err)
			got = "ERR " + e.Code + " " + e.Message
			if e.Detail != "" {
				got += " DETAIL " + e.Detail
			}
			if e.Hint != "" {
				got += " HINT " + e.Hint
			}
		}
		if f[0] == "cmp" { // PostgreSQL gives differences of bytes, too
			n, _ := strconv.Atoi(f[3])
			f[3] = strconv.Itoa(max(-1, min(1, n)))
		}
		if got != f[3] {
			t.Errorf("line %d: %s %s %s\n got %s\nwant %s", i+1, f[0], f[1], f[2], got, f[3])
		}
	}
}

func found(s string, ok bool) (string, error) {
	if !ok {
		return "NULL", nil
	}
	return s, nil
}

func evalCase(op, at, bt string) (string, error) {
	if op == "json" {
		return at, Validate(at)
	}
	if op == "jget" {
		return found(Field(at, bt))
	}
	a, err := Parse(at)
	if err != nil {
		return "", err
	}
	path := strings.Split(bt, ",")
	if bt == "" {
		path = nil
	}
	var v Value
	nine := MakeNumber("9")
	switch op {
	case "jsonb":
		v = a
	case "pretty":
		return strings.ReplaceAll(string(a.Pretty(nil)), "\n", "~"), nil
	case "strip":
		v = a.StripNulls()
	case "exists":
		return strconv.FormatBool(a.Exists(bt)), nil
	case "delkey":
		v, err = a.DeleteKeys(bt)
	case "get":
		return found(Field(a.Text(), bt))
	case "gett":
		part, ok := Field(a.Text(), bt)
		if !ok {
			return "NULL", nil
		}
		text, null, err := AsText(part)
		if null {
			text = "NULL"
		}
		return text, err
	case "delidx", "idx":
		i, _ := strconv.Atoi(bt)
		if op == "idx" {
			return found(IndexB(a.Text(), i))
		}
		v, err = a.DeleteIndex(i)
	case "path":
		w, ok := a.GetPath(path)
		part, ok2 := Path(a.Text(), path)
		if ok != ok2 || ok && w.Text() != part {
			return "GetPath and Path differ: " + w.Text() + " " + part, nil
		}
		return found(part, ok)
	case "delpath":
		v, err = a.DeletePath(path)
	case "set", "set0":
		v, err = a.SetPath(path, nine, op == "set")
	case "ins", "insa":
		v, err = a.InsertPath(path, nine, op == "insa")
	default:
		return evalBinary(op, a, bt)
	}
	return v.Text(), err
}

func evalBinary(op string, a Value, bt string) (string, error) {
	b, err := Parse(bt)
	if err != nil {
		return "", err
	}
	switch op {
	case "cmp":
		return strconv.Itoa(max(-1, min(1, Compare(a, b)))), nil
	case "contains":
		return strconv.FormatBool(a.Contains(b)), nil
	}
	return a.Concat(b).Text(), nil
}
