"""Stripe's official library for Python against the sandbox, and its webhook helpers against our signatures in both directions.

usage: sdk.py HAAT SIGNATURE [RECORDING]   (programs)
"""
import hashlib, hmac, http.server, json, re, subprocess, sys, threading, time, urllib.parse, urllib.request
import stripe

haat, signature, *recording = sys.argv[1:]
SECRET = "whsec_outside"
told = []


class Hook(http.server.BaseHTTPRequestHandler):
    """Where the sandbox tells its events: kept as they came."""

    def do_POST(self):
        told.append((self.headers["Stripe-Signature"], self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=listener.serve_forever, daemon=True).start()
options = ["sandbox", "--bind", "127.0.0.1:0", "--webhook-url", f"http://127.0.0.1:{listener.server_port}/hook", "--webhook-secret", SECRET]
sandbox = subprocess.Popen([haat, *options, *(["--recording", recording[0]] if recording else [])], stdout=subprocess.PIPE, text=True)
base = next(found.group(1) for line in sandbox.stdout if (found := re.search(r"listens on (http://\S+)", line)))


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise SystemExit(f"it was not refused with {kind.__name__}")


def post(url, **fields):
    opener = urllib.request.build_opener(type("Stay", (urllib.request.HTTPRedirectHandler,), {"redirect_request": lambda *_: None}))
    try:
        return opener.open(url, urllib.parse.urlencode(fields).encode()).status
    except urllib.error.HTTPError as error:
        return error.code


def main():
    client = stripe.StripeClient("sk_test_outside", base_addresses={"api": base}, max_network_retries=0)
    v1 = client.v1
    line = {"price_data": {"currency": "eur", "unit_amount": 5000, "product_data": {"name": "A scarf"}}, "quantity": 2}
    session = v1.checkout.sessions.create({
        "mode": "payment", "line_items": [line], "success_url": "https://shop.example/ok", "client_reference_id": "order-1",
        "payment_intent_data": {"transfer_group": "order-1"}})
    assert post(f"{base}/c/pay/{session.id}", action="pay") == 303
    paid = v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]})
    assert (paid.payment_status, paid.payment_intent.latest_charge.balance_transaction.fee) == ("paid", 175)
    intent = paid.payment_intent.id

    part = v1.refunds.create({"payment_intent": intent, "amount": 3000})
    assert (part.status, v1.refunds.retrieve(part.id, {"expand": ["balance_transaction"]}).balance_transaction.net) == ("succeeded", -3000)
    assert refused(stripe.InvalidRequestError, lambda: v1.refunds.create({"payment_intent": intent, "amount": 7001})).param == "amount"
    form = {"amount": 2000, "currency": "eur", "payment_method_types": ["card"], "confirm": True, "payment_method": "pm_card_visa"}
    declined = refused(stripe.CardError, lambda: v1.payment_intents.create({**form, "payment_method": "pm_card_chargeDeclined"}))
    assert (declined.http_status, declined.code, declined.error.decline_code) == (402, "card_declined", "generic_decline")
    assert refused(stripe.InvalidRequestError, lambda: v1.charges.retrieve("ch_none")).http_status == 404
    live = stripe.StripeClient("sk_live_outside", base_addresses={"api": base}, max_network_retries=0)
    refused(stripe.AuthenticationError, lambda: live.v1.balance.retrieve())

    once = v1.payment_intents.create(form, {"idempotency_key": "once"})
    assert v1.payment_intents.create(form, {"idempotency_key": "once"}).id == once.id
    refused(stripe.IdempotencyError, lambda: v1.payment_intents.create({**form, "amount": 2001}, {"idempotency_key": "once"}))

    account = v1.accounts.create({"type": "express", "country": "DE", "capabilities": {"transfers": {"requested": True}}})
    link = v1.account_links.create({"account": account.id, "refresh_url": "https://shop.example/a", "return_url": "https://shop.example/b", "type": "account_onboarding"})
    assert post(link.url) == 303
    transfer = v1.transfers.create({"amount": 1000, "currency": "eur", "destination": account.id, "transfer_group": "PO-1"})
    v1.transfers.reversals.create(transfer.id, {"amount": 400})
    seen = v1.transfers.retrieve(transfer.id)
    assert (seen.amount_reversed, seen.reversed, seen.reversals.data[0].amount) == (400, False, 400)

    movements = list(v1.balance_transactions.list({"limit": 2}).auto_paging_iter())
    assert len(movements) > 4
    assert sum(m.net for m in movements) == next(f.amount for f in v1.balance.retrieve().available if f.currency == "eur")

    v1.payment_intents.create({**form, "payment_method": "pm_card_createDisputeInquiry"})
    inquiry = v1.disputes.list({"limit": 1}).data[0]
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert v1.disputes.close(inquiry.id).status == "warning_closed"
    v1.payment_intents.create({**form, "payment_method": "pm_card_createDispute"})
    dispute = v1.disputes.list({"limit": 1}).data[0]
    won = v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True})
    assert (won.status, [m.net for m in won.balance_transactions]) == ("won", [-4000, 2000])

    # What the sandbox signs, the library believes, and not after a change of one byte or five minutes.
    deadline = time.time() + 10
    while len(told) < 20 and time.time() < deadline:
        time.sleep(0.1)
    assert len(told) >= 20, f"{len(told)} events were told"
    for header, body in told:
        assert stripe.Webhook.construct_event(body, header, SECRET).object == "event"
    header, body = told[0]
    changed = bytearray(body)
    changed[len(changed) // 2] ^= 1
    wrong = stripe.SignatureVerificationError
    refused(wrong, lambda: stripe.WebhookSignature.verify_header(bytes(changed).decode(), header, SECRET, 300))
    refused(wrong, lambda: stripe.Webhook.construct_event(body, header, "whsec_other"))
    at = int(re.search(r"t=(\d+)", header).group(1))
    clock, time.time = time.time, lambda: at + 301
    try:
        refused(wrong, lambda: stripe.Webhook.construct_event(body, header, SECRET))
        time.time = lambda: at + 299
        stripe.Webhook.construct_event(body, header, SECRET)
    finally:
        time.time = clock

    # What the library's own rule signs, our check believes.
    believed = lambda payload, mark, now: subprocess.run([signature, SECRET, mark, str(now)], input=payload, stdout=subprocess.DEVNULL).returncode == 0
    payload, now = json.dumps({"id": "evt_1", "object": "event", "note": "é — ✓"}).encode(), int(time.time())
    mark = f"t={now},v1={stripe.WebhookSignature._compute_signature(f'{now}.{payload.decode()}', SECRET)}"
    assert believed(payload, mark, now) and believed(payload, mark, now + 300)
    assert not believed(payload.replace(b"evt_1", b"evt_2"), mark, now), "a changed byte"
    assert not believed(payload, mark, now + 301), "301 seconds"
    print(f"Stripe's library for Python {stripe.VERSION} ({stripe.api_version}): {len(movements)} movements, {len(told)} signed events")


try:
    main()
finally:
    sandbox.terminate()
    sandbox.wait()
