//! Bodies of revolution seen from a little above: brass vessels with wire ornament, and a lamp with its light.

use super::forms::shadow;
use super::palette::Colours;
use super::raster::{Canvas, Field, Rgb, Rng, hex, inside, length, lit, mix, noise, smooth};
use std::f32::consts::{PI, TAU};

/// How far the view is tilted: the height of a circle's ellipse over its width.
const TILT: f32 = 0.2;

const CENTRE: f32 = 600.0;

/// Radii by height, in pixels from `top` to `bottom` of the picture.
struct Profile {
    top: f32,
    radii: Vec<f32>,
}

/// Where a pixel lies on the surface.
struct Spot {
    /// Pixels below the top.
    height: f32,
    /// From -π/2 at the left edge to π/2 at the right.
    angle: f32,
    normal: [f32; 3],
    /// How much of the pixel the surface covers.
    coverage: f32,
}

impl Profile {
    /// Smooth through `(height, radius)` points, heights as fractions of the whole.
    fn new(top: f32, bottom: f32, points: &[(f32, f32)]) -> Self {
        let length = (bottom - top) as usize;
        let radius = |n: usize| {
            let t = n as f32 / length as f32;
            let next = points.iter().position(|&(at, _)| at > t).unwrap_or(points.len() - 1).max(1);
            let ((from, a), (to, b)) = (points[next - 1], points[next]);
            a + (b - a) * smooth(from, to, t)
        };
        Self { top, radii: (0..=length).map(radius).collect() }
    }

    fn radius(&self, height: f32) -> f32 {
        self.radii[(height.max(0.0) as usize).min(self.radii.len() - 1)]
    }

    fn length(&self) -> f32 {
        (self.radii.len() - 1) as f32
    }

    fn bottom(&self) -> f32 {
        self.top + self.length()
    }

    fn widest(&self) -> f32 {
        self.radii.iter().copied().fold(0.0, f32::max)
    }

    /// The visible surface under a pixel: the front of a ring hangs lower than its middle, so its height is searched.
    fn spot(&self, x: f32, y: f32) -> Option<Spot> {
        let (px, level) = (x - CENTRE, y - self.top);
        let mut height = level;
        for _ in 0..5 {
            let radius = self.radius(height);
            height = level - TILT * (radius * radius - px * px).max(0.0).sqrt();
        }
        let radius = self.radius(height);
        let over_top = 0.5 + height;
        let coverage = inside(px.abs() - radius).min(over_top.clamp(0.0, 1.0)).min(inside(height - self.length()));
        if coverage <= 0.0 || radius <= 0.0 {
            return None;
        }
        let sine = (px / radius).clamp(-1.0, 1.0);
        let slope = (self.radius(height + 3.0) - self.radius(height - 3.0)) / 6.0;
        let normal = unit([sine, -slope, (1.0 - sine * sine).sqrt()]);
        Some(Spot { height, angle: sine.asin(), normal, coverage })
    }

    fn area(&self) -> (f32, f32, f32, f32) {
        let wide = self.widest() + 4.0;
        (CENTRE - wide, self.top - wide * TILT, CENTRE + wide, self.bottom() + wide * TILT + 4.0)
    }

    /// Its own shade on the table, and the light it keeps from it.
    fn cast(&self, canvas: &mut Canvas) {
        let (foot, base) = (self.radii[self.radii.len() - 1], self.bottom());
        let flat = move |x: f32, y: f32, dx: f32, dy: f32, wide: f32| length((x - CENTRE - dx) / wide, (y - base - dy) / (wide * 0.3)) * wide - wide;
        let wide = self.widest();
        shadow(canvas, 0.34, 110.0, |x, y| flat(x, y, wide * 0.35, foot * TILT + 8.0, wide * 1.1));
        shadow(canvas, 0.6, 20.0, |x, y| flat(x, y, 6.0, foot * TILT * 0.4, foot * 1.02));
    }

    /// The opening at the top: inside it is dark, and the far wall catches some light.
    fn mouth(&self, canvas: &mut Canvas, colour: Rgb) {
        let radius = self.radii[0];
        let area = (CENTRE - radius - 3.0, self.top - radius * TILT - 3.0, CENTRE + radius + 3.0, self.top + radius * TILT + 3.0);
        canvas.shade(area, |x, y, under| {
            let (px, py) = (x as f32 - CENTRE, y as f32 - self.top);
            let distance = tilted(px, py, radius);
            let far = smooth(radius * TILT, -radius * TILT, py) * smooth(-radius, radius * 0.6, px);
            let rim = inside((distance + 3.5).abs() - 3.5);
            let inner = lit(colour, 0.1 + 0.3 * far);
            mix(under, mix(inner, lit(colour, 1.2), rim), inside(distance))
        });
    }

    /// The opening of something lit from within: bright paper on the far side, a thin rim.
    fn glow(&self, canvas: &mut Canvas) {
        let radius = self.radii[0];
        let area = (CENTRE - radius - 3.0, self.top - radius * TILT - 3.0, CENTRE + radius + 3.0, self.top + radius * TILT + 3.0);
        canvas.shade(area, |x, y, under| {
            let (px, py) = (x as f32 - CENTRE, y as f32 - self.top);
            let distance = tilted(px, py, radius);
            let depth = smooth(-radius * TILT, radius * TILT, py);
            let inner = lit(mix(hex(0xf3b866), hex(0xfff0c8), depth), 0.9 + 0.12 * depth);
            mix(under, mix(inner, hex(0x8a5a2b), inside((distance + 1.6).abs() - 1.6)), inside(distance))
        });
    }
}

/// An ellipse's distance, as wide as it is and as high as the tilt makes it.
fn tilted(px: f32, py: f32, radius: f32) -> f32 {
    (length(px / radius, py / (radius * TILT)) - 1.0) * radius * TILT
}

fn unit(v: [f32; 3]) -> [f32; 3] {
    let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    v.map(|part| part / length)
}

/// Ornament on one band of a vessel.
#[derive(Clone, Copy)]
enum Ornament {
    Plain,
    Wire,
    Braid,
    Spirals,
    Beads,
}

pub(super) fn brass(canvas: &mut Canvas, rng: &mut Rng, colours: &Colours) {
    canvas.backdrop(colours.backdrop);
    let wide = rng.range(245.0, 300.0);
    let shapes: [&[(f32, f32)]; 4] = [
        &[(0.0, 0.62), (0.05, 0.58), (0.2, 0.4), (0.32, 0.6), (0.62, 1.0), (0.88, 0.62), (0.94, 0.5), (1.0, 0.58)],
        &[(0.0, 0.4), (0.04, 0.36), (0.3, 0.26), (0.42, 0.4), (0.7, 0.84), (0.92, 0.5), (1.0, 0.56)],
        &[(0.0, 0.98), (0.05, 0.93), (0.3, 1.0), (0.75, 0.72), (0.85, 0.34), (0.92, 0.34), (1.0, 0.62)],
        &[(0.0, 0.3), (0.03, 0.36), (0.12, 0.2), (0.24, 0.5), (0.5, 0.92), (0.8, 0.86), (0.95, 0.6), (1.0, 0.64)],
    ];
    let shape = rng.pick(&shapes);
    let tall = rng.range(560.0, 660.0) * if shape[0].1 > 0.9 { 0.72 } else { 1.0 };
    let points: Vec<(f32, f32)> = shape.iter().map(|&(at, radius)| (at, radius * wide)).collect();
    let profile = Profile::new(905.0 - tall, 905.0, &points);
    let bands: Vec<Ornament> = (0..9)
        .map(|n| {
            if n % 2 == 0 {
                rng.pick(&[Ornament::Wire, Ornament::Plain])
            } else {
                rng.pick(&[Ornament::Braid, Ornament::Spirals, Ornament::Beads, Ornament::Wire])
            }
        })
        .collect();
    profile.cast(canvas);
    profile.mouth(canvas, hex(0xb98a35));
    let band_height = profile.length() / bands.len() as f32;
    canvas.shade(profile.area(), |x, y, under| {
        let Some(spot) = profile.spot(x as f32, y as f32) else { return under };
        let band = ((spot.height / band_height) as usize).min(bands.len() - 1);
        let local = (spot.height / band_height).fract();
        let bump = relief(bands[band], spot.angle * profile.radius(spot.height), local * band_height, band_height);
        let edge = smooth(0.045, 0.0, local.min(1.0 - local));
        let normal = unit([spot.normal[0] + bump[0], spot.normal[1] + bump[1], spot.normal[2]]);
        let patina = 0.86 + 0.2 * noise(x as f32 / 34.0, y as f32 / 34.0, 512) - 0.34 * bump[2] - 0.3 * edge;
        mix(under, metal(normal, patina), spot.coverage)
    });
}

/// Slope across, slope down, and depth of the ornament at a point of its band, in pixels.
fn relief(ornament: Ornament, around: f32, down: f32, height: f32) -> [f32; 3] {
    let cell = (around / height).round() * height;
    let (cx, cy) = ((around - cell) / height * 2.0, down / height * 2.0 - 1.0);
    match ornament {
        Ornament::Plain => [0.0, 0.0, 0.0],
        Ornament::Wire => {
            let phase = down * TAU / 11.0;
            [0.0, 0.55 * phase.cos(), (0.5 - 0.5 * phase.sin()).powi(3)]
        }
        Ornament::Braid => {
            let side = if (down / 13.0).floor() as i32 % 2 == 0 { 1.0 } else { -1.0 };
            let phase = (around + side * down * 1.1) * TAU / 15.0;
            let seam = smooth(0.16, 0.0, ((down / 13.0).fract() - 0.5).abs() - 0.34);
            [0.5 * phase.cos(), 0.35 * side * phase.cos(), (0.5 - 0.5 * phase.sin()).powi(2) * 0.8 + 0.2 * (1.0 - seam)]
        }
        Ornament::Spirals => {
            let (r, angle) = (length(cx, cy), cy.atan2(cx));
            if r > 0.92 {
                return [0.0, 0.0, 0.25];
            }
            let phase = (r * 3.6 - angle / TAU) * TAU;
            [0.6 * phase.cos() * angle.cos(), 0.6 * phase.cos() * angle.sin(), (0.5 - 0.5 * phase.sin()).powi(2)]
        }
        Ornament::Beads => {
            let r = length(cx, cy);
            if r > 0.72 { [0.0, 0.0, 0.5] } else { [cx * 1.1, cy * 1.1, 0.0] }
        }
    }
}

/// Brass in a room with a window at the upper left, a pale wall and a dark floor.
fn metal(normal: [f32; 3], patina: f32) -> Rgb {
    let [nx, ny, nz] = normal;
    let (rx, ry) = (2.0 * nz * nx, 2.0 * nz * ny);
    let window = smooth(0.42, 0.78, -rx * 0.75 - ry * 0.62) * smooth(1.25, 0.95, -rx * 0.75 - ry * 0.62);
    let wall = 0.3 + 0.28 * smooth(0.5, -0.8, ry) + 0.2 * smooth(0.35, 0.95, rx);
    let floor = smooth(0.15, 0.75, ry);
    let bounce = 0.3 * smooth(0.7, 1.0, ry);
    let level = (wall * (1.0 - 0.62 * floor) + 0.62 * window + bounce * 0.5) * patina;
    let stops = [hex(0x2b1a08), hex(0x7a5118), hex(0xc2923a), hex(0xf0cf82), hex(0xfff6dc)];
    let at = (level.clamp(0.0, 0.999) * 1.08).min(0.999) * (stops.len() - 1) as f32;
    mix(stops[at as usize], stops[at as usize + 1], at.fract())
}

/// A solar lamp at dusk: a shade of bamboo slats and paper on a turned foot, its panel leaning beside it.
pub(super) fn lamp(canvas: &mut Canvas, rng: &mut Rng, colours: &Colours) {
    let dusk = mix(colours.dark, hex(0x121a2b), 0.55);
    let warm = hex(0xffc978);
    let field = Field::new(canvas.size(), |x, y| {
        let halo = (-(length(x - 600.0, (y - 470.0) * 0.95) / 330.0).powi(2)).exp();
        let pool = (-(length(x - 600.0, (y - 985.0) * 2.7) / 400.0).powi(2)).exp() * smooth(830.0, 900.0, y);
        [0.75 + 0.5 * (1.0 - y / 1200.0), 0.5 * halo + 0.6 * pool, smooth(846.0, 852.0, y)]
    });
    let table = mix(hex(0x6b4a32), colours.dark, 0.35);
    canvas.shade(canvas.all(), |x, y, _| {
        let [sky, glow, on_table] = field.at(x, y);
        let grain = 0.9 + 0.14 * noise(x as f32 / 150.0, y as f32 / 5.0, 512);
        let wall = lit(dusk, sky + 0.35);
        let base = mix(wall, lit(table, 0.55 * grain), on_table);
        std::array::from_fn(|n| base[n] + warm[n] * glow * (0.42 + 0.5 * base[n]))
    });
    panel(canvas, colours);
    let foot =
        Profile::new(690.0, 985.0, &[(0.0, 20.0), (0.1, 15.0), (0.5, 13.0), (0.74, 16.0), (0.84, 60.0), (0.93, 148.0), (0.97, 156.0), (1.0, 150.0)]);
    shadow(canvas, 0.55, 22.0, |x, y| length((x - 600.0) / 158.0, (y - 990.0) / 40.0) * 40.0 - 40.0);
    canvas.shade(foot.area(), |x, y, under| {
        let Some(spot) = foot.spot(x as f32, y as f32) else { return under };
        let from_above = (-spot.normal[1]).max(0.0);
        let light = 0.3 + 0.75 * from_above + 0.3 * spot.normal[2] + 0.35 * smooth(120.0, 0.0, spot.height);
        mix(under, mix(lit(colours.lead, light), lit(warm, light), 0.25 * from_above), spot.coverage)
    });
    let style = rng.below(3);
    lampshade(canvas, style, rng.pick(&[24.0_f32, 32.0, 40.0]), colours);
}

fn lampshade(canvas: &mut Canvas, style: usize, slats: f32, colours: &Colours) {
    let points: &[(f32, f32)] = match style {
        0 => &[(0.0, 96.0), (0.5, 205.0), (1.0, 262.0)],
        1 => &[(0.0, 130.0), (0.25, 235.0), (0.6, 262.0), (1.0, 190.0)],
        _ => &[(0.0, 190.0), (0.08, 205.0), (0.92, 205.0), (1.0, 198.0)],
    };
    let shade = Profile::new(255.0, 700.0, points);
    let paper = hex(0xffe2ac);
    shade.glow(canvas);
    canvas.shade(shade.area(), |x, y, under| {
        let Some(spot) = shade.spot(x as f32, y as f32) else { return under };
        let down = spot.height / shade.length();
        // The light source sits low in the shade; paper seen at a slant lets less through.
        let near = (-((down - 0.62) / 0.42).powi(2)).exp();
        let through = (0.5 + 0.72 * near) * (0.5 + 0.5 * spot.normal[2].powf(0.7));
        let slat = ((spot.angle / PI * slats).fract().abs() - 0.5).abs();
        let bamboo = smooth(0.1, 0.03, slat);
        let ring = smooth(5.0, 3.0, spot.height.min(shade.length() - spot.height));
        let zigzag = ((spot.angle / PI * slats / 2.0).fract().abs() - 0.5).abs();
        let figure = inside(((down - 0.78).abs() * 9.0 - zigzag * 1.2 - 0.1).abs() * 18.0 - 2.0);
        let fibre = 0.95 + 0.08 * noise(x as f32 / 9.0, y as f32 / 14.0, 512);
        let mut colour = lit(paper, through * fibre);
        colour = mix(colour, lit(hex(0xc98a43), through * 0.8), bamboo * 0.75);
        colour = mix(colour, lit(colours.lead, 0.45 + 0.7 * through), figure * 0.85);
        colour = mix(colour, lit(hex(0x8a5a2b), 0.5 + through * 0.5), ring);
        mix(under, colour, spot.coverage)
    });
}

/// Dark cells in a light frame, leaning to the right of the lamp.
fn panel(canvas: &mut Canvas, colours: &Colours) {
    let (left, top, width, height, lean) = (835.0, 742.0, 215.0, 215.0, 0.28);
    shadow(canvas, 0.5, 18.0, |x, y| length((x - 960.0) / 150.0, (y - 968.0) / 22.0) * 22.0 - 22.0);
    canvas.shade((left - 10.0, top - 10.0, left + width + 80.0, top + height + 10.0), |x, y, under| {
        let v = (y as f32 - top) / height;
        let u = (x as f32 - left - (1.0 - v) * height * lean) / width;
        let (px, py) = ((u - 0.5) * width, (v - 0.5) * height);
        let edge = (px.abs() - width / 2.0).max(py.abs() - height / 2.0);
        let cell = (((u * 4.0).fract() - 0.5).abs()).max(((v * 4.0).fract() - 0.5).abs());
        let sheen = 0.5 + 0.5 * smooth(0.9, 0.0, u + v * 0.6);
        let silicon = mix(hex(0x16233f), hex(0x3c5a8e), sheen * 0.55);
        let inner = mix(silicon, hex(0x8fa3bf), smooth(0.46, 0.485, cell) * 0.6);
        let frame = lit(mix(colours.light, hex(0xb9a98f), 0.6), 0.55 + 0.3 * sheen);
        mix(under, mix(frame, inner, inside(edge + 9.0)), inside(edge))
    });
}
