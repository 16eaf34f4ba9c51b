//! What every picture is drawn with: pixels, seeded chance, smooth noise, soft shapes.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// Red, green and blue, nominally 0 to 1; brighter is allowed until the picture is finished.
pub(super) type Rgb = [f32; 3];

pub(super) fn hex(value: u32) -> Rgb {
    [16, 8, 0].map(|shift| (value >> shift & 0xff) as f32 / 255.0)
}

pub(super) fn mix(a: Rgb, b: Rgb, t: f32) -> Rgb {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

pub(super) fn lit(colour: Rgb, light: f32) -> Rgb {
    colour.map(|channel| channel * light)
}

/// 0 below `a`, 1 above `b`, smooth between; `a` may be the larger.
pub(super) fn smooth(a: f32, b: f32, x: f32) -> f32 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// How much of a pixel lies inside a shape `distance` pixels away (negative inside).
pub(super) fn inside(distance: f32) -> f32 {
    (0.5 - distance).clamp(0.0, 1.0)
}

/// Euclid's length; nothing here comes near the sizes that `hypot` takes its time to guard against.
pub(super) fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// SplitMix64: small, fast, the same everywhere.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// Below `n`, which is small enough for the bias not to matter.
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(super) fn range(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * ((self.next() >> 40) as f32 / (1_u64 << 24) as f32)
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(super) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

/// The whole number below `x` and what is left: without a call into the math library, which `floor` is on older targets.
pub(super) fn split(x: f32) -> (i32, f32) {
    let toward_zero = x as i32;
    let below = toward_zero - i32::from((toward_zero as f32) > x);
    (below, x - below as f32)
}

/// A fixed pseudo-random value from 0 to 1 per lattice point.
pub(super) fn speck(x: i32, y: i32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x85EB_CA6B) ^ (y as u32).wrapping_mul(0xC2B2_AE35);
    h = (h ^ h >> 15).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ h >> 12).wrapping_mul(0x297A_2D39);
    (h >> 8) as f32 / (1_u32 << 24) as f32
}

/// Smooth noise from 0 to 1 that repeats every `period` lattice steps, so that tiles join.
pub(super) fn noise(x: f32, y: f32, period: i32) -> f32 {
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let ((x0, tx), (y0, ty)) = (split(x), split(y));
    let (tx, ty) = (ease(tx), ease(ty));
    let ((x0, x1), (y0, y1)) = ((x0.rem_euclid(period), (x0 + 1).rem_euclid(period)), (y0.rem_euclid(period), (y0 + 1).rem_euclid(period)));
    let top = speck(x0, y0) + (speck(x1, y0) - speck(x0, y0)) * tx;
    let bottom = speck(x0, y1) + (speck(x1, y1) - speck(x0, y1)) * tx;
    top + (bottom - top) * ty
}

/// A square of cloth that repeats, [`Tile::SIDE`] pixels a side.
pub(super) struct Tile(Vec<Rgb>);

impl Tile {
    /// A power of two, so that wrapping is a mask.
    pub(super) const SIDE: usize = 512;

    pub(super) fn paint(colour: impl Fn(f32, f32) -> Rgb) -> Self {
        let points = (0..Self::SIDE).flat_map(|y| (0..Self::SIDE).map(move |x| (x as f32 + 0.5, y as f32 + 0.5)));
        Self(points.map(|(x, y)| colour(x, y)).collect())
    }

    /// The colour at any point of the plane, interpolated.
    pub(super) fn at(&self, u: f32, v: f32) -> Rgb {
        const MASK: i32 = Tile::SIDE as i32 - 1;
        let ((x, tx), (y, ty)) = (split(u), split(v));
        let texel = |dx: i32, dy: i32| {
            let (column, row) = ((x + dx) & MASK, (y + dy) & MASK);
            self.0[row as usize * Self::SIDE + column as usize]
        };
        mix(mix(texel(0, 0), texel(1, 0), tx), mix(texel(0, 1), texel(1, 1), tx), ty)
    }
}

/// A smooth function kept on a coarse lattice and interpolated between: what changes slowly need not be computed for
/// every pixel.
pub(super) struct Field<const N: usize> {
    columns: usize,
    values: Vec<[f32; N]>,
}

impl<const N: usize> Field<N> {
    const STEP: usize = 8;

    pub(super) fn new((width, height): (usize, usize), f: impl Fn(f32, f32) -> [f32; N]) -> Self {
        let (columns, rows) = (width / Self::STEP + 2, height / Self::STEP + 2);
        let at = |n: usize| ((n % columns * Self::STEP) as f32, (n / columns * Self::STEP) as f32);
        Self { columns, values: (0..columns * rows).map(at).map(|(x, y)| f(x, y)).collect() }
    }

    /// The box outside of which the first value is nothing.
    pub(super) fn extent(&self) -> (f32, f32, f32, f32) {
        let mut area = (f32::MAX, f32::MAX, 0.0_f32, 0.0_f32);
        for (n, _) in self.values.iter().enumerate().filter(|(_, value)| value[0] > 0.0) {
            let (x, y) = ((n % self.columns) as f32, (n / self.columns) as f32);
            area = (area.0.min(x - 1.0), area.1.min(y - 1.0), area.2.max(x + 1.0), area.3.max(y + 1.0));
        }
        let step = Self::STEP as f32;
        (area.0 * step, area.1 * step, area.2 * step, area.3 * step)
    }

    pub(super) fn at(&self, x: usize, y: usize) -> [f32; N] {
        let (column, row) = (x / Self::STEP, y / Self::STEP);
        let (tx, ty) = ((x % Self::STEP) as f32 / Self::STEP as f32, (y % Self::STEP) as f32 / Self::STEP as f32);
        let corner = row * self.columns + column;
        let (a, b) = (&self.values[corner], &self.values[corner + 1]);
        let (c, d) = (&self.values[corner + self.columns], &self.values[corner + self.columns + 1]);
        std::array::from_fn(|n| {
            let (top, bottom) = (a[n] + (b[n] - a[n]) * tx, c[n] + (d[n] - c[n]) * tx);
            top + (bottom - top) * ty
        })
    }
}

/// The picture in work.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<Rgb>,
}

impl Canvas {
    pub(super) fn new((width, height): (usize, usize)) -> Self {
        Self { width, height, pixels: vec![[0.0; 3]; width * height] }
    }

    pub(super) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Every pixel inside the box `(left, top, right, bottom)`; `f` sees its centre and what is there.
    pub(super) fn shade(&mut self, area: (f32, f32, f32, f32), mut f: impl FnMut(usize, usize, Rgb) -> Rgb) {
        let clip = |value: f32, most: usize| (value.max(0.0) as usize).min(most);
        let (left, right) = (clip(area.0.floor(), self.width), clip(area.2.ceil(), self.width));
        for y in clip(area.1.floor(), self.height)..clip(area.3.ceil(), self.height) {
            for x in left..right {
                let pixel = &mut self.pixels[y * self.width + x];
                *pixel = f(x, y, *pixel);
            }
        }
    }

    pub(super) fn all(&self) -> (f32, f32, f32, f32) {
        (0.0, 0.0, self.width as f32, self.height as f32)
    }

    /// A plain wall and table in one colour, lit from the upper left.
    pub(super) fn backdrop(&mut self, colour: Rgb) {
        let (width, height) = (self.width as f32, self.height as f32);
        let field = Field::new(self.size(), |x, y| {
            let from_light = ((x / width - 0.3).powi(2) + (y / height - 0.2).powi(2)).sqrt();
            let plaster = noise(x / 210.0, y / 150.0, 64) * 0.6 + noise(x / 50.0, y / 60.0, 64) * 0.4;
            [1.05 - 0.2 * from_light * from_light - 0.02 * plaster]
        });
        self.shade(self.all(), |x, y, _| lit(colour, field.at(x, y)[0]));
    }

    /// JPEG, with the faint grain that keeps soft gradients from banding.
    pub(super) fn into_jpeg(self, rng: &mut Rng) -> Vec<u8> {
        const GRAIN: f32 = 0.01;
        const QUALITY: u8 = 85;
        let mut state = rng.next();
        let mut bytes = vec![0; self.pixels.len() * 3];
        for (pixel, out) in self.pixels.iter().zip(bytes.chunks_exact_mut(3)) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let grain = ((state >> 40) as f32 / (1_u32 << 24) as f32 - 0.5) * GRAIN * 255.0 + 0.5;
            for (channel, byte) in pixel.iter().zip(out) {
                // A float to integer cast stops at 0 and 255 by itself.
                *byte = (channel * 255.0 + grain) as u8;
            }
        }
        let (width, height) = (self.width as u32, self.height as u32);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .write_image(&bytes, width, height, ExtendedColorType::Rgb8)
            .expect("a picture of constant size is written to memory");
        jpeg
    }
}
