package keys

import "fmt"

// Print renders any key for people: golden files, check, debugging.
func Print(b []byte) string {
	if s, k, ok := DecodeHead(b); ok {
		return fmt.Sprintf("head/%d/%d/%x", s.Layer, s.Keyspace, k)
	}
	if s, k, end, ok := DecodeHistory(b); ok {
		return fmt.Sprintf("history/%d/%d/%x/%s", s.Layer, s.Keyspace, k, PrintSCN(end))
	}
	if k, ok := DecodeLog(b); ok {
		return fmt.Sprintf("log/%d/%d/%d", k.Layer, k.SCN, k.Chunk)
	}
	if scn, ok := DecodeCommit(b); ok {
		return fmt.Sprintf("commit/%d", scn)
	}
	if k, ok := DecodeChunk(b); ok {
		return fmt.Sprintf("chunk/%d/%d", k.Txn, k.N)
	}
	if m, rest, ok := DecodeMeta(b); ok {
		s := fmt.Sprintf("meta/%c", m)
		for len(rest) >= 8 && m != MetaExtra {
			var id uint64
			id, rest, _ = ID(rest)
			s += fmt.Sprintf("/%d", id)
		}
		if len(rest) > 0 {
			s += fmt.Sprintf("/%q", rest)
		}
		return s
	}
	return fmt.Sprintf("?%x", b)
}

// PrintSCN renders an SCN or the marker of a large transaction.
func PrintSCN(v uint64) string {
	if v&Marker != 0 {
		return fmt.Sprintf("txn:%d", v&^Marker)
	}
	return fmt.Sprint(v)
}
