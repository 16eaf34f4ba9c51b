//! Small figures a cloth repeats. A point is given in the figure's own square, -1 to 1 each way; `soft` is how wide a
//! pixel is there. A figure answers with how much of each of three inks covers the point.

use super::raster::{length, smooth, split};
use std::f32::consts::{PI, TAU};

/// Coverage by outline, filling and accent, painted in this order: filling, accent, outline.
#[derive(Clone, Copy, Default)]
pub(super) struct Ink {
    pub(super) outline: f32,
    pub(super) fill: f32,
    pub(super) accent: f32,
}

/// The blocks there are to print with.
#[derive(Clone, Copy)]
pub(super) enum Block {
    Rosette { petals: u32 },
    Paisley,
    Sprig,
    Star,
}

impl Block {
    pub(super) fn at(self, x: f32, y: f32, soft: f32) -> Ink {
        match self {
            Self::Rosette { petals } => rosette(x, y, petals as f32, soft),
            Self::Paisley => paisley(x, y, soft),
            Self::Sprig => sprig(x, y, soft),
            Self::Star => star(x, y, soft),
        }
    }
}

/// 1 inside (negative distance), 0 outside.
pub(super) fn cover(distance: f32, soft: f32) -> f32 {
    smooth(soft, -soft, distance)
}

/// A line `half` wide to each side of a contour.
pub(super) fn line(distance: f32, half: f32, soft: f32) -> f32 {
    cover(distance.abs() - half, soft)
}

/// The angle folded into one of `n` equal sectors, from -π/n to π/n.
pub(super) fn fold(angle: f32, n: f32) -> f32 {
    let sector = TAU / n;
    angle - split(angle / sector + 0.5).0 as f32 * sector
}

fn rosette(x: f32, y: f32, petals: f32, soft: f32) -> Ink {
    let (r, angle) = (length(x, y), y.atan2(x));
    let petal = fold(angle, petals);
    let edge = 0.62 + 0.2 * (petal * petals / 2.0).cos().abs().powf(0.7) - 0.1;
    let vein = cover((petal * r).abs() - 0.018, soft) * smooth(0.26, 0.34, r) * smooth(0.62, 0.5, r);
    let eye = line(r - 0.24, 0.035, soft) + cover(r - 0.1, soft);
    let ring = fold(angle + PI / petals, petals);
    let dots = cover(length(r * ring.cos() - 0.9, r * ring.sin()) - 0.055, soft);
    Ink { outline: (line(r - edge, 0.035, soft) + eye + vein + dots).min(1.0), fill: cover(r - edge, soft), accent: cover(r - 0.24, soft) }
}

/// A mango: a drop whose tip is bent over.
fn paisley(x: f32, y: f32, soft: f32) -> Ink {
    let drop = |scale: f32| {
        let (px, py) = (x / scale, (y - 0.18) / scale + 0.18);
        let t = ((py + 0.88) / 1.72).clamp(0.0, 1.0);
        let bent = px - 0.62 * (1.0 - t).powi(2) + 0.1;
        let half = 0.56 * (t * (1.0 - t)).sqrt() * 2.0 * t.powf(0.45);
        let beyond = (py.abs() - 0.9).max(0.0);
        (bent.abs() - half) * 0.8 + beyond
    };
    let (outer, inner) = (drop(1.0), drop(0.62));
    let flower = rosette((x + 0.06) * 4.2, (y - 0.36) * 4.2, 6.0, soft * 4.2);
    let beads = (fold((y - 0.25).atan2(x + 0.05), 22.0) * length(x + 0.05, y - 0.25)).abs() - 0.035;
    let band = (outer + 0.1).abs() - 0.03;
    Ink {
        outline: (line(outer, 0.03, soft) + line(inner, 0.02, soft) + cover(beads.max(band), soft) + flower.outline).min(1.0),
        fill: cover(outer, soft),
        accent: (cover(inner, soft) - flower.fill).max(0.0),
    }
}

fn sprig(x: f32, y: f32, soft: f32) -> Ink {
    let sway = x - 0.09 * (y * 3.0).sin();
    let stem = cover(sway.abs() - 0.028, soft) * smooth(-0.5, -0.42, y) * smooth(0.95, 0.9, y);
    let mut leaves = 0.0_f32;
    let mut veins = 0.0_f32;
    for (n, at) in [0.72_f32, 0.4, 0.08].into_iter().enumerate() {
        let side = 0.2 + 0.05 * n as f32;
        let (along, across) = (sway.abs() - side, (y - at) + (sway.abs() - 0.04) * 0.8);
        let leaf = (along / (side - 0.01)).powi(2) + (across / 0.105).powi(2) - 1.0;
        leaves = leaves.max(cover(leaf * 0.1, soft));
        veins = veins.max(cover(across.abs() - 0.014, soft) * cover(leaf * 0.1, soft));
    }
    let bloom = rosette((x + 0.09) * 2.6, (y + 0.62) * 2.6, 5.0, soft * 2.6);
    Ink { outline: (stem + veins + bloom.outline).min(1.0), fill: (leaves + bloom.fill).min(1.0), accent: bloom.accent }
}

fn star(x: f32, y: f32, soft: f32) -> Ink {
    let (r, angle) = (length(x, y), y.atan2(x));
    let point = fold(angle, 8.0).abs();
    let edge = r * (point.cos() + 0.75 * point.sin()) - 0.78;
    let inner = r * ((PI / 8.0 - point).cos() + 0.5 * (PI / 8.0 - point).sin()) - 0.46;
    Ink {
        outline: (line(edge, 0.04, soft) + line(inner, 0.03, soft) + cover(r - 0.13, soft)).min(1.0),
        fill: cover(edge, soft),
        accent: cover(inner, soft),
    }
}
