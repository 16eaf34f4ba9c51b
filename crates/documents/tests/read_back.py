"""Reads printed documents back: python3 read_back.py FOLDER (with the PDFs that tests/printed.rs writes).

Rasterises with poppler at 200 dpi, as a cheap printer would, decodes the QR codes with zxing-cpp and extracts the text.
"""

import pathlib
import subprocess
import sys

import zxingcpp
from PIL import Image

folder = pathlib.Path(sys.argv[1])
codes = ["7KQ2-M9XF-4TRB", "9BD4-XW2N-8PLC", "2MNA-77TQ-XK3E"]
urls = [f"https://haat.example/i/{code}" for code in codes]


def pages(name):
    stem = folder / name.removesuffix(".pdf")
    for old in folder.glob(f"{stem.name}-[0-9]*.png"):
        old.unlink()
    subprocess.run(["pdftoppm", "-r", "200", "-png", folder / name, stem], check=True)
    return [Image.open(p) for p in sorted(folder.glob(f"{stem.name}-[0-9]*.png"))]


def decoded(image):
    return [found.text for found in zxingcpp.read_barcodes(image)]


def text(name):
    done = subprocess.run(["pdftotext", "-layout", folder / name, "-"], check=True, capture_output=True, text=True)
    return done.stdout


def expect(condition, what):
    if not condition:
        sys.exit(f"failed: {what}")


tags = pages("tags.pdf")
expect(len(tags) == 3, "one page per tag")
expect([decoded(page) for page in tags] == [[url] for url in urls], "each tag's QR code reads as its address")
expect(decoded(pages("wrong.pdf")[0]) != [urls[0]], "a wrong address is told apart")
levels = [found.ec_level for page in tags for found in zxingcpp.read_barcodes(page)]
expect(levels == ["Q", "Q", "Q"], f"error level Q, found {levels}")

# A coin-sized stain on the code: level Q still reads it.
worn = tags[0].copy()
box = zxingcpp.read_barcodes(worn)[0].position
cx = (box.top_left.x + box.bottom_right.x) // 2
cy = (box.top_left.y + box.bottom_right.y) // 2
radius = (box.bottom_right.x - box.top_left.x) // 7
worn.paste((255, 255, 255), (cx - radius, cy - radius, cx + radius, cy + radius))
expect(decoded(worn) == [urls[0]], "a worn code still reads")

sheet = pages("sheet.pdf")
expect(len(sheet) == 2, "eighteen tags take two sheets")
expect(sorted(sum((decoded(page) for page in sheet), [])) == sorted(urls * 6), "every tag of the sheets reads")

said = text("tags.pdf")
for words in ["Sunita Devi", "7KQ2-M9XF-4TRB", "HX7P-2QVM-K9TD-4RWA", "river mango copper seven"]:
    expect(words in said, f"{words} can be selected as text")

said = text("statement.pdf")
count = len(pages("statement.pdf"))
expect(count >= 3, f"a long statement has several pages, not {count}")
expect(said.count("Payout statement P-2026-0021") == count - 1, "later pages repeat the header")
for number in range(1, count + 1):
    expect(f"Page {number} of {count}" in said, f"page {number} is numbered")
for order in range(1042, 1042 + 34):
    expect(f"H-{order}" in said, f"order H-{order} is listed")
expect("₹326.40" in said and "Unallocated" in said, "premium and the unallocated rest are shown")

for language in ["en", "hi", "ne"]:
    slip = pages(f"slip-{language}.pdf")
    expect(len(slip) == 1 and decoded(slip[0]) == ["https://haat.example/p/418207"], f"slip {language} reads")
expect("₹1,230.00" in text("slip-hi.pdf"), "the amount can be selected as text")

print("all read back")
