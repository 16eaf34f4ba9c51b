// The item page's button and file field. Words are the page's own, in its language; here is only what happens.
const place = globalThis.document?.getElementById("check");
if (place) {
  const one = (what) => place.querySelector(what);
  const [told, steps, against, field] = [one("[role=status]"), one("ol"), one(".against"), one("input[type=file]")];
  const { code, bundle, logKey } = place.dataset;
  const state = { bytes: null, served: "" };
  const say = (key, more = "") => {
    told.textContent = told.dataset[key] + more;
    told.className = key === "whole" ? "note whole" : "note broken";
  };
  const hide = () => (told.textContent = "", steps.hidden = against.hidden = true);

  const check = () => {
    const typed = (name) => one(`[name=${name}]`).value.trim();
    const keys = typed("signer").split(/\s+/).filter(Boolean);
    const log = typed("log") || state.served;
    const result = verify(state.bytes, { ...(keys.length && { keys }), ...(log && { log }) });
    for (const line of steps.children) {
      const step = result.steps.find(({ name }) => name === line.dataset.step);
      line.hidden = !step;
      if (!step) continue;
      line.className = step.outcome;
      line.querySelector("b").textContent = steps.dataset[step.outcome];
      line.querySelector("code").textContent = step.why;
    }
    steps.hidden = false;
    against.hidden = !result.signers.length;
    one(".signer").textContent = result.signers.map(({ id, name }) => `${name}: ${id}`).join("\n");
    one(".log").textContent = state.served || one(".log").dataset.none;
    if (!result.code) say("unread");
    else if (!result.ok) say("broken");
    else if (result.code !== code) say("other", ` ${result.code}`);
    else say("whole");
  };
  // The sums take a moment on a small phone: the page shows first that it began.
  const begin = (load, otherwise) => async (event) => {
    event.preventDefault();
    say("busy");
    told.className = "note";
    await new Promise((done) => setTimeout(done, 30));
    try {
      await load();
      check();
    } catch {
      hide();
      say(otherwise);
    }
  };
  const fetched = async (address) => {
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) throw new Error(address);
    return new Uint8Array(await answer.arrayBuffer());
  };
  one("button[type=button]").addEventListener("click", begin(async () => {
    field.value = "";
    state.bytes = await fetched(bundle);
    state.served = new TextDecoder().decode(await fetched(logKey).catch(() => new Uint8Array())).trim();
  }, "unreached"));
  field.addEventListener("change", begin(async () => {
    state.bytes = new Uint8Array(await new Response(field.files[0]).arrayBuffer());
    state.served = "";
  }, "unread"));
  one("form").addEventListener("submit", begin(async () => {}, "unread"));
  place.hidden = false;
}
