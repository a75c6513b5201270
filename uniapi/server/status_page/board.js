// The whole page: its parts in their order, what stands above them, and what a person does.

const RANGES = [["1 hour", 0], ["24 hours", 24], ["7 days", 168], ["30 days", 720]];
// Each part: its id, its title, whether it is folded on a phone.
const PARTS = [
  ["live", "Running now", false], ["requests", "Recent requests", false], ["health", "Provider keys", false], ["failures", "Failures", true], ["mistakes", "Turned away", true],
  ["models", "Models", true], ["providers", "Providers", true], ["clients", "Client keys", true], ["budgets", "Budgets and credits", true], ["balances", "Balances", true], ["caches", "Prompt caches", true],
  ["connect", "Connect a client", true], ["trial", "Send a test message", true], ["learned", "Learned from refusals", true], ["endings", "Models that end", true], ["config", "Configuration", true],
];
const folded = (() => { try { return JSON.parse(kept.read(localStorage, FOLDED)) || {}; } catch { return {}; } })();
const isOpen = (id) => { const node = byId(`part-${id}`); return Boolean(node && node.open && !node.hidden); };

function build() {
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.textContent);
  byId("ranges").setAttribute("aria-label", t("Time shown"));
  byId("language").textContent = language === "zh" ? "English" : "中文";
  byId("parts").append(...PARTS.map(([id, title, isFolded]) => {
    const node = h("details", { class: "part", id: `part-${id}`, hidden: true }, h("summary", {}, h("h2", {}, t(title)), h("small", { class: "note", id: `${id}-note` })), h("div", { id }));
    node.open = id in folded ? folded[id] : !(isNarrow && isFolded);
    node.addEventListener("toggle", () => {
      folded[id] = node.open;
      kept.write(localStorage, FOLDED, JSON.stringify(folded));
      if (node.open && id === "requests") requests.refresh();
    });
    return node;
  }));
  byId("requests").append(h("div", { class: "panel" }, h("div", { id: "requests-filters" }), h("div", { id: "requests-rows" })));
}

// A part is drawn again only when what it shows has changed, so that nothing under the pointer or the focus is replaced without need.
function part(id, value, make) {
  const said = JSON.stringify(value);
  if (state.drawn[id] === said) return;
  const place = byId(id);
  if (state.drawn[id] !== undefined && place.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
  state.drawn[id] = said;
  const made = value === null ? [] : [make(value)].flat(3).filter((one) => one !== "" && one !== null);
  const frame = byId(`part-${id}`);
  if (frame) frame.hidden = !made.length;
  else place.hidden = !made.length;
  place.replaceChildren(...made);
}
function redraw(id) { state.drawn[id] = ""; draw(); }
const note = (id, text) => { byId(`${id}-note`).textContent = text || ""; };
const some = (list) => (list && list.length ? list : null);

function draw() {
  const { last, figures } = state, isAdmin = last.scope === "all";
  byId("ask").hidden = true;
  byId("board").hidden = false;
  byId("version").textContent = last.version;
  byId("inspecting").hidden = !last.inspect;
  if (last.inspect) byId("inspecting").textContent = t("Inspector on: requests are kept in full");
  part("ranges", state.hours, () => RANGES.map(([name, hours]) => h("button", { type: "button", "aria-pressed": String(hours === state.hours), "data-hours": hours, onclick: () => { state.hours = hours; refresh(true); } }, t(name))));
  drawBanner();
  part("verdict", [verdict(last, figures), headline(last)], ([text, bad]) => [h("span", {}, text), bad.map((one) => h("span", { class: "bad" }, one))]);
  part("under", under(last, figures), (text) => [text]);
  part("alerts", alerts(last), (list) => list.map(([mild, text, items]) => h("div", { class: mild ? "alert mild" : "alert", role: "alert" }, h("p", {}, text), items.length ? h("ul", {}, items.map((item) => h("li", {}, item))) : "")));
  const isEmpty = !figures.summary.totals.requests && !figures.summary.totals.attempts;
  part("charts", isEmpty ? null : figures, charts);
  if (isEmpty && !state.wasEmpty) { state.wasEmpty = true; byId("parts").prepend(byId("part-connect"), byId("part-trial")); for (const id of ["connect", "trial"]) if (!(id in folded)) byId(`part-${id}`).open = true; }
  part("live", some(last.live), live);
  note("live", last.live.length ? many(last.live.length, "{n} call", "{n} calls") : "");
  byId("part-requests").hidden = !isAdmin;
  part("health", some(last.health) && last.health.map((row) => ({ ...row, at: row.channels.length || row.keys.some((key) => key.rests.length) ? Math.floor(last.now / 60) : 0 })), health);
  note("health", isAdmin ? keysNote(last) : "");
  part("failures", some(last.failures), (list) => failures("failures", list, "bad"));
  note("failures", last.failures.length ? t("the last {n}", { n: last.failures.length }) : "");
  const strangers = last.strangers || [];
  part("mistakes", last.mistakes.length || strangers.length ? { calls: last.mistakes, strangers } : null, mistakes);
  note("mistakes", t("clients' mistakes and limits; no provider is to blame"));
  part("models", some(figures.models), (list) => sums("models", list, figures.columns, t("Model"), "requests", "errors", t("Requests"), "model"));
  part("providers", isAdmin ? some(figures.providers) : null, (list) => sums("providers", list, figures.columns, t("Provider"), "attempts", "failed_attempts", t("Tries"), "provider"));
  part("clients", isAdmin && figures.client_keys.length > 1 ? figures.client_keys : null, (list) => sums("clients", list, figures.columns, t("Key"), "requests", "errors", t("Requests"), ""));
  const purse = last.money || {};
  part("budgets", some(purse.limits), budgets);
  part("balances", some(purse.balances), balances);
  part("caches", some(purse.caches) && { rows: purse.caches, conversations: purse.conversations || [] }, caches);
  note("caches", t("seven days"));
  part("learned", some(last.learned), learned);
  part("endings", some(last.retirements), endings);
  part("config", last.config ? { config: last.config, storage: last.storage, started: last.started_at, inspect: last.inspect && { last: last.inspect.last, where: last.inspect.where }, prices: purse.prices && { ...purse.prices, days: daysSince(purse.prices.date, last.now) }, unpriced: purse.unpriced } : null, configuration);
  requests.draw();
  connect.draw();
  drawNav();
  tick();
}

function drawNav() {
  const there = [...byId("parts").children].filter((node) => !node.hidden).map((node) => node.id.slice(5));
  part("nav", there.map((id) => [id, id === "failures" ? state.last.failures.length : 0]), (list) => list.map(([id, n]) => h("a", { href: `#part-${id}`, onclick: () => { byId(`part-${id}`).open = true; } }, t(PARTS.find(([one]) => one === id)[1]), n ? h("b", { class: "bad" }, ` ${n}`) : "")));
}

/** The red strip at the top: the gateway is gone, or a configuration was refused. */
function drawBanner() {
  const { last } = state, isStale = last && last.config && last.config.state === "stale";
  const value = state.gone ? ["gone", state.gone, state.goneAt] : isStale ? ["stale", last.config.errors, last.config.failed_at] : null;
  part("banner", value, ([kind, why, at]) => kind === "gone"
    ? h("p", {}, t("{why} since {time}. What is shown below is of then.", { why, time: exact.format(at) }), " ", h("span", { id: "retry" }), h("button", { type: "button", onclick: () => refresh(false) }, t("Try now")))
    : [h("p", {}, t("The configuration was refused at {time}; the last good one stays in force.", { time: when(at) })), h("ul", {}, why.map((item) => h("li", {}, short(item, 400))))]);
}
const spanName = () => t(RANGES.find(([, hours]) => hours === state.hours)[0]);
function verdict(last, figures) {
  const totals = figures.summary.totals;
  if (!totals.requests && !totals.attempts) return state.hours === 24 ? t("No requests yet.") : t("No requests in {span}.", { span: spanName() });
  const errors = totals.errors - totals.mistakes, failed = errors ? t("{share} of them failed", { share: share(errors, totals.requests) }) : t("none failed");
  return t(totals.requests === 1 ? "{n} request in {span}, {failed}." : "{n} requests in {span}, {failed}.", { n: count(totals.requests), span: spanName(), failed });
}
/** What somebody must do something about: sentences. */
const headline = (last) => [headlineOfKeys(last), headlineOfMoney(last)].filter(Boolean);
function headlineOfMoney(last) {
  const spent = usedUp((last.money || {}).limits);
  if (!spent.length) return "";
  const names = listed(spent.slice(0, 3).map((one) => `${owner(one.name)} (${limitOf(one)})`)) + (spent.length > 3 ? "…" : "");
  return t("Used up: {names}.", { names });
}
function headlineOfKeys(last) {
  const refused = refusedKeys(last);
  if (!refused.length) return "";
  const names = listed(refused.slice(0, 3).map((key) => `${short(key.provider, 40)} #${key.number}`)) + (refused.length > 3 ? "…" : "");
  return t(refused.length === 1 ? "{n} provider key is refused: {names}." : "{n} provider keys are refused: {names}.", { n: refused.length, names });
}
function keysNote(last) {
  const keys = keysOf(last), bad = refusedKeys(last).length, resting = restingKeys(last).length;
  return listed([t("{n} of {all} ready", { n: keys.filter((key) => key.is.order === 4).length, all: keys.length }), bad ? t("{n} refused", { n: bad }) : "", resting ? t("{n} resting", { n: resting }) : ""].filter(Boolean));
}
function under(last, figures) {
  const said = [];
  if (!figures.summary.totals.requests) said.push(t("Point a client at {address} with your key.", { address: `${location.origin}/v1` }));
  if (last.scope === "own") said.push(t("You see the usage of your key, {key}.", { key: last.key }));
  else {
    const keys = keysOf(last).length, resting = restingKeys(last).length, channels = restingChannels(last), bad = refusedKeys(last).length;
    const parts = [resting ? t("{n} of {all} provider keys resting", { n: resting, all: keys }) : "", channels ? many(channels, "{n} channel resting", "{n} channels resting") : ""].filter(Boolean);
    if (parts.length) said.push(`${listed(parts)}${language === "zh" ? "。" : "."}`);
    else if (keys && !bad) said.push(keys === 1 ? t("The provider key is ready.") : keys === 2 ? t("Both provider keys are ready.") : t("All {n} provider keys are ready.", { n: keys }));
  }
  said.push(last.live.length ? many(last.live.length, "{n} call running now.", "{n} calls running now.") : t("No call running now."));
  const nearly = nearlyUsed((last.money || {}).limits);
  if (nearly.length) said.push(t("Nearly used up: {names}.", { names: listed(nearly.slice(0, 3).map((one) => `${owner(one.name)} (${t("{used} of {all}", { used: money(one.spent), all: money(one.dollars) })})`)) + (nearly.length > 3 ? "…" : "") }));
  if (last.credits) said.push(t("{left} of {all} credits left.", { left: money(Math.max(0, last.credits.balance)), all: money(last.credits.granted) }));
  return said.join(" ");
}
function alerts(last) {
  const list = [];
  if (last.config && last.config.state !== "stale" && last.config.errors.length) list.push([true, t("The configuration could not be fetched at {time}; the one in force stays.", { time: when(last.config.failed_at) }), last.config.errors]);
  if (last.storage && last.storage.trouble) list.push([false, t("Statistics cannot be written; they are kept in memory until the disk takes them again."), [last.storage.trouble]]);
  return some(list);
}
function tick() {
  if (!state.last) return;
  const passed = (Date.now() - state.at) / 1000, retry = byId("retry");
  for (const node of document.querySelectorAll("[data-until]")) node.textContent = left(Number(node.dataset.until) - passed);
  if (retry) retry.textContent = t("Trying again in {n} s.", { n: Math.max(0, Math.ceil((state.nextAt - Date.now()) / 1000)) });
  byId("foot").textContent = passed < 8 && !state.gone ? t("Live.") : t("Last heard of {n} s ago.", { n: Math.round(passed) });
}

build();
byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = byId("key").value.trim();
  state.keeps = byId("keep").checked;
  // What no HTTP header can carry is no key.
  if (!/^[\x21-\x7e]+$/.test(key)) return forget(t("This key is not accepted."));
  byId("refused").textContent = "";
  state.key = key;
  refresh(true);
});
byId("leave").addEventListener("click", () => { state.keeps = false; forget(""); });
byId("language").addEventListener("click", () => { kept.write(localStorage, SPOKEN, language === "zh" ? "en" : "zh"); location.reload(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && state.key) refresh(false); });
setInterval(tick, 1000);
if (state.key) refresh(true);
else forget("");
