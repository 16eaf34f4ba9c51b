//! A report is looked at behind the answer to whoever sent it: it may have thousands of lines.
use crate::{
    app::App,
    ids::{AccountId, BankReportId},
    jobs::{Failure, Job, Run},
};

#[derive(serde::Serialize, serde::Deserialize)]
pub struct ApplyReport {
    pub report: BankReportId,
    pub by: AccountId,
}
impl Job for ApplyReport {
    const KIND: &'static str = "apply_bank_report";
    fn key(&self) -> Option<String> {
        Some(format!("bank-report:{}", self.report))
    }
}
impl Run<App> for ApplyReport {
    async fn run(self, app: &App) -> Result<(), Failure> {
        Ok(super::apply(app, self.report, self.by).await?)
    }
}
