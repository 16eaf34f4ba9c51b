//! What everybody sets up before anything is sold, by the operations that the operator and each cooperative's manager would use.
use haat::{
    app::App,
    artisans::{self, Medium, NewArtisan, NewConsent, crafts},
    audit::Second,
    cooperatives::{
        delivery::{self, ANYWHERE, NewOption},
        destinations,
    },
    db::Tx,
    ids::AccountId,
    money::{Currency, Money},
    tax::{self, NewRegistration, Seller},
    tenancy::Scope,
};

use super::{
    Failure,
    world::{Cooperative, Maker, World},
};

/// Invented; its check digit fits.
const VAT_NUMBER: &str = "DE999999995";
/// Who was there when a maker said yes.
const WITNESS: &str = "the secretary";

/// What all cooperatives share: crafts, and where the platform collects tax for them.
pub async fn shared(app: &App, tx: &mut Tx, operator: AccountId, world: &World) -> Result<(), Failure> {
    for c in &world.crafts {
        let craft = crafts::Craft {
            code: c.code.clone(),
            name: c.name.clone(),
            place: c.place.clone(),
            country: c.country.clone(),
            materials: c.materials.clone(),
            steps: c.steps.clone(),
            gi_registered: c.gi_registered,
            typical_minutes: c.typical_minutes,
        };
        crafts::put(tx, &craft).await?;
    }
    let now = app.clock.now();
    let german = NewRegistration { jurisdiction: "DE".into(), kind: tax::Kind::Vat, number: VAT_NUMBER.into(), valid_from: now.day() };
    match tax::register(tx, now, operator, Seller::Platform, german).await {
        // A second start finds the first one's.
        Ok(_) | Err(tax::Error::Open) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The manager writes down her makers, their word, and where she delivers; says where to pay, and the operator confirms it.
pub async fn of_cooperative(
    app: &App,
    tx: &mut Tx,
    scope: Scope,
    manager: AccountId,
    operator: AccountId,
    coop: &Cooperative,
) -> Result<(), Failure> {
    let now = app.clock.now();
    for maker in &coop.makers {
        self::maker(app, tx, scope, manager, maker).await?;
    }
    for option in deliveries(&coop.country, coop.currency) {
        delivery::create(tx, scope, option).await?;
    }
    let proposed = destinations::propose(tx, now, &app.keys, manager, scope, &coop.destination).await?;
    Ok(destinations::confirm(tx, now, Second::Operator(operator), scope, proposed).await?)
}

async fn maker(app: &App, tx: &mut Tx, scope: Scope, manager: AccountId, maker: &Maker) -> Result<(), Failure> {
    let now = app.clock.now();
    let new = NewArtisan {
        reference: Some(maker.reference.clone()),
        legal_name: maker.legal_name.clone(),
        display_name: maker.name.clone(),
        public_alias: maker.name.clone(),
        village: maker.village.clone(),
        craft: Some(maker.craft.clone()),
        language: Some(maker.language.clone()),
        story: maker.story.clone(),
        ..NewArtisan::default()
    };
    let id = artisans::create(tx, now, &app.keys, scope, &new).await?;
    if maker.consents.is_empty() {
        return Ok(());
    }
    let said = NewConsent {
        purposes: maker.consents.clone(),
        granted: true,
        language: maker.language.clone(),
        medium: Medium::Spoken,
        witness: Some(WITNESS.into()),
    };
    artisans::consent(tx, now, Some(manager), scope, id, &said).await?;
    Ok(())
}

/// Post at home and anywhere else, and a courier.
fn deliveries(home: &str, own: Currency) -> Vec<NewOption> {
    let unit = if own == Currency::NPR { 160 } else { 100 };
    let option = |name: &str, country: &str, base: i64, per_kg: i64, (min_days, max_days)| NewOption {
        name: name.into(),
        countries: vec![country.into()],
        base: Money::new(base * unit, own),
        per_kg: Money::new(per_kg * unit, own),
        min_days,
        max_days,
    };
    vec![
        option("Registered post", home, 80, 40, (3, 9)),
        option("Registered post", ANYWHERE, 600, 250, (9, 21)),
        option("Courier", ANYWHERE, 1400, 700, (4, 8)),
    ]
}
