//! Rooms: how many requests of a class are worked on at once, and how many may wait. More are told at once to come back, while what is
//! inside is served in time.
use std::{sync::Arc, time::Duration};

use actix_web::dev::ServiceRequest;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Kind, Problem};

/// Who waited this long is better served by an honest refusal: a browser's user has looked away.
const PATIENCE: Duration = Duration::from_secs(1);
/// For each that is worked on, so many may wait: with the usual few milliseconds each, all of them are in before patience ends.
const WAITING: usize = 8;
/// By then a burst is over, or it is none.
const COME_BACK_SECONDS: u64 = 2;

/// How many are worked on at once.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    pub browsing: usize,
    pub buying: usize,
}
impl Places {
    /// For a pool of so many connections. Browsing may ask for four times as many as there are, since answers from memory need none;
    /// buying is never so many that its requests wait for each other, and none of its places is ever browsing's.
    pub fn for_pool(connections: usize) -> Self {
        Self { browsing: connections * 4, buying: connections * 2 }
    }
}

struct Room {
    /// Worked on or waiting.
    inside: Arc<Semaphore>,
    places: Arc<Semaphore>,
}
impl Room {
    fn new(places: usize) -> Self {
        let inside = Semaphore::new(places * (1 + WAITING));
        Self { inside: Arc::new(inside), places: Arc::new(Semaphore::new(places)) }
    }
    async fn enter(&self) -> Option<Place> {
        let inside = self.inside.clone().try_acquire_owned().ok()?;
        let place = tokio::time::timeout(PATIENCE, self.places.clone().acquire_owned()).await.ok()?.ok()?;
        Some(Place { _place: place, _inside: inside })
    }
}

pub(super) struct Place {
    _place: OwnedSemaphorePermit,
    _inside: OwnedSemaphorePermit,
}

pub(super) struct Rooms {
    browsing: Room,
    buying: Room,
}

impl Rooms {
    pub fn new(places: Places) -> Self {
        Self { browsing: Room::new(places.browsing), buying: Room::new(places.buying) }
    }
    /// A place for this request, or 503. Who asks whether we live needs none.
    pub async fn enter(&self, request: &ServiceRequest) -> Result<Option<Place>, Problem> {
        let (room, class) = match request.path() {
            path if path.starts_with("/health/") => return Ok(None),
            path if is_buying(path) => (&self.buying, "buying"),
            _ => (&self.browsing, "browsing"),
        };
        match room.enter().await {
            Some(place) => Ok(Some(place)),
            None => {
                metrics::counter!("haat_http_turned_away_total", "class" => class).increment(1);
                Err(Problem::with_detail(Kind::Unavailable, "too many requests are being answered just now").retry_after(COME_BACK_SECONDS))
            }
        }
    }
}

/// What leads to money.
fn is_buying(path: &str) -> bool {
    ["/v1/store/carts", "/v1/store/checkout", "/webhooks/"].iter().any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[actix_web::test]
    async fn a_full_shop_still_sells() {
        let rooms = Rooms::new(Places { browsing: 1, buying: 1 });
        let at = |path: &str| TestRequest::with_uri(path).to_srv_request();
        let mut held = vec![rooms.enter(&at("/v1/store/products")).await.unwrap()];
        // One more waits, and is told after a while; those who find the waiting room full are told at once.
        let begun = tokio::time::Instant::now();
        assert!(rooms.enter(&at("/v1/store/products")).await.is_err());
        assert!(begun.elapsed() >= PATIENCE);
        held.push(rooms.enter(&at("/v1/store/carts/1/checkout")).await.unwrap());
        assert!(rooms.enter(&at("/health/live")).await.unwrap().is_none());
        drop(held);
        assert!(rooms.enter(&at("/v1/store/products")).await.is_ok());
    }
    #[actix_web::test]
    async fn who_finds_the_waiting_room_full_is_told_at_once() {
        let room = Room::new(1);
        let _all = room.inside.clone().acquire_many_owned(1 + u32::try_from(WAITING).unwrap()).await.unwrap();
        let begun = tokio::time::Instant::now();
        assert!(room.enter().await.is_none());
        assert!(begun.elapsed() < PATIENCE);
    }
}
