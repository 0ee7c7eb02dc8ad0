package types

import (
	"encoding/binary"

	"github.com/jackc/pgerrcode"

	"github.com/rowandb/rowan/pgerr"
	"github.com/rowandb/rowan/types/datetime"
)

// settings is the part of f that package datetime takes.
func (f *Format) settings() datetime.Settings {
	return datetime.Settings{Style: f.DateStyle, Order: f.DateOrder, Loc: f.Location, Now: f.Now}
}

// DateTime returns the settings that package datetime's functions take.
func (f *Format) DateTime() datetime.Settings { return f.settings() }

var dateCodec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte { return datetime.AppendDate(dst, d.I, f.settings()) },
	parseText: func(_ int32, s string, f *Format) (Datum, error) {
		v, err := datetime.ParseDate(s, f.settings())
		return Int(v), err
	},
	appendBinary: func(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint32(dst, uint32(d.I)) },
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 4); err != nil {
			return Null, err
		}
		d := int64(int32(binary.BigEndian.Uint32(b)))
		if !datetime.IsInfDate(d) && !datetime.ValidDate(d) {
			return Null, pgerr.New(pgerrcode.DatetimeFieldOverflow, "date out of range")
		}
		return Int(d), nil
	},
	compare: compareInt,
	hash:    hashInt,
}

var timeCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte { return datetime.AppendTime(dst, d.I) },
	parseText: func(_ int32, s string, f *Format) (Datum, error) {
		v, err := datetime.ParseTime(s, f.settings())
		return Int(v), err
	},
	appendBinary: func(dst []byte, d Datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(d.I)) },
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 8); err != nil {
			return Null, err
		}
		t := int64(binary.BigEndian.Uint64(b))
		if t < 0 || t > datetime.Day {
			return Null, pgerr.New(pgerrcode.DatetimeFieldOverflow, "time out of range")
		}
		return Int(t), nil
	},
	applyMod: func(mod int32, d Datum, _ bool) (Datum, error) {
		return Int(datetime.RoundTime(d.I, int(mod))), nil
	},
	compare: compareInt,
	hash:    hashInt,
}

// PackTimetz makes a time with time zone: microseconds and seconds west of UTC, 12 bytes as in the binary format.
func PackTimetz(us int64, west int32) string {
	var b [12]byte
	binary.BigEndian.PutUint64(b[:], uint64(us))
	binary.BigEndian.PutUint32(b[8:], uint32(west))
	return string(b[:])
}

// UnpackTimetz is the inverse of PackTimetz.
func UnpackTimetz(s string) (us int64, west int32) {
	if len(s) != 12 {
		return 0, 0
	}
	var b [12]byte
	copy(b[:], s)
	return int64(binary.BigEndian.Uint64(b[:])), int32(binary.BigEndian.Uint32(b[8:]))
}

var timetzCodec = codec{
	appendText: func(dst []byte, d Datum, _ *Format) []byte {
		us, west := UnpackTimetz(d.S)
		return datetime.AppendTimetz(dst, us, west)
	},
	parseText: func(_ int32, s string, f *Format) (Datum, error) {
		us, west, err := datetime.ParseTimetz(s, f.settings())
		return String(PackTimetz(us, west)), err
	},
	appendBinary: textCodec.appendBinary,
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, 12); err != nil {
			return Null, err
		}
		s := string(b)
		us, west := UnpackTimetz(s)
		if us < 0 || us > datetime.Day {
			return Null, pgerr.New(pgerrcode.DatetimeFieldOverflow, "time out of range")
		}
		if west <= -16*3600 || west >= 16*3600 {
			return Null, pgerr.New(pgerrcode.InvalidTimeZoneDisplacementValue, "time zone displacement out of range")
		}
		return String(s), nil
	},
	applyMod: func(mod int32, d Datum, _ bool) (Datum, error) {
		us, west := UnpackTimetz(d.S)
		return String(PackTimetz(datetime.RoundTime(us, int(mod)), west)), nil
	},
	compare: func(a, b Datum) int {
		// By the moment in UTC, then by the zone.
		u1, w1 := UnpackTimetz(a.S)
		u2, w2 := UnpackTimetz(b.S)
		t1, t2 := u1+int64(w1)*datetime.Second, u2+int64(w2)*datetime.Second
		if t1 != t2 {
			return compareInt(Int(t1), Int(t2))
		}
		return compareInt(Int(int64(w1)), Int(int64(w2)))
	},
	hash: hashString,
}

var timestampCodec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte {
		return datetime.AppendTimestamp(dst, d.I, f.settings())
	},
	parseText: func(_ int32, s string, f *Format) (Datum, error) {
		v, err := datetime.ParseTimestamp(s, f.settings())
		return Int(v), err
	},
	appendBinary: timeCodec.appendBinary,
	parseBinary:  parseTimestampBinary,
	applyMod:     roundTimestamp,
	compare:      compareInt,
	hash:         hashInt,
}

var timestamptzCodec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte {
		return datetime.AppendTimestamptz(dst, d.I, f.settings())
	},
	parseText: func(_ int32, s string, f *Format) (Datum, error) {
		v, err := datetime.ParseTimestamptz(s, f.settings())
		return Int(v), err
	},
	appendBinary: timeCodec.appendBinary,
	parseBinary:  parseTimestampBinary,
	applyMod:     roundTimestamp,
	compare:      compareInt,
	hash:         hashInt,
}

func parseTimestampBinary(b []byte) (Datum, error) {
	if err := needLen(b, 8); err != nil {
		return Null, err
	}
	ts := int64(binary.BigEndian.Uint64(b))
	if !datetime.IsInf(ts) && !datetime.ValidTimestamp(ts) {
		return Null, pgerr.New(pgerrcode.DatetimeFieldOverflow, "timestamp out of range")
	}
	return Int(ts), nil
}

func roundTimestamp(mod int32, d Datum, _ bool) (Datum, error) {
	v, err := datetime.RoundTimestamp(d.I, int(mod))
	return Int(v), err
}

// intervalCodec keeps an interval as package datetime packs it.
var intervalCodec = codec{
	appendText: func(dst []byte, d Datum, f *Format) []byte {
		return datetime.AppendInterval(dst, datetime.Unpack(d.S), f.Interval)
	},
	parseText: func(mod int32, s string, f *Format) (Datum, error) {
		rng, _ := datetime.UnpackIntervalMod(mod)
		v, err := datetime.ParseInterval(s, f.Interval, rng)
		return String(v.Pack()), err
	},
	appendBinary: textCodec.appendBinary,
	parseBinary: func(b []byte) (Datum, error) {
		if err := needLen(b, datetime.IntervalLen); err != nil {
			return Null, err
		}
		return String(string(b)), nil
	},
	applyMod: func(mod int32, d Datum, _ bool) (Datum, error) {
		v, err := datetime.AdjustInterval(datetime.Unpack(d.S), mod)
		return String(v.Pack()), err
	},
	compare: func(a, b Datum) int { return datetime.Unpack(a.S).Compare(datetime.Unpack(b.S)) },
	hash:    func(d Datum) uint64 { return datetime.Unpack(d.S).Hash() },
}
