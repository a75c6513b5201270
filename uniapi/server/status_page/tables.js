// Tables of sums, failures, what clients did wrong, and the smaller parts.

const FEW_ROWS = 20, FEW_FAILURES = 8;

/** Names in brackets are ours. */
const nameOf = (row) => ({ "(other)": t("(other)"), "(unknown)": t("(unknown)") })[row.name] || short(row.name);
/** Rows of sums; one that is opened shows what it did over time. `kind`: model, provider. */
function sums(id, list, columns, head, askedFor, wrong, tried, kind) {
  const most = Math.max(1, ...list.map((row) => row[askedFor])), shown = state.grown[id] ? list : list.slice(0, FEW_ROWS);
  const figure = (column, row) => (column.name === "cost" ? money : count)(row[column.name]);
  const speeds = kind ? [[t("First token"), (row) => seconds(row.first_token_s)], [t("Tokens/s"), (row) => speed(row.tokens_per_s)]] : [];
  const heads = [head, tried, t("Failed"), ...speeds.map(([name]) => name), ...columns.map((column) => t(column.title))];
  // What clients did wrong is told under «Turned away».
  const failed = (row) => { const n = wrong === "errors" ? row.errors - row.mistakes : row[wrong]; return h("span", { class: n ? "bad" : "soft" }, n ? `${count(n)} (${share(n, row[askedFor])})` : "0"); };
  const line = (row) => {
    const place = `s-${id}-${row.name}`, opens = kind && row.name !== "(other)", isOpened = opens && state.open.has(place);
    const toggle = () => { state.open[isOpened ? "delete" : "add"](place); redraw(id); };
    const cells = [[h("span", {}, nameOf(row)), bar(row[askedFor], most, "first")], count(row[askedFor]), failed(row), ...speeds.map(([, show]) => show(row)), ...columns.map((column) => figure(column, row))];
    const node = h("tr", opens ? { class: isOpened ? "opens open" : "opens", tabindex: 0, "aria-expanded": String(isOpened), onclick: toggle, onkeydown: (event) => { if (event.key === "Enter") toggle(); } } : {}, cells.map((cell, at) => h("td", { "data-label": at ? heads[at] : undefined }, cell)));
    if (!isOpened) return [node];
    const inside = h("div", {});
    minis(inside, { [kind]: row.name });
    return [node, h("tr", { class: "inner" }, h("td", { class: "wide", colspan: cells.length }, inside))];
  };
  return h("div", { class: "panel" }, h("table", { class: "table sums" }, h("thead", {}, h("tr", {}, heads.map((one) => h("th", { scope: "col" }, one)))), h("tbody", {}, shown.map(line))),
    shown.length < list.length ? h("p", { class: "note" }, h("button", { class: "more", type: "button", onclick: () => { state.grown[id] = true; redraw(id); } }, t("Show all {n}", { n: list.length }))) : "");
}

function live(list) {
  return h("div", { class: "panel rows" }, list.map((call) => h("div", { class: "row" },
    h("b", {}, short(call.model || call.operation)), h("span", { class: "soft" }, short(call.key)), h("span", { class: "soft" }, call.state === "answering" ? t("answering from {provider}", { provider: call.provider || t("a provider") }) : t("waiting for the first token")), h("span", { class: "push" }, seconds(call.seconds)))));
}

/** What the client was told, or what the last upstream said. */
function whyOf(call) {
  const said = [...call.attempts].reverse().find((one) => one.message);
  return (said && said.message) || call.message || "";
}
/** Calls that say the same, one after the other or not, as one line with their number; the latest first. */
function alike(list) {
  const groups = new Map();
  for (const call of list) {
    const name = JSON.stringify([call.model, call.key, call.status, call.outcome, whyOf(call).slice(0, 80)]);
    if (groups.has(name)) groups.get(name).times += 1;
    else groups.set(name, { call, times: 1 });
  }
  return [...groups.values()];
}
function failures(id, list, look) {
  const groups = alike(list), shown = state.grown[id] ? groups : groups.slice(0, FEW_FAILURES);
  return h("div", { class: "panel rows" }, shown.map(({ call, times }) => h("details", { open: state.open.has(`f-${call.request_id}`), ontoggle: (event) => state.open[event.target.open ? "add" : "delete"](`f-${call.request_id}`) },
    h("summary", {}, h("span", { class: "soft" }, lately(call.at)), h("b", {}, short(call.model || "–")), h("span", { class: look }, `${call.status || ""} ${outcome(call.outcome)}`), times > 1 ? h("span", { class: "badge" }, `× ${times}`) : "", h("span", { class: "soft" }, short(call.key)),
      call.attempts.length > 1 ? h("span", { class: "soft push" }, t("{n} tries", { n: call.attempts.length })) : "", whyOf(call) ? h("span", { class: "why" }, short(whyOf(call), 400)) : ""),
    h("div", { class: "attempts" }, attempts(call.attempts, call.outcome), call.message ? h("div", {}, t("The client was told: {words}", { words: call.message })) : "", h("div", { class: "soft mono" }, t("request {id}", { id: call.request_id }))))),
  shown.length < groups.length ? h("div", {}, h("button", { class: "more", type: "button", onclick: () => { state.grown[id] = true; redraw(id); } }, t("Show all {n}", { n: groups.length }))) : "");
}
function mistakes({ calls, strangers }) {
  const full = (one) => {
    const place = h("div", { class: "piece inside" });
    return [h("button", { class: "act", type: "button", onclick: () => inspected(place, one.request_id) }, t("In full")), place];
  };
  const rows = strangers.map((one) => h("div", { class: "row" }, h("span", { class: "soft" }, lately(one.at)), h("b", { class: "mono" }, short(`${one.method} ${one.path}`, 90)), h("span", { class: "warn" }, one.status), one.times > 1 ? h("span", { class: "badge" }, `× ${one.times}`) : "",
    h("span", { class: "soft" }, [one.address, one.key ? t("key {key}", { key: one.key }) : t("no key"), one.agent].filter(Boolean).map((text) => short(text, 60)).join(" · ")), h("span", { class: "why" }, short(one.message, 300)), one.inspected ? full(one) : ""));
  return [calls.length ? failures("mistakes", calls, "warn") : "", strangers.length ? [h("p", { class: "label gap" }, t("Before their request was looked at")), h("div", { class: "panel rows" }, rows)] : ""];
}

const facts = (rows) => h("dl", {}, rows.filter(([, text]) => known(text) && text !== "").map(([name, text, look]) => [h("dt", {}, name), h("dd", { class: look }, text)]));
const STALE_PRICES = 90;
const listAge = ({ date, days, models }) => `${t("list of {date}, {n} models", { date, n: count(models) })}${days ? t(days === 1 ? ", {n} day old" : ", {n} days old", { n: count(days) }) : ""}`;
function configuration({ config: now, storage, started, inspect, prices, unpriced }) {
  return h("div", { class: "panel" }, facts([
    [t("Source"), now.source, "mono"], [t("Loaded"), when(now.loaded_at)],
    [t("State"), now.state === "ok" ? t("in force") : t("a newer one was refused at {time}", { time: when(now.failed_at) }), now.state === "ok" ? "good" : "bad"],
    [t("Statistics"), storage.trouble || t(storage.where === "disk" ? "kept on disk" : "kept in memory")],
    [t("Prices"), prices && prices.date ? listAge(prices) + (prices.trouble ? ` (${prices.trouble})` : "") : "", prices && (prices.trouble || prices.days > STALE_PRICES) ? "warn" : ""],
    [t("Without a price"), (unpriced || []).length ? short(unpriced.slice(0, 12).join(", "), 600) + (unpriced.length > 12 ? "…" : "") : "", "warn"],
    [t("Inspector"), inspect ? t("on: the last {n} requests in full, {where}", { n: inspect.last, where: t(inspect.where === "disk" ? "on disk" : "in memory") }) : t("off: nothing of prompts or answers is kept"), inspect ? "warn" : ""],
    [t("Running since"), when(started)]]));
}
function learned(list) {
  return h("div", { class: "panel rows" }, list.map((one) => h("div", { class: "row" }, h("b", {}, short(`${one.provider}/${one.model}`)), h("span", { class: "soft" }, short(one.lessons.join(", "), 400)), one.until ? h("span", { class: "note push" }, t("until {time}", { time: when(one.until) })) : "")));
}
/** When a model ends, in the language of the page. */
function ending(one) {
  const named = one.model === one.alias ? one.model : `${one.alias} (${one.model})`;
  const says = { past: "was shut down on {day}", earliest: "may be shut down from {day} on", coming: "is shut down on {day}" }[one.state];
  return [t("{model} at {provider}", { model: named, provider: one.provider }), t(says, { day: one.day }), one.successor ? t("{successor} succeeds it", { successor: one.successor }) : ""];
}
function endings(list) {
  return h("div", { class: "panel rows" }, list.map((one) => { const [named, when_, then] = ending(one); return h("div", { class: "row" }, h("b", {}, short(named, 200)), h("span", { class: one.state === "past" ? "bad" : "warn" }, when_), then ? h("span", { class: "soft" }, short(then, 200)) : ""); }));
}
