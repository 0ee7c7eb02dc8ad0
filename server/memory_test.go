package server

import "testing"

func TestMemorySizes(t *testing.T) {
	for text, want := range map[Memory]int64{
		"small": 128 << 20, "64MB": 64 << 20, "512mb": 512 << 20, "2GB": 2 << 30, "1 GiB": 1 << 30, "100000000": 100_000_000, "1t": 1 << 40,
	} {
		if n, ok := text.bytes(); !ok || n != want {
			t.Errorf("%s is %d, %v", text, n, ok)
		}
	}
	for _, text := range []Memory{"", "huge", "63MB", "-1GB", "1.5GB", "99999999999999TB"} {
		if n, ok := text.bytes(); ok {
			t.Errorf("%s is taken for %d", text, n)
		}
	}
	normal, _ := MemoryNormal.bytes()
	large, _ := MemoryLarge.bytes()
	if normal < smallMemory || normal > normalMemory || large < normal {
		t.Errorf("normal %d, large %d", normal, large)
	}
}
