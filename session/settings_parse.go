package session

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// parse checks a value for the parameter and returns its canonical form in base units.
func (p *parameter) parse(value string) (string, error) {
	switch p.kind {
	case "bool":
		if b, ok := parseBool(value); ok {
			return map[bool]string{true: "on", false: "off"}[b], nil
		}
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "parameter \"%s\" requires a Boolean value", p.name)
	case "enum":
		return p.parseEnum(value)
	case "integer", "real":
		return p.parseNumber(value)
	}
	if f := stringParsers[strings.ToLower(p.name)]; f != nil {
		return f(p, value)
	}
	return value, nil
}

func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return false, false
	}
	for _, w := range []string{"true", "yes", "on", "1"} {
		if strings.HasPrefix(w, s) && s != "o" {
			return true, true
		}
	}
	for _, w := range []string{"false", "no", "off", "0"} {
		if strings.HasPrefix(w, s) && s != "o" {
			return false, true
		}
	}
	return false, false
}

func (p *parameter) parseEnum(value string) (string, error) {
	for _, v := range p.values {
		if strings.EqualFold(v, value) {
			return v, nil
		}
	}
	if b, ok := parseBool(value); ok && slices.Contains(p.values, "on") {
		return map[bool]string{true: "on", false: "off"}[b], nil
	}
	return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", p.name, value).
		WithHint("Available values: %s.", strings.Join(p.values, ", "))
}

func (p *parameter) parseNumber(value string) (string, error) {
	s := strings.TrimSpace(value)
	end := len(s)
	for end > 0 && (s[end-1] >= 'a' && s[end-1] <= 'z' || s[end-1] >= 'A' && s[end-1] <= 'Z') {
		end--
	}
	invalid := pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", p.name, value)
	n, err := strconv.ParseFloat(strings.TrimSpace(s[:end]), 64)
	if err != nil {
		if i, err2 := strconv.ParseInt(s[:end], 0, 64); err2 == nil {
			n = float64(i)
		} else {
			return "", invalid
		}
	}
	if unit := s[end:]; unit != "" {
		factor, ok := p.factor(unit)
		if !ok {
			if list := units[p.unit]; list != nil {
				names := make([]string, 0, len(list))
				for _, u := range slices.Backward(list) {
					names = append(names, strconv.Quote(u.name))
				}
				invalid = invalid.WithHint("Valid units for this parameter are %s.", strings.Join(names[:len(names)-1], ", ")+", and "+names[len(names)-1])
			}
			return "", invalid
		}
		n *= factor
	}
	return p.inRange(n, value)
}

func (p *parameter) factor(unit string) (float64, bool) {
	for _, u := range units[p.unit] {
		if u.name == unit {
			return u.factor, true
		}
	}
	return 0, false
}

func (p *parameter) inRange(n float64, value string) (string, error) {
	if p.kind == "integer" {
		n = math.RoundToEven(n)
	}
	if p.kind == "integer" && math.Abs(n) > math.MaxInt32 {
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", p.name, value).WithHint("Value exceeds integer range.")
	}
	lo, errLo := strconv.ParseFloat(p.min, 64)
	hi, errHi := strconv.ParseFloat(p.max, 64)
	if errLo == nil && n < lo || errHi == nil && n > hi {
		unit := ""
		if p.unit != "" {
			unit = " " + p.unit
		}
		return "", pgerr.New(pgerrcode.InvalidParameterValue, "%s%s is outside the valid range for parameter \"%s\" (%s .. %s)", strconv.FormatFloat(n, 'f', -1, 64), unit, p.name, p.min, p.max)
	}
	return strconv.FormatFloat(n, 'f', -1, 64), nil
}

// stringParsers check the strings that have a form.
var stringParsers = map[string]func(p *parameter, value string) (string, error){
	"timezone":         parseTimeZone,
	"datestyle":        parseDateStyleValue,
	"application_name": parseCleanASCII,
	"client_encoding":  parseClientEncoding,
}

// parseDateStyleValue merges the words given with nothing else: the caller passes "<old>, <new>" so that either half may
// be left out.
func parseDateStyleValue(p *parameter, value string) (string, error) {
	style, order := "ISO", "MDY"
	for w := range strings.SplitSeq(value, ",") {
		switch strings.ToLower(strings.TrimSpace(w)) {
		case "iso":
			style = "ISO"
		case "sql":
			style = "SQL"
		case "german":
			style, order = "German", "DMY"
		case "postgres":
			style = "Postgres"
		case "mdy", "us", "noneuro", "noneuropean":
			order = "MDY"
		case "dmy", "euro", "european":
			order = "DMY"
		case "ymd":
			order = "YMD"
		case "default", "":
			style, order = "ISO", "MDY"
		default:
			return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", p.name, value).
				WithDetail("Unrecognized key word: \"%s\".", strings.TrimSpace(w))
		}
	}
	return style + ", " + order, nil
}

func parseClientEncoding(p *parameter, value string) (string, error) {
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(value)) {
	case "utf8", "unicode":
		return "UTF8", nil
	case "sqlascii":
		return "SQL_ASCII", nil
	case "latin1", "iso88591", "win1252", "latin9", "euccn", "eucjp", "sjis", "gbk", "big5":
		return "", pgerr.Unsupported("client encoding \"%s\"", value)
	}
	return "", pgerr.New(pgerrcode.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", p.name, value)
}

// parseCleanASCII puts a question mark in the place of each byte that not every terminal shows: names of applications come to logs and to
// clients with other encodings.
func parseCleanASCII(_ *parameter, value string) (string, error) {
	out := []byte(value)
	for i, c := range out {
		if c < ' ' || c > '~' {
			out[i] = '?'
		}
	}
	return string(out), nil
}
