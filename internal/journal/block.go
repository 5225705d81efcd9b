package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/minio/highwayhash"
)

// The layout of a record in a block file of the server's, in little endian:
// length (4 bytes, the highest bit for headers), sequence number (8), time in
// nanoseconds since 1970 (8), length of the subject (2), the subject, the
// length of the headers (4) and these if there are any, the data, and a hash
// (8). TestFolderReadsWhatTheServerReads holds it against the server.
const (
	recordHead   = 4 + 8 + 8 + 2
	recordHash   = 8
	recordMost   = 32 << 20
	withHeaders  = 1 << 31
	erasedRecord = 1 << 63 // a bit of the sequence number
	tombstone    = 1 << 62 // likewise: it tells what was erased elsewhere
)

// errTorn means that a block ends within a record, or that a record is not what
// was written: the server is just writing there, or was killed.
var errTorn = errors.New("torn record")

// A block reads one file of a stream without changing it. Its server may be
// writing to it meanwhile.
type block struct {
	file *os.File
	// ahead is what was read of the file and not taken yet.
	ahead []byte
	buf   []byte
	sum   hash.Hash64
}

// openBlock opens the block with that number of the stream.
func openBlock(path, stream string, number int) (*block, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, number))
	sum, err := highwayhash.New64(key[:])
	if err != nil {
		f.Close()
		return nil, err
	}
	return &block{file: f, buf: make([]byte, 1<<20), sum: sum}, nil
}

func (b *block) close() { b.file.Close() }

// A record is one message of a block. The data are valid until the next one is
// read.
type record struct {
	seq  uint64
	at   int64
	data []byte
}

// next returns the next message. The error is io.EOF at the end, errTorn, or
// the file's.
func (b *block) next() (record, error) {
	for {
		head, err := b.peek(recordHead)
		if err != nil {
			return record{}, err
		}
		length := binary.LittleEndian.Uint32(head)
		headers := length&withHeaders != 0
		size := int(length &^ withHeaders)
		if size < recordHead+recordHash || size > recordMost {
			return record{}, errTorn
		}
		raw, err := b.peek(size)
		if errors.Is(err, io.EOF) {
			err = errTorn
		}
		if err != nil {
			return record{}, err
		}
		b.ahead = b.ahead[size:]
		seq := binary.LittleEndian.Uint64(raw[4:])
		if seq == 0 || seq&(erasedRecord|tombstone) != 0 {
			continue
		}
		data, err := b.verified(raw, headers)
		if err != nil {
			return record{}, err
		}
		return record{seq, int64(binary.LittleEndian.Uint64(raw[12:])), data}, nil
	}
}

// verified returns the data of a record whose hash is right.
func (b *block) verified(raw []byte, headers bool) ([]byte, error) {
	subject := int(binary.LittleEndian.Uint16(raw[20:]))
	body := raw[recordHead : len(raw)-recordHash]
	if subject > len(body) {
		return nil, errTorn
	}
	hashed := body[subject:]
	data := hashed
	if headers {
		if len(hashed) < 4 {
			return nil, errTorn
		}
		n := binary.LittleEndian.Uint32(hashed)
		hashed = hashed[4:]
		if uint64(n) > uint64(len(hashed)) {
			return nil, errTorn
		}
		data = hashed[n:]
	}
	b.sum.Reset()
	_, _ = b.sum.Write(raw[4:20]) // a hash takes everything
	_, _ = b.sum.Write(body[:subject])
	_, _ = b.sum.Write(hashed)
	if !bytes.Equal(b.sum.Sum(nil), raw[len(raw)-recordHash:]) {
		return nil, errTorn
	}
	return data, nil
}

// peek returns the next n bytes of the file without taking them: io.EOF where
// there are none, errTorn where there are fewer.
func (b *block) peek(n int) ([]byte, error) {
	if len(b.ahead) >= n {
		return b.ahead[:n], nil
	}
	if n > len(b.buf) {
		b.buf = make([]byte, n)
	}
	have := copy(b.buf, b.ahead)
	more, err := io.ReadAtLeast(b.file, b.buf[have:], n-have)
	b.ahead = b.buf[:have+more]
	switch {
	case err == nil:
		return b.ahead[:n], nil
	case have+more == 0 && errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errTorn
	}
	return nil, err
}
