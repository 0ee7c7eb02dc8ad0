package badgerkv

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/proto"
)

// tableReader reads a table as Badger has written it, without Badger: whose own way panics at some damage, and ends the process
// at other. It reads the file, not a mapping of it, so that a bad sector is an error.
//
//	blocks | index | 4: length of the index | checksum | 4: length of the checksum
//	block: entries | 4 for each: where it begins | 4: how many | checksum | 4: length of the checksum; compressed, encrypted
type tableReader struct {
	window
	m     badger.TableManifest
	key   *pb.DataKey // nil: plain
	plain []byte      // a block
}

// tableProblem returns what is wrong with a table, in words; whole: with its blocks, too.
func tableProblem(name string, m badger.TableManifest, key *pb.DataKey, whole bool) (problem string) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "it is missing"
	}
	if err != nil {
		return oneLine(err)
	}
	defer func() { _ = f.Close() }() // it was read only
	defer func() {
		if r := recover(); r != nil { // an index that says what cannot be
			problem = "its index is damaged"
		}
		damages.forget()
	}()
	t := &tableReader{m: m, key: key}
	if err := t.open(f); err != nil {
		return oneLine(err)
	}
	index, err := t.index()
	if err != nil {
		return oneLine(err)
	}
	if !whole {
		return ""
	}
	return t.blocks(index)
}

// index reads the index.
func (t *tableReader) index() (*fb.TableIndex, error) {
	errFooter := fmt.Errorf("its footer is damaged: it has %d bytes", t.size)
	end := t.size - 4
	n, err := t.word(end)
	if err != nil || n > end-4 {
		return nil, either(err, errFooter)
	}
	sum, err := t.read(end-n, n)
	if err != nil {
		return nil, err
	}
	want, ok := checksumOf(sum)
	end -= n + 4
	n, err = t.word(end)
	if err != nil || !ok || n > end {
		return nil, either(err, errFooter)
	}
	b, err := t.read(end-n, n)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(b, y.CastagnoliCrcTable) != want {
		return nil, fmt.Errorf("its index, %d bytes at %d, has a wrong checksum", n, end-n)
	}
	if b, err = t.decrypt(append([]byte(nil), b...)); err != nil {
		return nil, errors.New("its index cannot be decrypted")
	}
	return fb.GetRootAsTableIndex(b, 0), nil
}

// either is err, unless there is none or it says no more than that the file is too short.
func either(err, short error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return short
	}
	return err
}

// blocks looks at all blocks and words what is wrong with them.
func (t *tableReader) blocks(index *fb.TableIndex) string {
	n, bad, first := index.OffsetsLength(), 0, ""
	for i := range n {
		var o fb.BlockOffset
		if !index.Offsets(&o, i) {
			return "its index is damaged"
		}
		if what := t.block(int64(o.Offset()), int64(o.Len())); what != "" {
			if bad++; bad == 1 {
				first = fmt.Sprintf("the one of %d bytes at %d %s", o.Len(), o.Offset(), what)
			}
		}
	}
	switch bad {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("1 of its %d blocks is damaged: %s", n, first)
	}
	return fmt.Sprintf("%d of its %d blocks are damaged, first %s", bad, n, first)
}

// block looks at one.
func (t *tableReader) block(at, n int64) string {
	b, err := t.read(at, n)
	if errors.Is(err, io.EOF) {
		return "is missing: the file is too short"
	}
	if err != nil {
		return "cannot be read: " + oneLine(err)
	}
	if b, err = t.decrypt(b); err != nil {
		return "cannot be decrypted"
	}
	if t.m.Compression == options.Snappy {
		size, err := s2.DecodedLen(b)
		if err != nil || size > 1<<30 {
			return "cannot be decompressed"
		}
		if t.plain, err = s2.Decode(t.plain[:cap(t.plain)], b); err != nil {
			return "cannot be decompressed"
		}
		b = t.plain
	}
	end := len(b) - 4
	if end < 0 {
		return "is too short"
	}
	sum := binary.BigEndian.Uint32(b[end:])
	if int64(sum) > int64(end) {
		return "has no checksum"
	}
	want, ok := checksumOf(b[end-int(sum) : end])
	if !ok || crc32.Checksum(b[:end-int(sum)], y.CastagnoliCrcTable) != want {
		return "has a wrong checksum"
	}
	return ""
}

// checksumOf reads a checksum's record.
func checksumOf(b []byte) (uint32, bool) {
	var c pb.Checksum
	if err := proto.Unmarshal(b, &c); err != nil || c.Algo != pb.Checksum_CRC32C || c.Sum>>32 != 0 {
		return 0, false
	}
	return uint32(c.Sum), true
}

// decrypt undoes the encryption in place: the last bytes are what it began with.
func (t *tableReader) decrypt(b []byte) ([]byte, error) {
	if t.key == nil {
		return b, nil
	}
	n := len(b) - aes.BlockSize
	if n < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return b[:n], y.XORBlock(b[:n], b[:n], t.key.Data, b[n:])
}
