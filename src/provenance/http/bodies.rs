//! What managers write on their pieces, and its bounds.
use passport::facts::WithdrawnReason;

use crate::{
    app::App,
    clock::Day,
    ids::{ArtisanId, MediaId, VariantId},
    problem::{FieldError, Problem},
    provenance::{
        Error, lists,
        pieces::{MaterialFact, PhotoFact, Said, What, Work},
    },
    tenancy::Scope,
};

/// More pieces than any workshop enters at once; a typing error stops here.
const MAX_QUANTITY: u32 = 100_000;
/// A morning's printing of tags; each piece is a signed record.
const MAX_MINTED: u32 = 200;
const MAX_TEXT: usize = 200;
/// A record is read on a phone.
const MAX_ENTRIES: usize = 30;
const MAX_PHOTOS: usize = 10;
/// Most of a piece's work that anyone has told of: two years of it.
const MAX_MINUTES: u32 = 250_000;

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchBody {
    pub(super) variant: VariantId,
    /// Identical pieces.
    pub(super) quantity: u32,
    /// The craft's name in the record; that of the product if absent.
    pub(super) craft: Option<String>,
    /// When they entered the books; today if absent.
    pub(super) date: Option<Day>,
}
impl BatchBody {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if !(1..=MAX_QUANTITY).contains(&self.quantity) {
            return Err(Problem::field("/quantity", "out_of_range", format!("1 to {MAX_QUANTITY}")));
        }
        match &self.craft {
            Some(craft) => texts("/craft", [craft]),
            None => Ok(()),
        }
    }
    pub(super) fn unknown(&self) -> Error {
        Error::Invalid(vec![FieldError::new("/variant", "unknown", "no such variant of this cooperative")])
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MintBody {
    /// At most 200 at a time.
    pub(super) count: u32,
}
impl MintBody {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if (1..=MAX_MINTED).contains(&self.count) { Ok(()) } else { Err(Problem::field("/count", "out_of_range", format!("1 to {MAX_MINTED}"))) }
    }
}

#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum EventBody {
    Made {
        /// The day the work was done; today if absent.
        date: Option<Day>,
        /// Its first day, if it took more than one.
        since: Option<Day>,
        #[serde(default)]
        makers: Vec<ArtisanId>,
        /// How many more worked on it whom nobody wrote down.
        #[serde(default)]
        others: u32,
        #[serde(default)]
        steps: Vec<StepBody>,
        /// Their shares sum to 1.
        #[serde(default)]
        materials: Vec<MaterialBody>,
        place: Option<PlaceBody>,
        /// Pictures that no other record shows.
        #[serde(default)]
        photos: Vec<MediaId>,
    },
    QualityCheck {
        date: Option<Day>,
        passed: bool,
        /// What was looked at.
        #[serde(default)]
        checks: Vec<String>,
        #[serde(default)]
        photos: Vec<MediaId>,
    },
    Packed {
        date: Option<Day>,
    },
    /// Nobody vouches for the piece any longer: its passport is revoked, and nothing takes that back.
    Withdrawn {
        date: Option<Day>,
        reason: Withdrawal,
    },
}
text_enum! {
    pub enum Withdrawal { Lost = "lost", Stolen = "stolen", Destroyed = "destroyed", Recalled = "recalled", TagCopied = "tag_copied" }
}
impl From<Withdrawal> for WithdrawnReason {
    fn from(reason: Withdrawal) -> Self {
        match reason {
            Withdrawal::Lost => Self::Lost,
            Withdrawal::Stolen => Self::Stolen,
            Withdrawal::Destroyed => Self::Destroyed,
            Withdrawal::Recalled => Self::Recalled,
            Withdrawal::TagCopied => Self::TagCopied,
        }
    }
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepBody {
    #[schema(example = "block printing")]
    technique: String,
    /// Work time for one piece.
    minutes: Option<u32>,
}
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MaterialBody {
    name: String,
    #[schema(example = "IN")]
    country: String,
    /// Of the mass, as a decimal.
    #[schema(example = "0.97")]
    share: String,
    #[serde(default)]
    local: bool,
}
/// No finer than a district.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceBody {
    district: String,
    #[schema(example = "IN")]
    country: String,
}
/// Every text one line of at most 200 characters.
fn texts<'a>(pointer: &str, given: impl IntoIterator<Item = &'a String>) -> Result<(), Problem> {
    let wrong = |text: &String| text.trim().is_empty() || text.chars().count() > MAX_TEXT || text.chars().any(char::is_control);
    match given.into_iter().position(wrong) {
        Some(at) => Err(Problem::field(format!("{pointer}/{at}"), "length", format!("1 to {MAX_TEXT} characters on one line"))),
        None => Ok(()),
    }
}
fn few(pointer: &str, count: usize, most: usize) -> Result<(), Problem> {
    if count <= most { Ok(()) } else { Err(Problem::field(pointer, "too_many", format!("at most {most}"))) }
}

impl EventBody {
    pub(super) fn check(&self) -> Result<(), Problem> {
        match self {
            Self::Made { makers, others, steps, materials, place, photos, .. } => {
                few("/makers", makers.len(), MAX_ENTRIES)?;
                few("/steps", steps.len(), MAX_ENTRIES)?;
                few("/materials", materials.len(), MAX_ENTRIES)?;
                few("/photos", photos.len(), MAX_PHOTOS)?;
                texts("/steps", steps.iter().map(|s| &s.technique))?;
                texts("/materials", materials.iter().map(|m| &m.name))?;
                texts("/place", place.iter().map(|p| &p.district))?;
                check_numbers(*others, steps)
            }
            Self::QualityCheck { checks, photos, .. } => {
                few("/checks", checks.len(), MAX_ENTRIES)?;
                few("/photos", photos.len(), MAX_PHOTOS)?;
                texts("/checks", checks)
            }
            Self::Packed { .. } | Self::Withdrawn { .. } => Ok(()),
        }
    }
    /// The event with its pictures looked up: their digests stand in the record.
    pub(super) async fn said(self, app: &App, scope: Scope) -> Result<Said, Problem> {
        Ok(match self {
            Self::Packed { date } => Said { date, what: What::Packed },
            Self::Withdrawn { date, reason } => Said { date, what: What::Withdrawn(reason.into()) },
            Self::QualityCheck { date, passed, checks, photos } => {
                Said { date, what: What::QualityCheck { passed, checks, photos: pictures(app, scope, &photos).await? } }
            }
            Self::Made { date, since, makers, others, steps, materials, place, photos } => {
                let material = |m: MaterialBody| MaterialFact { name: m.name, country: m.country, share: m.share, local: m.local };
                let work = Work {
                    since,
                    makers,
                    others,
                    steps: steps.into_iter().map(|s| (s.technique, s.minutes)).collect(),
                    materials: materials.into_iter().map(material).collect(),
                    place: place.map(|p| (p.district, p.country)),
                    photos: pictures(app, scope, &photos).await?,
                };
                Said { date, what: What::Made(work) }
            }
        })
    }
}
fn check_numbers(others: u32, steps: &[StepBody]) -> Result<(), Problem> {
    if others > MAX_QUANTITY {
        return Err(Problem::field("/others", "out_of_range", format!("at most {MAX_QUANTITY}")));
    }
    match steps.iter().position(|s| s.minutes.is_some_and(|m| !(1..=MAX_MINUTES).contains(&m))) {
        Some(at) => Err(Problem::field(format!("/steps/{at}/minutes"), "out_of_range", format!("1 to {MAX_MINUTES}, or left out where not known"))),
        None => Ok(()),
    }
}

async fn pictures(app: &App, scope: Scope, ids: &[MediaId]) -> Result<Vec<PhotoFact>, Problem> {
    let rows = if ids.is_empty() { Vec::new() } else { lists::pictures(&mut *app.db.conn().await?, scope, ids).await? };
    let mut facts = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let row = rows.iter().find(|(found, _, _)| found == id);
        let Some((_, Some(sha), Some(mime))) = row else {
            return Err(Problem::field(format!("/photos/{at}"), "unknown", "no such picture of this cooperative, or it is not here yet"));
        };
        let sha256: [u8; 32] = sha.as_slice().try_into().map_err(|_| Problem::field(format!("/photos/{at}"), "unknown", "no such picture"))?;
        let size = app.media.size(&sha256.iter().map(|b| format!("{b:02x}")).collect::<String>()).await?;
        facts.push(PhotoFact { sha256, bytes: u32::try_from(size).unwrap_or(u32::MAX), media_type: mime.clone() });
    }
    Ok(facts)
}
