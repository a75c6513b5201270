// Money: budgets and credits, balances at providers, what prompt caches saved and why they missed.

const OWNERS = { gateway: "the whole gateway", client: "client key {name}", provider: "provider {name}" };
function owner(name) {
  const [kind, ...rest] = name.split(":");
  return OWNERS[kind] ? t(OWNERS[kind], { name: short(rest.join(":"), 60) }) : short(name, 80);
}
const limitOf = (one) => (one.limit === "credits" ? t("credits") : one.limit);

function budgets(list) {
  return h("div", { class: "panel rows" }, list.map((one) => {
    const used = spentOf(one), isSpent = used >= one.dollars;
    return h("div", {}, h("div", { class: "row" }, h("b", {}, owner(one.name)), h("span", { class: "soft" }, limitOf(one)), h("span", { class: isSpent ? "bad push" : "push" }, t("{used} of {all}", { used: money(one.spent), all: money(one.dollars) })),
      one.until ? h("span", { class: "note" }, t("anew {time}", { time: when(one.until) })) : ""), bar(Math.min(used, one.dollars), one.dollars || 1, isSpent ? "wrong" : "first"));
  }));
}
const spentOf = (one) => one.spent + (one.reserved || 0);
/** Limits that stop calls now, and those that soon will. */
const usedUp = (list) => (list || []).filter((one) => spentOf(one) >= one.dollars);
const nearlyUsed = (list) => (list || []).filter((one) => spentOf(one) >= 0.8 * one.dollars && spentOf(one) < one.dollars);
/** As the vendor tells them; what is nearly used up is red. */
function balances(list) {
  return h("div", { class: "panel rows" }, list.map((one) => h("div", { class: "row" }, h("b", {}, short(one.provider, 80)), h("span", { class: "soft" }, `#${one.number}`), h("span", { class: "mono soft" }, one.key),
    h("span", { class: known(one.amount) && one.amount < 1 ? "bad push" : "push" }, t("{amount} left", { amount: one.left })), h("span", { class: "note" }, when(one.at)))));
}

const MISSES = { "new-session": "first request of a conversation", "below-minimum": "too short for a cache" };
const missed = (reason) => t(MISSES[reason] || reason.replaceAll("-", " "));
function caches({ rows, conversations }) {
  const models = new Map();
  for (const row of rows) {
    const name = `${row.provider}/${row.model}`;
    models.set(name, [...(models.get(name) || []), row]);
  }
  const block = ([name, found]) => {
    const given = sum(found.map((row) => row.input_tokens)), read = sum(found.map((row) => row.read_tokens)), misses = found.filter((row) => row.reason !== "hit");
    return h("div", {}, h("div", { class: "row" }, h("b", {}, short(name)), h("span", { class: "push" }, t("{share} of {n} tokens from the cache", { share: share(read, given), n: count(given) }))), bar(read, given || 1, "first"),
      misses.length ? h("div", { class: "note" }, misses.map((row) => `${missed(row.reason)}: ${count(row.requests)}${row.lost ? ` (${money(row.lost)})` : ""}`).join(" · ")) : "");
  };
  const talk = (one) => h("div", { class: "row" }, h("span", {}, short(one.key, 60)), h("b", {}, short(one.model, 80)), h("span", { class: "soft" }, many(one.requests, "{n} request", "{n} requests")), h("span", { class: "push" }, t("{share} from the cache", { share: share(one.read_tokens, one.input_tokens) })), one.last && !one.last.startsWith("hit=") ? h("span", { class: "mono soft" }, short(one.last, 80)) : "");
  return [h("div", { class: "panel rows" }, [...models].slice(0, FEW_ROWS).map(block)), conversations.length ? [h("p", { class: "label gap" }, t("Conversations")), h("div", { class: "panel rows" }, conversations.slice(0, 10).map(talk))] : ""];
}
