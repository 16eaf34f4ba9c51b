//! Rows of the demonstration's world: crafts, dated rates, makers with their consents, delivery, and where each cooperative is paid.
use diesel::{prelude::*, sql_types as sql};
use diesel_async::RunQueryDsl;
use haat::{
    clock::Time,
    db::{Conn, DbError, Tx},
    ids::{AccountId, ArtisanId, BatchId, DestinationId, VariantId},
    schema::{artisans, batches, crafts, delivery_options, fx_rates, items, payout_destinations},
    secrets::MasterKey,
    tenancy::Scope,
};
use serde_json::Value;

use super::{
    Failure,
    world::{Cooperative, Maker, World},
};

/// What all cooperatives share. Rates are of today: an old one would be refused at a checkout.
pub async fn shared(tx: &mut Tx, now: Time, world: &World) -> Result<(), Failure> {
    for c in &world.crafts {
        let values = (
            (crafts::code.eq(&c.code), crafts::name.eq(&c.name), crafts::place.eq(&c.place), crafts::country.eq(&c.country)),
            (crafts::materials.eq(&c.materials), crafts::steps.eq(&c.steps)),
            (crafts::gi_registered.eq(c.gi_registered), crafts::typical_minutes.eq(c.typical_minutes)),
        );
        diesel::insert_into(crafts::table).values(values).on_conflict_do_nothing().execute(tx).await?;
    }
    for r in &world.rates {
        let values = (
            (fx_rates::base.eq(&r.base), fx_rates::quote.eq(&r.quote), fx_rates::day.eq(now.day())),
            (fx_rates::rate.eq(&r.rate), fx_rates::source.eq("invented for the demonstration")),
        );
        diesel::insert_into(fx_rates::table).values(values).on_conflict_do_nothing().execute(tx).await?;
    }
    Ok(())
}

/// `by`: the manager who wrote it down, and the operator who confirmed where money goes.
pub async fn of_cooperative(
    tx: &mut Tx,
    now: Time,
    keys: &MasterKey,
    scope: Scope,
    by: (AccountId, AccountId),
    coop: &Cooperative,
) -> Result<(), Failure> {
    for maker in &coop.makers {
        self::maker(tx, now, scope, by.0, coop, maker).await?;
    }
    delivery(tx, scope, coop).await?;
    destination(tx, now, keys, scope, by, coop).await
}

async fn maker(tx: &mut Tx, now: Time, scope: Scope, by: AccountId, coop: &Cooperative, maker: &Maker) -> Result<(), DbError> {
    let id = ArtisanId::new();
    diesel::sql_query(
        "INSERT INTO artisans (coop_id, id, reference, legal_name, public_alias, village, district, craft_code, language, story, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $11)",
    )
    .bind::<sql::Uuid, _>(scope.coop())
    .bind::<sql::Uuid, _>(id)
    .bind::<sql::Text, _>(&maker.reference)
    .bind::<sql::Text, _>(&maker.legal_name)
    .bind::<sql::Nullable<sql::Text>, _>(&maker.name)
    .bind::<sql::Nullable<sql::Text>, _>(&maker.village)
    .bind::<sql::Text, _>(&coop.district)
    .bind::<sql::Text, _>(&maker.craft)
    .bind::<sql::Text, _>(&maker.language)
    .bind::<sql::Nullable<sql::Text>, _>(&maker.story)
    .bind::<sql::Timestamptz, _>(now)
    .execute(tx)
    .await?;
    for purpose in &maker.consents {
        diesel::sql_query(
            "INSERT INTO consents (coop_id, id, artisan_id, purpose, granted, language, medium, witness, recorded_by, at)
             VALUES ($1, $2, $3, $4, true, $5, 'spoken', 'the secretary', $6, $7)",
        )
        .bind::<sql::Uuid, _>(scope.coop())
        .bind::<sql::Uuid, _>(uuid::Uuid::now_v7())
        .bind::<sql::Uuid, _>(id)
        .bind::<sql::Text, _>(purpose)
        .bind::<sql::Text, _>(&maker.language)
        .bind::<sql::Uuid, _>(by)
        .bind::<sql::Timestamptz, _>(now)
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Post anywhere, and a courier where one goes.
async fn delivery(tx: &mut Tx, scope: Scope, coop: &Cooperative) -> Result<(), DbError> {
    use delivery_options as d;
    let unit = if coop.currency.as_str() == "NPR" { 160 } else { 100 };
    for (name, base, per_kg, days) in [("Registered post", 600, 250, (9, 21)), ("Courier", 1400, 700, (4, 8))] {
        let values = (
            (d::coop_id.eq(scope.coop()), d::id.eq(uuid::Uuid::now_v7()), d::name.eq(name), d::countries.eq(vec!["*"])),
            (d::currency.eq(coop.currency), d::base_minor.eq(i64::from(base * unit)), d::per_kg_minor.eq(i64::from(per_kg * unit))),
            (d::min_days.eq(days.0), d::max_days.eq(days.1), d::active.eq(true)),
        );
        diesel::insert_into(d::table).values(values).execute(tx).await?;
    }
    Ok(())
}

async fn destination(tx: &mut Tx, now: Time, keys: &MasterKey, scope: Scope, by: (AccountId, AccountId), coop: &Cooperative) -> Result<(), Failure> {
    use payout_destinations as d;
    let mut details = coop.destination.clone();
    let kind = details.remove("kind").and_then(|k| k.as_str().map(ToOwned::to_owned)).ok_or("a destination without a kind")?;
    let shown = details.get("account").or_else(|| details.get("vpa")).and_then(Value::as_str).unwrap_or_default();
    let hint = format!("…{}", &shown[shown.len().saturating_sub(4)..]);
    let id = DestinationId::new();
    let sealed = keys.seal(&format!("payout_destinations/{id}"), &serde_json::to_vec(&details)?);
    let values = (
        (d::coop_id.eq(scope.coop()), d::id.eq(id), d::kind.eq(kind), d::currency.eq(coop.currency), d::hint.eq(hint), d::sealed.eq(sealed)),
        (d::state.eq("active"), d::proposed_by.eq(by.0), d::proposed_at.eq(now), d::confirmed_by.eq(by.1), d::confirmed_at.eq(now)),
        d::effective_at.eq(now),
    );
    diesel::insert_into(d::table).values(values).execute(tx).await?;
    Ok(())
}

/// The pieces of a variant as the record has them: its newest batch.
pub async fn batch_of(conn: &mut Conn, variant: VariantId) -> Result<Option<BatchId>, DbError> {
    Ok(batches::table.filter(batches::variant_id.eq(variant)).order(batches::id.desc()).select(batches::id).first(conn).await.optional()?)
}
pub async fn scope_of(conn: &mut Conn, slug: &str) -> Result<Option<Scope>, haat::cooperatives::Error> {
    Ok(haat::cooperatives::find(conn, slug).await?.map(|coop| Scope::system(coop.id)))
}
/// A maker by the cooperative's own number for her.
pub async fn artisan(conn: &mut Conn, scope: Scope, reference: &str) -> Result<Option<ArtisanId>, DbError> {
    let named = artisans::table.filter(artisans::coop_id.eq(scope.coop()).and(artisans::reference.eq(reference)));
    Ok(named.select(artisans::id).first(conn).await.optional()?)
}

/// The piece that was sold last: the one whose tag is shown.
pub async fn newest_item(conn: &mut Conn) -> Result<Option<String>, DbError> {
    Ok(items::table.filter(items::order_line_id.is_not_null()).order(items::id.desc()).select(items::code).first(conn).await.optional()?)
}

/// A transfer as the page of the books shows it.
#[derive(serde::Serialize, diesel::QueryableByName)]
pub struct ShownTransfer {
    #[diesel(sql_type = sql::Text)]
    from: String,
    #[diesel(sql_type = sql::Text)]
    to: String,
    #[diesel(sql_type = sql::BigInt)]
    #[serde(skip)]
    amount_minor: i64,
    #[diesel(sql_type = sql::Text)]
    #[serde(skip)]
    currency: haat::money::Currency,
    #[diesel(sql_type = sql::Text)]
    kind: String,
    #[diesel(sql_type = sql::Text)]
    memo: String,
}
pub async fn newest_transfers(conn: &mut Conn, limit: i64) -> Result<Vec<serde_json::Value>, DbError> {
    let rows: Vec<ShownTransfer> = diesel::sql_query(
        "SELECT c.name AS \"from\", d.name AS \"to\", t.amount_minor, t.currency, t.kind, coalesce(t.transfer_group, '') AS memo
         FROM ledger_transfers t JOIN ledger_accounts d ON d.id = t.debit_account JOIN ledger_accounts c ON c.id = t.credit_account
         ORDER BY t.id DESC LIMIT $1",
    )
    .bind::<sql::BigInt, _>(limit)
    .load(conn)
    .await?;
    let amount = |t: &ShownTransfer| haat::money::Money::new(t.amount_minor, t.currency).formatted();
    Ok(rows.iter().map(|t| serde_json::json!({"from": t.from, "to": t.to, "amount": amount(t), "kind": t.kind, "group": t.memo})).collect())
}
