// How it stands: both sides, the last run, and the last runs as a small chart.

import { RUNS, current, fill, h, kind, number, onStatus, refresh, svg, time } from "/ui/app.js";
import { t } from "/ui/texts.js";

const WIDTH = 900, HEIGHT = 110, FOOT = 1;

export async function panel() {
  const top = h("div", {});
  const runs = h("section.card", { "aria-label": t("overview.runs") });
  let standing = await current();
  if (!standing.runs) standing = await refresh(RUNS);
  let drawn = "";
  const update = (now) => {
    if (JSON.stringify(now) === drawn) return;
    drawn = JSON.stringify(now);
    draw(top, now);
    if (now.runs) last(runs, now.runs);
  };
  update(standing);
  onStatus(update);
  return [top, runs];
}

function draw(place, now) {
  const sides = Object.entries(now.sides);
  fill(place,
    warnings(now),
    h("ul.numbers", { "aria-label": t("overview.counts") },
      stat(now.in_sync, t("overview.in_sync")), stat(now.remaining, t("overview.waiting")),
      h("li", {}, h("a", { href: "#backlog" }, h("b", {}, number(now.backlog)), t("overview.in_backlog"))),
      stat(now.out_of_scope, t("overview.out_of_scope"))),
    h("div.cards", {},
      h("section.card", { "aria-label": t("overview.last_run") }, h("h2", {}, t("overview.last_run")), lastRun(now)),
      h("section.card", { "aria-label": t("overview.sides") }, h("h2", {}, t("overview.sides")),
        h("table.stack", {}, h("thead", {}, h("tr", {}, ["", t("overview.contacts"), t("overview.seen")].map((text) => h("th", { scope: "col" }, text)))),
          h("tbody", {}, sides.map(([side, told]) => h("tr", {}, h("th", { scope: "row" }, t(side)),
            h("td", { "data-label": t("overview.contacts") }, told.listed ? [number(told.contacts), h("div.hint", {}, time(told.counted_at))] : t("overview.unlisted")),
            h("td", { "data-label": t("overview.seen") }, told.listing ? t("overview.listing") : time(told.seen_at) || t("never")))))),
        h("p", {}, now.sync_regularly ? [t("next_run"), " ", time(now.next_due_at)] : t("overview.by_hand")))));
}

function warnings(now) {
  const found = [];
  if (!now.google.connected) found.push([t("overview.no_google"), "connections"]);
  else if (now.google.lost) found.push([t("google.lost"), "connections"]);
  if (!now.sugar.connected) found.push([t("overview.no_sugar"), "connections"]);
  else if (now.sugar.lost) found.push([t("sugar.lost"), "connections"]);
  if (now.plan?.asked && ["building", "ready"].includes(now.plan.state)) found.push([t("overview.plan_waits", { n: now.plan.contacts }), `preview/plan=${now.plan.id}`]);
  else if (now.plan?.state === "started") found.push([t("overview.plan_started", { n: now.plan.waiting }), `preview/plan=${now.plan.id}`]);
  if (now.alarm_until) found.push([t("overview.alarm"), "backlog"]);
  if (now.failures > 1) found.push([t("overview.failures", { n: now.failures }), "connections"]);
  if (now.archive_trouble) found.push([t("overview.archive", { text: now.archive_trouble }), "settings"]);
  return found.map(([text, where]) => h("p.warn", {}, text, " ", h("a", { href: `#${where}` }, t("go_there"))));
}

const stat = (count, label) => h("li", {}, h("b", {}, number(count)), label);

function lastRun(now) {
  const run = now.last_run;
  if (!run) return h("p", {}, t("overview.no_run"));
  const counts = Object.entries(run.counts).filter(([name]) => name.includes(" "));
  return [
    h("dl.facts", {},
      h("dt", {}, t("when")), h("dd", {}, time(run.at)),
      h("dt", {}, t("outcome")), h("dd", {}, h(run.status === "done" ? "span.tag.good" : "span.tag.bad", {}, t(`run.${run.status}`))),
      h("dt", {}, t("overview.looked_at")), h("dd", {}, number(run.contacts)),
      counts.map(([name, count]) => [h("dt", {}, kind(name)), h("dd", {}, number(count))]),
      h("dt", {}, t("overview.seconds")), h("dd", {}, number(Math.round(run.seconds * 10) / 10))),
    run.message && h("p.hint", {}, run.message)];
}

function last(place, runs) {
  fill(place, h("h2", {}, t("overview.runs")), ...(runs.length ? chart([...runs].reverse()) : [h("p", {}, t("overview.no_runs"))]));
}

function chart(runs) {
  const most = Math.max(1, ...runs.map((run) => run.written + run.failed));
  const step = WIDTH / Math.max(runs.length, 24);
  const scale = (HEIGHT - FOOT) / most;
  const bars = runs.map((run, n) => {
    const [done, failed] = [run.written * scale, run.failed * scale];
    const x = n * step + 2;
    return svg("g", {}, svg("title", {}, t("overview.bar", { when: new Date(run.at).toLocaleString(), done: number(run.written), failed: number(run.failed) })),
      rect("done", x, HEIGHT - FOOT - done, step - 4, done), rect("failed", x, HEIGHT - FOOT - done - failed, step - 4, failed));
  });
  const [first, last] = [runs[0], runs.at(-1)].map((run) => new Date(run.at).toLocaleDateString());
  const words = t("overview.chart", { n: runs.length, done: number(sum(runs, "written")), failed: number(sum(runs, "failed")) });
  return [
    svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": words }, bars,
      svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT })),
    h("p.row.spread.hint", { "aria-hidden": "true" }, h("span", {}, first), last !== first && h("span", {}, last)),
    h("p.hint", {}, words)];
}

const sum = (runs, name) => runs.reduce((total, run) => total + run[name], 0);

function rect(look, x, y, width, height) {
  return svg("rect", { class: look, x, y, width: Math.max(1, width), height });
}
