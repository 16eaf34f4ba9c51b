//! From bytes a stranger sent to a picture: size first, then magic bytes, then the header's dimensions, and only then a
//! decoder, on a memory budget. JPEG, PNG and WebP are taken; everything else is refused by what it is.

use crate::jpeg;
use crate::renditions::{Picture, render};
use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageError};
use std::io::Cursor;

/// What an upload may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes.
    pub max_bytes: usize,
    /// Most pixels, width times height.
    pub max_pixels: u64,
    /// Most memory the decoded picture may take, in bytes.
    pub max_memory: u64,
}

impl Default for Limits {
    /// 10 MiB and 40 megapixels hold what a phone's camera makes; 192 MiB hold 40 megapixels at four bytes each.
    fn default() -> Self {
        Self { max_bytes: 10 << 20, max_pixels: 40_000_000, max_memory: 192 << 20 }
    }
}

/// Why a picture was not taken.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// The file is too long.
    #[error("the file has {bytes} bytes; at most {max} are accepted")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The picture is too wide and high, by its own header.
    #[error("the picture is {width} × {height} pixels; at most {max} pixels in all are accepted")]
    TooManyPixels {
        /// By its header.
        width: u32,
        /// By its header.
        height: u32,
        /// The limit on their product.
        max: u64,
    },
    /// Within the pixel limit, but so many bytes a pixel that decoding would take too much memory.
    #[error("the picture needs {bytes} bytes of memory; at most {max} are given; save it with 8 bits per channel")]
    TooMuchMemory {
        /// What the decoded picture takes.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// Not a JPEG, PNG or WebP, whatever its name says.
    #[error("this is {found}; JPEG, PNG and WebP pictures are accepted")]
    NotAPicture {
        /// What it is instead, as far as its first bytes tell.
        found: String,
    },
    /// It starts like a picture and cannot be read to its end.
    #[error("the picture is damaged or incomplete: {reason}")]
    Broken {
        /// What the decoder said.
        reason: String,
    },
}

/// Checks, decodes, turns upright, strips and resizes an uploaded picture.
pub fn accept(bytes: &[u8], limits: &Limits) -> Result<Picture, Refused> {
    if bytes.len() > limits.max_bytes {
        return Err(Refused::TooLarge { bytes: bytes.len(), max: limits.max_bytes });
    }
    let decoded = match bytes {
        [0xFF, 0xD8, 0xFF, ..] => {
            jpeg::complete(bytes)?;
            decode(JpegDecoder::new(Cursor::new(bytes)).map_err(broken)?, limits)?
        }
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => {
            let budget = budget(limits);
            decode(PngDecoder::with_limits(Cursor::new(bytes), budget).map_err(broken)?, limits)?
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => decode(WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?, limits)?,
        _ => return Err(Refused::NotAPicture { found: describe(bytes) }),
    };
    Ok(render(bytes, decoded))
}

/// Dimensions and memory are checked before a pixel is decoded; the orientation is applied, the rest of EXIF dropped.
fn decode(mut decoder: impl ImageDecoder, limits: &Limits) -> Result<DynamicImage, Refused> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Refused::TooManyPixels { width, height, max: limits.max_pixels });
    }
    if width == 0 || height == 0 {
        return Err(Refused::Broken { reason: "it has no pixels".into() });
    }
    if decoder.total_bytes() > limits.max_memory {
        return Err(Refused::TooMuchMemory { bytes: decoder.total_bytes(), max: limits.max_memory });
    }
    decoder.set_limits(budget(limits)).map_err(broken)?;
    // A camera's unreadable EXIF block is no reason to refuse its photo.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn budget(limits: &Limits) -> image::Limits {
    let mut budget = image::Limits::default();
    budget.max_alloc = Some(limits.max_memory);
    budget
}

fn broken(error: ImageError) -> Refused {
    Refused::Broken { reason: error.to_string() }
}

/// What a file is, in words for the person who sent it.
fn describe(bytes: &[u8]) -> String {
    /// A prolog, comments and a doctype may stand before an SVG's root element.
    const SVG_WITHIN: usize = 1024;
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(SVG_WITHIN)]).to_ascii_lowercase();
    if bytes.is_empty() {
        "an empty file".into()
    } else if start.contains("<svg") {
        "an SVG drawing".into()
    } else if let Some(kind) = infer::get(bytes) {
        match kind.mime_type() {
            "image/heif" | "image/heic" => "a HEIC photo".into(),
            other => format!("a file of type {other}"),
        }
    } else {
        "a file of unknown type".into()
    }
}
