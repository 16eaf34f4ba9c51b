"""Holds a recording of the sandbox against Stripe's own OpenAPI document, strictly: what the document does not have is refused.

usage: document.py DOCUMENT CLIENT_SOURCE TREATED RECORDING...

Of the client: method, path and every parameter of each request (names, nesting, types, enumerations). Of the sandbox: every body it
answered, every error, and every event it sent, with the object inside. Each call and each parameter that the client's source can write,
and each type of event that the program treats (by its source, TREATED), must be in the recording.
"""
import collections, copy, json, pathlib, re, sys, urllib.parse
import jsonschema_rs

# What Stripe's page speaks with its server is in no document; its command line uses it.
PRIVATE = "/v1/payment_pages/"
OURS = "haat"  # the client's User-Agent; other callers' requests may be wrong on purpose
FORM = "application/x-www-form-urlencoded"
INTEGER, DECIMAL = re.compile(r"-?\d+\Z"), re.compile(r"-?\d+(\.\d+)?\Z")


def strict(schema):
    """OpenAPI 3.0 as JSON Schema of draft 7, where an object has the properties that are listed and no others."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/definitions/")}
    kept = {key: value for key, value in schema.items() if not key.startswith("x-") and key not in ("description", "title", "format", "nullable", "example")}
    for key in ("anyOf", "oneOf", "items", "additionalProperties"):
        if key in kept:
            kept[key] = strict(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: strict(value) for name, value in kept["properties"].items()}
        kept.setdefault("additionalProperties", False)
    if schema.get("nullable"):
        kept = {"if": {"type": "null"}, "else": kept}
    return kept


def by_kind(schema, definitions):
    """A choice between objects is made by their `object`, so that an error names the field and not the choice."""
    if isinstance(schema, list):
        return [by_kind(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: by_kind(value, definitions) for key, value in schema.items()}
    rest = schema.pop("anyOf", None)
    if rest is None:
        return schema
    kinds = collections.defaultdict(list)
    for part in rest:
        named = definitions.get(part.get("$ref", "").rpartition("/")[2], part).get("properties", {}).get("object", {}).get("enum", [None])[0]
        kinds["a string" if part.get("type") == "string" and "enum" not in part else named].append(part)
    choice = {"anyOf": kinds.pop(None)} if None in kinds else {"not": {}}
    for kind, parts in kinds.items():
        when = {"type": "string"} if kind == "a string" else {"type": "object", "required": ["object"], "properties": {"object": {"const": kind}}}
        choice = {"if": when, "then": parts[0] if len(parts) == 1 else {"anyOf": parts}, "else": choice}
    return {"allOf": [schema, choice]} if schema else choice


class Document:
    def __init__(self, path):
        self.raw = json.loads(pathlib.Path(path).read_text())
        self.version = self.raw["info"]["version"]
        plain = {name: strict(schema) for name, schema in self.raw["components"]["schemas"].items()}
        self.definitions = {name: by_kind(schema, plain) for name, schema in plain.items()}
        self.resources = {schema["x-resourceId"]: name for name, schema in self.raw["components"]["schemas"].items() if "x-resourceId" in schema}
        for name, schema in self.raw["components"]["schemas"].items():
            kind = schema.get("properties", {}).get("object", {}).get("enum", [None])[0]
            if kind and "deleted" not in schema["properties"]:
                self.resources.setdefault(kind, name)
        self.paths = [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + r"\Z"), path) for path in sorted(self.raw["paths"], key=lambda p: p.count("{"))]
        form = self.raw["paths"]["/v1/webhook_endpoints"]["post"]["requestBody"]["content"][FORM]["schema"]
        self.events = set(form["properties"]["enabled_events"]["items"]["enum"])
        self.validators = {}

    def operation(self, method, path):
        for pattern, template in self.paths:
            if pattern.match(path) and method.lower() in self.raw["paths"][template]:
                return template, self.raw["paths"][template][method.lower()]
        return None, None

    def validator(self, key, schema):
        if key not in self.validators:
            whole = {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": self.definitions, "allOf": [schema]}
            self.validators[key] = jsonschema_rs.Draft7Validator(whole)
        return self.validators[key]

    def errors(self, key, schema, value):
        for error in self.validator(key, schema).iter_errors(value):
            where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path).lstrip(".")
            yield f"{where or 'it'}: {error.message[:200]}"

    def parameters(self, method, template, operation):
        """What a request may carry, as one schema in the document's own words."""
        if method == "POST":
            return operation["requestBody"]["content"].get(FORM, {}).get("schema", {"type": "object", "properties": {}})
        listed = [p for p in operation.get("parameters", []) if p["in"] == "query"]
        return {"type": "object", "additionalProperties": False, "properties": {p["name"]: p["schema"] for p in listed},
                "required": [p["name"] for p in listed if p.get("required")]}


def nested(form):
    """`a[0][b]=c` as objects in objects, of text."""
    whole = {}
    for key, text in urllib.parse.parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form)):
        names = [part.rstrip("]") for part in key.split("[")]
        place = whole
        for name in names[:-1]:
            place = place.setdefault(name, {})
        # `a[]` is one more of a list.
        names[-1] = names[-1] or str(len(place))
        if names[-1] in place:
            raise ValueError(f"{key} is given twice")
        place[names[-1]] = text
    return whole


def typed(schema, value, document):
    """Text as the type that the document gives it; what does not fit stays as it is, and is refused for it."""
    if "anyOf" in schema:
        for part in schema["anyOf"]:
            guess = typed(part, value, document)
            if not list(document.errors(json.dumps(part, sort_keys=True), by_kind(strict(part), document.definitions), guess)):
                return guess
        return value
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        extra = schema.get("additionalProperties")
        inner = schema.get("properties", {})
        return {name: typed(inner.get(name, extra if isinstance(extra, dict) else {}), part, document) for name, part in value.items()}
    if kind == "array" and isinstance(value, dict) and sorted(value) == sorted(map(str, range(len(value)))):
        return [typed(schema["items"], value[str(i)], document) for i in range(len(value))]
    if kind == "integer" and isinstance(value, str) and INTEGER.match(value):
        return int(value)
    if kind == "number" and isinstance(value, str) and DECIMAL.match(value):
        return float(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def request_faults(line, document):
    template, operation = document.operation(line["method"], line["path"])
    if operation is None:
        return [f"{line['method']} {line['path']}: there is no such call"]
    call = f"{line['method']} {template}"
    schema = document.parameters(line["method"], template, operation)
    value = typed(schema, nested(line["form"]), document)
    return [f"{call}, asked with {fault}" for fault in document.errors(("asked", call), by_kind(strict(schema), document.definitions), value)]


def answer_faults(line, document):
    template, operation = document.operation(line["method"], line["path"])
    if line["status"] != 200:
        return [f"{line['method']} {template or line['path']}, answered {line['status']} with {fault}"
                for fault in document.errors("error", {"$ref": "#/definitions/error"}, line["body"])]
    if operation is None and line["path"].startswith(PRIVATE):
        return []
    if operation is None:
        return [f"{line['method']} {line['path']}: answered, and there is no such call"]
    call = f"{line['method']} {template}"
    schema = by_kind(strict(operation["responses"]["200"]["content"]["application/json"]["schema"]), document.definitions)
    faults = [f"{call}, answered with {fault}" for fault in document.errors(("answered", call), schema, line["body"])]
    # The document leaves an event's object open.
    for event in events([line]):
        faults += event_faults(event, document)
    return faults


def events(lines):
    """Those that were told, and those that were answered, alone or in a list."""
    for line in lines:
        if "event" in line:
            yield line["event"]
        elif line["status"] == 200:
            yield from (body for body in [line["body"], *line["body"].get("data", [])] if isinstance(body, dict) and body.get("object") == "event")


def event_faults(event, document):
    kind = event.get("type")
    faults = [f"event {kind}, with {fault}" for fault in document.errors("event", {"$ref": "#/definitions/event"}, event)]
    if kind not in document.events:
        faults.append(f"event {kind}: there is no such type")
    inner = event.get("data", {}).get("object", {})
    resource = document.resources.get(inner.get("object"))
    if resource is None:
        return [*faults, f"event {kind}, about {inner.get('object')!r}: there is no such object"]
    return faults + [f"event {kind}, about {fault}" for fault in document.errors(("about", resource), {"$ref": f"#/definitions/{resource}"}, inner)]


def faults(lines, document):
    found = collections.Counter()
    for line in lines:
        if "event" in line:
            found.update(event_faults(line["event"], document))
            continue
        if line["agent"] == OURS:
            found.update(request_faults(line, document))
        found.update(answer_faults(line, document))
    return found


def untold(lines, treated):
    """Types of events that the program treats, by its source, and that nobody has told."""
    types = set(re.findall(r'"((?:charge|checkout|refund|transfer)\.[a-z_.]+)"', pathlib.Path(treated).read_text().split("#[cfg(test)]")[0]))
    if len(types) < 10:
        raise SystemExit("the events that the program treats are not where this looks for them")
    return [f"the event {kind}" for kind in sorted(types - {event["type"] for event in events(lines)})]


def unseen(lines, source):
    """Calls and parameters that the client's source can write, and that nobody has sent."""
    calls, names = set(), set()
    for file in sorted(pathlib.Path(source).glob("*.rs")):
        text = file.read_text().split("#[cfg(test)]")[0]
        text = "\n".join(line for line in text.splitlines() if not line.strip().startswith("//"))
        written = re.findall(r'(Prepared::post|self\.get)\(\s*&?(?:format!\()?\s*"(/v1/[^"?]*)"', text)
        if len(written) != text.count('"/v1/'):
            raise SystemExit(f"{file}: a path is not written where this looks for calls")
        calls.update(("POST" if how == "Prepared::post" else "GET", re.sub(r"\{[^}]*\}", "[^/]+", path)) for how, path in written)
        names.update(re.findall(r'\.(?:set|set_some|metadata)\(\s*&?(?:format!\()?\s*"([^"{][^"]*)"', text))
        for paths in re.findall(r"\.expand\(&\[([^\]]*)\]", text):
            names.update(f"expand[]={path}" for path in re.findall(r'"([^"]+)"', paths))
    if len(calls) < 10 or len(names) < 20:
        raise SystemExit("the client's source is not where this looks for it")
    ours = [line for line in lines if line.get("agent") == OURS]
    made = {(line["method"], line["path"]) for line in ours if line["status"] == 200}
    sent = set()
    for line in ours:
        for key, text in urllib.parse.parse_qsl(line["form"], keep_blank_values=True):
            key = re.sub(r"\[\d+\]", "[]", key)
            sent.update([key, f"{key}={text}", re.sub(r"metadata\]?\[[^\]]*\]\Z", lambda m: m.group().partition("[")[0], key)])
    patterns = [re.compile(path + r"\Z") for _, path in calls]
    missing = [f"{method} {path.replace('[^/]+', '{}')}" for method, path in sorted(calls)
               if not any(m == method and re.fullmatch(path, p) for m, p in made)]
    def was_sent(name):
        name = re.sub(r"\[\{[^}]*\}\]", "[]", name)
        return name in sent or any(key.startswith(name + "[") for key in sent)
    return missing + [f"the parameter {name}" for name in sorted(names) if not was_sent(name)], len(calls), len(names)


def controls(lines, document, source, treated):
    """What this is for: each of these is refused."""
    refunds = [line for line in lines if line.get("agent") == OURS and line["path"] == "/v1/refunds" and line["method"] == "POST" and line["status"] == 200]
    session = next(line for line in lines if line.get("agent") == OURS and line["path"] == "/v1/checkout/sessions" and line["method"] == "POST"
                   and line["status"] == 200 and "[unit_amount]" in line["form"])
    refused = next(line for line in lines if line.get("status", 200) == 400)
    event = next(line for line in lines if "event" in line)
    def changed(line, change):
        other = copy.deepcopy(line)
        change(other)
        return other
    def form(old, new):
        return lambda line: line.update(form=line["form"].replace(old, new))
    refund = refunds[0]
    for what, wrong in [
        ("a misspelt parameter", changed(refund, form("amount=", "ammount="))),
        ("a parameter of a wrong type", changed(refund, form("amount=", "amount=x"))),
        ("a misspelt parameter inside another", changed(session, form("[unit_amount]", "[unit_amont]"))),
        ("a value that is not listed", changed(session, form("mode=payment", "mode=paying"))),
        ("a call that is not there", changed(refund, lambda line: line.update(path="/v1/refund"))),
        ("a field of a wrong type", changed(refund, lambda line: line["body"].update(amount="12"))),
        ("a required field that is missing", changed(refund, lambda line: line["body"].pop("created"))),
        ("a field that is not in the document", changed(refund, lambda line: line["body"].update(amont=1))),
        ("a status that is not listed", changed(session, lambda line: line["body"].update(status="closed"))),
        ("an error of a type that is not listed", changed(refused, lambda line: line["body"]["error"].update(type="user_error"))),
        ("an event of a type that is not listed", changed(event, lambda line: line["event"].update(type="charge.paid"))),
        ("an event whose object lacks a field", changed(event, lambda line: line["event"]["data"]["object"].pop("livemode", None) or line["event"]["data"]["object"].pop("amount"))),
    ]:
        if wrong in lines:
            raise SystemExit(f"control: {what} could not be made")
        if not faults([wrong], document):
            raise SystemExit(f"control: {what} was taken")
    for what, fewer in [
        ("a call that is not in the recording", [line for line in lines if line.get("path") != "/v1/refunds"]),
        ("a parameter that is not in the recording", [changed(line, form("locale=", "x=")) if "form" in line else line for line in lines]),
    ]:
        if not unseen(fewer, source)[0]:
            raise SystemExit(f"control: {what} was not missed")
    if not untold([line for line in lines if "event" not in line or line["event"]["type"] != "charge.dispute.closed" if line.get("path") != "/v1/events"], treated):
        raise SystemExit("control: an event that nobody told was not missed")


def main(document, source, treated, *recordings):
    document = Document(document)
    for said in re.findall(r'API_VERSION: &str = "([^"]+)"', pathlib.Path(source, "transport.rs").read_text()):
        if said != document.version:
            raise SystemExit(f"the client speaks {said}, and the document is of {document.version}")
    lines = [json.loads(line) for recording in recordings for line in pathlib.Path(recording).read_text().splitlines()]
    found = faults(lines, document)
    missing, calls, names = unseen(lines, source)
    missing += untold(lines, treated)
    for fault, times in found.most_common(40):
        print(f"{times:6} × {fault}")
    for what in missing:
        print(f"never seen: {what}")
    if found or missing:
        raise SystemExit(f"{len(found)} deviations from Stripe's document, {len(missing)} things not seen")
    controls(lines, document, source, treated)
    all_events = list(events(lines))
    calls_made, kinds = sum("event" not in line for line in lines), len({event["type"] for event in all_events})
    print(f"Stripe's document of {document.version}: {calls_made} calls and {len(all_events)} events of {kinds} types fit it, among them all {calls} of the client's calls and {names} parameters")


if __name__ == "__main__":
    if len(sys.argv) < 5:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
