// Preview: what the next sync, or an undo, would do; stored, so that exactly this can be carried out.

import { announce, button, call, current, fill, get, h, load, number, place, Problem, status, trouble } from "/ui/app.js";
import { drawPlan } from "/ui/plan.js";
import { t } from "/ui/texts.js";

/** Parts in a row that bring nothing: the rest is not ready to be planned yet. */
const IDLE = 3;
const TRIES = 12;

export async function panel() {
  const asked = place();
  const view = h("div", {});
  const again = button(t("preview.new"), () => build(view, "/preview", {}), { kind: "primary" });
  const top = h("div", {}, h("p", {}, t("preview.text")), h("div.row", {}, again));
  await current();
  if (asked.plan) {
    await load(view, async () => {
      const { plan } = await get(`/preview/${asked.plan}`, { limit: 1 });
      const drawn = h("div", {});
      drawPlan(drawn, plan, { state: asked.state || "" });
      return [drawn, !plan.complete && plan.state === "building" && button(t("preview.rest"), () => build(view, "/preview", { plan: plan.id }))].filter(Boolean);
    });
  } else if (asked.undo) {
    build(view, "/undo", undoWanted(asked));
  } else if (status.plan && status.plan.state !== "done" && status.plan.state !== "stopped") {
    fill(view, h("p.warn", {}, t(status.plan.asked ? "preview.asked" : "preview.started"), " ", h("a", { href: `#preview/plan=${status.plan.id}` }, t("go_there"))));
  }
  return [asked.undo ? h("p", {}, t("undo.text")) : top, view];
}

/** What is to be undone, as the address says it. */
function undoWanted(asked) {
  switch (asked.undo) {
    case "created": return { created: asked.side };
    case "run": return { run: asked.id };
    case "contact": return { contact: asked.id };
    case "row": return asked.fields ? { row: asked.id, fields: asked.fields.split(",") } : { row: asked.id };
    default: return { from: asked.from, to: asked.to };
  }
}

/** Makes a plan part after part, until it holds everything; a plan that is stopped halfway can be carried out, too. */
async function build(view, path, body) {
  const bar = h("progress", { "aria-label": t("preview.building") });
  const said = h("p", { role: "status" }, t("preview.building"));
  let stop = false, idle = 0, tries = 0, plan = null, last = -1;
  const enough = button(t("preview.enough"), () => { stop = true; enough.disabled = true; });
  fill(view, h("div.card", {}, bar, said, h("div.row", {}, enough)));
  let [address, asked] = [path, body];
  for (;;) {
    let part;
    try {
      part = await call("POST", address, asked, { seconds: 400 });
    } catch (error) {
      if (error instanceof Problem && error.retryAfter && ++tries <= TRIES && !stop) {
        await wait(Math.min(error.retryAfter, 60));
        continue;
      }
      fill(view, trouble(error, () => build(view, path, body)));
      return;
    }
    if (part.status === "busy" && ++tries <= TRIES && !stop) {
      said.textContent = t("sync.busy");
      await wait(5);
      continue;
    }
    if (part.status !== "done") {
      fill(view, h("div.trouble", { role: "alert" }, h("p", {}, h("strong", {}, part.message)), h("p", {}, t(`advice.${part.status}`)),
        h("div.row", {}, button(t("retry"), () => build(view, path, body)))));
      return;
    }
    if (!view.isConnected) return;
    plan = part.plan;
    if (!plan) break;
    idle = plan.contacts > last ? 0 : idle + 1;
    last = plan.contacts;
    said.textContent = t("preview.so_far", { n: plan.contacts, remaining: number(part.remaining) });
    if (plan.complete || stop || idle >= IDLE) break;
    [address, asked] = ["/preview", { plan: plan.id }];
  }
  if (!plan) {
    fill(view, h("p", {}, t("preview.nothing")));
    return;
  }
  // The address names the plan from now on: it can be reloaded, and come back to.
  history.replaceState(null, "", `${location.pathname}#preview/plan=${plan.id}`);
  announce(t("preview.ready", { n: plan.contacts }));
  drawPlan(view, plan);
}

const wait = (seconds) => new Promise((resolve) => { setTimeout(resolve, seconds * 1000); });
