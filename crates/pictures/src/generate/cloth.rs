//! Cloths as repeating tiles. Threads are part of the tile; folds, light and shadow come with the form.

use super::Cloth;
use super::motifs::{Block, Ink, cover, fold, line};
use super::palette::Colours;
use super::raster::{Rgb, Rng, Tile, hex, length, lit, mix, noise, smooth, speck};
use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

const SIDE: f32 = Tile::SIDE as f32;

pub(super) fn weave(cloth: Cloth, rng: &mut Rng, colours: &Colours) -> Tile {
    match cloth {
        Cloth::BlockPrint => block_print(rng, colours),
        Cloth::Ikat => ikat(rng, colours),
        Cloth::Stripes => stripes(rng, colours),
        Cloth::Dhaka => dhaka(rng, colours),
        Cloth::Embroidery => embroidery(rng, colours),
    }
}

/// What all cloths share, per pixel of a tile: how thick the threads are there, and how evenly ink takes. It is the same
/// for every seed, so it is computed once.
static YARN: LazyLock<Vec<[f32; 2]>> = LazyLock::new(|| {
    let points = (0..Tile::SIDE).flat_map(|y| (0..Tile::SIDE).map(move |x| (x as f32 + 0.5, y as f32 + 0.5)));
    let at = |(x, y): (f32, f32)| {
        let slub = noise(x / 2.0, y / 32.0, 256) + noise(x / 32.0, y / 2.0, 256) - 1.0;
        [slub, 0.82 + 0.18 * smooth(0.25, 0.6, noise(x / 8.0, y / 8.0, 64))]
    };
    points.map(at).collect()
});

fn yarn(x: f32, y: f32) -> [f32; 2] {
    YARN[(y as usize % Tile::SIDE) * Tile::SIDE + x as usize % Tile::SIDE]
}

/// Over and under of plain weave, with threads of uneven thickness: a factor around 1.
fn threads(x: f32, y: f32, depth: f32) -> f32 {
    // Two pixels over, two under.
    let over = if (x as i32 ^ y as i32) & 2 == 0 { 0.25 } else { -0.25 };
    1.0 + depth * (over + yarn(x, y)[0])
}

fn block_print(rng: &mut Rng, colours: &Colours) -> Tile {
    let dyed = rng.chance(2);
    let (ground, outline, fill) = if dyed {
        (rng.pick(&[colours.dark, colours.lead]), colours.light, rng.pick(&[colours.second, colours.light]))
    } else {
        (colours.light, colours.dark, rng.pick(&[colours.lead, colours.second]))
    };
    let accent = rng.pick(&[colours.accent, colours.second, ground]);
    let blocks = [
        (Block::Paisley, 4, 1.36),
        (Block::Rosette { petals: 8 }, 4, 1.16),
        (Block::Rosette { petals: 6 }, 6, 1.2),
        (Block::Sprig, 4, 1.36),
        (Block::Star, 6, 1.16),
    ];
    // The block, how many to a tile's side, and how much of its cell it leaves free.
    let (block, count, room) = rng.pick(&blocks);
    let cell = SIDE / count as f32;
    let soft = 2.4 / cell;
    let mirrored = rng.chance(2);
    Tile::paint(|x, y| {
        let row = (y / cell).floor();
        let shifted = x + if row as i32 % 2 == 0 { 0.0 } else { cell / 2.0 };
        let column = (shifted / cell).floor().rem_euclid(count as f32);
        // A block is set by eye: never quite where the last one would have it.
        let slip = |n: i32| (speck(column as i32 + n * 31, row as i32 + 7) - 0.5) * 0.045;
        let (fx, fy) = ((shifted / cell).fract() * 2.0 - 1.0, (y / cell).fract() * 2.0 - 1.0);
        let (px, py) = (fx + slip(1), fy + slip(2));
        let px = if mirrored && row as i32 % 2 == 1 { -px } else { px };
        let ink = block.at(px * room, py * room, soft * room);
        // Rows are offset by half a block, so a small mark stands at the corners and in the middle of an edge.
        let corner = length((1.0 - fx.abs()).min(fx.abs()), 1.0 - fy.abs());
        let filler = cover(corner - 0.13, soft) + line(corner - 0.23, 0.03, soft);
        let worn = yarn(x, y)[1];
        let dyeing = 0.97 + 0.06 * noise(x / 64.0, y / 64.0, 8);
        let mut colour = lit(ground, dyeing);
        colour = printed(colour, ink, [fill, accent, outline], worn);
        colour = mix(colour, outline, (filler * worn).min(1.0));
        lit(colour, threads(x, y, 0.055))
    })
}

/// Filling first, then accent, then the outline's block over both.
fn printed(ground: Rgb, ink: Ink, [fill, accent, outline]: [Rgb; 3], worn: f32) -> Rgb {
    let colour = mix(ground, fill, ink.fill * worn * 0.94);
    let colour = mix(colour, accent, ink.accent * worn);
    mix(colour, outline, ink.outline * worn)
}

/// Nested lozenges whose edges are feathered along the warp, because the tied yarns never line up exactly.
fn ikat(rng: &mut Rng, colours: &Colours) -> Tile {
    let bands = [colours.dark, colours.light, colours.lead, colours.accent, colours.light, colours.second];
    let shift = rng.below(bands.len());
    let across = rng.pick(&[2.0, 4.0]);
    let down = rng.pick(&[1.0, 2.0]);
    let steps = rng.pick(&[5.0, 6.0, 7.0]);
    let ground = rng.pick(&[colours.lead, colours.dark, colours.accent]);
    let triangle = |v: f32| (v.fract() - 0.5).abs() * 2.0;
    Tile::paint(|x, y| {
        let yarn = (x / 2.5).floor();
        let slip = (speck(yarn as i32, 5) - 0.5) * 20.0 + (noise(yarn / 7.0, 0.5, 64) - 0.5) * 26.0;
        let (u, v) = (yarn * 2.5 / SIDE * across, (y + slip) / SIDE * down);
        let level = (triangle(u) + triangle(v)) * steps / 2.0 + 0.35 * triangle(v * 4.0);
        let index = level.floor();
        let colour_of = |index: f32| {
            let n = index as usize + shift;
            if index as usize >= steps as usize - 1 { ground } else { bands[n % bands.len()] }
        };
        let bleed = smooth(0.72, 1.0, level - index);
        let colour = mix(colour_of(index), colour_of(index + 1.0), bleed);
        let streak = 0.93 + 0.12 * speck(yarn as i32, 11);
        lit(colour, streak * threads(x, y, 0.05))
    })
}

fn stripes(rng: &mut Rng, colours: &Colours) -> Tile {
    let base = rng.pick(&[colours.light, colours.lead, colours.second]);
    let others = [colours.dark, colours.lead, colours.accent, colours.second, colours.light];
    let mut warp = vec![base; Tile::SIDE];
    let mut x = 0;
    while x < Tile::SIDE {
        let (gap, width) = (rng.pick(&[10, 18, 34, 52]), rng.pick(&[3, 6, 12, 26, 40]));
        let colour = rng.pick(&others);
        let end = (x + gap + width).min(Tile::SIDE);
        warp[(x + gap).min(end)..end].fill(colour);
        if width > 20 {
            let thin = rng.pick(&others);
            warp[(x + gap + width / 2 - 2).min(end)..(x + gap + width / 2 + 2).min(end)].fill(thin);
        }
        x = end;
    }
    let checked = rng.chance(3);
    Tile::paint(|x, y| {
        let along = warp[(x as usize).min(Tile::SIDE - 1)];
        let colour = if checked {
            let across = warp[(y as usize).min(Tile::SIDE - 1)];
            let over = ((x / 2.0).floor() + (y / 2.0).floor()) % 2.0;
            mix(along, across, 0.28 + 0.44 * over)
        } else {
            mix(along, base, 0.1 * (y as i32 / 2 % 2) as f32)
        };
        lit(colour, threads(x, y, 0.1))
    })
}

/// Rows of stepped figures laid in by hand, 8 pixels a step.
fn dhaka(rng: &mut Rng, colours: &Colours) -> Tile {
    const CELL: f32 = 8.0;
    const CELLS: usize = Tile::SIDE / 8;
    let dark_ground = rng.chance(3);
    let ground = if dark_ground { colours.dark } else { colours.light };
    let contrast = if dark_ground { colours.light } else { colours.dark };
    let inks = [colours.lead, colours.second, contrast, colours.accent];
    let mut rows: Vec<Vec<Rgb>> = Vec::new();
    while rows.len() < CELLS {
        let height = rng.pick(&[5_usize, 7, 9, 13]).min(CELLS - rows.len());
        let (first, second, third) = (rng.pick(&inks), rng.pick(&inks), rng.pick(&inks));
        let period = rng.pick(&[8_i32, 16]);
        let figure = rng.below(4);
        for y in 0..height as i32 {
            let from_middle = (y - height as i32 / 2).abs();
            let cell = |x: i32| {
                let from_centre = (x.rem_euclid(period) - period / 2).abs();
                let level = match figure {
                    0 => from_centre + from_middle,
                    1 => (from_centre - y).rem_euclid(period / 2),
                    2 => period / 2 - from_centre + from_middle / 2,
                    _ => from_centre.max(from_middle),
                };
                match level {
                    0 | 1 => third,
                    2 => ground,
                    3 | 4 => first,
                    5 => ground,
                    6 => second,
                    _ => ground,
                }
            };
            rows.push((0..CELLS as i32).map(cell).collect());
        }
        let line = rng.pick(&inks);
        rows.extend([vec![ground; CELLS], vec![line; CELLS], vec![ground; CELLS]]);
    }
    Tile::paint(|x, y| {
        let (column, row) = ((x / CELL) as usize % CELLS, (y / CELL) as usize % CELLS);
        let colour = rows[row][column];
        // Inlaid yarn lies thicker than the ground and shows its turns at the edges of a figure.
        let raised = if colour == ground { 0.0 } else { 1.0 };
        let rib = 1.0 + raised * 0.09 * (y * TAU / 4.0).sin() - raised * 0.12 * smooth(0.35, 0.5, ((x / CELL).fract() - 0.5).abs());
        lit(colour, rib * threads(x, y, 0.05))
    })
}

/// Mirrors held by rings of stitches, flowers of satin stitch round them, and running stitch between.
fn embroidery(rng: &mut Rng, colours: &Colours) -> Tile {
    let ground = rng.pick(&[colours.dark, colours.lead, colours.dark]);
    let yarns = [colours.light, colours.accent, colours.second, hex(0xd94f2b), hex(0xf0b429)];
    let (petal, tip, ring, knots) = (rng.pick(&yarns), rng.pick(&yarns), rng.pick(&yarns), rng.pick(&yarns));
    let petals = rng.pick(&[6.0_f32, 8.0, 10.0]);
    let cell = SIDE / 2.0;
    let soft = 2.2 / cell;
    Tile::paint(|x, y| {
        let mut colour = lit(ground, threads(x, y, 0.09));
        let (px, py) = ((x / cell).fract() * 2.0 - 1.0, (y / cell).fract() * 2.0 - 1.0);
        flower(&mut colour, (px, py), petals, [petal, tip, ring, knots], soft);
        let (cx, cy) = (px - px.signum(), py - py.signum());
        flower(&mut colour, (cx * 1.9, cy * 1.9), 6.0, [tip, ring, knots, petal], soft * 1.9);
        // Running stitch on the diagonals, from flower to flower.
        let diagonal = (px.abs() - (1.0 - py.abs())).abs() / 2.0_f32.sqrt();
        let dash = smooth(0.2, 0.3, ((px - py) * 13.0).fract().abs()) * smooth(0.95, 0.85, ((px - py) * 13.0).fract().abs());
        let free = smooth(0.86, 0.9, length(px, py)).min(smooth(0.5, 0.54, length(cx, cy)));
        stitch(&mut colour, knots, line(diagonal, 0.014, soft) * dash * free, diagonal / 0.02);
        colour
    })
}

/// One mirror and what is stitched round it, within a radius of about 0.85.
fn flower(colour: &mut Rgb, (x, y): (f32, f32), petals: f32, [petal, tip, ring, knots]: [Rgb; 4], soft: f32) {
    let (r, angle) = (length(x, y), y.atan2(x));
    if r > 0.95 {
        return;
    }
    let bent = fold(angle, petals);
    let (along, across) = (r * bent.cos() - 0.5, r * bent.sin());
    let width = 0.5 / petals * 2.1;
    let leaf = ((along / 0.22).powi(2) + (across / width).powi(2)).sqrt() - 1.0;
    let satin = (across * 130.0 + along * 18.0).sin();
    stitch(colour, mix(petal, tip, smooth(-0.02, 0.2, along)), cover(leaf * 0.16, soft), satin * 0.55);
    let knot = fold(angle + PI / petals, petals);
    let bead = length(r * knot.cos() - 0.74, r * knot.sin()) - 0.05;
    stitch(colour, knots, cover(bead, soft), bead * 16.0 + 0.4);
    let chain = (angle * 34.0 + r * 40.0).sin();
    stitch(colour, ring, line(r - 0.235, 0.05, soft), chain * 0.8);
    let sheen = 0.8 + 0.16 * (x * 9.0 - y * 13.0).sin() + 0.1 * (x * 3.0 + y * 5.0).sin();
    *colour = mix(*colour, lit(hex(0xdfe6ea), sheen), cover(r - 0.19, soft));
    *colour = lit(*colour, 1.0 - 0.5 * line(r - 0.19, 0.012, soft));
}

/// Yarn over cloth: `round` from -1 to 1 says where on the thread the light falls.
fn stitch(colour: &mut Rgb, yarn: Rgb, coverage: f32, round: f32) {
    *colour = mix(*colour, lit(yarn, 0.92 + 0.16 * round.clamp(-1.0, 1.0)), coverage.clamp(0.0, 1.0));
}
