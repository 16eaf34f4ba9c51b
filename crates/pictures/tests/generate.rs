//! Invented pictures: the same from the same seed, different from another, and acceptable as uploads.

use pictures::{Cloth, Form, Kind, Limits, PORTRAIT_SIZE, PRODUCT_SIZE, Palette, accept, generate, portrait};

const KINDS: [Kind; 5] =
    [Kind::Textile(Cloth::Ikat, Form::Spread), Kind::Textile(Cloth::Dhaka, Form::Hanging), Kind::Basket, Kind::Brass, Kind::Lamp];

#[test]
fn a_seed_gives_one_picture_and_another_seed_another() {
    for kind in KINDS {
        let picture = generate(7, kind, Palette::Indigo);
        assert_eq!(picture, generate(7, kind, Palette::Indigo), "{kind:?}");
        assert_ne!(picture, generate(8, kind, Palette::Indigo), "{kind:?}");
        assert_ne!(picture, generate(7, kind, Palette::Madder), "{kind:?}");
    }
    assert_eq!(portrait(3, Palette::Lac), portrait(3, Palette::Lac));
    assert_ne!(portrait(3, Palette::Lac), portrait(4, Palette::Lac));
}

#[test]
fn every_kind_is_a_picture_that_can_be_uploaded() {
    let textiles = Cloth::ALL.into_iter().flat_map(|cloth| Form::ALL.map(|form| Kind::Textile(cloth, form)));
    for (n, kind) in textiles.chain([Kind::Basket, Kind::Brass, Kind::Lamp]).enumerate() {
        let jpeg = generate(n as u64, kind, Palette::ALL[n % Palette::ALL.len()]);
        let picture = accept(&jpeg, &Limits::default()).unwrap();
        assert_eq!((picture.width as usize, picture.height as usize), PRODUCT_SIZE);
        // Noise or a plain sheet would also be a valid JPEG: there must be light, dark and something in between.
        let grey = image::load_from_memory(&picture.renditions[0].bytes).unwrap().into_luma8();
        let (dark, light) = grey.pixels().fold((255, 0), |(low, high), p| (p.0[0].min(low), p.0[0].max(high)));
        assert!(light - dark > 90, "{kind:?} spans {dark} to {light}");
    }
    for seed in 0..6 {
        let picture = accept(&portrait(seed, Palette::ALL[seed as usize]), &Limits::default()).unwrap();
        assert_eq!((picture.width as usize, picture.height as usize), PORTRAIT_SIZE);
    }
}
