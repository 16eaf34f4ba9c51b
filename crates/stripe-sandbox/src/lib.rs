//! An offline Stripe.
