// "Sync Now", and carrying out a stored plan: batch after batch, until nothing remains or somebody stops it.

import { announce, button, call, fill, get, h, number, Problem, refresh, time, trouble } from "/ui/app.js";
import { t } from "/ui/texts.js";

const BATCH_SECONDS = 400;
const LONGEST_WAIT = 60;
/** Batches in a row that bring nothing on: what remains then waits for a later time. */
const IDLE = 2;
/** Tries where another run is under way or the service is away for the moment. */
const TRIES = 12;

let going = false;

/** Runs it; resolves to the last batch's report, or to `null` where it did not come that far. */
export async function run(place, started, { plan = null, leaveOut = [] } = {}) {
  if (going) return null;
  going = true;
  started.disabled = true;
  const stop = { asked: false, wake: null };
  const view = draw(place, stop);
  try {
    return await batches(view, stop, plan, leaveOut);
  } catch (error) {
    view.end(error instanceof Problem ? null : t("wrong.page"));
    fill(view.told, trouble(error, () => run(place, started, { plan, leaveOut })));
    return null;
  } finally {
    going = false;
    started.disabled = false;
    await refresh().catch(() => null);
  }
}

async function batches(view, stop, plan, leaveOut) {
  const counts = {};
  let done = 0, idle = 0, tries = 0;
  for (;;) {
    view.say(t("sync.under_way"));
    let report;
    try {
      report = await call("POST", "/sync", plan ? { plan, leave_out: leaveOut } : {}, { seconds: BATCH_SECONDS });
    } catch (error) {
      if (!(error instanceof Problem) || !error.retryAfter || ++tries > TRIES) throw error;
      await view.wait(Math.min(error.retryAfter, LONGEST_WAIT), error.message);
      if (stop.asked) return view.stopped(done, 0);
      continue;
    }
    if (report.status === "busy" && ++tries <= TRIES) {
      await view.wait(5, t("sync.busy"));
      if (stop.asked) return view.stopped(done, report.remaining);
      continue;
    }
    if (report.status !== "done") return view.halted(report);
    tries = 0;
    for (const [name, count] of Object.entries(report.counts)) counts[name] = (counts[name] || 0) + count;
    done += report.contacts;
    const remaining = report.plan && plan ? report.plan.waiting : report.remaining;
    view.progress(done, remaining, counts);
    const standing = await refresh();
    const listing = Object.values(standing.sides).some((side) => side.listing || !side.listed);
    idle = report.contacts || (listing && !plan) ? 0 : idle + 1;
    if (plan && report.plan && report.plan.state !== "started") return view.finished(report, done, counts);
    if (!plan && remaining === 0 && !listing) return view.finished(report, done, counts);
    if (stop.asked) return view.stopped(done, remaining, report);
    if (idle >= IDLE) return view.later(report, remaining);
    leaveOut = plan && report.plan?.state === "started" ? [] : leaveOut;
  }
}

function draw(place, stop) {
  const bar = h("progress", { "aria-label": t("sync.region") });
  const said = h("p", {});
  const numbers = h("ul.numbers", {});
  const told = h("div", {});
  const halt = button(t("sync.stop"), () => {
    stop.asked = true;
    halt.disabled = true;
    said.textContent = t("sync.stopping");
    stop.wake?.();
  });
  const title = h("h2", {}, t("sync.title"));
  place.hidden = false;
  fill(place, h("div.card", {}, title, bar, said, numbers, told, h("div.row", {}, halt)));

  function end(text, close = true) {
    bar.remove();
    if (close) fill(halt.parentElement, button(t("close"), () => { place.hidden = true; fill(place); }));
    if (text !== null) said.textContent = text;
    else said.remove();
    if (text) announce(text);
  }

  function stat(count, label) {
    return h("li", {}, h("b", {}, number(count)), label);
  }

  return {
    told,
    end,
    say: (text) => { if (!stop.asked) said.textContent = text; },
    progress(done, remaining, counts) {
      bar.max = Math.max(1, done + remaining);
      bar.value = done;
      fill(numbers, stat(done, t("sync.done")), stat(remaining, t("sync.remaining")),
        ...["sugar", "google"].map((side) => stat(written(counts, side), t(`sync.written.${side}`))));
      announce(t("sync.so_far", { done: number(done), remaining: number(remaining) }));
    },
    async wait(seconds, why) {
      said.textContent = t("sync.waiting", { why, seconds });
      await new Promise((resolve) => { stop.wake = resolve; setTimeout(resolve, seconds * 1000); });
    },
    stopped(done, remaining, report = null) {
      end(t("sync.stopped", { done: number(done), remaining: number(remaining) }));
      return report;
    },
    finished(report, done, counts) {
      const writes = written(counts, "sugar") + written(counts, "google");
      end(writes ? t("sync.finished", { n: writes }) : t("sync.nothing"));
      fill(told, links(report), report.plan?.left_out > 0 && h("p.warn", {}, t("sync.left_out", { n: report.plan.left_out }), " ",
        h("a", { href: `#preview/plan=${report.plan.id}&state=left out` }, t("sync.left_out.which"))), due(report));
      return report;
    },
    later(report, remaining) {
      end(t("sync.later", { n: remaining }));
      fill(told, links(report), due(report));
      return report;
    },
    halted(report) {
      end(t(`sync.${report.status}`));
      fill(told, h("div.trouble", { role: "alert" }, h("p", {}, h("strong", {}, report.message)), h("p", {}, t(`advice.${report.status}`)),
        report.status === "blocked" && h("div.row", {}, h("a.button", { href: "#connections" }, t("panel.connections")), h("a.button", { href: "#settings" }, t("panel.settings")))));
      return report;
    },
  };
}

const written = (counts, side) => Object.entries(counts).reduce((sum, [name, count]) => (name.endsWith(` ${side}`) ? sum + count : sum), 0);

const links = (report) => h("p.row", {}, h("a", { href: "#history" }, t("sync.see_history")),
  report.backlog > 0 && h("a", { href: "#backlog" }, t("backlog.count", { n: report.backlog })));

const due = (report) => report.next_due_at && h("p.hint", {}, t("next_run"), " ", time(report.next_due_at));
