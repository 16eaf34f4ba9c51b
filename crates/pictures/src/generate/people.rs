//! People as plain shapes: shoulders, head, hair or head cloth, and what they wear. No faces: these are nobody.

use super::Cloth;
use super::cloth;
use super::forms::rounded;
use super::palette::Colours;
use super::raster::{Canvas, Rgb, Rng, Tile, hex, inside, length, lit, mix, smooth};

const CENTRE: f32 = 480.0;
const HEAD: (f32, f32) = (480.0, 470.0);
const FACE: (f32, f32) = (138.0, 178.0);

/// What is on the head.
#[derive(Clone, Copy)]
enum Style {
    Bun,
    Braid,
    HeadCloth,
    Short,
    Cap,
    Turban,
}

pub(super) fn draw(canvas: &mut Canvas, rng: &mut Rng, colours: &Colours) {
    let kinds = [Cloth::BlockPrint, Cloth::Ikat, Cloth::Stripes, Cloth::Embroidery];
    let worn = cloth::weave(rng.pick(&kinds), rng, colours);
    let skin = hex(rng.pick(&[0x8d5a3b, 0xa46f4a, 0xb98259, 0x74472d, 0xc6946c, 0x5d3825]));
    let hair = hex(rng.pick(&[0x1b1614, 0x241a16, 0x2b201b, 0x8f8a86, 0x1b1614]));
    let style = rng.pick(&[Style::Bun, Style::Braid, Style::HeadCloth, Style::Short, Style::Cap, Style::Turban]);
    let wall = rng.pick(&[mix(colours.second, colours.light, 0.45), mix(colours.accent, colours.light, 0.55), colours.backdrop]);
    canvas.backdrop(wall);
    disc(canvas, mix(wall, colours.light, 0.55), (CENTRE, 500.0), 345.0);
    behind(canvas, style, hair, &worn);
    let garment = rng.pick(&[colours.lead, colours.dark, mix(colours.lead, colours.light, 0.75)]);
    shoulders(canvas, garment, skin, colours.light);
    head(canvas, skin);
    on_head(canvas, style, hair, &worn, colours);
    match style {
        Style::Bun | Style::Braid => drape(canvas, &worn, rng.chance(2)),
        Style::HeadCloth => veil_fall(canvas, &worn),
        Style::Short | Style::Cap | Style::Turban if rng.chance(2) => drape(canvas, &worn, true),
        Style::Short | Style::Cap | Style::Turban => {}
    }
}

fn ellipse(x: f32, y: f32, (cx, cy): (f32, f32), (rx, ry): (f32, f32)) -> f32 {
    (length((x - cx) / rx, (y - cy) / ry) - 1.0) * rx.min(ry)
}

fn disc(canvas: &mut Canvas, colour: Rgb, (cx, cy): (f32, f32), radius: f32) {
    canvas.shade((cx - radius - 1.0, cy - radius - 1.0, cx + radius + 1.0, cy + radius + 1.0), |x, y, under| {
        mix(under, colour, inside(length(x as f32 - cx, y as f32 - cy) - radius))
    });
}

/// Fills a shape, lit softly from the left; `colour` may depend on the place.
fn fill(canvas: &mut Canvas, distance: impl Fn(f32, f32) -> f32, colour: impl Fn(f32, f32) -> Rgb) {
    canvas.shade(canvas.all(), |x, y, under| {
        let (px, py) = (x as f32, y as f32);
        let coverage = inside(distance(px, py));
        if coverage <= 0.0 {
            return under;
        }
        mix(under, lit(colour(px, py), 1.05 - 0.16 * smooth(CENTRE - 260.0, CENTRE + 330.0, px)), coverage)
    });
}

/// What is seen past the head: a bun, a braid, the back of a head cloth.
fn behind(canvas: &mut Canvas, style: Style, hair: Rgb, worn: &Tile) {
    match style {
        Style::Bun => {
            fill(canvas, |x, y| ellipse(x, y, (CENTRE, 262.0), (76.0, 66.0)), |_, y| lit(hair, 1.5 - 0.4 * smooth(200.0, 320.0, y)));
        }
        Style::Braid => fill(
            canvas,
            |x, y| {
                let wave = 16.0 * (y / 26.0).sin().abs();
                rounded(x - CENTRE - 120.0 - (y - 640.0) * 0.09, y - 690.0, 34.0 + wave, 250.0, 30.0)
            },
            |x, y| lit(hair, 1.15 + 0.5 * ((y + (x - 610.0).abs() * 0.9) / 13.0).sin().abs()),
        ),
        Style::HeadCloth => fill(
            canvas,
            |x, y| ellipse(x, y, (CENTRE, 500.0), (232.0, 290.0)).min(rounded(x - CENTRE, y - 800.0, 225.0, 300.0, 90.0)),
            |x, y| lit(worn.at(x * 1.1, y * 1.1), 0.62),
        ),
        Style::Short | Style::Cap | Style::Turban => {}
    }
}

/// Distance to the upper body, `wider` than the garment by some pixels.
fn torso(x: f32, y: f32, wider: f32) -> f32 {
    let arms = ellipse(x, y, (CENTRE, 1212.0), (395.0 + wider, 470.0 + wider));
    arms.max(((x - CENTRE).abs() * 0.42 + 700.0 - wider - y) * 0.9)
}

fn shoulders(canvas: &mut Canvas, garment: Rgb, skin: Rgb, trim: Rgb) {
    let shade = lit(skin, 0.78);
    let throat = move |_: f32, y: f32| mix(shade, lit(skin, 0.98), smooth(640.0, 760.0, y));
    fill(canvas, |x, y| rounded(x - CENTRE, y - 690.0, 66.0 + 14.0 * smooth(690.0, 745.0, y), 130.0, 30.0), throat);
    let collar = |x: f32, y: f32| ellipse(x, y, (CENTRE, 718.0), (96.0, 104.0));
    fill(canvas, |x, y| torso(x, y, 0.0), |_, y| lit(garment, 1.04 - 0.14 * smooth(740.0, 1200.0, y)));
    fill(canvas, |x, y| collar(x, y).max(torso(x, y, 0.0)), throat);
    fill(canvas, |x, y| (collar(x, y).abs() - 6.0).max(torso(x, y, 0.0)), |_, _| trim);
}

fn head(canvas: &mut Canvas, skin: Rgb) {
    for side in [-1.0, 1.0] {
        fill(canvas, |x, y| ellipse(x, y, (CENTRE + side * 140.0, 492.0), (25.0, 42.0)), |_, _| lit(skin, 0.9));
    }
    let chin = |x: f32, y: f32| {
        let narrow = 1.0 - 0.1 * smooth(HEAD.1, HEAD.1 + FACE.1, y);
        ellipse((x - HEAD.0) / narrow + HEAD.0, y, HEAD, FACE)
    };
    fill(canvas, chin, |x, _| mix(lit(skin, 1.06), lit(skin, 0.88), smooth(430.0, 620.0, x)));
}

fn on_head(canvas: &mut Canvas, style: Style, hair: Rgb, worn: &Tile, colours: &Colours) {
    let crown = |x: f32, y: f32| ellipse(x, y, (HEAD.0, HEAD.1 - 18.0), (FACE.0 + 18.0, FACE.1 + 14.0));
    let strands = move |x: f32, y: f32| lit(hair, 1.25 + 0.25 * ((x - CENTRE) / 9.0 + (y / 40.0).sin()).sin());
    match style {
        Style::Bun | Style::Braid | Style::HeadCloth => {
            let face = |x: f32, y: f32| ellipse(x, y, (HEAD.0, HEAD.1 + 52.0), (FACE.0 - 4.0, FACE.1 + 6.0));
            let parting = |x: f32, y: f32| 4.0 - (x - CENTRE).abs() - smooth(330.0, 280.0, y) * 6.0;
            fill(canvas, |x, y| crown(x, y).max(-face(x, y)).max(y - 560.0).max(parting(x, y)), strands);
            for side in [-1.0, 1.0] {
                disc(canvas, hex(0xe2b04a), (CENTRE + side * 143.0, 548.0), 11.0);
            }
            if matches!(style, Style::HeadCloth) {
                let cloth = |x: f32, y: f32| ellipse(x, y, (CENTRE, 492.0), (214.0, 268.0));
                let opening = |x: f32, y: f32| ellipse(x, y, (CENTRE, 540.0), (158.0, 226.0));
                fill(canvas, |x, y| cloth(x, y).max(-opening(x, y)).max(y - 700.0), |x, y| worn.at(x * 1.1, y * 1.1));
                fill(canvas, |x, y| (opening(x, y).abs() - 7.0).max(y - 700.0), |_, _| colours.accent);
            }
        }
        Style::Short => {
            let face = |x: f32, y: f32| ellipse(x, y, (HEAD.0, HEAD.1 + 76.0), (FACE.0 + 2.0, FACE.1 + 14.0));
            fill(canvas, |x, y| crown(x, y).max(-face(x, y)).max(y - 470.0), strands);
        }
        Style::Cap => {
            fill(canvas, |x, y| crown(x, y).max(y - 455.0).max(-ellipse(x, y, (HEAD.0, HEAD.1 + 70.0), FACE)), strands);
            let cap = |x: f32, y: f32| rounded(x - CENTRE - (360.0 - y) * 0.1, y - 322.0, 150.0 - (360.0 - y) * 0.12, 76.0, 34.0);
            fill(canvas, cap, |x, y| worn.at(x * 1.6, y * 1.6));
        }
        Style::Turban => {
            let turban = |x: f32, y: f32| ellipse(x, y, (CENTRE, 346.0), (190.0, 124.0)).max(-ellipse(x, y, (CENTRE, 540.0), (136.0, 160.0)));
            fill(canvas, turban, |x, y| {
                let wound = ((x - CENTRE) * 0.42 + (y - 338.0) * 1.1 + 30.0 * ((x - 300.0) / 120.0).sin()) / 34.0;
                let colour = if wound.floor() as i32 % 3 == 0 { colours.accent } else { colours.lead };
                lit(colour, 0.84 + 0.3 * (wound.fract().abs() * std::f32::consts::PI).sin())
            });
        }
    }
}

/// A shawl over one shoulder.
fn drape(canvas: &mut Canvas, worn: &Tile, left: bool) {
    let side = if left { 1.0 } else { -1.0 };
    let shape = |x: f32, y: f32| {
        let edge = (x - CENTRE) * side * 0.86 + (y - 800.0) * 0.52;
        torso(x, y, 10.0).max(edge - 110.0).max(-edge - 260.0 + (y - 900.0) * 0.2)
    };
    fill(canvas, shape, |x, y| {
        let along = ((x - CENTRE) * side * 0.86 + (y - 800.0) * 0.52) / 46.0;
        lit(worn.at(x + along * 6.0, y), 0.94 + 0.13 * along.sin())
    });
}

/// A head cloth's ends, falling over both shoulders.
fn veil_fall(canvas: &mut Canvas, worn: &Tile) {
    let shape = |x: f32, y: f32| {
        let out = (x - CENTRE).abs();
        let inner = 150.0 - (y - 640.0) * 0.16 - out;
        let outer = out - 215.0 - (y - 640.0) * 0.42;
        inner.max(outer).max(600.0 - y)
    };
    fill(canvas, shape, |x, y| {
        let fold = ((x - CENTRE).abs() - (y - 640.0) * 0.2) / 17.0;
        lit(worn.at(x * 1.1, y * 1.1), 0.95 + 0.11 * fold.sin())
    });
}
