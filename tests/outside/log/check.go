// Reads a whole log with Go's sumdb packages: note, hashes of tiles, inclusion of every entry, consistency of every pair of trees.
// Nothing of it is Haat's. Usage: check URL WITNESS-KEY [tamper]; with tamper, one byte of a bundle is changed on the way. The witness's
// cosignature is checked as C2SP tlog-cosignature has it, with Go's own Ed25519.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var base string
var tamper bool

func fail(format string, args ...interface{}) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

func fetch(path string) []byte {
	for try := 0; try < 60; try++ {
		answer, err := http.Get(base + "/" + path)
		if err != nil {
			fail("%s: %v", path, err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			fail("%s: %v", path, err)
		}
		if answer.StatusCode == 429 || answer.StatusCode == 503 {
			time.Sleep(time.Second)
			continue
		}
		if answer.StatusCode != 200 {
			fail("%s: %s", path, answer.Status)
		}
		return body
	}
	fail("%s: busy", path)
	return nil
}

// Addresses as C2SP has them: Go's own differ in the tile's height, which C2SP leaves out, and in the name of bundles.
func address(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

type reader struct{}

func (reader) Height() int { return 8 }
func (reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		all = append(all, fetch(address(tile)))
	}
	return all, nil
}
func (reader) SaveTiles([]tlog.Tile, [][]byte) {}

func entries(size int64) [][]byte {
	var all [][]byte
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		bundle := fetch(strings.Replace(address(tile), "tile/0/", "tile/entries/", 1))
		if tamper && first == 0 {
			bundle[len(bundle)/2] ^= 1
		}
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	return all
}

// A witness as a verifier of notes: its key's text is name+hash+base64(0x04 ‖ key), its signature a time and an Ed25519 signature.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(w.key, []byte(message), signature[8:])
}

func newWitness(text string) witness {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		fail("no key of a witness: %q", text)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		fail("no key of a witness: %q", text)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		fail("the witness's key has the hash %08x, not %s", hash, parts[1])
	}
	return witness{parts[0], hash, key[1:]}
}

// The checkpoint once the witness has signed it too; note.Open refuses a line of a known key that does not fit.
func cosigned(verifier note.Verifier, by witness) *note.Note {
	for try := 0; ; try++ {
		signed, err := note.Open(fetch("checkpoint"), note.VerifierList(verifier, by))
		if err != nil {
			fail("checkpoint: %v", err)
		}
		if len(signed.Sigs) == 2 && !strings.Contains(signed.Text, "\n0\n") {
			return signed
		}
		if try == 60 {
			fail("the witness did not sign")
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func main() {
	base, tamper = os.Args[1], len(os.Args) > 3
	verifier, err := note.NewVerifier(strings.TrimSpace(string(fetch("key"))))
	if err != nil {
		fail("key: %v", err)
	}
	signed := cosigned(verifier, newWitness(os.Args[2]))
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[0] != verifier.Name() || size == 0 {
		fail("checkpoint of %q with %d entries", lines[0], size)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		fail("root: %v", err)
	}
	tree := tlog.Tree{N: size, Hash: root}
	hashes := tlog.TileHashReader(tree, reader{})
	all := entries(size)
	if int64(len(all)) != size {
		fail("%d entries of %d", len(all), size)
	}
	for index, entry := range all {
		proof, err := tlog.ProveRecord(size, int64(index), hashes)
		if err != nil {
			fail("entry %d: %v", index, err)
		}
		if err := tlog.CheckRecord(proof, size, root, int64(index), tlog.RecordHash(entry)); err != nil {
			fail("entry %d: %v", index, err)
		}
	}
	// The same tree built by Go from the entries alone, and every earlier tree a beginning of every later one.
	var stored []tlog.Hash
	keep := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	roots := []tlog.Hash{{}}
	for index, entry := range all {
		more, err := tlog.StoredHashes(int64(index), entry, keep)
		if err != nil {
			fail("entry %d: %v", index, err)
		}
		stored = append(stored, more...)
		hash, err := tlog.TreeHash(int64(index)+1, keep)
		if err != nil {
			fail("tree %d: %v", index+1, err)
		}
		roots = append(roots, hash)
	}
	if roots[size] != root {
		fail("Go's tree of these entries has another root")
	}
	pairs := 0
	for later := int64(1); later <= size; later++ {
		// All pairs of a small log; of a larger one all with the newest tree, and some of the others.
		for earlier := int64(1); earlier <= later; earlier++ {
			if size > 200 && later != size && (earlier+later)%17 != 0 {
				continue
			}
			proof, err := tlog.ProveTree(later, earlier, keep)
			if err != nil {
				fail("tree %d in %d: %v", earlier, later, err)
			}
			if err := tlog.CheckTree(proof, later, roots[later], earlier, roots[earlier]); err != nil {
				fail("tree %d in %d: %v", earlier, later, err)
			}
			pairs++
		}
	}
	fmt.Printf("%s: %d entries are included, %d pairs of trees are consistent and %s cosigned it, says Go\n", lines[0], size, pairs, os.Args[2])
}
