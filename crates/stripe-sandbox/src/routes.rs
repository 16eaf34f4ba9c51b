//! The part of Stripe's API that the sandbox speaks: every path and what it does.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ApiError;
use crate::list::list;
use crate::params::Params;
use crate::resources::{accounts, disputes, intents, methods, payouts, prices, refunds, sessions, transfers};
use crate::state::{Context, Record, State, Table, find};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    CreateSession,
    ExpireSession,
    RetrieveSession,
    ListSessions,
    ListSessionLines,
    RetrievePaymentPage,
    ConfirmPaymentPage,
    CreatePaymentIntent,
    ConfirmPaymentIntent,
    RetrievePaymentIntent,
    ListPaymentIntents,
    CreatePaymentMethod,
    RetrievePaymentMethod,
    CreateProduct,
    CreatePrice,
    RetrieveCharge,
    ListCharges,
    CreateRefund,
    RetrieveRefund,
    ListRefunds,
    UpdateRefund,
    RetrieveDispute,
    ListDisputes,
    UpdateDispute,
    CloseDispute,
    RetrieveBalance,
    RetrieveBalanceTransaction,
    ListBalanceTransactions,
    CreateAccount,
    RetrieveAccount,
    ListAccounts,
    CreateAccountLink,
    CreateTransfer,
    RetrieveTransfer,
    ListTransfers,
    CreateReversal,
    ListReversals,
    RetrieveReversal,
    CreatePayout,
    RetrievePayout,
    ListPayouts,
    RetrieveEvent,
    ListEvents,
}

/// The operation at this method and path, and the id in the path if there is one.
pub(crate) fn route<'a>(method: &str, path: &'a str) -> Option<(Operation, &'a str)> {
    use Operation::*;
    let segments: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
    let route = match (method, segments.as_slice()) {
        ("POST", ["checkout", "sessions"]) => (CreateSession, ""),
        ("GET", ["checkout", "sessions"]) => (ListSessions, ""),
        ("GET", ["checkout", "sessions", id]) => (RetrieveSession, *id),
        ("POST", ["checkout", "sessions", id, "expire"]) => (ExpireSession, *id),
        ("GET", ["checkout", "sessions", id, "line_items"]) => (ListSessionLines, *id),
        ("GET", ["payment_pages", id]) => (RetrievePaymentPage, *id),
        ("POST", ["payment_pages", id, "confirm"]) => (ConfirmPaymentPage, *id),
        ("POST", ["payment_intents"]) => (CreatePaymentIntent, ""),
        ("POST", ["payment_intents", id, "confirm"]) => (ConfirmPaymentIntent, *id),
        ("GET", ["payment_intents"]) => (ListPaymentIntents, ""),
        ("GET", ["payment_intents", id]) => (RetrievePaymentIntent, *id),
        ("POST", ["payment_methods"]) => (CreatePaymentMethod, ""),
        ("GET", ["payment_methods", id]) => (RetrievePaymentMethod, *id),
        ("POST", ["products"]) => (CreateProduct, ""),
        ("POST", ["prices"]) => (CreatePrice, ""),
        ("GET", ["charges"]) => (ListCharges, ""),
        ("GET", ["charges", id]) => (RetrieveCharge, *id),
        ("POST", ["refunds"]) => (CreateRefund, ""),
        ("GET", ["refunds"]) => (ListRefunds, ""),
        ("GET", ["refunds", id]) => (RetrieveRefund, *id),
        ("POST", ["refunds", id]) => (UpdateRefund, *id),
        ("GET", ["disputes"]) => (ListDisputes, ""),
        ("POST", ["disputes", id]) => (UpdateDispute, *id),
        ("POST", ["disputes", id, "close"]) => (CloseDispute, *id),
        ("GET", ["disputes", id]) => (RetrieveDispute, *id),
        ("GET", ["balance"]) => (RetrieveBalance, ""),
        ("GET", ["balance_transactions"]) => (ListBalanceTransactions, ""),
        ("GET", ["balance_transactions", id]) => (RetrieveBalanceTransaction, *id),
        ("POST", ["accounts"]) => (CreateAccount, ""),
        ("GET", ["accounts"]) => (ListAccounts, ""),
        ("GET", ["accounts", id]) => (RetrieveAccount, *id),
        ("POST", ["account_links"]) => (CreateAccountLink, ""),
        ("POST", ["transfers"]) => (CreateTransfer, ""),
        ("GET", ["transfers"]) => (ListTransfers, ""),
        ("GET", ["transfers", id]) => (RetrieveTransfer, *id),
        ("POST", ["transfers", id, "reversals"]) => (CreateReversal, *id),
        ("GET", ["transfers", id, "reversals"]) => (ListReversals, *id),
        ("GET", ["transfers", _, "reversals", id]) => (RetrieveReversal, *id),
        ("POST", ["payouts"]) => (CreatePayout, ""),
        ("GET", ["payouts"]) => (ListPayouts, ""),
        ("GET", ["payouts", id]) => (RetrievePayout, *id),
        ("GET", ["events"]) => (ListEvents, ""),
        ("GET", ["events", id]) => (RetrieveEvent, *id),
        _ => return None,
    };
    Some(route)
}

/// Carries an operation out. `refund_pending` is a fault's.
pub(crate) fn run(operation: Operation, id: &str, state: &mut State, p: &mut Params, refund_pending: bool, cx: &Context) -> Result<Value, ApiError> {
    match operation {
        Operation::CreateSession => sessions::create(state, p, cx),
        Operation::ExpireSession => sessions::expire(state, id, p, cx),
        Operation::RetrieveSession => retrieve(&state.sessions, id, p),
        Operation::ListSessions => list(&state.sessions, &["status", "payment_intent"], p),
        Operation::ListSessionLines => p.finish().and_then(|()| find(&state.sessions, id, "session").map(sessions::line_items)),
        Operation::RetrievePaymentPage => sessions::page(state, id, p),
        Operation::ConfirmPaymentPage => sessions::confirm(state, id, p, cx),
        Operation::CreatePaymentIntent => intents::create(state, p, cx),
        Operation::ConfirmPaymentIntent => intents::confirm(state, id, p, cx),
        Operation::RetrievePaymentIntent => retrieve(&state.payment_intents, id, p),
        Operation::ListPaymentIntents => list(&state.payment_intents, &[], p),
        Operation::CreatePaymentMethod => methods::create(state, p, cx),
        Operation::RetrievePaymentMethod => retrieve(&state.payment_methods, id, p),
        Operation::CreateProduct => prices::create_product(state, p, cx),
        Operation::CreatePrice => prices::create_price(state, p, cx),
        Operation::RetrieveCharge => retrieve(&state.charges, id, p),
        Operation::ListCharges => list(&state.charges, &["payment_intent", "transfer_group"], p),
        Operation::CreateRefund => refunds::create(state, p, refund_pending, cx),
        Operation::RetrieveRefund => retrieve(&state.refunds, id, p),
        Operation::ListRefunds => list(&state.refunds, &["payment_intent", "charge"], p),
        Operation::UpdateRefund => refunds::update(state, id, p, cx),
        Operation::ListDisputes => list(&state.disputes, &["charge", "payment_intent"], p).map(|page| state.with_all_movements(page)),
        Operation::UpdateDispute => disputes::update(state, id, p, cx),
        Operation::CloseDispute => disputes::close(state, id, p, cx),
        Operation::RetrieveDispute => retrieve(&state.disputes, id, p).map(|dispute| state.with_movements(dispute)),
        Operation::RetrieveBalance => p.finish().map(|()| state.balance()),
        Operation::RetrieveBalanceTransaction => retrieve(&state.balance_transactions, id, p),
        Operation::ListBalanceTransactions => list(&state.balance_transactions, &["type", "currency", "source"], p),
        Operation::CreateAccount => accounts::create(state, p, cx),
        Operation::RetrieveAccount => retrieve(&state.accounts, id, p),
        Operation::ListAccounts => list(&state.accounts, &[], p),
        Operation::CreateAccountLink => accounts::create_link(state, p, cx),
        Operation::CreateTransfer => transfers::create(state, p, cx),
        Operation::RetrieveTransfer => retrieve(&state.transfers, id, p),
        Operation::ListTransfers => list(&state.transfers, &["transfer_group", "destination"], p),
        Operation::CreateReversal => transfers::reverse(state, id, p, cx),
        Operation::ListReversals => transfers::list_reversals(state, id, p),
        Operation::RetrieveReversal => retrieve(&state.reversals, id, p),
        Operation::CreatePayout => payouts::create(state, p, cx),
        Operation::RetrievePayout => retrieve(&state.payouts, id, p),
        Operation::ListPayouts => list(&state.payouts, &["status"], p),
        Operation::RetrieveEvent => retrieve(&state.events, id, p),
        Operation::ListEvents => list(&state.events, &["type", "types", "delivery_success"], p),
    }
}

fn retrieve<R: Record>(table: &Table<R>, id: &str, p: &mut Params) -> Result<Value, ApiError> {
    p.finish()?;
    find(table, id, "id").map(Record::json)
}
