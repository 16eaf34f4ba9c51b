//! Writes every kind of generated picture in every palette to a folder, to be looked at: `gallery FOLDER [SEED]`.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for more by the environment, and waits by the real clock")]

use pictures::{Cloth, Form, Kind, Palette, generate, portrait};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: gallery FOLDER [SEED]");
        std::process::exit(2);
    };
    let seed: u64 = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    std::fs::create_dir_all(&folder)?;
    let textiles = Cloth::ALL.into_iter().flat_map(|cloth| Form::ALL.map(|form| Kind::Textile(cloth, form)));
    let kinds: Vec<Kind> = textiles.chain([Kind::Basket, Kind::Brass, Kind::Lamp]).collect();
    for (n, kind) in kinds.into_iter().enumerate() {
        let palette = Palette::ALL[(n + seed as usize) % Palette::ALL.len()];
        let start = Instant::now();
        let jpeg = generate(seed * 1000 + n as u64, kind, palette);
        println!("{n:02} {kind:?} {palette:?}: {} bytes, {:?}", jpeg.len(), start.elapsed());
        std::fs::write(format!("{folder}/{n:02}.jpg"), jpeg)?;
    }
    for n in 0..6 {
        let palette = Palette::ALL[(n + seed as usize) % Palette::ALL.len()];
        std::fs::write(format!("{folder}/person-{n}.jpg"), portrait(seed * 1000 + n as u64, palette))?;
    }
    Ok(())
}
