// Charts: bars over time, and how long people waited.

/** Steps put together so that at most 40 bars stand side by side; the last bar ends now. */
function gathered(times, lines) {
  const per = Math.max(1, Math.ceil(times.length / 40)), starts = [], sums = lines.map(() => []);
  for (let place = times.length % per || per, from = 0; from < times.length; from = place, place += per) {
    starts.push(times[from]);
    lines.forEach((line, index) => sums[index].push(sum(line.slice(from, place))));
  }
  return { starts, sums };
}
function nice(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * 0.999) * power;
}
/** How a step's time is written: a day by the date that it has where the gateway runs. */
function stampOf({ times, dates }) {
  if (dates) return (at) => day.format(new Date(`${dates[times.indexOf(at)]}T12:00`));
  return (at) => (state.hours > 24 ? whole : hour).format(at * 1000);
}
/** Bars; what the pointer shows, the arrow keys tell. `name`: for tests and styles. */
function bars({ name, title, starts, sums, lines, show, stamp, says, label }) {
  const tops = starts.map((_, bar) => sum(sums.map((line) => line[bar] || 0))), top = nice(Math.max(...tops));
  const svg = s("svg", { viewBox: `0 0 ${starts.length * 10} 100`, preserveAspectRatio: "none", role: "img", tabindex: 0, "aria-label": label });
  for (const y of [0, 50]) svg.append(s("line", { class: "grid", x1: 0, x2: starts.length * 10, y1: y, y2: y }));
  const texts = [];
  let told = starts.length;
  const rest = () => { says.textContent = title; };
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    told = Math.max(0, Math.min(starts.length - 1, told + step));
    says.textContent = texts[told];
  });
  svg.addEventListener("blur", rest);
  starts.forEach((at, bar) => {
    let below = 100;
    lines.forEach((line, index) => {
      const value = sums[index][bar] || 0, tall = (100 * value) / top;
      if (tall > 0) svg.append(s("rect", { class: line.look, x: bar * 10 + 1, width: 8, y: (below -= Math.max(tall, 0.8)), height: Math.max(tall, 0.8), "data-value": value }));
    });
    const text = `${stamp(at)}  ${listed(lines.map((line, index) => `${show(sums[index][bar])}${line.name ? ` ${line.name}` : ""}`))}`, tellIt = () => { says.textContent = text; };
    texts.push(text);
    svg.append(s("rect", { class: "hit", x: bar * 10, y: 0, width: 10, height: 100, onpointerenter: tellIt, onpointerdown: tellIt, onpointerleave: rest }));
  });
  svg.append(s("line", { class: "grid", x1: 0, x2: starts.length * 10, y1: 100, y2: 100 }));
  return [
    h("div", { class: "plot", "data-plot": name }, svg, h("span", { class: "top", "aria-hidden": "true" }, show(top))),
    h("div", { class: "axis", "aria-hidden": "true" }, h("span", {}, stamp(starts[0])), h("span", {}, stamp(starts[Math.floor(starts.length / 2)])), h("span", {}, t("now"))),
  ];
}
function chart({ name, title, figure, note, figures, lines, show }) {
  const { starts, sums } = gathered(figures.times, lines.map((line) => line.values));
  const says = h("p", { class: "label", "aria-live": "polite" }, title);
  return h("div", { class: "panel", "data-chart": name }, says, h("div", { class: "figure" }, h("b", {}, figure), note),
    bars({ name, title, starts, sums, lines, show, says, stamp: stampOf(figures), label: `${title}: ${figure}. ${note.textContent || ""}` }));
}
const legend = (entries) => h("span", { class: "figure" }, entries.map(([look, text]) => h("span", { class: "legend" }, h("i", { class: look }), text)));

function charts(figures) {
  const all = figures.all, totals = figures.summary.totals, good = all.requests.map((value, place) => value - all.errors[place]);
  const served = t("{n} served", { n: count(totals.requests - totals.errors) }) + (totals.client_left ? t(" ({n} left early)", { n: count(totals.client_left) }) : "");
  const given = t("{n} in", { n: count(totals.input_tokens) }) + (totals.cache_read_tokens ? t(", {share} cached", { share: share(totals.cache_read_tokens, totals.input_tokens) }) : "");
  return [
    chart({ name: "Requests", title: t("Requests"), figure: count(totals.requests), figures, show: count, note: legend([["first", served], ["wrong", t("{n} failed", { n: count(totals.errors - totals.mistakes) })], ...(totals.mistakes ? [["away", t("{n} turned away", { n: count(totals.mistakes) })]] : [])]),
      lines: [{ name: t("failed"), look: "wrong", values: all.errors.map((value, place) => value - all.mistakes[place]) }, ...(totals.mistakes ? [{ name: t("turned away"), look: "away", values: all.mistakes }] : []), { name: t("served"), look: "first", values: good }] }),
    chart({ name: "Tokens", title: t("Tokens"), figure: count(totals.input_tokens + totals.output_tokens), figures, show: count, note: legend([["second", given], ["first", t("{n} out", { n: count(totals.output_tokens) })]]),
      lines: [{ name: t("out"), look: "first", values: all.output_tokens }, { name: t("in"), look: "second", values: all.input_tokens }] }),
    chart({ name: "Cost", title: t("Cost"), figure: money(totals.cost), figures, show: money, note: h("span", { class: "note" }, totals.unpriced_requests ? many(totals.unpriced_requests, "{n} request without a known price", "{n} requests without a known price") : ""), lines: [{ name: "", look: "first", values: all.cost }] }),
    waits(totals),
  ];
}
function waits(totals) {
  const rows = [[t("First token"), totals.first_token_s], [t("Whole answer"), totals.total_s]], most = Math.max(0.001, ...rows.flatMap(([, of]) => [of.p50, of.p90, of.p99].map((value) => value || 0)));
  const lines = [[t("half within"), "p50", "first"], [t("9 of 10 within"), "p90", "first"], [t("99 of 100 within"), "p99", "second"]];
  return h("div", { class: "panel", "data-chart": "Waiting" }, h("p", { class: "label" }, t("Typical time to first token")), h("div", { class: "figure" }, h("b", {}, seconds(totals.first_token_s.p50)), h("span", { class: "note" }, t("of requests that were served"))),
    h("div", { class: "waits" }, rows.map(([name, of]) => [h("h3", {}, name), lines.map(([text, place, look]) => [h("span", {}, text), bar(of[place] || 0, most, look), h("b", {}, seconds(of[place]))])])));
}
function bar(value, most, look) {
  const inner = h("i", { class: look });
  inner.style.width = `${Math.max(value ? 1 : 0, (100 * value) / most)}%`;
  return h("div", { class: "track" }, inner);
}

/** Four small charts of one model or provider: asked for when a row is opened. */
async function minis(place, query) {
  place.replaceChildren(h("span", { class: "note" }, t("Loading…")));
  try {
    const value = await ask(`/v1/status/series?${new URLSearchParams({ hours: state.hours || 1, ...query })}`);
    const mini = (name, title, line, figure, show, look) => {
      const says = h("p", { class: "label", "aria-live": "polite" }, title);
      return h("div", { "data-mini": name }, says, h("div", { class: "figure" }, h("b", {}, figure)),
        bars({ name, title, starts: value.times, sums: [line.map((one) => one || 0)], lines: [{ name: "", look }], show, says, stamp: stampOf(value), label: `${title}: ${figure}` }));
    };
    const mean = (line) => { const there = line.filter(known); return there.length ? sum(there) / there.length : null; };
    place.replaceChildren(h("div", { class: "minis" },
      mini("first", t("First token (median)"), value.first_token_s, seconds(mean(value.first_token_s)), seconds, "first"),
      mini("speed", t("Tokens per second"), value.tokens_per_s, speed(mean(value.tokens_per_s)), speed, "first"),
      mini("errors", t("Failed"), value.errors, count(sum(value.errors)), count, "wrong"),
      mini("cost", t("Cost"), value.cost, money(sum(value.cost.map((one) => one || 0))), money, "first")),
    value.reaches && value.reaches > value.times[0] + value.step_s ? h("p", { class: "note" }, t("From single requests, which are kept since {time}.", { time: when(value.reaches) })) : "");
  } catch (error) {
    place.replaceChildren(h("span", { class: "bad" }, error.message));
  }
}
