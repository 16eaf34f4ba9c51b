//! A coiled basket from above: a spiral of grass bundles, sewn stitch by stitch, with a figure in dyed stitches.

use super::forms::shadow;
use super::palette::Colours;
use super::raster::{Canvas, Rgb, Rng, hex, inside, length, lit, mix, smooth, speck};
use std::f32::consts::{PI, TAU};

/// Thickness of a coil in pixels.
const COIL: f32 = 21.0;

/// Figures that can be sewn.
#[derive(Clone, Copy)]
enum Figure {
    Star { points: f32 },
    Whirl { arms: f32 },
    Steps { sectors: f32 },
    Petals { count: f32 },
}

pub(super) fn draw(canvas: &mut Canvas, rng: &mut Rng, colours: &Colours) {
    canvas.backdrop(colours.backdrop);
    let points = rng.pick(&[5.0, 6.0, 8.0]);
    let figures =
        [Figure::Star { points }, Figure::Whirl { arms: points }, Figure::Steps { sectors: points * 2.0 }, Figure::Petals { count: points }];
    let figure = rng.pick(&figures);
    let grass = mix(hex(0xdcbf86), colours.light, 0.35);
    let inks = [colours.lead, colours.dark, colours.accent];
    let radius = COIL * (20 + rng.below(3)) as f32;
    let turn = rng.range(0.0, TAU);
    shadow(canvas, 0.45, 80.0, |x, y| length(x - 632.0, y - 662.0) - radius);
    shadow(canvas, 0.4, 18.0, |x, y| length(x - 606.0, y - 612.0) - radius);
    canvas.shade(canvas.all(), |x, y, under| {
        let (px, py) = (x as f32 - 600.0, y as f32 - 600.0);
        let (r, angle) = (length(px, py), py.atan2(px));
        if r > radius + 2.0 {
            return under;
        }
        let around = (angle + turn).rem_euclid(TAU) / TAU;
        let wound = (r / COIL - around).max(0.0);
        let coil = wound.floor();
        let colour = sewn(figure, coil / (radius / COIL), around, coil as i32, grass, inks);
        let shape = inside(r - radius + 3.0 * speck(coil as i32, (around * 300.0) as i32));
        mix(under, lit(colour, light(wound.fract(), coil, around, r / radius, (px / r.max(1.0), py / r.max(1.0)))), shape)
    });
}

/// Roundness of the coil, the single stitches, and the dish of the whole basket.
fn light(across: f32, coil: f32, around: f32, out: f32, (dx, dy): (f32, f32)) -> f32 {
    let tilt = -(across * PI).cos();
    let towards_light = -(dx * 0.62 + dy * 0.72);
    let round = 0.86 + 0.2 * (across * PI).sin() + 0.16 * tilt * towards_light;
    let groove = 1.0 - 0.5 * smooth(0.13, 0.0, across.min(1.0 - across));
    let stitches = ((coil + 0.5) * TAU * COIL / 9.5).round().max(6.0);
    let stitch = (around * stitches + across * 0.55).fract();
    let thread = 0.9 + 0.16 * (stitch * PI).sin() - 0.2 * smooth(0.1, 0.0, stitch.min(1.0 - stitch));
    let dish = 1.02 - 0.2 * out.powi(3) * towards_light - 0.05 * (1.0 - out);
    round * groove * thread * dish
}

fn sewn(figure: Figure, out: f32, around: f32, coil: i32, grass: Rgb, [lead, dark, accent]: [Rgb; 3]) -> Rgb {
    let straw = lit(grass, 0.9 + 0.18 * speck(coil, (around * 90.0) as i32));
    let dyed = |ink: Rgb| lit(ink, 0.92 + 0.2 * speck(coil + 9, (around * 140.0) as i32));
    if out > 0.955 {
        return dyed(dark);
    }
    if out < 0.07 {
        return dyed(lead);
    }
    let wave = |n: f32| ((around * n).fract() - 0.5).abs() * 2.0;
    let level = match figure {
        Figure::Star { points } => out - 0.3 - 0.5 * wave(points),
        Figure::Whirl { arms } => (((around + out * 0.42) * arms).fract() - 0.5).abs() - 0.24,
        Figure::Steps { sectors } => {
            let ring = (out * 7.0).floor();
            if ((around * sectors + ring * 0.5).fract() - 0.5).abs() < 0.24 { -0.03 - 0.1 * (ring % 2.0) } else { 0.2 }
        }
        Figure::Petals { count } => out - 0.86 * (wave(count) * PI / 2.0).sin().powf(0.6),
    };
    match level {
        l if l < -0.12 => dyed(lead),
        l if l < -0.04 => dyed(accent),
        l if l < 0.0 => dyed(dark),
        l if (0.13..0.17).contains(&l) => dyed(lead),
        _ => straw,
    }
}
