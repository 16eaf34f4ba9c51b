//! Cloth made up and laid out: where each point of the cloth comes to lie, and how the light falls on it there.

use super::Form;
use super::palette::Colours;
use super::raster::{Canvas, Field, Rgb, Rng, Tile, hex, inside, length, lit, mix, noise, smooth};
use std::f32::consts::PI;

pub(super) fn lay(canvas: &mut Canvas, form: Form, tile: &Tile, rng: &mut Rng, colours: &Colours) {
    match form {
        Form::Spread => spread(canvas, tile, rng),
        Form::Folded => folded(canvas, tile, rng, colours),
        Form::Hanging => hanging(canvas, tile, rng, colours),
        Form::Cushion => cushion(canvas, tile, rng, colours),
    }
}

/// Distance to a box with rounded corners, from its centre.
pub(super) fn rounded(x: f32, y: f32, half_width: f32, half_height: f32, radius: f32) -> f32 {
    let (dx, dy) = (x.abs() - half_width + radius, y.abs() - half_height + radius);
    length(dx.max(0.0), dy.max(0.0)) + dx.max(dy).min(0.0) - radius
}

/// Darkens by a blurred shape; `distance` is in pixels from its edge.
pub(super) fn shadow(canvas: &mut Canvas, strength: f32, blur: f32, distance: impl Fn(f32, f32) -> f32) {
    let field = Field::new(canvas.size(), |x, y| [smooth(blur, -blur, distance(x, y))]);
    canvas.shade(field.extent(), |x, y, under| lit(under, 1.0 - strength * field.at(x, y)[0]));
}

/// Soft ridges in one direction, wandering.
fn spread(canvas: &mut Canvas, tile: &Tile, rng: &mut Rng) {
    let (direction, turn) = (rng.range(0.5, 1.15), rng.range(-0.35, 0.35));
    let (phase, zoom) = (rng.range(0.0, 40.0), rng.range(0.92, 1.15));
    let (sin, cos) = direction.sin_cos();
    let height = |x: f32, y: f32| {
        let wander = noise(x / 330.0 + phase, y / 330.0, 256) * 2.0 + noise(x / 150.0, y / 150.0 + phase, 256) * 0.3;
        let across = (x * cos + y * sin) / 165.0 + wander;
        let ridge = (0.5 + 0.5 * (across * 2.0).cos()).powf(1.7);
        46.0 * ridge + 26.0 * noise(x / 190.0 + phase, y / 240.0, 256)
    };
    let field = Field::new(canvas.size(), |x, y| {
        let h = height(x, y);
        let (dx, dy) = ((height(x + 5.0, y) - h) / 5.0, (height(x, y + 5.0) - h) / 5.0);
        let light = 0.95 + 0.42 * (dx * 0.75 + dy * 0.65) - 0.1 * (1.0 - h / 60.0).max(0.0);
        [light.clamp(0.38, 1.28), dx * 26.0, dy * 26.0]
    });
    let (sin, cos) = turn.sin_cos();
    canvas.shade(canvas.all(), |x, y, _| {
        let [light, du, dv] = field.at(x, y);
        let (px, py) = (x as f32 + du, y as f32 + dv);
        lit(tile.at((px * cos - py * sin) * zoom, (px * sin + py * cos) * zoom), light)
    });
}

/// A stack seen from a little above: a top face and rolled front edges, sometimes with a paper band.
fn folded(canvas: &mut Canvas, tile: &Tile, rng: &mut Rng, colours: &Colours) {
    const LAYER: f32 = 46.0;
    const FRONT: f32 = 765.0;
    const BACK: f32 = 300.0;
    canvas.backdrop(colours.backdrop);
    let layers = 4 + rng.below(3);
    let bottom = FRONT + LAYER * layers as f32;
    shadow(canvas, 0.5, 70.0, |x, y| rounded(x - 628.0, y - (BACK + bottom) / 2.0 - 50.0, 400.0, (bottom - BACK) / 2.0 - 20.0, 60.0));
    shadow(canvas, 0.55, 16.0, |x, y| rounded(x - 604.0, y - bottom + 6.0, 402.0, 16.0, 14.0));
    let zoom = rng.range(0.8, 0.95);
    for layer in (0..layers).rev() {
        let (shift, half) = (rng.range(-7.0, 7.0), rng.range(404.0, 416.0));
        let top = FRONT + LAYER * layer as f32 - 8.0;
        let middle = top + LAYER / 2.0;
        canvas.shade((160.0, top - 4.0, 1040.0, top + LAYER + 6.0), |x, y, under| {
            let (px, py) = (x as f32 - 600.0 - shift, y as f32 - middle);
            let shape = inside(rounded(px, py, half, LAYER / 2.0 + 1.0, LAYER / 2.0));
            let round = (py / (LAYER / 2.0)).clamp(-1.0, 1.0);
            let light = 0.98 - 0.34 * round - 0.42 * round.abs().powi(5) - 0.12 * smooth(300.0, 410.0, px.abs());
            let v = FRONT * 1.3 + layer as f32 * 190.0 + round.asin() * LAYER / 2.0;
            mix(under, lit(tile.at(px * zoom, v * zoom), light), shape)
        });
    }
    top_face(canvas, tile, zoom, (BACK, FRONT));
    if rng.chance(2) {
        paper_band(canvas, (BACK, bottom), colours);
    }
}

fn top_face(canvas: &mut Canvas, tile: &Tile, zoom: f32, (back, front): (f32, f32)) {
    let field = Field::new(canvas.size(), |x, y| {
        let puff = noise(x / 210.0, y / 130.0, 64) - 0.5;
        [0.06 * puff + 0.06 * (1.0 - x / 1200.0)]
    });
    canvas.shade((150.0, back - 10.0, 1050.0, front + 24.0), |x, y, under| {
        let (px, py) = (x as f32 - 600.0, y as f32);
        let depth = (py - back) / (front - back);
        // Farther away is narrower.
        let scale = 0.87 + 0.13 * depth;
        let flat = px / scale;
        let shape = inside(rounded(flat, py - (back + front) / 2.0 - 6.0, 410.0, (front - back) / 2.0 + 14.0, 26.0) * scale);
        let roll = smooth(front - 34.0, front + 16.0, py);
        let light = 0.98 + field.at(x, y)[0] + 0.06 * smooth(front - 70.0, front - 24.0, py) - 0.26 * roll * roll;
        let edge = 1.0 - 0.2 * smooth(390.0, 410.0, flat.abs()) - 0.12 * smooth(0.035, 0.0, depth);
        mix(under, lit(tile.at(flat * zoom, py * 1.3 * zoom), light * edge), shape)
    });
}

/// A strip of brown paper round the stack.
fn paper_band(canvas: &mut Canvas, (back, bottom): (f32, f32), colours: &Colours) {
    let paper = mix(hex(0xd9c3a0), colours.backdrop, 0.25);
    canvas.shade((480.0, back - 6.0, 720.0, bottom + 4.0), |x, y, under| {
        let (px, py) = (x as f32 - 600.0, y as f32);
        let scale = 0.87 + 0.13 * ((py - back) / 465.0).min(1.0);
        let distance = (px.abs() - 82.0 * scale).max(back - 4.0 - py).max(py - bottom + 4.0);
        let near = 1.0 - 0.28 * smooth(14.0, 0.0, distance) * smooth(-1.0, 0.0, distance);
        let fibre = 0.97 + 0.05 * noise(x as f32 / 3.0, py / 11.0, 4096);
        let front = 1.0 - 0.2 * smooth(745.0, 790.0, py);
        let frame = ((px.abs() - 66.0 * scale).abs() - 1.2).max(back + 16.0 - py);
        let colour = mix(lit(paper, fibre * front), lit(colours.dark, 1.1), 0.55 * inside(frame));
        mix(lit(under, near), colour, inside(distance))
    });
}

/// Over a wooden rod against a wall, the end fringed.
fn hanging(canvas: &mut Canvas, tile: &Tile, rng: &mut Rng, colours: &Colours) {
    canvas.backdrop(colours.backdrop);
    let (phase, zoom) = (rng.range(0.0, 9.0), rng.range(0.85, 1.1));
    let (end, half) = (rng.range(930.0, 1000.0), rng.range(255.0, 310.0));
    shadow(canvas, 0.3, 46.0, |x, y| rounded(x - 650.0, y - (end + 190.0) / 2.0 - 30.0, half + 12.0, (end - 190.0) / 2.0, 30.0));
    shadow(canvas, 0.22, 16.0, |x, y| rounded(x - 615.0, y - 208.0, 440.0, 10.0, 8.0));
    rod(canvas);
    let back = Sheet { centre: 600.0 + half * 0.34, half: half * 0.8, end: end - 150.0, phase: phase + 4.0, zoom, dim: 0.74 };
    let front = Sheet { centre: 600.0 - half * 0.1, half, end, phase, zoom, dim: 1.0 };
    for sheet in [back, front] {
        let soft = if sheet.dim < 1.0 { 0.0 } else { 0.3 };
        shadow(canvas, soft, 24.0, |x, y| {
            rounded(x - sheet.centre - 16.0, y - (sheet.end + 190.0) / 2.0, sheet.half, (sheet.end - 190.0) / 2.0, 20.0)
        });
        sheet.draw(canvas, tile, colours);
    }
}

fn rod(canvas: &mut Canvas) {
    let wood = hex(0xa9794b);
    canvas.shade((120.0, 165.0, 1080.0, 205.0), |x, y, under| {
        let (px, py) = (x as f32 - 600.0, y as f32 - 184.0);
        let shape = inside(rounded(px, py, 455.0, 13.0, 13.0));
        let grain = 0.94 + 0.12 * noise(x as f32 / 70.0, y as f32 / 3.0, 512);
        mix(under, lit(wood, grain * (1.02 - 0.36 * py / 13.0 * (py / 13.0).abs() - 0.14 * py / 13.0)), shape)
    });
}

/// One fall of a hanging cloth.
struct Sheet {
    centre: f32,
    half: f32,
    end: f32,
    phase: f32,
    zoom: f32,
    /// How much light reaches it.
    dim: f32,
}

impl Sheet {
    const TOP: f32 = 168.0;
    const FRINGE: f32 = 78.0;

    /// Depth of the pleats; they open towards the hem.
    fn pleats(&self, x: f32, y: f32) -> f32 {
        let open = 0.35 + 0.65 * smooth(180.0, 620.0, y);
        let sway = 22.0 * (y / 310.0 + self.phase).sin();
        let u = (x + sway) / self.half;
        ((u * 5.3 + self.phase).sin() + 0.5 * (u * 9.7 + self.phase * 2.3).sin() + 0.3 * (u * 17.0).sin()) * open
    }

    fn draw(&self, canvas: &mut Canvas, tile: &Tile, colours: &Colours) {
        let field = Field::new(canvas.size(), |x, y| {
            let px = x - self.centre;
            let slope = (self.pleats(px + 4.0, y) - self.pleats(px - 4.0, y)) / 8.0 * self.half;
            let light = 0.97 + 0.045 * slope - 0.1 * (1.0 - self.pleats(px, y)).max(0.0) * 0.5;
            let over_rod = 1.0 - 0.3 * smooth(26.0, 0.0, y - Self::TOP) + 0.07 * smooth(0.0, 14.0, y - Self::TOP);
            [light * over_rod * self.dim, self.pleats(px, y) * 15.0]
        });
        let area = (self.centre - self.half - 30.0, Self::TOP, self.centre + self.half + 30.0, self.end + Self::FRINGE + 20.0);
        let border = [colours.lead, colours.accent, colours.dark];
        canvas.shade(area, |x, y, under| {
            let (px, py) = (x as f32 - self.centre, y as f32);
            let [light, du] = field.at(x, y);
            let edge = px.abs() - self.half - 7.0 * (py / 150.0 + self.phase + px.signum()).sin();
            let hem = self.end + 9.0 * (px / self.half * 5.3 + self.phase).sin();
            let body = inside(edge.max(py - hem).max(Self::TOP - py));
            let mut colour = tile.at((px + du) * self.zoom, py * self.zoom);
            colour = band(colour, hem - py, border);
            let strand = self.strand(px, py, hem);
            let yarn = mix(border[0], colours.light, 0.25);
            let under = mix(under, lit(yarn, light * (0.85 + 0.15 * strand.1)), strand.0 * inside(edge));
            mix(under, lit(colour, light), body)
        });
    }

    /// Coverage of the fringe and how round it is there: knotted tassels below the hem.
    fn strand(&self, x: f32, y: f32, hem: f32) -> (f32, f32) {
        const PITCH: f32 = 15.0;
        let below = y - hem;
        if !(-1.0..=Self::FRINGE).contains(&below) {
            return (0.0, 0.0);
        }
        let sway = x + 3.0 * (below / 19.0 + (x / PITCH).floor() * 1.7).sin() * below / Self::FRINGE;
        let off = ((sway / PITCH).fract().abs() - 0.5) * PITCH;
        let width = if (12.0..22.0).contains(&below) { 5.0 } else { 2.2 + 3.0 * below / Self::FRINGE };
        (inside(off.abs() - width), (off * 1.9).cos())
    }
}

/// The woven end of a shawl: three bars above the hem.
fn band(colour: Rgb, above_hem: f32, [wide, thin, line]: [Rgb; 3]) -> Rgb {
    match above_hem {
        a if a < 16.0 => colour,
        a if a < 72.0 => wide,
        a if a < 80.0 => line,
        a if a < 98.0 => thin,
        a if a < 104.0 => line,
        _ => colour,
    }
}

/// Plump, with its corners drawn out and a piped seam.
fn cushion(canvas: &mut Canvas, tile: &Tile, rng: &mut Rng, colours: &Colours) {
    const HALF: f32 = 415.0;
    canvas.backdrop(colours.backdrop);
    let (turn, zoom) = (rng.range(-0.12, 0.12), rng.range(0.85, 1.05));
    let (sin, cos) = f32::sin_cos(turn);
    let piping = rng.pick(&[colours.dark, colours.accent, colours.light]);
    // The farther from its middle, the more a side bows in.
    let limit = |along: f32| 0.93 + 0.07 * along * along;
    let local = |x: f32, y: f32| {
        let (px, py) = ((x - 600.0) / HALF, (y - 600.0) / HALF);
        (px * cos + py * sin, py * cos - px * sin)
    };
    let reach = |(x, y): (f32, f32)| {
        let (a, b) = ((x / limit(y)).abs(), (y / limit(x)).abs());
        (a.powi(14) + b.powi(14)).powf(1.0 / 14.0)
    };
    shadow(canvas, 0.5, 85.0, |x, y| (reach(local(x - 24.0, y - 62.0)) - 0.99) * HALF);
    shadow(canvas, 0.35, 26.0, |x, y| (reach(local(x - 6.0, y - 16.0)) - 1.0) * HALF);
    let puff = |x: f32, y: f32| {
        let (a, b) = ((1.0 - (x / limit(y)).powi(2)).max(0.0), (1.0 - (y / limit(x)).powi(2)).max(0.0));
        let crease = (x.abs() * y.abs()).powi(2) * ((x.abs() - y.abs()) * 17.0).sin() * 0.07;
        (a * b).powf(0.36) + crease
    };
    let field = Field::new(canvas.size(), |x, y| {
        let (px, py) = local(x, y);
        let (dx, dy) = ((puff(px + 0.02, py) - puff(px - 0.02, py)) / 0.04, (puff(px, py + 0.02) - puff(px, py - 0.02)) / 0.04);
        let light = 0.96 + (0.17 * (dx * 0.7 + dy * 0.9)).clamp(-0.45, 0.26) - 0.1 * (1.0 - puff(px, py));
        [light, reach((px, py)), 1.0 + 0.22 * (1.0 - puff(px, py))]
    });
    canvas.shade(canvas.all(), |x, y, under| {
        let [light, reach, stretch] = field.at(x, y);
        let distance = (reach - 1.0) * HALF;
        if distance > 2.0 {
            return under;
        }
        let (px, py) = local(x as f32, y as f32);
        let cloth = lit(tile.at(px * HALF * zoom * stretch, py * HALF * zoom * stretch), light);
        let seam = (distance + 7.0) / 7.0;
        let twist = 0.92 + 0.1 * ((px - py) * HALF / 5.0).sin();
        let cord = lit(piping, (0.75 + 0.4 * (seam * PI / 2.0).cos()) * twist * (light * 0.5 + 0.5));
        let body = mix(cloth, cord, inside(seam.abs() * 7.0 - 7.0));
        mix(under, lit(body, 1.0 - 0.35 * smooth(8.0, 0.0, -14.0 - distance) * smooth(-26.0, -14.0, distance)), inside(distance))
    });
}
