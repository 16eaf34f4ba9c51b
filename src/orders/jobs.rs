//! Work behind carts.
use super::store;
use crate::{
    app::App,
    clock::Day,
    jobs::{Failure, Job, Run},
};

/// Forgets carts that nobody came back to, with the address and the mail address in them. Once a day.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct ForgetCarts {
    pub day: Day,
}
/// In one statement: short enough to keep no buyer waiting for a lock.
const AT_ONCE: i64 = 1000;

impl Job for ForgetCarts {
    const KIND: &'static str = "forget_carts";
    fn key(&self) -> Option<String> {
        Some(format!("forget-carts:{}", self.day))
    }
}
impl Run<App> for ForgetCarts {
    async fn run(self, app: &App) -> Result<(), Failure> {
        let conn = &mut *app.jobs_db.conn().await?;
        while store::forget_carts(conn, app.clock.now(), AT_ONCE).await? > 0 {}
        Ok(())
    }
}
