package kernel

import (
	"github.com/rowandb/rowan/types"
	"github.com/rowandb/rowan/types/jsonb"
)

var jsonSets = join(jsonSetFunctions("json_"), jsonSetFunctions("jsonb_"))

func jsonSetFunctions(p string) map[string]Kernel {
	return map[string]Kernel{
		p + "array_elements":      set(elementsOf(p, p+"array_elements", false)),
		p + "array_elements_text": set(elementsOf(p, p+"array_elements_text", true)),
		p + "each":                set(membersOf(p, p+"each", false)),
		p + "each_text":           set(membersOf(p, p+"each_text", true)),
		p + "object_keys":         set(keysOf(p + "object_keys")),
	}
}

func elementsOf(prefix, name string, text bool) Set {
	return func(_ *Env, a []datum, yield func([]datum) bool) (err error) {
		switch k := jsonb.KindOf(a[0].S); {
		case k == jsonb.Object && prefix == "json_":
			return badJSON("cannot call %s on a non-array", name)
		case k == jsonb.Object:
			return badJSON("cannot extract elements from an object")
		case k != jsonb.Array && prefix == "json_":
			return badJSON("cannot call %s on a scalar", name)
		case k != jsonb.Array:
			return badJSON("cannot extract elements from a scalar")
		}
		jsonb.Elements(a[0].S, func(part string) bool {
			d := types.String(part)
			if text {
				if d, err = jsonText(part); err != nil {
					return false
				}
			}
			return yield([]datum{d})
		})
		return err
	}
}

func membersOf(prefix, name string, text bool) Set {
	return func(_ *Env, a []datum, yield func([]datum) bool) (err error) {
		switch k := jsonb.KindOf(a[0].S); {
		case k == jsonb.Object:
		case prefix == "jsonb_":
			return badJSON("cannot call %s on a non-object", name)
		case k == jsonb.Array:
			return badJSON("cannot deconstruct an array as an object")
		default:
			return badJSON("cannot deconstruct a scalar")
		}
		jsonb.Members(a[0].S, func(key, part string) bool {
			d := types.String(part)
			if text {
				if d, err = jsonText(part); err != nil {
					return false
				}
			}
			return yield([]datum{types.String(key), d})
		})
		return err
	}
}

func keysOf(name string) Set {
	return func(_ *Env, a []datum, yield func([]datum) bool) error {
		switch jsonb.KindOf(a[0].S) {
		case jsonb.Object:
		case jsonb.Array:
			return badJSON("cannot call %s on an array", name)
		default:
			return badJSON("cannot call %s on a scalar", name)
		}
		jsonb.Members(a[0].S, func(key, _ string) bool { return yield([]datum{types.String(key)}) })
		return nil
	}
}
