//! Colours that go together: what natural dyes give.

use super::raster::{Rgb, hex};

/// A family of colours, named after the dye that leads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Palette {
    /// Blues.
    Indigo,
    /// Reds.
    Madder,
    /// Yellows and oranges.
    Turmeric,
    /// Greens.
    Neem,
    /// Pinks and plum.
    Lac,
    /// Browns and greys.
    Walnut,
    /// Red, orange and black on white.
    Dhaka,
}

impl Palette {
    /// All of them, for choosing one.
    pub const ALL: [Self; 7] = [Self::Indigo, Self::Madder, Self::Turmeric, Self::Neem, Self::Lac, Self::Walnut, Self::Dhaka];

    pub(super) fn colours(self) -> Colours {
        let [light, dark, lead, second, accent, backdrop] = match self {
            Self::Indigo => [0xf3ede0, 0x1d2c52, 0x2c4c8c, 0x86a5cd, 0xd08f3c, 0xe6e2da],
            Self::Madder => [0xf7ecdc, 0x571c1b, 0xa93228, 0xdd8a70, 0x2c4148, 0xeee4da],
            Self::Turmeric => [0xfbf3dd, 0x573510, 0xd8981f, 0xb7561f, 0x2f5d50, 0xefe7d6],
            Self::Neem => [0xf2f1e3, 0x203d2d, 0x3d7850, 0x9eb56d, 0xbb5831, 0xe3e7dc],
            Self::Lac => [0xf8ebec, 0x481534, 0x9d2a5b, 0xdb8099, 0xdba744, 0xefe4e4],
            Self::Walnut => [0xf3e9da, 0x32251c, 0x8b5a36, 0xc79d70, 0x3d5b67, 0xe9e2d7],
            Self::Dhaka => [0xfaf6ee, 0x201c1f, 0xc3262c, 0xe4832a, 0x1f6f5c, 0xe8e5e0],
        }
        .map(hex);
        Colours { light, dark, lead, second, accent, backdrop }
    }
}

/// One palette's colours by their part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    pub(super) light: Rgb,
    pub(super) dark: Rgb,
    pub(super) lead: Rgb,
    pub(super) second: Rgb,
    pub(super) accent: Rgb,
    pub(super) backdrop: Rgb,
}
