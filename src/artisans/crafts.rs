//! Crafts: how something is made, where, of what. The platform's own list, for every cooperative.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::model::{Error, MAX_NAME};
use crate::{
    db::{Conn, DbError, Tx},
    problem::FieldError,
    schema::crafts as c,
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = crate::schema::crafts, treat_none_as_null = true)]
pub struct Craft {
    /// Lower-case letters, digits and underscores: it is in addresses and in sheets.
    pub code: String,
    pub name: String,
    pub place: String,
    pub country: String,
    pub materials: Vec<String>,
    pub steps: Vec<String>,
    /// Whether the name is a registered geographical indication; none: not known.
    pub gi_registered: Option<bool>,
    /// For one usual piece.
    pub typical_minutes: Option<i32>,
}

/// More than any craft here has.
const MAX_PARTS: usize = 30;
const MAX_CODE: usize = 40;
/// Half a year of one person's work on one piece.
const MAX_MINUTES: i32 = 60_000;

impl Craft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: String, code: &'static str, message: String| errors.push(FieldError::new(pointer, code, message));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(2..=MAX_CODE).contains(&self.code.len()) || !self.code.chars().all(plain) {
            wrong("/code".into(), "malformed", format!("2 to {MAX_CODE} lower-case letters, digits and underscores"));
        }
        let fits = |text: &str| (1..=MAX_NAME).contains(&text.trim().chars().count());
        for (pointer, text) in [("/name", &self.name), ("/place", &self.place)] {
            if !fits(text) {
                wrong(pointer.into(), "length", format!("1 to {MAX_NAME} characters"));
            }
        }
        if self.country.len() != 2 || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            wrong("/country".into(), "malformed", "two capital letters, as IN or NP".into());
        }
        for (pointer, parts) in [("/materials", &self.materials), ("/steps", &self.steps)] {
            if parts.len() > MAX_PARTS {
                wrong(pointer.into(), "length", format!("at most {MAX_PARTS}"));
            }
            for (i, _) in parts.iter().enumerate().filter(|(_, part)| !fits(part)) {
                wrong(format!("{pointer}/{i}"), "length", format!("1 to {MAX_NAME} characters"));
            }
        }
        if self.typical_minutes.is_some_and(|m| !(1..=MAX_MINUTES).contains(&m)) {
            wrong("/typical_minutes".into(), "out_of_range", format!("1 to {MAX_MINUTES}, or null"));
        }
        errors
    }
}

/// Writes a craft, or corrects it.
pub async fn put(tx: &mut Tx, craft: &Craft) -> Result<(), Error> {
    let errors = craft.check();
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    diesel::insert_into(c::table).values(craft).on_conflict(c::code).do_update().set(craft).execute(tx).await?;
    Ok(())
}

pub async fn exists(conn: &mut Conn, code: &str) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(c::table.find(code))).get_result(conn).await?)
}

/// By code.
pub async fn list(conn: &mut Conn, after: Option<String>, limit: i64) -> Result<Vec<Craft>, DbError> {
    let all = c::table.order(c::code).limit(limit).select(Craft::as_select()).into_boxed();
    let all = if let Some(after) = after { all.filter(c::code.gt(after)) } else { all };
    Ok(all.load(conn).await?)
}
