//! Stories that must end right, whatever happens in between. The whole ledger is the judge: every account, every amount; then the
//! shelf, the mails and each piece's record. Interleavings are forced by held answers, withheld webhooks and locks, never by sleeping.
//!
//! | story | test |
//! |---|---|
//! | a webhook replayed five times at once | `races::an_event_told_five_times_at_once_is_one_sale` |
//! | a webhook before the checkout call returns | `races::a_webhook_overtakes_the_answer_to_checkout` |
//! | the browser returns before the webhook | `races::the_browser_is_back_before_the_webhook` |
//! | a session's time ends while a payment is processing | `races::a_late_payment_keeps_its_pieces_until_it_is_decided` |
//! | a payment lands after expiry | `unfit::money_for_a_cancelled_order_goes_back` |
//! | a payment lands after its pieces were given back | `unfit::money_for_pieces_that_are_held_no_longer_goes_back` |
//! | two tabs pay two sessions of one order | `unfit::two_pages_of_one_order_are_both_paid` |
//! | an authentic webhook with a wrong amount, currency or order | `unfit::authentic_money_that_does_not_fit_goes_back` |
//! | money in a session that no order here asked for; in no session | `unfit::money_that_nobody_here_asked_for…`, `unfit::a_charge_in_no_session…` |
//! | a crash after the charge, before the commit | `faults::a_crash_before_the_commit_leaves_nothing_and_the_next_try_all` |
//! | Stripe answers 500 after it committed (and 500 before) | `faults::every_lost_answer_ends_in_one_page`, `faults::a_page_that_was_never_made_frees_its_pieces` |
//! | a dispute opened, won; lost; lost after it was sent | `disputes::a_dispute_that_is_won…`, `disputes::a_dispute_that_is_lost_…` |
//! | evidence gathered, kept, submitted once; its answer lost; refused; due | `evidence::…` |
//! | an inquiry let go, escalated; a dispute prevented; who bears a lost one | `evidence::an_inquiry…`, `evidence::a_dispute_that_was_prevented…`, `evidence::who_bears…` |
//! | 1,000 buyers for 100 pieces | `shelf::a_thousand_buyers_for_a_hundred_pieces`, `shelf::control_reading_before_writing_oversells` |
//! | cancel races pay | `races::a_new_checkout_races_a_payment_of_the_old` |
//! | three cooperatives, one out of stock at the last moment | `shelf::the_last_piece_goes_while_the_order_is_placed` |
//! | no webhook for an hour | `faults::an_hour_without_webhooks` |
//! | a fifth of all news is lost | `many::what_a_fifth_of_the_news_would_have_told_is_known_after_one_sweep` |
//! | a payout is submitted again and again while the provider fails | `many::a_thousand_submissions_with_faults_transfer_each_payout_once` |
//! | a transfer is taken back at the provider | `many::a_transfer_that_was_reversed…`, `many::what_came_back_of_a_transfer…` |
//! | all of it at once, while program and database are killed | `chaos::nothing_that_the_world_does_makes_the_books_wrong` |
//! | one key, a hundred times at once | `faults::a_hundred_requests_with_one_key_are_one` |
//! | a refund asked fifty times in parallel | `refunds::asked_fifty_times_at_once_it_goes_back_once` |
//! | a refund after the money went to its makers | `refunds::after_it_was_sent_the_platform_bears_it`, `refunds::a_fault_that…` |
//! | partial refunds to a full one | `refunds::refunds_in_parts_are_one_whole_refund` |
//! | a payout to a cooperative with a debt; without funds; bounced | `payouts::a_debt_takes_a_fifth…`, `payouts::without_funds…`, `payouts::the_canonical_payout…` |
mod disputes;
mod evidence;
mod faults;
mod many;
mod races;
mod shelf;
mod unfit;
mod world;

pub use world::euros;
