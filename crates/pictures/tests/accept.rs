//! What strangers upload: bombs, fragments, disguises, metadata. Each with a control that is accepted.

use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use image::{ExtendedColorType, GenericImageView, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};
use pictures::{EDGES, Format, Limits, Refused, accept};

/// Red left half, blue right half, a green corner at the top left: enough to see which way up it is.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        if x < width / 4 && y < height / 4 {
            Rgb([20, 200, 40])
        } else if x < width / 2 {
            Rgb([200, 30, 30])
        } else {
            Rgb([30, 30, 200])
        }
    })
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95).write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn png(picture: &RgbaImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgba8).unwrap();
    bytes
}

fn webp(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes).write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// The JPEG with an EXIF block by hand: orientation, a camera maker, and a GPS directory with a latitude.
fn with_exif(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let mut entry = Vec::new();
        entry.extend(tag.to_be_bytes());
        entry.extend(kind.to_be_bytes());
        entry.extend(count.to_be_bytes());
        entry.extend(value);
        entry
    };
    let [high, low] = orientation.to_be_bytes();
    tiff.extend(3_u16.to_be_bytes());
    tiff.extend(entry(0x010F, 2, 10, 50_u32.to_be_bytes()));
    tiff.extend(entry(0x0112, 3, 1, [high, low, 0, 0]));
    tiff.extend(entry(0x8825, 4, 1, 60_u32.to_be_bytes()));
    tiff.extend(0_u32.to_be_bytes());
    tiff.extend(b"SECRETCAM\0");
    tiff.extend(1_u16.to_be_bytes());
    tiff.extend(entry(0x0001, 2, 2, *b"N\0\0\0"));
    tiff.extend(0_u32.to_be_bytes());
    let mut segment = b"Exif\0\0".to_vec();
    segment.extend(tiff);
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend(u16::try_from(segment.len() + 2).unwrap().to_be_bytes());
    out.extend(segment);
    out.extend(&jpeg[2..]);
    out
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn is_close(found: Rgba<u8>, wanted: [u8; 3]) -> bool {
    found.0.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 40)
}

#[test]
fn three_sizes_never_larger_than_the_original() {
    let limits = Limits::default();
    for bytes in [jpeg(&scene(2400, 1200)), webp(&scene(2400, 1200))] {
        let picture = accept(&bytes, &limits).unwrap();
        let sizes: Vec<_> = picture.renditions.iter().map(|r| (r.width, r.height)).collect();
        assert_eq!(sizes, [(320, 160), (960, 480), (1920, 960)]);
        assert_eq!((picture.width, picture.height), (2400, 1200));
        for rendition in &picture.renditions {
            let decoded = image::load_from_memory(&rendition.bytes).unwrap();
            assert_eq!(decoded.dimensions(), (rendition.width, rendition.height));
            assert_eq!(rendition.format, Format::Jpeg);
        }
    }
    let small = accept(&jpeg(&scene(500, 400)), &limits).unwrap();
    let sizes: Vec<_> = small.renditions.iter().map(|r| (r.width, r.height)).collect();
    assert_eq!(sizes, [(320, 256), (500, 400), (500, 400)]);
    assert_eq!(small.sha256(), small.renditions[1].sha256);
    let sliver = accept(&jpeg(&scene(4000, 2)), &limits).unwrap();
    assert_eq!((sliver.renditions[0].width, sliver.renditions[0].height), (EDGES[0], 1));
}

#[test]
fn the_result_depends_on_the_bytes_alone() {
    let bytes = jpeg(&scene(700, 500));
    assert_eq!(accept(&bytes, &Limits::default()), accept(&bytes, &Limits::default()));
}

#[test]
fn limits_are_inclusive_and_checked_before_decoding() {
    let bytes = jpeg(&scene(200, 100));
    let limits = Limits { max_bytes: bytes.len(), max_pixels: 20_000, max_memory: 60_000 };
    assert!(accept(&bytes, &limits).is_ok());
    let refusal = |limits: Limits| accept(&bytes, &limits).unwrap_err();
    let (length, less) = (bytes.len(), bytes.len() - 1);
    assert_eq!(refusal(Limits { max_bytes: less, ..limits }), Refused::TooLarge { bytes: length, max: less });
    let pixels = Refused::TooManyPixels { width: 200, height: 100, max: 19_999 };
    assert_eq!(refusal(Limits { max_pixels: 19_999, ..limits }), pixels);
    let memory = Refused::TooMuchMemory { bytes: 60_000, max: 59_999 };
    assert_eq!(refusal(Limits { max_memory: 59_999, ..limits }), memory);
}

/// A few hundred bytes whose header claims billions of pixels.
#[test]
fn header_bombs_are_refused_by_their_dimensions() {
    let small = RgbaImage::from_pixel(8, 8, Rgba([9, 9, 9, 255]));
    let mut bomb = png(&small);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let checksum = crc(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    let refused = accept(&bomb, &Limits::default());
    assert!(matches!(refused, Err(Refused::TooManyPixels { width: 60_000, height: 60_000, .. })), "{refused:?}");
    assert!(accept(&png(&small), &Limits::default()).is_ok());

    let mut bomb = jpeg(&scene(64, 64));
    let frame = bomb.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    bomb[frame + 5..frame + 9].copy_from_slice(&[0xFD, 0xE8, 0xFD, 0xE8]);
    let refused = accept(&bomb, &Limits::default());
    assert!(matches!(refused, Err(Refused::TooManyPixels { width: 65_000, height: 65_000, .. })), "{refused:?}");
}

/// CRC-32 as PNG uses it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }))
}

#[test]
fn fragments_are_broken_wherever_they_were_cut() {
    let picture = scene(300, 200);
    let rgba = image::DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
    for whole in [jpeg(&picture), png(&rgba), webp(&picture)] {
        assert!(accept(&whole, &Limits::default()).is_ok());
        for part in [12, whole.len() / 4, whole.len() / 2, whole.len() * 9 / 10, whole.len() - 13] {
            let refused = accept(&whole[..part], &Limits::default());
            assert!(matches!(refused, Err(Refused::Broken { .. })), "{part} of {}: {refused:?}", whole.len());
        }
    }
}

#[test]
fn other_files_are_refused_by_what_they_are() {
    let found = |bytes: &[u8]| match accept(bytes, &Limits::default()) {
        Err(Refused::NotAPicture { found }) => found,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(b""), "an empty file");
    assert_eq!(found(b"<?xml version=\"1.0\"?><!-- x --><SVG onload=\"x()\"/>"), "an SVG drawing");
    assert_eq!(found(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "a file of type image/gif");
    assert_eq!(found(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "a HEIC photo");
    assert_eq!(found(b"%PDF-1.7\n"), "a file of type application/pdf");
    assert_eq!(found(b"no picture at all"), "a file of unknown type");
    let message = Refused::NotAPicture { found: found(b"%PDF-1.7\n") }.to_string();
    assert!(message.contains("JPEG, PNG and WebP"));
}

#[test]
fn what_hides_in_a_picture_does_not_survive() {
    let page = b"<script>alert(document.cookie)</script>PK\x03\x04";
    let plain = jpeg(&scene(300, 200));
    let mut appended = plain.clone();
    appended.extend(page);
    let mut commented = plain[..2].to_vec();
    commented.extend([0xFF, 0xFE]);
    commented.extend(u16::try_from(page.len() + 2).unwrap().to_be_bytes());
    commented.extend(page);
    commented.extend(&plain[2..]);
    let clean = accept(&plain, &Limits::default()).unwrap();
    for polyglot in [appended, commented] {
        assert!(contains(&polyglot, b"<script>"), "the control carries it");
        let picture = accept(&polyglot, &Limits::default()).unwrap();
        assert!(picture.renditions.iter().all(|r| !contains(&r.bytes, b"<script>") && !contains(&r.bytes, b"PK\x03\x04")));
        assert_eq!(picture.renditions, clean.renditions);
        assert_ne!(picture.original_sha256, clean.original_sha256);
    }
    let mut disguised = b"GIF89a".to_vec();
    disguised.extend(&plain);
    assert!(matches!(accept(&disguised, &Limits::default()), Err(Refused::NotAPicture { .. })));
}

#[test]
fn exif_is_applied_and_then_gone() {
    let sent = with_exif(&jpeg(&scene(400, 200)), 6);
    assert!(contains(&sent, b"Exif") && contains(&sent, b"SECRETCAM"));
    let picture = accept(&sent, &Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height), (200, 400), "orientation 6 is a quarter turn");
    for rendition in &picture.renditions {
        assert!(!contains(&rendition.bytes, b"Exif") && !contains(&rendition.bytes, b"SECRETCAM"));
    }
    let turned = image::load_from_memory(&picture.renditions[2].bytes).unwrap();
    assert!(is_close(turned.get_pixel(180, 15), [20, 200, 40]), "the marked corner is now at the top right");
    assert!(is_close(turned.get_pixel(20, 380), [30, 30, 200]), "and what was right is now below");

    let upright = accept(&with_exif(&jpeg(&scene(400, 200)), 1), &Limits::default()).unwrap();
    let control = image::load_from_memory(&upright.renditions[2].bytes).unwrap();
    assert_eq!(control.dimensions(), (400, 200));
    assert!(is_close(control.get_pixel(15, 15), [20, 200, 40]));
}

#[test]
fn transparency_is_kept_where_there_is_any() {
    let clear = RgbaImage::from_fn(1000, 400, |x, _| if x < 500 { Rgba([10, 20, 30, 0]) } else { Rgba([200, 30, 30, 255]) });
    let picture = accept(&png(&clear), &Limits::default()).unwrap();
    for rendition in &picture.renditions {
        assert_eq!(rendition.format, Format::Png);
        let decoded = image::load_from_memory(&rendition.bytes).unwrap();
        assert_eq!(decoded.get_pixel(2, 2).0[3], 0);
        assert_eq!(decoded.get_pixel(rendition.width - 3, 2), Rgba([200, 30, 30, 255]));
    }
    let opaque = RgbaImage::from_pixel(1000, 400, Rgba([200, 30, 30, 255]));
    assert_eq!(accept(&png(&opaque), &Limits::default()).unwrap().renditions[0].format, Format::Jpeg);
}

#[test]
fn the_same_photo_is_recognised_and_another_is_not() {
    let busy = |shift: u32| {
        RgbImage::from_fn(900, 600, |x, y| {
            let wave = |v: u32| ((f64::from(v) / 97.0 + f64::from(shift)).sin() * 110.0 + 120.0) as u8;
            Rgb([wave(x + shift * 31), wave(y + x / 2 + shift * 57), wave(x * 2 + y)])
        })
    };
    let (first, other) = (busy(0), busy(5));
    let limits = Limits::default();
    let original = accept(&jpeg(&first), &limits).unwrap();
    let smaller = image::imageops::resize(&first, 450, 300, image::imageops::FilterType::Triangle);
    let again = accept(&webp(&smaller), &limits).unwrap();
    assert!(again.distance(original.dhash) <= 4, "{}", again.distance(original.dhash));
    let different = accept(&jpeg(&other), &limits).unwrap();
    assert!(different.distance(original.dhash) > 12, "{}", different.distance(original.dhash));
    assert_ne!(original.blurhash, different.blurhash);
    assert_eq!(original.blurhash.len(), 4 + 2 * 16);
}
