package datetime

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
)

// scanner reads text by a format.
type scanner struct {
	text, s  string // all of it, and what is left
	extra    int    // characters skipped beyond what the format has
	fixed    bool
	nodes    []patternNode
	got      map[string]int // values by pattern, the last counting
	year     int
	yearLen  int
	micro    int
	hasPM    bool
	pm       bool
	bc       bool
	clock12  bool
	zoneSign int
	hasZone  bool
}

// ToTimestamp is to_timestamp(text, text): a timestamp with time zone, in loc unless the text has a zone.
func ToTimestamp(text, format string, loc *time.Location) (int64, error) {
	c, sc, err := scanFormat(text, format)
	if err != nil {
		return 0, err
	}
	ts, ok := c.Timestamp()
	if !ok {
		return 0, errRange("timestamp")
	}
	if sc.hasZone {
		off := sc.got["TZH"]*3600 + sc.got["TZM"]*60
		if sc.zoneSign < 0 {
			off = -off
		}
		return ts - int64(off)*Second, nil
	}
	return FromLocal(ts, loc)
}

// ToDate is to_date(text, text).
func ToDate(text, format string) (int64, error) {
	c, _, err := scanFormat(text, format)
	if err != nil {
		return 0, err
	}
	d := int64(DaysFromCivil(c.Year, c.Month, c.Day))
	if !ValidDate(d) {
		return 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date out of range: \"%s\"", text)
	}
	return d, nil
}

func scanFormat(text, format string) (Civil, *scanner, error) {
	sc := &scanner{text: text, s: text, got: map[string]int{}}
	sc.nodes, sc.fixed = parsePattern(format)
	if err := sc.run(); err != nil {
		return Civil{}, nil, err
	}
	c, err := sc.civil(text)
	return c, sc, err
}

func (sc *scanner) skipSpace() (n int) {
	for sc.s != "" && isSpace(sc.s[0]) {
		sc.s = sc.s[1:]
		n++
	}
	return n
}

// run matches the nodes against the text, as freely as PostgreSQL does without FX.
func (sc *scanner) run() error {
	for i, n := range sc.nodes {
		if sc.s == "" {
			return nil
		}
		literal := n.key == "" && !n.space && !n.sep
		if !sc.fixed && (!literal || i == 0) {
			sc.extra += sc.skipSpace()
		}
		switch {
		case n.key != "":
			if err := sc.field(i, n); err != nil {
				return err
			}
			if !sc.fixed {
				sc.extra = sc.skipSpace()
			}
		case (n.space || n.sep) && !sc.fixed:
			sc.extra--
			if sc.s != "" && (isSpace(sc.s[0]) || isSeparator(sc.s[0])) {
				sc.s = sc.s[1:]
				sc.extra++
			}
		case !sc.fixed && sc.extra > 0:
			sc.extra--
		case sc.s != "":
			_, w := utf8.DecodeRuneInString(sc.s)
			sc.s = sc.s[w:]
		}
	}
	return nil
}

// number reads a number of at most width digits; as many as there are, when the next node cannot be a digit or FM is set.
func (sc *scanner) number(i int, n patternNode, width int) (int, int, error) {
	sc.skipSpace()
	free := n.fill || i+1 >= len(sc.nodes) || sc.nodes[i+1].key == "" && !startsWithDigit(sc.nodes[i+1].text) || n.suffix != ""
	src := sc.s
	if !free {
		if len(src) < width {
			return 0, 0, errField("source string too short for \""+n.text+"\" formatting field",
				"Field requires "+strconv.Itoa(width)+" characters, but only "+strconv.Itoa(len(src))+" remain.", fmHint)
		}
		src = src[:width]
	}
	end := 0
	if src != "" && (src[0] == '-' || src[0] == '+') {
		end = 1
	}
	for end < len(src) && isDigit(src[end]) {
		end++
	}
	v, err := strconv.Atoi(src[:end])
	switch {
	case end == 0 || err != nil && end < 10:
		return 0, 0, errField("invalid value \""+firstChars(src, width)+"\" for \""+n.text+"\"", "Value must be an integer.", "")
	case !free && end < width:
		return 0, 0, errField("invalid value \""+src+"\" for \""+n.text+"\"",
			"Field requires "+strconv.Itoa(width)+" characters, but only "+strconv.Itoa(end)+" could be parsed.", fmHint)
	case err != nil || v > 1<<31-1:
		return 0, 0, pgerr.New(pgerrcode.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", n.text).
			WithDetail("Value must be in the range %d to %d.", -1<<31, 1<<31-1)
	}
	sc.s = sc.s[end:]
	if n.suffix != "" && len(sc.s) >= 2 {
		sc.s = sc.s[2:]
	}
	return v, end, nil
}

const fmHint = "If your source string is not fixed-width, try using the \"FM\" modifier."

func startsWithDigit(s string) bool { return s != "" && isDigit(s[0]) }

func firstChars(s string, n int) string { return s[:min(n, len(s))] }

func errField(msg, detail, hint string) error {
	e := pgerr.New(pgerrcode.InvalidDatetimeFormat, "%s", msg)
	e.Detail, e.Hint = detail, hint
	return e
}

var fieldWidths = map[string]int{
	"HH": 2, "HH12": 2, "HH24": 2, "MI": 2, "SS": 2, "SSSS": 5, "SSSSS": 5, "MM": 2, "DD": 2, "DDD": 3, "D": 1, "ID": 1,
	"WW": 2, "IW": 2, "W": 1, "Q": 1, "CC": 2, "J": 9, "IDDD": 3, "TZM": 2,
}

func (sc *scanner) field(i int, n patternNode) error {
	switch n.key {
	case "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		return sc.fraction(i, n)
	case "A.M.", "P.M.", "AM", "PM":
		k, err := sc.word(n, []string{dotted("AM", n.key), dotted("PM", n.key)})
		sc.hasPM, sc.pm, sc.clock12 = true, k == 1, true
		return err
	case "A.D.", "B.C.", "AD", "BC":
		k, err := sc.word(n, []string{dotted("AD", n.key), dotted("BC", n.key)})
		sc.bc = k == 1
		return err
	case "MONTH", "MON", "DAY", "DY", "RM":
		return sc.name(n)
	case "TZH", "OF":
		return sc.zone(i, n)
	case "TZ":
		return pgerr.New(pgerrcode.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", n.text)
	case "Y,YYY", "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I":
		return sc.yearField(i, n)
	}
	v, _, err := sc.number(i, n, fieldWidths[n.key])
	if err != nil {
		return err
	}
	key := n.key
	switch key {
	case "HH", "HH12":
		sc.clock12, key = true, "HH"
	case "HH24":
		key = "HH"
	case "TZM":
		sc.hasZone = true
	}
	if old, ok := sc.got[key]; ok && old != v {
		return errField("conflicting values for \""+n.text+"\" field in formatting string",
			"This value contradicts a previous setting for the same field type.", "")
	}
	sc.got[key] = v
	return nil
}

func (sc *scanner) fraction(i int, n patternNode) error {
	width := map[string]int{"MS": 3, "US": 6}[n.key]
	if width == 0 {
		width = int(n.key[2] - '0')
	}
	digits := 0
	for digits < len(sc.s) && digits < width && isDigit(sc.s[digits]) {
		digits++
	}
	v, used, err := sc.number(i, patternNode{text: n.text, fill: digits < width || n.fill, key: n.key}, width)
	if err != nil {
		return err
	}
	for ; used < 6; used++ {
		v *= 10
	}
	sc.micro += v
	return nil
}

// word matches one of a few words in any case.
func (sc *scanner) word(n patternNode, words []string) (int, error) {
	for k, w := range words {
		if len(sc.s) >= len(w) && strings.EqualFold(sc.s[:len(w)], w) {
			sc.s = sc.s[len(w):]
			return k, nil
		}
	}
	end := strings.IndexAny(sc.s, " \t\n")
	if end < 0 {
		end = len(sc.s)
	}
	return 0, errField("invalid value \""+sc.s[:end]+"\" for \""+n.text+"\"",
		"The given value did not match any of the allowed values for this field.", "")
}

func (sc *scanner) name(n patternNode) error {
	var words []string
	for _, m := range monthNames {
		words = append(words, m)
	}
	switch n.key {
	case "MON":
		for k := range words {
			words[k] = words[k][:3]
		}
	case "RM":
		words = words[:0]
		for k := 11; k >= 0; k-- {
			words = append(words, romanMonths[k])
		}
	case "DAY", "DY":
		words = words[:0]
		for _, d := range dayNames {
			if n.key == "DY" {
				d = d[:3]
			}
			words = append(words, d)
		}
	}
	k, err := sc.word(n, words)
	switch n.key {
	case "MONTH", "MON":
		sc.got["MM"] = k + 1
	case "RM":
		sc.got["MM"] = 12 - k
	default:
		sc.got["D"] = k + 1
	}
	return err
}

func (sc *scanner) zone(i int, n patternNode) error {
	sc.zoneSign, sc.hasZone = 1, true
	if sc.s != "" && strings.IndexByte("+-", sc.s[0]) >= 0 {
		if sc.s[0] == '-' {
			sc.zoneSign = -1
		}
		sc.s = sc.s[1:]
	} else if at := len(sc.text) - len(sc.s); sc.extra > 0 && at > 0 && sc.text[at-1] == '-' {
		sc.zoneSign = -1 // the sign was taken for a separator
	}
	v, _, err := sc.number(i, n, 2)
	sc.got["TZH"] = v
	if n.key == "OF" && err == nil && strings.HasPrefix(sc.s, ":") {
		sc.s = sc.s[1:]
		sc.got["TZM"], _, err = sc.number(i, n, 2)
	}
	return err
}

func (sc *scanner) yearField(i int, n patternNode) error {
	iso := n.key[0] == 'I'
	key := strings.ReplaceAll(n.key, "I", "Y")
	if key == "Y,YYY" {
		th, _, err := sc.number(i, patternNode{key: key, text: n.text, fill: true}, 1)
		if err == nil && strings.HasPrefix(sc.s, ",") {
			sc.s = sc.s[1:]
			var rest int
			rest, _, err = sc.number(i, patternNode{key: key, text: n.text}, 3)
			th = th*1000 + rest
		}
		sc.year, sc.yearLen = th, 4
		return err
	}
	v, used, err := sc.number(i, n, len(key))
	if err != nil {
		return err
	}
	if used < 4 && v >= 0 && len(key) < 4 {
		v = nearYear(v)
	}
	if iso {
		sc.got["IYYY"] = v
		return nil
	}
	sc.year, sc.yearLen = v, len(key)
	return nil
}

// nearYear completes a year of fewer than four digits to the one nearest to 2020.
func nearYear(v int) int {
	switch {
	case v < 70:
		return v + 2000
	case v < 100:
		return v + 1900
	case v < 520:
		return v + 2000
	case v < 1000:
		return v + 1000
	}
	return v
}
