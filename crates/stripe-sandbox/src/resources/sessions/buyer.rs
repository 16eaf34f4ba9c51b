//! What happens to a session after it was made: the buyer acts, a late payment is decided, the time runs out.

use super::SessionStatus;
use crate::error::ApiError;
use crate::resources::payments::{ChargeStatus, IntentStatus, Method, PaymentIntent, With};
use crate::state::{Context, State, find, find_mut};

/// What a buyer does on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buyer {
    Pays,
    IsDeclined,
    PaysLater,
}

impl State {
    /// The buyer acts on an open session. Gives the payment intent's id.
    pub fn act(&mut self, id: &str, buyer: Buyer, cx: &Context) -> Result<String, ApiError> {
        let session = find_mut(&mut self.sessions, id, "session")?;
        if session.status != SessionStatus::Open {
            return Err(ApiError::refused(None, "This Checkout Session is no longer open."));
        }
        let email = session.customer_email.clone();
        let intent = self.intent_of(id, cx)?;
        let (status, method) = match buyer {
            Buyer::Pays => (ChargeStatus::Succeeded, Method::Card),
            Buyer::IsDeclined => (ChargeStatus::Failed, Method::Card),
            Buyer::PaysLater => (ChargeStatus::Pending, Method::SepaDebit),
        };
        self.charge(&intent, status, With::page(method, email), cx);
        if buyer != Buyer::IsDeclined {
            let session = find_mut(&mut self.sessions, id, "session")?;
            session.status = SessionStatus::Complete;
            session.paid = buyer == Buyer::Pays;
            let open = (session.expires_at, id.to_owned());
            self.open_sessions.remove(&open);
            self.emit_id("checkout.session.completed", id, cx);
        }
        Ok(intent)
    }

    /// A late payment arrives, or does not.
    pub fn decide_late_payment(&mut self, id: &str, succeeds: bool, cx: &Context) -> Result<(), ApiError> {
        let session = find(&self.sessions, id, "session")?;
        let intent = session.payment_intent.as_ref().and_then(|intent| self.payment_intents.get(intent));
        let charge = intent.filter(|i| i.status == IntentStatus::Processing).and_then(|i| i.latest_charge.clone());
        let charge = charge.ok_or_else(|| ApiError::refused(None, "This Checkout Session has no payment under way."))?;
        if succeeds {
            find_mut(&mut self.sessions, id, "session")?.paid = true;
            self.charge_succeeded(&charge, cx);
            self.emit_id("checkout.session.async_payment_succeeded", id, cx);
        } else {
            self.charge_failed(&charge, cx);
            self.emit_id("checkout.session.async_payment_failed", id, cx);
        }
        Ok(())
    }

    /// Closes an open session.
    pub fn expire_session(&mut self, id: &str, cx: &Context) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.status = SessionStatus::Expired;
        let open = (session.expires_at, id.to_owned());
        self.open_sessions.remove(&open);
        self.emit_id("checkout.session.expired", id, cx);
    }

    /// The session's payment intent, made at the first attempt to pay, as Stripe does.
    fn intent_of(&mut self, session: &str, cx: &Context) -> Result<String, ApiError> {
        if let Some(intent) = find(&self.sessions, session, "session")?.payment_intent.clone() {
            return Ok(intent);
        }
        let id = self.id("pi_");
        let session = find_mut(&mut self.sessions, session, "session")?;
        session.payment_intent = Some(id.clone());
        let intent = PaymentIntent {
            id: id.clone(),
            status: IntentStatus::RequiresPaymentMethod,
            amount: session.total(),
            currency: session.currency.clone(),
            latest_charge: None,
            declined: false,
            transfer_group: session.transfer_group.clone(),
            description: session.payment_description.clone(),
            metadata: session.payment_metadata.clone(),
            payment_method: None,
            payment_method_types: session.payment_method_types.clone(),
            receipt_email: None,
            setup_future_usage: session.setup_future_usage.clone(),
            shipping: session.shipping.clone(),
            created: cx.now,
        };
        self.payment_intents.insert(id.clone(), intent);
        self.emit_id("payment_intent.created", &id, cx);
        Ok(id)
    }
}
