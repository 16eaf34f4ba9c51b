//! Invented product pictures for a demonstration world: drawn from a seed, taken from nobody.
//!
//! Textiles are a repeating cloth ([`cloth`]) laid out in some form ([`forms`]); vessels and lamps are turned on a wheel
//! ([`turned`]); baskets are coiled ([`basket`]); people are shapes without faces ([`portrait`]). The same seed gives the
//! same picture, and nobody can mistake one for a photograph of a person.

mod basket;
mod cloth;
mod forms;
mod motifs;
mod palette;
mod people;
mod raster;
mod turned;

pub use palette::Palette;

use raster::{Canvas, Rng};

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A cloth, made up as something.
    Textile(Cloth, Form),
    /// A coiled basket from above.
    Basket,
    /// A vessel cast in brass by the lost-wax method.
    Brass,
    /// A solar lamp, lit.
    Lamp,
}

/// How a cloth was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cloth {
    /// Printed with carved wooden blocks.
    BlockPrint,
    /// Woven from yarn that was tied and dyed before.
    Ikat,
    /// Woven in stripes.
    Stripes,
    /// Woven with inlaid geometric figures, as in Palpa.
    Dhaka,
    /// Embroidered, with small mirrors.
    Embroidery,
}

/// What a cloth was made up as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Spread out in soft folds, filling the picture.
    Spread,
    /// Folded and stacked.
    Folded,
    /// Hung over a rod, with a fringe.
    Hanging,
    /// A cushion.
    Cushion,
}

impl Cloth {
    /// All of them, for choosing one.
    pub const ALL: [Self; 5] = [Self::BlockPrint, Self::Ikat, Self::Stripes, Self::Dhaka, Self::Embroidery];
}

impl Form {
    /// All of them, for choosing one.
    pub const ALL: [Self; 4] = [Self::Spread, Self::Folded, Self::Hanging, Self::Cushion];
}

/// Width and height of a product picture.
pub const PRODUCT_SIZE: (usize, usize) = (1200, 1200);

/// Width and height of a portrait.
pub const PORTRAIT_SIZE: (usize, usize) = (960, 1200);

/// A product picture of 1200 × 1200 as JPEG.
pub fn generate(seed: u64, kind: Kind, palette: Palette) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let colours = palette.colours();
    let mut canvas = Canvas::new(PRODUCT_SIZE);
    match kind {
        Kind::Textile(cloth, form) => {
            let tile = cloth::weave(cloth, &mut rng, &colours);
            forms::lay(&mut canvas, form, &tile, &mut rng, &colours);
        }
        Kind::Basket => basket::draw(&mut canvas, &mut rng, &colours),
        Kind::Brass => turned::brass(&mut canvas, &mut rng, &colours),
        Kind::Lamp => turned::lamp(&mut canvas, &mut rng, &colours),
    }
    canvas.into_jpeg(&mut rng)
}

/// A person of 960 × 1200 as JPEG: shoulders, hair or head cloth and clothes, without a face.
pub fn portrait(seed: u64, palette: Palette) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let colours = palette.colours();
    let mut canvas = Canvas::new(PORTRAIT_SIZE);
    people::draw(&mut canvas, &mut rng, &colours);
    canvas.into_jpeg(&mut rng)
}
