//! Pages to PDF. No dates and no random ids are written, so equal pages give equal bytes.

use super::{Item, Page, Photo, Rgb};
use crate::Error;
use crate::text::Run;
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};

pub(crate) fn pdf(title: &str, language: &str, pages: &[Page]) -> Result<Vec<u8>, Error> {
    let mut document = Document::new();
    document.set_metadata(Metadata::new().title(title.to_owned()).language(language.to_owned()));
    for page in pages {
        let settings = PageSettings::from_wh(page.width, page.height).expect("every page size is a positive constant");
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        for item in &page.items {
            draw(&mut surface, item);
        }
        for photo in &page.photos {
            embed(&mut surface, photo)?;
        }
        surface.finish();
        sheet.finish();
    }
    document.finish().map_err(|error| Error::Pdf(format!("{error:?}")))
}

fn draw(surface: &mut Surface<'_>, item: &Item) {
    match item {
        Item::Shape { outlines, fill } => shape(surface, outlines, *fill),
        Item::Rule { from, to, width, colour, dash } => {
            let mut path = PathBuilder::new();
            path.move_to(from.0, from.1);
            path.line_to(to.0, to.1);
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: paint(*colour).into(),
                width: *width,
                dash: dash.map(|dash| StrokeDash { array: vec![dash, dash], offset: 0.0 }),
                ..Stroke::default()
            }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Item::Text { at, size, colour, line } => {
            filled(surface, *colour);
            let mut x = at.0;
            for run in &line.runs {
                glyphs(surface, run, (x, at.1), *size);
                x += run.glyphs.iter().map(|glyph| glyph.advance).sum::<f32>() * size;
            }
        }
    }
}

fn shape(surface: &mut Surface<'_>, outlines: &[Vec<(f32, f32)>], fill: Rgb) {
    let mut path = PathBuilder::new();
    for outline in outlines {
        let mut points = outline.iter();
        if let Some(&(x, y)) = points.next() {
            path.move_to(x, y);
            points.for_each(|&(x, y)| path.line_to(x, y));
            path.close();
        }
    }
    filled(surface, fill);
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn glyphs(surface: &mut Surface<'_>, run: &Run, (x, y): (f32, f32), size: f32) {
    let glyphs: Vec<KrillaGlyph> =
        run.glyphs.iter().map(|g| KrillaGlyph::new(GlyphId::new(g.id.into()), g.advance, g.dx, g.dy, 0.0, g.bytes.clone(), None)).collect();
    surface.draw_glyphs(Point::from_xy(x, y), &glyphs, run.face.font(), &run.text, size, false);
}

fn embed(surface: &mut Surface<'_>, photo: &Photo) -> Result<(), Error> {
    let image = Image::from_jpeg(photo.jpeg.clone().into(), true).map_err(Error::Photo)?;
    let (width, height) = (image.size().0 as f32, image.size().1 as f32);
    let scale = photo.side / width.max(height);
    let size = Size::from_wh(width * scale, height * scale).ok_or_else(|| Error::Photo("it has no size".into()))?;
    let (x, y) = (photo.x + (photo.side - size.width()) / 2.0, photo.y + (photo.side - size.height()) / 2.0);
    surface.push_transform(&Transform::from_translate(x, y));
    surface.draw_image(image, size);
    surface.pop();
    Ok(())
}

fn filled(surface: &mut Surface<'_>, colour: Rgb) {
    surface.set_stroke(None);
    surface.set_fill(Some(Fill { paint: paint(colour).into(), opacity: NormalizedF32::ONE, rule: Default::default() }));
}

fn paint(Rgb(red, green, blue): Rgb) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}
