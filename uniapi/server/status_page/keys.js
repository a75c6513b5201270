// Provider keys by provider and state: refused ones in red and first, a hundred of them in one screen.

const MOST_LINES = isNarrow ? 4 : 8, MOST_PLAIN_KEYS = 6, MOST_PLAIN_IN_ALL = isNarrow ? 16 : 32;
const REASONS = { rate: "rate limit", quota: "quota used up", refused: "key refused", failure: "failures" };

/** What a key is, worst first: refused, resting, to be tried, ready. */
function stateOf(rests) {
  const resting = rests.filter((one) => one.state === "resting");
  if (rests.some((one) => one.reason === "refused" && !one.model)) return { order: 0, look: "bad", text: t("refused") };
  if (rests.some((one) => one.reason === "refused")) return { order: 1, look: "bad", text: t("refused for a model") };
  if (resting.length) return { order: 2, look: "warn", text: t(resting.every((one) => one.model) ? "resting for a model" : "resting") };
  return rests.length ? { order: 3, look: "soft", text: t("to be tried") } : { order: 4, look: "good", text: t("ready") };
}
const keysOf = (last) => (last.health || []).flatMap((row) => row.keys.map((key) => ({ ...key, provider: row.provider, is: stateOf(key.rests) })));
const refusedKeys = (last) => keysOf(last).filter((key) => key.is.order === 0);
const restingKeys = (last) => keysOf(last).filter((key) => key.is.order === 1 || key.is.order === 2);
const restingChannels = (last) => sum((last.health || []).map((row) => row.channels.filter((rest) => rest.state === "resting").length));

/** Where there are many, all are tiles, and providers with something wrong come first. */
function health(list) {
  const areMany = sum(list.map((row) => row.keys.length)) > MOST_PLAIN_IN_ALL;
  const worst = (row) => Math.min(row.channels.length ? 2 : 4, ...row.keys.map((key) => stateOf(key.rests).order));
  const ordered = areMany ? [...list].sort((a, b) => worst(a) - worst(b)) : list;
  return h("div", { class: areMany ? "panel many" : "panel" }, ordered.map((row) => provider(row, areMany)));
}
function provider(row, areMany) {
  const keys = row.keys.map((key, place) => ({ number: place + 1, ...key, is: stateOf(key.rests), id: `${row.provider}#${place + 1}` }));
  const states = [[t("refused"), 0, 1, "bad"], [t("resting"), 2, 2, "warn"], [t("to be tried"), 3, 3, "soft"], [t("ready"), 4, 4, "good"]]
    .map(([name, from, to, look]) => [name, keys.filter((key) => key.is.order >= from && key.is.order <= to).length, look]).filter(([, n]) => n);
  const isTiled = areMany || keys.length > MOST_PLAIN_KEYS, ordered = [...keys].sort((a, b) => a.is.order - b.is.order || a.number - b.number);
  const isGrown = state.grown[row.provider];
  const chosen = isTiled ? ordered.filter((key) => key.is.order < 4 || state.open.has(`k-${key.id}`)) : ordered;
  const lines = isGrown || chosen.length <= MOST_LINES + 2 ? chosen : chosen.filter((key, place) => place < MOST_LINES || state.open.has(`k-${key.id}`));
  const hasRests = row.channels.length || keys.some((key) => key.rests.length);
  return h("div", { class: "provider", "data-provider": row.provider },
    h("h3", {}, short(row.provider, 60), h("span", { class: "soft" }, many(keys.length, "{n} key", "{n} keys")), keys.length > 1 ? states.map(([name, n, look]) => h("span", { class: look }, `${n} ${name}`)) : "",
      hasRests ? h("button", { class: "act push", type: "button", onclick: (event) => wake(event.currentTarget, row.provider) }, t("Wake all")) : ""),
    row.channels.length ? h("div", {}, row.channels.map(rest)) : "",
    isTiled ? h("div", { class: "tiles" }, keys.map((key) => h("button", { class: `tile ${key.is.look}`, type: "button", title: `${key.number}: ${key.key}, ${key.is.text}`, "aria-label": `${key.number}: ${key.key}, ${key.is.text}`, "aria-pressed": String(state.open.has(`k-${key.id}`)), onclick: () => {
      state.open[state.open.has(`k-${key.id}`) ? "delete" : "add"](`k-${key.id}`);
      redraw("health");
    } }, key.number))) : "",
    h("div", { class: "keys" }, lines.map((key) => keyLine(row.provider, key))),
    lines.length < chosen.length ? h("button", { class: "more", type: "button", onclick: () => { state.grown[row.provider] = true; redraw("health"); } }, t("Show all {n}", { n: chosen.length })) : "");
}
function keyLine(name, key) {
  const result = state.tested && state.tested[`${name}#${key.number}`];
  return h("div", { class: "key", "data-key": `${name}#${key.number}` }, h("span", { class: "soft" }, `#${key.number}`), h("span", { class: "mono cut", title: key.key }, key.key || t("no key")),
    h("span", { class: "row state" }, h("span", { class: key.is.look }, h("i", { class: "dot" }), key.is.text), h("span", { class: "soft" }, known(key.success_rate) ? t("{share} good lately", { share: share(key.success_rate, 1) }) : "")),
    h("span", { class: "acts" }, key.rests.length ? h("button", { class: "act", type: "button", onclick: (event) => wake(event.currentTarget, name, key.number) }, t("Wake")) : "", h("button", { class: "act", type: "button", onclick: (event) => testKey(event.currentTarget, name, key.number) }, t("Test"))),
    key.rests.length ? h("div", { class: "said" }, key.rests.map(rest)) : "",
    result ? h("div", { class: `said ${result.ok ? "good" : "bad"}` }, result.text) : "");
}
function rest(one) {
  const look = one.reason === "refused" ? "bad" : one.state === "resting" ? "warn" : "soft";
  return h("div", { class: "rest" }, h("span", { class: look }, t(REASONS[one.reason] || one.reason), one.model ? ` · ${short(one.model, 60)}` : "", " · ",
    one.state === "resting" ? [t("back in "), h("b", { "data-until": one.seconds_left }, left(one.seconds_left))] : one.state === "trial" ? t("on trial now") : t("the next call tries it")), one.message ? [" ", h("q", {}, one.message)] : "");
}
async function wake(button, provider, number) {
  button.disabled = true;
  if (number) state.open.add(`k-${provider}#${number}`);
  try { await tell("/v1/rests/clear", number ? { provider, key: String(number) } : { provider }); } catch (error) { button.title = error.message; }
  refresh(false);
}
async function testKey(button, provider, number) {
  button.disabled = true;
  button.textContent = t("Testing…");
  let result;
  try {
    const row = await tell("/v1/keys/test", { provider, key: String(number) });
    result = row.ok ? { ok: true, text: t("It works: answered in {time}.", { time: seconds(row.latency_ms / 1000) }) } : { ok: false, text: row.message };
  } catch (error) { result = { ok: false, text: error.message }; }
  state.open.add(`k-${provider}#${number}`);
  state.tested = { ...state.tested, [`${provider}#${number}`]: result };
  redraw("health");
  refresh(false);
}
