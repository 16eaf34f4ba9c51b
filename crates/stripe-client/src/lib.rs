//! The calls Haat makes to Stripe.
