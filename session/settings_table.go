package session

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// A parameter is a row of pg_settings: a setting that SET and SHOW know. The rows are settings.tsv: name, type, default,
// unit, context, minimum, maximum, values of an enum, category, description.
type parameter struct {
	name     string
	kind     string // bool, integer, real, string, enum
	boot     string // the default, in base units
	unit     string // "", kB, 8kB, ms, s, min, B, MB
	context  string // user, superuser, sighup, postmaster, internal, backend …
	min, max string
	values   []string
	category string
	desc     string
}

// hidden is the category of settings that old dumps set and that nobody is shown.
const hidden = "hidden"

//go:embed settings.tsv
var parametersTSV string

// parameters returns the known settings by lower-case name.
var parameters = sync.OnceValue(func() map[string]*parameter {
	out := make(map[string]*parameter, 400)
	for line := range strings.Lines(parametersTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		p := &parameter{name: f[0], kind: f[1], boot: f[2], unit: f[3], context: f[4], min: f[5], max: f[6], category: f[8], desc: f[9]}
		if f[7] != "" {
			p.values = strings.Split(f[7], ",")
		}
		out[strings.ToLower(p.name)] = p
	}
	return out
})

// reported are the settings whose changes the protocol announces (ParameterStatus), in the order of the greeting.
var reported = []string{
	"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes",
	"IntervalStyle", "is_superuser", "server_encoding", "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
}

// units gives, per base unit, the multiples in which values may be written and shown, largest first.
var units = map[string][]struct {
	name   string
	factor float64
}{
	"B":   {{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}},
	"kB":  {{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}, {"B", 1.0 / 1024}},
	"8kB": {{"TB", 1 << 27}, {"GB", 1 << 17}, {"MB", 128}, {"kB", 1.0 / 8}, {"B", 1.0 / 8192}},
	"MB":  {{"TB", 1 << 20}, {"GB", 1 << 10}, {"MB", 1}, {"kB", 1.0 / 1024}, {"B", 1.0 / (1 << 20)}},
	"ms":  {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}, {"us", 0.001}},
	"s":   {{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}, {"ms", 0.001}, {"us", 0.000001}},
	"min": {{"d", 1440}, {"h", 60}, {"min", 1}, {"s", 1.0 / 60}, {"ms", 1.0 / 60000}},
}

// show renders a value in base units as SHOW prints it: in the largest unit that divides it.
func (p *parameter) show(value string) string {
	list := units[p.unit]
	n, err := strconv.ParseFloat(value, 64)
	if list == nil || err != nil || n <= 0 {
		return value
	}
	for _, u := range list {
		q := n / u.factor
		if q >= 1 && q == float64(int64(q)) {
			return strconv.FormatInt(int64(q), 10) + u.name
		}
	}
	return value
}
