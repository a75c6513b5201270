// Recent requests: the list with its filters, one of them opened, one in full where the inspector is on.

const FEW_REQUESTS = isNarrow ? 8 : 12;
const MISTAKE_LOOK = { ok: "good", left: "soft", mistake: "warn", failure: "bad" };
const requests = {
  rows: [], next: null, inspect: null, limit: FEW_REQUESTS, filters: {}, isAsking: false, timer: 0, error: "", full: new Map(), reached: null, lookedAt: 0,

  async refresh() {
    if (this.isAsking || !isOpen("requests")) return;
    this.isAsking = true;
    const query = new URLSearchParams({ limit: this.limit });
    for (const [name, value] of Object.entries(this.filters)) if (value) query.set(name, value);
    const wanted = String(query);
    try {
      const value = await ask(`/v1/requests?${query}${inOurs}`);
      Object.assign(this, { rows: value.requests, next: value.next, inspect: value.inspect, reached: value.reached, lookedAt: value.looked_at, error: "" });
    } catch (error) {
      if (error.status) this.error = error.message;
    }
    this.isAsking = false;
    this.draw();
    const now = new URLSearchParams({ limit: this.limit, ...Object.fromEntries(Object.entries(this.filters).filter(([, value]) => value)) });
    if (String(now) !== wanted) this.refresh();
  },
  forget() {
    Object.assign(this, { rows: [], next: null, inspect: null, filters: {}, limit: FEW_REQUESTS });
    this.full.clear();
  },
  filter(name, value) {
    this.filters[name] = value;
    this.limit = FEW_REQUESTS;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 250);
  },
  draw() {
    if (!state.last) return;
    if (!byId("requests")) return;
    part("requests-filters", true, () => this.controls());
    part("requests-rows", [this.rows, this.next, this.error, this.limit], () => this.list());
  },
  controls() {
    const field = (name, hint) => h("input", { type: "search", placeholder: hint, "aria-label": hint, maxlength: 100, oninput: (event) => this.filter(name, event.target.value.trim()) });
    const choice = (name, hint, options) => h("select", { "aria-label": hint, onchange: (event) => this.filter(name, event.target.value) }, options.map(([value, text]) => h("option", { value }, text)));
    const fields = h("div", { class: "filters" }, field("client", t("Client key")), field("model", t("Model")), field("provider", t("Provider")),
      choice("status", t("Status"), [["", t("Any status")], ["ok", t("Served")], ["failure", t("Failed")], ["mistake", t("Turned away")], ["left", t("Client left")]]),
      choice("slower_than", t("First token"), [["", t("Any speed")], ["1", t("over 1 s")], ["5", t("over 5 s")], ["15", t("over 15 s")], ["60", t("over 60 s")]]),
      choice("attempts", t("Tries"), [["", t("Any tries")], ["2", t("2 or more")], ["3", t("3 or more")]]),
      choice("cost", t("Cost"), [["", t("Any cost")], ["0.01", "≥ $0.01"], ["0.1", "≥ $0.10"], ["1", "≥ $1"]]),
      choice("since", t("Time"), [["", t("Any time")], ["15m", t("15 minutes")], ["1h", t("1 hour")], ["24h", t("24 hours")]]));
    return isNarrow ? h("details", {}, h("summary", { class: "note" }, t("Filters")), fields) : fields;
  },
  list() {
    if (this.error) return h("p", { class: "bad" }, this.error);
    const isFiltered = Object.values(this.filters).some(Boolean);
    if (!this.rows.length) return h("p", { class: "soft" }, isFiltered ? (this.next ? t("None among the {n} requests since {time}.", { n: count(this.lookedAt), time: when(this.reached) }) : t("No request fits.")) : t("No requests yet."), this.next ? [" ", this.older(t("Look further back"))] : "");
    const heads = [t("Time"), t("Client"), t("Model → provider"), t("Status"), t("First token"), t("Tokens/s"), t("Cost"), t("Cache"), t("Tries")];
    return [
      h("table", { class: "table asked" }, h("thead", {}, h("tr", {}, heads.map((head, place) => h("th", { scope: "col", class: place === 2 || place === 1 ? "words" : undefined }, head)))),
        h("tbody", {}, this.rows.map((row) => this.row(row, heads)))),
      this.next ? h("p", { class: "note" }, this.older(t("Show older ones"))) : "",
    ];
  },
  older(text) {
    return h("button", { class: "more", onclick: () => {
      if (this.limit >= 500 || !this.rows.length) { this.goOn(); return; }
      this.limit = Math.min(500, this.limit * 3);
      this.refresh();
    } }, text);
  },
  /** Further back than one question reaches: the list goes on behind what is shown. */
  async goOn() {
    const query = new URLSearchParams({ limit: 100, before: this.next });
    for (const [name, value] of Object.entries(this.filters)) if (value) query.set(name, value);
    try {
      const value = await ask(`/v1/requests?${query}${inOurs}`);
      this.rows = [...this.rows, ...value.requests].sort((one, other) => other.at - one.at);
      Object.assign(this, { next: value.next, reached: value.reached, lookedAt: this.lookedAt + value.looked_at });
    } catch (error) { this.error = error.message; }
    this.draw();
  },
  row(row, heads) {
    const id = `r-${row.request_id}`, isOpened = state.open.has(id), look = MISTAKE_LOOK[row.kind] || "bad";
    const cached = row.input_tokens && known(row.cache_read_tokens) ? share(row.cache_read_tokens, row.input_tokens) : "–";
    const status = row.kind === "ok" ? row.status : row.kind === "left" ? t("left") : row.status || t("failed");
    const cells = [
      ["when", lately(row.at)], ["words who", cut(row.key)],
      ["words model", [h("span", { class: "name" }, short(row.model || row.operation, 80)), row.provider ? h("span", { class: "soft" }, ` → ${short(row.provider, 40)}${row.upstream_model && row.upstream_model !== row.model ? `/${short(row.upstream_model, 60)}` : ""}`) : ""]],
      ["stat", h("span", { class: look }, String(status))],
      ["named", seconds(row.first_token_s)], ["named", speed(row.tokens_per_s)], ["", cents(row.cost)], ["named", cached], [row.attempts.length > 1 ? "named" : "none", row.attempts.length > 1 ? h("span", { class: "warn" }, row.attempts.length) : String(row.attempts.length)],
    ];
    const toggle = () => { state.open[isOpened ? "delete" : "add"](id); state.drawn["requests-rows"] = ""; this.draw(); };
    const line = h("tr", { class: isOpened ? "opens open" : "opens", tabindex: 0, "aria-expanded": String(isOpened), "data-request": row.request_id, onclick: toggle, onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } } },
      cells.map(([kind, cell], place) => h("td", { class: cell === "–" ? `${kind} none` : kind, "data-label": heads[place] }, cell)));
    return isOpened ? [line, h("tr", { class: "inner" }, h("td", { class: "wide", colspan: cells.length }, this.inside(row)))] : [line];
  },
  inside(row) {
    const tokens = known(row.input_tokens) || known(row.output_tokens) ? t("{in} tokens in, {out} out", { in: count(row.input_tokens || 0), out: count(row.output_tokens || 0) }) : "";
    const place = h("div", { class: "piece" });
    const node = h("div", { class: "inside" },
      row.message ? h("div", { class: row.kind === "mistake" ? "warn" : "bad" }, row.message) : "",
      attempts(row.attempts, row.outcome),
      h("div", { class: "acts soft" }, h("span", { class: "mono" }, row.request_id), h("span", {}, row.endpoint), h("span", {}, t("{time} in all", { time: seconds(row.total_s) })), tokens ? h("span", {}, tokens) : "",
        copyButton(row.request_id, t("Copy id")),
        row.inspected ? h("button", { class: "act", type: "button", onclick: () => inspected(place, row.request_id) }, t("In full")) : ""),
      place);
    if (this.full.has(row.request_id)) showFull(place, this.full.get(row.request_id));
    return node;
  },
};

function attempts(list, said) {
  if (!list.length) return h("div", { class: "soft" }, said === "unavailable" ? t("No provider could be asked.") : t("Refused before any provider was asked."));
  return h("ul", { class: "attempts" }, list.map((one) => h("li", {}, `${short(one.provider)}/${short(one.model)} `, one.key ? h("span", { class: "mono soft" }, one.key) : "", h("span", { class: one.outcome === "ok" ? "good" : "bad" }, ` ${one.status || ""} ${outcome(one.outcome)}`), h("span", { class: "soft" }, ` ${t("after {time}", { time: seconds(one.seconds) })} `), one.message ? h("div", { class: "soft" }, one.message) : "")));
}
const outcome = (name) => t(name.replaceAll("_", " "));

async function inspected(place, id) {
  place.replaceChildren(h("span", { class: "note" }, t("Loading…")));
  try {
    const value = await ask(`/v1/requests/${encodeURIComponent(id)}`);
    if (!value.inspected) throw new Error(t("It is no longer kept in full."));
    requests.full.set(id, { value, tab: 0 });
    showFull(place, requests.full.get(id));
  } catch (error) {
    place.replaceChildren(h("span", { class: "bad" }, error.message));
  }
}
/** What was said in the four directions, one at a time. */
function showFull(place, shown) {
  const { value } = shown;
  const tabs = [[t("Received"), () => message(value.received, `${value.received.method} ${value.received.path}`)],
    ...value.sent.map((sent, index) => [t("Sent {n}: {provider}", { n: index + 1, provider: short(sent.provider, 30) }), () => [told(sent), message(sent, `${sent.method} ${sent.url}`), h("div", { class: "row" }, h("b", {}, t("Answered upstream"))), message(sent.answer, sent.answer.failure || sent.answer.status)]]),
    [t("Answered"), () => message(value.answered, value.answered.status)]];
  const draw = () => place.replaceChildren(
    h("div", { class: "tabs", role: "tablist" }, tabs.map(([name], index) => h("button", { type: "button", role: "tab", "aria-pressed": String(index === shown.tab), onclick: () => { shown.tab = index; draw(); } }, name))),
    ...[tabs[Math.min(shown.tab, tabs.length - 1)][1]()].flat(),
    again_);
  const again_ = sendAgain(value);
  draw();
}
function told(sent) {
  const facts = [t(sent.road === "relay" ? "the client's own words" : "translated"), t("sent after {time}", { time: seconds(sent.at_s) }),
    known(sent.first_at_s) ? t("first bytes after {time}", { time: seconds(sent.first_at_s) }) : "", known(sent.end_at_s) ? t("ended after {time}", { time: seconds(sent.end_at_s) }) : "",
    sent.losses.length ? t("dropped: {names}", { names: sent.losses.join(", ") }) : "", sent.mendings.length ? t("mended: {names}", { names: sent.mendings.join(", ") }) : ""];
  return h("div", { class: "soft" }, facts.filter(Boolean).join(" · "));
}
function message(said, head) {
  const lines = Object.entries(said.headers || {}).map(([name, text]) => `${name}: ${text}`).join("\n");
  const body = said.body === null ? (said.form || t("{size} of {kind}", { size: bytes(said.bytes), kind: said.media || t("data") })) : said.body;
  const marks = [said.is_cut ? t("cut: {size} in all", { size: bytes(said.bytes) }) : "", said.is_shortened ? t("media shortened") : ""].filter(Boolean).join(", ");
  return h("div", { class: "piece" }, h("div", { class: "row" }, h("span", { class: "mono" }, head ? String(head) : ""), marks ? h("span", { class: "warn" }, marks) : "", h("span", { class: "push" }, body ? copyButton(body) : "")),
    lines ? h("details", {}, h("summary", { class: "soft" }, t("Headers")), h("pre", {}, tame(lines, 20000))) : "", body ? h("pre", {}, tame(pretty(body), 400000)) : "");
}
/** JSON with line breaks; everything else as it is. */
function pretty(text) {
  if (!/^\s*[[{]/.test(text) || text.length > 300000) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
function asCurl({ received }) {
  const query = new URLSearchParams(received.query), url = `${location.origin}${received.path}${String(query) ? `?${query}` : ""}`;
  const keep = Object.entries(received.headers).filter(([name]) => /^(content-type|accept|anthropic-|openai-|x-goog-api-client|x-session)/.test(name));
  const lines = [`curl -N ${quoted(url)}`, `-H "Authorization: Bearer $UNI_API_KEY"`, ...keep.map(([name, text]) => `-H ${quoted(`${name}: ${text}`)}`)];
  if (received.method !== "POST") lines.push(`-X ${received.method}`);
  if (received.body) lines.push(`--data-binary ${quoted(received.body)}`);
  return lines.join(" \\\n  ");
}
/** As `curl`, or once more from here, to this or another model. */
function sendAgain(value) {
  const { received } = value, lacks = received.body === null ? t("a form cannot be sent again from here") : received.is_cut ? t("it was cut, and cannot be sent again") : received.is_shortened ? t("its media were shortened, and it cannot be sent again") : "";
  const models = connect.names(), field = h("input", { class: "field", list: "model-names", "aria-label": t("Model"), placeholder: t("Model"), value: received.model });
  field.style.width = "220px";
  const out = h("div", { class: "piece" });
  const button = h("button", { class: "act", type: "button", disabled: Boolean(lacks), onclick: () => sendTo(out, received, field.value.trim() || received.model, button) }, t("Send again"));
  return h("div", { class: "piece" }, h("div", { class: "acts row" }, copyButton(() => asCurl(value), t("Copy as curl")), lacks ? h("span", { class: "note" }, lacks) : [h("span", { class: "soft" }, t("to")), field, h("datalist", { id: "model-names" }, models.map((one) => h("option", { value: one }))), button]), out);
}
async function sendTo(out, received, model, button) {
  button.disabled = true;
  out.replaceChildren(h("span", { class: "note" }, t("Waiting for the answer…")));
  const began = performance.now();
  try {
    const path = received.path.replace(encodeURIComponent(received.model), encodeURIComponent(model)), query = new URLSearchParams(received.query);
    let body = received.body;
    if (/^\s*\{/.test(body)) { const said = JSON.parse(body); if ("model" in said) { said.model = model; body = JSON.stringify(said); } }
    const response = await fetch(`${path}${String(query) ? `?${query}` : ""}`, { method: received.method, body: body || undefined, cache: "no-store", credentials: "omit", headers: { Authorization: asked.Authorization(), "Content-Type": "application/json", ...Object.fromEntries(Object.entries(received.headers).filter(([name]) => /^anthropic-/.test(name))) } });
    const text = await response.text();
    out.replaceChildren(answerHead(response, began), h("pre", {}, tame(pretty(text), 200000)));
  } catch (error) {
    out.replaceChildren(h("span", { class: "bad" }, error.message));
  }
  button.disabled = false;
}
function answerHead(response, began, first) {
  const said = (name) => response.headers.get(name);
  const facts = [`${response.status}`, said("x-uniapi-provider") ? `${said("x-uniapi-provider")}/${said("x-uniapi-model") || ""}` : "", first ? t("first token after {time}", { time: seconds((first - began) / 1000) }) : "", t("{time} in all", { time: seconds((performance.now() - began) / 1000) }), said("x-uniapi-attempts") || "", said("x-uniapi-dropped") ? t("dropped: {names}", { names: said("x-uniapi-dropped") }) : "", said("x-request-id") || ""];
  return h("div", { class: response.ok ? "soft" : "bad" }, facts.filter(Boolean).join(" · "));
}
