#!/usr/bin/env bash
# Stripe's own command line against the sandbox: `stripe trigger` for the events that Haat treats.
#
# What does not work, and why: `stripe listen` forwards from Stripe's servers, and the sandbox tells its webhooks itself; `refund.failed` is
# not an event that the command line makes; `transfer.reversed` is told to skip its own account, since the sandbox sends no money to one that
# has not asked to receive any.
#
# usage: cli.sh HAAT STRIPE RECORDING   (programs)
set -euo pipefail
haat=$1 stripe=$2 recording=$3
# It reports to nobody, and keeps nothing outside this directory.
HOME=$(mktemp -d)
export HOME XDG_CONFIG_HOME=$HOME STRIPE_CLI_TELEMETRY_OPTOUT=1 STRIPE_API_KEY=sk_test_outside
sandbox=
trap '[ -n "$sandbox" ] && kill "$sandbox" 2>/dev/null; wait 2>/dev/null; rm -rf "$HOME"' EXIT
"$haat" sandbox --bind 127.0.0.1:0 --recording "$recording" >"$HOME/said" &
sandbox=$!
base=
for _ in $(seq 100); do
  base=$(sed -n 's/.*listens on \(http.*\)$/\1/p' "$HOME/said")
  [ -n "$base" ] && break
  sleep 0.1
done

# How many events of a type there are, by Stripe's own list.
count() { "$stripe" get /v1/events --api-base "$base" -d "type=$1" -d limit=100 | grep -c "\"type\": \"$1\"" || true; }
# trigger 'WHAT TO LISTEN FOR…' EVENT OPTIONS…
trigger() {
  local events=$1 event=$2 before=() name at=0
  shift 2
  for name in $events; do before+=("$(count "$name")"); done
  "$stripe" trigger "$event" --api-base "$base" "$@" >"$HOME/output" 2>&1 || { cat "$HOME/output"; exit 1; }
  for name in $events; do
    [ "$(count "$name")" -gt "${before[$at]}" ] || { cat "$HOME/output"; echo "$event was asked for, and $name did not happen"; exit 1; }
    at=$((at + 1)) heard="$heard $name"
  done
}
heard=
trigger "charge.succeeded payment_intent.succeeded" payment_intent.succeeded
trigger "charge.succeeded" charge.succeeded
trigger "charge.failed" charge.failed
trigger "charge.refunded refund.created" charge.refunded
trigger "charge.refund.updated refund.updated" charge.refund.updated
trigger "charge.dispute.created charge.updated" charge.dispute.created
trigger "charge.dispute.updated" charge.dispute.updated
trigger "charge.dispute.closed" charge.dispute.closed
# The command line only makes inquiries; with another of Stripe's test cards it is a dispute that takes money, and is won with Stripe's test words.
disputed=(--override "payment_intent:payment_method=pm_card_createDispute")
trigger "charge.dispute.funds_withdrawn charge.dispute.closed" charge.dispute.closed "${disputed[@]}"
trigger "charge.dispute.funds_reinstated" charge.dispute.updated "${disputed[@]}" --add "disputes_update:evidence[uncategorized_text]=winning_evidence"
trigger "checkout.session.completed" checkout.session.completed
trigger "checkout.session.expired" checkout.session.expired
trigger "checkout.session.async_payment_succeeded" checkout.session.async_payment_succeeded
trigger "checkout.session.async_payment_failed" checkout.session.async_payment_failed
account=$("$stripe" post /v1/accounts --api-base "$base" -d type=express -d country=US -d "capabilities[transfers][requested]=true" |
  sed -n 's/^ *"id": "\(acct_[^"]*\)".*/\1/p' | head -n 1)
# Its holder finishes the page that an account link leads to; 404 says that no link was made, and it is finished all the same.
python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], b"")' "$base/c/onboard/$account" 2>/dev/null || true
trigger "transfer.created transfer.reversed" transfer.reversed --skip account --override "transfer:destination=$account"
# Control: what is not asked for does not happen, and a call that the sandbox does not have is an error that the command line shows.
[ "$(count refund.failed)" = 0 ] || { echo "control: refund.failed happened"; exit 1; }
if "$stripe" trigger setup_intent.created --api-base "$base" >"$HOME/output" 2>&1; then echo "control: a call that is not there was answered"; exit 1; fi
echo "Stripe's command line $("$stripe" version 2>/dev/null | sed -n 's/^stripe version //p'): $(printf '%s\n' $heard | sort -u | wc -l) types of events made as asked"
