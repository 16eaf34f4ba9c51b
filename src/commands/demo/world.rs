//! The demonstration's world: six invented cooperatives, their makers, crafts and sixty products, with generated pictures.
//!
//! It is loaded once, cooperative by cooperative; what is there already stays, so that a start that was cut off goes on where it stopped.
use haat::{
    app::App,
    artisans::Purpose,
    auth::{self, Role, model::Email, model::NewPassword},
    catalog::{
        self, NewPrice, NewProduct, NewStock, NewVariant,
        price::Division,
        stock::Policy,
        templates::{Filter, Method, NewAgreement},
    },
    cooperatives::{self, Profile, Terms, destinations::Details},
    db::Tx,
    ids::{AccountId, CoopId, ProductId},
    media::{Attached, Kept},
    money::Currency,
    provenance::{self, NewBatch},
    tenancy::Scope,
};
use pictures::{Cloth, Form, Kind, Palette};

use super::{Failure, rows, setup};

/// Everybody in the demonstration signs in with it; the pages say so.
pub const PASSWORD: &str = "haat demonstration";
pub const OPERATOR: &str = "operator@haat.example";
/// The operator's colleague: money leaves by two people.
pub const SECOND: &str = "colleague@haat.example";

#[derive(serde::Deserialize)]
pub struct World {
    pub crafts: Vec<Craft>,
    pub rates: Vec<Rate>,
    pub cooperatives: Vec<Cooperative>,
}
#[derive(serde::Deserialize)]
pub struct Craft {
    pub code: String,
    pub name: String,
    pub place: String,
    pub country: String,
    pub materials: Vec<String>,
    pub steps: Vec<String>,
    pub gi_registered: Option<bool>,
    pub typical_minutes: Option<i32>,
}
#[derive(serde::Deserialize)]
pub struct Rate {
    pub base: String,
    pub quote: String,
    pub rate: String,
}
#[derive(serde::Deserialize)]
pub struct Cooperative {
    pub name: String,
    pub legal_form: String,
    pub about: String,
    pub country: String,
    pub region: String,
    pub district: String,
    pub currency: Currency,
    pub locale: String,
    pub members: i32,
    pub women: i32,
    pub contact_email: String,
    pub manager: Manager,
    pub template: Template,
    pub destination: Details,
    pub makers: Vec<Maker>,
    pub products: Vec<Product>,
}
#[derive(serde::Deserialize)]
pub struct Manager {
    pub name: String,
    pub email: String,
}
#[derive(serde::Deserialize)]
pub struct Template {
    pub maker_bp: u32,
    pub materials_bp: u32,
    pub cooperative_bp: u32,
    pub agreed_by: String,
}
#[derive(serde::Deserialize)]
pub struct Maker {
    pub reference: String,
    pub legal_name: String,
    /// None: she is not named in public.
    pub name: Option<String>,
    pub village: Option<String>,
    pub craft: String,
    pub language: String,
    pub story: Option<String>,
    pub consents: Vec<Purpose>,
}
#[derive(serde::Deserialize)]
pub struct Product {
    title: String,
    kind: String,
    craft: String,
    eur_minor: i64,
    grams: i32,
    quantity: i32,
    picture: String,
    text: String,
    materials: serde_json::Value,
}

pub fn world() -> Result<World, serde_json::Error> {
    serde_json::from_str(include_str!("world.json"))
}

/// Loads what is missing; says how many cooperatives were written.
pub async fn load(app: &App, world: &World) -> Result<usize, Failure> {
    let now = app.clock.now();
    let hash = auth::hash_password(NewPassword::parse("/password", PASSWORD, OPERATOR)?).await?;
    app.db
        .transaction(async |tx| {
            rows::exchange_rates(tx, now.day(), &world.rates).await?;
            let operator = person(app, tx, OPERATOR, "Operator", "en", &hash, Role::Operator, None).await?;
            person(app, tx, SECOND, "Colleague", "en", &hash, Role::Operator, None).await?;
            setup::shared(app, tx, operator, world).await
        })
        .await?;
    let mut written = 0;
    for (n, coop) in (0_u64..).zip(&world.cooperatives) {
        if cooperatives::find(&mut *app.db.conn().await?, &slug(&coop.name)).await?.is_none() {
            eprintln!("  {}: {} products", coop.name, coop.products.len());
            let kept = photographs(app, n, &coop.products).await?;
            app.db.transaction(async |tx| cooperative(app, tx, coop, &hash, &kept).await).await?;
            written += 1;
        }
    }
    Ok(written)
}
/// What a cooperative is called in addresses.
pub fn slug(name: &str) -> String {
    haat::catalog::model::slugify(name)
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
async fn person(
    app: &App,
    tx: &mut Tx,
    email: &str,
    name: &str,
    locale: &str,
    hash: &str,
    role: Role,
    coop: Option<CoopId>,
) -> Result<AccountId, Failure> {
    let now = app.clock.now();
    let account = auth::register(tx, now, &Email::parse("/email", email)?, name, locale, Some(hash)).await?;
    auth::grant(tx, now, account, role, coop).await?;
    Ok(account)
}

/// Draws every picture, a few at a time: each takes a core a tenth of a second.
async fn photographs(app: &App, of: u64, products: &[Product]) -> Result<Vec<Kept>, Failure> {
    let mut drawing = Vec::new();
    for (n, product) in (0_u64..).zip(products) {
        let (kind, palette) = picture(&product.picture);
        drawing.push(tokio::task::spawn_blocking(move || pictures::generate(of * 100 + n, kind, palette)));
    }
    let mut kept = Vec::new();
    for jpeg in drawing {
        kept.push(app.media.keep(jpeg.await?).await?);
    }
    Ok(kept)
}

/// A picture of the story's own products, by its number.
pub fn photo(n: u64) -> Vec<u8> {
    const SHOWN: [&str; 5] = ["block hanging indigo", "block spread madder", "block folded walnut", "block hanging lac", "block folded neem"];
    let words = SHOWN[usize::try_from(n).unwrap_or(0) % SHOWN.len()];
    let (kind, palette) = picture(words);
    pictures::generate(7000 + n, kind, palette)
}

/// "block hanging indigo": how it was made, what it was made up as, its dye.
fn picture(words: &str) -> (Kind, Palette) {
    let mut form = Form::Spread;
    let mut cloth = Cloth::BlockPrint;
    let mut other = None;
    let mut palette = Palette::Indigo;
    for word in words.split(' ') {
        match word {
            "hanging" => form = Form::Hanging,
            "folded" => form = Form::Folded,
            "cushion" => form = Form::Cushion,
            "stripes" => cloth = Cloth::Stripes,
            "embroidery" => cloth = Cloth::Embroidery,
            "basket" => other = Some(Kind::Basket),
            "brass" => other = Some(Kind::Brass),
            "lamp" => other = Some(Kind::Lamp),
            "madder" => palette = Palette::Madder,
            "turmeric" => palette = Palette::Turmeric,
            "neem" => palette = Palette::Neem,
            "lac" => palette = Palette::Lac,
            "walnut" => palette = Palette::Walnut,
            "dhaka" => (palette, cloth) = (Palette::Dhaka, if words.starts_with("dhaka") { Cloth::Dhaka } else { cloth }),
            _ => {}
        }
    }
    (other.unwrap_or(Kind::Textile(cloth, form)), palette)
}

async fn cooperative(app: &App, tx: &mut Tx, coop: &Cooperative, hash: &str, kept: &[Kept]) -> Result<(), Failure> {
    let now = app.clock.now();
    let profile = Profile {
        name: coop.name.clone(),
        legal_form: coop.legal_form.clone(),
        about: coop.about.clone(),
        country: coop.country.clone(),
        region: Some(coop.region.clone()),
        district: coop.district.clone(),
        currency: coop.currency,
        locale: coop.locale.clone(),
        members: Some(coop.members),
        women: Some(coop.women),
        contact_email: coop.contact_email.clone(),
    };
    let id = cooperatives::apply(tx, now, &profile).await?;
    let scope = Scope::system(id);
    let operator = auth::register(tx, now, &Email::parse("/email", OPERATOR)?, "Operator", "en", None).await?;
    cooperatives::approve(tx, now, Some(operator), id, Terms::default()).await?;
    let manager = person(app, tx, &coop.manager.email, &coop.manager.name, &coop.locale, hash, Role::Manager, Some(id)).await?;
    setup::of_cooperative(app, tx, scope, manager, operator, coop).await?;

    let Template { maker_bp, materials_bp, cooperative_bp, ref agreed_by } = coop.template;
    let division = Division { maker_bp, materials_bp, cooperative_bp };
    let template = catalog::templates::create(tx, now, scope, Some(manager), "standard", division).await?;
    let agreement = NewAgreement {
        template,
        filter: Filter::default(),
        agreed_by: agreed_by.clone(),
        method: Method::Meeting,
        agreed_on: now.day(),
        evidence: None,
        floors: Vec::new(),
    };
    catalog::templates::agree(tx, now, scope, Some(manager), &agreement).await?;
    let new: Vec<NewProduct> = coop.products.iter().map(|p| p.described(coop.currency, template)).collect();
    let made = catalog::create_many(tx, now, scope, &new).await?;
    for (((product, _), of), kept) in made.iter().zip(&coop.products).zip(kept) {
        let picture = haat::media::add(tx, now, scope, kept).await?;
        catalog::set_pictures(tx, now, scope, *product, &[Attached { media: picture, alt: of.title.clone(), variant: None }]).await?;
    }
    let issuer = provenance::issuer(tx, &app.config.public_url, scope).await?;
    let batches: Vec<NewBatch> = made.iter().zip(&coop.products).flat_map(|((_, variants), p)| variants.iter().map(|v| p.batch(*v))).collect();
    provenance::create_batches(tx, now, &app.keys, &issuer, &batches).await?;
    let ids: Vec<ProductId> = made.iter().map(|(id, _)| *id).collect();
    catalog::publish_many(tx, now, scope, &ids).await?;
    Ok(())
}

impl Product {
    /// In euros as written, and about the same in dollars and in what its makers are paid in.
    fn described(&self, own: Currency, template: haat::ids::PriceTemplateId) -> NewProduct {
        let own_rate = if own == Currency::NPR { 156 } else { 98 };
        let round = |minor: i64, to: i64| (minor + to / 2) / to * to;
        let price = |currency, minor| NewPrice { currency, minor, compare_at_minor: None, tax_inclusive: false };
        let prices = vec![
            price(Currency::EUR, self.eur_minor),
            price(Currency::USD, round(self.eur_minor * 111 / 100, 50)),
            price(own, round(self.eur_minor * own_rate, 1000)),
        ];
        NewProduct {
            title: self.title.clone(),
            body_html: format!("<p>{}</p>", self.text),
            body_text: self.text.clone(),
            kind: self.kind.clone(),
            tags: vec![self.kind.clone()],
            craft: Some(self.craft.clone()),
            tax_category: "standard".into(),
            materials: self.materials.clone(),
            options: Vec::new(),
            made_to_order_days: None,
            template: Some(template),
            variants: vec![NewVariant {
                options: Vec::new(),
                sku: None,
                barcode: None,
                grams: Some(self.grams),
                prices,
                stock: NewStock { policy: Policy::Finite, on_hand: self.quantity },
            }],
        }
    }
    fn batch(&self, variant: haat::ids::VariantId) -> NewBatch {
        NewBatch {
            variant,
            quantity: u32::try_from(self.quantity).unwrap_or(1),
            title: self.title.clone(),
            category: Some(self.kind.clone()),
            craft: Some(self.craft.clone()),
        }
    }
}
