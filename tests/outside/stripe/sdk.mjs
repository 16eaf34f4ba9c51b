// Stripe's official library for node against the sandbox, and its webhook helpers against our signatures in both directions.
// usage: node sdk.mjs HAAT SIGNATURE PACKAGES   (programs; the directory with node_modules)
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [haat, signature, packages, recording] = process.argv.slice(2);
const Stripe = createRequire(`${packages}/package.json`)("stripe");
const secret = "whsec_outside";

// Where the sandbox tells its events: kept as they came.
const told = [];
const listener = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part)).on("end", () => {
    told.push({ header: request.headers["stripe-signature"], body: Buffer.concat(parts) });
    response.writeHead(200).end();
  });
});
await new Promise((done) => listener.listen(0, "127.0.0.1", done));
const hook = `http://127.0.0.1:${listener.address().port}/hook`;
const options = ["sandbox", "--bind", "127.0.0.1:0", "--webhook-url", hook, "--webhook-secret", secret, ...(recording ? ["--recording", recording] : [])];
const sandbox = spawn(haat, options, { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => sandbox.kill());
const base = await new Promise((done, failed) => {
  let said = "";
  sandbox.stdout.on("data", (part) => {
    said += part;
    const found = said.match(/listens on (http:\/\/\S+)/);
    if (found) done(new URL(found[1]));
  });
  sandbox.on("exit", () => failed(new Error("the sandbox ended")));
});

const stripe = new Stripe("sk_test_outside", { host: base.hostname, port: base.port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
const refused = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("it was not refused");
};
const click = (session, action) =>
  fetch(new URL(`/c/pay/${session}`, base), { method: "POST", redirect: "manual", body: new URLSearchParams({ action }) });

async function pay(amount, reference) {
  const session = await stripe.checkout.sessions.create({
    mode: "payment",
    client_reference_id: reference,
    success_url: "https://shop.example/ok?s={CHECKOUT_SESSION_ID}",
    cancel_url: "https://shop.example/no",
    customer_email: "buyer@example.org",
    line_items: [{ price_data: { currency: "eur", unit_amount: amount, product_data: { name: "A scarf" } }, quantity: 2 }],
    metadata: { order: reference },
    payment_intent_data: { transfer_group: reference, metadata: { order: reference } },
  });
  assert.equal(session.status, "open");
  assert.equal((await click(session.id, "pay")).status, 303);
  return stripe.checkout.sessions.retrieve(session.id, { expand: ["payment_intent.latest_charge.balance_transaction", "line_items"] });
}

const paid = await pay(5000, "order-1");
assert.equal(paid.payment_status, "paid");
assert.equal(paid.line_items.data[0].amount_total, 10_000);
const charge = paid.payment_intent.latest_charge;
assert.deepEqual([charge.amount, charge.balance_transaction.fee, charge.balance_transaction.net], [10_000, 175, 9_825]);

// Refunds: in part, all that is left, and then nothing.
const intent = paid.payment_intent.id;
const part = await stripe.refunds.create({ payment_intent: intent, amount: 3_000, metadata: { why: "a tear" } });
assert.deepEqual([part.status, part.amount, part.metadata.why], ["succeeded", 3_000, "a tear"]);
const more = await refused(stripe.refunds.create({ payment_intent: intent, amount: 7_001 }));
assert.ok(more instanceof Stripe.errors.StripeInvalidRequestError);
assert.equal(more.param, "amount");
await stripe.refunds.create({ charge: charge.id });
assert.equal((await stripe.charges.retrieve(charge.id)).refunded, true);
const nothing = await refused(stripe.refunds.create({ payment_intent: intent }));
assert.equal(nothing.code, "charge_already_refunded");
assert.deepEqual((await stripe.refunds.list({ payment_intent: intent })).data.map((refund) => refund.amount), [7_000, 3_000]);

// A card that is declined.
const declined = await refused(stripe.paymentIntents.create({ amount: 2_000, currency: "eur", payment_method_types: ["card"], payment_method: "pm_card_chargeDeclined", confirm: true }));
assert.ok(declined instanceof Stripe.errors.StripeCardError);
assert.deepEqual([declined.statusCode, declined.code, declined.decline_code], [402, "card_declined", "generic_decline"]);
assert.equal(declined.payment_intent.status, "requires_payment_method");
// Other errors, by type.
assert.ok((await refused(stripe.charges.retrieve("ch_none"))) instanceof Stripe.errors.StripeInvalidRequestError);
assert.ok((await refused(stripe.refunds.create({ payment_intent: intent, colour: "blue" }))).code === "parameter_unknown");
assert.ok((await refused(new Stripe("sk_live_outside", { host: base.hostname, port: base.port, protocol: "http", maxNetworkRetries: 0 }).balance.retrieve())) instanceof Stripe.errors.StripeAuthenticationError);

// Idempotency: the same again is the same; other parameters under the key are refused.
const form = { amount: 1_500, currency: "eur", payment_method: "pm_card_visa", payment_method_types: ["card"], confirm: true };
const once = await stripe.paymentIntents.create(form, { idempotencyKey: "once" });
const again = await stripe.paymentIntents.create(form, { idempotencyKey: "once" });
assert.equal(again.id, once.id);
assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
const other = await refused(stripe.paymentIntents.create({ ...form, amount: 1_600 }, { idempotencyKey: "once" }));
assert.ok(other instanceof Stripe.errors.StripeIdempotencyError);

// A connected account, a transfer to it, and its way back in two parts.
const account = await stripe.accounts.create({ type: "express", country: "DE", capabilities: { transfers: { requested: true } } });
const link = await stripe.accountLinks.create({ account: account.id, refresh_url: "https://shop.example/again", return_url: "https://shop.example/done", type: "account_onboarding" });
const early = await refused(stripe.transfers.create({ amount: 100, currency: "eur", destination: account.id }));
assert.equal(early.code, "insufficient_capabilities_for_transfer");
assert.equal((await fetch(link.url, { method: "POST", redirect: "manual" })).status, 303);
assert.equal((await stripe.accounts.retrieve(account.id)).capabilities.transfers, "active");
const transfer = await stripe.transfers.create({ amount: 1_000, currency: "eur", destination: account.id, transfer_group: "PO-1" });
const back = await stripe.transfers.createReversal(transfer.id, { amount: 400 });
await stripe.transfers.createReversal(transfer.id);
const reversals = await stripe.transfers.listReversals(transfer.id, { expand: ["data.balance_transaction"] });
assert.deepEqual(reversals.data.map((r) => [r.amount, r.balance_transaction.net, r.balance_transaction.type]), [[600, 600, "transfer_refund"], [400, 400, "transfer_refund"]]);
assert.equal((await stripe.transfers.retrieveReversal(transfer.id, back.id)).amount, 400);
assert.equal((await stripe.transfers.retrieve(transfer.id)).reversed, true);

// Every movement, by pages of two as the library turns them: their sum is the balance.
let sum = 0, count = 0;
for await (const movement of stripe.balanceTransactions.list({ limit: 2 })) {
  sum += movement.net;
  count += 1;
}
const balance = await stripe.balance.retrieve();
assert.ok(count > 6);
assert.equal(sum, balance.available.find((funds) => funds.currency === "eur").amount);

// A dispute: evidence is a draft until it is submitted, and then no more is taken.
await stripe.paymentIntents.create({ ...form, payment_method: "pm_card_createDispute" });
const [dispute] = (await stripe.disputes.list({ limit: 1 })).data;
assert.equal(dispute.status, "needs_response");
const draft = await stripe.disputes.update(dispute.id, { evidence: { shipping_carrier: "India Post", shipping_tracking_number: "RX1" }, submit: false });
assert.deepEqual([draft.status, draft.evidence_details.has_evidence, draft.evidence_details.submission_count], ["needs_response", true, 0]);
const submitted = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: "It was delivered." }, submit: true });
assert.deepEqual([submitted.status, submitted.evidence.shipping_carrier, submitted.evidence_details.submission_count], ["under_review", "India Post", 1]);
assert.ok((await refused(stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: "More." } }))) instanceof Stripe.errors.StripeInvalidRequestError);

// What the sandbox signs, the library believes, and not after a change of one byte or five minutes.
for (let wait = 0; told.length < 20 && wait < 100; wait += 1) await new Promise((done) => setTimeout(done, 100));
assert.ok(told.length >= 20, `${told.length} events were told`);
for (const { header, body } of told) {
  const event = stripe.webhooks.constructEvent(body, header, secret);
  assert.equal(event.object, "event");
}
const { header, body } = told[0];
const at = Number(header.match(/t=(\d+)/)[1]);
const mismatch = Stripe.errors.StripeSignatureVerificationError;
const changed = Buffer.from(body);
changed[changed.length >> 1] ^= 1;
assert.throws(() => stripe.webhooks.constructEvent(changed, header, secret), mismatch);
assert.throws(() => stripe.webhooks.constructEvent(body, header, "whsec_other"), mismatch);
assert.throws(() => stripe.webhooks.constructEvent(body, header, secret, 300, undefined, (at + 301) * 1000), mismatch);
stripe.webhooks.constructEvent(body, header, secret, 300, undefined, (at + 299) * 1000);

// What the library signs, our check believes, and not after the same.
const believed = (payload, mark, now, key = secret) => spawnSync(signature, [key, mark, String(now)], { input: payload }).status === 0;
const payload = JSON.stringify({ id: "evt_1", object: "event", data: { note: "é — ✓" } });
const now = Math.floor(Date.now() / 1000);
const mark = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: now });
assert.ok(believed(payload, mark, now) && believed(payload, mark, now + 300));
assert.ok(!believed(payload.replace("evt_1", "evt_2"), mark, now), "a changed byte");
assert.ok(!believed(payload, mark, now + 301), "301 seconds");
assert.ok(!believed(payload, mark, now, "whsec_other"), "another secret");
assert.ok(believed(body, header, at) && !believed(changed, header, at), "and our own, by our own");

console.log(`Stripe's library for node ${Stripe.PACKAGE_VERSION} (${stripe.getApiField("version")}): ${count} movements, ${told.length} signed events`);
sandbox.removeAllListeners("exit");
sandbox.kill();
listener.close();
