//! An accepted picture in the sizes that are served, with what identifies it.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::{jpeg::JpegEncoder, png::PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder};
use sha2::{Digest, Sha256};

/// Long edges of the three sizes: a list's thumbnail, a phone's full width, a large screen.
pub const EDGES: [u32; 3] = [320, 960, 1920];

/// What a browser shows as no different from the original, at a third of the bytes.
const JPEG_QUALITY: u8 = 82;

/// Blurhash components across and down, as its authors recommend for landscape and portrait alike.
const BLUR: (u32, u32) = (4, 4);

/// How a rendition is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Without transparency.
    Jpeg,
    /// With transparency.
    Png,
}

impl Format {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Its file name ending, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// One size of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How `bytes` are encoded.
    pub format: Format,
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    pub sha256: [u8; 32],
}

/// A picture that can be stored and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width of the upright original, in pixels.
    pub width: u32,
    /// Height of the upright original, in pixels.
    pub height: u32,
    /// Smallest first, one per [`EDGES`]. Never larger than the original: sizes that a small original cannot fill are equal.
    pub renditions: [Rendition; 3],
    /// SHA-256 of what was sent, metadata and all. It identifies the original, so it is disclosed only with it.
    pub original_sha256: [u8; 32],
    /// A string that draws a blurred preview (blurha.sh).
    pub blurhash: String,
    /// Perceptual difference hash: the same photo resized or re-saved differs in a few bits, another photo in many.
    pub dhash: u64,
}

impl Picture {
    /// SHA-256 of the stripped picture: of the bytes of its largest rendition.
    pub fn sha256(&self) -> [u8; 32] {
        self.renditions[2].sha256
    }

    /// How many bits of the perceptual hash differ from another's; up to about 10 of 64 is the same photo.
    pub fn distance(&self, dhash: u64) -> u32 {
        (self.dhash ^ dhash).count_ones()
    }
}

/// Pixels of one of the two kinds that are written: RGB, or RGBA where something is transparent.
struct Pixels {
    width: u32,
    height: u32,
    alpha: bool,
    bytes: Vec<u8>,
}

pub(crate) fn render(original: &[u8], decoded: DynamicImage) -> Picture {
    let pixels = Pixels::new(decoded);
    let (width, height) = (pixels.width, pixels.height);
    // Each size is made from the next larger one: as sharp, and far less work than from the original each time.
    let large = pixels.shrunk(EDGES[2]);
    let medium = large.shrunk(EDGES[1]);
    let small = medium.shrunk(EDGES[0]);
    let (blurhash, dhash) = (small.blurhash(), small.dhash());
    Picture {
        width,
        height,
        renditions: [small.encode(), medium.encode(), large.encode()],
        original_sha256: Sha256::digest(original).into(),
        blurhash,
        dhash,
    }
}

impl Pixels {
    /// An alpha channel that hides nothing is dropped.
    fn new(decoded: DynamicImage) -> Self {
        let (width, height) = (decoded.width(), decoded.height());
        if decoded.color().has_alpha() {
            let rgba = decoded.into_rgba8();
            if rgba.pixels().any(|pixel| pixel.0[3] != u8::MAX) {
                return Self { width, height, alpha: true, bytes: rgba.into_raw() };
            }
            let bytes = DynamicImage::ImageRgba8(rgba).into_rgb8().into_raw();
            return Self { width, height, alpha: false, bytes };
        }
        Self { width, height, alpha: false, bytes: decoded.into_rgb8().into_raw() }
    }

    fn kind(&self) -> PixelType {
        if self.alpha { PixelType::U8x4 } else { PixelType::U8x3 }
    }

    /// With its long edge at most `edge`; never enlarged.
    fn shrunk(&self, edge: u32) -> Self {
        let long = self.width.max(self.height);
        if long <= edge {
            return Self { bytes: self.bytes.clone(), ..*self };
        }
        let scaled = |side: u32| {
            let rounded = (u64::from(side) * u64::from(edge) + u64::from(long) / 2) / u64::from(long);
            u32::try_from(rounded.max(1)).expect("a side shrunk is below its u32 self")
        };
        self.resized(scaled(self.width), scaled(self.height), FilterType::Lanczos3)
    }

    fn resized(&self, width: u32, height: u32, filter: FilterType) -> Self {
        let source =
            ImageRef::new(self.width, self.height, &self.bytes, self.kind()).expect("the buffer was decoded to exactly this width, height and kind");
        let mut target = Image::new(width, height, self.kind());
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
        Resizer::new().resize(&source, &mut target, &options).expect("source and target are of one pixel kind and not empty");
        Self { width, height, alpha: self.alpha, bytes: target.into_vec() }
    }

    fn encode(&self) -> Rendition {
        let mut bytes = Vec::new();
        let (format, written) = if self.alpha {
            let encoder = PngEncoder::new(&mut bytes);
            (Format::Png, encoder.write_image(&self.bytes, self.width, self.height, ExtendedColorType::Rgba8))
        } else {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            (Format::Jpeg, encoder.write_image(&self.bytes, self.width, self.height, ExtendedColorType::Rgb8))
        };
        written.expect("writing at most 1920 pixels a side to memory cannot fail");
        let sha256 = Sha256::digest(&bytes).into();
        Rendition { width: self.width, height: self.height, format, bytes, sha256 }
    }

    fn blurhash(&self) -> String {
        /// More pixels add nothing to sixteen cosines.
        const SIDE: u32 = 32;
        let small = self.resized(SIDE, SIDE, FilterType::Box);
        let rgba: Vec<u8> =
            if small.alpha { small.bytes } else { small.bytes.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], u8::MAX]).collect() };
        blurhash::encode(BLUR.0, BLUR.1, SIDE, SIDE, &rgba).expect("4 × 4 components are within 1 to 9")
    }

    /// 64 comparisons of neighbours in a 9 × 8 reduction, row by row, most significant bit first.
    fn dhash(&self) -> u64 {
        let small = self.resized(9, 8, FilterType::Box);
        let channels = if small.alpha { 4 } else { 3 };
        // ITU-R BT.601 weights in thousandths.
        let grey = |p: &[u8]| u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114;
        let luma: Vec<u32> = small.bytes.chunks_exact(channels).map(grey).collect();
        let brighter = luma.chunks_exact(9).flat_map(|row| row.windows(2).map(|pair| pair[0] > pair[1]));
        brighter.fold(0, |hash, bit| hash << 1 | u64::from(bit))
    }
}
