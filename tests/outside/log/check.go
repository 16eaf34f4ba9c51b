// Reads a whole log with Go's sumdb packages: note, hashes of tiles, inclusion of every entry, consistency of every pair of trees.
// Nothing of it is Haat's. Usage: check URL [tamper]; with tamper, one byte of a bundle is changed on the way.
package main

import (
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

func main() {
	base, tamper = os.Args[1], len(os.Args) > 2
	verifier, err := note.NewVerifier(strings.TrimSpace(string(fetch("key"))))
	if err != nil {
		fail("key: %v", err)
	}
	signed, err := note.Open(fetch("checkpoint"), note.VerifierList(verifier))
	if err != nil {
		fail("checkpoint: %v", err)
	}
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
	fmt.Printf("%s: %d entries are included and %d pairs of trees are consistent, says Go\n", lines[0], size, pairs)
}
