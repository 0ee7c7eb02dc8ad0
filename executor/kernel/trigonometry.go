package kernel

import "math"

var trigonometry = map[string]Kernel{
	"dsin": periodic(math.Sin), "dcos": periodic(math.Cos), "dtan": periodic(math.Tan),
	"dcot":  periodic(func(a float64) float64 { return 1 / math.Tan(a) }),
	"dasin": inverse(math.Asin), "dacos": inverse(math.Acos), "datan": pureFloat(math.Atan),
	"datan2": float2(func(a, b float64) (float64, error) { return math.Atan2(a, b), nil }),
	"dsinh":  pureFloat(math.Sinh), "dcosh": pureFloat(math.Cosh), "dtanh": pureFloat(math.Tanh),
	"dasinh": pureFloat(math.Asinh),
	"dacosh": float1(func(a float64) (float64, error) {
		if a < 1 {
			return 0, inputOutOfRange()
		}
		return math.Acosh(a), nil
	}),
	"datanh": float1(func(a float64) (float64, error) {
		if a < -1 || a > 1 {
			return 0, inputOutOfRange()
		}
		return math.Atanh(a), nil
	}),
	"dsind": periodic(sind), "dcosd": periodic(cosd), "dtand": periodic(tand), "dcotd": periodic(cotd),
	"dasind": inverse(asind), "dacosd": inverse(func(a float64) float64 { return acosd(a) }),
	"datand":  pureFloat(atand),
	"datan2d": float2(func(a, b float64) (float64, error) { return math.Atan2(a, b) / atan1 * 45, nil }),
}

// periodic refuses infinities.
func periodic(f func(float64) float64) Kernel {
	return float1(func(a float64) (float64, error) {
		if isInf(a) {
			return 0, inputOutOfRange()
		}
		return f(a), nil
	})
}

// inverse refuses what is no sine or cosine.
func inverse(f func(float64) float64) Kernel {
	return float1(func(a float64) (float64, error) {
		if a < -1 || a > 1 {
			return 0, inputOutOfRange()
		}
		return f(a), nil
	})
}

// The degree functions are exact at the multiples of 30 and 45 degrees: within a quadrant they are scaled by what the
// radian functions give at 30 and 60 degrees.
var (
	sin30        = math.Sin(30 * radian)
	oneLessCos60 = 1 - math.Cos(60*radian)
	asin05       = math.Asin(0.5)
	acos05       = math.Acos(0.5)
	atan1        = math.Atan(1)
	tan45        = sindQ1(45) / cosdQ1(45)
	cot45        = cosdQ1(45) / sindQ1(45)
)

const radian = math.Pi / 180

func sind0to30(x float64) float64 { return math.Sin(x*radian) / sin30 / 2 }

func cosd0to60(x float64) float64 { return 1 - (1-math.Cos(x*radian))/oneLessCos60/2 }

func sindQ1(x float64) float64 {
	if x <= 30 {
		return sind0to30(x)
	}
	return cosd0to60(90 - x)
}

func cosdQ1(x float64) float64 {
	if x <= 60 {
		return cosd0to60(x)
	}
	return sind0to30(90 - x)
}

func sind(a float64) float64 {
	x, sign := math.Mod(a, 360), 1.0
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * sindQ1(x)
}

func cosd(a float64) float64 {
	x, sign := math.Abs(math.Mod(a, 360)), 1.0
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return sign * cosdQ1(x)
}

// reduceTan maps an angle to the first quadrant and the sign of its tangent and cotangent.
func reduceTan(a float64) (x, sign float64) {
	x, sign = math.Mod(a, 360), 1
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return x, sign
}

func tand(a float64) float64 {
	x, sign := reduceTan(a)
	if r := sign * ((sindQ1(x) / cosdQ1(x)) / tan45); r != 0 {
		return r
	}
	return 0
}

func cotd(a float64) float64 {
	x, sign := reduceTan(a)
	if r := sign * ((cosdQ1(x) / sindQ1(x)) / cot45); r != 0 {
		return r
	}
	return 0
}

func asindQ1(x float64) float64 {
	if x <= 0.5 {
		return math.Asin(x) / asin05 * 30
	}
	return 90 - math.Acos(x)/acos05*60
}

func acosdQ1(x float64) float64 {
	if x <= 0.5 {
		return 90 - math.Asin(x)/asin05*30
	}
	return math.Acos(x) / acos05 * 60
}

func asind(x float64) float64 {
	if x >= 0 {
		return asindQ1(x)
	}
	return -asindQ1(-x)
}

func acosd(x float64) float64 {
	if x >= 0 {
		return acosdQ1(x)
	}
	return 90 + asindQ1(-x)
}

func atand(x float64) float64 { return math.Atan(x) / atan1 * 45 }
